//! Server-side apply, its conflicts, dry runs, differences and validation.

use crate::rig::{Rig, config, service, web};
use serde_json::json;

#[test]
fn apply_creates_changes_and_leaves_alone() {
    let Some(rig) = Rig::new() else { return };
    assert_eq!(rig.apply(&config("info")), "configmap/settings serverside-applied\n");
    let first = rig.cluster.object("configmaps", "shop", "settings").expect("it is stored");
    rig.apply(&config("info"));
    assert_eq!(rig.cluster.object("configmaps", "shop", "settings"), Some(first), "the same again writes nothing");
    rig.apply(
        &json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings", "namespace": "shop" },
        "data": { "OTHER": "1" } }),
    );
    let data = rig.ok(&["get", "configmap", "settings", "-o", "jsonpath={.data}"]);
    assert_eq!(data, r#"{"OTHER":"1"}"#, "what is no longer applied goes");
}

#[test]
fn a_field_of_another_manager_is_a_conflict_until_it_is_forced() {
    let Some(rig) = Rig::new() else { return };
    rig.apply(&config("info"));
    rig.ok(&["patch", "configmap", "settings", "--type=merge", "-p", r#"{"data":{"LOG":"debug"}}"#]);
    rig.cluster.apply(
        "argo",
        &json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "settings", "namespace": "shop" }, "data": { "OTHER": "1" } }),
    );
    let path = rig.file("config.json", &config("warn").to_string());
    let apply = ["apply", "--server-side", "--field-manager=ci", "-f", &path.to_string_lossy()];
    let why = rig.fails(&apply);
    let wanted = "Apply failed with 1 conflict: conflict with \"kubectl-patch\" using v1: .data.LOG";
    assert!(why.contains(wanted), "{why}");
    rig.ok(&[&apply[..], &["--force-conflicts"]].concat());
    let data = rig.ok(&["get", "configmap", "settings", "-o", "jsonpath={.data}"]);
    assert_eq!(data, r#"{"LOG":"warn","OTHER":"1"}"#, "what another has applied stays");
}

#[test]
fn managers_share_lists_whose_items_are_told_apart() {
    let Some(rig) = Rig::new() else { return };
    rig.apply(&web("web:1"));
    rig.ok(&["set", "env", "deployment/web", "EXTRA=1"]);
    rig.apply(&web("web:2"));
    let container = &rig.cluster.object("deployments", "shop", "web").expect("it is there")["spec"]["template"]["spec"]
        ["containers"][0]
        .clone();
    assert_eq!(container["image"], "web:2");
    assert_eq!(container["env"], json!([{ "name": "EXTRA", "value": "1" }]), "what others set stays");
}

#[test]
fn client_side_apply_works_as_well() {
    let Some(rig) = Rig::new() else { return };
    let path = rig.file("web.json", &web("web:1").to_string());
    assert_eq!(rig.ok(&["apply", "-f", &path.to_string_lossy()]), "deployment.apps/web created\n");
    rig.file("web.json", &web("web:2").to_string());
    assert_eq!(rig.ok(&["apply", "-f", &path.to_string_lossy()]), "deployment.apps/web configured\n");
    assert_eq!(rig.ok(&["apply", "-f", &path.to_string_lossy()]), "deployment.apps/web unchanged\n");
}

#[test]
fn a_dry_run_and_a_diff_write_nothing() {
    let Some(rig) = Rig::new() else { return };
    rig.apply(&service());
    let before = rig.cluster.objects("services", "shop");
    rig.cluster.clear_requests();
    let mut changed = service();
    changed["spec"]["ports"][0]["port"] = json!(8080);
    let path = rig.file("service.json", &changed.to_string());
    let path = path.to_string_lossy();
    let dry = ["apply", "--server-side", "--field-manager=ci", "--dry-run=server", "-f", &path];
    assert_eq!(rig.ok(&dry), "service/web serverside-applied (server dry run)\n");
    rig.ok(&["delete", "service", "web", "--dry-run=server"]);
    let diff = rig.kubectl(&["diff", "--server-side", "--field-manager=ci", "-f", &path]);
    assert_eq!(diff.code, Some(1), "1 means that there is a difference: {diff:?}");
    assert!(diff.stdout.contains("-    port: 80\n") && diff.stdout.contains("+    port: 8080\n"), "{diff:?}");
    assert_eq!(rig.cluster.objects("services", "shop"), before);
    let requests = rig.cluster.requests();
    assert!(requests.iter().any(|request| request.verb == "patch" && request.dry_run), "{requests:?}");
    assert!(!requests.iter().any(test_cluster::Entry::is_write), "{requests:?}");
}

#[test]
fn unknown_fields_wrong_types_and_missing_ones_are_refused() {
    let Some(rig) = Rig::new() else { return };
    let refused = |object: &serde_json::Value, command: &[&str]| {
        let path = rig.file("bad.json", &object.to_string());
        rig.fails(&[command, &["-f", &path.to_string_lossy()]].concat())
    };
    let mut typo = web("web:1");
    typo["spec"]["replicaz"] = json!(2);
    let strict = refused(&typo, &["create", "--validate=strict"]);
    assert!(strict.contains("strict decoding error: unknown field \"spec.replicaz\""), "{strict}");
    let applied = refused(&typo, &["apply", "--server-side"]);
    assert!(applied.contains(".spec.replicaz: field not declared in schema"), "{applied}");
    let warned = rig.file("bad.json", &typo.to_string());
    let warned = rig.kubectl(&["create", "--validate=warn", "-f", &warned.to_string_lossy()]);
    assert_eq!((warned.code, warned.stderr.trim()), (Some(0), "Warning: unknown field \"spec.replicaz\""));

    let mut text = web("web:1");
    text["spec"]["replicas"] = json!("two");
    let wrong = refused(&text, &["create"]);
    assert!(
        wrong.contains("cannot unmarshal string into Go struct field Deployment.spec.replicas of type int"),
        "{wrong}"
    );
    let mut labels = web("web:1");
    labels["spec"]["template"]["metadata"]["labels"] = json!({ "app": "other" });
    let invalid = refused(&labels, &["create"]);
    assert!(invalid.contains("The Deployment \"web\" is invalid: spec.template.metadata.labels"), "{invalid}");
}

#[test]
fn what_may_not_change_does_not() {
    let Some(rig) = Rig::new() else { return };
    rig.apply(&web("web:1"));
    let patch = r#"{"spec":{"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}}}}}"#;
    let why = rig.fails(&["patch", "deployment", "web", "--type=merge", "-p", patch]);
    assert!(why.contains("field is immutable"), "{why}");
    let mut fixed = config("info");
    fixed["immutable"] = json!(true);
    rig.apply(&fixed);
    let why = rig.fails(&["patch", "configmap", "settings", "--type=merge", "-p", r#"{"data":{"LOG":"x"}}"#]);
    assert!(why.contains("field is immutable when `immutable` is set"), "{why}");
}

#[test]
fn fields_are_explained() {
    let Some(rig) = Rig::new() else { return };
    let text = rig.ok(&["explain", "deployment.spec.strategy"]);
    assert!(text.contains("FIELD: strategy <DeploymentStrategy>") && text.contains("rollingUpdate"), "{text}");
}
