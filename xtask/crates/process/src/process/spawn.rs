//! From a command as data to a running leader with its threads: one per stream that reads, one that waits for the end.
//!
//! It knows nothing about limits or logs: it sends what happens to the supervisor as messages.

use super::leftovers::{Kin, LOOK_AGAIN};
use super::table::Process;
use super::{Child, MARKER, children};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use xshell::{Shell, cmd};
use xtask_core::command::Stream;
use xtask_core::error::{Error, Result};

/// Bytes read at once; as much as a pipe holds.
const CHUNK: usize = 64 * 1024;

/// The most chunks that wait for the supervisor. A child that prints faster waits, as it would for a slow terminal.
const WAITING_CHUNKS: usize = 8;

/// Where the streams of a child lead.
#[derive(Clone, Copy)]
pub(super) enum Streams<'a> {
    /// What it prints, to the supervisor. These bytes are its standard input.
    Supervisor { input: &'a [u8] },
    /// What it prints, to xtask's own standard error.
    Screen,
}

impl Default for Streams<'_> {
    fn default() -> Self {
        Self::Supervisor { input: &[] }
    }
}

/// What the supervisor hears.
pub(super) enum Message {
    /// Bytes arrived on a stream.
    Output(Stream, Vec<u8>),
    /// A stream has ended: no process has it open any more.
    Closed,
    /// The leader has ended and can be reaped.
    Ended,
    /// The order to stop has been raised.
    Look,
}

/// A running child, the leader of its process group. Dropped before it was reaped, it is killed with its group, so
/// that a panic in xtask leaves no process behind.
pub(super) struct Leader {
    child: std::process::Child,
    pub(super) kin: Kin,
    reaped: bool,
}

/// Spawns the child of `of` in a group of its own and starts its threads.
pub(super) fn spawn(of: &Child, streams: Streams) -> Result<(Leader, Receiver<Message>, SyncSender<Message>)> {
    let mut command = build(of)?;
    let both = connect(&mut command, of, streams);
    let both =
        both.map_err(|err| Error::environment(format!("make a pipe for {}", of.command.program)).because(err))?;
    let child = start(&mut command).map_err(|err| explain(of, &err))?;
    // Its ends of the pipe would keep the stream open.
    drop(command);
    let pid = children::pid_of(&child);
    let since = Process::read(pid).map_or(0, |leader| leader.started);
    let kin = Kin { leader: pid, since, marker: of.marker.to_owned(), pipes: Vec::new() };
    let mut leader = Leader { child, kin, reaped: false };
    let (sender, messages) = sync_channel(WAITING_CHUNKS);
    if let (Some(stdin), Streams::Supervisor { input }) = (leader.child.stdin.take(), streams) {
        start_writer(stdin, input.to_vec());
    }
    if let Some(both) = both {
        leader.kin.pipes.extend(inode(&both));
        start_reader(Stream::Stdout, both, sender.clone());
    }
    if let Some(stdout) = leader.child.stdout.take() {
        leader.kin.pipes.extend(inode(&stdout));
        start_reader(Stream::Stdout, stdout, sender.clone());
    }
    if let Some(stderr) = leader.child.stderr.take() {
        leader.kin.pipes.extend(inode(&stderr));
        start_reader(Stream::Stderr, stderr, sender.clone());
    }
    let waiter = sender.clone();
    thread::spawn(move || {
        children::wait_for_end(pid);
        let _ = waiter.send(Message::Ended);
    });
    Ok((leader, messages, sender))
}

/// The command, built by xshell and completed where xshell has no method for it.
fn build(of: &Child) -> Result<Command> {
    let shell = Shell::new().map_err(|err| {
        Error::environment("find the current directory").because(err).hint("change to a directory that exists")
    })?;
    let (program, args) = (&of.command.program, &of.command.args);
    let mut command = Command::from(cmd!(shell, "{program} {args...}"));
    command.current_dir(&of.command.cwd);
    for name in &of.surroundings.remove {
        command.env_remove(name);
    }
    command.envs(of.surroundings.set.iter().map(|(name, value)| (name, value)));
    command.envs(&of.command.env).env(MARKER, of.marker);
    if let Some((user, group)) = of.user {
        command.uid(user).gid(group);
    }
    if let Some(jobserver) = of.jobserver {
        jobserver.configure(&mut command);
    }
    command.process_group(0);
    Ok(command)
}

