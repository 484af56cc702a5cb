//! How a node pulls from a real registry of this machine: every byte is fetched, and held to its digest.
//!
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull>, over plain HTTP.

use crate::sha::hex;
use serde_json::{Value, json};

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// An image in the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// `sha256:…`
    pub digest: String,
    /// What the program within says to `/version`, as JSON.
    pub version: Value,
}

/// What a manifest may be.
const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// Pulls the image of `reference`, `host/path@digest` or `host/path:tag`; `Err` is what the node says.
///
/// What its program says to `/version` is what the image's labels say, for nothing is run here.
pub fn pull(reference: &str) -> Result<Image, String> {
    let failed = |why: String| format!("failed to pull and unpack image \"{reference}\": {why}");
    let (host, rest) = reference.split_once('/').ok_or_else(|| failed("it names no registry".to_owned()))?;
    let (path, wanted) = match rest.split_once('@') {
        Some((path, digest)) => (path, digest),
        None => rest.rsplit_once(':').unwrap_or((rest, "latest")),
    };
    let manifest = get(host, &format!("/v2/{path}/manifests/{wanted}")).map_err(failed)?;
    let digest = digest(&manifest);
    if wanted.starts_with("sha256:") && wanted != digest {
        return Err(failed(format!("unexpected manifest digest {digest}, expected {wanted}")));
    }
    let manifest: Value = serde_json::from_slice(&manifest).map_err(|error| failed(error.to_string()))?;
    let blob = |descriptor: &Value| -> Result<Vec<u8>, String> {
        let wanted = descriptor["digest"].as_str().unwrap_or_default();
        let bytes = get(host, &format!("/v2/{path}/blobs/{wanted}"))?;
        if self::digest(&bytes) == wanted { Ok(bytes) } else { Err(format!("the blob {wanted} is another one")) }
    };
    for layer in manifest["layers"].as_array().into_iter().flatten() {
        blob(layer).map_err(failed)?;
    }
    let config = blob(&manifest["config"]).map_err(failed)?;
    let config: Value = serde_json::from_slice(&config).map_err(|error| failed(error.to_string()))?;
    let label = |name: &str| &config["config"]["Labels"][format!("org.opencontainers.image.{name}")];
    let version = json!({ "name": label("title"), "version": label("version"), "commit": label("revision") });
    Ok(Image { digest, version })
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

/// The body of an answer with the status 200.
fn get(host: &str, path: &str) -> Result<Vec<u8>, String> {
    let answer = (|| {
        let mut stream = TcpStream::connect(host)?;
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {ACCEPT}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(|_| answer)
    })();
    let answer = answer.map_err(|error: std::io::Error| format!("Get \"http://{host}{path}\": {error}"))?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(answer.len());
    let status = String::from_utf8_lossy(&answer[..end]).split(' ').nth(1).unwrap_or_default().to_owned();
    match status.as_str() {
        "200" => Ok(answer.get(end + 4..).unwrap_or_default().to_vec()),
        "404" => Err(format!("failed to resolve reference: {host}{path}: not found")),
        other => Err(format!("unexpected status from GET request to http://{host}{path}: {other}")),
    }
}
