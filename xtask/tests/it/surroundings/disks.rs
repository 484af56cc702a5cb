//! Disks that are full or may not be written to. What is recorded beside a run never changes its verdict; without a
//! place to work in there is a clear error before anything starts.

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A filesystem of its own that is mounted for a test, and unmounted when dropped.
struct Mount(PathBuf);

impl Mount {
    /// Runs `mount` with these arguments and `on`. `None`, said aloud, where this user may not mount.
    #[expect(clippy::disallowed_methods, reason = "a test stands outside of xtask, and prepares what it runs in")]
    fn new(args: &[&str], on: &Path) -> Option<Self> {
        let status = std::process::Command::new("mount").args(args).arg(on).status();
        if status.as_ref().is_ok_and(std::process::ExitStatus::success) {
            return Some(Self(on.to_owned()));
        }
        // Past the capture of the tests' own output: who runs them is to see it.
        let skipped = format!("SKIPPED: this test needs the right to mount: `mount {}`: {status:?}\n", args.join(" "));
        std::io::stderr().write_all(skipped.as_bytes()).expect("stderr");
        None
    }

    /// A small filesystem in memory in place of the workspace's target directory.
    fn target(sandbox: &Sandbox, options: &str) -> Option<Self> {
        let target = sandbox.root().join("target");
        fs::create_dir_all(&target).expect("a directory");
        Self::new(&["-t", "tmpfs", "-o", options, "tmpfs"], &target)
    }
}

impl Drop for Mount {
    #[expect(clippy::disallowed_methods, reason = "a test stands outside of xtask, and prepares what it runs in")]
    fn drop(&mut self) {
        let status = std::process::Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(status.is_ok_and(|status| status.success()), "unmount {}", self.0.display());
    }
}

/// A checkout with a stage that prints, and passes or fails.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let prints = "i=0; while [ $i -lt 3000 ]; do echo a line of what it prints; i=$((i + 1)); done";
    sandbox.stage("good", "", prints).stage("bad", "", &format!("{prints}; exit 1"));
    sandbox
}

/// The lines of warnings and notes about what could not be kept.
fn complaints(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|line| line.starts_with("warning: ") || line.starts_with("note: ")).collect()
}

#[test]
fn a_full_disk_under_the_record_changes_no_verdict() {
    for (stage, code, verdict) in [("good", 0, "passed: 1 stage in TIME"), ("bad", 1, "failed: bad")] {
        let sandbox = sandbox();
        let Some(_mount) = Mount::target(&sandbox, "size=64k") else { return };
        let filler = fs::OpenOptions::new().create(true).append(true).open(sandbox.root().join("target/filler"));
        let full = std::io::copy(&mut std::io::repeat(b'x'), &mut filler.expect("a file")).expect_err("it is full");
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        let output = sandbox.run(&["ci", "--only", stage]).exits(code);
        assert!(output.verdict().starts_with(verdict), "{}", output.verdict());
        let complaints = complaints(&output.stderr);
        let about = |what: &str| complaints.iter().filter(|line| line.contains(what)).count();
        assert_eq!(about("No space left on device"), complaints.len(), "{complaints:#?}");
        for what in ["the run's record is incomplete", "+command.log is incomplete", "report.md", "summary.json"] {
            assert_eq!(about(what), 1, "{what}: {complaints:#?}");
        }
    }
}

#[test]
fn a_full_disk_under_the_compiler_is_no_compile_error() {
    let sandbox = sandbox();
    let Some(_mount) = Mount::target(&sandbox, "size=1m") else { return };
    let output = sandbox.run(&["test-matrix"]).exits(3).says("no space left on the disk");
    assert!(
        output.verdict().starts_with("could not run: test-services (compile: no space left"),
        "{}",
        output.verdict()
    );
    assert!(!output.stderr.contains("compile error"), "{}", output.stderr);
    let report = sandbox.run(&["report"]).exits(0).stdout;
    assert!(!report.contains("make it compile"), "{report}");
}

#[test]
fn a_record_that_cannot_be_begun_changes_no_verdict() {
    // Five files are there before the run's directory is made (the root, `xtask`, `runs`, `coverage`, `lock`), and
    // seven before its record.
    for files in [5, 7] {
        let sandbox = sandbox();
        let Some(_mount) = Mount::target(&sandbox, &format!("nr_inodes={files}")) else { return };
        for (stage, code) in [("good", 0), ("bad", 1)] {
            let output = sandbox.run(&["ci", "--only", stage]).exits(code);
            let complaints = complaints(&output.stderr);
            let record =
                complaints.iter().find(|line| line.contains("to record the run's events")).expect("it is told");
            assert!(record.ends_with("; the verdict is not affected"), "{record}");
        }
    }
}

