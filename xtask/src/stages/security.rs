//! Stage 4: vulnerable, unmaintained and forbidden dependencies.

use super::Context;
use crate::plan::pipeline::SECURITY_AUDIT;
use crate::plan::task::Universe;
use crate::plan::{Reader, StageId, Task};
use crate::tools::catalogue::Tool;

/// Two tasks: cargo-audit reads `Cargo.lock`, cargo-deny the graph of crates.
pub fn plan(context: Context<'_>) -> Vec<Task> {
    let stage = StageId::new(SECURITY_AUDIT);
    let config = &context.settings.config;
    let mut audit = context.cargo().args(["audit", "--json"]);
    if let Some(database) = &config.advisory_db {
        audit = audit.args(["--db", &*database.to_string_lossy(), "--no-fetch"]);
    }
    let mut deny = context.cargo().args(["deny", "--format", "json", "check"]);
    if config.advisory_db.is_none() {
        deny = deny.arg("advisories");
    }
    // A given database is no git checkout, which is the only form that cargo-deny reads: cargo-audit has looked there.
    deny = deny.args(["bans", "sources"]);
    if context.workspace.has_deny_config {
        deny = deny.arg("licenses");
    }
    vec![
        Task {
            repeat: Some(audit.clone().without(&["--json"]).to_string()),
            reader: Reader::CargoAudit {
                waivers: config.waivers.clone(),
                database: context.settings.advisory_note.clone(),
            },
            tools: vec![Tool::Audit],
            ..Task::new(&stage, "cargo-audit", audit, context.timeout)
        },
        Task {
            repeat: Some(deny.clone().without(&["--format", "json"]).to_string()),
            reader: Reader::CargoDeny { waivers: config.waivers.clone() },
            universe: Some(Universe::Dev),
            tools: vec![Tool::Deny],
            ..Task::new(&stage, "cargo-deny", deny, context.timeout)
        },
    ]
}
