//! The configuration: everything that is wrong is said at once, with the manifest, the key and what was probably meant.

use crate::support::sandbox::{Output, Sandbox};
use insta::assert_snapshot;

fn configured(text: &str) -> Sandbox {
    let sandbox = Sandbox::with_services(&["auth-service", "user-service"]);
    sandbox.append("Cargo.toml", text);
    sandbox
}

/// The plan with this configuration.
fn plan(text: &str) -> Output {
    configured(text).run(&["plan"])
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
      /w/Cargo.toml: `workspace.metadata.xtask.exclude` names `auth-servise`, which is no package of this workspace: did you mean `auth-service`?
      /w/Cargo.toml: `workspace.metadata.xtask.keep-runs` is 0, and must be a whole number from 1 to 10000
      /w/Cargo.toml: `workspace.metadata.xtask.coverage.engine` is "gcov", and must be one of "auto", "llvm-cov", "tarpaulin"
      /w/Cargo.toml: `workspace.metadata.xtask.coverage.minimum` is 101, and must be a number from 0 to 100
      /w/Cargo.toml: `workspace.metadata.xtask.coverage.floors.user-servce` names `user-servce`, which is no package of this workspace: did you mean `user-service`?
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
fn a_table_of_another_kind_is_refused() {
    assert_snapshot!(plan("[workspace.metadata]\nxtask = 3\n"), @"
    exit code 2
    ----- stderr -----
    error: cannot read the configuration of xtask: 1 problem
      /w/Cargo.toml: `workspace.metadata.xtask` is a number, and must be a table
    hint: docs/configuration.md lists every key with its default
    ");
    assert_snapshot!(plan("[workspace.metadata.xtask]\nstages = [\"lint\"]\n"), @"
    exit code 2
    ----- stderr -----
    error: cannot read the configuration of xtask: 1 problem
      /w/Cargo.toml: `workspace.metadata.xtask.stages` is a list, and must be a table
    hint: docs/configuration.md lists every key with its default
    ");
}

#[test]
fn everything_that_is_wrong_with_a_server_is_reported_at_once() {
    let servers = "[workspace.metadata.xtask.integration.servers]\nredis = { version = 7, crates = [\"a b\"] }\n\
                   mongo = { url = \"mongo\", container = { image = \"mongo:6\", prot = 1 } }\n";
    assert_snapshot!(plan(servers), @"
    exit code 2
    ----- stderr -----
    error: cannot read the configuration of xtask: 6 problems
      /w/Cargo.toml: `workspace.metadata.xtask.integration.servers.mongo.env` is missing
      /w/Cargo.toml: `workspace.metadata.xtask.integration.servers.mongo.url` must begin with its scheme, as in `redis://`
      /w/Cargo.toml: `workspace.metadata.xtask.integration.servers.mongo.container.port` is missing
      /w/Cargo.toml: `workspace.metadata.xtask.integration.servers.mongo.container.prot` is unknown: did you mean `port`?
      /w/Cargo.toml: `workspace.metadata.xtask.integration.servers.redis.version` is 7, and must be a text
      /w/Cargo.toml: `workspace.metadata.xtask.integration.servers.redis.crates` names `a b`, which is neither a crate nor `crate/feature`
    hint: docs/configuration.md lists every key with its default
    ");
}

#[test]
fn a_cycle_is_shown_with_its_whole_path() {
    let stages = "[workspace.metadata.xtask.stages]\na = { command = [\"true\"], needs = [\"c\"] }\n\
                  b = { command = [\"true\"], needs = [\"a\"] }\nc = { command = [\"true\"], needs = [\"b\"] }\n";
    assert_snapshot!(plan(stages), @"
    exit code 2
    ----- stderr -----
    error: cannot order the stages: they need each other in a circle: a → c → b → a
    hint: remove one of these needs from `[workspace.metadata.xtask.stages]`
    ");
    let itself = "[workspace.metadata.xtask.stages.a]\ncommand = [\"true\"]\nneeds = [\"a\"]\n";
    assert_snapshot!(plan(itself), @"
    exit code 2
    ----- stderr -----
    error: cannot order the stages: they need each other in a circle: a → a
    hint: remove one of these needs from `[workspace.metadata.xtask.stages]`
    ");
}

#[test]
fn needs_that_point_nowhere_are_refused_all_at_once_with_the_nearest() {
    let stages = "[workspace.metadata.xtask.stages]\na = { command = [\"true\"], needs = [\"test-servces\", \"b\"] }\n\
                  b = { command = [\"true\"], needs = [\"zzz\"], polcy = \"info\" }\n";
    assert_snapshot!(plan(stages), @"
    exit code 2
    ----- stderr -----
    error: cannot read the configuration of xtask: 3 problems
      /w/Cargo.toml: `workspace.metadata.xtask.stages.a.needs` names `test-servces`, which is no stage: did you mean `test-services`?
      /w/Cargo.toml: `workspace.metadata.xtask.stages.b.needs` names `zzz`, which is no stage: the stages are a, b, build-and-push, build-release, code-coverage, dependency-check, deploy-staging, format-and-lint, integration-tests, notify, quality-report, security-audit, smoke-test and test-services
      /w/Cargo.toml: `workspace.metadata.xtask.stages.b.polcy` is unknown: did you mean `policy`?
    hint: docs/configuration.md lists every key with its default
    ");
}

#[test]
fn a_stage_of_its_own_needs_a_command_and_a_plain_name() {
    assert_snapshot!(plan("[workspace.metadata.xtask.stages.test-servics]\npolicy = \"info\"\n"), @"
    exit code 2
    ----- stderr -----
    error: cannot read the configuration of xtask: 1 problem
      /w/Cargo.toml: `workspace.metadata.xtask.stages.test-servics` is a stage of its own and needs a `command`, or did you mean `test-services`?
    hint: docs/configuration.md lists every key with its default
    ");
    let names = "[workspace.metadata.xtask.stages]\n\"../x\".command = [\"true\"]\n\"-p\".command = [\"true\"]\n";
    assert_snapshot!(plan(names), @r#"
    exit code 2
    ----- stderr -----
    error: cannot read the configuration of xtask: 2 problems
      /w/Cargo.toml: `workspace.metadata.xtask.stages.-p` is no name for a stage: use letters, digits and dashes
      /w/Cargo.toml: `workspace.metadata.xtask.stages."../x"` is no name for a stage: use letters, digits and dashes
    hint: docs/configuration.md lists every key with its default
    "#);
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

#[test]
fn an_older_xtask_refuses_a_newer_configuration_whatever_else_it_holds() {
    let newer = "[workspace.metadata.xtask]\nmin-version = \"9.1.0\"\nkeep-runs = \"all\"\nnot-known-yet = 1\n";
    let own = env!("CARGO_PKG_VERSION");
    let said = plan(newer).exits(2).stderr.replace(own, "OWN");
    assert_snapshot!(said, @"
    error: cannot read the configuration of xtask: 1 problem
      /w/Cargo.toml: `workspace.metadata.xtask.min-version` requires xtask 9.1.0 or newer, and this is xtask OWN
    hint: update this xtask, or run the workspace's own: `cargo xtask` in its directory
    ");
    for version in ["0.0.1", own] {
        plan(&format!("[workspace.metadata.xtask]\nmin-version = \"{version}\"\n")).exits(0);
    }
}

#[test]
fn a_malformed_version_is_a_problem_among_others() {
    assert_snapshot!(plan("[workspace.metadata.xtask]\nmin-version = \"9\"\nkeep-run = 1\n"), @r#"
    exit code 2
    ----- stderr -----
    error: cannot read the configuration of xtask: 2 problems
      /w/Cargo.toml: `workspace.metadata.xtask.min-version` is "9", and must be a version such as "0.2.0"
      /w/Cargo.toml: `workspace.metadata.xtask.keep-run` is unknown: did you mean `keep-runs`?
    hint: docs/configuration.md lists every key with its default
    "#);
}
