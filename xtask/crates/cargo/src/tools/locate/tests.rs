use super::super::testbed::Testbed;
use super::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn look(tool: Tool, bed: &Testbed) -> State {
    survey([tool], &bed.places).state(tool).clone()
}

fn found(path: PathBuf, version: &str) -> State {
    State::Found { path, version: version.to_owned() }
}

#[track_caller]
fn broken(state: State, path: &Path, because: &str) {
    match state {
        State::Broken { path: at, why } => {
            assert_eq!(at, path);
            assert!(why.contains(because), "{why:?} does not say {because:?}");
        }
        other => panic!("not broken but {other:?}"),
    }
}

#[test]
fn an_empty_machine_has_nothing() {
    let bed = Testbed::new();
    for (tool, state) in survey(Tool::built_in(), &bed.places).tools() {
        assert_eq!(state, &State::Missing, "{tool}");
    }
}

#[test]
fn a_good_tool_is_found_also_through_a_link() {
    let bed = Testbed::new();
    let real = bed.says("elsewhere/git", "git version 2.39.5");
    let link = bed.link("bin/git", &real);
    assert_eq!(look(Tool::GIT, &bed), found(link, "2.39.5"));
}

#[test]
fn an_old_one_is_the_wrong_version_and_a_later_one_on_path_is_taken() {
    let bed = Testbed::new();
    let old = bed.says("bin/git", "git version 2.9.0");
    let wrong = State::WrongVersion { path: old, found: "2.9.0".to_owned(), wanted: "2.24 or newer".to_owned() };
    assert_eq!(look(Tool::GIT, &bed), wrong);
    let good = bed.says("later/git", "git version 2.40.1");
    let mut places = bed.places.clone();
    places.path = std::env::join_paths([bed.at("bin"), bed.at("later")]).expect("a path");
    assert_eq!(survey([Tool::GIT], &places).state(Tool::GIT), &found(good, "2.40.1"));
}

#[test]
fn what_cannot_be_run_says_why() {
    let bed = Testbed::new();
    let path = bed.file("bin/git", "#!/bin/sh\n");
    broken(look(Tool::GIT, &bed), &path, "not executable");
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("a directory");
    broken(look(Tool::GIT, &bed), &path, "directory");
    fs::remove_dir(&path).expect("removed");
    bed.link("bin/git", Path::new("/nowhere/git"));
    broken(look(Tool::GIT, &bed), &path, "link to nothing");
    fs::remove_file(&path).expect("removed");
    bed.program("bin/git", "");
    fs::write(&path, "\x7fELF but cut off").expect("written");
    broken(look(Tool::GIT, &bed), &path, "cannot be started");
}

#[test]
fn what_crashes_lies_or_talks_nonsense_is_broken() {
    let bed = Testbed::new();
    for (script, because) in [
        ("kill -SEGV $$", "was killed by SIGSEGV"),
        ("echo git version 2.40.0; echo 'no such library' >&2; exit 3", "exited with code 3: no such library"),
        ("exit 0", "prints nothing"),
        ("echo hg version 6.3.2", "it is another program: hg version 6.3.2"),
        ("echo git is fine", "no version can be read"),
        ("printf '\\377\\376\\033[2Jgit'", "no version can be read"),
        ("exec yes git", "exited with code|SIGPIPE|no version"),
    ] {
        let path = bed.program("bin/git", script);
        let state = look(Tool::GIT, &bed);
        if let Some(one) =
            because.split('|').find(|part| matches!(&state, State::Broken { why, .. } if why.contains(part)))
        {
            broken(state, &path, one);
        } else {
            panic!("{script}: {state:?}");
        }
    }
}

#[test]
fn what_hangs_is_ended_with_all_that_it_started() {
    let mut bed = Testbed::new();
    bed.places.patience = Duration::from_secs(1);
    let fifo = bed.at("alive");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a fifo");
    // The grandchild would outlive its parent, and holds the fifo open for as long as it lives.
    let script = format!("(exec 3> '{}'; exec /bin/sleep 1000) & wait", fifo.display());
    let path = bed.program("bin/git", &script);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(fs::read(fifo).map(|bytes| bytes.len()).ok()));
    broken(look(Tool::GIT, &bed), &path, "no answer within");
    assert_eq!(receiver.recv_timeout(Duration::from_secs(60)), Ok(Some(0)), "the grandchild is alive");
}

#[test]
fn a_grandchild_that_keeps_the_pipe_does_not_keep_us() {
    let bed = Testbed::new();
    let path = bed.program("bin/git", "/bin/sleep 1000 & echo git version 2.40.0");
    assert_eq!(look(Tool::GIT, &bed), found(path, "2.40.0"));
}

