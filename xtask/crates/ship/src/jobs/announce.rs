//! A run as it is announced to others, by the task of the run or by the command that people type: what is said, to
//! which receivers, and what is remembered of it.

use crate::notify::curl::{self, Call};
use crate::notify::memory::{self, Compared, Notified};
use crate::notify::webhook::Address;
use crate::notify::{SLACK, WEBHOOK, Webhooks};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use xtask_core::error::{Error, Result};
use xtask_core::options::NotifyOn;
use xtask_engine::git;
use xtask_process::environment::Environment;
use xtask_process::process::Secrets;
use xtask_report::history::directory::Home;
use xtask_report::report::notice::{self, Notice};
use xtask_report::report::{Summary, markdown};

/// Where announcements of a checkout come from, and when there are any.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The branch, where GitHub names it.
    branch: Option<String>,
    /// Where GitHub shows the run.
    page: Option<String>,
    /// The log of earlier announcements.
    memory: PathBuf,
    /// Which runs are announced.
    when: NotifyOn,
}

impl Origin {
    /// The origin in these surroundings, for the checkout that builds to `target_dir`.
    pub fn of(environment: &Environment, target_dir: &Path, when: NotifyOn) -> Self {
        let var = |name: &str| environment.var(name);
        // A pull request is on its own branch, not on the one of its merge.
        let branch = ["GITHUB_HEAD_REF", "GITHUB_REF_NAME"].iter().find_map(|name| environment.var(name));
        Self {
            branch: branch.map(str::to_owned),
            page: notice::page(var("GITHUB_SERVER_URL"), var("GITHUB_REPOSITORY"), var("GITHUB_RUN_ID")),
            memory: Home::new(target_dir).path().join("notified.ndjson"),
            when,
        }
    }
}

/// A run, compared with those that were announced before.
pub struct Announcement<'a> {
    origin: &'a Origin,
    summary: &'a Summary,
    line: Notified,
    compared: Compared,
}

impl<'a> Announcement<'a> {
    /// The announcement of this run, whose workspace is at `root`. What could not be found out is passed to `warn`, and
    /// is no reason to announce nothing.
    pub fn of(
        summary: &'a Summary,
        origin: &'a Origin,
        root: &Path,
        now: SystemTime,
        secrets: &Secrets,
        warn: &mut dyn FnMut(&Error),
    ) -> Self {
        let checked_out = || git::checkout(root).map_err(|error| warn(&error)).ok()??.branch;
        let branch = origin.branch.clone().or_else(checked_out);
        let line = Notified {
            version: memory::VERSION,
            at: humantime::format_rfc3339_seconds(now).to_string(),
            branch: branch.map(|branch| secrets.hide(&branch)),
            event: summary.event.clone(),
            commit: summary.commit.clone(),
            run: summary.run.clone(),
            verdict: summary.verdict.clone(),
            duration_ms: summary.duration_ms,
        };
        let earlier = memory::read(&origin.memory).map_err(|error| warn(&error)).unwrap_or_default();
        let compared = memory::compare(&earlier, &line);
        Self { origin, summary, line, compared }
    }

    /// What it says.
    pub fn notice(&self) -> Notice<'_> {
        Notice {
            summary: self.summary,
            branch: self.line.branch.clone(),
            page: self.origin.page.clone(),
            usual_ms: self.compared.usual_ms,
            before: self.compared.before.clone(),
            changed: self.compared.changed,
        }
    }

    /// Why it is not sent: only changes are, and this is none.
    pub fn is_no_change(&self) -> Option<String> {
        let Notified { verdict, branch, .. } = &self.line;
        let on = branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
        let after = self.compared.before.as_ref().map(|before| format!(" after {before}")).unwrap_or_default();
        let skipped = self.origin.when == NotifyOn::Change && !self.compared.changed;
        skipped.then(|| format!("{verdict}{after}{on} is no change (notify.on = \"change\")"))
    }

    /// Remembers it for those after it.
    pub fn remember(&self) -> Result<()> {
        memory::append(&self.origin.memory, &self.line)
    }

    /// Sends it to every receiver, even when one of them fails, and remembers it when a webhook was notified, or GitHub
    /// where there is none: a change reported only in GitHub's summary would not reach any other receiver later.
    pub fn send(&self, receivers: &[Receiver], call: &Call, warn: &mut dyn FnMut(&Error)) -> Sent {
        let notice = self.notice();
        let mut sent = Sent::default();
        let mut counts = false;
        for receiver in receivers {
            match receiver.take(&notice, call) {
                Ok(()) => {
                    sent.to.push(receiver.name());
                    counts |= !receiver.is_step() || receivers.iter().all(Receiver::is_step);
                }
                Err(error) => sent.errors.push(error),
            }
        }
        if counts && let Err(error) = self.remember() {
            warn(&error);
        }
        sent
    }
}

/// What became of an announcement.
#[derive(Default)]
pub struct Sent {
    /// Those who have got it.
    pub to: Vec<&'static str>,
    /// Why the others have not.
    pub errors: Vec<Error>,
}

/// A receiver of announcements.
pub enum Receiver {
    /// A webhook that accepts what Slack's accepts.
    Slack(Address),
    /// One that accepts our own JSON.
    Webhook(Address),
    /// The file that GitHub shows as the step's summary.
    Step(PathBuf),
}

impl Receiver {
    /// The webhooks that are set.
    pub fn webhooks(webhooks: &Webhooks) -> Result<Vec<Self>> {
        let both = [webhooks.slack()?.map(Self::Slack), webhooks.other()?.map(Self::Webhook)];
        Ok(both.into_iter().flatten().collect())
    }

    /// Its name, for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Slack(_) => "Slack",
            Self::Webhook(_) => "the webhook",
            Self::Step(_) => "GitHub's summary",
        }
    }

    fn is_step(&self) -> bool {
        matches!(self, Self::Step(_))
    }

    fn take(&self, notice: &Notice<'_>, call: &Call) -> Result<()> {
        match self {
            Self::Slack(address) => curl::post(self.name(), SLACK, address, &notice.slack(), call),
            Self::Webhook(address) => curl::post(self.name(), WEBHOOK, address, &notice.json(), call),
            Self::Step(file) => markdown::append(file, &notice.markdown()),
        }
    }
}
