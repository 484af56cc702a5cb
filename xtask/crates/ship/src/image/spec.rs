//! The contents of an image, as data.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The image of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageSpec {
    /// The service, which is also the image's name.
    pub service: String,
    /// Cargo's package id, as in its JSON messages.
    pub package: String,
    /// The commit that it is labelled with; `None` without one.
    pub revision: Option<String>,
    /// Whether it is built to be pushed.
    pub is_pushed: bool,
    /// The program that is started; the package's others are next to it.
    pub program: String,
    /// The layout's directory, absolute.
    pub layout: PathBuf,
    /// The layout of the base image, absolute; `None` for `scratch`.
    pub base: Option<PathBuf>,
    /// User and group, as numbers.
    pub user: String,
    /// Variables.
    pub env: BTreeMap<String, String>,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The commit's time, in seconds since 1970.
    pub time: Option<u64>,
    /// The CA certificates that it trusts, absolute; `None` for those that the build machine trusts.
    pub ca_bundle: Option<PathBuf>,
    /// The maximum size in bytes.
    pub budget: Option<u64>,
}

/// The input of an engine that builds images: a directory with everything that it may see, and the recipe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildContext {
    /// The directory to create, absolute; an older one is replaced.
    pub directory: PathBuf,
    /// The workspace's root.
    pub root: PathBuf,
    /// The text of the Dockerfile.
    pub dockerfile: String,
    /// The manifests of all members, relative to the root.
    pub manifests: Vec<PathBuf>,
    /// The root source of every target of every member, relative to the root: an empty one lets dependencies be built
    /// before the real sources are there.
    pub stubs: Vec<PathBuf>,
    /// The files and directories that the services are compiled from, relative to the root.
    pub sources: Vec<PathBuf>,
    /// The one among these that is not a source: cargo's target directory, absolute.
    pub target_dir: PathBuf,
    /// The CA certificates that images trust, absolute; `None` for those that the build machine trusts.
    pub ca_bundle: Option<PathBuf>,
    /// The members that need a directory that is not a member, and so is not in the context.
    pub depends_outside: Vec<String>,
}

/// An SBOM to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillSpec {
    /// Cargo's package id.
    pub package: String,
    /// The file, absolute.
    pub file: PathBuf,
}
