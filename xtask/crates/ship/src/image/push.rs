//! Pushes an image and verifies that it is there.
//!
//! The identity of an image is the digest of its manifest's bytes as the registry returns them: neither a tag nor a
//! header is trusted.

use super::skopeo::Skopeo;
use oci_layout::Digest;
use std::path::Path;
use xtask_core::error::{Error, Exit, Result};

/// The image to push.
#[derive(Clone, Debug)]
pub struct Push<'a> {
    /// The layout's directory.
    pub layout: &'a Path,
    /// The digest of its image.
    pub digest: &'a Digest,
    /// The destination: `host/shop/auth-service`.
    pub repository: &'a str,
    /// The tags. The first one names the commit and is never moved.
    pub tags: &'a [String],
}

/// Pushes the image under every tag that does not name it yet, and reads all of them back. Returns the new tags.
///
/// An error that ends with [`Exit::Gate`] says that the registry has, or ended up with, a different image.
pub fn push(push: &Push, skopeo: &Skopeo) -> Result<Vec<String>> {
    let mut pushed = Vec::new();
    for (index, tag) in push.tags.iter().enumerate() {
        let reference = format!("{}:{tag}", push.repository);
        match skopeo.manifest(&reference)?.map(|manifest| Digest::of(&manifest)) {
            Some(known) if known == *push.digest => continue,
            Some(other) if index == 0 => return Err(taken(push, &reference, &other)),
            _ => skopeo.push(push.layout, &reference)?,
        }
        pushed.push(tag.clone());
    }
    let tags = push.tags.iter().map(|tag| format!("{}:{tag}", push.repository));
    for reference in std::iter::once(format!("{}@{}", push.repository, push.digest)).chain(tags) {
        read_back(push, skopeo, &reference)?;
    }
    Ok(pushed)
}

fn read_back(push: &Push, skopeo: &Skopeo, reference: &str) -> Result<()> {
    let found = skopeo.manifest(reference)?.map(|manifest| Digest::of(&manifest));
    let there = match found {
        Some(found) if found == *push.digest => return Ok(()),
        Some(other) => format!("it is {other}"),
        None => "it does not exist".to_owned(),
    };
    Err(Error::new(Exit::Gate, format!("read {reference} back: {there}, and must be {}", push.digest))
        .hint("something else pushes to this repository, or the registry is broken: push again"))
}

fn taken(push: &Push, reference: &str, other: &Digest) -> Error {
    Error::new(Exit::Gate, format!("push to {reference}: the tag exists with another digest"))
        .detail(format!("it is {other}, and this image is {}", push.digest))
        .hint("one commit makes one image: build with the same toolchain and certificates, or make a new commit")
}
