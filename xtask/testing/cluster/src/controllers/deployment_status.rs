//! What a Deployment says of itself: counts, and the conditions `Available` and `Progressing`.

use super::deployments::{is_current, sets};
use super::rollout::Wish;
use super::{all, conditions, set_status};
use crate::clock;
use crate::objects::json::{child, list, name, number, text};
use crate::objects::owners::Writer;
use crate::state::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// How a rollout goes: everything that its condition depends on.
#[derive(Debug, Clone, PartialEq)]
struct Course {
    paused: bool,
    complete: bool,
    /// More is updated, ready or available than before, or less is old.
    moved: bool,
    /// The reason that was given before.
    before: String,
    /// Seconds since it last moved.
    idle: u64,
    deadline: u64,
}

/// The status and the reason of `Progressing`, or `None` when it stays as it is.
fn progressing(course: &Course) -> Option<(&'static str, &'static str)> {
    let over = course.before == "NewReplicaSetAvailable" || course.before == "ProgressDeadlineExceeded";
    match course {
        Course { paused: true, before, .. } => {
            (before != "DeploymentPaused").then_some(("Unknown", "DeploymentPaused"))
        }
        Course { before, .. } if before == "DeploymentPaused" => Some(("Unknown", "DeploymentResumed")),
        Course { complete: true, before, .. } => {
            (before != "NewReplicaSetAvailable").then_some(("True", "NewReplicaSetAvailable"))
        }
        Course { moved: true, before, .. } if before != "NewReplicaSetAvailable" => Some(("True", "ReplicaSetUpdated")),
        Course { idle, deadline, .. } if idle > deadline && !over => Some(("False", "ProgressDeadlineExceeded")),
        _ => None,
    }
}

/// One round.
pub fn report(state: &mut State) {
    for (key, deployment) in all(state, "deployments") {
        let status = status(state, &deployment);
        set_status(state, &key, &deployment, status, &Writer::controller("status"));
    }
}

fn status(state: &State, deployment: &Value) -> Value {
    let sets = sets(state, deployment);
    let sum = |pointer: &str| sets.iter().map(|set| number(set, pointer)).sum::<i64>();
    let new = sets.iter().find(|set| is_current(set, deployment));
    let updated = new.map_or(0, |set| number(set, "/status/replicas"));
    let (total, available) = (sum("/status/replicas"), sum("/status/availableReplicas"));
    let wish = Wish::of(deployment);
    let mut status = json!({ "observedGeneration": number(deployment, "/metadata/generation") });
    let counts = [
        ("replicas", total),
        ("updatedReplicas", updated),
        ("readyReplicas", sum("/status/readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", (wish.replicas.max(total) - available).max(0)),
    ];
    // A count of 0 is left out, as Go leaves it out.
    counts.iter().filter(|(_, count)| *count > 0).for_each(|(name, count)| status[*name] = json!(count));

    let now = state.timestamp();
    let mut list = list(deployment, "/status/conditions").to_vec();
    let enough = available >= wish.replicas - wish.unavailable;
    let availability = if enough {
        ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    conditions::set(&mut list, "Available", conditions::word(enough), availability, &now);
    let course = course(
        state,
        deployment,
        &status,
        (total, updated, available) == (wish.replicas, wish.replicas, wish.replicas),
    );
    let set = name(new.map_or(deployment, Arc::as_ref));
    if let Some((condition, reason)) = progressing(&course) {
        conditions::set(&mut list, "Progressing", condition, (reason, &message(reason, set)), &now);
    }
    for condition in list.iter_mut().filter(|condition| condition["type"] == "Progressing") {
        if course.moved || condition.get("lastUpdateTime").is_none() {
            condition["lastUpdateTime"] = json!(now);
        }
    }
    failed_creation(&sets, &mut list, &now);
    child(&mut status, "conditions");
    status["conditions"] = json!(list);
    status
}

fn course(state: &State, deployment: &Value, status: &Value, complete: bool) -> Course {
    let progress = list(deployment, "/status/conditions").iter().find(|condition| condition["type"] == "Progressing");
    let was = |pointer: &str| number(&deployment["status"], pointer);
    let old = |status: &Value| number(status, "/replicas") - number(status, "/updatedReplicas");
    let grew =
        ["/updatedReplicas", "/readyReplicas", "/availableReplicas"].iter().any(|of| number(status, of) > was(of));
    let since = progress.and_then(|condition| clock::seconds(text(condition, "/lastUpdateTime")));
    Course {
        paused: deployment["spec"]["paused"] == true,
        complete,
        moved: grew || old(status) < old(&deployment["status"]),
        before: progress.map(|condition| text(condition, "/reason").to_owned()).unwrap_or_default(),
        idle: state.now.saturating_sub(since.unwrap_or(state.now)),
        deadline: number(deployment, "/spec/progressDeadlineSeconds").unsigned_abs(),
    }
}

fn message(reason: &str, set: &str) -> String {
    match reason {
        "DeploymentPaused" => "Deployment is paused".to_owned(),
        "DeploymentResumed" => "Deployment is resumed".to_owned(),
        "NewReplicaSetAvailable" => format!("ReplicaSet {set:?} has successfully progressed."),
        "ProgressDeadlineExceeded" => format!("ReplicaSet {set:?} has timed out progressing."),
        _ => format!("ReplicaSet {set:?} is progressing."),
    }
}

/// Replica sets that cannot make pods are the Deployment's trouble as well.
fn failed_creation(sets: &[Arc<Value>], conditions: &mut Vec<Value>, now: &str) {
    conditions.retain(|condition| condition["type"] != "ReplicaFailure");
    let failures = sets.iter().flat_map(|set| list(set, "/status/conditions"));
    if let Some(failure) = failures.into_iter().find(|condition| condition["type"] == "ReplicaFailure") {
        let since = text(failure, "/lastTransitionTime");
        let since = if since.is_empty() { now } else { since };
        let why = (text(failure, "/reason"), text(failure, "/message"));
        conditions::set(conditions, "ReplicaFailure", "True", why, since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(change: impl Fn(&mut Course), wanted: Option<(&str, &str)>) {
        let mut course = Course {
            paused: false,
            complete: false,
            moved: false,
            before: "ReplicaSetUpdated".into(),
            idle: 5,
            deadline: 60,
        };
        change(&mut course);
        assert_eq!(progressing(&course), wanted, "{course:?}");
    }

    #[test]
    fn courses() {
        case(|_| {}, None);
        case(|c| c.moved = true, Some(("True", "ReplicaSetUpdated")));
        case(|c| c.complete = true, Some(("True", "NewReplicaSetAvailable")));
        case(|c| c.idle = 61, Some(("False", "ProgressDeadlineExceeded")));
        case(|c| (c.paused, c.idle) = (true, 61), Some(("Unknown", "DeploymentPaused")));
        case(|c| c.before = "DeploymentPaused".into(), Some(("Unknown", "DeploymentResumed")));
        // What was complete once has no deadline any more.
        case(|c| (c.idle, c.before) = (61, "NewReplicaSetAvailable".into()), None);
        // And what was too late may still come.
        let late = |c: &mut Course| (c.complete, c.before) = (true, "ProgressDeadlineExceeded".into());
        case(late, Some(("True", "NewReplicaSetAvailable")));
    }
}
