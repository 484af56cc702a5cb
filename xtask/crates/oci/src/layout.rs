//! An image in a layout: a directory with `oci-layout`, `index.json` and the blobs by their digests.

use crate::digest::Digest;
use crate::error::{At as _, Error, Result};
use crate::files::Files;
use crate::spec::{Config, Descriptor, INDEX, Index, LAYER_GZIP, LAYER_TAR, Manifest};
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// The media types of Docker's own lists of manifests and layers, which mean the same under other names.
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// An image in a layout. Every blob has been read and matches its digest.
#[derive(Clone, Debug)]
pub struct Image {
    layout: PathBuf,
    descriptor: Descriptor,
    manifest: Manifest,
    config: Config,
}

impl Image {
    /// Reads the one image of the layout at `directory`, or the one for Linux on this kind of machine.
    pub fn open(directory: &Path, architecture: Option<&str>) -> Result<Self> {
        let marker = directory.join("oci-layout");
        let text = fs::read(&marker).at("read", &marker)?;
        if !String::from_utf8_lossy(&text).contains("\"imageLayoutVersion\"") {
            return Err(Error::broken(directory, "its file `oci-layout` does not say a version"));
        }
        let path = directory.join("index.json");
        let mut index: Index = json(&path, &fs::read(&path).at("read", &path)?)?;
        let mut descriptor = choose(directory, &index, architecture)?;
        // `docker buildx` exports an index of indexes.
        while descriptor.media_type == INDEX || descriptor.media_type == DOCKER_LIST {
            index = json(directory, &blob(directory, &descriptor)?)?;
            descriptor = choose(directory, &index, architecture)?;
        }
        let manifest: Manifest = json(directory, &blob(directory, &descriptor)?)?;
        let config: Config = json(directory, &blob(directory, &manifest.config)?)?;
        if let Some(architecture) = architecture
            && (config.os.as_str(), config.architecture.as_str()) != ("linux", architecture)
        {
            let why = format!("it is for {}/{}, and must be for linux/{architecture}", config.os, config.architecture);
            return Err(Error::broken(directory, why));
        }
        let image = Self { layout: directory.to_owned(), descriptor, manifest, config };
        image.verify_layers()?;
        Ok(image)
    }

    /// The name of the image: the digest of its manifest.
    pub fn digest(&self) -> &Digest {
        &self.descriptor.digest
    }

    /// The download size without any of it in place: manifest, configuration and layers, in bytes.
    pub fn size(&self) -> u64 {
        let layers: u64 = self.manifest.layers.iter().map(|layer| layer.size).sum();
        self.descriptor.size + self.manifest.config.size + layers
    }

    /// What it consists of.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How it is run.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The files in it.
    pub fn files(&self) -> Result<Files> {
        let mut files = Files::default();
        for layer in &self.manifest.layers {
            files.add(&mut self.unpacked(layer)?).at("unpack", &self.blob_path(&layer.digest))?;
        }
        Ok(files)
    }

    /// Where a blob is.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        blob_path(&self.layout, digest)
    }

    fn verify_layers(&self) -> Result<()> {
        let (layers, diff_ids) = (&self.manifest.layers, &self.config.rootfs.diff_ids);
        if layers.len() != diff_ids.len() {
            let why = format!("it has {} layers, and its configuration names {}", layers.len(), diff_ids.len());
            return Err(Error::broken(&self.layout, why));
        }
        for (layer, diff_id) in layers.iter().zip(diff_ids) {
            let path = self.blob_path(&layer.digest);
            let found = Digest::of_stream(&mut File::open(&path).at("read", &path)?).at("read", &path)?;
            check(&path, layer, &found)?;
            let (unpacked, _) = Digest::of_stream(&mut self.unpacked(layer)?).at("unpack", &path)?;
            if unpacked != *diff_id {
                return Err(Error::broken(&path, format!("unpacked it is {unpacked}, and must be {diff_id}")));
            }
        }
        Ok(())
    }

    /// The plain tar file of a layer.
    fn unpacked(&self, layer: &Descriptor) -> Result<Box<dyn Read>> {
        let path = self.blob_path(&layer.digest);
        let file = BufReader::new(File::open(&path).at("read", &path)?);
        match layer.media_type.as_str() {
            LAYER_TAR => Ok(Box::new(file)),
            LAYER_GZIP | DOCKER_LAYER => Ok(Box::new(MultiGzDecoder::new(file))),
            other => Err(Error::broken(&path, format!("layers of the type {other} are not understood: use gzip"))),
        }
    }
}

/// The one image, or the one for this machine.
fn choose(directory: &Path, index: &Index, architecture: Option<&str>) -> Result<Descriptor> {
    if let [one] = &index.manifests[..] {
        return Ok(one.clone());
    }
    let Some(architecture) = architecture else {
        return Err(Error::broken(directory, format!("it holds {} images, and must hold one", index.manifests.len())));
    };
    let fits = |descriptor: &&Descriptor| {
        descriptor.platform.as_ref().is_some_and(|it| it.os == "linux" && it.architecture == architecture)
    };
    let mut fitting = index.manifests.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one.clone()),
        (Some(_), Some(_)) => {
            Err(Error::broken(directory, format!("it holds several images for linux/{architecture}")))
        }
        (None, _) => Err(Error::broken(directory, format!("it holds no image for linux/{architecture}"))),
    }
}

/// The bytes of a blob, checked.
fn blob(layout: &Path, descriptor: &Descriptor) -> Result<Vec<u8>> {
    let path = blob_path(layout, &descriptor.digest);
    let bytes = fs::read(&path).at("read", &path)?;
    check(&path, descriptor, &(Digest::of(&bytes), bytes.len() as u64))?;
    Ok(bytes)
}

fn check(path: &Path, wanted: &Descriptor, (digest, size): &(Digest, u64)) -> Result<()> {
    if (&wanted.digest, wanted.size) == (digest, *size) {
        return Ok(());
    }
    let why = format!("it is {digest} of {size} bytes, and must be {} of {}", wanted.digest, wanted.size);
    Err(Error::broken(path, why))
}

pub(crate) fn blob_path(layout: &Path, digest: &Digest) -> PathBuf {
    layout.join("blobs/sha256").join(digest.hex())
}

fn json<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::broken(path, error.to_string()))
}
