//! The life of one child as its supervisor sees it: running, asked to end, killed, ended, cleaned up after.
//!
//! All decisions are taken on one thread, between two messages; the threads that read and wait only send. It does not
//! know how a child is spawned, how leftovers are found, or what a line means.

use super::awake::awake;
use super::leftovers::{self, LOOK_AGAIN};
use super::limits::Limits;
use super::log::Log;
use super::mask::Masks;
use super::output::{Lines, TAIL_LINES, Tail};
use super::shared::Shared;
use super::spawn::{self, Leader, Message, Streams};
use super::stop::{Level, Subscription};
use super::{Child, End, Ended, Listener, children};
use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use xtask_core::command::Stream;
use xtask_core::error::{Error, Result};

/// How long the processes that a leader started may take to end after it, before they are killed and named: a
/// pipeline's last members are often a moment behind.
const SETTLE: Duration = Duration::from_millis(400);

/// How long the streams may stay open without a byte when no process is left that could write to them.
const SILENCE: Duration = Duration::from_millis(500);

/// More messages than can be on their way when nothing writes any more: full pipes, chunks in hand, a full channel.
/// This and not time decides whether a hidden process keeps writing, so a slow reader loses nothing.
const LEFT_OVER: usize = 128;

/// A grace that never runs out in practice, and that a clock can still be set to.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// The longest pause between two looks for leftovers that take their time: a look reads the whole process table.
const LOOK_AGAIN_AT_MOST: Duration = Duration::from_millis(160);

/// How long a leader may survive a kill before it is left alone: it belongs to another user, or waits for a dead disk.
const UNKILLABLE: Duration = Duration::from_secs(5);

/// A child, and everything that is known about it.
pub(super) struct Supervisor {
    leader: Leader,
    messages: Receiver<Message>,
    limits: Limits,
    _bells: [Subscription; 2],
    log: Log,
    masks: Masks,
    lines: Lines,
    tail: Tail,
    open_streams: u8,
    /// Whether the leader has ended; shared with the threads that watch a server.
    ended: Arc<AtomicBool>,
    leaked: Vec<String>,
    /// Shared memory of the processes that were killed.
    shared: Shared,
}

/// A child on its way out. Its times are by the clock of [`awake`]: its grace does not pass while xtask is stopped.
struct Stopping {
    why: End,
    /// When it is killed, if it has not ended.
    kill_at: Duration,
    killed: Option<Duration>,
}

impl Supervisor {
    /// Spawns the child.
    pub(super) fn start(child: &Child, limits: Limits, streams: Streams) -> Result<Self> {
        let log = Log::create(child.log, child.log_cap);
        let (leader, messages, sender) = spawn::spawn(child, streams)?;
        // A full channel needs no bell: the supervisor has messages to take, and looks at the level after each.
        let bells = limits.orders().map(|stop| {
            let sender = sender.clone();
            stop.subscribe(move || drop(sender.try_send(Message::Look)))
        });
        Ok(Self {
            leader,
            messages,
            limits,
            _bells: bells,
            log,
            masks: Masks::new(child.surroundings.secrets.clone()),
            lines: Lines::new(child.line_cap, (!child.every_line).then_some(TAIL_LINES)),
            tail: Tail::default(),
            open_streams: match streams {
                Streams::Screen => 0,
                Streams::Supervisor { .. } if child.command.one_stream => 1,
                Streams::Supervisor { .. } => 2,
            },
            ended: Arc::default(),
            leaked: Vec::new(),
            shared: Shared::default(),
        })
    }

    /// The leader's pid.
    pub(super) fn pid(&self) -> i32 {
        self.leader.pid()
    }

