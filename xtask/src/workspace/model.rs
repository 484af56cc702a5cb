//! The workspace as plain data: what the planner needs to know of it, and no more.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A cargo workspace.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// Its root, absolute.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target_dir: PathBuf,
    /// Where cargo keeps what it builds on the way, which several target directories may share; `None` with a cargo that
    /// has no such directory.
    pub build_dir: Option<PathBuf>,
    /// Its members, by name.
    pub packages: Vec<Package>,
    /// `[workspace.metadata.xtask]`, or null.
    pub metadata: Value,
    /// Whether cargo's configuration gives tests more than can be known without cargo: variables (`[env]`) or a program
    /// to run them with (`runner`).
    pub tests_need_cargo: bool,
    /// Whether there is a `Cargo.lock`, which no stage may change.
    pub has_lock_file: bool,
    /// Whether the configuration that cargo-deny finds has a table of licences: without one, it accepts none.
    pub licences_configured: bool,
}

/// A member of the workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Cargo's package id, as in its JSON messages.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its manifest, absolute.
    pub manifest: PathBuf,
    /// The folder of its manifest, absolute.
    pub dir: PathBuf,
    /// Whether its library has unit tests to build.
    pub library_tests: bool,
    /// Whether its library has doc tests to look for (procedural macros and libraries that switch them off have none).
    pub doc_tests: bool,
    /// The root source of every target, absolute: `src/lib.rs`, `src/main.rs`, `build.rs`, `tests/it.rs`.
    pub roots: Vec<PathBuf>,
    /// The names of its programs.
    pub programs: Vec<String>,
    /// `default-run`: the one of its programs that `cargo run` starts.
    pub default_run: Option<String>,
    /// Those of its programs that are not switched off with `test = false`.
    pub tested_programs: Vec<String>,
    /// The sources of its programs that are switched off with `test = false`, absolute.
    pub untested_sources: Vec<PathBuf>,
    /// The names of its integration tests, the targets under `tests/` that are not switched off with `test = false`.
    pub integration_tests: Vec<String>,
    /// The names of the members that it depends on, in whichever way.
    pub depends_on: Vec<String>,
    /// What its code and its tests link, optional crates included.
    pub dependencies: Vec<Dependency>,
    /// Whether it depends on a folder that is no member: what lies there is not known here.
    pub depends_outside: bool,
    /// `[package.metadata.xtask]`, or null.
    pub metadata: Value,
    /// The variables that cargo gives to its tests: `CARGO_PKG_*`, `CARGO_MANIFEST_*`.
    pub vars: BTreeMap<String, String>,
}

/// A crate that a package links, as its manifest says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// The crate's own name, however the manifest renames it.
    pub name: String,
    /// The features that the manifest turns on, in the dependency or through a feature of the package.
    pub features: BTreeSet<String>,
    /// Whether only the package's own tests, examples and benchmarks link it.
    pub dev: bool,
    /// Whether it is a member of the workspace.
    pub member: bool,
}

impl Package {
    /// A fact of `[package.metadata.xtask.service]`.
    pub fn service_fact(&self, key: &str) -> Option<&Value> {
        self.metadata.get("service")?.get(key)
    }
}

impl Workspace {
    /// The member of this name.
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages
            .binary_search_by(|package| package.name.as_str().cmp(name))
            .ok()
            .map(|index| &self.packages[index])
    }

    /// A member and all those that it depends on, directly or not.
    pub fn with_dependencies(&self, name: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            if found.insert(name.to_owned()) {
                open.extend(self.package(name).into_iter().flat_map(|package| &package.depends_on).map(String::as_str));
            }
        }
        found
    }

    /// What the tests of a member link, as far as the manifests of the workspace say it: its dependencies, and those of
    /// the members among them, directly or not. Dev-dependencies of other members are left out.
    pub fn linked_by_tests(&self, name: &str) -> Vec<&Dependency> {
        let of = |name: &str| self.package(name).into_iter().flat_map(|package| &package.dependencies);
        let mut seen = BTreeSet::from([name]);
        let mut linked: Vec<&Dependency> = of(name).collect();
        let mut next = 0;
        while let Some(dependency) = linked.get(next).copied() {
            next += 1;
            if dependency.member && seen.insert(&dependency.name) {
                linked.extend(of(&dependency.name).filter(|further| !further.dev));
            }
        }
        linked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, bool)]) -> Package {
        let dependency = |(name, dev): &(&str, bool)| Dependency {
            name: (*name).to_owned(),
            dev: *dev,
            member: name.starts_with("member-"),
            ..Dependency::default()
        };
        Package {
            name: name.to_owned(),
            dependencies: dependencies.iter().map(dependency).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn tests_link_what_members_link_and_not_what_their_tests_link() {
        let packages = vec![
            package("member-a", &[("member-b", false), ("own", false), ("own-dev", true), ("member-d", true)]),
            package("member-b", &[("member-c", false), ("hidden", true)]),
            package("member-c", &[("deep", false), ("member-a", true)]),
            package("member-d", &[("beside", false), ("member-a", false)]),
        ];
        let workspace = Workspace { packages, ..Workspace::default() };
        let names = |of: &str| -> BTreeSet<String> {
            let linked = workspace.linked_by_tests(of);
            linked.iter().filter(|it| !it.member).map(|it| it.name.clone()).collect()
        };
        assert_eq!(names("member-a"), ["beside", "deep", "own", "own-dev"].map(str::to_owned).into());
        assert_eq!(names("member-b"), ["deep", "hidden"].map(str::to_owned).into());
        assert!(names("unknown").is_empty());
    }
}
