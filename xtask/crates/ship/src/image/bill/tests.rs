//! From a small graph of packages to its SBOM.

use super::*;

fn package(name: &str, source: Option<&str>, licence: Option<&str>) -> Value {
    json!({
        "name": name, "version": "1.0.0+x", "id": name, "license": licence, "license_file": null,
        "source": source, "dependencies": [], "targets": [], "features": {}, "manifest_path": "/w/Cargo.toml",
    })
}

fn node(id: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
    let deps: Vec<Value> = dependencies
        .iter()
        .map(|(on, kind)| json!({ "name": on, "pkg": on, "dep_kinds": [{ "kind": kind, "target": null }] }))
        .collect();
    let ids: Vec<&str> = dependencies.iter().map(|(on, _)| *on).collect();
    json!({ "id": id, "deps": deps, "dependencies": ids, "features": [] })
}

#[test]
fn a_bill_names_what_is_compiled_in_with_licences_and_nothing_else() {
    let metadata: Metadata = serde_json::from_value(json!({
        "packages": [
            package("a-service", None, Some("MIT")),
            package("axum", Some("registry+https://example.org/index"), Some("MIT/Apache-2.0")),
            package("fork", Some("git+https://example.org/fork?rev=1#1"), None),
            package("test-helper", None, Some("MIT")),
            package("generator", None, Some("MIT")),
            package("unrelated", None, Some("MIT")),
        ],
        "workspace_members": ["a-service"],
        "resolve": { "root": null, "nodes": [
            node("a-service", &[("axum", None), ("test-helper", Some("dev")), ("generator", Some("build"))]),
            node("axum", &[("fork", None)]),
            node("fork", &[]),
            node("test-helper", &[]),
            node("generator", &[]),
            node("unrelated", &[]),
        ] },
        "workspace_root": "/w", "target_directory": "/w/target", "version": 1, "metadata": null,
    }))
    .expect("it is what cargo says");
    let bill = of(&metadata, "a-service", Some("2026-01-01T00:00:00Z"));
    let axum = "pkg:cargo/axum@1.0.0%2Bx";
    let fork = "pkg:cargo/fork@1.0.0%2Bx?vcs_url=git%2Bhttps://example.org/fork%3Frev%3D1%231";
    let service = "pkg:cargo/a-service@1.0.0%2Bx";
    assert_eq!(
        bill,
        json!({
            "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
            "metadata": {
                "timestamp": "2026-01-01T00:00:00Z",
                "component": {
                    "type": "application", "bom-ref": service, "name": "a-service", "version": "1.0.0+x",
                    "purl": service, "licenses": [{ "expression": "MIT" }],
                },
            },
            "components": [
                {
                    "type": "library", "bom-ref": axum, "name": "axum", "version": "1.0.0+x", "purl": axum,
                    "licenses": [{ "expression": "MIT OR Apache-2.0" }],
                },
                { "type": "library", "bom-ref": fork, "name": "fork", "version": "1.0.0+x", "purl": fork },
            ],
            "dependencies": [
                { "ref": service, "dependsOn": [axum] },
                { "ref": axum, "dependsOn": [fork] },
                { "ref": fork, "dependsOn": [] },
            ],
        })
    );
}
