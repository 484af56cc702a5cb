//! `Cargo.lock` as inputs: for some members of the workspace the packages that they depend on, rather than the whole
//! file, most of which is about other members. Pure: a text in, names and values out.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The packages of a lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Lock {
    #[serde(default, rename = "package")]
    packages: Vec<Locked>,
}

/// A locked package.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// `registry+…` or `git+…`; `None` for a directory, as members are.
    source: Option<String>,
    checksum: Option<String>,
    /// `NAME`, followed by the version and by `(SOURCE)` where the name alone is ambiguous.
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Lock {
    /// Parses the text of a lock file. An error is cargo's grammar as the parser sees it.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    /// The members `names` and all that they depend on, for builds, for tests and on every target: by name, a line for
    /// each version that is locked, which starts with the version.
    pub fn closure<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, String> {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let is_root = |it: &&Locked| it.source.is_none() && names.contains(it.name.as_str());
        let mut open: Vec<&Locked> = self.packages.iter().filter(is_root).collect();
        let mut by_name: BTreeMap<&str, Vec<&Locked>> = BTreeMap::new();
        for package in &self.packages {
            by_name.entry(&package.name).or_default().push(package);
        }
        let mut lines: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        while let Some(package) = open.pop() {
            if lines.entry(package.name.clone()).or_default().insert(package.line()) {
                for dependency in &package.dependencies {
                    let name = dependency.split(' ').next().unwrap_or_default();
                    let candidates = by_name.get(name).into_iter().flatten();
                    open.extend(candidates.filter(|candidate| candidate.is_meant(dependency)));
                }
            }
        }
        let text = |lines: BTreeSet<String>| lines.into_iter().collect::<Vec<_>>().join("\n");
        lines.into_iter().map(|(name, lines)| (name, text(lines))).collect()
    }
}

impl Locked {
    /// Everything that the lock file says about it but its name.
    fn line(&self) -> String {
        let of = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let dependencies = self.dependencies.join(", ");
        format!("{} {} {} {dependencies}", self.version, of(&self.source), of(&self.checksum)).trim_end().to_owned()
    }

    /// Whether an entry under `dependencies` that has its name means this one.
    fn is_meant(&self, dependency: &str) -> bool {
        let mut more = dependency.splitn(3, ' ').skip(1);
        let is_version = more.next().is_none_or(|version| version == self.version);
        let source = more.next().map(|source| source.trim_matches(['(', ')']));
        is_version && source.is_none_or(|source| self.source.as_deref() == Some(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
        version = 4
        [[package]]
        name = "a"
        version = "0.1.0"
        dependencies = ["b", "log 0.4.1"]
        [[package]]
        name = "b"
        version = "0.1.0"
        [[package]]
        name = "c"
        version = "0.1.0"
        dependencies = ["log 0.3.0", "once"]
        [[package]]
        name = "log"
        version = "0.3.0"
        source = "registry+index"
        checksum = "03"
        [[package]]
        name = "log"
        version = "0.4.1"
        source = "registry+index"
        checksum = "04"
        dependencies = ["cfg"]
        [[package]]
        name = "cfg"
        version = "1.0.0"
        source = "registry+index"
        checksum = "10"
        dependencies = ["log 0.4.1"]
        [[package]]
        name = "once"
        version = "1.0.0"
        source = "git+file:///once#1234"
    "#;

    #[test]
    fn a_member_has_its_own_closure() {
        #[track_caller]
        fn case(names: &[&str], wanted: &[(&str, &str)]) {
            let lock = Lock::parse(LOCK).expect("it is a lock file");
            let closure = lock.closure(names.iter().copied());
            let closure: Vec<(&str, &str)> =
                closure.iter().map(|(name, line)| (name.as_str(), line.as_str())).collect();
            assert_eq!(closure, wanted, "{names:?}");
        }
        let cfg = ("cfg", "1.0.0 registry+index 10 log 0.4.1");
        let (new, old) = ("0.4.1 registry+index 04 cfg", "0.3.0 registry+index 03");
        case(&["b"], &[("b", "0.1.0 - -")]);
        case(&["a"], &[("a", "0.1.0 - - b, log 0.4.1"), ("b", "0.1.0 - -"), cfg, ("log", new)]);
        let c = ("c", "0.1.0 - - log 0.3.0, once");
        case(&["c"], &[c, ("log", old), ("once", "1.0.0 git+file:///once#1234 -")]);
        // Both versions under one name.
        let lock = Lock::parse(LOCK).expect("it is a lock file");
        assert_eq!(lock.closure(["a", "c"])["log"], format!("{old}\n{new}"));
        // A package of a registry is no member of its name.
        case(&["log"], &[]);
    }

    #[test]
    fn what_is_no_lock_file_is_an_error() {
        assert!(Lock::parse("<<<<<<< HEAD").is_err());
        assert_eq!(Lock::parse(""), Ok(Lock::default()));
    }
}