#[test]
fn a_pinned_tool_is_the_cached_one_or_exactly_that_version() {
    let bed = Testbed::new();
    let own = bed.says("bin/cargo-deny", "cargo-deny 0.20.1");
    let wrong = State::WrongVersion { path: own, found: "0.20.1".to_owned(), wanted: "0.20.2".to_owned() };
    assert_eq!(look(Tool::DENY, &bed), wrong);
    let own = bed.says("bin/cargo-deny", "cargo-deny 0.20.2");
    assert_eq!(look(Tool::DENY, &bed), found(own.clone(), "0.20.2"));
    let cached = bed.says("cache/tools/cargo-deny-0.20.2/bin/cargo-deny", "cargo-deny 0.20.2");
    assert_eq!(look(Tool::DENY, &bed), found(cached.clone(), "0.20.2"));
    bed.program("cache/tools/cargo-deny-0.20.2/bin/cargo-deny", "exit 1");
    assert_eq!(look(Tool::DENY, &bed), found(own.clone(), "0.20.2"), "a broken copy does not hide a good one");
    bed.says("bin/cargo-deny", "cargo-deny 0.19.0");
    broken(look(Tool::DENY, &bed), &cached, "exited with code 1");
}

#[test]
fn nobody_is_asked_twice_until_he_changes() {
    let bed = Testbed::new();
    let asked = bed.at("asked");
    let script = format!("echo asked >> '{}'; echo git version 2.40.0", asked.display());
    let path = bed.program("bin/git", &script);
    let times = || fs::read_to_string(&asked).map_or(0, |text| text.lines().count());
    for _ in 0..3 {
        assert_eq!(look(Tool::GIT, &bed), found(path.clone(), "2.40.0"));
    }
    assert_eq!(times(), 1);
    bed.program("bin/git", &format!("{script}.1"));
    assert_eq!(look(Tool::GIT, &bed), found(path, "2.40.0.1"));
    assert_eq!(times(), 2);
    fs::write(bed.at("work/target/xtask/versions.json"), "{\"version\":1,").expect("written");
    look(Tool::GIT, &bed);
    assert_eq!(times(), 3);
}

#[test]
fn a_docker_client_is_asked_each_time_because_its_engine_may_have_gone() {
    let bed = Testbed::new();
    let path = bed.program(
        "bin/docker",
        &format!("test -e '{}' && echo 28.2.2 || {{ echo no daemon >&2; exit 1; }}", bed.at("engine").display()),
    );
    broken(look(Tool::DOCKER, &bed), &path, "no daemon");
    let engine = bed.file("engine", "");
    assert_eq!(look(Tool::DOCKER, &bed), found(path.clone(), "28.2.2"));
    fs::remove_file(engine).expect("removed");
    broken(look(Tool::DOCKER, &bed), &path, "no daemon");
}

#[test]
fn a_component_is_looked_for_in_the_toolchain_not_at_rustups_proxies() {
    let bed = Testbed::new();
    bed.program("bin/rustup", "exit 1");
    bed.says("bin/rustfmt", "rustfmt 1.9.0 of a proxy");
    bed.toolchain("22.1.2", &[("cargo-clippy", "clippy 0.1.95")]);
    assert_eq!(look(Tool::RUSTFMT, &bed), State::Missing);
    broken(look(Tool::CLIPPY, &bed), &bed.at("toolchain/bin/cargo-clippy"), "clippy-driver missing beside it");
    bed.toolchain("22.1.2", &[("rustfmt", "rustfmt 1.9.0"), ("cargo-fmt", "")]);
    assert_eq!(look(Tool::RUSTFMT, &bed), found(bed.at("toolchain/bin/rustfmt"), "1.9.0"));
}

#[test]
fn another_toolchain_is_asked_again() {
    let bed = Testbed::new();
    bed.toolchain("22.1.2", &[("rustfmt", "rustfmt 1.9.0"), ("cargo-fmt", "")]);
    let asked = bed.at("asked");
    let script = fs::read_to_string(bed.at("bin/rustc")).expect("the stub");
    bed.program("bin/rustc", &format!("echo >> '{}'\n{script}", asked.display()));
    let times = || fs::read(&asked).map_or(0, |bytes| bytes.len());
    look(Tool::RUSTFMT, &bed);
    look(Tool::RUSTFMT, &bed);
    assert_eq!(times(), 2, "-vV and --print sysroot, once each");
    bed.file("work/rust-toolchain.toml", "[toolchain]\nchannel = \"nightly\"\n");
    look(Tool::RUSTFMT, &bed);
    assert_eq!(times(), 4);
}

