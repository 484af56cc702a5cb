//! Asks a program a short question, such as its version, without trusting it to answer.
//!
//! A program that hangs is killed with everything it has started, as is one that runs when xtask is stopped; one that
//! prints without end is cut off. Nothing here knows what the answer means.

use super::places::Places;
use crate::process::Foreground;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;
use xshell::{Shell, cmd};

/// How much of an answer is read, in bytes.
const ENOUGH: u64 = 64 * 1024;

/// How long to wait for the rest of the output once the program and its group are gone.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a program said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The program could not be started.
    NotStarted(String),
    /// It was not done in time.
    TooSlow(Duration),
    /// It ended with an error, or by a signal.
    Failed {
        /// The exit status in words.
        status: String,
        /// The signal that ended it.
        signal: Option<i32>,
        /// The last line that it printed, on standard error if there is one.
        last: String,
        /// Everything that it printed on standard error.
        err: String,
    },
}

impl Silence {
    /// What went wrong, as a sentence fragment about the program.
    pub fn why(&self) -> String {
        match self {
            Self::NotStarted(why) => format!("it cannot be started: {why}"),
            Self::TooSlow(limit) => format!("it gave no answer within {}", crate::text::duration(*limit)),
            Self::Failed { status, last, .. } if last.is_empty() => format!("it ended with {status}"),
            Self::Failed { status, last, .. } => format!("it ended with {status}: {last}"),
        }
    }
}

/// Runs `program` with `args` in the workspace and reads what it says.
pub fn ask(program: &Path, args: &[&str], places: &Places) -> Result<Answer, Silence> {
    let not_started = |error: io::Error| Silence::NotStarted(error.to_string());
    let shell = Shell::new().map_err(io::Error::other).map_err(not_started)?;
    shell.change_dir(&places.root);
    let mut command = cmd!(shell, "{program} {args...}").env("PATH", &places.path);
    for name in &places.unset {
        command = command.env_remove(name);
    }
    answer(command.into(), places.patience, ENOUGH)
}

/// Runs a command and reads what it says: at most `enough` bytes of each stream, and for no longer than `limit`.
pub fn answer(mut command: Command, limit: Duration, enough: u64) -> Result<Answer, Silence> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let not_started = |error: io::Error| Silence::NotStarted(error.to_string());
    let mut child = Foreground::spawn(&mut command).map_err(not_started)?;
    let (out, err) = child.streams();
    let (out, err) = (reader(out, enough), reader(err, enough));
    let in_time = child.wait_at_most(limit);
    // Whatever it has started ends with it.
    child.kill_group();
    let status = child.reap().map_err(not_started)?;
    if !in_time {
        return Err(Silence::TooSlow(limit));
    }
    let text = |from: &Receiver<Vec<u8>>| {
        from.recv_timeout(LAST_WORDS).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    };
    let answer = Answer { out: text(&out), err: text(&err) };
    if status.success() {
        return Ok(answer);
    }
    let last =
        [&answer.err, &answer.out].into_iter().find_map(|text| text.lines().rfind(|line| !line.trim().is_empty()));
    let last = crate::text::sanitise(last.unwrap_or_default().trim());
    Err(Silence::Failed { status: words(status), signal: status.signal(), last, err: answer.err })
}

/// Reads a stream on a thread of its own, so that a full pipe never stops the program from ending.
///
/// When enough has been read, the stream is closed: a program that goes on printing gets a broken pipe.
fn reader(stream: Option<impl Read + Send + 'static>, enough: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            // What was read before an error still counts.
            stream.take(enough).read_to_end(&mut bytes).ok();
        }
        sender.send(bytes).ok();
    });
    receiver
}

/// An exit status in words: `exit code 3`, `signal 11`.
fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
