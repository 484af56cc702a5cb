//! The other side of a push: a real registry and Amazon's interface, each as a process on loopback that ends with its
//! test.

#![expect(clippy::disallowed_methods, reason = "a test stands outside of xtask, and starts what it talks to")]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A registry that answers on loopback.
pub struct Registry {
    _process: Process,
    _data: tempfile::TempDir,
    /// `127.0.0.1:PORT`.
    pub host: String,
}

/// moto, which answers as Amazon does.
pub struct Amazon {
    _process: Process,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Registry {
    /// A registry for anybody, or for the users of these lines of a password file. `None`, and loudly, without the
    /// programs.
    pub fn start(users: Option<&str>) -> Option<Self> {
        if !has("docker-registry") || !has("skopeo") {
            return None;
        }
        let data = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str, text: &str| {
            std::fs::write(data.path().join(name), text).expect("the directory can be written to");
            data.path().join(name).display().to_string()
        };
        let mut config = format!(
            "version: 0.1\nlog: {{level: info}}\nhttp: {{addr: \"127.0.0.1:0\"}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}}}\n",
            data.path().join("data").display()
        );
        if let Some(users) = users {
            let users = file("users", users);
            writeln!(config, "auth: {{htpasswd: {{realm: test, path: {users}}}}}").expect("a String takes all");
        }
        let mut command = Command::new("docker-registry");
        command.args(["serve", &file("config.yml", &config)]);
        let (process, line) = start(&mut command, "listening on ");
        let host = line.split(['"', ' ']).next().expect("a word").to_owned();
        Some(Self { _process: process, _data: data, host })
    }

    /// The bytes of a manifest, as this test and nobody else has fetched them.
    #[track_caller]
    pub fn manifest(&self, reference: &str) -> Vec<u8> {
        let image = format!("docker://{}/{reference}", self.host);
        let output = Command::new("skopeo").args(["inspect", "--tls-verify=false", "--raw", &image]).output();
        let output = output.expect("skopeo runs");
        assert!(output.status.success(), "{reference}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Whether there is a repository of this name.
    pub fn has(&self, repository: &str) -> bool {
        let image = format!("docker://{}/{repository}", self.host);
        let output = Command::new("skopeo").args(["list-tags", "--tls-verify=false", &image]).output();
        output.expect("skopeo runs").status.success()
    }

    /// Puts the image of a layout where something else should be.
    pub fn put(&self, layout: &Path, reference: &str) {
        let (from, to) = (format!("oci:{}", layout.display()), format!("docker://{}/{reference}", self.host));
        let put = Command::new("skopeo").args(["copy", "--quiet", "--dest-tls-verify=false", &from, &to]).status();
        assert!(put.expect("skopeo runs").success());
    }
}

impl Amazon {
    /// Amazon as moto plays it. `None`, and loudly, without the programs.
    pub fn start() -> Option<Self> {
        if !has("moto_server") || !has("aws") {
            return None;
        }
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", "0"]).env("PYTHONUNBUFFERED", "1");
        let (process, url) = start(&mut command, "Running on ");
        Some(Self { _process: process, url: url.trim().to_owned() })
    }
}

/// Starts a server and waits until it says on stderr where it listens; what stands behind `word` in that line.
fn start(command: &mut Command, word: &str) -> (Process, String) {
    let mut process =
        Process(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts"));
    let mut lines = BufReader::new(process.0.stderr.take().expect("a pipe")).lines();
    let said = lines.find_map(|line| Some(line.ok()?.split_once(word)?.1.to_owned()));
    // Somebody must read on, or the server waits for ever once the pipe is full.
    std::thread::spawn(move || lines.for_each(drop));
    (process, said.unwrap_or_else(|| panic!("{command:?} never said `{word}`")))
}

/// Whether a program is there; a test that goes without it says so.
#[track_caller]
pub fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    if !found {
        test_cluster::not_tested(&format!("there is no `{program}`"));
    }
    found
}