#[test]
fn a_full_file_of_events_changes_no_verdict() {
    let output = sandbox().run(&["ci", "--only", "good", "--events", "/dev/full"]).exits(0);
    let output = output.says("warning: the file of --events is incomplete: No space left on device (os error 28)");
    assert_eq!(complaints(&output.stderr).len(), 1);
    assert!(output.verdict().starts_with("passed: 1 stage"), "{}", output.verdict());
}

#[test]
fn a_file_of_events_that_cannot_be_made_is_an_error_before_anything_runs() {
    let sandbox = sandbox();
    sandbox.stage("marks", "", ": >../started");
    assert_snapshot!(sandbox.run(&["ci", "--only", "marks", "--events", "no/such/directory/events"]), @"
    exit code 3
    ----- stderr -----
    error: cannot open no/such/directory/events to record the run's events
      because: No such file or directory (os error 2)
    hint: check that the directory exists and can be written to
    ");
    assert!(!sandbox.has("started"));
}

#[test]
fn a_target_folder_that_cannot_be_used_is_a_clear_error() {
    let sandbox = sandbox();
    sandbox.file("target/xtask", "a file where a directory belongs");
    let output = sandbox.run(&["ci", "--only", "good"]).exits(3);
    assert_eq!(
        output.stderr,
        "error: cannot make the directory /w/target/xtask/runs\n  because: Not a directory (os error 20)\n\
         hint: xtask writes into cargo's target directory; set CARGO_TARGET_DIR to one that can be written"
    );
}

#[test]
fn a_checkout_that_is_read_only_needs_a_target_folder_elsewhere_and_nothing_else() {
    let mut sandbox = sandbox();
    sandbox.run(&["test-matrix"]).exits(0);
    fs::remove_dir_all(sandbox.root().join("target")).expect("it is there");
    let root = sandbox.root();
    let Some(_mount) = Mount::new(&["-o", "bind,ro", &root.to_string_lossy()], &root) else { return };
    let warning = "warning: /w/target/xtask is read-only: this run leaves no record, no logs and no report; to keep them, \
                   set CARGO_TARGET_DIR to a directory that can be written";
    for (args, code, verdict) in [
        (&["ci", "--only", "good"][..], 0, "passed: 1 stage in TIME"),
        (&["ci", "--only", "bad"], 1, "failed: bad"),
        (&["fmt"], 0, "passed: 1 stage in TIME"),
        (&["test-matrix"], 3, "could not run: test-services (compile: "),
    ] {
        let output = sandbox.run(args).exits(code);
        assert_eq!(complaints(&output.stderr), [warning], "{}", output.stderr);
        assert!(output.verdict().starts_with(verdict), "{}", output.verdict());
        assert!(!output.stderr.contains("/runs/"), "no file is named that is not there: {}", output.stderr);
    }
    sandbox.run(&["plan"]).exits(0);
    let elsewhere = sandbox.beside("target");
    sandbox.var("CARGO_TARGET_DIR", elsewhere);
    sandbox.run(&["fmt"]).exits(0);
    let output = sandbox.run(&["test-matrix"]).exits(0);
    assert!(output.verdict().starts_with("passed: 1 stage, 2 tests"), "{}", output.verdict());
}

#[test]
fn a_cache_that_cannot_be_written_changes_no_verdict() {
    let sandbox = sandbox();
    sandbox.commit().run(&["test-matrix"]).exits(0);
    fs::remove_dir_all(sandbox.root().join("target/xtask/cache")).expect("something was remembered");
    sandbox.file("target/xtask/cache", "a file where a directory belongs");
    let output = sandbox.run(&["test-matrix"]).exits(0);
    assert!(output.verdict().starts_with("passed: 1 stage, 2 tests"), "{}", output.verdict());
    let complaints = complaints(&output.stderr);
    assert_eq!(
        complaints
            .iter()
            .filter(
                |line| line.starts_with("warning: passed results are not cached: cannot write /w/target/xtask/cache/")
            )
            .count(),
        1,
        "{}",
        output.stderr
    );
}
