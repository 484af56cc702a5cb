//! Where annotations point: GitHub names files from the root of the repository, tools name them from the root of the
//! workspace, and a package is a line of the lock file.

use std::path::{Component, Path, PathBuf};

/// The information needed to name places as GitHub does.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The root of the workspace, absolute.
    workspace: PathBuf,
    /// The root of the repository, absolute.
    repository: PathBuf,
    /// The text of the lock file.
    lock: String,
}

impl Places {
    /// The places of a workspace. Its repository is where git's own directory is; without one, `given`, which is where
    /// GitHub checks out.
    pub fn of(workspace: &Path, given: Option<&str>) -> Self {
        let repository = workspace.ancestors().find(|above| above.join(".git").exists());
        let given = given.map(Path::new).filter(|given| workspace.starts_with(given));
        Self {
            workspace: workspace.to_owned(),
            repository: repository.or(given).unwrap_or(workspace).to_owned(),
            lock: std::fs::read_to_string(workspace.join("Cargo.lock")).unwrap_or_default(),
        }
    }

    /// A file as GitHub names it; `None` of one outside of the repository.
    pub fn file(&self, file: &str) -> Option<String> {
        let mut path = PathBuf::new();
        for part in self.workspace.join(file).components() {
            match part {
                Component::ParentDir => drop(path.pop()),
                Component::CurDir => {}
                part => path.push(part),
            }
        }
        let inside = path.strip_prefix(&self.repository).ok()?;
        Some(inside.to_string_lossy().into_owned()).filter(|inside| !inside.is_empty())
    }

    /// The line of the lock file, from 1, that names a package, given as `NAME VERSION`.
    pub fn locked(&self, package: &str) -> Option<u32> {
        let (name, version) = package.split_once(' ')?;
        let (name, version) = (format!("name = \"{name}\""), format!("version = \"{version}\""));
        let lines = (1..).zip(self.lock.lines());
        let mut pairs = lines.zip(self.lock.lines().skip(1));
        pairs.find(|((_, line), next)| *line == name && *next == version).map(|((at, _), _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let lock = "version = 4\n\n[[package]]\nname = \"rsa\"\nversion = \"0.9.5\"\n\n[[package]]\nname = \"rsa\"\n\
                    version = \"0.9.6\"\n";
        Places { workspace: "/r/w".into(), repository: "/r".into(), lock: lock.to_owned() }
    }

    #[test]
    fn files_are_named_from_the_root_of_the_repository() {
        let case = |file: &str, expected: Option<&str>| assert_eq!(places().file(file).as_deref(), expected, "{file}");
        case("services/a/src/lib.rs", Some("w/services/a/src/lib.rs"));
        case("../shared/./src/lib.rs", Some("shared/src/lib.rs"));
        case("/r/w/Cargo.toml", Some("w/Cargo.toml"));
        case("../../elsewhere/lib.rs", None);
        case("/rustc/abc/library/core/src/option.rs", None);
    }

    #[test]
    fn a_package_is_found_in_the_lock_file_by_name_and_version() {
        assert_eq!(places().locked("rsa 0.9.6"), Some(8));
        assert_eq!(places().locked("rsa 1.0.0"), None);
        assert_eq!(places().locked("rsa"), None);
    }

    #[test]
    fn the_repository_is_where_git_has_its_directory_and_else_where_github_checks_out() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let workspace = dir.path().join("a/b");
        std::fs::create_dir_all(&workspace).expect("the workspace");
        let given = dir.path().to_string_lossy().into_owned();
        assert_eq!(Places::of(&workspace, Some(&given)).file("x").as_deref(), Some("a/b/x"));
        assert_eq!(Places::of(&workspace, Some("/elsewhere")).file("x").as_deref(), Some("x"));
        std::fs::write(dir.path().join("a/.git"), "gitdir: elsewhere\n").expect("as in a worktree");
        assert_eq!(Places::of(&workspace, Some(&given)).file("x").as_deref(), Some("b/x"));
    }
}
