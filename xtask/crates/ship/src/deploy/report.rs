//! The report of a deployment, from its journal. Pure.

use super::difference::Difference;
use super::journal::{Entry, Planned, Progress, progress};
use super::request::{End, Report, Request, State};
use std::collections::{BTreeMap, BTreeSet};

/// The state of every service, and the commands to type next.
pub(super) fn of(
    request: &Request,
    entries: &[Entry],
    difference: &Difference,
    diagnosis: Vec<String>,
    stopped: bool,
) -> Report {
    let progress = progress(entries);
    let left_alone = difference.left_alone.iter().map(|service| (service.clone(), State::LeftAlone));
    let mut services: Vec<(String, State)> = left_alone.chain(states(&progress, &difference.planned)).collect();
    services.sort_by(|(one, _), (other, _)| one.cmp(other));
    let end = ending(&services, stopped);
    let ended = entries.contains(&Entry::Ended);
    Report { next: next(&request.environment, end, ended), services, failed: failed(entries), diagnosis, end }
}

/// The services that failed, by name: the journal has them in the order in which they ended, which no two runs share.
fn failed(entries: &[Entry]) -> Vec<String> {
    let failed = entries.iter().filter_map(|entry| match entry {
        Entry::Settled { service, failure: Some(_) } => Some(service.clone()),
        _ => None,
    });
    failed.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The state of each service.
fn states(progress: &BTreeMap<String, Progress>, planned: &[Planned]) -> Vec<(String, State)> {
    let state = |planned: &Planned| match progress.get(&planned.service) {
        None | Some(Progress::Untouched) => State::Untouched,
        Some(Progress::Settled(_, None)) => State::Done,
        Some(Progress::Applying | Progress::Applied { .. } | Progress::Restoring) => State::Changed,
        Some(Progress::Settled(_, Some(why)) | Progress::Restored(Some(why))) => State::Broken { why: why.clone() },
        Some(Progress::Restored(None)) if planned.was_good => State::RolledBack,
        Some(Progress::Restored(None)) if planned.before().is_none() => State::Removed,
        Some(Progress::Restored(None)) => {
            State::Broken { why: "its previous state is restored, and that did not run well either".to_owned() }
        }
    };
    planned.iter().map(|planned| (planned.service.clone(), state(planned))).collect()
}

fn ending(services: &[(String, State)], stopped: bool) -> End {
    let any = |wanted: fn(&State) -> bool| services.iter().any(|(_, state)| wanted(state));
    if stopped {
        End::Stopped
    } else if any(|state| matches!(state, State::Broken { .. } | State::Changed)) {
        End::Broken
    } else if any(|state| *state == State::Untouched)
        && !any(|state| matches!(state, State::RolledBack | State::Removed | State::Done))
    {
        End::Untouched
    } else if any(|state| matches!(state, State::RolledBack | State::Removed | State::Untouched)) {
        End::RolledBack
    } else {
        End::Deployed
    }
}

/// The commands to type next. A deployment that has not `ended` can be resumed.
fn next(environment: &str, end: End, ended: bool) -> Vec<String> {
    let command = |words: &str| format!("cargo xtask {}", words.replace("ENV", environment));
    match end {
        End::Deployed => vec![command("smoke ENV")],
        End::Untouched => vec![command("deploy ENV --resume")],
        End::RolledBack => vec![command("status ENV")],
        End::Stopped => vec![command("deploy ENV --resume"), command("rollback ENV")],
        End::Broken if ended => vec![command("status ENV"), command("rollback ENV")],
        End::Broken => vec![command("status ENV"), command("deploy ENV --resume"), command("rollback ENV")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::{Broken, Changed, Done, LeftAlone, Removed, RolledBack, Untouched};

    #[test]
    fn the_worst_of_the_services_is_the_end_unless_the_run_was_stopped() {
        #[track_caller]
        fn case(states: &[State], wanted: End) {
            let services: Vec<(String, State)> = states.iter().map(|state| ("x".to_owned(), state.clone())).collect();
            assert_eq!(ending(&services, false), wanted, "{states:?}");
            assert_eq!(ending(&services, true), End::Stopped);
        }
        case(&[LeftAlone, Done], End::Deployed);
        case(&[LeftAlone, RolledBack, Removed, Untouched], End::RolledBack);
        case(&[LeftAlone, Untouched], End::Untouched);
        case(&[RolledBack, Broken { why: String::new() }], End::Broken);
        case(&[Done, Changed], End::Broken);
    }

    #[test]
    fn the_services_that_failed_are_in_the_same_order_whichever_ended_first() {
        let settled = |service: &str, failure: Option<&str>| Entry::Settled {
            service: service.to_owned(),
            failure: failure.map(str::to_owned),
        };
        let entries = [settled("user", Some("late")), settled("post", None), settled("auth", Some("late"))];
        assert_eq!(failed(&entries), ["auth", "user"]);
    }

    #[test]
    fn a_rollback_to_a_state_that_did_not_run_well_needs_manual_intervention() {
        let planned = |was_good| Planned { service: "a".to_owned(), changes: Vec::new(), generation: 1, was_good };
        let progress = BTreeMap::from([("a".to_owned(), Progress::Restored(None))]);
        assert_eq!(states(&progress, &[planned(true)])[0].1, RolledBack);
        let before = serde_json::json!({ "kind": "Deployment" });
        let changes = vec![super::super::journal::Change { wanted: None, before: Some(before) }];
        assert!(matches!(states(&progress, &[Planned { changes, ..planned(false) }])[0].1, Broken { .. }));
        assert_eq!(states(&progress, &[planned(false)])[0].1, Removed);
    }
}
