//! skopeo, which talks to registries: fetching a manifest's bytes, copying an image, logging in.
//!
//! Each call ends when the run is stopped, and no later than its caller must have ended.

use std::path::{Path, PathBuf};
use std::time::Duration;
use xtask_core::command::Command;
use xtask_core::error::{Error, Result};
use xtask_core::registry::{PASSWORD, USER, is_loopback};
use xtask_process::process::{self, Question, Silence, Surroundings, awake, everything};

/// The delay before each retry of a call that failed with a transient error.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Messages of a registry, of Amazon or of the network for transient errors; in lower case.
const TRANSIENT: [&str; 20] = [
    "connection refused",
    "connection reset",
    "broken pipe",
    "i/o timeout",
    "tls handshake timeout",
    "unexpected eof",
    ": eof",
    "http status: 5",
    "status code from registry 5",
    "statuscode: 5",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "gateway timeout",
    "toomanyrequests",
    "too many requests",
    "throttl",
    "rate exceeded",
    "requestlimitexceeded",
    "could not connect to the endpoint url",
];

/// Messages of a registry when the tag, or even the repository, does not exist.
const ABSENT: [&str; 3] = ["manifest unknown", "name unknown", "StatusCode: 404"];

/// Messages of a registry when the user is unknown, or has no permission.
const REFUSED: [&str; 4] = ["unauthorized", "denied", "invalid username/password", "no basic auth credentials"];

/// How long one request to a registry may take, and how long the transfer of an image.
const QUESTION: Duration = Duration::from_secs(120);
const TRANSFER: Duration = Duration::from_secs(60 * 60);

/// The most bytes of an answer to read: manifests are much smaller, and registries refuse larger ones.
const ENOUGH: usize = 16 * 1024 * 1024;

/// skopeo on `PATH`.
pub struct Skopeo {
    cwd: PathBuf,
    surroundings: Surroundings,
    until: Duration,
}

impl Skopeo {
    /// skopeo as it is found, called in the directory `cwd`. `until` is when all of its calls must have ended, by the
    /// clock of [`awake`].
    pub fn new(cwd: &Path, surroundings: Surroundings, until: Duration) -> Self {
        Self { cwd: cwd.to_owned(), surroundings, until }
    }

    fn command(&self, program: &str) -> Command {
        Command::new(program, &self.cwd)
    }

    /// The bytes of the manifest at `reference`, such as `host/service:tag`, as they are in the registry; `None` when
    /// there is none.
    pub fn manifest(&self, reference: &str) -> Result<Option<Vec<u8>>> {
        let image = format!("docker://{reference}");
        let command = self.command("skopeo").args(["inspect", "--raw"]).args(tls("", reference)).arg(image);
        match self.run(&command, &[], QUESTION) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(Silence::Failed { said, .. }) if ABSENT.iter().any(|absent| said.err.contains(absent)) => Ok(None),
            Err(silence) => Err(failed(&format!("fetch the manifest of {reference}"), &silence)),
        }
    }

    /// Copies the image of a layout to `reference`, its bytes unchanged.
    pub fn push(&self, layout: &Path, reference: &str) -> Result<()> {
        let (from, to) = (format!("oci:{}", layout.display()), format!("docker://{reference}"));
        let command = self.command("skopeo").args(["copy", "--quiet", "--preserve-digests"]);
        let command = command.args(tls("dest-", reference)).args([from, to]);
        let pushed = self.run(&command, &[], TRANSFER);
        pushed.map(drop).map_err(|silence| failed(&format!("push to {reference}"), &silence))
    }

    /// Logs `user` in to the registry on `host`, and keeps the login in `file`. The password is passed through a pipe.
    pub fn log_in(&self, host: &str, user: &str, password: &[u8], file: &Path) -> Result<()> {
        let command = self.command("skopeo").args(["login", "--authfile"]).arg(file.to_string_lossy());
        let command = command.args(["--username", user, "--password-stdin"]).args(tls("", host)).arg(host);
        let logged_in = self.run(&command, password, QUESTION);
        logged_in.map(drop).map_err(|silence| failed(&format!("log in to {host}"), &silence))
    }

    /// The output of `aws ecr get-login-password`: a password for the user `AWS`.
    pub fn ecr_password(&self, region: Option<&str>) -> Result<Vec<u8>> {
        let region = region.map(|region| ["--region", region]).into_iter().flatten();
        let command = self.command("aws").args(["ecr", "get-login-password"]).args(region);
        let password = self.run(&command, &[], QUESTION).map_err(|silence| {
            let error = failed("get a password of Amazon's registry", &silence);
            let refused = matches!(silence, Silence::Failed { .. });
            if refused { error.hint("check the credentials: `aws sts get-caller-identity`") } else { error }
        })?;
        Ok(password.trim_ascii().to_vec())
    }

    /// Runs a command, with retries on transient errors. Returns its output.
    fn run(&self, command: &Command, input: &[u8], limit: Duration) -> Result<Vec<u8>, Silence> {
        let ask = || {
            let limit = limit.min(self.until.saturating_sub(awake()));
            process::ask(&Question { command, surroundings: &self.surroundings, input, limit, enough: ENOUGH })
        };
        for pause in PAUSES {
            match ask() {
                Err(Silence::Failed { said, .. }) if is_transient(&said.err) => everything().pause(pause),
                asked => return asked.map(|answer| answer.out),
            }
        }
        ask().map(|answer| answer.out)
    }
}

