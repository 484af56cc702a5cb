//! Watches rollouts, all at once: one query a second, and a verdict for each service.

use super::failure::Failure;
use super::kubectl::Kubectl;
use super::live::{Live, generation};
use super::request::Said;
use super::rollout::Verdict;
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;
use xtask_process::process::awake;

/// The interval between two queries.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the others may continue once one service has failed: long enough to see which of them fail as well.
const AFTER_A_FAILURE: Duration = Duration::from_secs(20);

/// What is wrong with a service that is not what this run has written any more.
pub(super) const CHANGED_BY_OTHERS: &str = "someone else has changed it since";

/// The rollouts to wait for, and for how long.
pub(super) struct Watch {
    /// The services.
    pub(super) services: BTreeMap<String, Expected>,
    /// How long all of them may take together.
    pub(super) timeout: Duration,
    /// How long a finished rollout has to remain unchanged.
    pub(super) soak: Duration,
}

/// The wanted result of a service's rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// The digest that its pods must run; without one, any image will do.
    pub(super) digest: Option<String>,
    /// The generation that was written; a different one means that someone else changed it.
    pub(super) generation: u64,
}

/// How the rollout of a service has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It runs as wanted, and has remained so.
    Done,
    /// It does not: why, and the pod that shows it.
    Failed {
        /// The problem.
        why: String,
        /// The pod that shows it.
        pod: Option<String>,
    },
}

/// A service that is watched.
struct Row {
    expected: Expected,
    /// The last state that was reported.
    told: String,
    /// Since when it has been done, with the pods that it was done with.
    done: Option<(Duration, Vec<(String, u64)>)>,
}

impl Watch {
    /// Watches until each service has settled, and calls `settled` for each as soon as it has. `beat` is called between
    /// two queries. `Err`: the run was stopped, or the cluster can no longer be queried.
    pub(super) fn run(
        self,
        kubectl: &Kubectl,
        say: &mut dyn FnMut(Said),
        beat: &mut dyn FnMut() -> Result<(), Failure>,
        settled: &mut dyn FnMut(&str, Settled, &Live),
    ) -> Result<(), Failure> {
        let row = |expected| Row { expected, told: String::new(), done: None };
        let mut rows: BTreeMap<String, Row> =
            self.services.into_iter().map(|(service, expected)| (service, row(expected))).collect();
        let mut deadline = awake() + self.timeout;
        while !rows.is_empty() {
            beat()?;
            let live = match Live::rollouts(kubectl) {
                // A cluster that is away for a while is no failing service.
                Err(failure) if failure.passes() && awake() < deadline => {
                    say(Said::Line(format!("the cluster does not answer: {}", failure.line())));
                    continue;
                }
                live => live?,
            };
            let late = awake() >= deadline;
            let mut ended = Vec::new();
            for (service, row) in &mut rows {
                let verdict = row.expected.judge(&live, service);
                let line = line(&verdict);
                let end = row.look(verdict, self.soak, late);
                if row.told != line || end.is_some() {
                    let told = if end == Some(Settled::Done) { "done".to_owned() } else { line.clone() };
                    say(Said::Service { service: service.clone(), line: told, done: end.is_some() });
                    row.told = line;
                }
                ended.extend(end.map(|end| (service.clone(), end)));
            }
            for (service, end) in ended {
                rows.remove(&service);
                if end != Settled::Done {
                    deadline = deadline.min(awake() + AFTER_A_FAILURE);
                }
                settled(&service, end, &live);
            }
            if !rows.is_empty() {
                thread::sleep(PAUSE.min(self.soak.max(Duration::from_millis(100))));
            }
        }
        Ok(())
    }
}

impl Expected {
    fn judge(&self, live: &Live, service: &str) -> Verdict {
        let now = generation(live.deployment(service));
        if now > self.generation {
            let why = format!("{CHANGED_BY_OTHERS}: generation {now} instead of {}", self.generation);
            return Verdict::Doomed { why, pod: None };
        }
        live.judge(service, self.digest.as_deref())
    }
}

impl Row {
    /// Takes a verdict, and returns how the rollout has ended once it has.
    fn look(&mut self, verdict: Verdict, soak: Duration, late: bool) -> Option<Settled> {
        match verdict {
            Verdict::Doomed { why, pod } => Some(Settled::Failed { why, pod }),
            Verdict::Waiting(what) if late => Some(Settled::Failed { why: format!("timed out: {what}"), pod: None }),
            Verdict::Waiting(_) => {
                self.done = None;
                None
            }
            Verdict::Done { pods } => match &self.done {
                Some((since, same)) if *same == pods => {
                    (awake().saturating_sub(*since) >= soak).then_some(Settled::Done)
                }
                Some((_, before)) => {
                    // The soak time exists to catch a restart after everything was well.
                    let restarts = |pods: &[(String, u64)]| pods.iter().map(|(_, count)| count).sum::<u64>();
                    if restarts(&pods) > restarts(before) {
                        let pod = pods.first().map(|(name, _)| name.clone());
                        return Some(Settled::Failed {
                            why: "a pod restarted after it had been ready".to_owned(),
                            pod,
                        });
                    }
                    self.done = Some((awake(), pods));
                    None
                }
                None => {
                    self.done = Some((awake(), pods));
                    soak.is_zero().then_some(Settled::Done)
                }
            },
        }
    }
}

/// The state of a service, for people.
fn line(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Done { .. } => "all pods are ready; checking that they stay ready".to_owned(),
        Verdict::Waiting(what) => what.clone(),
        Verdict::Doomed { why, .. } => why.clone(),
    }
}
