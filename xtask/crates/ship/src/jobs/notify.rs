//! The job that notifies the webhooks of the run that it belongs to.

use super::announce::{Announcement, Origin, Receiver};
use super::in_process::{self, Bench};
use super::report::so_far;
use crate::notify::curl::Call;
use crate::notify::{SENT, Webhooks};
use std::collections::BTreeMap;
use std::time::SystemTime;
use xtask_core::error::{Error, Result};
use xtask_core::ids::StageId;
use xtask_core::outcome::{Outcome, Policy};
use xtask_core::pipeline::NOTIFY;
use xtask_core::reading::Reading;
use xtask_core::text;
use xtask_engine::job::{Desk, Finished, Job};
use xtask_report::report::{Summary, merge};

/// Notifies every webhook that is set. GitHub's summary is not for this job: a run writes it when it ends.
#[derive(Clone, Debug)]
pub struct SendNotice {
    /// Where the notification comes from.
    pub origin: Origin,
    /// The policies of the stages, which decide the verdict so far.
    pub policies: BTreeMap<StageId, Policy>,
}

impl Job for SendNotice {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        in_process::perform(desk, |bench| self.notify(bench))
    }

    fn sentence(&self) -> Option<String> {
        Some("send the result of the run so far to the webhooks that are set".to_owned())
    }
}

impl SendNotice {
    fn notify(&self, bench: &Bench<'_>) -> Result<Finished> {
        let inputs = bench.inputs;
        let secrets = &inputs.surroundings.secrets;
        let mut summary = so_far(inputs);
        judge(&mut summary, &self.policies);
        let receivers = Receiver::webhooks(&Webhooks::of(|name| inputs.confidential.get(name)))?;
        let mut notes = Vec::new();
        let mut warn = |error: &Error| {
            let note = format!("{}; the verdict is not affected", error.line());
            bench.log.say(&format!("warning: {note}"));
            notes.push(note);
        };
        let now = SystemTime::now();
        let announced = Announcement::of(&summary, &self.origin, &inputs.root, now, secrets, &mut warn);
        if let Some(why) = announced.is_no_change() {
            let _ = announced.remember().inspect_err(&mut warn);
            bench.log.say(&why);
            return Ok(Finished::new(Reading { notes, ..Reading::because(Outcome::NothingToDo, why) }));
        }
        let call = Call { surroundings: inputs.surroundings.clone(), until: bench.until };
        let sent = announced.send(&receivers, &call, &mut warn);
        let sent_to = format!("{SENT}{}", text::list(&sent.to));
        if !sent.to.is_empty() {
            bench.log.say(&sent_to);
        }
        let mut finished = Finished::new(Reading::because(Outcome::Passed, sent_to));
        if let Some(first) = sent.errors.first() {
            let errors: Vec<String> = sent.errors.iter().map(|error| format!("error: {error}")).collect();
            let lines: Vec<String> = errors.iter().flat_map(|error| error.lines()).map(text::sanitise).collect();
            for line in &lines {
                bench.log.note(line);
            }
            finished = Finished { tail: lines, ..Finished::error(first) };
        }
        finished.reading.notes = notes;
        Ok(finished)
    }
}

/// Judges a run in progress as if it ended without this notification.
pub fn judge(summary: &mut Summary, policies: &BTreeMap<StageId, Policy>) {
    summary.pending.retain(|id| id.as_str() != NOTIFY);
    merge::judge(summary, |id| policies.get(id).is_none_or(|policy| *policy == Policy::Blocking));
}
