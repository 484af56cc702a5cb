use super::super::survey;
use super::super::testbed::Testbed;
use super::*;

/// A machine with one tool in each state.
fn mixed() -> Testbed {
    let bed = Testbed::new();
    bed.toolchain("22.1.2", &[("rustfmt", "rustfmt 1.9.0"), ("cargo-fmt", "")]);
    for name in ["rustup", "apk", "initdb", "pg_ctl", "psql"] {
        bed.program(&format!("bin/{name}"), "");
    }
    bed.says("bin/postgres", "postgres (PostgreSQL) 15.4");
    bed.says("bin/redis-server", "Redis server v=5.0.3");
    bed.says("bin/cargo-deny", "cargo-deny 0.19.0");
    bed.program("bin/git", "kill -SEGV $$");
    bed
}

fn report(bed: &Testbed) -> Report {
    let tools: Vec<Tool> = Tool::built_in().collect();
    super::report(&survey(tools.clone(), &bed.places), &tools, &bed.places)
}

#[test]
fn the_table_says_what_is_there_and_what_to_do() {
    let bed = mixed();
    let report = report(&bed);
    let home = bed.at("");
    let table = report.table(Some(&home)).replace(&home.display().to_string(), "~/");
    insta::assert_snapshot!(table, @r##"
    tool             state          version  used by                                   where
    rustfmt          ok             1.9.0    format-and-lint                           ~/toolchain/bin/rustfmt
    clippy           missing                 format-and-lint
        to do: nothing, a run that needs it will run `rustup component add clippy`
    cargo-llvm-cov   missing                 code-coverage
        to do: nothing, a run that needs it will run `cargo install --locked --force --root ~/cache/tools/cargo-llvm-cov-0.9.1 --target-dir ~/work/target/xtask/install/cargo-llvm-cov-0.9.1 cargo-llvm-cov@0.9.1`
    llvm-tools       missing                 code-coverage
        to do: nothing, a run that needs it will run `rustup component add llvm-tools`
    cargo-tarpaulin  absent                  code-coverage
        optional: run `cargo install --locked --force --root ~/cache/tools/cargo-tarpaulin-0.37.5 --target-dir ~/work/target/xtask/install/cargo-tarpaulin-0.37.5 cargo-tarpaulin@0.37.5`
    cargo-audit      missing                 security-audit
        to do: nothing, a run that needs it will run `cargo install --locked --force --root ~/cache/tools/cargo-audit-0.22.2 --target-dir ~/work/target/xtask/install/cargo-audit-0.22.2 cargo-audit@0.22.2`
    cargo-deny       wrong version  0.19.0   security-audit                            ~/bin/cargo-deny
        expected: 0.20.2
        to do: nothing, a run that needs it will run `cargo install --locked --force --root ~/cache/tools/cargo-deny-0.20.2 --target-dir ~/work/target/xtask/install/cargo-deny-0.20.2 cargo-deny@0.20.2`
    git              broken                                                            ~/bin/git
        it was killed by SIGSEGV
        optional: repair or remove ~/bin/git, or reinstall git
    postgresql       ok             15.4     integration-tests                         ~/bin/postgres
    redis            wrong version  5.0.3    integration-tests                         ~/bin/redis-server
        expected: 6 or newer
        to do: upgrade redis to 6 or newer
    docker           absent                  integration-tests
        optional: install Docker and start its engine
    buildkit         absent                  build-and-push
        optional: install Docker with its plugin buildx, and start its engine
    curl             absent                  smoke-test notify
        optional: run `sudo apk add --no-cache curl`
    skopeo           absent                  build-and-push deploy-staging
        optional: run `sudo apk add --no-cache skopeo`
    aws              absent                  build-and-push deploy-staging smoke-test
        optional: run `sudo apk add --no-cache aws-cli`
    kubectl          absent                  deploy-staging smoke-test
        optional: run `sudo apk add --no-cache kubectl`

    the pull-request pipeline lacks tools that it cannot install by itself
    "##);
    assert_eq!(report.exit(), Exit::Environment);
}

#[test]
fn a_lack_that_a_run_mends_by_itself_is_no_failure() {
    let bed = mixed();
    bed.says("bin/redis-server", "Redis server v=7.2.0");
    let report = report(&bed);
    assert_eq!(report.exit(), Exit::Ok);
    assert!(report.table(None).ends_with("installs missing tools by itself; `cargo xtask setup` installs them now\n"));
}

#[test]
fn an_engine_makes_the_servers_unnecessary() {
    let bed = mixed();
    bed.says("bin/docker", "28.2.2");
    let report = report(&bed);
    assert_eq!(report.exit(), Exit::Ok);
    assert!(report.table(None).contains("docker is used instead"));
}

#[test]
fn the_json_holds_the_same_flat() {
    let bed = mixed();
    let json = serde_json::to_value(report(&bed)).expect("it is data");
    let redis = json["tools"].as_array().expect("a list").iter().find(|row| row["tool"] == "redis").expect("a row");
    assert_eq!(json["version"], 1);
    assert_eq!(json["ok"], false);
    assert_eq!(redis["state"], "wrong-version");
    assert_eq!(redis["found"], "5.0.3");
    assert_eq!(redis["stages"][0], "integration-tests");
    assert_eq!(redis["needed"], true);
}
