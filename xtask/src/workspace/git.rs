//! What git says about the checkout: the commit, and whether files differ from it.
//!
//! Never asks, never takes an optional lock, never rewrites the index. No repository, no git and a branch without a
//! commit have one answer: no commit.

use std::path::Path;
use xshell::{Shell, cmd};

/// The commit that is checked out at `root`: 40 or 64 hex digits, with `-dirty` behind them when tracked files differ.
/// `None` without git, without a repository, and before the first commit.
pub fn commit(root: &Path) -> Option<String> {
    let shell = Shell::new().ok()?;
    shell.change_dir(root);
    shell.set_var("GIT_OPTIONAL_LOCKS", "0");
    shell.set_var("GIT_TERMINAL_PROMPT", "0");
    let status =
        cmd!(shell, "git status --porcelain=v2 --branch --untracked-files=no --no-renames --ignore-submodules=none")
            .quiet()
            .ignore_stderr()
            .read()
            .ok()?;
    let head = status.lines().find_map(|line| line.strip_prefix("# branch.oid "))?;
    if !head.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let dirty = status.lines().any(|line| !line.starts_with('#'));
    Some(if dirty { format!("{head}-dirty") } else { head.to_owned() })
}
