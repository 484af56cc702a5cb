//! The tools that stages call, as data: their names, versions and how to get them.
//!
//! Nothing here looks at a machine; `locate` does, and `install` turns a [`Source`] into a command.

mod table;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use table::BUILT_IN;
pub use table::{PYTHON, everywhere};

/// A tool besides cargo itself: one of those below, or one that another crate describes. Its id is its identity.
#[derive(Clone, Copy)]
pub struct Tool(&'static Entry);

/// Which versions will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Any that answers.
    Any,
    /// This one and no other, so that two machines find the same things.
    Exactly(&'static str),
    /// This one or newer, `major.minor`.
    AtLeast(&'static str),
    /// Any that answers: it does not say its version.
    Untold,
}

/// Where a tool comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A crate, installed by cargo into xtask's own cache.
    Cargo {
        /// The crate, which is also its binary.
        krate: &'static str,
        /// The pinned version.
        version: &'static str,
    },
    /// A Python package, installed by pip into an environment of its own in xtask's own cache.
    Python {
        /// The package, with the extras that it needs.
        package: &'static str,
        /// The pinned version.
        version: &'static str,
    },
    /// A package of npm's registry, installed by npm into xtask's own cache; its scripts do not run.
    Node {
        /// The package.
        package: &'static str,
        /// The pinned version.
        version: &'static str,
    },
    /// A component of the toolchain, where rustup manages it.
    RustupComponent(&'static str),
    /// Packages of the operating system.
    System(Packages),
    /// Only a human can install it: the remedy, as a sentence fragment.
    ByHand(&'static str),
}

/// The packages that hold a tool, by package manager. An empty list means that there is none there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packages {
    /// Debian and Ubuntu.
    pub apt: &'static [&'static str],
    /// Fedora and its kin.
    pub dnf: &'static [&'static str],
    /// Alpine.
    pub apk: &'static [&'static str],
    /// Arch.
    pub pacman: &'static [&'static str],
    /// Homebrew.
    pub brew: &'static [&'static str],
}

/// The facts about a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in tables, messages and JSON.
    pub id: &'static str,
    /// The programs that it consists of or goes by; the first that is found is asked for its version.
    pub programs: &'static [&'static str],
    /// The arguments that ask the program for its version.
    pub ask: &'static [&'static str],
    /// A word that its answer must hold, lowercase: a program that answers as something else is not the tool.
    pub answers_as: &'static str,
    /// Which versions will do.
    pub wanted: Wanted,
    /// Where to get it, the best first.
    pub sources: &'static [Source],
    /// The stages that call it.
    pub stages: &'static [&'static str],
    /// Whether the default pull-request pipeline needs it, or its substitute.
    pub essential: bool,
    /// Tools any of which makes this one unnecessary.
    pub instead: &'static [Tool],
}

impl Tool {
    /// `cargo-fmt` and `rustfmt`, a rustup component.
    pub const RUSTFMT: Self = Self(&table::RUSTFMT);
    /// `cargo-clippy`, a rustup component.
    pub const CLIPPY: Self = Self(&table::CLIPPY);
    /// `cargo-llvm-cov`.
    pub const LLVM_COV: Self = Self(&table::LLVM_COV);
    /// `llvm-cov` and `llvm-profdata`, which cargo-llvm-cov calls.
    pub const LLVM_TOOLS: Self = Self(&table::LLVM_TOOLS);
    /// `cargo-tarpaulin`.
    pub const TARPAULIN: Self = Self(&table::TARPAULIN);
    /// `cargo-audit`.
    pub const AUDIT: Self = Self(&table::AUDIT);
    /// `cargo-deny`.
    pub const DENY: Self = Self(&table::DENY);
    /// `git`.
    pub const GIT: Self = Self(&table::GIT);
    /// The server binaries of PostgreSQL: `postgres`, `initdb`, `pg_ctl`, `psql`.
    pub const POSTGRES: Self = Self(&table::POSTGRES);
    /// `redis-server`, or `valkey-server` in its place.
    pub const REDIS: Self = Self(&table::REDIS);
    /// A docker client whose engine answers.
    pub const DOCKER: Self = Self(&table::DOCKER);
    /// A docker whose engine answers and that can build with `BuildKit`.
    pub const BUILDKIT: Self = Self(&table::BUILDKIT);
    /// `curl`, which every HTTP request goes through.
    pub const CURL: Self = Self(&table::CURL);
    /// `skopeo`, which speaks to registries.
    pub const SKOPEO: Self = Self(&table::SKOPEO);
    /// `aws`, the command line of Amazon's cloud.
    pub const AWS: Self = Self(&table::AWS);
    /// `kubectl`, which talks to clusters.
    pub const KUBECTL: Self = Self(&table::KUBECTL);

    /// The tool that an entry describes.
    pub const fn new(entry: &'static Entry) -> Self {
        Self(entry)
    }

    /// The tools of the built-in stages, in the order of the tables.
    pub fn built_in() -> impl Iterator<Item = Self> + Clone {
        BUILT_IN.into_iter()
    }

    /// Its entry in the catalogue.
    pub fn entry(self) -> &'static Entry {
        self.0
    }

    /// Its name in tables, messages and JSON.
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// The program and the pinned version, of a tool that goes into xtask's own cache.
    pub fn pinned(self) -> Option<(&'static str, &'static str)> {
        self.entry().sources.iter().find_map(|source| match source {
            Source::Cargo { version, .. } | Source::Python { version, .. } | Source::Node { version, .. } => {
                Some((self.entry().programs[0], *version))
            }
            _ => None,
        })
    }
}

impl PartialEq for Tool {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Tool {}

impl PartialOrd for Tool {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Tool {
    /// The built-in ones in the order of the tables, then all others by name.
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |tool: &Self| BUILT_IN.iter().position(|one| one.id() == tool.id()).unwrap_or(BUILT_IN.len());
        place(self).cmp(&place(other)).then_with(|| self.id().cmp(other.id()))
    }
}

impl Hash for Tool {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any | Self::Untold => f.write_str("any"),
            Self::Exactly(version) => f.write_str(version),
            Self::AtLeast(version) => write!(f, "{version} or newer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tools_share_an_id() {
        let ids: std::collections::BTreeSet<&str> = Tool::built_in().map(Tool::id).collect();
        assert_eq!(ids.len(), BUILT_IN.len());
    }

    #[test]
    fn a_pin_is_written_twice_and_says_the_same() {
        for tool in Tool::built_in() {
            match (tool.pinned(), tool.entry().wanted) {
                (_, Wanted::Untold) => {}
                (Some((_, version)), wanted) => assert_eq!(wanted, Wanted::Exactly(version), "{tool}"),
                (None, wanted) => assert!(!matches!(wanted, Wanted::Exactly(_)), "{tool}"),
            }
        }
    }

    #[test]
    fn whatever_the_pipeline_needs_can_be_had() {
        for entry in Tool::built_in().map(Tool::entry).filter(|entry| entry.essential) {
            assert!(!entry.sources.is_empty() && !entry.stages.is_empty(), "{}", entry.id);
        }
    }
}
