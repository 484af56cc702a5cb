//! Diagnostics of a failing service: events and the last lines of its log, collected before anything is undone.

use super::kubectl::Kubectl;
use serde_json::Value;

/// The most events to report.
const EVENTS: usize = 8;

/// The diagnostics of a service that has failed, one line each; `names` are those of its objects. Anything that cannot
/// be fetched is reported, and does not stop the rest.
pub(super) fn diagnose(kubectl: &Kubectl, service: &str, names: &[&str], why: &str, pod: Option<&str>) -> Vec<String> {
    let mut lines = vec![format!("{service}: {why}")];
    lines.extend(events(kubectl, names));
    let Some(pod) = pod else { return lines };
    // For a program that crashes, the log of the previous process shows how it ended.
    let log = kubectl.log(pod, true).or_else(|_| kubectl.log(pod, false));
    match log {
        Ok(log) if log.trim().is_empty() => lines.push(format!("  {pod} has printed nothing")),
        Ok(log) => {
            lines.push(format!("  the last lines of {pod}:"));
            lines.extend(log.lines().map(|line| format!("    {}", xtask_core::text::sanitise(line))));
        }
        Err(failure) => lines.push(format!("  the log of {pod} is not available: {}", failure.line())),
    }
    lines
}

/// The newest warnings about the service's objects.
fn events(kubectl: &Kubectl, names: &[&str]) -> Vec<String> {
    let command = kubectl.command().args(["get", "events", "--field-selector=type=Warning", "--output=json"]);
    let answer = match kubectl.ask(&command) {
        Ok(answer) => serde_json::from_str::<Value>(&answer).unwrap_or_default(),
        Err(failure) => return vec![format!("  its events are not available: {}", failure.line())],
    };
    let mut told: Vec<(String, String)> = Vec::new();
    for event in answer["items"].as_array().into_iter().flatten() {
        let about = event["involvedObject"]["name"].as_str().unwrap_or_default();
        if !names.contains(&about) {
            continue;
        }
        let text = |key: &str| event[key].as_str().unwrap_or_default();
        let line = format!("  {about}: {}: {}", text("reason"), xtask_core::text::sanitise(text("message")));
        // Newer reporters set a separate time on the event instead.
        let time = Some(text("lastTimestamp")).filter(|time| !time.is_empty()).unwrap_or(text("eventTime"));
        told.push((time.to_owned(), line));
    }
    told.sort();
    told.dedup_by(|one, other| one.1 == other.1);
    let first = told.len().saturating_sub(EVENTS);
    told.into_iter().skip(first).map(|(_, line)| line).collect()
}
