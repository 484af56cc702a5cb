//! The workspace as plain data: the facts that the planner needs, and no more.

use oci_layout::Digest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A cargo workspace.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// Its root, absolute.
    pub root: PathBuf,
    /// Cargo's directory for build artifacts.
    pub target_dir: PathBuf,
    /// Cargo's directory for intermediate artifacts, which several target directories may share; `None` with a cargo
    /// that has no such directory.
    pub build_dir: Option<PathBuf>,
    /// The names of members that a package of a registry or of git has too: only their ids are unambiguous.
    pub ambiguous: BTreeSet<String>,
    /// Its members, by name.
    pub packages: Vec<Package>,
    /// `[workspace.metadata.xtask]`, or null.
    pub metadata: Value,
    /// Whether cargo's configuration sets more for tests than can be known without cargo: variables (`[env]`) or a
    /// program to run them with (`runner`).
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
    /// The directory of its manifest, absolute.
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
    /// The names of its examples with `test = true`.
    pub tested_examples: Vec<String>,
    /// The names of its benchmarks with `test = true`.
    pub tested_benches: Vec<String>,
    /// The sources of its programs that are switched off with `test = false`, absolute.
    pub untested_sources: Vec<PathBuf>,
    /// The names of its integration tests, the targets under `tests/` that are not switched off with `test = false`.
    pub integration_tests: Vec<String>,
    /// The targets that require features which are off by default: `test NAME`, `bin NAME`.
    pub gated_targets: BTreeSet<String>,
    /// The name of its library for rustc; empty without one.
    pub crate_name: String,
    /// The names of the members that it depends on, in whichever way.
    pub depends_on: Vec<String>,
    /// The dependencies that its code and its tests link, optional crates included.
    pub dependencies: Vec<Dependency>,
    /// The root source of the code that runs while it, or a package that depends on it, is compiled: its build script,
    /// or itself if it is a procedural macro.
    pub runs_when_compiled: Option<PathBuf>,
    /// Whether it depends on a directory that is no member: the contents of that one are not known here.
    pub depends_outside: bool,
    /// `[package.metadata.xtask]`, or null.
    pub metadata: Value,
    /// The variables that cargo sets for its tests: `CARGO_PKG_*`, `CARGO_MANIFEST_*`.
    pub vars: BTreeMap<String, String>,
}

/// Features by the name of the crate that they are of.
pub type Features<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// A crate that a package links, as its manifest says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// The crate's own name, however the manifest renames it.
    pub name: String,
    /// The features that the manifest turns on, in the dependency or through a feature of the package; `default` among
    /// them unless it is turned off.
    pub features: BTreeSet<String>,
    /// Whether only the package's own tests, examples and benchmarks link it.
    pub dev: bool,
    /// Whether it is a member of the workspace.
    pub member: bool,
}

impl Package {
    /// Whether something of it besides its integration tests has tests: a library, a program, an example, a benchmark.
    pub fn has_unit_tests(&self) -> bool {
        self.library_tests || !self.tested_programs.is_empty() || self.has_tested_examples()
    }

    /// Whether its library or one of its programs has `test = false`.
    pub fn has_untested_targets(&self) -> bool {
        (!self.crate_name.is_empty() && !self.library_tests) || self.tested_programs.len() < self.programs.len()
    }

    /// Whether one of its examples or benchmarks has `test = true`.
    pub fn has_tested_examples(&self) -> bool {
        !self.tested_examples.is_empty() || !self.tested_benches.is_empty()
    }

    /// A fact of `[package.metadata.xtask.service]`.
    pub fn service_fact(&self, key: &str) -> Option<&Value> {
        self.metadata.get("service")?.get(key)
    }
}

impl Workspace {
    /// Where this checkout is built for coverage by `engine`: a directory that no other checkout builds in, although it
    /// may share the target directory or be a copy of this one. An instrumented program records the paths of its
    /// sources, and a report counts every program in its directory.
    pub fn instrumented_dir(&self, engine: &str) -> PathBuf {
        let root = Digest::of(self.root.as_os_str().as_encoded_bytes());
        self.target_dir.join(format!("{engine}-{}", &root.hex()[..8]))
    }

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

