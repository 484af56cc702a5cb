//! Label and field selectors, as they stand in a query and as they stand in an object.

use super::json::{entries, list, text};
use serde_json::Value;

/// One requirement on a label or a field.
#[derive(Debug, Clone, PartialEq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// Requirements that must all hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selector(Vec<Requirement>);

impl Selector {
    /// From a query: `app=web,tier!=db,env in (a,b),!old`. The error repeats the part that it does not understand.
    pub fn parse(text: &str) -> Result<Self, String> {
        split(text).into_iter().map(|part| requirement(part.trim())).collect::<Result<_, _>>().map(Self)
    }

    /// From an object's `matchLabels` and `matchExpressions`.
    pub fn of(selector: &Value) -> Self {
        let equal = entries(selector, "/matchLabels");
        let equal = equal.map(|(key, value)| Requirement::In(key.clone(), vec![plain(value)]));
        let expressions = list(selector, "/matchExpressions").iter().map(|expression| {
            let key = text(expression, "/key").to_owned();
            let values = list(expression, "/values").iter().map(plain).collect();
            match text(expression, "/operator") {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                _ => Requirement::Absent(key),
            }
        });
        Self(equal.chain(expressions).collect())
    }

    /// From a map of labels that must be there, as a Service has it.
    pub fn equal(labels: &Value) -> Self {
        Self(entries(labels, "").map(|(key, value)| Requirement::In(key.clone(), vec![plain(value)])).collect())
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the object's labels meet it.
    pub fn meets_labels(&self, object: &Value) -> bool {
        self.meets(|key| object.pointer("/metadata/labels")?.get(key).map(plain))
    }

    /// Whether the object's fields meet it. A field that is not there counts as empty, as in the real server.
    pub fn meets_fields(&self, object: &Value) -> bool {
        self.meets(|key| {
            let found = object.pointer(&format!("/{}", key.replace('.', "/")));
            Some(found.map(plain).unwrap_or_default())
        })
    }

    fn meets(&self, value: impl Fn(&str) -> Option<String>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => value(key).is_some_and(|value| values.contains(&value)),
            Requirement::NotIn(key, values) => value(key).is_none_or(|value| !values.contains(&value)),
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::Absent(key) => value(key).is_none(),
        })
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// At the commas outside of parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn requirement(part: &str) -> Result<Requirement, String> {
    let set = |key: &str, values: &str| {
        let values = values.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some((key.trim().to_owned(), values.split(',').map(|value| value.trim().to_owned()).collect()))
    };
    let one = |key: &str, value: &str| (key.trim().to_owned(), vec![value.trim().to_owned()]);
    let found = if let Some((key, values)) = part.split_once(" notin ") {
        set(key, values).map(|(key, values)| Requirement::NotIn(key, values))
    } else if let Some((key, values)) = part.split_once(" in ") {
        set(key, values).map(|(key, values)| Requirement::In(key, values))
    } else if let Some((key, value)) = part.split_once("!=") {
        let (key, values) = one(key, value);
        Some(Requirement::NotIn(key, values))
    } else if let Some((key, value)) = part.split_once('=') {
        let (key, values) = one(key, value.trim_start_matches('='));
        Some(Requirement::In(key, values))
    } else if let Some(key) = part.strip_prefix('!') {
        Some(Requirement::Absent(key.trim().to_owned()))
    } else {
        Some(Requirement::Exists(part.to_owned())).filter(|_| !part.contains(' '))
    };
    found.ok_or_else(|| format!("unable to parse requirement: {part}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn case(selector: &str, meets: bool) {
        let object = json!({ "metadata": { "labels": { "app": "web", "tier": "front" } } });
        assert_eq!(Selector::parse(selector).expect(selector).meets_labels(&object), meets, "{selector}");
    }

    #[test]
    fn label_selectors() {
        case("", true);
        case("app=web,tier==front", true);
        case("app!=web", false);
        case("app in (web, api),tier notin (back)", true);
        case("tier in (back)", false);
        case("app,!old", true);
        case("old", false);
        assert!(Selector::parse("app near web").is_err());
    }

    #[test]
    fn field_selectors_count_a_missing_field_as_empty() {
        let pod = json!({ "metadata": { "name": "a" }, "status": { "phase": "Running" } });
        let meets = |text: &str| Selector::parse(text).expect(text).meets_fields(&pod);
        assert!(meets("metadata.name=a,status.phase!=Failed") && !meets("spec.nodeName=n") && meets("spec.nodeName="));
    }

    #[test]
    fn selectors_of_objects() {
        let selector = json!({ "matchLabels": { "app": "web" },
            "matchExpressions": [{ "key": "tier", "operator": "In", "values": ["front"] }] });
        let of = |labels: Value| Selector::of(&selector).meets_labels(&json!({ "metadata": { "labels": labels } }));
        assert!(of(json!({ "app": "web", "tier": "front" })) && !of(json!({ "app": "web" })));
    }
}
