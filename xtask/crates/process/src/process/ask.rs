//! Children outside of a task: a short question to a program, a command whose output people watch.
//!
//! They are supervised like the children of tasks, except that they follow the order to stop everything, and that a
//! caller waiting for one does not continue once xtask is about to end.

use super::leftovers::{LOOK_AGAIN, SUB};
use super::limits::{Farewell, Limits};
use super::spawn::Streams;
use super::supervise::Supervisor;
use super::table::{self, Process};
use super::{Child, End, Ended, LINE_CAP, Level, Listener, MARKER, Signal, Stop, Surroundings};
use std::cell::RefCell;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use xtask_core::command::{Command, Stream};
use xtask_core::error::Result;
use xtask_core::text;

/// How long such a child may take to end once it was asked to. GitHub kills everything about ten seconds after a run was
/// cancelled.
const GRACE: Duration = Duration::from_secs(5);

/// How many of them are running.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
/// Numbers them.
static STARTED: AtomicUsize = AtomicUsize::new(0);
/// Each passes it before its caller continues. Once closed, it stays closed for the rest of this process's life.
static GATE: Mutex<()> = Mutex::new(());
static EVERYTHING: LazyLock<Stop> = LazyLock::new(Stop::new);

thread_local! {
    /// The marker of the task that this thread performs.
    static TASK: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does `work` for the task with this marker: children that it asks on this thread carry the marker, so that they are
/// found as part of the task even when this process is killed.
pub fn as_task<T>(marker: &str, work: impl FnOnce() -> T) -> T {
    let _before = Before(TASK.replace(Some(marker.to_owned())));
    work()
}

/// Restores the marker that a thread had before, even after a panic.
struct Before(Option<String>);

impl Drop for Before {
    fn drop(&mut self) {
        TASK.set(self.0.take());
    }
}

fn gate() -> MutexGuard<'static, ()> {
    GATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The order to stop everything that this process has started. One per process: a signal is for all of it.
pub fn everything() -> &'static Stop {
    &EVERYTHING
}

/// A question to a program.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What to run.
    pub command: &'a Command,
    /// What it does not inherit unchanged. Secrets are redacted in its standard error, never in the answer.
    pub surroundings: &'a Surroundings,
    /// Its standard input.
    pub input: &'a [u8],
    /// How long it may take, not counting the time that xtask is stopped.
    pub limit: Duration,
    /// The most bytes of each stream that are read. A program that prints more is stopped.
    pub enough: usize,
}

/// What a program said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its standard output.
    pub out: Vec<u8>,
    /// Its standard error.
    pub err: String,
}

impl Answer {
    /// Its standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The program could not be started.
    NotStarted(String),
    /// It was not done in time.
    TooSlow(Duration),
    /// It printed more than this many bytes.
    TooMuch(usize),
    /// xtask was stopped meanwhile.
    Stopped,
    /// It ended with an error, or by a signal.
    Failed {
        /// How.
        end: End,
        /// The last line that it printed, on standard error if there is one.
        last: String,
        /// Everything that it printed.
        said: Answer,
    },
}

impl Silence {
    /// What went wrong, as a sentence fragment about the program.
    pub fn why(&self) -> String {
        match self {
            Self::NotStarted(why) => format!("it cannot be started: {why}"),
            Self::TooSlow(limit) => format!("it gave no answer within {}", text::duration(*limit)),
            Self::TooMuch(enough) => format!("it printed more than {enough} bytes"),
            Self::Stopped => "it was stopped with xtask".to_owned(),
            Self::Failed { end, last, .. } if last.is_empty() => format!("it {end}"),
            Self::Failed { end, last, .. } => format!("it {end}: {last}"),
        }
    }
}

/// Runs a command without the variables `unset`, and reads what it says: at most `enough` bytes of each stream, and for
/// no longer than `limit`.
pub fn answer(command: &Command, unset: &[String], limit: Duration, enough: usize) -> Result<Answer, Silence> {
    let surroundings = &Surroundings { remove: unset.to_vec(), ..Surroundings::default() };
    ask(&Question { command, surroundings, input: &[], limit, enough })
}

/// Runs a command and reads what it says.
pub fn ask(question: &Question) -> Result<Answer, Silence> {
    // Redacting a secret in an answer would change the answer.
    let surroundings = Surroundings { secrets: super::Secrets::default(), ..question.surroundings.clone() };
    let mut said = Said { bytes: Default::default(), enough: question.enough };
    let streams = Streams::Supervisor { input: question.input };
    let ended = perform(question.command, &surroundings, question.limit, streams, &mut said);
    let end = ended.map_err(|error| Silence::NotStarted(error.causes()))?.end;
    if said.is_full() {
        return Err(Silence::TooMuch(question.enough));
    }
    let [out, err] = said.bytes;
    let answer = Answer { out, err: question.surroundings.secrets.hide(&String::from_utf8_lossy(&err)) };
    match end {
        End::Exited(0) => Ok(answer),
        End::TimedOut => Err(Silence::TooSlow(question.limit)),
        End::Cancelled => Err(Silence::Stopped),
        End::Exited(_) | End::Signaled(_) => {
            let out = answer.text();
            let last = [&answer.err, &out].into_iter().find_map(|text| text.lines().rfind(|it| !it.trim().is_empty()));
            let last = text::sanitise(last.unwrap_or_default().trim());
            Err(Silence::Failed { end, last, said: answer })
        }
    }
}

