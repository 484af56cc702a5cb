//! Stage 4: vulnerable, unmaintained and forbidden dependencies.

use super::{Context, Stage};
use crate::cli::{DatabaseOption, StageCommand};
use std::sync::Arc;
use xtask_cargo::readers::{CargoAudit, CargoDeny, Waiver};
use xtask_core::catalogue::Tool;
use xtask_core::error::Result;
use xtask_core::ids::StageId;
use xtask_core::pipeline::{Definition, SECURITY_AUDIT};
use xtask_core::purpose::Purpose;
use xtask_engine::plan::Task;
use xtask_engine::plan::task::Universe;

/// The codes of cargo-deny's check of advisories that are no advisory's id.
const OF_ADVISORIES: [&str; 2] = ["index-failure", "yanked"];

/// cargo-audit reads `Cargo.lock`, cargo-deny the graph of crates. Advisories are a call of their own, because cargo-deny
/// checks nothing at all when it cannot fetch them.
#[derive(Clone, Copy, Debug)]
pub struct SecurityAudit;

impl Stage for SecurityAudit {
    fn definition(&self) -> Definition {
        Definition::specified(SECURITY_AUDIT)
    }

    fn commands(&self) -> Vec<StageCommand> {
        let about = "Audit dependencies: advisories, licences, bans and sources";
        vec![StageCommand::new(SECURITY_AUDIT, "audit", about).takes::<DatabaseOption>()]
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        let stage = StageId::new(SECURITY_AUDIT);
        let config = &context.settings.config;
        let mut audit = context.cargo().args(["audit", "--json"]);
        if let Some(database) = &config.advisory_db {
            audit = audit.args(["--db", &*database.to_string_lossy(), "--no-fetch"]);
        }
        let audit = Task {
            repeat: Some(repeat(context)),
            reader: Arc::new(CargoAudit::new(&config.waivers, context.settings.advisory_note.as_deref())),
            purpose: Purpose::Audit,
            tools: vec![Tool::AUDIT],
            ..Task::new(&stage, "cargo-audit", audit, context.timeout)
        };
        let (advisories, others): (Vec<Waiver>, Vec<Waiver>) =
            config.waivers.iter().cloned().partition(|waiver| is_of_advisories(&waiver.id));
        // A given database is no git checkout, which is the only form that cargo-deny reads: cargo-audit has looked there.
        let advisories = config.advisory_db.is_none().then(|| {
            let reader = CargoDeny::new(&advisories, "advisories", None);
            deny(context, &stage, ("cargo-deny-advisories", &["advisories"]), reader)
        });
        let licences = context.workspace.licences_configured;
        let unchecked = (!licences).then(|| UNCHECKED.to_owned());
        let (checks, words): (&[&str], _) = if licences {
            (&["bans", "sources", "licenses"], "bans, sources and licences")
        } else {
            (&["bans", "sources"], "bans and sources")
        };
        let others = deny(context, &stage, ("cargo-deny", checks), CargoDeny::new(&others, words, unchecked));
        Ok([audit, others].into_iter().chain(advisories).collect())
    }
}

/// Both tools are in a cache of xtask's own, where no shell finds them.
fn repeat(context: Context<'_>) -> String {
    let database = context.settings.config.advisory_db.as_ref().map(|database| context.typed(database));
    let database = database.iter().flat_map(|database| ["--advisory-db", database]);
    context.cargo().args(["xtask", "audit"]).args(database).to_string()
}

/// The note where no file says which licences are allowed.
const UNCHECKED: &str = "licences were not checked: no `deny.toml` has a table `[licenses]`";

/// Whether a waiver of this id concerns findings of cargo-deny's check of advisories.
fn is_of_advisories(id: &str) -> bool {
    id.starts_with("RUSTSEC-") || OF_ADVISORIES.contains(&id)
}

fn deny(context: Context<'_>, stage: &StageId, (name, checks): (&str, &[&str]), reader: CargoDeny) -> Task {
    let command = context.cargo().args(["deny", "--format", "json", "check"]).args(checks.iter().copied());
    Task {
        repeat: Some(repeat(context)),
        reader: Arc::new(reader),
        purpose: Purpose::Audit,
        universe: Some(Universe::Dev),
        tools: vec![Tool::DENY],
        ..Task::new(stage, name, command, context.timeout)
    }
}
