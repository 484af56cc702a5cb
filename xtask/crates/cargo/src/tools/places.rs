//! The environment that the search for tools depends on, passed in so that a test can make its own.
//!
//! Nothing here reads the process's environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where tools are looked for and put.
#[derive(Clone, Debug)]
pub struct Places {
    /// xtask's cache directory, absolute: `XTASK_CACHE_DIR`, else `XDG_CACHE_HOME/cargo-xtask`, else
    /// `HOME/.cache/cargo-xtask`, else a directory in the workspace's target directory. Need not exist.
    pub cache: PathBuf,
    /// The directory where cargo builds what it installs, absolute and in the workspace's target directory. Named here
    /// because a shared target directory of the user's would make the installation wait for the stages' builds.
    pub scratch: PathBuf,
    /// Where the answers of tools are remembered: within the workspace's target directory, so that the file is removed
    /// with the workspace, and never grows with the number of workspaces.
    pub memory: PathBuf,
    /// The root of the workspace, absolute: rustup picks the toolchain by it, and probes run there.
    pub root: PathBuf,
    /// `PATH`.
    pub path: OsString,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// Of the environment, these variables where they are set: `CARGO_HOME`, `LLVM_COV`, `LLVM_PROFDATA`,
    /// `RUSTUP_HOME`, `RUSTUP_TOOLCHAIN`.
    pub vars: BTreeMap<String, String>,
    /// Variables that xtask's children do not inherit: cargo's own, which `cargo xtask` sets.
    pub unset: Vec<String>,
    /// The root of the operating system's directories: `/`, except in tests.
    pub system: PathBuf,
    /// Whether the process may do everything: its effective user id is 0.
    pub is_root: bool,
    /// How long a tool may take to say its version.
    pub patience: Duration,
}

/// The default time that a tool may take to report its version. Generous, because the first start of a large binary on
/// a busy machine reads it from the disk.
pub const PATIENCE: Duration = Duration::from_secs(10);

impl Places {
    /// The directory that holds a pinned tool: a root in the sense of `cargo install --root`, or a Python environment.
    pub fn install_root(&self, name: &str, version: &str) -> PathBuf {
        self.cache.join("tools").join(format!("{name}-{version}"))
    }

    /// All programs of this name on `PATH`, in its order.
    pub fn on_path(&self, program: &str) -> Vec<PathBuf> {
        which::which_in_all(program, Some(&self.path), &self.root).map(Iterator::collect).unwrap_or_default()
    }

    /// The first entry of this name on `PATH` that cannot be run, with the reason, for a user who sees that file there.
    pub fn unusable_on_path(&self, program: &str) -> Option<(PathBuf, String)> {
        std::env::split_paths(&self.path)
            .filter(|directory| directory.is_absolute())
            .find_map(|directory| why_unusable(&directory.join(program)).map(|why| (directory.join(program), why)))
    }

    /// A directory or file of the operating system.
    pub fn system(&self, below: &str) -> PathBuf {
        self.system.join(below)
    }

    /// An environment variable, when it is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Why something that is there cannot be run; `None` when it can, or when nothing is there.
pub fn why_unusable(path: &Path) -> Option<String> {
    let shown = path.symlink_metadata().ok()?;
    let Ok(real) = path.metadata() else {
        return shown.is_symlink().then(|| "it is a symbolic link to nothing".to_owned());
    };
    if real.is_dir() {
        return Some("it is a directory".to_owned());
    }
    if !is_program(path) {
        return Some("it is not executable".to_owned());
    }
    None
}

/// Whether a path is a file that this process may execute.
pub fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}
