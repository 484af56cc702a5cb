//! skopeo, which speaks to registries: fetching a manifest's bytes, copying an image, logging in.
//!
//! Called from a process that is itself a task of a run: its group, its log and its time limit are theirs too.

use crate::error::{Error, Result};
use crate::registry::{PASSWORD, USER, is_loopback};
use std::path::Path;
use std::process::Output;
use std::time::Duration;
use xshell::{Cmd, Shell, cmd};

/// How long to wait before each further try of what failed for a moment.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// What a registry, Amazon or the way to them says when it may work a moment later; in lower case.
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

/// What a registry says when it has no such tag, or not even such a repository.
const ABSENT: [&str; 3] = ["manifest unknown", "name unknown", "StatusCode: 404"];

/// What a registry says to somebody whom it does not know, or who may not do it.
const REFUSED: [&str; 4] = ["unauthorized", "denied", "invalid username/password", "no basic auth credentials"];

/// skopeo on `PATH`.
pub struct Skopeo {
    shell: Shell,
}

impl Skopeo {
    /// skopeo as it is found.
    pub fn new() -> Result<Self> {
        let shell = Shell::new().map_err(|error| Error::environment("read the current folder").because(error))?;
        Ok(Self { shell })
    }

    /// The bytes of the manifest at `reference`, such as `host/service:tag`, as they are in the registry; `None` when
    /// there is none.
    pub fn manifest(&self, reference: &str) -> Result<Option<Vec<u8>>> {
        let tls = tls("", reference);
        let image = format!("docker://{reference}");
        let what = format!("fetch the manifest of {reference}");
        let output = run(&what, cmd!(self.shell, "skopeo inspect --raw {tls...} {image}"))?;
        if output.status.success() {
            return Ok(Some(output.stdout));
        }
        let text = String::from_utf8_lossy(&output.stderr);
        if ABSENT.iter().any(|absent| text.contains(absent)) { Ok(None) } else { Err(failed(&what, &output)) }
    }

    /// Copies the image of a layout to `reference`, its bytes unchanged.
    pub fn push(&self, layout: &Path, reference: &str) -> Result<()> {
        let tls = tls("dest-", reference);
        let (from, to) = (format!("oci:{}", layout.display()), format!("docker://{reference}"));
        let what = format!("push to {reference}");
        let output = run(&what, cmd!(self.shell, "skopeo copy --quiet --preserve-digests {tls...} {from} {to}"))?;
        if output.status.success() { Ok(()) } else { Err(failed(&what, &output)) }
    }

    /// Logs `user` in to the registry on `host`, and keeps what it needs for it in `file`. The password goes through a
    /// pipe.
    pub fn log_in(&self, host: &str, user: &str, password: &[u8], file: &Path) -> Result<()> {
        let tls = tls("", host);
        let what = format!("log in to {host}");
        let command =
            cmd!(self.shell, "skopeo login --authfile {file} --username {user} --password-stdin {tls...} {host}");
        let output = run(&what, command.stdin(password))?;
        if output.status.success() { Ok(()) } else { Err(failed(&what, &output)) }
    }

    /// What `aws ecr get-login-password` says: a password for the user `AWS`.
    pub fn ecr_password(&self, region: Option<&str>) -> Result<Vec<u8>> {
        let region = region.map(|region| ["--region", region]).into_iter().flatten();
        let what = "get a password of Amazon's registry";
        let output = run(what, cmd!(self.shell, "aws ecr get-login-password {region...}"))?;
        if !output.status.success() {
            return Err(failed(what, &output).hint("check the credentials: `aws sts get-caller-identity`"));
        }
        Ok(output.stdout.trim_ascii().to_vec())
    }
}

/// Runs a command, again when what stood in its way may have gone.
fn run(what: &str, command: Cmd) -> Result<Output> {
    let command = command.quiet().ignore_status();
    for pause in PAUSES.into_iter().map(Some).chain([None]) {
        let output = command.output().map_err(|error| {
            Error::environment(what.to_owned()).because(error).hint("`cargo xtask doctor` tells what is missing")
        })?;
        let text = String::from_utf8_lossy(&output.stderr);
        match pause {
            Some(pause) if !output.status.success() && is_transient(&text) => {
                std::thread::sleep(pause);
            }
            _ => return Ok(output),
        }
    }
    unreachable!("the last try returns")
}

/// Whether a moment later the same may work.
fn is_transient(text: &str) -> bool {
    let text = text.to_lowercase();
    TRANSIENT.iter().any(|words| text.contains(words))
}

fn failed(what: &str, output: &Output) -> Error {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(20)..].join("\n");
    let error = Error::environment(what.to_owned()).detail(last);
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
