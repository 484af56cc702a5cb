//! A directory of its own for a test, and the real xtask run in it with surroundings that the test controls.

#![expect(clippy::disallowed_methods, reason = "a test stands outside of xtask, and starts it as a user would")]

mod output;
mod redact;
mod summary;

pub use output::Output;
pub use summary::counts;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The program of xtask.
pub const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// A directory of its own. Dropped, it is removed.
pub struct Sandbox {
    dir: tempfile::TempDir,
    vars: BTreeMap<String, OsString>,
}

impl Sandbox {
    /// An empty directory. xtask will find cargo, its own tools and nothing of the surroundings' wishes: no `CI`, no
    /// colours.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let real = |name: &str, fallback: &str| {
            let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
            std::env::var_os(name).unwrap_or_else(|| home.join(fallback).into_os_string())
        };
        let cache = std::env::var_os("XTASK_CACHE_DIR").or_else(|| {
            let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            base.map(|base| base.join("cargo-xtask").into_os_string())
        });
        let mut vars = BTreeMap::from([
            ("CARGO_HOME".to_owned(), real("CARGO_HOME", ".cargo")),
            ("RUSTUP_HOME".to_owned(), real("RUSTUP_HOME", ".rustup")),
            ("XTASK_CACHE_DIR".to_owned(), cache.unwrap_or_else(|| real("", ".cache/cargo-xtask"))),
            ("HOME".to_owned(), dir.path().join("home").into_os_string()),
            ("LANG".to_owned(), "C.UTF-8".into()),
            // The same on every machine: an engine may be there or not.
            ("XTASK_BUILDER".to_owned(), "oci".into()),
        ]);
        // The tests' own cargo knows which toolchain this is; a directory elsewhere has no file that says so.
        vars.extend(std::env::var_os("RUSTUP_TOOLCHAIN").map(|toolchain| ("RUSTUP_TOOLCHAIN".to_owned(), toolchain)));
        let sandbox = Self { dir, vars };
        fs::create_dir_all(sandbox.path().join("home")).expect("a home");
        fs::create_dir_all(sandbox.path().join("bin")).expect("a directory for stubs");
        sandbox
    }

    /// A workspace of services under `services/`, each with one good unit test and one good doc test, and a lock file;
    /// formatted, without lints, without dependencies.
    pub fn with_services(names: &[&str]) -> Self {
        let sandbox = Self::new();
        sandbox.file("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"services/*\"]\n");
        for name in names {
            sandbox.service(name);
        }
        sandbox
    }

    /// Adds a service.
    pub fn service(&self, name: &str) -> &Self {
        let under = name.replace('-', "_");
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        self.file(&format!("services/{name}/Cargo.toml"), &manifest);
        self.file(&format!("services/{name}/src/lib.rs"), &library(&under));
        self.file(&format!("services/{name}/src/main.rs"), &format!("fn main() {{\n    {under}::twice(1);\n}}\n"))
    }

    /// Says in the manifest of a service which servers it needs.
    pub fn needs(&self, service: &str, servers: &[&str]) -> &Self {
        let table = format!("\n[package.metadata.xtask.service]\nneeds = {servers:?}\n");
        self.append(&format!("services/{service}/Cargo.toml"), &table)
    }

    /// The directory of the workspace.
    pub fn root(&self) -> PathBuf {
        self.path().join("w")
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file of the workspace.
    pub fn file(&self, path: &str, text: &str) -> &Self {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("it lies in the workspace")).expect("its directory");
        fs::write(path, text).expect("the file");
        self
    }

    /// Reads a file of the workspace.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap_or_else(|error| panic!("read {path}: {error}"))
    }

    /// Adds a text to the end of a file of the workspace.
    pub fn append(&self, path: &str, text: &str) -> &Self {
        self.file(path, &(self.read(path) + text))
    }

    /// Puts a program in front of `PATH`: a shell script of this body.
    pub fn stub(&self, name: &str, body: &str) -> &Self {
        let path = self.path().join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("the stub");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it may be executed");
        self
    }

    /// Makes the lock file, which a checkout usually has.
    #[track_caller]
    pub fn lock(&self) -> &Self {
        self.paste("cargo generate-lockfile --offline").exits(0);
        self
    }

    /// Makes the workspace a git checkout with one commit.
    pub fn commit(&self) -> &Self {
        self.file(".gitignore", "/target/\n");
        commit_all(&self.root());
        self
    }

    /// Makes a git repository beside the workspace, with one commit of these files; its path.
    pub fn repository(&self, name: &str, files: &[(&str, &str)]) -> String {
        let at = self.path().join(name);
        for (path, text) in files {
            let path = at.join(path);
            fs::create_dir_all(path.parent().expect("it lies in the repository")).expect("its directory");
            fs::write(path, text).expect("the file");
        }
        commit_all(&at);
        at.to_string_lossy().into_owned()
    }

    /// A variable for xtask.
    pub fn var(&mut self, name: &str, value: impl Into<OsString>) -> &mut Self {
        self.vars.insert(name.to_owned(), value.into());
        self
    }

    /// xtask with these arguments in the workspace, ready to be started.
    pub fn command(&self, args: &[&str]) -> Command {
        self.command_of(Path::new(XTASK), args)
    }

    /// The same with another file of xtask's program.
    pub fn command_of(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        let mut path = vec![self.path().join("bin")];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        command
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("PATH", std::env::join_paths(path).expect("no colon in a directory's name"))
            .envs(&self.vars)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// A line as a user would paste it into a shell at the workspace's root, with the surroundings of xtask.
    pub fn paste(&self, line: &str) -> Output {
        let xtask = self.command(&[]);
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.root()).env_clear();
        shell.envs(xtask.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let child = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        self.wait(child.expect("a shell starts"))
    }

    /// Runs xtask with these arguments to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        let child = self.command(args).spawn().expect("xtask starts");
        self.wait(child)
    }

    /// Waits for an xtask that was started by hand.
    pub fn wait(&self, child: Child) -> Output {
        use std::os::unix::process::ExitStatusExt as _;
        let output = child.wait_with_output().expect("xtask ends");
        Output {
            stdout: self.redact(&String::from_utf8_lossy(&output.stdout)),
            stderr: self.redact(&String::from_utf8_lossy(&output.stderr)),
            code: output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
        }
    }

    /// A text without what differs from run to run: the directory, the run's id, times, commits, hashes of files.
    pub fn redact(&self, text: &str) -> String {
        let text =
            text.replace(&*self.root().to_string_lossy(), "/w").replace(&*self.path().to_string_lossy(), "/sandbox");
        redact::runs_and_times(&text)
    }
}

/// The cargo behind the stub.
pub fn cargo_behind() -> PathBuf {
    let path = std::env::var_os("PATH").expect("a PATH");
    std::env::split_paths(&path)
        .map(|directory| directory.join("cargo"))
        .find(|file| file.is_file())
        .expect("cargo is on it")
}

/// Makes a directory a git repository with one commit of all that lies there.
fn commit_all(at: &Path) {
    for args in
        [&["init", "--quiet", "--initial-branch=main"][..], &["add", "--all"], &["commit", "--quiet", "-m", "all"]]
    {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let git = Command::new("git").current_dir(at).args(identity).args(args).status().expect("git runs");
        assert!(git.success(), "git {args:?}");
    }
}

fn library(name: &str) -> String {
    format!(
        "//! {name}.\n\n/// Twice.\n///\n/// ```\n/// assert_eq!({name}::twice(2), 4);\n/// ```\npub fn twice(n: u32) -> u32 {{\n    \
         n * 2\n}}\n\n#[cfg(test)]\nmod tests {{\n    #[test]\n    fn twice_doubles() {{\n        \
         assert_eq!(super::twice(2), 4);\n    }}\n}}\n"
    )
}
