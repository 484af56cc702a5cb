//! Read-only views: what a deployment would change, and what runs.

use super::access::Access;
use super::call::Caller;
use super::checks;
use super::difference;
use super::journal::Change;
use super::live::{Live, digest, name, run};
use super::objects::{COMMIT, Release};
use super::pull::Source;
use super::request::Target;
use super::rollout::Verdict;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use xtask_core::error::Result;

/// The changes that deploying the releases would make, for people: the result of all checks, and one line per change.
pub fn plan(caller: Caller, target: &Target, source: &Source, releases: &[Release]) -> Result<String> {
    let access = Access::open(caller, target)?;
    checks::check(&access, target, source, releases)?;
    let difference = difference::of_releases(&access.kubectl, releases, "this run", false)
        .map_err(|failure| failure.error("read what is deployed"))?;
    let mut lines = Vec::new();
    for service in &difference.left_alone {
        lines.push(format!("{service}: unchanged"));
    }
    for planned in &difference.planned {
        lines.push(format!("{}:", planned.service));
        lines.extend(planned.changes.iter().flat_map(change).map(|line| format!("  {line}")));
    }
    Ok(lines.join("\n") + "\n")
}

/// The change to one object.
fn change(change: &Change) -> Vec<String> {
    let title = |object: &Value| format!("{} {}", object["kind"].as_str().unwrap_or_default(), name(object));
    match (&change.wanted, &change.before) {
        (Some(wanted), None) => vec![format!("+ {}", title(wanted))],
        (None, Some(before)) => vec![format!("- {}", title(before))],
        (Some(wanted), Some(before)) => {
            let mut lines = Vec::new();
            differences("", before, wanted, &mut lines);
            if lines.is_empty() {
                return Vec::new();
            }
            std::iter::once(format!("~ {}", title(wanted)))
                .chain(lines.into_iter().map(|line| format!("    {line}")))
                .collect()
        }
        (None, None) => Vec::new(),
    }
}

/// The values of `wanted` that differ in `live`, each with its path.
fn differences(path: &str, live: &Value, wanted: &Value, lines: &mut Vec<String>) {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            for (key, wanted) in wanted {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(&path, live.get(key).unwrap_or(&Value::Null), wanted, lines);
            }
        }
        (Value::Array(live), Value::Array(wanted)) if live.len() == wanted.len() => {
            for (index, (live, wanted)) in live.iter().zip(wanted).enumerate() {
                differences(&format!("{path}[{index}]"), live, wanted, lines);
            }
        }
        (live, wanted) if live == wanted => {}
        (Value::Null, wanted) => lines.push(format!("{path}: {wanted}")),
        (live, wanted) => lines.push(format!("{path}: {live} → {wanted}")),
    }
}

/// The state of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its name.
    pub service: String,
    /// `running`, `changing`, `failing` or `absent`.
    pub state: &'static str,
    /// The problem, or the condition that it waits for.
    pub why: Option<String>,
    /// The digest in its pods' spec.
    pub digest: Option<String>,
    /// The commit that it is deployed from.
    pub commit: Option<String>,
    /// The run that has deployed it.
    pub run: Option<String>,
    /// How many pods are ready, and how many are wanted.
    pub ready: (u64, u64),
}

/// The state of the services, and of the others that exist.
pub fn status(caller: Caller, target: &Target, services: &[String]) -> Result<Vec<Standing>> {
    let access = Access::open(caller, target)?;
    let live = Live::rollouts(&access.kubectl)
        .map_err(|failure| failure.error(&format!("query the namespace {}", target.namespace)))?;
    let names: BTreeSet<&str> = services.iter().map(String::as_str).chain(live.deployments()).collect();
    Ok(names.into_iter().map(|service| standing(service, &live)).collect())
}

fn standing(service: &str, live: &Live) -> Standing {
    let deployment = live.deployment(service);
    let text = |value: Option<&str>| value.map(str::to_owned);
    let number = |pointer: &str| deployment.and_then(|it| it.pointer(pointer)?.as_u64()).unwrap_or(0);
    let wanted = deployment.and_then(digest);
    let (state, why) = match (deployment, live.judge(service, wanted)) {
        (None, _) => ("absent", None),
        (_, Verdict::Done { .. }) => ("running", None),
        (_, Verdict::Waiting(why)) => ("changing", Some(why)),
        (_, Verdict::Doomed { why, .. }) => ("failing", Some(why)),
    };
    Standing {
        service: service.to_owned(),
        state,
        why,
        digest: text(wanted),
        commit: text(deployment.and_then(|it| it["metadata"]["annotations"][COMMIT].as_str())),
        run: text(deployment.and_then(run)),
        ready: (number("/status/readyReplicas"), number("/spec/replicas")),
    }
}

/// For people: a line for each service.
pub fn table(standings: &[Standing]) -> String {
    let width = standings.iter().map(|standing| standing.service.len()).max().unwrap_or(0);
    let line = |it: &Standing| {
        let short = |text: &Option<String>, length: usize| -> String {
            text.as_deref().unwrap_or("-").trim_start_matches("sha256:").chars().take(length).collect()
        };
        let why = it.why.as_ref().map(|why| format!("  {why}")).unwrap_or_default();
        format!(
            "{:<width$}  {:<8}  {}/{} ready  commit {:<12}  image {:<12}{why}\n",
            it.service,
            it.state,
            it.ready.0,
            it.ready.1,
            short(&it.commit, 12),
            short(&it.digest, 12),
        )
    };
    standings.iter().map(line).collect()
}
