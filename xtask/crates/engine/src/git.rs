//! The state of the checkout by git: the commit, and whether files differ from it.
//!
//! Never prompts, never takes an optional lock, never rewrites the index. Without a repository, and on a branch without
//! a commit, there is no commit. A git that is missing, refuses, crashes or hangs is an error with git's own words: its
//! answer is unknown.

use std::path::Path;
use std::time::{Duration, SystemTime};
use xtask_core::command::Command;
use xtask_core::error::{Error, Result};
use xtask_process::process::{self, Silence};

/// How long git may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The most of an answer that is read, in bytes: a line for each file of a large checkout.
pub const ENOUGH: usize = 64 * 1024 * 1024;

/// The checkout that images are named and dated by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The commit: 40 or 64 hex digits.
    pub commit: String,
    /// Whether any file differs from the commit, those that git does not know included: a build may read them.
    pub dirty: bool,
    /// When it was committed, in seconds since 1970.
    pub time: u64,
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// The public location of the sources, as a URL without credentials.
    pub source: Option<String>,
}

impl Checkout {
    /// The commit, with `-dirty` behind it when files differ.
    pub fn revision(&self) -> String {
        marked(&self.commit, self.dirty)
    }

    /// When it was committed, RFC 3339.
    pub fn created(&self) -> String {
        humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(self.time)).to_string()
    }
}

/// The commit that is checked out at `root`: 40 or 64 hex digits, with `-dirty` behind them when tracked files differ.
/// `None` without a repository, and before the first commit.
pub fn commit(root: &Path) -> Result<Option<String>> {
    Ok(status(root, "no")?.map(|status| marked(&status.commit, status.dirty)))
}

/// The same, with `-dirty` also where there are files that git does not know: a build may read them.
pub fn revision(root: &Path) -> Result<Option<String>> {
    Ok(status(root, "normal")?.map(|status| marked(&status.commit, status.dirty)))
}

fn marked(commit: &str, dirty: bool) -> String {
    if dirty { format!("{commit}-dirty") } else { commit.to_owned() }
}

/// Returns the checkout at `root`, which images are named and dated by; `None` where there is no commit.
pub fn checkout(root: &Path) -> Result<Option<Checkout>> {
    let Some(Status { commit, dirty, branch }) = status(root, "normal")? else { return Ok(None) };
    let time = ask(&git(root).args(["log", "-1", "--format=%ct", &commit]))?;
    let time = time.trim().parse().map_err(|_| {
        Error::environment("ask git when the commit was made").detail(format!("it says `{}`", time.trim()))
    })?;
    // It ends with 1 where there is no such remote.
    let remote = ask(&git(root).args(["config", "--get", "--default=", "remote.origin.url"]))?;
    Ok(Some(Checkout { commit, dirty, time, branch, source: public_url(remote.trim()) }))
}

fn git(root: &Path) -> Command {
    // One message is looked for below, so git has to speak English.
    let vars = [("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")];
    vars.into_iter().fold(Command::new("git", root), |command, (name, value)| command.env(name, value))
}

/// Returns the output of git.
fn ask(command: &Command) -> Result<String> {
    let answer = process::answer(command, &[], PATIENCE, ENOUGH);
    answer.map(|answer| answer.text()).map_err(|silence| refused(command, &silence))
}

fn refused(command: &Command, silence: &Silence) -> Error {
    let error = Error::environment(format!("ask git about the checkout: `{}`", command.argv().join(" ")));
    match silence {
        Silence::NotStarted(why) => error.detail(why).hint("install git, or check that it is on PATH"),
        Silence::TooSlow(_) => error.detail(silence.why()).hint("run it yourself: something keeps git from answering"),
        // git prints the remedy: `git config --global --add safe.directory DIR`.
        Silence::Failed { said, end, .. } if !said.err.trim().is_empty() => {
            error.detail(format!("it {end}\n{}", said.err.trim()))
        }
        Silence::Stopped => error.detail(silence.why()),
        Silence::Failed { .. } | Silence::TooMuch(_) => error.detail(silence.why()).hint("run it yourself to see why"),
    }
}

struct Status {
    commit: String,
    dirty: bool,
    branch: Option<String>,
}

fn status(root: &Path, untracked: &str) -> Result<Option<Status>> {
    let untracked = format!("--untracked-files={untracked}");
    let command = git(root).args(["status", "--porcelain=v2", "--branch", &untracked]);
    let command = command.args(["--no-renames", "--ignore-submodules=none"]);
    let status = match process::answer(&command, &[], PATIENCE, ENOUGH) {
        Ok(answer) => answer.text(),
        Err(Silence::Failed { said, .. }) if said.err.contains("not a git repository") => return Ok(None),
        // Without git there are no repositories to speak of, except one that is there on disk.
        Err(Silence::NotStarted(_)) if !root.ancestors().any(|above| above.join(".git").exists()) => return Ok(None),
        Err(silence) => return Err(refused(&command, &silence)),
    };
    let head = |key: &str| status.lines().find_map(|line| line.strip_prefix("# branch.")?.strip_prefix(key));
    let commit = match head("oid ") {
        Some("(initial)") => return Ok(None),
        Some(oid) if !oid.is_empty() && oid.bytes().all(|byte| byte.is_ascii_hexdigit()) => oid.to_owned(),
        _ => {
            let first = status.lines().next().unwrap_or("nothing");
            return Err(Error::environment(format!("ask git about the checkout: `{}`", command.argv().join(" ")))
                .detail(format!("it reports no commit: `{}`", xtask_core::text::sanitise(first)))
                .hint("git 2.11 or newer is needed"));
        }
    };
    let branch = head("head ").filter(|branch| *branch != "(detached)").map(str::to_owned);
    Ok(Some(Status { commit, dirty: status.lines().any(|line| !line.starts_with('#')), branch }))
}

/// The page of a remote repository: the same for `https` and `ssh`, so that two clones of it agree.
fn public_url(remote: &str) -> Option<String> {
    let https = remote.strip_prefix("https://");
    let rest = https.or_else(|| remote.strip_prefix("ssh://")).map(str::to_owned).or_else(|| {
        // `git@example.org:shop/services.git`
        let (host, path) = remote.split_once(':').filter(|(host, _)| host.contains('@') && !host.contains('/'))?;
        Some(format!("{host}/{path}"))
    })?;
    let (host, path) = rest.split_once('/')?;
    let host = host.rsplit('@').next()?;
    // The port of ssh is not that of the pages.
    let host = if https.is_some() { host } else { host.split(':').next()? };
    Some(format!("https://{host}/{}", path.trim_end_matches('/').trim_end_matches(".git")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clones_of_one_repository_name_one_page() {
        #[track_caller]
        fn case(remote: &str, wanted: Option<&str>) {
            assert_eq!(public_url(remote).as_deref(), wanted, "{remote}");
        }
        case("https://example.org/shop/services.git", Some("https://example.org/shop/services"));
        case("https://me:token@example.org:8443/shop/services", Some("https://example.org:8443/shop/services"));
        case("git@example.org:shop/services.git", Some("https://example.org/shop/services"));
        case("ssh://git@example.org:22/shop/services.git/", Some("https://example.org/shop/services"));
        case("/srv/git/services.git", None);
        case("../services", None);
        case("C:/services", None);
    }
}