/// Whether a retry a moment later may succeed.
fn is_transient(text: &str) -> bool {
    let text = text.to_lowercase();
    TRANSIENT.iter().any(|words| text.contains(words))
}

fn failed(what: &str, silence: &Silence) -> Error {
    let error = Error::environment(what.to_owned());
    let text = match silence {
        Silence::Failed { said, .. } if !said.err.trim().is_empty() => &said.err,
        Silence::NotStarted(_) => {
            return error.detail(silence.why()).hint("`cargo xtask doctor` lists what is missing");
        }
        _ => return error.detail(silence.why()),
    };
    let lines: Vec<&str> = text.lines().collect();
    let error = error.detail(lines[lines.len().saturating_sub(20)..].join("\n"));
    if REFUSED.iter().any(|refused| text.contains(refused)) {
        return error.hint(format!(
            "check the login: `[workspace.metadata.xtask.image] login`, the variables {USER} and {PASSWORD}, or log in \
             yourself: `skopeo login`"
        ));
    }
    if text.contains("name unknown") {
        return error.hint("create the repository first: some registries do not make one by themselves");
    }
    error
}

/// The flag for a registry on this machine, which has no TLS.
fn tls(which: &str, reference: &str) -> Option<String> {
    is_loopback(reference.split('/').next().unwrap_or_default()).then(|| format!("--{which}tls-verify=false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_other_side_cannot_do_for_a_moment_is_tried_again_and_what_it_refuses_is_not() {
        for text in [
            "pinging container registry r: received unexpected HTTP status: 503 Service Unavailable",
            "logging into \"r\": invalid status code from registry 502 (Bad Gateway)",
            "trying to reuse blob sha256:1: StatusCode: 500, \"\"",
            "writing blob: uploading layer chunked: received unexpected HTTP status: 504 Gateway Timeout",
            "authenticating creds: received unexpected HTTP status: 429 Too Many Requests",
            "toomanyrequests: You have reached your pull rate limit",
            "An error occurred (ThrottlingException) when calling the GetAuthorizationToken operation: Rate exceeded",
        ] {
            assert!(is_transient(text), "{text}");
        }
        for text in [
            "logging into \"r\": invalid username/password",
            "reading manifest main in r/a: manifest unknown",
            "writing manifest: denied: requested access to the resource is denied",
            "An error occurred (ExpiredTokenException) when calling the GetAuthorizationToken operation",
        ] {
            assert!(!is_transient(text), "{text}");
        }
    }
}
