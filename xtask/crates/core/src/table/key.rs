//! The keys of a table as data: what [`Table`](super::Table) decodes by, and what the schema for editors is made from.

use serde_json::Value;
use std::time::Duration;

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// The form of its value.
    pub form: Form,
    /// Its meaning, in one line.
    pub doc: &'static str,
    /// Its value when it is missing, as a manifest would give it; `None` where that is no constant.
    pub default: Option<fn() -> Value>,
    /// Whether a new table must have it.
    pub required: bool,
}

impl Key {
    /// A key that may be missing, without a constant default.
    pub const fn new(name: &'static str, form: Form, doc: &'static str) -> Self {
        Self { name, form, doc, default: None, required: false }
    }

    /// A key that has this value when it is missing.
    #[must_use]
    pub const fn or(self, default: fn() -> Value) -> Self {
        Self { default: Some(default), ..self }
    }

    /// A key that must not be missing.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Any text.
    Text,
    /// A text in these words. Every good one matches the regular expression; the decoder may refuse more.
    Matching(&'static str, &'static str),
    /// One of these words.
    Word(fn() -> Vec<String>),
    /// A whole number in a range, both ends included.
    Integer(u64, u64),
    /// A number from 0 to 100.
    Percent,
    /// A span of time such as `90s`.
    Time,
    /// `true` or `false`.
    Flag,
    /// `false`, beside a form that it switches off.
    Off,
    /// A list, in these words, and the form of its items.
    List(&'static str, &'static Form),
    /// A table with these keys.
    Table(&'static [Key]),
    /// A table that changes a built-in one: it has the same keys, and needs none of them.
    Change(&'static [Key]),
    /// A table whose keys are names that the user chooses.
    Names(&'static Form),
    /// The same with known names, whose values have the first form; those of all others have the second.
    NamesBeside(fn() -> Vec<String>, &'static Form, &'static Form),
    /// One of two forms, in these words.
    Either(&'static str, &'static Form, &'static Form),
}

/// A list of texts.
pub const TEXTS: Form = Form::List("a list of strings", &Form::Text);
/// A list of texts that may be empty.
pub const NOTHING: fn() -> Value = || Value::Array(Vec::new());

impl Form {
    /// The words for what a value must be.
    pub fn wanted(&self) -> String {
        match self {
            Self::Text => "a string".to_owned(),
            Self::Matching(wanted, _) | Self::List(wanted, _) | Self::Either(wanted, ..) => (*wanted).to_owned(),
            Self::Word(words) => {
                let words: Vec<String> = words().iter().map(|word| format!("\"{word}\"")).collect();
                format!("one of {}", words.join(", "))
            }
            Self::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Self::Percent => "a number from 0 to 100".to_owned(),
            Self::Time => "a time such as \"90s\" or \"10m\"".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Off => "false".to_owned(),
            Self::Table(_) | Self::Change(_) | Self::Names(_) | Self::NamesBeside(..) => "a table".to_owned(),
        }
    }

    /// Whether a value has this form; what is in a table has to be checked key by key.
    pub fn allows(&self, value: &Value) -> bool {
        match self {
            Self::Text | Self::Matching(..) => value.is_string(),
            Self::Word(words) => value.as_str().is_some_and(|value| words().iter().any(|word| word == value)),
            Self::Integer(least, most) => value.as_u64().is_some_and(|value| (*least..=*most).contains(&value)),
            Self::Percent => value.as_f64().is_some_and(|value| (0.0..=100.0).contains(&value)),
            Self::Time => time(value).is_some(),
            Self::Flag => value.is_boolean(),
            Self::Off => *value == false,
            // A table in a list has a path of its own for its problems.
            Self::List(_, Self::Table(_)) => value.is_array(),
            Self::List(_, item) => value.as_array().is_some_and(|items| items.iter().all(|it| item.allows(it))),
            Self::Table(_) | Self::Change(_) | Self::Names(_) | Self::NamesBeside(..) => value.is_object(),
            Self::Either(_, one, other) => one.allows(value) || other.allows(value),
        }
    }

    /// The fixed keys of a table; empty for anything else.
    pub fn keys(&self) -> &'static [Key] {
        match self {
            Self::Table(keys) | Self::Change(keys) => keys,
            Self::Either(_, one, other) => {
                [one.keys(), other.keys()].into_iter().find(|it| !it.is_empty()).unwrap_or(&[])
            }
            _ => &[],
        }
    }

    /// The form of the value at `name` in a table of this form, or of the items of a list.
    pub fn within(&self, name: &str) -> Option<&'static Form> {
        match self {
            Self::Names(form) | Self::List(_, form) => Some(form),
            Self::NamesBeside(known, form, others) => {
                Some(if known().iter().any(|it| it == name) { form } else { others })
            }
            _ => self.keys().iter().find(|key| key.name == name).map(|key| &key.form),
        }
    }
}

/// A span of time that is not empty.
pub(super) fn time(value: &Value) -> Option<Duration> {
    humantime::parse_duration(value.as_str()?).ok().filter(|time| !time.is_zero())
}

/// The words of a choice, as the command line has them.
pub fn words<T: clap::ValueEnum>() -> Vec<String> {
    let words = T::value_variants().iter().filter_map(T::to_possible_value);
    words.map(|word| word.get_name().to_owned()).collect()
}
