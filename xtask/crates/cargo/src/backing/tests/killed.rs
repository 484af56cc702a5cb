//! A killed run, and the next one, which removes its leftovers.

use super::*;

/// The other half of the next test: started by it as a process of its own, to be killed.
#[test]
fn victim() {
    #[expect(clippy::disallowed_methods, reason = "how the next test tells the process that it starts from any other")]
    let (Ok(run), Ok(temp)) = (std::env::var("BACKING_TEST_RUN"), std::env::var("BACKING_TEST_TEMP")) else { return };
    let rig = Rig { temp: tempfile::tempdir().expect("a directory can be made"), run };
    let mut request = rig.request(Source::Local, ServerSpec::defaults());
    request.temp = temp.into();
    let _servers = start(request, &Stop::new()).expect("both servers start");
    eprintln!("VICTIM IS UP");
    loop {
        std::thread::park();
    }
}

#[test]
fn what_a_killed_run_leaves_is_found_and_removed() {
    let rig = Rig::new();
    let this = std::env::current_exe().expect("the test has a program");
    let command = Command::new(this.to_string_lossy(), "/")
        .args(["--exact", "backing::tests::killed::victim", "--nocapture"])
        .env("BACKING_TEST_RUN", &rig.run)
        .env("BACKING_TEST_TEMP", rig.scratch().to_string_lossy());
    let marker = marker();
    let victim = process::spawn_background(&child(&command, &marker)).expect("the test can start itself");
    while !victim.tail().iter().any(|line| line.contains("VICTIM IS UP")) {
        assert!(victim.is_alive(), "{:?}", victim.tail());
        std::thread::yield_now();
    }
    assert_eq!(clean_after(&rig.run, &rig.scratch(), &path()), Vec::<String>::new(), "it is alive");
    let servers = process::survivors(&rig.run);
    let found =
        |name: &str| servers.iter().any(|one| one.name == name && one.marker.contains("integration-tests:servers"));
    assert!(found("postgres") && found("redis-server"), "{servers:?}");
    let ended = victim.stop(process::Signal::KILL, Duration::from_secs(5)).expect("it can be killed");
    assert_ne!(ended.end, End::Exited(0));
    // The processes are left to the directory on purpose: that is how those that lost their mark are found. And
    // the next start does it, whether or not that run's record is still there.
    let mut next = rig.request(Source::Local, Vec::new());
    next.run += "-next";
    let next = start(next, &Stop::new()).expect("nothing is to be started");
    let said = next.cleaned.clone();
    drop(next);
    assert!(said.iter().any(|line| line.starts_with("killed redis-server (pid ")), "{said:?}");
    assert!(said.last().is_some_and(|line| line.starts_with("removed the directory ")), "{said:?}");
    rig.assert_nothing_left();
}
