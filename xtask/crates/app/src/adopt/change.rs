//! The changes that put xtask into a workspace: each a file before and after.

use super::diff::{self, Mark};
use super::{package, table};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Result};

/// The root's manifest.
const MANIFEST: &str = "Cargo.toml";

/// One file of the workspace, as it is and as it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file, from the root.
    pub path: PathBuf,
    /// Its contents; `None` when it does not exist.
    pub before: Option<String>,
    /// Its new contents.
    pub after: String,
}

impl Change {
    /// The change as a patch.
    pub fn patch(&self) -> String {
        diff::patch(&self.path.to_string_lossy(), self.before.as_deref(), &self.after)
    }

    /// How to undo it by hand, from the end of the file, so that the numbers of lines stay right.
    fn undo(&self) -> String {
        let path = self.path.display();
        let Some(before) = &self.before else { return format!("  remove {path}\n") };
        let rows = diff::rows(before, &self.after);
        let (mut line, mut blocks) = (1, Vec::new());
        for block in rows.chunk_by(|a, b| (a.0 == Mark::Kept) == (b.0 == Mark::Kept)) {
            if block[0].0 != Mark::Kept {
                blocks.push((line, block));
            }
            line += block.iter().filter(|row| row.0 != Mark::Removed).count();
        }
        let blocks = blocks.iter().rev().map(|(line, block)| {
            let replaced = block.iter().any(|row| row.0 == Mark::Removed);
            let replaced = if replaced { ", and put back those with `-`" } else { "" };
            let lines: String = block.iter().map(|(mark, line)| diff::shown(*mark, line)).collect();
            let head = format!("  in {path}, from line {line}, remove the lines with `+`{replaced}:\n");
            lines.lines().fold(head, |text, line| text + "    " + line + "\n")
        });
        blocks.collect()
    }
}

/// How to undo all of them by hand.
pub fn undo(changes: &[Change]) -> String {
    let (package, others): (Vec<&Change>, Vec<&Change>) =
        changes.iter().partition(|change| change.path.starts_with(package::NAME));
    let head = "to undo it:\n".to_owned();
    let package = (!package.is_empty()).then(|| format!("  remove the directory {}\n", package::NAME));
    let steps = package.into_iter().chain(others.iter().map(|change| change.undo()));
    steps.fold(head, |text, step| text + &step)
}

/// The configuration of cargo that the workspace at `root` has, or will have; the older name wins, as it does for cargo.
pub fn config(root: &Path) -> &'static Path {
    let older = Path::new(".cargo/config");
    if root.join(older).is_file() { older } else { Path::new(".cargo/config.toml") }
}

/// Everything that makes the workspace at `root` use xtask through this `dependency`.
///
/// # Errors
///
/// Fails when a file cannot be read or written, or holds a text that nothing can be added to.
pub fn all(root: &Path, dependency: &str) -> Result<Vec<Change>> {
    let new = |path: &str, after: String| Change { path: Path::new(package::NAME).join(path), before: None, after };
    Ok(vec![
        new("Cargo.toml", package::manifest(dependency)),
        new("src/main.rs", package::MAIN.to_owned()),
        edit(root, config(root), |text| table::with_line(text, &["alias"], package::ALIAS))?,
        edit(root, Path::new(MANIFEST), |text| {
            let text = table::with_item(text, &["workspace"], "members", package::NAME, covers)?;
            let own = ["workspace", "metadata", "xtask"];
            table::with_item(&text, &own, "exclude", package::NAME, |item| item == package::NAME)
        })?,
    ])
}

/// Whether an item of `members` covers the package's directory already.
fn covers(member: &str) -> bool {
    let member = member.strip_prefix("./").unwrap_or(member).trim_end_matches('/');
    match member.split_once('*') {
        Some((start, end)) => package::NAME.starts_with(start) && package::NAME.ends_with(end),
        None => member == package::NAME,
    }
}

fn edit(root: &Path, path: &Path, change: impl Fn(&str) -> Result<String, String>) -> Result<Change> {
    let before = read(root, path)?;
    let after = change(before.as_deref().unwrap_or_default()).map_err(|why| {
        Error::usage(format!("add to {}", path.display()))
            .detail(why)
            .hint("docs/adopting.md of xtask lists the lines to add by hand; nothing was written")
    })?;
    Ok(Change { path: path.to_owned(), before, after })
}

/// The text of a file that is about to be changed; `None` when it does not exist.
fn read(root: &Path, path: &Path) -> Result<Option<String>> {
    let failed = || Error::environment(format!("change {}", path.display())).hint("nothing was written");
    match fs::metadata(root.join(path)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed().because(error)),
        Ok(metadata) if metadata.permissions().readonly() => return Err(failed().detail("it is read-only")),
        Ok(_) => {}
    }
    fs::read_to_string(root.join(path)).map(Some).map_err(|error| failed().because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_of_members_may_cover_the_package() {
        for member in ["xtask", "./xtask/", "*", "x*", "*task"] {
            assert!(covers(member), "{member}");
        }
        for member in ["services/*", "xtask/crates/*", "xtask-app", "tools"] {
            assert!(!covers(member), "{member}");
        }
    }
}
