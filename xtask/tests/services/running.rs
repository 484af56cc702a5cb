//! The services as processes, and the servers behind them.

use serde_json::Value;
use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use xtask_cargo::backing::spec::ServerSpec;
use xtask_cargo::backing::{self, Request, Servers, Source};
use xtask_process::process::{Stop, Surroundings};

/// The workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// The programs of all services, built, by their names.
pub fn programs() -> BTreeMap<String, PathBuf> {
    let mut build = Command::new(env!("CARGO"));
    // These stand for the default members, which are the services.
    build.args(["build", "--quiet", "--message-format=json-render-diagnostics"]).current_dir(root());
    let output = build.stderr(Stdio::inherit()).output().expect("cargo starts");
    assert!(output.status.success(), "the services do not build");
    let messages = output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let programs = messages.filter_map(|message: Value| {
        let program = message["executable"].as_str()?;
        Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(program)))
    });
    programs.collect()
}

/// The servers that services need, with a database for each.
pub fn servers(services: impl IntoIterator<Item = String>) -> Servers {
    let run = format!("services-{}", std::process::id());
    let request = Request {
        marker: format!("{run}:servers"),
        run,
        servers: ServerSpec::defaults(),
        services: services.into_iter().collect(),
        source: Source::Auto,
        given: BTreeMap::new(),
        path: env::var_os("PATH").unwrap_or_default(),
        temp: env::temp_dir(),
        logs: None,
        surroundings: Surroundings::default(),
        limit: Duration::from_secs(60),
        grace: Duration::from_secs(5),
    };
    backing::start(request, &Stop::new()).expect("PostgreSQL and Redis start: `cargo xtask setup` gets them")
}

/// What a service's process gets of the servers.
pub fn variables(servers: &Servers, service: &str) -> BTreeMap<String, String> {
    let own = servers.service_env.get(service).into_iter().flatten();
    servers.env.iter().chain(own).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A service that runs until it is dropped.
pub struct Running {
    child: Child,
    /// Where it listens, as `http://127.0.0.1:41231`.
    pub url: String,
}

impl Running {
    /// Starts a service's program, and waits until it listens.
    pub fn start(program: &Path, variables: &BTreeMap<String, String>) -> Self {
        let mut command = Command::new(program);
        command.envs(variables).env("LISTEN", "127.0.0.1:0").env("RATE_LIMIT", "0").env("LOG", "info");
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let address = lines.find_map(|line| {
            let line: Value = serde_json::from_str(&line.expect("its log is text")).expect("a line of its log is JSON");
            (line["fields"]["message"] == "listening").then(|| line["fields"]["address"].as_str().map(str::to_owned))?
        });
        let url =
            format!("http://{}", address.unwrap_or_else(|| panic!("{} ended before it listened", program.display())));
        // Whoever reads no log stops whoever writes it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, and the test has said so already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
