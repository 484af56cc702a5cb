//! What git says about the checkout: the commit, and whether files differ from it.
//!
//! Never asks, never takes an optional lock, never rewrites the index. No repository, no git and a branch without a
//! commit have one answer: no commit.

use std::path::Path;
use std::time::{Duration, SystemTime};
use xshell::{Shell, cmd};

/// What images are named and dated by.
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
    /// Where the sources are for everybody, as a URL without credentials.
    pub source: Option<String>,
}

impl Checkout {
    /// The commit, with `-dirty` behind it when files differ.
    pub fn revision(&self) -> String {
        if self.dirty { format!("{}-dirty", self.commit) } else { self.commit.clone() }
    }

    /// When it was committed, RFC 3339.
    pub fn created(&self) -> String {
        humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(self.time)).to_string()
    }
}

/// The commit that is checked out at `root`: 40 or 64 hex digits, with `-dirty` behind them when tracked files differ.
/// `None` without git, without a repository, and before the first commit.
pub fn commit(root: &Path) -> Option<String> {
    let status = status(&shell(root)?, "no")?;
    Some(if status.dirty { format!("{}-dirty", status.commit) } else { status.commit })
}

/// What images of the checkout at `root` are named and dated by; `None` where there is no commit.
pub fn checkout(root: &Path) -> Option<Checkout> {
    let shell = shell(root)?;
    let Status { commit, dirty, branch } = status(&shell, "normal")?;
    let time = cmd!(shell, "git log -1 --format=%ct {commit}").quiet().ignore_stderr().read().ok()?;
    let remote = cmd!(shell, "git config --get remote.origin.url").quiet().ignore_stderr().read().ok();
    let source = remote.as_deref().and_then(public_url);
    Some(Checkout { commit, dirty, time: time.trim().parse().ok()?, branch, source })
}

fn shell(root: &Path) -> Option<Shell> {
    let shell = Shell::new().ok()?;
    shell.change_dir(root);
    shell.set_var("GIT_OPTIONAL_LOCKS", "0");
    shell.set_var("GIT_TERMINAL_PROMPT", "0");
    Some(shell)
}

struct Status {
    commit: String,
    dirty: bool,
    branch: Option<String>,
}

fn status(shell: &Shell, untracked: &str) -> Option<Status> {
    let status = cmd!(
        shell,
        "git status --porcelain=v2 --branch --untracked-files={untracked} --no-renames --ignore-submodules=none"
    );
    let status = status.quiet().ignore_stderr().read().ok()?;
    let head = |key: &str| status.lines().find_map(|line| line.strip_prefix("# branch.")?.strip_prefix(key));
    let commit = head("oid ").filter(|head| head.bytes().all(|byte| byte.is_ascii_hexdigit()))?.to_owned();
    let branch = head("head ").filter(|branch| *branch != "(detached)").map(str::to_owned);
    Some(Status { commit, dirty: status.lines().any(|line| !line.starts_with('#')), branch })
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
