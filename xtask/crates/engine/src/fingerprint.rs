//! The fingerprint of a task: everything that its result depends on, kept in full and by name. One hash would find the
//! same hits; only names and values can say in words how two fingerprints differ.
//!
//! Pure: it knows neither git nor cargo nor the disk, and is given every value; `lock` and `tables` make some of them of
//! texts.

pub mod lock;
pub mod tables;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The kinds of inputs, from the one that reaches most tasks to the one that reaches fewest: the order in which
/// differences are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A program by its name: its own description, whose first line has the form `NAME VERSION …`.
    Tool,
    /// A file of a tool's configuration, relative to the workspace's root or absolute outside of it: its hash.
    Configuration,
    /// A variable: the hash of its value, which may be a secret.
    Variable,
    /// The command: its arguments, separated by U+001F.
    Command,
    /// A table or key of the manifest at the workspace's root, by its path: its content.
    Manifest,
    /// A locked package by its name: a line for each version, which starts with the version.
    Locked,
    /// A file relative to the workspace's root: its mode and git blob id.
    File,
}

/// The inputs of a task with their values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(BTreeMap<Kind, BTreeMap<String, String>>);

/// An input that differs between two fingerprints. It displays as a clause: `src/lib.rs changed`.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    kind: Kind,
    name: &'a str,
    /// Its value before, if it was an input.
    old: Option<&'a str>,
    /// Its value now, if it is an input.
    new: Option<&'a str>,
}

impl Fingerprint {
    /// Adds inputs of a kind, as names with their values.
    pub fn add(&mut self, kind: Kind, inputs: impl IntoIterator<Item = (String, String)>) {
        let mut inputs = inputs.into_iter().peekable();
        // An empty map would make two fingerprints of the same inputs differ.
        if inputs.peek().is_some() {
            self.0.entry(kind).or_default().extend(inputs);
        }
    }

    /// Whether it names no input at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The inputs that differ in the newer fingerprint `new`, the largest cause first; of one kind by name.
    pub fn difference<'a>(&'a self, new: &'a Self) -> Vec<Difference<'a>> {
        let inputs: BTreeSet<(Kind, &str)> = self.names().chain(new.names()).collect();
        let differences = inputs.into_iter().map(|(kind, name)| {
            let (old, new) = (self.value(kind, name), new.value(kind, name));
            Difference { kind, name, old, new }
        });
        differences.filter(|it| it.old != it.new).collect()
    }

    fn names(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.0.iter().flat_map(|(&kind, inputs)| inputs.keys().map(move |name| (kind, name.as_str())))
    }

    fn value(&self, kind: Kind, name: &str) -> Option<&str> {
        self.0.get(&kind)?.get(name).map(String::as_str)
    }
}

/// The cause of these differences in one clause: the largest one, and how many there are besides. `None` without any.
pub fn cause(differences: &[Difference<'_>]) -> Option<String> {
    let (first, rest) = differences.split_first()?;
    Some(if rest.is_empty() { first.to_string() } else { format!("{first} (and {} more)", rest.len()) })
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let &Self { kind, name, old, new } = self;
        match (kind, old, new) {
            (Kind::Tool, Some(old), Some(new)) => tool(f, name, old, new),
            (Kind::Command, Some(old), Some(new)) => command(f, old, new),
            (Kind::Locked, _, _) => locked(f, name, old.unwrap_or_default(), new.unwrap_or_default()),
            (Kind::Variable, None, _) => write!(f, "${name} is new"),
            (Kind::Variable, _, None) => write!(f, "${name} is no longer set"),
            (Kind::Variable, _, _) => write!(f, "${name} changed"),
            (Kind::Manifest, None, _) => write!(f, "`{name}` in the root manifest is new"),
            (Kind::Manifest, _, None) => write!(f, "`{name}` in the root manifest was deleted"),
            (Kind::Manifest, _, _) => write!(f, "`{name}` in the root manifest changed"),
            (_, None, _) => write!(f, "{name} is new"),
            (_, _, None) => write!(f, "{name} was deleted"),
            _ => write!(f, "{name} changed"),
        }
    }
}

/// `locked tokio 1.47.1 → 1.48.0`, with every version that is in one of them alone.
fn locked(f: &mut fmt::Formatter<'_>, name: &str, old: &str, new: &str) -> fmt::Result {
    let versions = |text: &'_ str| -> BTreeSet<String> {
        text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
    };
    let (before, now) = (versions(old), versions(new));
    let only = |some: &BTreeSet<String>, others| some.difference(others).cloned().collect::<Vec<_>>().join(", ");
    match (only(&before, &now).as_str(), only(&now, &before).as_str()) {
        ("", "") => write!(f, "the lock entry of {name} {} changed", only(&now, &BTreeSet::new())),
        ("", now) => write!(f, "locked {name} {now} is new"),
        (before, "") => write!(f, "locked {name} {before} is no longer needed"),
        (before, now) => write!(f, "locked {name} {before} → {now}"),
    }
}

/// The first argument that is new, or else the first that was dropped.
fn command(f: &mut fmt::Formatter<'_>, old: &str, new: &str) -> fmt::Result {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\u{1f}').collect(), new.split('\u{1f}').collect());
    match (new.iter().find(|it| !old.contains(it)), old.iter().find(|it| !new.contains(it))) {
        (Some(argument), _) => write!(f, "the command has `{argument}`, which is new"),
        (None, Some(argument)) => write!(f, "the command no longer has `{argument}`"),
        (None, None) => write!(f, "the command changed"),
    }
}