    /// The package specification of a member: its name, or its id where a dependency has the same name.
    pub fn spec<'a>(&'a self, name: &'a str) -> &'a str {
        let ambiguous = self.ambiguous.contains(name);
        self.package(name).filter(|_| ambiguous).map_or(name, |package| &package.id)
    }

    /// The features that these members and their dependencies turn on together: cargo unifies the features of all that
    /// it compiles in one call. By the name of the dependency, as far as the manifests of the workspace say it.
    pub fn unified_features<'a>(&'a self, packages: &[&'a Package]) -> Features<'a> {
        let mut features = Features::new();
        for dependency in self.linked(packages) {
            let own = features.entry(&dependency.name).or_default();
            own.extend(dependency.features.iter().map(String::as_str));
        }
        features
    }

    /// Whether a member that is compiled alone gets the features that it has among `unified`.
    pub fn builds_alike_alone(&self, package: &Package, unified: &Features<'_>) -> bool {
        let mut alone = self.unified_features(&[package]);
        // A selected package has its default features, whether or not a dependent asks for them.
        alone.entry(&package.name).or_default().insert("default");
        alone.iter().all(|(name, own)| unified.get(name).is_none_or(|all| all.is_subset(own)))
    }

    /// The dependencies that the tests of a member link; see [`linked`](Self::linked).
    pub fn linked_by_tests(&self, name: &str) -> Vec<&Dependency> {
        self.linked(self.package(name).as_slice())
    }

    /// The dependencies that the tests of these members link, according to the manifests of the workspace: their own,
    /// and those of the members among them, directly or not. Dev-dependencies of other members are left out.
    fn linked<'a>(&'a self, packages: &[&'a Package]) -> Vec<&'a Dependency> {
        let mut seen: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        let mut linked: Vec<&Dependency> = packages.iter().flat_map(|package| &package.dependencies).collect();
        let mut next = 0;
        while let Some(dependency) = linked.get(next).copied() {
            next += 1;
            if dependency.member && seen.insert(&dependency.name) {
                let further = self.package(&dependency.name).into_iter().flat_map(|package| &package.dependencies);
                linked.extend(further.filter(|further| !further.dev));
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

    /// A package with one dependency that has these features turned on.
    fn asking(name: &str, dependency: &str, features: &[&str]) -> Package {
        let mut package = package(name, &[(dependency, false)]);
        package.dependencies[0].features = features.iter().map(|&feature| feature.to_owned()).collect();
        package
    }

    #[test]
    fn a_package_is_compiled_alike_alone_unless_another_one_turns_on_more_of_what_it_links() {
        let packages = vec![
            asking("member-a", "serde", &["default", "derive"]),
            asking("member-b", "serde", &["default"]),
            asking("member-c", "member-d", &["on"]),
            asking("member-d", "other", &[]),
        ];
        let workspace = Workspace { packages, ..Workspace::default() };
        let alike = |selected: &[&str]| -> Vec<&str> {
            let selected: Vec<&Package> = selected.iter().filter_map(|name| workspace.package(name)).collect();
            let unified = workspace.unified_features(&selected);
            let alike = selected.iter().filter(|package| workspace.builds_alike_alone(package, &unified));
            alike.map(|package| package.name.as_str()).collect()
        };
        // `serde/derive` is not wanted by `member-b`, and `on` is a feature of `member-d` that only `member-c` turns
        // on.
        assert_eq!(alike(&["member-a", "member-b", "member-c", "member-d"]), ["member-a", "member-c"]);
        assert_eq!(alike(&["member-b", "member-d"]), ["member-b", "member-d"]);
    }

    #[test]
    fn a_member_that_shares_its_name_with_a_dependency_goes_by_its_id() {
        let packages =
            vec![Package { id: "path+file:///w/a#0.1.0".to_owned(), ..package("a", &[]) }, package("b", &[])];
        let workspace = Workspace { packages, ambiguous: BTreeSet::from(["a".to_owned()]), ..Workspace::default() };
        assert_eq!(["a", "b"].map(|name| workspace.spec(name)), ["path+file:///w/a#0.1.0", "b"]);
    }
}
