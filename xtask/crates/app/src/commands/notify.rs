//! `notify`: reports the result of a run to Slack, another webhook and GitHub's summary. Within a run it reports that
//! run, as far as it has got.

use super::records::{self, Latest, Story};
use super::{Session, nothing, warn};
use crate::cli;
use crate::secrets;
use std::path::{Path, PathBuf};
use xtask_cargo::metadata;
use xtask_core::error::{Exit, Result};
use xtask_core::ids::StageId;
use xtask_core::options::Tell;
use xtask_core::outcome::Policy;
use xtask_core::pipeline::NOTIFY;
use xtask_core::text;
use xtask_core::workspace::Workspace;
use xtask_engine::git;
use xtask_report::history::directory::Home;
use xtask_report::report::notice::{self, Notice};
use xtask_report::report::{Summary, markdown, merge};
use xtask_ship::notify::memory::{self, Compared, Told};
use xtask_ship::notify::webhook::Address;
use xtask_ship::notify::{NOTHING_SENT, SLACK, TOLD, WEBHOOK, curl};

/// A receiver of the notification.
enum Receiver {
    Slack(Address),
    Webhook(Address),
    /// The file that GitHub shows as the step's summary.
    Step(PathBuf),
}

/// `cargo xtask notify`.
pub(super) fn notify(args: &cli::Notify, session: &Session) -> Result<Exit> {
    let workspace = metadata::load::load(&session.environment)?;
    let config = session.config(&workspace)?;
    let Story { mut summary, goes_on } = records::story(&args.subject, Latest::Finished, session, &workspace)?;
    if goes_on {
        summary.pending.retain(|id| id.as_str() != NOTIFY);
        let policy = |id: &StageId| config.stage(id).map(|stage| stage.definition.policy);
        merge::judge(&mut summary, |id| policy(id).is_none_or(|policy| policy == Policy::Blocking));
    }
    let receivers = receivers(session, goes_on)?;
    if receivers.is_empty() && !args.dry_run {
        return Err(nothing("notify about the run: no webhook is set")
            .hint(format!("set {SLACK} or {WEBHOOK}; `--dry-run` shows what they would get")));
    }
    let path = Home::new(&workspace.target_dir).path().join("notified.ndjson");
    let told = told(&summary, branch(session, &workspace), session);
    let compared = memory::compare(&earlier(&path, session), &told);
    let notice = notice(&summary, &told, &compared, session);
    let unchanged = config.tell == Tell::Change && !compared.changed;
    let why = format!("{NOTHING_SENT}{}", as_before(&told, &compared));
    if args.dry_run {
        dry_run(&receivers, &notice, session);
        session.printer.say(if unchanged { &why } else { "dry run: nothing was sent" });
        return Ok(Exit::Ok);
    }
    if unchanged {
        session.printer.say(&why);
        remember(&path, &told, session);
        return Ok(Exit::Ok);
    }
    send(&receivers, &notice, session, || remember(&path, &told, session))
}

/// The receivers to notify. A run writes GitHub's summary by itself.
fn receivers(session: &Session, goes_on: bool) -> Result<Vec<Receiver>> {
    let var = |name: &str| session.environment.var(name);
    let address = |name: &str| var(name).map(|url| Address::parse(name, url)).transpose();
    let step = var("GITHUB_STEP_SUMMARY").filter(|_| !goes_on).map(PathBuf::from);
    let webhooks = [address(SLACK)?.map(Receiver::Slack), address(WEBHOOK)?.map(Receiver::Webhook)];
    Ok(webhooks.into_iter().chain([step.map(Receiver::Step)]).flatten().collect())
}

/// The branch, as GitHub names it or as git does. A pull request is on its own branch, not on the one of its merge.
fn branch(session: &Session, workspace: &Workspace) -> Option<String> {
    let named = ["GITHUB_HEAD_REF", "GITHUB_REF_NAME"].iter().find_map(|name| session.environment.var(name));
    let checked_out = || {
        let checkout = git::checkout(&workspace.root).unwrap_or_else(|error| {
            warn(&error, session);
            None
        });
        checkout?.branch
    };
    let branch = named.map(str::to_owned).or_else(checked_out);
    branch.map(|branch| secrets::of(&session.environment.vars).hide(&branch))
}

