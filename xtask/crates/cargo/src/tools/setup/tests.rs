use super::super::testbed::Testbed;
use super::*;

#[test]
fn it_installs_what_is_missing_goes_on_after_a_failure_and_finds_nothing_the_second_time() {
    let bed = Testbed::new();
    bed.program("bin/rustup", "");
    bed.says("bin/git", "git version 2.40.0");
    let tools = [Tool::GIT, Tool::AUDIT, Tool::DENY, Tool::LLVM_TOOLS, Tool::REDIS];
    let mut cargo = |command: &Command| {
        if command.to_string().ends_with("cargo-audit@0.22.2") {
            return Err(Error::environment("run `cargo install`").detail("no network"));
        }
        for (krate, version) in [("cargo-deny", "0.20.2")] {
            if command.to_string().ends_with(&format!("{krate}@{version}")) {
                bed.says(&format!("cache/tools/{krate}-{version}/bin/{krate}"), &format!("{krate} {version}"));
            }
        }
        Ok(())
    };
    let report = setup(tools, &bed.places, Consent::Unasked, &mut cargo);
    assert_eq!(report.exit(), Exit::Environment);
    let text = report.text().replace(&bed.at("").display().to_string(), "~/");
    insta::assert_snapshot!(text, @r#"
    did not install cargo-audit: cannot run `cargo install`
      because: no network
      to do: run `cargo install --locked --force --root ~/cache/tools/cargo-audit-0.22.2 --target-dir ~/work/target/xtask/install/cargo-audit-0.22.2 cargo-audit@0.22.2`
    installed cargo-deny 0.20.2
    did not install llvm-tools: it was installed, but it is missing
      to do: run `rustup component add llvm-tools`
    did not install redis: it is missing
      to do: install redis and put it on PATH
    "#);
    let again =
        setup([Tool::GIT, Tool::DENY], &bed.places, Consent::Unasked, &mut |command| panic!("{command} was run"));
    assert_eq!(again.text(), "all tools are installed\n");
    assert_eq!(again.exit(), Exit::Ok);
}

#[test]
fn nothing_is_installed_against_the_users_will() {
    let bed = Testbed::new();
    let report = setup([Tool::DENY], &bed.places, Consent::Refused, &mut |command| panic!("{command} was run"));
    assert_eq!(report.exit(), Exit::Environment);
    assert!(report.text().contains("`--no-install` forbids"), "{}", report.text());
}

#[test]
fn a_failing_command_is_an_error_that_names_it() {
    let bed = Testbed::new();
    let program = bed.program("bin/failing", "test \"$KEY\" = value && exit 3");
    let command = Command::new(program.display().to_string(), &bed.places.root).env("KEY", "value");
    let error = run_visibly(&command, &bed.places).expect_err("it fails").to_string();
    assert!(error.contains("failing") && error.contains("exited with code 3"), "{error}");
    let absent =
        run_visibly(&Command::new("no-such-program", &bed.places.root), &bed.places).expect_err("it does not exist");
    assert!(absent.to_string().contains("run `no-such-program`"), "{absent}");
}

#[test]
fn what_one_source_does_not_give_the_next_one_may() {
    let mut bed = Testbed::new();
    bed.places.is_root = true;
    bed.program("bin/rustup", "");
    bed.program("bin/apt-get", "");
    bed.file("system/var/lib/apt/lists/deb.example_main_binary-amd64_Packages.lz4", "");
    let mut typed = Vec::new();
    let mut offline = |command: &Command| {
        typed.push(command.argv()[0].to_owned());
        Err(Error::environment(format!("run {}", command.argv()[0])).detail("no network"))
    };
    let report = setup([Tool::LLVM_TOOLS], &bed.places, Consent::Given, &mut offline);
    assert_eq!(report.exit(), Exit::Environment);
    assert_eq!(typed, ["rustup", "apt-get"]);
    typed.clear();
    let mut offline = |command: &Command| {
        typed.push(command.argv()[0].to_owned());
        Err(Error::environment("run it"))
    };
    setup([Tool::LLVM_TOOLS], &bed.places, Consent::Unasked, &mut offline);
    assert_eq!(typed, ["rustup"], "nobody has agreed to a system package");
}
