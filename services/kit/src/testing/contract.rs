//! What every service promises, shown without servers.

use std::path::Path;

use serde_json::Value;

use super::Api;
use crate::Service;
use crate::config::Limits;
use crate::problem::MEDIA_TYPE;

/// Shows the promises of one service. `directory` is the package's: `env!("CARGO_MANIFEST_DIR")`.
///
/// # Panics
///
/// When a promise is broken.
pub async fn contract(service: &'static Service, directory: &str) {
    let api = Api::offline(service);
    let alive = api.get("/healthz").await;
    assert!(alive.headers.contains_key("x-request-id"));
    assert_eq!(alive.expect(200)["status"], "alive");
    let away = api.get("/readyz").await.expect(503);
    assert_eq!(away["detail"], "PostgreSQL does not answer; Redis does not answer");
    let version = api.get("/version").await.expect(200);
    assert_eq!((&version["name"], &version["version"]), (&service.name.into(), &service.version.into()));
    assert_eq!(version["commit"], "unknown");
    api.get("/no-such-path").await.expect(404);
    api.post("/", &"x".repeat(Limits::default().body).into()).await.expect(413);

    documented(service, &api.get("/openapi.json").await.expect(200));

    let manifest = std::fs::read_to_string(Path::new(directory).join("Cargo.toml")).expect("the manifest is there");
    let port = format!("\nport = {}\n", service.port);
    assert!(manifest.contains(&port), "SERVICE.port and the manifest's port differ: write the same number in both");
    let files = std::fs::read_dir(Path::new(directory).join("migrations")).expect("migrations/ is there");
    let mut files: Vec<_> =
        files.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    let listed: Vec<_> = service.migrations.iter().map(|migration| format!("{}.sql", migration.name)).collect();
    assert_eq!(files, listed, "SERVICE.migrations lists every file of migrations/, oldest first");
}

/// The document names the service, and says of every operation what it is for and what else it can answer.
fn documented(service: &Service, document: &Value) {
    assert_eq!(
        (&document["info"]["title"], &document["info"]["description"]),
        (&service.name.into(), &service.about.into())
    );
    let paths = document["paths"].as_object().expect("paths");
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            assert!(operation["summary"].is_string(), "{method} {path} has no doc comment");
            let responses = &operation["responses"];
            assert!(responses["503"]["content"][MEDIA_TYPE].is_object(), "{method} {path} can answer 503");
            let has_json = operation["requestBody"]["content"]["application/json"].is_object();
            assert_eq!(responses["422"].is_object(), has_json, "{method} {path}: 422 is for JSON bodies");
        }
    }
}
