//! Whether a rollout is done, in progress, or will never be done: judged by the objects, not by
//! `kubectl rollout status`.
//!
//! That command reports a paused deployment as in progress, and one without pods as done. Here a rollout is done when
//! the controller has seen the latest write, every pod is a new one, all are available, and each runs the wanted image.
//! Pure: the cluster's state comes in, and a verdict goes out.

mod pods;

use serde_json::Value;
use xtask_core::text;

/// The cluster's state of one service.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// Its Deployment.
    pub deployment: &'a Value,
    /// Its `ReplicaSet`s; unrelated ones among them are ignored.
    pub replica_sets: &'a [Value],
    /// Its pods; unrelated ones among them are ignored.
    pub pods: &'a [Value],
}

/// The state of a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything wanted is there. It has to remain so for a while to count.
    Done {
        /// The part that must not change meanwhile: the pods and how often each has been restarted.
        pods: Vec<(String, u64)>,
    },
    /// It is in progress. For people: the condition that it waits for.
    Waiting(String),
    /// Waiting will not complete it: why, and the pod that shows it, if there is one.
    Doomed {
        /// The problem, as a sentence.
        why: String,
        /// The pod whose log and events say more.
        pod: Option<String>,
    },
}

/// Judges a rollout. `digest` is the wanted image's, `sha256:…`; without one, any image will do.
pub fn judge(observed: Observed<'_>, digest: Option<&str>) -> Verdict {
    let Observed { deployment, replica_sets, pods } = observed;
    let status = &deployment["status"];
    if status["observedGeneration"].as_u64().unwrap_or(0) < deployment["metadata"]["generation"].as_u64().unwrap_or(1) {
        return Verdict::Waiting("the controller has not seen the change yet".to_owned());
    }
    if deployment["spec"]["paused"] == true {
        return doomed("the deployment is paused: resume it with `kubectl rollout resume`");
    }
    let Some(newest) = newest(deployment, replica_sets) else {
        // Without a ReplicaSet, only the deployment can say why.
        let asked = || Verdict::Waiting("no pods have been requested yet".to_owned());
        return failing(deployment, None).unwrap_or_else(asked);
    };
    let set = newest["metadata"]["uid"].as_str();
    let new: Vec<&Value> = pods.iter().filter(|pod| owner(pod) == set && !pods::is_over(pod)).collect();
    // A pod shows more than the deployment, whose deadline ends long after a pod has shown the problem.
    if let Some((pod, why)) = new.iter().find_map(|pod| Some((pod, pods::doom(pod)?))) {
        return Verdict::Doomed { why, pod: Some(name(pod)) };
    }
    if let Some(verdict) = failing(deployment, Some(newest)) {
        return verdict;
    }
    if let Some(progress) = unfinished(deployment, &new) {
        return Verdict::Waiting(progress);
    }
    let other = digest.and_then(|digest| Some((digest, new.iter().find(|pod| !pods::runs(pod, digest))?)));
    match other {
        Some((digest, pod)) => Verdict::Doomed {
            why: format!("pod {} runs {} instead of the image {digest}", name(pod), pods::images(pod)),
            pod: Some(name(pod)),
        },
        None => Verdict::Done { pods: new.iter().map(|pod| (name(pod), pods::restarts(pod))).collect() },
    }
}

/// What is missing according to the counts, as `2 of 3 pods are new`.
fn unfinished(deployment: &Value, new: &[&Value]) -> Option<String> {
    let status = &deployment["status"];
    let count = |key: &str| status[key].as_u64().unwrap_or(0);
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let waits = new.iter().find_map(|pod| pods::waits_for(pod)).map(|why| format!(": {why}")).unwrap_or_default();
    if count("updatedReplicas") < wanted {
        return Some(format!("{} of {wanted} pods are new{waits}", count("updatedReplicas")));
    }
    if count("replicas") > count("updatedReplicas") {
        let old = usize::try_from(count("replicas") - count("updatedReplicas")).unwrap_or(usize::MAX);
        let old = text::count(old, "old pod");
        return Some(format!("{old} still running{waits}"));
    }
    if count("availableReplicas") < wanted {
        return Some(format!("{} of {wanted} pods are available{waits}", count("availableReplicas")));
    }
    // The counts are the controller's, the pods the cluster's: they may be a moment apart.
    let running = new.iter().filter(|pod| pods::is_ready(pod)).count() as u64;
    (running < wanted).then(|| format!("{running} of {wanted} pods are ready{waits}"))
}

/// The problem that the conditions report for a stuck rollout. For a moment after a change the deployment still has
/// those of an older `ReplicaSet`, which do not count.
fn failing(deployment: &Value, newest: Option<&Value>) -> Option<Verdict> {
    let message = |condition: &Value| condition["message"].as_str().unwrap_or("it does not say why").to_owned();
    let unmade = condition(newest.unwrap_or(deployment), "ReplicaFailure");
    let unmade = unmade.filter(|condition| condition["status"] == "True").map(message);
    let late = condition(deployment, "Progressing")
        .filter(|condition| condition["reason"] == "ProgressDeadlineExceeded")
        .map(message)
        .filter(|message| newest.is_none_or(|set| !message.contains("ReplicaSet") || message.contains(&name(set))));
    match (unmade, late) {
        // The other services being rolled out free up room for it when they are done.
        (Some(quota), None) if quota.contains("exceeded quota") => {
            Some(Verdict::Waiting(format!("no pod can be created yet: {quota}")))
        }
        (Some(unmade), _) => Some(doomed(&format!("no pod can be created: {unmade}"))),
        (None, late) => late.map(|late| doomed(&format!("the deployment's deadline has passed: {late}"))),
    }
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// The `ReplicaSet` of the latest write: the owned one with the deployment's own revision.
fn newest<'a>(deployment: &Value, replica_sets: &'a [Value]) -> Option<&'a Value> {
    let revision = |object: &Value| object["metadata"]["annotations"]["deployment.kubernetes.io/revision"].clone();
    let uid = deployment["metadata"]["uid"].as_str();
    replica_sets.iter().find(|set| owner(set) == uid && revision(set) == revision(deployment))
}

/// The uid of the controller that an object belongs to.
fn owner(object: &Value) -> Option<&str> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)?["uid"].as_str()
}

fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

fn doomed(why: &str) -> Verdict {
    Verdict::Doomed { why: why.to_owned(), pod: None }
}

#[cfg(test)]
mod tests;
