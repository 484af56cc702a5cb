//! `ci --event push`, from the sources to the pods, with a real registry between them: what was built is what runs.

use crate::support::deploying::{NAMESPACE, Shop};
use crate::support::hook::Hook;
use crate::support::peers::Registry;
use oci_layout::Image;
use serde_json::Value;

/// The shop as a commit of `main`, with a registry that its cluster pulls from. `None`, and loudly, without the programs.
fn shop() -> Option<(Shop, Registry)> {
    let registry = Registry::start(None)?;
    let shop = Shop::new();
    shop.cluster.pull_from(&registry.host);
    // A stub stands in where images need not be real.
    std::fs::remove_file(shop.sandbox.root().with_file_name("bin").join("skopeo")).expect("the shop has one");
    let config = format!(
        "\n[workspace.metadata.xtask.image]\nca-bundle = \"ca.pem\"\nregistry = \"{}/shop\"\n\n\
         [workspace.metadata.xtask.audit]\nadvisory-db = \"advisories\"\n",
        registry.host
    );
    shop.sandbox.append("Cargo.toml", &config).file("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    crate::support::advisories::advisory(&shop.sandbox, "another-crate");
    for service in ["auth-service", "user-service"] {
        let readiness = "[package.metadata.xtask.service]\nport = 8081\n";
        shop.sandbox.append(&format!("services/{service}/Cargo.toml"), readiness);
    }
    shop.sandbox.run(&["build"]).exits(0);
    shop.sandbox.file(".gitignore", "/target/\n");
    shop.sandbox.commit();
    Some((shop, registry))
}

#[test]
fn the_digest_is_the_same_from_the_built_bytes_to_the_running_pod() {
    let Some((mut shop, registry)) = shop() else { return };
    let hook = Hook::ok();
    shop.sandbox.var("XTASK_WEBHOOK", hook.url("/canary-hook-4711"));
    let push = ["ci", "--event", "push", "--skip", "coverage"];
    let output = shop.sandbox.run(&push).exits(0);
    let summary = shop.sandbox.summary();
    for stage in ["build-and-push", "deploy-staging", "smoke-test", "quality-report", "notify"] {
        let stage = format!("{stage} passed");
        assert!(
            summary.stages().iter().any(|known| known.starts_with(&stage)),
            "{stage}: {:?}\n{}",
            summary.stages(),
            output.stderr
        );
    }
    let notice = hook.request().json();
    assert_eq!(notice["verdict"], "passed");
    let pushed: Value =
        serde_json::from_str(&shop.sandbox.read("target/xtask/runs/latest/images.json")).expect("it is JSON");
    for service in ["auth-service", "user-service"] {
        let told = notice["services"].as_array().expect("a list").iter().find(|it| it["name"] == service);
        let layout = shop.sandbox.root().join("target/xtask/images").join(service);
        let built = Image::open(&layout, None).expect("it is whole").digest().to_string();
        let listed = pushed["images"].as_array().expect("a list").iter().find(|image| image["service"] == service);
        assert_eq!(listed.expect("it was pushed")["digest"], built.as_str());
        assert!(told.is_some_and(|told| told.to_string().contains(&built)), "{notice}");
        let in_registry = oci_layout::Digest::of(&registry.manifest(&format!("shop/{service}:main"))).to_string();
        assert_eq!(in_registry, built);
        assert_eq!(shop.runs(service), Some(format!("{}/shop/{service}@{built}", registry.host)));
        let pods = shop.cluster.objects("pods", NAMESPACE);
        let own = pods.iter().filter(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == service);
        let ids: Vec<&Value> = own.map(|pod| &pod["status"]["containerStatuses"][0]["imageID"]).collect();
        assert!(!ids.is_empty() && ids.iter().all(|id| id.as_str().is_some_and(|id| id.ends_with(&built))), "{ids:?}");
    }
    let report = shop.sandbox.read("target/xtask/runs/latest/report.md");
    assert!(report.contains("smoke-test"), "{report}");
    shop.keeps_its_token(&output);
    for text in [&output.stdout, &output.stderr, &shop.left_behind()] {
        assert!(!text.contains("canary-hook-4711"), "{text}");
    }
    // The same commit once more: nothing is pushed and nothing is written.
    shop.cluster.clear_requests();
    shop.sandbox.run(&push).exits(0).says("unchanged");
    let changed = shop.writes().into_iter().filter(|write| !write.contains("leases") && !write.contains("reviews"));
    assert_eq!(changed.collect::<Vec<_>>(), [""; 0]);
}
