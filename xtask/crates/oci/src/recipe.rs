//! What an image is made of, and how it is made.

use crate::digest::Digest;
use crate::error::{At as _, Error, Result};
use crate::layer::{Layer, Packed};
use crate::layout::{Image, blob_path};
use crate::spec::{CONFIG, Config, Descriptor, INDEX, Index, MANIFEST, Manifest, Nothing, Platform, RootFs, Run};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What an image for Linux is made of.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// The image that it is based on: `None` for nothing at all.
    pub base: Option<Image>,
    /// `amd64`, `arm64`.
    pub architecture: String,
    /// When it was made, in seconds since 1970.
    pub created: Option<u64>,
    /// User and group, as numbers: `65532:65532`.
    pub user: String,
    /// Program and arguments, started without a shell.
    pub entrypoint: Vec<String>,
    /// Variables; those of the base stay unless they are named here.
    pub env: BTreeMap<String, String>,
    /// The TCP ports that it listens on.
    pub ports: Vec<u16>,
    /// Metadata about it.
    pub labels: BTreeMap<String, String>,
    /// The layers on top of the base, the lowest first.
    pub layers: Vec<Layer>,
}

impl Recipe {
    /// Packs the image into a layout at `directory` and replaces what is there: as a whole or not at all.
    pub fn pack(&self, directory: &Path) -> Result<Image> {
        let new = directory.with_extension("new");
        remove(&new)?;
        let blobs = new.join("blobs/sha256");
        fs::create_dir_all(&blobs).at("create", &blobs)?;
        self.fill(&new)?;
        remove(directory)?;
        fs::rename(&new, directory).at("rename", &new)?;
        Image::open(directory, Some(&self.architecture))
    }

    fn fill(&self, layout: &Path) -> Result<()> {
        let mut layers = Vec::new();
        let mut diff_ids = Vec::new();
        if let Some(base) = &self.base {
            for layer in &base.manifest().layers {
                let (from, to) = (base.blob_path(&layer.digest), blob_path(layout, &layer.digest));
                fs::copy(&from, &to).at("copy", &from)?;
            }
            layers.extend(base.manifest().layers.iter().cloned());
            diff_ids.extend(base.config().rootfs.diff_ids.iter().cloned());
        }
        for layer in &self.layers {
            let Packed { descriptor, diff_id, blob } = layer.pack().at("pack", layout)?;
            write(&blob_path(layout, &descriptor.digest), &blob)?;
            layers.push(descriptor);
            diff_ids.push(diff_id);
        }
        let config = add(layout, CONFIG, &self.config(diff_ids))?;
        let manifest = Manifest { schema_version: 2, media_type: MANIFEST.to_owned(), config, layers };
        let manifest = add(layout, MANIFEST, &manifest)?;
        let platform = Some(Platform { architecture: self.architecture.clone(), os: "linux".to_owned() });
        let manifests = vec![Descriptor { platform, ..manifest }];
        let index = Index { schema_version: 2, media_type: INDEX.to_owned(), manifests };
        write(&layout.join("index.json"), &json(&index))?;
        write(&layout.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)
    }

    fn config(&self, diff_ids: Vec<Digest>) -> Config {
        let base = self.base.as_ref().map(|base| base.config().config.clone()).unwrap_or_default();
        let name = |variable: &String| variable.split('=').next().unwrap_or_default().to_owned();
        let mut env = base.env;
        env.retain(|variable| !self.env.contains_key(&name(variable)));
        env.extend(self.env.iter().map(|(key, value)| format!("{key}={value}")));
        let mut labels = base.labels;
        labels.extend(self.labels.clone());
        Config {
            created: self.created.map(rfc3339),
            architecture: self.architecture.clone(),
            os: "linux".to_owned(),
            config: Run {
                user: self.user.clone(),
                exposed_ports: self.ports.iter().map(|port| (format!("{port}/tcp"), Nothing {})).collect(),
                env,
                entrypoint: self.entrypoint.clone(),
                working_dir: "/".to_owned(),
                labels,
            },
            rootfs: RootFs { kind: "layers".to_owned(), diff_ids },
        }
    }
}

fn rfc3339(seconds: u64) -> String {
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// Writes a document as a blob.
fn add(layout: &Path, media_type: &str, document: &impl Serialize) -> Result<Descriptor> {
    let bytes = json(document);
    let digest = Digest::of(&bytes);
    write(&blob_path(layout, &digest), &bytes)?;
    Ok(Descriptor { media_type: media_type.to_owned(), digest, size: bytes.len() as u64, platform: None })
}

fn json(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("texts and numbers can always be written as JSON")
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).at("write", path)
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Io { what: "remove", path: directory.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}
