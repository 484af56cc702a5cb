//! `matrix`: which packages a stage works on, for a workflow that gives each a job of its own.

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;

/// Two services, one of them without an image and with an integration test, and a library.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_services(&["auth-service", "video-service"]);
    sandbox.append("services/video-service/Cargo.toml", "[package.metadata.xtask.service]\nimage = false\n");
    sandbox.file("services/video-service/tests/integration.rs", "#[test]\nfn it_works() {}\n");
    sandbox.file("services/kit/Cargo.toml", "[package]\nname = \"kit\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    sandbox.file("services/kit/src/lib.rs", "");
    sandbox
}

#[test]
fn a_stage_has_the_packages_that_it_works_on() {
    #[track_caller]
    fn case(sandbox: &Sandbox, args: &[&str], services: &str) {
        let output = sandbox.run(&[&["matrix"], args].concat()).exits(0);
        assert_eq!((output.stdout, output.stderr.as_str()), (format!("{{\"service\":[{services}]}}"), ""), "{args:?}");
    }
    let sandbox = sandbox();
    case(&sandbox, &["test-matrix"], "\"auth-service\",\"kit\",\"video-service\"");
    case(&sandbox, &["test-services"], "\"auth-service\",\"kit\",\"video-service\"");
    case(&sandbox, &["test-matrix", "video"], "\"video-service\"");
    case(&sandbox, &["test-matrix", "-p", "auth-service", "kit"], "\"auth-service\",\"kit\"");
    case(&sandbox, &["integration"], "\"video-service\"");
    case(&sandbox, &["docker"], "\"auth-service\"");
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask]\nexclude = [\"auth-service\"]\n");
    case(&sandbox, &["test-matrix"], "\"kit\",\"video-service\"");
}

#[test]
fn a_stage_of_the_whole_workspace_has_no_matrix() {
    let sandbox = sandbox();
    let own = "[workspace.metadata.xtask.stages.own]\ncommand = [\"true\"]\n";
    sandbox.append("Cargo.toml", own);
    for (typed, stage) in [("lint", "format-and-lint"), ("coverage", "code-coverage"), ("own", "own")] {
        let output = sandbox.run(&["matrix", typed]).exits(2);
        assert_eq!(
            output.stderr.lines().collect::<Vec<_>>(),
            [
                format!("error: cannot make a matrix of `{stage}`: it works on the workspace as a whole").as_str(),
                "hint: the stages that work service by service are `test-matrix`, `integration` and `docker`"
            ]
        );
    }
    assert_snapshot!(sandbox.run(&["matrix", "test-matrx"]), @"
    exit code 2
    ----- stderr -----
    error: unknown stage `test-matrx`
    hint: did you mean `test-matrix`?
    ");
    assert_snapshot!(sandbox.run(&["matrix"]), @"
    exit code 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <STAGE>

    Usage: cargo xtask matrix <STAGE> [SERVICE]...

    For more information, try '--help'.
    ");
}

#[test]
fn an_empty_matrix_is_no_success() {
    for args in [&["matrix", "docker", "video"][..], &["matrix", "integration", "kit"]] {
        let output = sandbox().run(args).exits(4);
        assert_eq!(output.stdout, "");
        output.says("no selected package has anything for it");
    }
}

#[test]
fn an_output_of_the_step_is_one_more_line_of_githubs_file() {
    let mut sandbox = sandbox();
    sandbox.file("outputs", "before=1\n");
    let file = sandbox.root().join("outputs");
    sandbox.var("GITHUB_OUTPUT", &file);
    let args = ["matrix", "docker", "--github-output", "services"];
    let output = sandbox.run(&args).exits(0);
    assert_eq!(sandbox.read("outputs"), format!("before=1\nservices={}\n", output.stdout));
    for name in ["", "a=b", "a\nb", "1", "$x"] {
        sandbox.run(&["matrix", "docker", &format!("--github-output={name}")]).exits(2).says("that is no name for one");
    }
    assert_eq!(sandbox.read("outputs").lines().count(), 2);
    sandbox.var("GITHUB_OUTPUT", "/dev/full");
    let output = sandbox.run(&args).exits(3).says("error: cannot write the output `services` to /dev/full");
    assert_eq!(output.stdout, "", "whoever reads it would go on");
    sandbox.var("GITHUB_OUTPUT", "");
    assert_snapshot!(sandbox.run(&args), @"
    exit code 3
    ----- stderr -----
    error: cannot set the output `services`: GITHUB_OUTPUT is not set
    hint: GitHub Actions sets it for every step; elsewhere leave out `--github-output`
    ");
}
