//! Containers of a real engine, with an image made from this machine's own Redis. Where no engine answers, each test
//! prints that it could not check, and passes: it then runs wherever there is an engine, including CI.

use super::*;
use std::collections::BTreeSet;
use std::sync::LazyLock;

const IMAGE: &str = "xtask-test-redis:7";

/// Whether there is an engine; if so, builds the image, once.
static READY: LazyLock<Result<(), String>> = LazyLock::new(|| {
    let docker = which::which_in("docker", Some(path()), "/").map_err(|_| "there is no `docker`".to_owned())?;
    let info = ask(&docker.to_string_lossy(), &["info", "--format", "server={{.ServerVersion}}"]);
    if !info.lines().any(|line| line.len() > 7 && line.starts_with("server=")) {
        return Err(format!("no engine answers: {}", info.lines().last().unwrap_or_default()));
    }
    make_image();
    Ok(())
});

fn make_image() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let tar = directory.path().join("image.tar");
    let mut files = BTreeSet::new();
    for program in ["redis-server", "redis-cli"] {
        let program = which::which_in(program, Some(path()), "/").expect("Redis is on this machine");
        let program = program.to_string_lossy().into_owned();
        let libraries = ask("ldd", &[&program]);
        files.extend(libraries.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned));
        files.insert(program);
    }
    let tar = tar.to_string_lossy();
    let args = ["--create", "--dereference", "--hard-dereference", "--file", &tar, "--directory", "/"];
    let files = files.iter().map(|file| file.trim_start_matches('/'));
    ask("tar", &args.into_iter().chain(files).collect::<Vec<_>>());
    let imported = ask("docker", &["import", &tar, IMAGE]);
    assert!(imported.starts_with("sha256:"), "{imported}");
}

/// The reason is printed past the test harness's capture, so that a run without an engine says so even if green.
#[track_caller]
fn engine() -> bool {
    if let Err(why) = &*READY {
        test_cluster::not_tested(why);
    }
    READY.is_ok()
}

fn redis(over: &Value) -> Vec<ServerSpec> {
    let mut table = json!({ "container": { "image": IMAGE } });
    for (key, value) in over.as_object().expect("it is a table") {
        table["container"][key] = value.clone();
    }
    super::table("redis", &table)
}

#[track_caller]
fn assert_no_container(rig: &Rig) {
    assert_eq!(ask("docker", &["ps", "--all", "--quiet", "--filter", &format!("label=xtask.run={}", rig.run)]), "");
    rig.assert_nothing_left();
}

#[test]
fn a_container_is_published_on_the_loopback_and_removed() {
    if !engine() {
        return;
    }
    let rig = Rig::new();
    let servers = rig.start(Source::Docker, redis(&json!({}))).expect("the container starts");
    let url = &servers.env["REDIS_URL"];
    assert_eq!(ask("redis-cli", &["--no-auth-warning", "-u", url, "ping"]), "PONG");
    let password = url::Url::parse(url).expect("it is a URL").password();
    let inspected = ask("docker", &["ps", "--no-trunc", "--filter", &format!("label=xtask.run={}", rig.run)]);
    assert!(inspected.contains("127.0.0.1:") && !inspected.contains(&password), "{inspected}");
    assert!(servers.description[0].starts_with("Redis in a container of xtask-test-redis:7 on 127.0.0.1:"));
    assert_eq!(servers.stop(), Vec::<String>::new());
    assert_no_container(&rig);
}

#[test]
fn client_commands_run_in_the_container_with_the_password_in_the_environment() {
    if !engine() {
        return;
    }
    let rig = Rig::new();
    let spec = json!({
        "env": "KEYS_URL", "url": "redis://{user}:{password}@{host}:{port}/{database}",
        "client-env": { "REDISCLI_AUTH": "{password}" },
        "ready": { "command": ["redis-cli", "-e", "-h", "{host}", "-p", "{port}", "ping"] },
        "create": ["redis-cli", "-e", "-h", "{host}", "-p", "{port}", "set", "{database}", "made"],
        "container": { "image": IMAGE },
    });
    let servers = rig.start(Source::Docker, super::table("redis", &spec)).expect("the container starts");
    let (root, database) = servers.service_env["user-service"]["KEYS_URL"].rsplit_once('/').expect("it has a path");
    assert_eq!(ask("redis-cli", &["--no-auth-warning", "-u", root, "get", database]), "made");
    drop(servers);
    assert_no_container(&rig);
}

#[test]
fn a_container_that_ends_at_once_is_quoted_and_the_next_source_is_used() {
    if !engine() {
        return;
    }
    let rig = Rig::new();
    let broken = redis(&json!({ "args": ["redis-server", "/nowhere.conf"] }));
    let error = failure(rig.start(Source::Docker, broken.clone()));
    assert!(error.contains("its container exited with code 1") && error.contains("/nowhere.conf"), "{error}");
    assert_no_container(&rig);
    let servers = rig.start(Source::Auto, broken).expect("this machine has Redis");
    assert!(servers.description[0].contains(" from /"), "{:?}", servers.description);
    drop(servers);
    assert_no_container(&rig);
}

#[test]
fn an_image_that_cannot_be_had_is_named() {
    if !engine() {
        return;
    }
    let rig = Rig::new();
    let error = failure(rig.start(Source::Docker, redis(&json!({ "image": "127.0.0.1:9/none:1" }))));
    assert!(error.contains("docker: the image 127.0.0.1:9/none:1 is missing and cannot be pulled"), "{error}");
    assert_no_container(&rig);
}

#[test]
fn the_order_to_stop_removes_a_container_that_is_not_ready_yet() {
    if !engine() {
        return;
    }
    let rig = Rig::new();
    // It runs and listens elsewhere.
    let servers = redis(&json!({ "args": ["redis-server", "--port", "1", "--save", ""] }));
    let stop = Stop::new();
    let request = rig.request(Source::Docker, servers);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| start(request, &stop));
        let filter = format!("label=xtask.run={}", rig.run);
        while ask("docker", &["ps", "--quiet", "--filter", &filter]).is_empty() {
            assert!(!running.is_finished(), "it ended before it was stopped");
        }
        stop.raise(Level::Terminate);
        assert!(failure(running.join().expect("no panic")).contains("the run was stopped"));
    });
    assert_no_container(&rig);
}

#[test]
fn the_containers_of_a_dead_run_are_removed_and_those_of_others_are_not() {
    if !engine() {
        return;
    }
    let (dead, alive) = (Rig::new(), Rig::new());
    let make = |rig: &Rig| {
        let label = format!("xtask.run={}", rig.run);
        ask("docker", &["create", "--label", &label, IMAGE, "redis-server"])
    };
    let (left, kept) = (make(&dead), make(&alive));
    let scratch = Scratch::create(&dead.scratch(), &dead.run).expect("the directory can be made");
    scratch.note_containers().expect("it can be noted");
    assert_eq!(clean_after(&dead.run, &dead.scratch(), &path()), Vec::<String>::new(), "its owner is alive");
    drop(scratch);
    let said = clean_after(&dead.run, &dead.scratch(), &path());
    assert_eq!(said[0], format!("removed the container {}", &left[..12]));
    assert_no_container(&dead);
    assert_eq!(ask("docker", &["rm", &kept]), kept);
}
