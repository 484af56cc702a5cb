//! What goes into an image, as data.

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
    /// Whether it is made to be pushed.
    pub is_pushed: bool,
    /// The program that is started; the package's others lie beside it.
    pub program: String,
    /// The layout's folder, absolute.
    pub layout: PathBuf,
    /// The layout of the image that lies below, absolute; `None` for `scratch`.
    pub base: Option<PathBuf>,
    /// User and group, as numbers.
    pub user: String,
    /// Variables.
    pub env: BTreeMap<String, String>,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// What is known about it.
    pub labels: BTreeMap<String, String>,
    /// The commit's time, in seconds since 1970.
    pub time: Option<u64>,
    /// The certificates of those whom it trusts, absolute; `None` for those that the build machine trusts.
    pub ca_bundle: Option<PathBuf>,
    /// The most bytes that it may have.
    pub budget: Option<u64>,
}

/// What an engine needs to build images: a folder with all that it may see, and the recipe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildContext {
    /// The folder that is made, absolute; an older one is replaced.
    pub folder: PathBuf,
    /// The workspace's root.
    pub root: PathBuf,
    /// The text of the Dockerfile.
    pub dockerfile: String,
    /// The manifests of all members, relative to the root.
    pub manifests: Vec<PathBuf>,
    /// The root source of every target of every member, relative to the root: an empty one lets dependencies be built
    /// before there are sources.
    pub stubs: Vec<PathBuf>,
    /// The files and folders that the services are compiled from, relative to the root.
    pub sources: Vec<PathBuf>,
    /// What lies among these and is no source: cargo's target folder, absolute.
    pub target_dir: PathBuf,
    /// The certificates of those whom images trust, absolute; `None` for those that the build machine trusts.
    pub ca_bundle: Option<PathBuf>,
    /// The members that need a folder which is no member, and so is not in the context.
    pub depends_outside: Vec<String>,
}

/// A bill of materials that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillSpec {
    /// Cargo's package id.
    pub package: String,
    /// The file, absolute.
    pub file: PathBuf,
}
