//! Real servers: started, used, broken and taken down. A test that this machine cannot run prints that it did not.

use super::scratch::Ledger;
use super::*;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use xtask_core::command::Command;
use xtask_process::process::{self, Child, End, Level, Surroundings};

/// A directory for temporary files, a run of its own, and the checks for when both are over.
struct Rig {
    temp: tempfile::TempDir,
    run: String,
}

impl Rig {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let temp = tempfile::tempdir().expect("a directory can be made");
        // The servers' user must reach it.
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).expect("the mode can be set");
        let run = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { temp, run }
    }

    fn request(&self, source: Source, servers: Vec<ServerSpec>) -> Request {
        Request {
            run: self.run.clone(),
            marker: format!("{}:integration-tests:servers", self.run),
            servers,
            services: vec!["auth-service".to_owned(), "user-service".to_owned()],
            source,
            given: BTreeMap::new(),
            path: path(),
            temp: self.scratch(),
            logs: None,
            surroundings: Surroundings::default(),
            limit: Duration::from_secs(60),
            grace: Duration::from_secs(5),
        }
    }

    fn start(&self, source: Source, servers: Vec<ServerSpec>) -> Result<Servers> {
        start(self.request(source, servers), &Stop::new())
    }

    /// The directory in which the starts of this rig create theirs.
    fn scratch(&self) -> PathBuf {
        let directory = self.temp.path().join("tmp");
        fs::create_dir_all(&directory).expect("the directory can be made");
        directory
    }

    /// A program of the test's own.
    fn script(&self, name: &str, text: &str) -> String {
        let file = self.temp.path().join(name);
        fs::write(&file, format!("#!/bin/bash\n{text}\n")).expect("the file can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("the mode can be set");
        file.to_string_lossy().into_owned()
    }

    #[track_caller]
    fn assert_nothing_left(&self) {
        assert_eq!(process::survivors(&self.run), []);
        let left: Vec<_> = fs::read_dir(self.scratch()).expect("the directory is there").flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests have no run that would hand them its surroundings")]
fn path() -> OsString {
    std::env::var_os("PATH").expect("there is a PATH")
}

fn postgres() -> Vec<ServerSpec> {
    vec![ServerSpec::built_in("postgres")]
}

fn table(name: &str, table: &Value) -> Vec<ServerSpec> {
    vec![ServerSpec::from_table(name, table).expect("the table is valid")]
}

/// Runs a client to its end and returns its output from both streams.
fn ask(program: &str, args: &[&str]) -> String {
    let command = Command::new(program, "/").args(args.iter().copied());
    let mut said = Vec::new();
    let marker = marker();
    let ended = process::run(&child(&command, &marker), &mut |_, line| {
        said.push(String::from_utf8_lossy(line).into_owned());
    });
    let exited = matches!(&ended, Ok(ended) if matches!(ended.end, End::Exited(_)));
    assert!(exited, "{program} is needed by this test: {ended:?}");
    said.join("\n")
}

/// Unique for every child: a process with the same marker as one that has ended is taken for its leftover.
fn marker() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("backing-test-{}:client-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn child<'a>(command: &'a Command, marker: &'a str) -> Child<'a> {
    static AROUND: std::sync::LazyLock<Surroundings> = std::sync::LazyLock::new(Surroundings::default);
    static STOP: std::sync::LazyLock<Stop> = std::sync::LazyLock::new(Stop::new);
    Child {
        command,
        surroundings: &AROUND,
        marker,
        log: Path::new("/dev/null"),
        log_cap: 1024,
        line_cap: process::LINE_CAP,
        every_line: true,
        timeout: Duration::from_secs(60),
        grace: Duration::from_secs(1),
        stop: &STOP,
        user: None,
        jobserver: None,
    }
}

fn sql(url: &str, query: &str) -> String {
    ask("psql", &["-XAtq", "-w", url, "-c", query])
}

#[track_caller]
fn failure(result: Result<Servers>) -> String {
    result.expect_err("the start fails").to_string()
}

mod docker_engine;
mod failing;
mod given;
mod killed;
mod running;
