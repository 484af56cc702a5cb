//! A notice as JSON for any program. The format is an interface: it has a version and only grows.

use super::super::display::clean;
use super::{Notice, Service};
use serde_json::{Value, json};

/// The version of this format.
const VERSION: u32 = 1;

/// The whole document.
pub(super) fn render(notice: &Notice<'_>) -> Value {
    let summary = notice.summary;
    let stages = summary.stages.iter().map(|stage| {
        json!({
            "id": stage.id,
            "outcome": stage.outcome,
            "policy": stage.policy,
            "because": stage.because.as_deref().map(clean),
            "duration_ms": stage.duration_ms,
        })
    });
    let services = notice.services();
    let services = services.iter().map(|(name, service)| self::service(name, service));
    let steps = notice.steps();
    let steps = steps.iter().map(|step| {
        json!({
            "about": step.about,
            "stage": step.stage,
            "kind": step.kind,
            "what": clean(&step.what),
            "commands": step.commands,
        })
    });
    json!({
        "version": VERSION,
        "verdict": summary.verdict,
        "exit_code": summary.exit_code,
        "headline": notice.headline(),
        "event": summary.event,
        "branch": notice.branch,
        "commit": summary.commit,
        "run": summary.run,
        "url": notice.page,
        "started": summary.started,
        "duration_ms": summary.duration_ms,
        "usual_ms": notice.usual_ms,
        "before": notice.before,
        "changed": notice.changed,
        "stages": stages.collect::<Vec<_>>(),
        "pending": summary.pending,
        "services": services.collect::<Vec<_>>(),
        "tests": summary.tests,
        "coverage": summary.coverage.as_ref().map(|coverage| coverage.line_percent),
        "next_steps": steps.collect::<Vec<_>>(),
    })
}

fn service(name: &str, service: &Service<'_>) -> Value {
    json!({
        "name": name,
        "tests": service.tests,
        "coverage": service.coverage,
        "image": service.image.map(|image| &image.digest),
    })
}
