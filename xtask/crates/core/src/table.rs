//! Reads a table of a manifest's metadata key by key and collects every problem with it: mistyped keys, wrong types,
//! values out of range. Knows nothing about the meaning of the keys; their forms and defaults are data, see [`key`].

pub mod key;
mod schema;

use crate::error::Flaw;
use crate::text;
use key::{Form, Key};
pub use schema::schema;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
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

/// A table of a form, to be read by its keys.
pub struct Table<'a> {
    manifest: &'a Path,
    path: String,
    entries: Option<&'a Map<String, Value>>,
    form: Form,
}

impl<'a> Table<'a> {
    /// The table `value` of `manifest`, at the key `path`. Null is an empty table.
    pub fn new(
        manifest: &'a Path,
        path: impl Into<String>,
        form: Form,
        value: &'a Value,
        problems: &mut Problems,
    ) -> Self {
        let table = Self { manifest, path: path.into(), entries: value.as_object(), form };
        if table.entries.is_none() && !value.is_null() {
            table.complain(problems, None, &format!("is {}, and must be a table", kind(value)));
        }
        table
    }

    /// The same table with the keys of another form.
    #[must_use]
    pub fn of(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// The path of the table, for messages: `[workspace.metadata.xtask.stages]`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value of `key`, or its default, as `convert` understands it; a problem when its form is another one.
    pub fn get<T>(
        &self,
        key: &'static str,
        problems: &mut Problems,
        convert: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let Key { form, default, .. } = self.key(key);
        let Some(value) = self.entries.and_then(|entries| entries.get(key)) else {
            return default.and_then(|default| convert(&default()));
        };
        let converted = Some(value).filter(|value| form.allows(value)).and_then(convert);
        if converted.is_none() {
            self.refuse(key, value, form, problems);
        }
        converted
    }

    fn refuse(&self, key: &str, value: &Value, form: &Form, problems: &mut Problems) {
        self.complain(problems, Some(key), &format!("is {}, and must be {}", show(value), form.wanted()));
    }

    /// The description of a key.
    ///
    /// # Panics
    ///
    /// When there is none: every key that is read has to be described.
    fn key(&self, key: &str) -> &'static Key {
        let described = self.form.keys().iter().find(|described| described.name == key);
        described.unwrap_or_else(|| panic!("`{}` is read and not described", within(&self.path, key)))
    }

    /// Whether the table is written and has no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_some_and(Map::is_empty)
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
    pub fn string(&self, key: &'static str, problems: &mut Problems) -> Option<String> {
        self.get(key, problems, |value| value.as_str().map(str::to_owned))
    }

    /// A text for which `allows` holds.
    pub fn text(&self, key: &'static str, problems: &mut Problems, allows: impl Fn(&str) -> bool) -> Option<String> {
        self.get(key, problems, |value| value.as_str().filter(|text| allows(text)).map(str::to_owned))
    }

    /// One of several words.
    pub fn word<T: clap::ValueEnum>(&self, key: &'static str, problems: &mut Problems) -> Option<T> {
        self.get(key, problems, |value| T::from_str(value.as_str()?, false).ok())
    }

    /// A whole number that fits.
    pub fn integer<T: TryFrom<u64>>(&self, key: &'static str, problems: &mut Problems) -> Option<T> {
        self.get(key, problems, |value| T::try_from(value.as_u64()?).ok())
    }

    /// A percentage from 0 to 100.
    pub fn percent(&self, key: &'static str, problems: &mut Problems) -> Option<f64> {
        self.get(key, problems, Value::as_f64)
    }

    /// A span of time such as `90s` or `10m`.
    pub fn duration(&self, key: &'static str, problems: &mut Problems) -> Option<Duration> {
        self.get(key, problems, key::time)
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        self.get(key, problems, Value::as_bool)
    }

    /// A list of texts.
    pub fn strings(&self, key: &'static str, problems: &mut Problems) -> Option<Vec<String>> {
        self.get(key, problems, |value| value.as_array()?.iter().map(|it| it.as_str().map(str::to_owned)).collect())
    }

    /// A table within this one, to be read and finished; empty when it is not there.
    #[must_use]
    pub fn table(&self, key: &'static str, problems: &mut Problems) -> Table<'a> {
        let value = self.entries.and_then(|entries| entries.get(key)).unwrap_or(&Value::Null);
        self.holding(key, value, problems)
    }

    /// The table `value` as if this one had it under `key`.
    pub fn holding<'b>(&self, key: &str, value: &'b Value, problems: &mut Problems) -> Table<'b>
    where
        'a: 'b,
    {
        let path = within(&self.path, key);
        // Every key that is read is described, as `key` makes sure of.
        let form = self.form.within(key).copied().unwrap_or_else(|| self.key(key).form);
        Table::new(self.manifest, path, form, value, problems)
    }

    /// Every entry as a table of its own, for tables whose keys are names that the user chooses.
    pub fn tables(&self, problems: &mut Problems) -> Vec<(&'a str, Table<'a>)> {
        let entries = self.entries.into_iter().flatten();
        entries.map(|(key, value)| (key.as_str(), self.holding(key, value, problems))).collect()
    }

    /// Every entry as `convert` understands it, for tables whose keys are names that the user chooses.
    pub fn entries<T>(&self, problems: &mut Problems, convert: impl Fn(&'a Value) -> Option<T>) -> Vec<(String, T)> {
        let mut found = Vec::new();
        for (key, value) in self.entries.into_iter().flatten() {
            let Some(form) = self.form.within(key) else { continue };
            let converted = Some(value).filter(|value| form.allows(value)).and_then(&convert);
            if converted.is_none() {
                self.refuse(key, value, form, problems);
            }
            found.extend(converted.map(|converted| (key.clone(), converted)));
        }
        found
    }

    /// Every entry as a text, for tables whose keys are names that the user chooses.
    pub fn texts(&self, problems: &mut Problems) -> BTreeMap<String, String> {
        self.entries(problems, |value| value.as_str().map(str::to_owned)).into_iter().collect()
    }

    /// The table of texts under `key`, or its default.
    pub fn texts_of(&self, key: &'static str, problems: &mut Problems) -> BTreeMap<String, String> {
        if self.has(key) {
            return self.table(key, problems).texts(problems);
        }
        self.get(key, problems, |value| serde_json::from_value(value.clone()).ok()).unwrap_or_default()
    }

    /// The list of tables under `key`.
    pub fn list(&self, key: &'static str, problems: &mut Problems) -> Vec<Table<'a>> {
        let form = self.key(key).form.within(key).copied().unwrap_or(Form::Table(&[]));
        self.get(key, problems, |_| Some(()));
        let items = self.entries.and_then(|entries| entries.get(key)).and_then(Value::as_array);
        let path = within(&self.path, key);
        let items = items.into_iter().flatten().enumerate();
        let table = |(index, value)| Table::new(self.manifest, format!("{path}[{index}]"), form, value, problems);
        items.map(table).collect()
    }

    /// Complains about every unknown key, with the nearest one that exists.
    pub fn finish(self, problems: &mut Problems) {
        let known: BTreeSet<&str> = self.form.keys().iter().map(|key| key.name).collect();
        for key in self.entries.into_iter().flat_map(Map::keys) {
            if known.contains(key.as_str()) {
                continue;
            }
            let advice = match text::nearest(key, known.iter().copied()).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys are {}", text::list(known.iter().map(|known| format!("`{known}`")))),
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
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
