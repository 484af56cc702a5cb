//! The leftovers of a killed run, apart from its processes: directories, containers, and databases in servers that
//! others run.
//!
//! Never touches anything that a live run uses: its directory's lock shows that it is live.

use super::client::Client;
use super::context::Context;
use super::docker::{self, LABEL};
use super::names;
use super::scratch::{Abandoned, Ledger};
use super::spec::ServerSpec;
use super::squatters;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use xtask_core::command::Command;
use xtask_core::text;
use xtask_process::process::{self, Child, End, Stop, Surroundings};

/// How long one `docker` command may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Removes the leftovers of the dead run `run` in `temp` and in Docker, and returns one line for each, for the user.
///
/// Call it after [`process::kill_survivors`], which finds more processes and reports which task they belong to. `path`
/// is where `docker` is looked for; `docker` is only called when that run had containers.
pub fn clean_after(run: &str, temp: &Path, path: &OsStr) -> Vec<String> {
    let mut said = Vec::new();
    for mut left in folders(temp).iter().flat_map(|temp| Abandoned::find(temp, Some(run))) {
        clean(&mut left, path, &mut said);
        said.extend(left.ledgers.iter().map(|ledger| {
            let databases = text::list(&ledger.databases);
            format!("the next run that is given {} drops {databases} there", ledger.address)
        }));
    }
    said
}

/// The same for every run whose owner is dead, whether or not it has a record: the record may be gone.
pub(super) fn clean_after_all(temp: &Path, path: &OsStr) -> Vec<String> {
    let mut said = Vec::new();
    for mut left in folders(temp).iter().flat_map(|temp| Abandoned::find(temp, None)) {
        if !left.is_ledger_only() {
            clean(&mut left, path, &mut said);
        }
    }
    said
}

fn clean(left: &mut Abandoned, path: &OsStr, said: &mut Vec<String>) {
    said.extend(squatters::evict(&left.path).iter().map(|name| format!("killed {name}")));
    if left.containers {
        match containers(&left.run, path) {
            Ok(removed) => said.extend(removed.into_iter().map(|id| format!("removed the container {id}"))),
            // The directory stays, so that the next run tries again.
            Err(why) => return said.push(format!("containers labelled {LABEL}={} may be left: {why}", left.run)),
        }
    }
    match left.remove() {
        Ok(()) if left.ledgers.is_empty() => said.push(format!("removed the directory {}", left.path.display())),
        Ok(()) => {}
        Err(why) => said.push(format!("could not remove {why}")),
    }
}

/// Drops the databases that dead runs left in the given server, now that it can be reached. Errors are not reported:
/// the ledger stays, and the next run tries again.
pub(super) fn drop_abandoned(context: &Context, spec: &ServerSpec, client: &Client) {
    let address = ledger_address(client);
    for mut left in folders(&context.request.temp).iter().flat_map(|temp| Abandoned::find(temp, None)) {
        let matches = |ledger: &Ledger| ledger.server == spec.name && ledger.address == address;
        let mine: Vec<Ledger> = left.ledgers.iter().filter(|ledger| matches(ledger)).cloned().collect();
        let dropped = |ledger: &Ledger| {
            let mut all = ledger.databases.iter();
            all.all(|database| matches!(client.run(context, spec, &spec.drop, database), Ok(Ok(()))))
        };
        let done: Vec<Ledger> = mine.into_iter().filter(dropped).collect();
        if !done.is_empty() {
            let _ = left.forget(|ledger| done.contains(ledger));
        }
    }
}

/// Which server a ledger is for: user and address.
pub(super) fn ledger_address(client: &Client) -> String {
    format!("{}@{}", client.outside.user, client.outside.address())
}

/// The directories that a start may have used: the one for temporary files, and the one that every user can reach.
fn folders(temp: &Path) -> Vec<PathBuf> {
    let mut folders = vec![temp.to_owned(), PathBuf::from(super::SHARED_TEMP)];
    folders.dedup();
    folders
}

/// Removes the containers with the run's label and returns their ids.
fn containers(run: &str, path: &OsStr) -> Result<Vec<String>, String> {
    let program = which::which_in("docker", Some(path), "/").map_err(|_| "no `docker` on PATH".to_owned())?;
    let client = Command::new(program.to_string_lossy(), "/");
    let filter = format!("label={LABEL}={run}");
    let ids = ask(&client.clone().args(["ps", "--all", "--quiet", "--filter", &filter]))?;
    for id in &ids {
        match ask(&client.clone().args(["rm", "--force", "--volumes", id])) {
            Err(why) if !docker::is_going(&why) => return Err(why),
            _ => {}
        }
    }
    Ok(ids)
}

/// The output lines of a command, or why it failed.
fn ask(command: &Command) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    let child = Child {
        command,
        surroundings: &Surroundings::default(),
        marker: &format!("cleaning:docker-{}", names::random(4).unwrap_or_default()),
        log: Path::new("/dev/null"),
        log_cap: 1024,
        line_cap: process::LINE_CAP,
        every_line: true,
        timeout: LIMIT,
        grace: Duration::from_secs(1),
        stop: &Stop::new(),
        user: None,
        jobserver: None,
    };
    let ended = process::run(&child, &mut |stream, line| {
        if stream == xtask_core::command::Stream::Stdout {
            lines.push(String::from_utf8_lossy(line).trim().to_owned());
        }
    });
    match ended {
        Ok(ended) if ended.end == End::Exited(0) => Ok(lines),
        Ok(ended) => Err(ended.tail.join("; ")),
        Err(error) => Err(error.to_string()),
    }
}
