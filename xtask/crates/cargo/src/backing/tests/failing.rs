//! Starts that fail: the errors they report, and that they leave nothing behind.

use super::*;

#[test]
fn a_server_that_does_not_start_is_quoted() {
    #[track_caller]
    fn case(limit: u64, script: &str, expected: &[&str]) {
        let rig = Rig::new();
        let program = rig.script("fakedb", script);
        let spec = json!({ "env": "FAKE_URL", "url": "fake://{host}:{port}", "local": { "program": program } });
        let mut request = rig.request(Source::Local, table("fake", &spec));
        request.limit = Duration::from_secs(limit);
        let error = failure(start(request, &Stop::new()));
        for part in expected {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
        rig.assert_nothing_left();
    }
    case(60, "exit 3", &["start fake for the integration tests", "local:", "exited with code 3"]);
    case(60, "echo cannot map memory >&2; exit 1", &["exited with code 1", "cannot map memory"]);
    case(
        60,
        "[ \"$1\" = --version ] && exit 0; trap '' TERM; sleep 60 & kill -9 $$",
        &["killed by SIGKILL (out of memory?)"],
    );
    // Long enough for a busy machine to get as far as the script's first line.
    let hangs = "[ \"$1\" = --version ] && exit 0; echo warming up; exec sleep 60";
    case(3, hangs, &["not ready within 3.00s", "warming up", "Connection refused"]);
}

#[test]
fn a_preparation_that_fails_is_quoted_without_the_password() {
    let rig = Rig::new();
    let prepare = rig.script("prepare", "echo no room on this disk; cat \"$1/secret\"; exit 1");
    let spec = json!({
        "env": "FAKE_URL", "url": "fake://{host}:{port}", "files": { "secret": "{password}\n" },
        "local": { "program": "true", "prepare": [[prepare, "{dir}"]], "refuses-root": true },
    });
    let error = failure(rig.start(Source::Local, table("fake", &spec)));
    assert!(error.contains("exited with code 1") && error.contains("no room on this disk"), "{error}");
    assert!(error.ends_with("***\nhint: install `true`"), "{error}");
    rig.assert_nothing_left();
}

#[test]
fn every_source_that_fell_through_is_named_with_its_reason_and_what_to_do() {
    let rig = Rig::new();
    let mut request = rig.request(Source::Auto, postgres());
    request.path = rig.temp.path().as_os_str().to_owned();
    request.servers[0].local.as_mut().expect("it has one").folders.clear();
    let error = failure(start(request, &Stop::new()));
    assert_eq!(
        error,
        "cannot start PostgreSQL for the integration tests\n  because: given: DATABASE_URL is not set\n  \
         because: docker: no `docker` on PATH\n  because: local: `postgres` is not on PATH\nhint: `apt-get install \
         postgresql`, or start Docker, or set DATABASE_URL to the URL of a running server"
    );
    rig.assert_nothing_left();
}

#[test]
fn the_order_to_stop_ends_a_start_wherever_it_is() {
    #[track_caller]
    fn case(local: impl Fn(&Rig) -> Value) {
        let rig = Rig::new();
        let spec = json!({ "env": "FAKE_URL", "url": "fake://{host}:{port}", "local": local(&rig) });
        let stop = Stop::new();
        let request = rig.request(Source::Local, table("fake", &spec));
        let began = rig.temp.path().join("began");
        std::thread::scope(|scope| {
            let running = scope.spawn(|| start(request, &stop));
            while !began.exists() {
                assert!(!running.is_finished(), "it ended before it was stopped");
                std::thread::yield_now();
            }
            stop.raise(Level::Terminate);
            let error = failure(running.join().expect("no panic"));
            assert!(error.contains("the run was stopped"), "{error}");
        });
        rig.assert_nothing_left();
    }
    let hang = |rig: &Rig, guard: &str| {
        let began = rig.temp.path().join("began");
        rig.script("hang", &format!("{guard}\ntouch {}; exec sleep 100", began.display()))
    };
    case(|rig| json!({ "program": hang(rig, "") }));
    case(|rig| json!({ "program": "true", "prepare": [[hang(rig, "")]] }));
    case(|rig| json!({ "program": hang(rig, "[ \"$1\" = --version ] && exit 0") }));
}
