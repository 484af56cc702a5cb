use super::super::testbed::Testbed;
use super::*;
use std::cell::RefCell;
use xtask_core::error::Exit;

const PIPELINE: [(Tool, &str); 6] = [
    (Tool::RUSTFMT, "format-and-lint"),
    (Tool::CLIPPY, "format-and-lint"),
    (Tool::DENY, "security-audit"),
    (Tool::AUDIT, "security-audit"),
    (Tool::POSTGRES, "integration-tests"),
    (Tool::REDIS, "integration-tests"),
];

fn wants(tools: &[(Tool, &str)]) -> Wants {
    tools.iter().map(|(tool, stage)| (*tool, StageId::new(stage))).collect()
}

/// A machine on which everything of `PIPELINE` is there.
fn complete() -> Testbed {
    let bed = Testbed::new();
    bed.toolchain("22.1.2", &[]);
    bed.program("bin/rustup", "exit 1");
    for (path, line) in [
        ("toolchain/bin/rustfmt", "rustfmt 1.9.0"),
        ("toolchain/bin/cargo-fmt", ""),
        ("toolchain/bin/cargo-clippy", "clippy 0.1.95"),
        ("toolchain/bin/clippy-driver", ""),
        ("cache/tools/cargo-deny-0.20.2/bin/cargo-deny", "cargo-deny 0.20.2"),
        ("cache/tools/cargo-audit-0.22.2/bin/cargo-audit", "cargo-audit 0.22.2"),
        ("bin/postgres", "postgres (PostgreSQL) 15.4"),
        ("bin/initdb", ""),
        ("bin/pg_ctl", ""),
        ("bin/psql", ""),
        ("bin/redis-server", "Redis server v=7.2.0"),
    ] {
        bed.says(path, line);
    }
    bed
}

fn remove(bed: &Testbed, paths: &[&str]) {
    for path in paths {
        std::fs::remove_file(bed.at(path)).expect("it was there");
    }
}

fn nothing_runs(command: &Command) -> Result<()> {
    panic!("{command} was run");
}

#[test]
fn where_all_is_there_nothing_is_installed() {
    let bed = complete();
    let ready = prepare(&wants(&PIPELINE), &bed.places, Consent::Refused, &mut nothing_runs).expect("all is there");
    assert_eq!(ready.later, []);
    assert_eq!(ready.toolbox.path(Tool::REDIS), Some(bed.at("bin/redis-server").as_path()));
}

