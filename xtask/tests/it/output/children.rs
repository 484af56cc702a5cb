//! What children print: too much, no text at all, or orders to whoever reads the log; and readers who go away.

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;
use std::process::Stdio;

#[test]
fn two_gigabytes_of_output_cost_neither_memory_nor_disk() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let loud = "#[test]\nfn loud() {\n    use std::io::Write;\n    let mut line = vec![b'x'; 65_535];\n    \
                line.push(b'\\n');\n    let mut out = std::io::stdout().lock();\n    \
                out.write_all(b\"the first line\\n\").unwrap();\n    \
                (0..32_768).for_each(|_| out.write_all(&line).unwrap());\n    \
                out.write_all(b\"the last line\\n\").unwrap();\n}\n";
    sandbox.append("services/a-service/src/lib.rs", loud);
    sandbox.gate("gate").stage("held", "needs = [\"test-services\"]", ": >../ready; read -r line <../gate");
    let run = sandbox.start(&["ci", "--only", "test-services", "--only", "held"]);
    run.until_there("ready");
    let most = run.memory("VmHWM");
    sandbox.open_gate("gate");
    let output = run.finish().exits(0);
    assert!(output.verdict().starts_with("passed: 2 stages, 3 tests"), "{}", output.verdict());
    assert!(most < 100 * 1024, "{most} kB");
    let log = sandbox.root().join("target/xtask/runs/latest/logs/test-services.a-service.log");
    let log = fs::read(log).expect("the log");
    assert!((16 << 20..17 << 20).contains(&log.len()), "{}", log.len());
    let text = String::from_utf8_lossy(&log);
    assert!(text.contains("the first line") && text.contains("bytes left out here, the log is capped at 16777216]"));
    assert!(text.contains("the last line") && text.contains("test result: ok. 2 passed"), "the tail is kept");
}

#[test]
fn bytes_that_are_no_text_are_kept_in_the_log_and_shown_clean() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("raw", "", r"printf 'a\377b\000\033[31mred\033[2J\n\ttab\n'; exit 1");
    let output = sandbox.run(&["ci", "--only", "raw"]);
    assert!(!output.stderr.contains(['\u{1b}', '\0', '\t']), "{:?}", output.stderr);
    assert_snapshot!(output, @"
    exit code 1
    ----- stderr -----
    ✗ raw:command failed: exited with code 1
        │ a�bred
        │ tab
        log: target/xtask/runs/RUN/logs/raw+command.log
        run again: stub-raw

    ✗ raw  failed: command: exited with code 1

    What went wrong
      ✗ raw:command failed: exited with code 1
          run again: stub-raw
      report: target/xtask/runs/RUN/report.md

    failed: raw (command: exited with code 1) · exit 1
    ");
    let log = fs::read(sandbox.root().join("target/xtask/runs/latest/logs/raw+command.log")).expect("the log");
    assert_eq!(log, b"a\xffb\0\x1b[31mred\x1b[2J\n\ttab\n");
}

/// Tries to give orders to the runner of GitHub Actions.
const ORDERS: &str = r"echo '::error::injected'; echo '  ::set-env name=X::injected'; echo '::stop-commands::injected'
printf '\033[31m::add-mask::injected\033[0m\n'; echo '##[group]injected'; echo 'x ##[error]injected' >&2
printf 'progress\r::warning::injected\n'; exit 1";

#[test]
fn children_give_no_orders_to_github() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox
        .append("services/a-service/src/lib.rs", "#[test]\nfn fails() {\n    panic!(\"\\n::error::injected\");\n}\n");
    sandbox.stage("orders", "", ORDERS);
    let step = sandbox.beside("step.md");
    fs::write(&step, "# of an earlier step\n").expect("a file");
    sandbox.var("GITHUB_ACTIONS", "true").var("CI", "true").var("NO_COLOR", "1").var("GITHUB_STEP_SUMMARY", &step);
    let output = sandbox.run(&["ci", "--only", "orders", "--only", "test-services", "--skip", "format-and-lint"]);
    let output = output.exits(1).says("injected");
    let orders = output.stderr.lines().filter(|line| line.trim_start().starts_with("::") || line.contains("##["));
    let names: Vec<&str> =
        orders.map(|line| line.split([' ', ':']).find(|word| !word.is_empty()).unwrap_or("")).collect();
    assert!(names.contains(&"error"), "xtask's own are there: {names:?}");
    for line in output.stderr.lines().filter(|line| line.contains("injected") && line.trim_start().starts_with("::")) {
        assert!(line.starts_with("::error title=") || line.starts_with("::error file="), "{line}");
    }
    assert!(!output.stderr.contains("##["), "{}", output.stderr);
    let summary = fs::read_to_string(step).expect("the step's summary");
    assert!(summary.starts_with("# of an earlier step\n# ✗ failed: "), "{summary}");
}

#[test]
fn readers_who_go_away_change_no_verdict() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("good", "", "echo something; : >../ran").stage("bad", "", "echo something; exit 1");
    for (stage, code) in [("good", 0), ("bad", 1)] {
        for (out, err) in [(true, false), (false, true), (true, true)] {
            let mut child = sandbox.command(&["-v", "ci", "--json", "--only", stage]).spawn().expect("xtask starts");
            // Dropped before a line can have been written: every write meets a closed pipe.
            drop(child.stdout.take().filter(|_| out));
            drop(child.stderr.take().filter(|_| err));
            assert_eq!(sandbox.wait(child).code, code, "stdout {out}, stderr {err}");
            assert_eq!(sandbox.summary().0["exit_code"], code);
        }
    }
}

#[test]
fn a_full_disk_under_the_streams_changes_no_verdict() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("good", "", "echo something").stage("bad", "", "echo something; exit 1");
    let full = || Stdio::from(fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it"));
    let lost = "error: cannot write the answer to stdout\n  because: No space left on device";
    let warning = "warning: the answer on stdout is incomplete: No space left on device";
    for (stage, code, with_json, says) in [("good", 0, 3, lost), ("bad", 1, 1, warning)] {
        let child = sandbox.command(&["ci", "--json", "--only", stage]).stdout(full()).spawn().expect("xtask starts");
        sandbox.wait(child).exits(with_json).says(says);
        assert_eq!(sandbox.summary().0["exit_code"], code);
        let child = sandbox.command(&["ci", "--only", stage]).stderr(full()).spawn().expect("xtask starts");
        sandbox.wait(child).exits(code);
    }
    let child = sandbox.command(&["plan", "--json"]).stdout(full()).spawn().expect("xtask starts");
    assert_snapshot!(sandbox.wait(child), @"
    exit code 3
    ----- stderr -----
    error: cannot write the answer to stdout
      because: No space left on device (os error 28)
    hint: free space where stdout is written, and run the command again
    ");
}
