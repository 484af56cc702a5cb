//! The configuration: everything that is wrong is said at once, with the manifest, the key and what was probably meant.

use crate::support::sandbox::{Output, Sandbox};
use insta::assert_snapshot;

fn configured(text: &str) -> Sandbox {
    let sandbox = Sandbox::with_services(&["auth-service", "user-service"]);
    sandbox.append("Cargo.toml", text);
    sandbox
}

#[test]
fn every_problem_is_told_at_once() {
    let sandbox = configured(
        "[workspace.metadata.xtask]\nexclude = [\"auth-servise\"]\nkeep-runs = 0\ntimeot = \"5m\"\n\
         [workspace.metadata.xtask.coverage]\nminimum = 101\nengine = \"gcov\"\nfloors.user-servce = 50\n\
         [workspace.metadata.xtask.stages.test-services]\npolicy = \"warn\"\ntimeout = 5\nmax-paralel = 2\n\
         [[workspace.metadata.xtask.audit.waivers]]\nid = \"RUSTSEC-2020-0071\"\nexpires = \"tomorrow\"\n",
    );
    sandbox
        .append("services/auth-service/Cargo.toml", "[package.metadata.xtask.service]\nport = 70000\nimages = true\n");
    let output = sandbox.run(&["plan"]);
    assert_snapshot!(output, @r#"
    exit code 2
    ----- stderr -----
    error: cannot read the configuration of xtask: 13 problems
      /w/Cargo.toml: `workspace.metadata.xtask.exclude` names `auth-servise`, which is not a package of this workspace: did you mean `auth-service`?
      /w/Cargo.toml: `workspace.metadata.xtask.keep-runs` is 0, and must be a whole number from 1 to 10000
      /w/Cargo.toml: `workspace.metadata.xtask.coverage.engine` is "gcov", and must be one of "auto", "llvm-cov", "tarpaulin"
      /w/Cargo.toml: `workspace.metadata.xtask.coverage.minimum` is 101, and must be a number from 0 to 100
      /w/Cargo.toml: `workspace.metadata.xtask.coverage.floors.user-servce` names `user-servce`, which is not a package of this workspace: did you mean `user-service`?
      /w/Cargo.toml: `workspace.metadata.xtask.audit.waivers[0].expires` is "tomorrow", and must be the last day it holds, such as "2026-12-31"
      /w/Cargo.toml: `workspace.metadata.xtask.audit.waivers[0]` needs an `id`, a `reason` and the day it `expires`
      /w/Cargo.toml: `workspace.metadata.xtask.stages.test-services.policy` is "warn", and must be one of "blocking", "warning", "info", "reporting"
      /w/Cargo.toml: `workspace.metadata.xtask.stages.test-services.timeout` is 5, and must be a time such as "90s" or "10m"
      /w/Cargo.toml: `workspace.metadata.xtask.stages.test-services.max-paralel` is unknown: did you mean `max-parallel`?
      /w/Cargo.toml: `workspace.metadata.xtask.timeot` is unknown: did you mean `timeout`?
      /w/services/auth-service/Cargo.toml: `package.metadata.xtask.service.port` is 70000, and must be a whole number from 1 to 65535
      /w/services/auth-service/Cargo.toml: `package.metadata.xtask.service.images` is unknown: did you mean `image`?
    hint: docs/configuration.md lists every key with its default
    "#);
    // A run says the same, and leaves nothing behind.
    let run = sandbox.run(&["fmt"]).exits(2);
    assert_eq!(run.stderr, output.stderr);
    assert!(!sandbox.root().join("target").exists());
}

#[test]
fn a_stage_of_its_own_runs_and_fails_by_its_policy() {
    let own = |policy: &str| {
        let stage = format!(
            "[workspace.metadata.xtask.stages.own]\ncommand = [\"sh\", \"-c\", \"exit 3\"]\npolicy = \"{policy}\"\n"
        );
        let sandbox = configured(&format!(
            "{stage}[workspace.metadata.xtask.stages.behind]\ncommand = [\"true\"]\nneeds = [\"own\"]\n"
        ));
        let output = sandbox.run(&["ci", "--keep-going", "--only", "own", "--only", "behind"]);
        let Output { code, .. } = output;
        (code, output.verdict().to_owned(), sandbox.summary().stages())
    };
    let (code, verdict, stages) = own("blocking");
    assert_eq!((code, verdict.as_str()), (1, "failed: own (command: exited with code 3) · exit 1"));
    assert_eq!(stages, ["own failed: command: exited with code 3", "behind skipped: needs `own`, which failed"]);
    for policy in ["warning", "info"] {
        let (code, verdict, stages) = own(policy);
        assert_eq!((code, verdict.as_str()), (0, "passed: 1 stage in TIME · own failed, which does not block"));
        assert_eq!(stages, ["own failed: command: exited with code 3", "behind passed"]);
    }
}

#[test]
fn the_policies_of_the_twelve_can_be_changed() {
    let sandbox = configured("[workspace.metadata.xtask.stages.format-and-lint]\npolicy = \"warning\"\n");
    sandbox.append("services/auth-service/src/main.rs", "\nfn  crooked( ) { }\n");
    assert_snapshot!(sandbox.run(&["fmt"]), @"
    exit code 0
    ----- stderr -----
    ! format-and-lint:fmt failed: 1 file is not formatted
        error: not formatted (services/auth-service/src/main.rs:5)
        log: target/xtask/runs/RUN/logs/format-and-lint+fmt.log
        run again: cargo fmt --all --check -- --color=never

    ! format-and-lint  failed: fmt: 1 file is not formatted

    What went wrong
      ! format-and-lint:fmt failed: 1 file is not formatted
          run again: cargo fmt --all --check -- --color=never
      report: target/xtask/runs/RUN/report.md

    warning: format-and-lint failed (fmt: 1 file is not formatted), which does not block
    ");
}