/// Connects the streams. Where both are read as one, the end of their pipe is returned.
fn connect(command: &mut Command, of: &Child, streams: Streams) -> io::Result<Option<io::PipeReader>> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    match streams {
        Streams::Screen => {
            let screen = io::stderr().as_fd().try_clone_to_owned()?;
            command.stdout(screen.try_clone()?).stderr(screen);
        }
        Streams::Supervisor { .. } if of.command.one_stream => {
            let (reader, writer) = io::pipe()?;
            command.stdout(writer.try_clone()?).stderr(writer);
            return Ok(Some(reader));
        }
        Streams::Supervisor { input } if !input.is_empty() => drop(command.stdin(Stdio::piped())),
        Streams::Supervisor { .. } => {}
    }
    Ok(None)
}

/// Writes all of a child's standard input, however slowly it reads; a child that reads only some of it may.
fn start_writer(mut to: impl Write + Send + 'static, input: Vec<u8>) {
    thread::spawn(move || drop(to.write_all(&input)));
}

/// Spawns, and retries for a second while the program's file is open for writing elsewhere. That is often a sibling of
/// ours between its fork and its exec, which inherited the file of a tool that xtask has just written.
fn start(command: &mut Command) -> io::Result<std::process::Child> {
    for _ in 0..50 {
        match children::spawn(command) {
            Err(err) if err.kind() == io::ErrorKind::ExecutableFileBusy => thread::sleep(LOOK_AGAIN),
            started => return started,
        }
    }
    children::spawn(command)
}

/// Distinguishes a missing directory, a missing program and everything else; the kernel reports the first two the same
/// way.
fn explain(of: &Child, err: &io::Error) -> Error {
    let (program, cwd) = (&of.command.program, of.command.cwd.display());
    let error = Error::environment(format!("start {program} in {cwd}")).because(err);
    if !of.command.cwd.is_dir() {
        return error.detail("there is no such directory").hint("check that the checkout is complete");
    }
    match err.kind() {
        io::ErrorKind::NotFound => {
            error.detail("the program was not found").hint(format!("install {program}, or add its directory to PATH"))
        }
        io::ErrorKind::PermissionDenied => error.hint(format!("check that {program} may be executed by this user")),
        _ => error,
    }
}

/// Reads until no process has the stream open, or until the supervisor has gone.
fn start_reader(stream: Stream, mut from: impl Read + Send + 'static, to: SyncSender<Message>) {
    thread::spawn(move || {
        let mut chunk = vec![0; CHUNK];
        loop {
            match from.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) if to.send(Message::Output(stream, chunk[..length].to_vec())).is_err() => return,
                Err(err) if err.kind() != io::ErrorKind::Interrupted => break,
                Ok(_) | Err(_) => {}
            }
        }
        let _ = to.send(Message::Closed);
    });
}

/// The number under which `/proc` shows a pipe.
fn inode(pipe: impl AsFd) -> Option<u64> {
    rustix::fs::fstat(pipe).ok().map(|stat| stat.st_ino)
}

impl Leader {
    /// Its pid.
    pub(super) fn pid(&self) -> i32 {
        self.kin.leader
    }

    /// Signals the whole group, and wakes its stopped members, which would not hear anything else.
    ///
    /// Errors are not reported here: a process that cannot be signalled outlives its grace and is named then.
    pub(super) fn signal_group(&self, signal: Signal) {
        if let Some(group) = Pid::from_raw(self.pid()).filter(|_| !self.reaped) {
            let _ = kill_process_group(group, signal);
            let _ = kill_process_group(group, Signal::CONT);
        }
    }

    /// Signals the leader alone.
    pub(super) fn signal_leader(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid()).filter(|_| !self.reaped) {
            let _ = kill_process(pid, signal);
            let _ = kill_process(pid, Signal::CONT);
        }
    }

    /// Takes the status of a leader that has ended.
    pub(super) fn reap(&mut self) -> io::Result<ExitStatus> {
        self.reaped = true;
        children::reap(&mut self.child)
    }

    /// Gives up a leader that no signal ends, so that dropping it does not wait for it.
    pub(super) fn abandon(&mut self) {
        self.reaped = true;
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if !self.reaped {
            self.signal_group(Signal::KILL);
            children::wait_for_end(self.pid());
            super::leftovers::kill_all(|| self.kin.alive());
            let _ = self.reap();
        }
    }
}