    /// Becomes true as soon as the leader has ended, while its leftovers are still being cleaned up.
    pub(super) fn ended(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.ended)
    }

    /// Sees the child through to its end.
    pub(super) fn supervise(mut self, listener: &mut dyn Listener) -> Result<Ended> {
        let stopping = self.until_ended(listener);
        let duration = self.limits.elapsed();
        self.clear_up(stopping.as_ref(), listener);
        self.drain(listener);
        let why = stopping.map(|stopping| stopping.why);
        let end = match (why, self.has_ended()) {
            (Some(why), false) => {
                self.leader.abandon();
                why
            }
            (why, _) => {
                let status = self.leader.reap().map_err(|err| {
                    Error::environment(format!("learn how process {} ended", self.leader.pid())).because(err)
                })?;
                why.unwrap_or_else(|| by_itself(status))
            }
        };
        std::mem::take(&mut self.shared).remove();
        Ok(self.conclude(end, duration, listener))
    }

    /// Takes messages until the leader has ended, and stops it when it is time. Returns why, if it had to.
    fn until_ended(&mut self, listener: &mut dyn Listener) -> Option<Stopping> {
        let mut stopping: Option<Stopping> = None;
        while !self.has_ended() {
            if stopping.is_none()
                && let Some(why) = self.limits.reached().or_else(|| listener.is_full().then_some(End::Cancelled))
            {
                // After xtask was stopped, a limit and the end may be found together. A child that has ended has kept
                // its limit.
                if children::has_ended(self.leader.pid()) {
                    self.take_one(None, listener);
                    continue;
                }
                stopping = Some(self.ask_to_end(why));
            }
            let wake = match &mut stopping {
                None => self.limits.deadline(),
                Some(stopping) => {
                    let now = awake();
                    if stopping.killed.is_none() && (self.limits.level() == Level::Kill || now >= stopping.kill_at) {
                        self.leader.kin.group().iter().for_each(|process| self.shared.note(process));
                        self.leader.signal_group(Signal::KILL);
                        stopping.killed = Some(now);
                    }
                    let end = stopping.killed.map_or(stopping.kill_at, |killed| killed + UNKILLABLE);
                    let late = stopping.killed.is_some() && now >= end;
                    let gone = late && children::has_ended(self.leader.pid());
                    if late && !gone {
                        self.leaked.push(format!("pid {}, could not be killed", self.leader.pid()));
                        break;
                    }
                    (!gone).then(|| instant(end))
                }
            };
            self.take_one(wake, listener);
        }
        stopping
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn ask_to_end(&self, why: End) -> Stopping {
        let farewell = self.limits.farewell();
        if farewell.to_group {
            self.leader.signal_group(farewell.signal);
        } else {
            self.leader.signal_leader(farewell.signal);
        }
        Stopping { why, kill_at: awake() + farewell.grace.min(FOR_EVER), killed: None }
    }

    /// Handles the processes that the leader started. They get the rest of its grace when it was stopped, and otherwise
    /// a moment; then they are killed and named.
    fn clear_up(&mut self, stopping: Option<&Stopping>, listener: &mut dyn Listener) {
        let settled = awake() + SETTLE;
        let patience = stopping.filter(|it| it.killed.is_none()).map_or(settled, |it| it.kill_at.max(settled));
        let mut pause = LOOK_AGAIN;
        while !self.leader.kin.alive().is_empty() {
            let until = if self.limits.level() == Level::Kill { settled } else { patience };
            if awake() >= until {
                let killed = leftovers::kill_all(|| self.leader.kin.alive());
                self.leaked.extend(killed.iter().map(leftovers::name));
                break;
            }
            let look_again = instant((awake() + pause).min(until));
            while self.take_one(Some(look_again), listener) {}
            pause = (pause * 2).min(LOOK_AGAIN_AT_MOST);
        }
        // Without a process table to read, this is all that can be done, and no process can be named.
        self.leader.signal_group(Signal::KILL);
    }

    /// Reads what is left in the streams. When they stay open, a hidden process holds them.
    fn drain(&mut self, listener: &mut dyn Listener) {
        let mut left = LEFT_OVER;
        while self.open_streams > 0 && left > 0 && self.take_one(Some(Instant::now() + SILENCE), listener) {
            left -= 1;
        }
        if self.open_streams == 0 {
            return;
        }
        let killed = leftovers::kill_all(|| self.leader.kin.holders());
        self.leaked.extend(killed.iter().map(leftovers::name));
        let until = Instant::now() + LOOK_AGAIN;
        while self.open_streams > 0 && self.take_one(Some(until), listener) {}
        if self.open_streams > 0 && killed.is_empty() {
            self.leaked.push("a process that cannot be found and keeps the output open".to_owned());
        }
    }

    /// Waits for one message until `wake` (`None`: for ever) and acts on it. `false` when the time was up first.
    fn take_one(&mut self, wake: Option<Instant>, listener: &mut dyn Listener) -> bool {
        let message = match wake {
            None => self.messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(wake) => {
                let left = wake.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return false;
                }
                self.messages.recv_timeout(left)
            }
        };
        match message {
            Ok(Message::Output(stream, bytes)) => {
                let bytes = self.masks.feed(stream, bytes);
                self.show(stream, &bytes, listener);
            }
            Ok(Message::Closed) => self.open_streams -= 1,
            Ok(Message::Ended) => self.ended.store(true, Ordering::Release),
            Ok(Message::Look) => {}
            // The bells keep the channel connected, so only time can be up.
            Err(_) => return false,
        }
        true
    }

    /// Hands bytes to everything that keeps or reads them.
    fn show(&mut self, stream: Stream, bytes: &[u8], listener: &mut dyn Listener) {
        self.log.write(bytes);
        listener.bytes(stream, bytes);
        let tail = &mut self.tail;
        self.lines.feed(stream, bytes, &mut |stream, lines| {
            tail.push_lines(lines, |_| true);
            listener.lines(stream, lines);
        });
        listener.pause();
    }

    fn conclude(mut self, end: End, duration: Duration, listener: &mut dyn Listener) -> Ended {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let held = self.masks.finish(stream);
            self.show(stream, &held, listener);
        }
        let mut tail = self.tail;
        let line_cut = self.lines.finish(&mut |stream, lines| {
            tail.push_lines(lines, |_| true);
            listener.lines(stream, lines);
        });
        listener.pause();
        // A capped log says so itself, and the lines have all been handed on.
        let (_, note) = self.log.finish();
        Ended {
            end,
            duration,
            leaked: self.leaked,
            cut: line_cut,
            tail: tail.lines(),
            notes: note.into_iter().collect(),
        }
    }
}

/// When the clock of [`awake`] reaches `time`, unless xtask is stopped meanwhile.
fn instant(time: Duration) -> Instant {
    Instant::now() + time.saturating_sub(awake())
}

/// The end of a child that xtask did not stop.
fn by_itself(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Signaled(signal.unwrap_or_default()),
    }
}
