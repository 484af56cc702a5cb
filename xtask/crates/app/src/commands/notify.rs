//! `notify`: reports the result of a run to Slack, another webhook and GitHub's summary. Within a run it reports that
//! run, as far as it has got.

use super::records::{self, Latest, Story};
use super::{Session, nothing, warn};
use crate::cli;
use crate::secrets;
use std::path::PathBuf;
use std::time::Duration;
use xtask_cargo::metadata;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::text;
use xtask_process::process::Surroundings;
use xtask_report::report::notice::Notice;
use xtask_ship::jobs::announce::{Announcement, Origin, Receiver};
use xtask_ship::jobs::notify::judge;
use xtask_ship::notify::curl::Call;
use xtask_ship::notify::{NOTHING_SENT, SENT, SLACK, WEBHOOK, Webhooks};

/// `cargo xtask notify`.
pub(super) fn notify(args: &cli::Notify, session: &Session) -> Result<Exit> {
    let environment = &session.environment;
    let workspace = metadata::load::load(environment)?;
    let config = session.config(&workspace)?;
    let Story { mut summary, goes_on } = records::story(&args.subject, Latest::Finished, session, &workspace)?;
    if goes_on {
        judge(&mut summary, &config.policies());
    }
    let receivers = receivers(session, goes_on)?;
    if receivers.is_empty() && !args.dry_run {
        return Err(nothing("notify about the run: no webhook is set")
            .hint(format!("set {SLACK} or {WEBHOOK}; `--dry-run` shows what would be sent")));
    }
    let origin = Origin::of(environment, &workspace.target_dir, config.notify_on);
    let secrets = secrets::of(&environment.vars);
    let mut warn = |error: &Error| warn(error, session);
    let announced = Announcement::of(&summary, &origin, &workspace.root, environment.now, &secrets, &mut warn);
    let unchanged = announced.is_no_change().map(|why| format!("{NOTHING_SENT}{why}"));
    if args.dry_run {
        dry_run(&receivers, &announced.notice(), session);
        session.printer.say(unchanged.as_deref().unwrap_or("dry run: nothing was sent"));
        return Ok(Exit::Ok);
    }
    if let Some(why) = unchanged {
        session.printer.say(&why);
        let _ = announced.remember().inspect_err(&mut warn);
        return Ok(Exit::Ok);
    }
    let call = Call { surroundings: Surroundings::default(), until: Duration::MAX };
    let mut sent = announced.send(&receivers, &call, &mut warn);
    if !sent.to.is_empty() {
        session.printer.say(&format!("{SENT}{}", text::list(&sent.to)));
    }
    let last = sent.errors.pop();
    for error in sent.errors {
        session.printer.say(&format!("error: {error}"));
    }
    last.map_or(Ok(Exit::Ok), Err)
}

/// The receivers to notify. A run writes GitHub's summary by itself.
fn receivers(session: &Session, goes_on: bool) -> Result<Vec<Receiver>> {
    let var = |name: &str| session.environment.var(name);
    let step = var("GITHUB_STEP_SUMMARY").filter(|_| !goes_on).map(PathBuf::from);
    let webhooks = Receiver::webhooks(&Webhooks::of(var))?;
    Ok(webhooks.into_iter().chain(step.map(Receiver::Step)).collect())
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
