//! The packages and stages that a command line names, and the matrix of a stage.

use super::*;
use insta::assert_snapshot;

#[test]
fn a_service_is_selected_by_its_name_with_or_without_its_ending() {
    for line in ["fmt cart", "fmt cart-service", "fmt -p cart-service"] {
        insta::allow_duplicates!(assert_snapshot!(plan(line), @"
        # format-and-lint (1 task)
        cargo fmt --package cart-service --check -- --color=never
        "));
    }
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest() {
    assert_snapshot!(refused("test-matrix cart-servise", Value::Null), @"
    cannot select `cart-servise`: no package of this workspace has that name
    hint: did you mean `cart-service`?
    ");
    assert_snapshot!(refused("build zzz", Value::Null), @"
    cannot select `zzz`: no package of this workspace has that name
    hint: the packages are `cart-service`, `money` and `tool`
    ");
    assert_snapshot!(refused("build crat", Value::Null), @"
    cannot select `crat`: no package of this workspace has that name
    hint: did you mean `cart`?
    ");
    assert_snapshot!(refused("ci --skip coverge", Value::Null), @"
    unknown stage `coverge`
    hint: did you mean `coverage`?
    ");
    assert_snapshot!(refused("plan --only zzz", Value::Null), @"
    unknown stage `zzz`
    hint: the stages are format-and-lint, test-services, code-coverage, security-audit, dependency-check, integration-tests, build-release, build-and-push, deploy-staging, smoke-test, quality-report and notify
    ");
}

/// The matrix that `cargo xtask LINE` prints: two services, one of them without an image, and a library.
fn matrix(line: &str, metadata: Value) -> Result<String> {
    let mut workspace = shop(metadata);
    workspace.packages.push(Package {
        name: "video-service".to_owned(),
        programs: vec!["video-service".to_owned()],
        tested_programs: vec!["video-service".to_owned()],
        dir: "/shop/services/video".into(),
        metadata: json!({ "service": { "image": false } }),
        ..Package::default()
    });
    let pipeline = Pipeline::default();
    let settings = resolved(&pipeline, line, &workspace)?;
    matrix::matrix(&workspace, &settings, &pipeline, &settings.only[0]).map(|matrix| matrix.to_string())
}

#[test]
fn a_matrix_has_the_packages_that_a_stage_works_on() {
    #[track_caller]
    fn case(line: &str, metadata: Value, services: &[&str]) {
        assert_eq!(matrix(line, metadata).expect("it has a matrix"), json!({ "service": services }).to_string());
    }
    case("matrix test-matrix", Value::Null, &["cart-service", "money", "video-service"]);
    case("matrix test-services", Value::Null, &["cart-service", "money", "video-service"]);
    case("matrix test-matrix video", Value::Null, &["video-service"]);
    case("matrix test-matrix -p cart-service money", Value::Null, &["cart-service", "money"]);
    case("matrix integration", Value::Null, &["cart-service"]);
    case("matrix test-matrix", json!({ "exclude": ["cart-service"] }), &["money", "video-service"]);
}

#[test]
fn a_stage_of_the_whole_workspace_has_no_matrix() {
    let own = json!({ "stages": { "own": { "command": ["true"] } } });
    let refused = |line: &str| {
        let error = matrix(line, own.clone()).expect_err("it has no matrix");
        assert_eq!(error.exit(), Exit::Usage, "{error}");
        error.to_string()
    };
    assert_snapshot!(refused("matrix lint"), @"
    cannot make a matrix of `format-and-lint`: it works on the workspace as a whole
    hint: the stages that work service by service are `test-matrix`, `integration` and `docker`
    ");
    assert_snapshot!(refused("matrix coverage"), @"
    cannot make a matrix of `code-coverage`: it works on the workspace as a whole
    hint: the stages that work service by service are `test-matrix`, `integration` and `docker`
    ");
    assert_snapshot!(refused("matrix own"), @"
    cannot make a matrix of `own`: it works on the workspace as a whole
    hint: the stages that work service by service are `test-matrix`, `integration` and `docker`
    ");
    assert_snapshot!(refused("matrix test-matrx"), @"
    unknown stage `test-matrx`
    hint: did you mean `test-matrix`?
    ");
}

#[test]
fn an_empty_matrix_is_no_success() {
    for line in ["matrix integration money", "matrix integration video"] {
        let error = matrix(line, Value::Null).expect_err("no package is left");
        assert_eq!(error.exit(), Exit::NothingSelected);
        insta::allow_duplicates!(assert_snapshot!(error.to_string(), @"
        cannot make the matrix of `integration-tests`: no selected package has anything for it
        hint: `cargo xtask plan` shows what would run
        "));
    }
}
