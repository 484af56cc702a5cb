//! Reads a table of a manifest's metadata key by key and collects every problem with it: mistyped keys, wrong types,
//! values out of range. Knows nothing about the meaning of the keys.

use crate::error::Flaw;
use crate::text;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The problems found so far.
pub type Problems = Vec<Problem>;

/// A problem with a key of a manifest, or with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    manifest: PathBuf,
    key: String,
    what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}` {}", self.manifest.display(), self.key, self.what)
    }
}

impl From<Problem> for Flaw {
    fn from(problem: Problem) -> Self {
        let message = format!("`{}` {}", problem.key, problem.what);
        Self { file: problem.manifest, key: Some(problem.key), message, ..Self::default() }
    }
}

/// A table, and which of its keys have been read.
pub struct Table<'a> {
    manifest: &'a Path,
    path: String,
    entries: Option<&'a Map<String, Value>>,
    known: BTreeSet<&'static str>,
}

impl<'a> Table<'a> {
    /// The table `value` of `manifest`, at the key `path`. Null is an empty table.
    pub fn new(manifest: &'a Path, path: impl Into<String>, value: &'a Value, problems: &mut Problems) -> Self {
        let table = Self { manifest, path: path.into(), entries: value.as_object(), known: BTreeSet::new() };
        if table.entries.is_none() && !value.is_null() {
            table.complain(problems, None, &format!("is {}, and must be a table", kind(value)));
        }
        table
    }

    /// The path of the table, for messages: `[workspace.metadata.xtask.stages]`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value of `key` as `convert` understands it; a problem when it does not.
    pub fn get<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        problems: &mut Problems,
        convert: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        self.known.insert(key);
        let value = self.entries?.get(key)?;
        let converted = convert(value);
        if converted.is_none() {
            self.complain(problems, Some(key), &format!("is {}, and must be {wanted}", show(value)));
        }
        converted
    }

    /// Whether the table has `key`.
    pub fn has(&self, key: &str) -> bool {
        self.entries.is_some_and(|entries| entries.contains_key(key))
    }

    /// What was read of a key that the table, where there is one, must have; a problem when it is missing.
    pub fn required<T>(&self, key: &str, value: Option<T>, problems: &mut Problems) -> Option<T> {
        if self.entries.is_some() && !self.has(key) {
            self.complain(problems, Some(key), "is missing");
        }
        value
    }

    /// A text.
    pub fn string(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        self.get(key, "a text", problems, |value| value.as_str().map(str::to_owned))
    }

    /// One of several words.
    pub fn word<T: clap::ValueEnum>(&mut self, key: &'static str, problems: &mut Problems) -> Option<T> {
        let words: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|v| Some(format!("\"{}\"", v.to_possible_value()?.get_name())))
            .collect();
        self.get(key, &format!("one of {}", words.join(", ")), problems, |value| {
            T::from_str(value.as_str()?, false).ok()
        })
    }

    /// A whole number in a range.
    pub fn integer(&mut self, key: &'static str, range: RangeInclusive<u64>, problems: &mut Problems) -> Option<u64> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.get(key, &wanted, problems, |value| value.as_u64().filter(|number| range.contains(number)))
    }

    /// A percentage from 0 to 100.
    pub fn percent(&mut self, key: &'static str, problems: &mut Problems) -> Option<f64> {
        self.get(key, "a number from 0 to 100", problems, percent)
    }

    /// A span of time such as `90s` or `10m`.
    pub fn duration(&mut self, key: &'static str, problems: &mut Problems) -> Option<Duration> {
        self.get(key, "a time such as \"90s\" or \"10m\"", problems, |value| {
            humantime::parse_duration(value.as_str()?).ok().filter(|time| !time.is_zero())
        })
    }

    /// A list of texts.
    pub fn strings(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<String>> {
        self.get(key, "a list of texts", problems, |value| {
            value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    /// A table within this one, to be read and finished; empty when it is not there.
    #[must_use]
    pub fn table(&mut self, key: &'static str, problems: &mut Problems) -> Table<'a> {
        self.known.insert(key);
        let value = self.entries.and_then(|entries| entries.get(key)).unwrap_or(&Value::Null);
        self.holding(key, value, problems)
    }

    /// The table `value` as if this one had it under `key`.
    pub fn holding<'b>(&self, key: &str, value: &'b Value, problems: &mut Problems) -> Table<'b>
    where
        'a: 'b,
    {
        Table::new(self.manifest, within(&self.path, key), value, problems)
    }

    /// Every entry as a table of its own, for tables whose keys are names that the user chooses.
    pub fn tables(&self, problems: &mut Problems) -> Vec<(&'a str, Table<'a>)> {
        let entries = self.entries.into_iter().flatten();
        entries.map(|(key, value)| (key.as_str(), self.holding(key, value, problems))).collect()
    }

    /// Every entry as `convert` understands it, for tables whose keys are names that the user chooses.
    pub fn entries<T>(
        &self,
        wanted: &str,
        problems: &mut Problems,
        convert: impl Fn(&'a Value) -> Option<T>,
    ) -> Vec<(String, T)> {
        let mut found = Vec::new();
        for (key, value) in self.entries.into_iter().flatten() {
            match convert(value) {
                Some(converted) => found.push((key.clone(), converted)),
                None => self.complain(problems, Some(key), &format!("is {}, and must be {wanted}", show(value))),
            }
        }
        found
    }

    /// The list of tables under `key`.
    pub fn list(&mut self, key: &'static str, problems: &mut Problems) -> Vec<Table<'a>> {
        let items = self.get(key, "a list of tables", problems, Value::as_array);
        let path = within(&self.path, key);
        let items = items.into_iter().flatten().enumerate();
        items.map(|(index, value)| Table::new(self.manifest, format!("{path}[{index}]"), value, problems)).collect()
    }

    /// Complains about every key that has not been read, with the nearest one that exists.
    pub fn finish(self, problems: &mut Problems) {
        for key in self.entries.into_iter().flat_map(Map::keys) {
            if self.known.contains(key.as_str()) {
                continue;
            }
            let advice = match text::nearest(key, self.known.iter().copied()).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes {}", text::list(self.known.iter().map(|known| format!("`{known}`")))),
            };
            self.complain(problems, Some(key), &format!("is unknown: {advice}"));
        }
    }

    /// Adds a problem with `key`, or with the table itself.
    pub fn complain(&self, problems: &mut Problems, key: Option<&str>, what: &str) {
        let place = key.map_or_else(|| self.path.clone(), |key| within(&self.path, key));
        problems.push(Problem { manifest: self.manifest.to_owned(), key: place, what: what.to_owned() });
    }
}

/// A number from 0 to 100.
pub fn percent(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| (0.0..=100.0).contains(number))
}

/// The dotted path of `key` within `path`, quoted as TOML needs it.
fn within(path: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if bare { format!("{path}.{key}") } else { format!("{path}.{key:?}") }
}

fn show(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) | Value::Null => kind(value).to_owned(),
        other => other.to_string(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