/// `rustc 1.95.0 → 1.96.0`; for two builds of one version the first lines of their descriptions that differ.
fn tool(f: &mut fmt::Formatter<'_>, name: &str, old: &str, new: &str) -> fmt::Result {
    let version = |text: &str| text.split_whitespace().nth(1).unwrap_or("of an unknown version").to_owned();
    let (before, now) = (version(old), version(new));
    if before != now {
        return write!(f, "{name} {before} → {now}");
    }
    match old.lines().zip(new.lines()).find(|(old, new)| old != new) {
        Some((old, new)) => write!(f, "another build of {name} {now}: `{old}` → `{new}`"),
        None => write!(f, "another build of {name} {now}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(inputs: &[(Kind, &str, &str)]) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        for &(kind, name, value) in inputs {
            fingerprint.add(kind, [(name.to_owned(), value.to_owned())]);
        }
        fingerprint
    }

    #[test]
    fn a_difference_reads_as_its_cause() {
        #[track_caller]
        fn case(kind: Kind, name: &str, values: (Option<&str>, Option<&str>), wanted: &str) {
            let of = |value: Option<&str>| value.map(|it| fingerprint(&[(kind, name, it)])).unwrap_or_default();
            let (old, new) = (of(values.0), of(values.1));
            assert_eq!(cause(&old.difference(&new)).as_deref(), Some(wanted));
            assert_eq!(cause(&new.difference(&new)), None);
        }
        let file = "services/kit/src/config.rs";
        case(Kind::File, file, (Some("a"), Some("b")), "services/kit/src/config.rs changed");
        case(Kind::File, file, (None, Some("b")), "services/kit/src/config.rs is new");
        case(Kind::File, file, (Some("a"), None), "services/kit/src/config.rs was deleted");
        case(Kind::Variable, "TOKEN", (Some("a"), Some("b")), "$TOKEN changed");
        case(Kind::Variable, "TOKEN", (None, Some("b")), "$TOKEN is new");
        case(Kind::Variable, "TOKEN", (Some("a"), None), "$TOKEN is no longer set");
        case(Kind::Configuration, "/h/config.toml", (Some("a"), Some("b")), "/h/config.toml changed");
        let tokio = "1.47.1 registry+index 01 bytes";
        case(Kind::Locked, "tokio", (Some(tokio), Some("1.48.0 registry+index 02")), "locked tokio 1.47.1 → 1.48.0");
        case(Kind::Locked, "tokio", (None, Some(tokio)), "locked tokio 1.47.1 is new");
        case(Kind::Locked, "tokio", (Some(tokio), None), "locked tokio 1.47.1 is no longer needed");
        let git = "1.47.1 git+file:///tokio#1234 -";
        case(Kind::Locked, "tokio", (Some(tokio), Some(git)), "the lock entry of tokio 1.47.1 changed");
        let two = format!("0.9.0 - -\n{tokio}");
        case(Kind::Locked, "tokio", (Some(tokio), Some(&two)), "locked tokio 0.9.0 is new");
        case(Kind::Locked, "tokio", (Some(&two), Some("1.48.0 - -")), "locked tokio 0.9.0, 1.47.1 → 1.48.0");
        case(Kind::Manifest, "profile", (Some("1"), Some("2")), "`profile` in the root manifest changed");
        case(Kind::Manifest, "profile", (None, Some("2")), "`profile` in the root manifest is new");
        case(Kind::Manifest, "profile", (Some("1"), None), "`profile` in the root manifest was deleted");
        let command = |new| (Some("cargo\u{1f}test\u{1f}--doc"), Some(new));
        case(
            Kind::Command,
            "the command",
            command("cargo\u{1f}test\u{1f}--lib"),
            "the command has `--lib`, which is new",
        );
        case(Kind::Command, "the command", command("cargo\u{1f}test"), "the command no longer has `--doc`");
        case(Kind::Command, "the command", command("cargo\u{1f}--doc\u{1f}test"), "the command changed");
        let rustc = "rustc 1.95.0 (a 2026-04-14)\nhost: x86_64";
        case(Kind::Tool, "rustc", (Some(rustc), Some("rustc 1.96.0 (b 2026-05-28)")), "rustc 1.95.0 → 1.96.0");
        case(
            Kind::Tool,
            "rustc",
            (Some(rustc), Some("rustc 1.95.0 (a 2026-04-14)\nhost: aarch64")),
            "another build of rustc 1.95.0: `host: x86_64` → `host: aarch64`",
        );
    }

    #[test]
    fn the_largest_cause_comes_first() {
        let old = [(Kind::Tool, "rustc", "rustc 1.95.0"), (Kind::File, "a", "1"), (Kind::File, "b", "1")];
        let new = [(Kind::Tool, "rustc", "rustc 1.96.0"), (Kind::File, "b", "2"), (Kind::Variable, "A", "1")];
        let (old, new) = (fingerprint(&old), fingerprint(&new));
        let words: Vec<String> = old.difference(&new).iter().map(ToString::to_string).collect();
        assert_eq!(words, ["rustc 1.95.0 → 1.96.0", "$A is new", "a was deleted", "b changed"]);
        assert_eq!(cause(&old.difference(&new)).as_deref(), Some("rustc 1.95.0 → 1.96.0 (and 3 more)"));
    }

    #[test]
    fn a_fingerprint_is_kept_in_full() {
        let mut whole = fingerprint(&[(Kind::Tool, "rustc", "rustc 1.95.0"), (Kind::File, "a/src/lib.rs", "100644 1")]);
        whole.add(Kind::Variable, []);
        let json = serde_json::to_string(&whole).expect("it is data");
        assert_eq!(json, r#"{"tool":{"rustc":"rustc 1.95.0"},"file":{"a/src/lib.rs":"100644 1"}}"#);
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).expect("it was written so"), whole);
    }
}
