//! Conditions in an object's status: when they last changed is kept, and what stays the same is not touched.

use serde_json::{Value, json};

/// Sets a condition. Its transition time moves only when its status does.
pub fn set(conditions: &mut Vec<Value>, kind: &str, status: &str, (reason, message): (&str, &str), now: &str) {
    let found = conditions.iter().position(|condition| condition["type"] == kind);
    let since = found.filter(|at| conditions[*at]["status"] == status).map(|at| &conditions[at]["lastTransitionTime"]);
    let since = since.cloned().unwrap_or_else(|| json!(now));
    let mut condition = json!({ "type": kind, "status": status, "lastTransitionTime": since });
    for (field, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            condition[field] = json!(text);
        }
    }
    match found {
        Some(at) => conditions[at] = condition,
        None => conditions.push(condition),
    }
}

/// `True` or `False`.
pub fn word(holds: bool) -> &'static str {
    if holds { "True" } else { "False" }
}
