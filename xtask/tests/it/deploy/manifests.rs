//! The manifests as `--render` prints them: valid for Kubernetes, and without anybody having been asked.

use crate::support::deploying::Shop;
use crate::support::peers::has;
use serde_json::{Value, json};

/// Texts that YAML takes for something else, or cannot have as they are.
const HOSTILE: [&str; 26] = [
    "",
    " ",
    "no",
    "Null",
    "~",
    "1e3",
    "0x10",
    "012",
    "1:20",
    ".inf",
    "2026-01-01",
    ": ",
    "a: b",
    "a #b",
    "#",
    "- a",
    "? a",
    "{a}",
    "&a",
    "*a",
    "!t",
    "two\nlines\n",
    "tab\tand \"quotes\" and \\",
    "ü\u{2028}\u{85}😀",
    "<<",
    "=",
];

/// A shop whose services have everything that a manifest can say.
fn with_everything() -> Shop {
    let variables = "[workspace.metadata.xtask.environments.staging.variables]\n";
    let callers = "callers = [\"10.0.0.0/16\", \"ingress\"]\n";
    let hostile: Vec<String> =
        HOSTILE.iter().enumerate().map(|(index, text)| format!("V{index} = {}\n", json!(text))).collect();
    let hostile = hostile.concat();
    let shop = Shop::with(&format!("secret = \"{{service}}-secrets\"\n{callers}\n{variables}no = \"off\"\n{hostile}"));
    let facts = "\n[package.metadata.xtask.service]\nport = 9000\nreplicas = 3\nneeds = [\"postgres\", \"redis\"]\n";
    shop.sandbox.append("services/auth-service/Cargo.toml", facts);
    shop
}

#[test]
fn manifests_are_printed_without_a_cluster() {
    let shop = Shop::new();
    let rendered = shop.deploy(&["--render"]).exits(0).stdout;
    assert_eq!(rendered.matches("\nkind: Deployment\n").count(), 2, "{rendered}");
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

#[test]
fn kubectl_reads_every_text_as_it_was_meant() {
    let shop = with_everything();
    let rendered = shop.deploy(&["--render"]).exits(0).stdout;
    shop.sandbox.file("manifests.yaml", &format!("{rendered}\n"));
    let read = shop.sandbox.paste("kubectl create --dry-run=client --output=json --filename=manifests.yaml").exits(0);
    let documents = serde_json::Deserializer::from_str(&read.stdout).into_iter::<Value>();
    let objects: Vec<Value> = documents.map(|document| document.expect("it is JSON")).collect();
    let objects = objects.iter().flat_map(|object| object["items"].as_array().cloned().unwrap_or(vec![object.clone()]));
    let maps: Vec<Value> = objects.filter(|object| object["kind"] == "ConfigMap").collect();
    assert_eq!(maps.len(), 2, "{}", read.stdout);
    for (map, (index, text)) in maps.iter().flat_map(|map| HOSTILE.iter().enumerate().map(move |text| (map, text))) {
        assert_eq!(map["data"][format!("V{index}")], **text, "{map:#}");
    }
    assert_eq!(maps[0]["data"]["no"], "off");
}

#[test]
fn what_kubectl_applies_is_what_a_deployment_would_write() {
    let shop = with_everything();
    shop.kubectl(&["create", "secret", "generic", "user-service-secrets"]);
    let values = ["--from-literal=DATABASE_URL=x", "--from-literal=REDIS_URL=x"];
    shop.kubectl(&[&["create", "secret", "generic", "auth-service-secrets"][..], &values].concat());
    let rendered = shop.deploy(&["--render"]).exits(0).stdout;
    shop.sandbox.file("manifests.yaml", &format!("{rendered}\n"));
    shop.kubectl(&["apply", "--filename=manifests.yaml"]);
    shop.kubectl(&["rollout", "status", "deployment/auth-service"]);
    shop.kubectl(&["rollout", "status", "deployment/user-service"]);
    shop.deploy(&["--plan"]).exits(0).prints("auth-service: unchanged").prints("user-service: unchanged");
}

#[test]
fn a_service_without_a_program_has_no_image_and_is_not_deployed() {
    let shop = Shop::new();
    shop.sandbox.service("kit-service");
    std::fs::remove_file(shop.sandbox.root().join("services/kit-service/src/main.rs")).expect("it was there");
    shop.sandbox.append("services/kit-service/Cargo.toml", "\n[package.metadata.xtask.service]\nport = 1\n");
    let rendered = shop.deploy(&["--render"]).exits(0).stdout;
    assert!(rendered.contains("name: auth-service") && !rendered.contains("kit-service"), "{rendered}");
}

#[test]
fn a_service_that_kubernetes_would_not_take_or_whose_needs_are_unknown_is_refused() {
    let shop = Shop::new();
    let facts = "\n[package.metadata.xtask.service]\nneeds = [\"postgress\", \"mongo\", \"redis\"]\n";
    shop.sandbox.append("services/auth-service/Cargo.toml", facts).service("big_service");
    for args in [&["--render"][..], &["--plan"], &["--dry-run"], &[]] {
        let output = shop.deploy(args).exits(2).says("make the manifests for staging: 3 problems");
        let near =
            "`auth-service` needs `postgress`, whose port is unknown: did you mean `postgres`? If not, add it to";
        output.says(near).says("needs `mongo`, whose port is unknown: add it to").says("take the name `big_service`");
    }
    assert!(shop.cluster.requests().is_empty(), "it was found out before anything was asked");
    shop.sandbox.append("Cargo.toml", "[workspace.metadata.xtask.environments.staging.server-ports]\n");
    shop.sandbox.append("Cargo.toml", "mongo = 27017\npostgress = 5432\n");
    shop.deploy(&["auth", "--render"]).exits(0).prints("port: 27017");
}
