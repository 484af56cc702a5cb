//! curl, which sends a text to a webhook.
//!
//! The address goes through a pipe and the text through a file, so that neither is in an argument list. Output of curl
//! and of the other side is never shown, because both like to repeat the address. Only numbers are, in our own words.

use super::webhook::Address;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use xtask_core::command::Command;
use xtask_core::error::{Error, Result};
use xtask_process::process::{self, End, Question, Silence, Surroundings, awake};

/// Seconds that one try may take, and that all of them may.
const ONE_TRY: &str = "15";
const ALL_TRIES: &str = "60";
/// Limits everything that curl does not limit itself.
const LIMIT: Duration = Duration::from_secs(90);
/// The most that is read of what it prints, in bytes.
const ENOUGH: usize = 64 * 1024;

/// The output that curl is asked to write: the status of the response.
const STATUS: &str = "%{http_code}";

/// The part of a failure that may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// The other side responded with this status.
    Answer(u16),
    /// curl ended with this code before there was a response.
    Curl(Option<i32>),
}

/// How curl is called.
pub struct Call {
    /// What it does not inherit unchanged.
    pub surroundings: Surroundings,
    /// When it must have ended, by the clock of [`awake`].
    pub until: Duration,
}

/// Posts JSON to a webhook; `name` is for people, and `variable` is where its address came from. Retries what may work
/// a moment later, and ends as `call` says; follows no redirect.
pub fn post(name: &str, variable: &str, address: &Address, json: &str, call: &Call) -> Result<()> {
    let attempt = || -> std::io::Result<tempfile::NamedTempFile> {
        let mut file = tempfile::Builder::new().prefix("xtask-notify-").tempfile()?;
        file.write_all(json.as_bytes())?;
        Ok(file)
    };
    let body = attempt().map_err(|error| {
        Error::environment(format!("notify {name}: write the message")).because(error).hint("check TMPDIR")
    })?;
    let command = command(address, body.path());
    let input = format!("url = \"{}\"\n", address.url());
    let limit = LIMIT.min(call.until.saturating_sub(awake()));
    let surroundings = &call.surroundings;
    let question = Question { command: &command, surroundings, input: input.as_bytes(), limit, enough: ENOUGH };
    match judge(process::ask(&question)) {
        Ok(None) => Ok(()),
        Ok(Some(trouble)) => {
            Err(Error::environment(format!("notify {name}: {}", trouble.words())).hint(trouble.hint(variable)))
        }
        Err(silence) => Err(Error::environment(format!("notify {name}: run curl"))
            .detail(silence.why())
            .hint("`cargo xtask doctor` lists what is missing")),
    }
}

fn command(address: &Address, body: &Path) -> Command {
    // `--disable` must come first: the user's own file could write the address to a log, or follow redirects.
    let command = Command::new("curl", "/").args(["--disable", "--config", "-", "--silent", "--fail", "--globoff"]);
    // A proxy knows another machine as `localhost`.
    let direct = address.is_loopback().then_some(["--noproxy", "*"]).into_iter().flatten();
    let command = command.args(["--proto", address.protocol()]).args(direct);
    let command = command.args(["--max-time", ONE_TRY, "--connect-timeout", "10"]);
    let command = command.args(["--retry", "3", "--retry-delay", "1", "--retry-connrefused"]);
    let command = command.args(["--retry-max-time", ALL_TRIES, "--header", "Content-Type: application/json"]);
    let command = command.args(["--user-agent", "xtask", "--data-binary"]).arg(format!("@{}", body.display()));
    command.args(["--output", "/dev/null", "--write-out", STATUS])
}

/// What went wrong; `None` when it was accepted. An error when curl did not end by itself.
fn judge(asked: Result<process::Answer, Silence>) -> Result<Option<Trouble>, Silence> {
    let (code, said) = match asked {
        Ok(answer) => (Some(0), answer),
        Err(Silence::Failed { end: End::Exited(code), said, .. }) => (Some(code), said),
        Err(Silence::Failed { said, .. }) => (None, said),
        Err(silence) => return Err(silence),
    };
    // Every try may have written its status; the last one counts.
    let status = said.out.trim_ascii().last_chunk::<3>();
    let status = status.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u16>().ok());
    Ok(match (code, status) {
        (Some(0), Some(200..=299)) => None,
        (Some(0 | 22), Some(status)) if status > 0 => Some(Trouble::Answer(status)),
        (code, _) => Some(Trouble::Curl(code)),
    })
}

impl Trouble {
    fn words(self) -> String {
        match self {
            Self::Answer(status @ 300..=399) => {
                format!("it has moved (status {status}), and redirects are not followed")
            }
            Self::Answer(status) => format!("it refuses with status {status}"),
            Self::Curl(Some(5 | 6)) => "its host is not found".to_owned(),
            Self::Curl(Some(7)) => "it refuses the connection".to_owned(),
            Self::Curl(Some(28)) => "it does not answer in time".to_owned(),
            Self::Curl(Some(35 | 51 | 58..=60 | 77 | 83 | 91)) => "its certificate is not trusted here".to_owned(),
            Self::Curl(Some(code)) => format!("curl exited with code {code}"),
            Self::Curl(None) => "curl was killed".to_owned(),
        }
    }

    fn hint(self, variable: &str) -> String {
        match self {
            Self::Answer(300..=399) => format!("set {variable} to where it is now"),
            Self::Answer(401 | 403 | 404 | 410) => {
                format!("the address in {variable} is not, or no longer, a webhook: make a new one")
            }
            Self::Answer(400 | 413 | 415 | 422) => {
                format!(
                    "is the address in {variable} of the right kind? `cargo xtask notify --dry-run` shows what is sent"
                )
            }
            Self::Answer(_) | Self::Curl(Some(28)) => "try again later: `cargo xtask notify`".to_owned(),
            Self::Curl(_) => format!("check the address in {variable}, the network and its proxies"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_status_and_the_code_decide() {
        #[track_caller]
        fn case(code: i32, said: &str, wanted: Option<Trouble>) {
            let said = process::Answer { out: said.as_bytes().to_vec(), err: "https://secret".to_owned() };
            let failed = |said| Silence::Failed { end: End::Exited(code), last: String::new(), said };
            let asked = if code == 0 { Ok(said) } else { Err(failed(said)) };
            assert_eq!(judge(asked), Ok(wanted), "{code}");
        }
        case(0, "200", None);
        case(0, "204", None);
        case(0, "500200", None);
        case(0, "302", Some(Trouble::Answer(302)));
        case(22, "404", Some(Trouble::Answer(404)));
        case(7, "000", Some(Trouble::Curl(Some(7))));
        case(28, "200", Some(Trouble::Curl(Some(28))));
        case(0, "", Some(Trouble::Curl(Some(0))));
    }

    #[test]
    fn every_trouble_says_what_to_do() {
        let answers = [302, 400, 404, 429, 500].map(Trouble::Answer);
        let codes = [Some(6), Some(7), Some(28), Some(60), Some(99), None].map(Trouble::Curl);
        for trouble in answers.into_iter().chain(codes) {
            assert!(!trouble.words().is_empty() && trouble.hint("XTASK_WEBHOOK").len() > 20, "{trouble:?}");
        }
    }
}
