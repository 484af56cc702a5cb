//! How many pods a `PodDisruptionBudget` lets go.

use super::{all, set_status};
use crate::objects::json::condition;
use crate::objects::kinds::named;
use crate::objects::owners::Writer;
use crate::objects::selector::Selector;
use crate::state::State;
use serde_json::{Value, json};

/// One round.
pub fn count(state: &mut State) {
    for (key, budget) in all(state, "poddisruptionbudgets") {
        let selector = Selector::of(&budget["spec"]["selector"]);
        let pods = state.store.list(named("pods"), &key.namespace).map(|(_, pod)| pod.as_ref());
        let pods: Vec<&Value> = pods.filter(|pod| selector.meets_labels(pod)).collect();
        let expected = count_of(&pods);
        let healthy = pods.iter().filter(|pod| condition(pod, "Ready") == "True").count();
        let healthy = i64::try_from(healthy).unwrap_or(i64::MAX);
        let least = match (budget["spec"].get("minAvailable"), budget["spec"].get("maxUnavailable")) {
            (Some(least), _) => share(least, expected),
            (None, Some(most)) => expected - share(most, expected),
            (None, None) => expected,
        };
        let status = json!({
            "expectedPods": expected, "currentHealthy": healthy, "desiredHealthy": least,
            "disruptionsAllowed": (healthy - least).max(0), "observedGeneration": budget["metadata"]["generation"],
        });
        set_status(state, &key, &budget, status, &Writer::controller("status"));
    }
}

fn count_of(pods: &[&Value]) -> i64 {
    i64::try_from(pods.len()).unwrap_or(i64::MAX)
}

/// A number, or a percentage, which rounds up.
fn share(value: &Value, of: i64) -> i64 {
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok());
    percent.map_or_else(|| value.as_i64().unwrap_or_default(), |percent| (percent * of + 99) / 100)
}