#[test]
fn everything_that_stands_in_the_way_is_said_at_once_with_what_to_do() {
    let bed = complete();
    bed.program("bin/apk", "");
    remove(&bed, &["toolchain/bin/rustfmt", "toolchain/bin/cargo-fmt", "bin/postgres"]);
    remove(&bed, &["cache/tools/cargo-audit-0.22.2/bin/cargo-audit"]);
    bed.says("bin/redis-server", "Redis server v=5.0.3");
    bed.program("toolchain/bin/cargo-clippy", "kill -SEGV $$");
    bed.program("bin/docker", "echo 'no daemon' >&2; exit 1");
    let error =
        prepare(&wants(&PIPELINE), &bed.places, Consent::Unasked, &mut nothing_runs).expect_err("much is missing");
    assert_eq!(error.exit(), Exit::Environment);
    let text = error.to_string().replace(&bed.at("").display().to_string(), "~/");
    insta::assert_snapshot!(text, @r#"
    cannot get the tools of this run ready
      because: clippy (for format-and-lint) is broken at ~/toolchain/bin/cargo-clippy (it was killed by SIGSEGV)
                 to do: repair or remove ~/toolchain/bin/cargo-clippy, or reinstall clippy
               postgresql (for integration-tests) is missing, and docker cannot replace it (it exited with code 1: no daemon); it needs a system package, and there is no terminal to ask for consent
                 to do: run `sudo apk add --no-cache postgresql postgresql-client`
               redis (for integration-tests) is 5.0.3 at ~/bin/redis-server, not 6 or newer, and docker cannot replace it (it exited with code 1: no daemon)
                 to do: upgrade redis to 6 or newer
               rustfmt (for format-and-lint) is missing
                 to do: run `rustup component add rustfmt`
    hint: do the above or try `cargo xtask setup`; `cargo xtask doctor` shows every tool
    "#);
}

#[test]
fn cargo_tools_come_later_as_tasks_and_components_first() {
    let bed = complete();
    remove(
        &bed,
        &["cache/tools/cargo-audit-0.22.2/bin/cargo-audit", "toolchain/bin/rustfmt", "toolchain/bin/cargo-fmt"],
    );
    let ran = RefCell::new(Vec::new());
    let mut rustup = |command: &Command| {
        ran.borrow_mut().push(command.to_string());
        bed.says("toolchain/bin/rustfmt", "rustfmt 1.9.0");
        bed.says("toolchain/bin/cargo-fmt", "");
        Ok(())
    };
    let ready = prepare(&wants(&PIPELINE), &bed.places, Consent::Unasked, &mut rustup).expect("it can be had");
    assert_eq!(*ran.borrow(), ["rustup component add rustfmt"]);
    let [(tool, commands)] = ready.later.as_slice() else { panic!("{:?}", ready.later) };
    assert_eq!(*tool, Tool::AUDIT);
    let [command] = commands.as_slice() else { panic!("{commands:?}") };
    assert!(command.to_string().ends_with("cargo-audit@0.22.2"), "{command}");
    let audit = bed.at("cache/tools/cargo-audit-0.22.2/bin/cargo-audit");
    assert_eq!(ready.toolbox.path(Tool::AUDIT), Some(audit.as_path()));
    assert!(ready.survey.has(Tool::RUSTFMT), "it was looked for again");
}

#[test]
fn installations_are_foreseen_in_their_order_and_none_where_the_run_would_be_refused() {
    let bed = complete();
    remove(
        &bed,
        &["cache/tools/cargo-audit-0.22.2/bin/cargo-audit", "toolchain/bin/rustfmt", "toolchain/bin/cargo-fmt"],
    );
    let foreseen = |consent: Consent| {
        let all = foresee(&wants(&PIPELINE), &bed.places, consent).into_iter();
        all.map(|(tool, steps)| (tool, steps.len())).collect::<Vec<_>>()
    };
    assert_eq!(foreseen(Consent::Unasked), [(Tool::RUSTFMT, 1), (Tool::AUDIT, 1)]);
    let asks = |_: &Recipe| -> bool { panic!("a look at the plan asks for nothing") };
    assert_eq!(foreseen(Consent::Ask(&asks)).len(), 2);
    assert_eq!(foreseen(Consent::Refused), [], "`--no-install` installs nothing");
    bed.program("toolchain/bin/cargo-clippy", "kill -SEGV $$");
    assert_eq!(foreseen(Consent::Unasked), [], "clippy is broken, and nothing starts");
}

#[test]
fn an_installation_that_brings_nothing_is_an_error() {
    let bed = complete();
    remove(&bed, &["toolchain/bin/rustfmt", "toolchain/bin/cargo-fmt"]);
    let error = prepare(&wants(&PIPELINE), &bed.places, Consent::Unasked, &mut |_| Ok(())).expect_err("still missing");
    assert!(error.to_string().contains("rustfmt, just installed, is missing"), "{error}");
}

#[test]
fn a_person_is_asked_before_the_system_changes_and_may_decline() {
    let mut bed = complete();
    bed.places.is_root = true;
    bed.program("bin/apk", "");
    remove(&bed, &["bin/redis-server"]);
    let no = |recipe: &Recipe| {
        assert_eq!(recipe.line(), "apk add --no-cache redis");
        false
    };
    let error = prepare(&wants(&PIPELINE), &bed.places, Consent::Ask(&no), &mut nothing_runs).expect_err("declined");
    assert!(
        error.to_string().contains("redis (for integration-tests) is missing; its installation was declined\n             to do: run `apk add --no-cache redis`"),
        "{error}"
    );
    let mut apk = |_: &Command| {
        bed.says("bin/redis-server", "Redis server v=7.2.0");
        Ok(())
    };
    let ready = prepare(&wants(&PIPELINE), &bed.places, Consent::Ask(&|_| true), &mut apk).expect("agreed");
    assert!(ready.survey.has(Tool::REDIS));
}

#[test]
fn an_engine_that_answers_stands_in_for_the_servers() {
    let bed = complete();
    remove(&bed, &["bin/redis-server", "bin/postgres"]);
    bed.says("bin/docker", "28.2.2");
    let ready = prepare(&wants(&PIPELINE), &bed.places, Consent::Refused, &mut nothing_runs).expect("docker will do");
    assert!(ready.survey.has(Tool::DOCKER) && !ready.survey.has(Tool::REDIS));
}
