//! What fields objects have: the compact list in `schema.txt`, parsed once. Validation, defaults, merging, field
//! ownership and the `OpenAPI` documents all read it, so they cannot disagree. It knows nothing of requests.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The type of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// `string`, `int`, `bool`, `intstr`, `quantity` or `time`.
    Scalar(&'static str),
    /// Anything, and owned as one.
    Any,
    /// A map from texts.
    Map(Box<Type>),
    /// A list, and how its items are told apart.
    List(Box<Type>, Items),
    /// A struct with a paragraph of its own.
    Named(&'static str),
    /// A map or struct that is owned as one.
    Atomic(Box<Type>),
}

/// How a list is merged.
#[derive(Debug, Clone, PartialEq)]
pub enum Items {
    /// It is one value.
    Atomic,
    /// Its items are scalars, each at most once.
    Set,
    /// Its items are told apart by these fields.
    Keys(Vec<&'static str>),
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// Its type.
    pub kind: Type,
    /// Whether it must be given.
    pub required: bool,
    /// What it is when it is not given.
    pub default: Option<Value>,
}

/// The fields of a struct, by name.
pub type Fields = BTreeMap<&'static str, Field>;

static STRUCTS: LazyLock<BTreeMap<&'static str, Fields>> = LazyLock::new(|| parse(include_str!("schema.txt")));

/// The fields of a struct, which includes every kind that this server knows.
pub fn fields(name: &str) -> Option<&'static Fields> {
    STRUCTS.get(name)
}

/// All structs.
pub fn structs() -> &'static BTreeMap<&'static str, Fields> {
    &STRUCTS
}

impl Type {
    /// The type of a kind.
    pub fn of_kind(kind: &'static str) -> Self {
        Self::Named(kind)
    }

    /// What lies beneath a key, where keys are told apart: a field of a struct, a value of a map.
    pub fn child(&self, key: &str) -> Option<&Type> {
        match self {
            Self::Named(name) => fields(name)?.get(key).map(|field| &field.kind),
            Self::Map(value) => Some(value),
            Self::Atomic(inner) => inner.child(key),
            Self::Scalar(_) | Self::Any | Self::List(..) => None,
        }
    }
}

fn parse(text: &'static str) -> BTreeMap<&'static str, Fields> {
    let mut structs = BTreeMap::new();
    let mut current = "";
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(field) = line.strip_prefix("  ") else {
            current = line;
            structs.insert(current, Fields::new());
            continue;
        };
        let (declared, default) = field.split_once(" = ").map_or((field, None), |(field, json)| (field, Some(json)));
        let (name, kind) = declared.split_once(' ').expect("a field has a name and a type");
        let field = Field {
            kind: parse_type(kind),
            required: name.ends_with('!'),
            default: default.map(|json| serde_json::from_str(json).expect("a default is JSON")),
        };
        structs.get_mut(current).expect("a field follows its struct").insert(name.trim_end_matches('!'), field);
    }
    structs
}

fn parse_type(text: &'static str) -> Type {
    if let Some(inner) = text.strip_prefix('~') {
        return Type::Atomic(Box::new(parse_type(inner)));
    }
    if let Some(value) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        return Type::Map(Box::new(parse_type(value)));
    }
    if let Some(list) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match list.split_once(':') {
            None => Type::List(Box::new(parse_type(list)), Items::Atomic),
            Some((item, "")) => Type::List(Box::new(parse_type(item)), Items::Set),
            Some((item, keys)) => Type::List(Box::new(parse_type(item)), Items::Keys(keys.split(',').collect())),
        };
    }
    match text {
        "any" => Type::Any,
        _ if text.starts_with(|first: char| first.is_ascii_uppercase()) => Type::Named(text),
        _ => Type::Scalar(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_is_there() {
        fn check(home: &str, kind: &Type) {
            match kind {
                Type::Named(name) => assert!(fields(name).is_some(), "{home} names {name}"),
                Type::Map(inner) | Type::List(inner, _) | Type::Atomic(inner) => check(home, inner),
                Type::Scalar(name) => {
                    assert!(["string", "int", "bool", "intstr", "quantity", "time"].contains(name), "{home}: {name}");
                }
                Type::Any => {}
            }
        }
        for (name, fields) in structs() {
            for field in fields.values() {
                check(name, &field.kind);
            }
        }
    }

    #[test]
    fn lists_say_how_they_are_merged() {
        let container = fields("Container").expect("containers are known");
        assert!(matches!(&container["ports"].kind, Type::List(_, Items::Keys(keys)) if keys[0] == "containerPort"));
        assert!(matches!(&container["command"].kind, Type::List(_, Items::Atomic)));
        assert!(container["name"].required && !container["image"].required);
    }
}
