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
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run(&["matrix", "test-matrix"]), @r#"
    exit code 0
    ----- stdout -----
    {"service":["auth-service","kit","video-service"]}
    "#);
    assert_snapshot!(sandbox.run(&["matrix", "docker"]), @r#"
    exit code 0
    ----- stdout -----
    {"service":["auth-service"]}
    "#);
    assert_snapshot!(sandbox.run(&["matrix", "docker", "video"]), @"
    exit code 4
    ----- stderr -----
    error: cannot make the matrix of `build-and-push`: no selected package has anything for it
    hint: `cargo xtask plan` shows what would run
    ");
    assert_snapshot!(sandbox.run(&["matrix", "lint"]), @"
    exit code 2
    ----- stderr -----
    error: cannot make a matrix of `format-and-lint`: it works on the workspace as a whole
    hint: the stages that work service by service are `test-matrix`, `integration` and `docker`
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
fn an_output_of_the_step_is_one_more_line_of_githubs_file() {
    let mut sandbox = sandbox();
    sandbox.file("outputs", "before=1\n");
    let file = sandbox.root().join("outputs");
    sandbox.var("GITHUB_OUTPUT", &file);
    let args = ["matrix", "docker", "--github-output", "services"];
    let output = sandbox.run(&args).exits(0);
    assert_eq!(sandbox.read("outputs"), format!("before=1\nservices={}\n", output.stdout));
    for name in ["", "a=b", "a\nb", "1", "$x"] {
        let args = ["matrix", "docker", &format!("--github-output={name}")];
        let refused = format!("error: cannot set the output `{name}`: invalid name\n");
        assert!(sandbox.run(&args).exits(2).stderr.starts_with(&refused), "{name:?}");
    }
    assert_eq!(sandbox.read("outputs").lines().count(), 2);
    sandbox.var("GITHUB_OUTPUT", "/dev/full");
    // Nothing on stdout: a program that reads it would continue.
    assert_snapshot!(sandbox.run(&args), @"
    exit code 3
    ----- stderr -----
    error: cannot write the output `services` to /dev/full
      because: No space left on device (os error 28)
    ");
    sandbox.var("GITHUB_OUTPUT", "");
    assert_snapshot!(sandbox.run(&args), @"
    exit code 3
    ----- stderr -----
    error: cannot set the output `services`: GITHUB_OUTPUT is not set
    hint: GitHub Actions sets it for every step; elsewhere leave out `--github-output`
    ");
}
