//! An xtask that still runs: what it has said so far, signals to it, and what it leaves behind in the sandbox.

use crate::support::sandbox::{Output, Sandbox};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use xtask_process::process::{kill_survivors, survivors};

/// How long a state may take to come about before the test has failed; only a bug ever waits that long.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long to wait between two looks at a state that nothing announces.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Numbers the files that runs write to.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// Waits until `state` holds, and fails the test when it never does.
#[track_caller]
pub fn wait_for(what: &str, mut state: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !state() {
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        std::thread::park_timeout(BETWEEN_LOOKS);
    }
}

/// A running xtask. Dropped, it is killed with everything that it has started.
pub struct Running<'a> {
    sandbox: &'a Sandbox,
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Sandbox {
    /// Starts xtask with these arguments, and lets it run.
    pub fn start(&self, args: &[&str]) -> Running<'_> {
        self.start_command(self.command(args))
    }

    /// Starts a command, which [`Sandbox::command`] has made, and lets it run. It writes to files, never held up.
    pub fn start_command(&self, mut command: Command) -> Running<'_> {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let [out, err] = ["out", "err"].map(|name| self.beside(&format!("{name}-{number}")));
        let file = |path| Stdio::from(fs::File::create(path).expect("a file for its output"));
        let child = command.stdout(file(&out)).stderr(file(&err)).spawn().expect("xtask starts");
        Running { sandbox: self, child, out, err }
    }

    /// A path in the sandbox, beside the workspace.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root().parent().expect("the workspace lies in the sandbox").join(name)
    }

    /// Whether a file has appeared beside the workspace.
    pub fn has(&self, name: &str) -> bool {
        self.beside(name).exists()
    }

    /// Adds a stage whose command is a shell script. The script runs in the workspace's root, so `../name` is what
    /// [`Sandbox::beside`] calls `name`. `keys` are lines of configuration.
    pub fn stage(&self, name: &str, keys: &str, script: &str) -> &Self {
        self.stub(&format!("stub-{name}"), script);
        let table = format!("[workspace.metadata.xtask.stages.{name}]\ncommand = [\"stub-{name}\"]\n{keys}\n");
        self.append("Cargo.toml", &table)
    }

    /// Makes a pipe beside the workspace: who reads it waits until [`Sandbox::open_gate`].
    pub fn gate(&self, name: &str) -> &Self {
        rustix::fs::mknodat(
            rustix::fs::CWD,
            self.beside(name),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o666),
            0,
        )
        .expect("a pipe");
        self
    }

    /// Lets who waits at a gate go on, or will in a moment; nobody coming fails the test.
    #[track_caller]
    pub fn open_gate(&self, name: &str) {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        wait_for("somebody at the gate", || {
            let gate = fs::OpenOptions::new().write(true).custom_flags(flags).open(self.beside(name));
            gate.is_ok_and(|mut gate| gate.write_all(b"go\n").is_ok())
        });
    }

    /// The id of the latest run.
    pub fn latest(&self) -> String {
        let link = fs::read_link(self.root().join("target/xtask/runs/latest")).expect("there was a run");
        link.to_string_lossy().into_owned()
    }

    /// A file of a run, in text.
    pub fn run_file(&self, run: &str, name: &str) -> String {
        self.read(&format!("target/xtask/runs/{run}/{name}"))
    }

    /// The events of a run of this kind.
    pub fn events(&self, run: &str, kind: &str) -> Vec<Value> {
        let record = self.run_file(run, "events.ndjson");
        let events = record.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is an event"));
        events.filter(|event| event["event"] == kind).collect()
    }
}

/// Fails the test unless nothing of a run is left: no process that carries its mark, no directory for temporary files.
#[track_caller]
pub fn assert_nothing_left(run: &str) {
    assert_eq!(survivors(run), [], "processes of {run}");
    assert_eq!(temporary_folders(run), [] as [PathBuf; 0], "directories of {run}");
}

/// The directories for temporary files of a run.
pub fn temporary_folders(run: &str) -> Vec<PathBuf> {
    let mut directories = vec![std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
    directories.dedup();
    let entries = directories.iter().filter_map(|directory| fs::read_dir(directory).ok()).flatten().flatten();
    let mine = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&format!("xtask-{run}")));
    mine.map(|entry| entry.path()).collect()
}

/// The argument lists of all living processes of a run, each with zeros between its words.
pub fn arguments(run: &str) -> Vec<Vec<u8>> {
    let read = |pid: i32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    survivors(run).iter().map(|process| read(process.pid)).collect()
}

impl Running<'_> {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> &Self {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a pid");
        kill_process(pid, signal).expect("it can be signalled");
        self
    }

    /// Waits until a file appears beside the workspace.
    #[track_caller]
    pub fn until_there(&self, name: &str) -> &Self {
        wait_for(&format!("{name}; so far:\n{}", self.said()), || self.sandbox.has(name));
        self
    }

    /// Waits until it has said this to people.
    #[track_caller]
    pub fn until_says(&self, text: &str) -> &Self {
        wait_for(text, || self.said().contains(text));
        self
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.err).expect("its stderr")).into_owned()
    }

    /// A line of its `/proc/PID/status` in kilobytes.
    pub fn memory(&self, line: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let value = status.lines().find_map(|it| it.strip_prefix(line)?.strip_prefix(':')).expect("the line is there");
        value.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(mut self) -> Output {
        use std::os::unix::process::ExitStatusExt as _;
        let mut ended = None;
        wait_for("its end", || {
            ended = self.child.try_wait().expect("it is our child");
            ended.is_some()
        });
        let status = ended.expect("it has ended");
        let text = |path| self.sandbox.redact(&String::from_utf8_lossy(&fs::read(path).expect("its output")));
        Output {
            stdout: text(&self.out),
            stderr: text(&self.err),
            code: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
            let runs = fs::read_dir(self.sandbox.root().join("target/xtask/runs")).into_iter().flatten().flatten();
            for run in runs.filter_map(|run| run.file_name().into_string().ok()) {
                kill_survivors(&run);
            }
        }
    }
}