/// The line about this run.
fn told(summary: &Summary, branch: Option<String>, session: &Session) -> Told {
    Told {
        version: memory::VERSION,
        at: humantime::format_rfc3339_seconds(session.environment.now).to_string(),
        branch,
        event: summary.event.clone(),
        commit: summary.commit.clone(),
        run: summary.run.clone(),
        verdict: summary.verdict.clone(),
        duration_ms: summary.duration_ms,
    }
}

/// The notifications sent before. Failing to read them is no reason to send nothing.
fn earlier(path: &Path, session: &Session) -> Vec<Told> {
    memory::read(path).unwrap_or_else(|error| {
        warn(&error, session);
        Vec::new()
    })
}

fn remember(path: &Path, told: &Told, session: &Session) {
    if let Err(error) = memory::append(path, told) {
        warn(&error, session);
    }
}

fn notice<'a>(summary: &'a Summary, told: &Told, compared: &Compared, session: &Session) -> Notice<'a> {
    let var = |name: &str| session.environment.var(name);
    Notice {
        summary,
        branch: told.branch.clone(),
        page: notice::page(var("GITHUB_SERVER_URL"), var("GITHUB_REPOSITORY"), var("GITHUB_RUN_ID")),
        usual_ms: compared.usual_ms,
        before: compared.before.clone(),
        changed: compared.changed,
    }
}

fn as_before(told: &Told, compared: &Compared) -> String {
    let on = told.branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
    let after = compared.before.as_ref().map(|before| format!(" after {before}")).unwrap_or_default();
    format!("{}{after}{on} is no change (notify.on = \"change\")", told.verdict)
}

/// Prints the message for each receiver; where there is none, the message for each kind.
fn dry_run(receivers: &[Receiver], notice: &Notice<'_>, session: &Session) {
    let show = |receiver: &str, text: &str| {
        session.printer.say(&format!("{receiver} would get:"));
        session.printer.data(text);
    };
    let all = receivers.is_empty();
    let has = |wanted: fn(&Receiver) -> bool| all || receivers.iter().any(wanted);
    if has(|receiver| matches!(receiver, Receiver::Slack(_))) {
        show("Slack", &pretty(&notice.slack()));
    }
    if has(|receiver| matches!(receiver, Receiver::Webhook(_))) {
        show("the webhook", &pretty(&notice.json()));
    }
    if has(|receiver| matches!(receiver, Receiver::Step(_))) {
        show("GitHub's summary", &notice.markdown());
    }
}

fn pretty(json: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(json).ok();
    value.map_or_else(|| json.to_owned(), |value| format!("{value:#}"))
}

/// Notifies every receiver, even when one of them fails. `once` is called when a webhook was notified, or GitHub where
/// there is none: a change reported only in GitHub's summary would not reach any other receiver later.
fn send(receivers: &[Receiver], notice: &Notice<'_>, session: &Session, once: impl FnOnce()) -> Result<Exit> {
    let (mut told, mut errors) = (Vec::new(), Vec::new());
    for receiver in receivers {
        match receiver.take(notice) {
            Ok(()) => told.push(receiver),
            Err(error) => errors.push(error),
        }
    }
    if !told.is_empty() {
        session.printer.say(&format!("{TOLD}{}", text::list(told.iter().map(|receiver| receiver.name()))));
    }
    let is_step = |receiver: &Receiver| matches!(receiver, Receiver::Step(_));
    if told.iter().any(|receiver| !is_step(receiver) || receivers.iter().all(is_step)) {
        once();
    }
    let last = errors.pop();
    for error in errors {
        session.printer.say(&format!("error: {error}"));
    }
    last.map_or(Ok(Exit::Ok), Err)
}

impl Receiver {
    fn name(&self) -> &'static str {
        match self {
            Self::Slack(_) => "Slack",
            Self::Webhook(_) => "the webhook",
            Self::Step(_) => "GitHub's summary",
        }
    }

    fn take(&self, notice: &Notice<'_>) -> Result<()> {
        match self {
            Self::Slack(address) => curl::post(self.name(), SLACK, address, &notice.slack()),
            Self::Webhook(address) => curl::post(self.name(), WEBHOOK, address, &notice.json()),
            Self::Step(file) => markdown::append(file, &notice.markdown()),
        }
    }
}
