//! The JSON schema of a table, for editors and other programs: the same keys that the decoder reads. Pure.
//!
//! Draft 7, which taplo and every other validator of `Cargo.toml`s knows.

use super::key::{Form, Key};
use serde_json::{Map, Value, json};

/// A time as humantime reads it: numbers with units, and not all of them zero.
const TIME: &str = concat!(
    r"^(?=.*[1-9])\s*(\d+\s*(ns|nsec|nanos|us|µs|usec|micros|ms|msec|millis|s|sec|secs|second|seconds",
    r"|m|min|mins|minute|minutes|h|hr|hrs|hour|hours|d|day|days|w|wk|wks|week|weeks",
    r"|M|month|months|y|yr|yrs|year|years)\s*)+$",
);

/// The schema of a value of this form.
pub fn schema(form: &Form) -> Value {
    of(form, true)
}

/// The same; `whole` unless the value changes a built-in one, and may leave everything out.
fn of(form: &Form, whole: bool) -> Value {
    match form {
        Form::Text => json!({ "type": "string" }),
        Form::Matching(_, pattern) => json!({ "type": "string", "pattern": pattern }),
        Form::Word(words) => json!({ "enum": words() }),
        Form::Integer(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Form::Percent => json!({ "type": "number", "minimum": 0, "maximum": 100 }),
        Form::Time => json!({ "type": "string", "pattern": TIME }),
        Form::Flag => json!({ "type": "boolean" }),
        Form::Off => json!({ "enum": [false] }),
        Form::List(_, item) => json!({ "type": "array", "items": of(item, whole) }),
        Form::Table(keys) => table(keys, whole),
        Form::Change(keys) => table(keys, false),
        Form::Names(form) => json!({ "type": "object", "additionalProperties": of(form, whole) }),
        Form::NamesBeside(known, form, others) => {
            let known: Map<String, Value> = known().into_iter().map(|name| (name, of(form, whole))).collect();
            json!({ "type": "object", "properties": known, "additionalProperties": of(others, whole) })
        }
        Form::Either(_, one, other) => json!({ "anyOf": [of(one, whole), of(other, whole)] }),
    }
}

fn table(keys: &[Key], whole: bool) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), property(key, whole))).collect();
    let required: Vec<&str> = keys.iter().filter(|key| whole && key.required).map(|key| key.name).collect();
    let mut table = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

fn property(key: &Key, whole: bool) -> Value {
    let mut property = of(&key.form, whole);
    property["description"] = key.doc.into();
    // What a table leaves out that changes a built-in one stays as it is there.
    if let Some(default) = key.default.filter(|_| whole) {
        property["default"] = default();
    }
    property
}
