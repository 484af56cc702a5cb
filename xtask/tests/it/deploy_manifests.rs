//! The manifests as `--render` prints them: valid for Kubernetes, and without anybody having been asked.

use crate::deploying::Shop;
use crate::peers::has;

/// A shop whose services have everything that a manifest can say.
fn with_everything() -> Shop {
    let more =
        "secret = \"{service}-secrets\"\n\n[workspace.metadata.xtask.environments.staging.variables]\nLOG = \"no\"";
    let shop = Shop::with(more);
    let facts = "\n[package.metadata.xtask.service]\nport = 9000\nreplicas = 3\nneeds = [\"postgres\", \"redis\"]\n";
    shop.sandbox.append("services/auth-service/Cargo.toml", facts);
    shop
}

#[test]
fn manifests_are_printed_without_a_cluster() {
    let shop = Shop::new();
    let rendered = shop.deploy(&["--render"]).exits(0).stdout;
    assert_eq!(rendered.matches("\n  \"kind\": \"Deployment\"").count(), 2, "{rendered}");
    assert!(rendered.contains(&Shop::image("auth-service", 'a')), "{rendered}");
    assert!(shop.cluster.requests().is_empty(), "nobody was asked");
}

#[test]
fn the_schemas_of_kubernetes_allow_every_manifest_and_nothing_else() {
    if !has("kubernetes-validate") {
        return;
    }
    let shop = with_everything();
    let rendered = shop.deploy(&["--render"]).exits(0).stdout;
    let validate = |text: &str| {
        shop.sandbox.file("manifests.yaml", text);
        shop.sandbox.paste("kubernetes-validate --strict manifests.yaml")
    };
    let output = validate(&format!("{rendered}\n"));
    let said = output.stdout.clone() + &output.stderr;
    let kinds = ["serviceaccount", "configmap", "networkpolicy", "service", "deployment"];
    for service in ["auth-service", "user-service"] {
        for kind in kinds {
            assert!(said.contains(&format!("passed for resource {kind}/{service}")), "{kind} of {service}: {said}");
        }
    }
    assert!(said.contains("passed for resource poddisruptionbudget/auth-service"), "{said}");
    assert_eq!((output.code, said.matches("passed for resource").count()), (0, 11), "{said}");
    let output = validate(&rendered.replace("automountServiceAccountToken", "automountServiceAccountTokens"));
    assert_eq!(output.code, 1, "it looks");
}