#[test]
fn llvm_tools_come_from_variables_the_component_or_the_system() {
    let mut bed = Testbed::new();
    bed.toolchain("22.1.2", &[]);
    let wrong = |path, found: &str| State::WrongVersion {
        path,
        found: found.to_owned(),
        wanted: "LLVM 19 or newer".to_owned(),
    };
    let pair = |directory: &str, suffix: &str, version: &str| {
        bed.program(&format!("{directory}/llvm-profdata{suffix}"), "");
        bed.says(&format!("{directory}/llvm-cov{suffix}"), &format!("Debian LLVM version {version}"))
    };
    assert_eq!(look(Tool::LLVM_TOOLS, &bed), State::Missing);
    bed.says("system/usr/lib/llvm-23/bin/llvm-cov", "LLVM version 23.1.0");
    assert_eq!(look(Tool::LLVM_TOOLS, &bed), State::Missing, "one of the two is not enough");
    let old = pair("bin", "-14", "14.0.6");
    assert_eq!(look(Tool::LLVM_TOOLS, &bed), wrong(old, "14.0.6"));
    let debian = pair("system/usr/lib/llvm-19/bin", "", "19.1.7");
    assert_eq!(look(Tool::LLVM_TOOLS, &bed), found(debian, "19.1.7"));
    let plain = pair("bin", "", "21.0.0");
    assert_eq!(look(Tool::LLVM_TOOLS, &bed), found(plain, "21.0.0"));
    let own = pair("toolchain/lib/rustlib/x-y-z/bin", "", "22.1.2");
    assert_eq!(look(Tool::LLVM_TOOLS, &bed), found(own, "22.1.2"));
    let given = pair("given", "", "20.0.0");
    bed.places.vars.insert("LLVM_COV".to_owned(), given.display().to_string());
    broken(look(Tool::LLVM_TOOLS, &bed), &given, "LLVM_PROFDATA must be set along with it");
    bed.places.vars.insert("LLVM_PROFDATA".to_owned(), bed.at("given/none").display().to_string());
    broken(look(Tool::LLVM_TOOLS, &bed), &bed.at("given/none"), "LLVM_PROFDATA names it, but there is no such file");
    bed.places.vars.insert("LLVM_PROFDATA".to_owned(), bed.at("given/llvm-profdata").display().to_string());
    assert_eq!(look(Tool::LLVM_TOOLS, &bed), found(given, "20.0.0"));
}

#[test]
fn of_several_postgresqls_15_is_best_and_then_the_newest() {
    let bed = Testbed::new();
    let install = |directory: &str, version: &str| {
        for name in ["initdb", "pg_ctl", "psql"] {
            bed.program(&format!("{directory}/{name}"), "");
        }
        bed.says(&format!("{directory}/postgres"), &format!("postgres (PostgreSQL) {version}"))
    };
    let incomplete = bed.says("bin/postgres", "postgres (PostgreSQL) 15.1");
    broken(look(Tool::POSTGRES, &bed), &incomplete, "initdb, pg_ctl and psql are missing beside it");
    let old = install("system/usr/lib/postgresql/9.6/bin", "9.6.24");
    let wrong = State::WrongVersion { path: old, found: "9.6.24".to_owned(), wanted: "13 or newer".to_owned() };
    assert_eq!(look(Tool::POSTGRES, &bed), wrong);
    let good = install("system/usr/lib/postgresql/14/bin", "14.2");
    assert_eq!(look(Tool::POSTGRES, &bed), found(good, "14.2"));
    let newer = install("system/usr/pgsql-17/bin", "17.1");
    assert_eq!(look(Tool::POSTGRES, &bed), found(newer, "17.1"));
    let best = install("system/opt/homebrew/opt/postgresql@15/bin", "15.4");
    assert_eq!(look(Tool::POSTGRES, &bed), found(best, "15.4"));
}

#[test]
fn valkey_stands_in_for_redis() {
    let bed = Testbed::new();
    let valkey = bed.says("bin/valkey-server", "Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc bits=64");
    assert_eq!(look(Tool::REDIS, &bed), found(valkey, "8.0.1"));
    let redis = bed.says("bin/redis-server", "Redis server v=7.0.15 sha=00000000:0");
    assert_eq!(look(Tool::REDIS, &bed), found(redis, "7.0.15"));
}

/// The machine that the tests run on, with a memory of its own.
fn this_machine(bed: &Testbed) -> Places {
    let var = |name: &str| std::env::vars_os().find(|(key, _)| key == name).map(|(_, value)| value);
    let home = var("HOME").map(PathBuf::from);
    if let Some(home) = &home {
        fs::create_dir_all(&bed.places.cache).expect("a directory");
        bed.link("cache/tools", &home.join(".cache/cargo-xtask/tools"));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).expect("the workspace").to_owned();
    let path = var("PATH").unwrap_or_default();
    Places { root, path, home, system: PathBuf::from("/"), ..bed.places.clone() }
}

#[test]
fn the_real_tools_of_this_machine_answer_and_a_second_look_starts_no_process() {
    let bed = Testbed::new();
    let places = this_machine(&bed);
    let first = survey(Tool::built_in(), &places);
    // The toolchain file asks for these two, so that they are wherever this test is.
    for tool in [Tool::RUSTFMT, Tool::CLIPPY] {
        assert!(first.has(tool), "{:?}", first.state(tool));
    }
    let impatient = Places { patience: Duration::ZERO, ..places };
    let second = survey(Tool::built_in(), &impatient);
    // An engine may be up or not, whatever its client's file is: it is asked each time.
    let asked_each_time = [Tool::DOCKER, Tool::BUILDKIT];
    for (tool, state) in first.tools().filter(|(tool, state)| !asked_each_time.contains(tool) && state.is_found()) {
        assert_eq!(second.state(tool), state, "a process started now would be too slow");
    }
}
