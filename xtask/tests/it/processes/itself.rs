//! xtask never runs itself: logging in, pushing, reporting and notifying are done in the process, which needs no file of
//! the program any more.

use crate::support::hook::Hook;
use crate::support::peers::Registry;
use crate::support::pushing::{self, to_push};
use crate::support::running::{assert_nothing_left, wait_for};
use crate::support::sandbox::{Sandbox, XTASK};
use rustix::process::Signal;
use std::fs;

/// A push with all that used to be done by processes of xtask's own program.
const PUSH: [&str; 11] =
    ["ci", "--event", "push", "--only", "fmt", "--only", "docker", "--only", "report", "--only", "notify"];

/// A checkout that can push to this registry, which wants a login.
fn sandbox(registry: &Registry) -> Sandbox {
    let mut sandbox = to_push();
    sandbox.var("XTASK_REGISTRY_USER", "shop").var("XTASK_REGISTRY_PASSWORD", pushing::PASSWORD);
    sandbox.var("XTASK_REGISTRY", &registry.host);
    sandbox
}

#[test]
fn a_run_does_not_notice_that_its_program_is_replaced() {
    let Some(registry) = Registry::start(Some(pushing::SHOP)) else { return };
    let mut sandbox = sandbox(&registry);
    let hook = Hook::ok();
    sandbox.var("XTASK_WEBHOOK", hook.url("/"));
    let program = sandbox.beside("xtask");
    fs::copy(XTASK, &program).expect("it can be copied");
    // Before its first task, the run looks for skopeo and asks it for its version.
    let replace = "rm -f ../xtask; printf '#!/bin/sh\\n: >%s/was-run\\n' \"${PWD%/*}\" >../xtask; chmod 755 ../xtask";
    sandbox.stub("skopeo", &format!("{replace}\nPATH=\"${{PATH#*:}}\" exec skopeo \"$@\""));
    sandbox.start_command(sandbox.command_of(&program, &PUSH)).finish().exits(0);
    assert!(fs::read(&program).expect("it is there").starts_with(b"#!/bin/sh"), "the program was replaced");
    assert!(!sandbox.has("was-run"), "what has replaced it was started");
    let stages = ["format-and-lint passed", "build-and-push passed", "quality-report passed"];
    let notified = "notify passed: sent to the webhook";
    assert_eq!(sandbox.summary().stages(), [&stages[..], &[notified]].concat());
    assert!(sandbox.root().join("target/xtask/runs/latest/images.json").exists());
    let document = hook.request().json();
    assert_eq!((&document["verdict"], &document["exit_code"]), (&"passed".into(), &0.into()));
    assert_eq!(document["run"], sandbox.latest());
}

#[test]
fn the_report_is_written_while_the_run_still_runs() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.gate("gate").stage("slow", "", ": >../ready; read -r line <../gate");
    let run = sandbox.start(&["ci", "--only", "report", "--only", "slow"]);
    run.until_there("ready");
    let report = format!("target/xtask/runs/{}/report.md", sandbox.latest());
    wait_for("the report", || sandbox.root().join(&report).exists());
    assert!(sandbox.read(&report).starts_with("# – running: "), "{}", sandbox.read(&report));
    // A run with a summary has ended.
    assert!(!sandbox.root().join("target/xtask/runs/latest/summary.json").exists());
    sandbox.open_gate("gate");
    run.finish().exits(0);
    assert!(sandbox.read(&report).starts_with("# ✓ passed"), "{}", sandbox.read(&report));
    let log = sandbox.read("target/xtask/runs/latest/logs/quality-report+report.log");
    assert!(sandbox.redact(&log).starts_with("wrote /w/target/xtask/runs/RUN/report.md"), "{log}");
}

#[test]
fn what_a_push_has_started_is_marked_and_ends_with_the_run() {
    let Some(registry) = Registry::start(Some(pushing::SHOP)) else { return };
    let sandbox = sandbox(&registry);
    let stop = "if [ \"$1\" = copy ]; then echo \"$XTASK_TASK\" >../mark; : >../ready; exec sleep 1000; fi";
    sandbox.stub("skopeo", &format!("{stop}\nPATH=\"${{PATH#*:}}\" exec skopeo \"$@\""));
    let push = ["docker", "a", "--push"];
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::KILL, 137)] {
        let run = sandbox.start(&push);
        run.until_there("ready").signal(signal);
        let latest = sandbox.latest();
        run.finish().exits(code);
        let mark = sandbox.read("../mark");
        assert!(mark.starts_with(&format!("{latest}:build-and-push/a-service:push+")), "{mark}");
        if signal == Signal::KILL {
            sandbox.run(&["fmt"]).exits(0).says("cleaned up: sleep (pid ");
        } else {
            let pushed = "build-and-push cancelled: a-service:push: the run was stopped";
            assert!(sandbox.summary().stages().contains(&pushed.to_owned()), "{:?}", sandbox.summary().stages());
        }
        assert_nothing_left(&latest);
        fs::remove_file(sandbox.beside("ready")).expect("it is there");
    }
}

#[test]
fn a_receiver_that_never_answers_costs_no_more_than_the_limit_of_the_stage() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    let limit = "[workspace.metadata.xtask.stages.notify]\ntimeout = \"1s\"\n";
    sandbox.append("Cargo.toml", limit).run(&["fmt", "--fix"]).exits(0);
    let hook = Hook::held("200 OK");
    sandbox.var("XTASK_WEBHOOK", hook.url("/"));
    sandbox.run(&["ci", "--event", "push", "--only", "fmt", "--only", "notify"]).exits(0);
    let why = "notify timed-out: notify: it took longer than TIME ([workspace.metadata.xtask.stages.notify] timeout)";
    assert_eq!(sandbox.summary().stages(), ["format-and-lint passed", why]);
    hook.release();
}

#[test]
fn the_plan_says_what_is_done_without_a_command() {
    let Some(registry) = Registry::start(Some(pushing::SHOP)) else { return };
    let mut sandbox = sandbox(&registry);
    sandbox.var("XTASK_WEBHOOK", "https://hooks.example.org/canary-4711");
    let plan = sandbox.run(&[&PUSH[..], &["--dry-run"]].concat()).exits(0);
    for line in [
        &format!("  # log in to {} with XTASK_REGISTRY_USER and XTASK_REGISTRY_PASSWORD", registry.host),
        &format!("  # push the image of a-service to {}/a-service as sha-", registry.host),
        "  # write the report of the run so far to report.md in the run's directory",
        "  # send the result of the run so far to the webhooks that are set",
    ] {
        assert!(plan.stdout.lines().any(|known| known.starts_with(line)), "{line}\n{}", plan.stdout);
    }
    let json = sandbox.run(&["plan", "--event", "push", "--only", "report", "--json"]).exits(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let task = &json["stages"][0]["tasks"][0];
    assert_eq!((&task["command"], task["does"].is_string()), (&serde_json::json!([]), true), "{task}");
    for text in [&plan.stdout, &plan.stderr] {
        assert!(!text.contains(XTASK) && !text.contains("canary-4711") && !text.contains(pushing::PASSWORD), "{text}");
    }
    for hidden in ["log-in", "push-image"] {
        sandbox.run(&[hidden]).exits(2).says("unrecognized subcommand");
    }
}
