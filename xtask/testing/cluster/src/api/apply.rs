//! Server-side apply: the manager's configuration is merged into what is there, and what others own stays theirs.

use crate::objects::fields::{display, leaves, remove};
use crate::objects::merge;
use crate::objects::owners::{self, Conflict, Writer};
use crate::objects::schema::Type;
use crate::status::Failure;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the object becomes, and the writer with all that it has applied.
pub fn apply(
    live: Option<&Value>,
    config: &Value,
    kind: &Type,
    writer: Writer,
    force: bool,
) -> Result<(Value, Writer), Failure> {
    let writer = Writer { applied: Some(leaves(config, kind).into_keys().collect()), ..writer };
    let Some(live) = live else { return Ok((config.clone(), writer)) };
    let mut merged = live.clone();
    merge::apply(&mut merged, config, kind);
    let conflicts = owners::conflicts(live, &merged, kind, &writer);
    if !conflicts.is_empty() && !force {
        return Err(refusal(&conflicts));
    }
    // In order, an item goes as a whole before its fields, without which it could not be told apart any more.
    for path in owners::abandoned(live, &writer) {
        remove(&mut merged, kind, &path);
    }
    Ok((merged, writer))
}

fn refusal(conflicts: &[Conflict]) -> Failure {
    let message = if let [(who, path)] = conflicts {
        format!("Apply failed with 1 conflict: conflict with {who}: {}", display(path))
    } else {
        let mut by_owner: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (who, path) in conflicts {
            by_owner.entry(who).or_default().push(format!("- {}", display(path)));
        }
        let owners = by_owner.iter().map(|(who, paths)| format!("conflicts with {who}:\n{}", paths.join("\n")));
        format!("Apply failed with {} conflicts: {}", conflicts.len(), owners.collect::<Vec<_>>().join("\n"))
    };
    let causes = conflicts.iter().map(|(who, path)| {
        json!({ "reason": "FieldManagerConflict", "message": format!("conflict with {who}"), "field": display(path) })
    });
    let mut failure = Failure::new(409, "Conflict", message);
    failure.body["details"] = json!({ "causes": causes.collect::<Vec<_>>() });
    failure
}