/// Runs a command whose output people watch: both of its streams are xtask's standard error. It has no time limit.
pub fn run_on_screen(command: &Command, surroundings: &Surroundings) -> Result<End> {
    let ended = perform(command, surroundings, Duration::MAX, Streams::Screen, &mut |_: Stream, _: &[u8]| ())?;
    Ok(ended.end)
}

/// Whether any of them is running.
pub fn is_asking() -> bool {
    RUNNING.load(Ordering::Acquire) > 0
}

/// Stops them all because xtask is about to end, and returns when none of them is left. Nothing new starts then, and a
/// caller that waits for one does not continue: there is nothing left to do but to end.
pub fn stop_asking() {
    std::mem::forget(gate());
    everything().raise(Level::Terminate);
    while is_asking() {
        thread::sleep(LOOK_AGAIN);
    }
}

fn perform(
    command: &Command,
    surroundings: &Surroundings,
    timeout: Duration,
    streams: Streams,
    listener: &mut dyn Listener,
) -> Result<Ended> {
    let child = Child {
        command,
        surroundings,
        marker: &marker(),
        log: Path::new("/dev/null"),
        log_cap: u64::MAX,
        line_cap: LINE_CAP,
        every_line: false,
        timeout,
        grace: GRACE,
        stop: everything(),
        user: None,
        jobserver: None,
    };
    let farewell = Farewell { signal: Signal::TERM, to_group: true, grace: GRACE };
    RUNNING.fetch_add(1, Ordering::AcqRel);
    let _running = Running;
    if child.stop.level() > Level::None {
        return Ok(Ended::before_the_start());
    }
    Supervisor::start(&child, Limits::new(&child, child.stop.clone(), farewell), streams)?.supervise(listener)
}

/// A marker of its own for each of them. It begins with that of the task that asks, or of the task of another run that
/// has started this process.
fn marker() -> String {
    static OURS: LazyLock<String> = LazyLock::new(|| {
        let ours = Process::read(table::own_pid()).and_then(|own| own.variable(MARKER));
        ours.unwrap_or_else(|| "asked:".to_owned())
    });
    let of = TASK.with_borrow(Clone::clone).unwrap_or_else(|| OURS.clone());
    format!("{of}{SUB}{}.{}", table::own_pid(), STARTED.fetch_add(1, Ordering::Relaxed))
}

/// Takes one off [`RUNNING`], and then waits at the [`GATE`].
struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
        drop(gate());
    }
}

/// What has been read of both streams.
struct Said {
    bytes: [Vec<u8>; 2],
    enough: usize,
}

impl Listener for Said {
    fn lines(&mut self, _: Stream, _: &[u8]) {}

    fn bytes(&mut self, stream: Stream, bytes: &[u8]) {
        if !self.is_full() {
            self.bytes[stream as usize].extend_from_slice(bytes);
        }
    }

    fn is_full(&self) -> bool {
        self.bytes.iter().any(|bytes| bytes.len() > self.enough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_carry_the_mark_of_the_task_on_this_thread_until_it_ends() {
        let before = marker();
        let within = as_task("run:outer", || (as_task("run:inner", marker), marker()));
        assert!(within.0.starts_with("run:inner+") && within.1.starts_with("run:outer+"), "{within:?}");
        std::panic::catch_unwind(|| as_task("run:task", || panic!("a bug"))).expect_err("it panics");
        assert_eq!(marker().split(SUB).next(), before.split(SUB).next());
    }

    #[test]
    fn an_answer_is_what_was_printed_byte_for_byte_and_only_standard_error_is_redacted() {
        let secrets = super::super::Secrets::new([b"hunter2".to_vec()]);
        let surroundings = Surroundings { secrets, ..Surroundings::default() };
        let command = Command::new("sh", "/").args(["-c", "tr a b; echo hunter2 >&2"]);
        let question = Question {
            command: &command,
            surroundings: &surroundings,
            input: b"hunter2\r\na\n\n",
            limit: Duration::from_secs(60),
            enough: 100,
        };
        let answer = ask(&question).expect("it answers");
        assert_eq!((answer.out.as_slice(), answer.err.as_str()), (&b"hunter2\r\nb\n\n"[..], "***\n"));
        let endless = Question { command: &Command::new("yes", "/"), ..question };
        assert_eq!(ask(&endless), Err(Silence::TooMuch(100)));
    }
}
