//! The package of ten lines that a workspace keeps, and where its dependency comes from.

use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Result};

/// The name of the package, of its directory and of the alias.
pub const NAME: &str = "xtask";
/// The crate that it depends on.
pub const CRATE: &str = "xtask-app";
/// Where a clone of xtask's repository keeps this crate.
const PLACE: &str = "xtask/crates/app";

/// The alias, as a line of cargo's configuration.
pub const ALIAS: &str = "xtask = \"run --quiet --package xtask --\"";

/// The program.
pub const MAIN: &str = "fn main() -> std::process::ExitCode {\n    xtask_app::App::new().main()\n}\n";

/// Where the dependency comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A clone on this machine, as typed.
    Path(PathBuf),
    /// A repository, and what it is pinned to: `rev` or `tag`, and its value.
    Git(String, Option<(&'static str, String)>),
}

impl Origin {
    /// The origin of a program whose manifest names this repository, at the tag of its version.
    ///
    /// # Errors
    ///
    /// Fails when the manifest names none.
    pub fn published(repository: &str, version: &str) -> Result<Self> {
        if repository.is_empty() {
            return Err(Error::usage("choose a source for `xtask-app`: this xtask has no published repository")
                .hint("name a clone of it with `--path DIR`, or a repository with `--git URL`"));
        }
        Ok(Self::Git(repository.to_owned(), Some(("tag", format!("v{version}")))))
    }

    /// The dependency for the package in `root`, with paths typed in `cwd`.
    ///
    /// # Errors
    ///
    /// Fails when the path is no clone of xtask.
    pub fn dependency(&self, root: &Path, cwd: &Path) -> Result<String> {
        // TOML's basic strings are those of JSON.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        Ok(match self {
            Self::Path(clone) => {
                let manifest = cwd.join(clone).join(PLACE).join("Cargo.toml");
                let text = std::fs::read_to_string(&manifest).map_err(|error| {
                    Error::usage(format!("use the clone of xtask in {}", clone.display()))
                        .detail(format!("{}: {error}", manifest.display()))
                        .hint("`--path` names the root of a clone of xtask's repository")
                })?;
                if !text.contains(&format!("name = \"{CRATE}\"")) {
                    return Err(Error::usage(format!("use the clone of xtask in {}", clone.display()))
                        .detail(format!("{} is not the manifest of `{CRATE}`", manifest.display()))
                        .hint("`--path` names the root of a clone of xtask's repository"));
                }
                // As typed: a relative path stays one, from the package's own directory.
                let typed = cwd.strip_prefix(root).unwrap_or(cwd).join(clone).join(PLACE);
                let from = if typed.is_absolute() { typed } else { Path::new("..").join(typed) };
                format!("{{ path = {} }}", quoted(&from.to_string_lossy()))
            }
            Self::Git(url, pin) => {
                let pin = pin.as_ref().map(|(kind, value)| format!(", {kind} = {}", quoted(value)));
                format!("{{ git = {}{} }}", quoted(url), pin.unwrap_or_default())
            }
        })
    }
}

/// The manifest of the package.
pub fn manifest(dependency: &str) -> String {
    format!(
        "[package]\nname = \"{NAME}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]\n{CRATE} = {dependency}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_program_names_its_repository_at_its_tag() {
        let origin = Origin::published("https://example.org/xtask", "1.2.3").expect("it is published");
        let dependency = origin.dependency(Path::new("/w"), Path::new("/w")).expect("a dependency");
        assert_eq!(dependency, "{ git = \"https://example.org/xtask\", tag = \"v1.2.3\" }");
        let error = Origin::published("", "1.2.3").expect_err("it is not").to_string();
        assert!(error.contains("`--path DIR`") && error.contains("`--git URL`"), "{error}");
    }

    #[test]
    fn a_relative_path_stays_one() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let place = dir.path().join("clone").join(PLACE);
        std::fs::create_dir_all(&place).expect("made");
        std::fs::write(place.join("Cargo.toml"), "name = \"xtask-app\"\n").expect("written");
        let root = dir.path().join("w");
        std::fs::create_dir_all(root.join("sub")).expect("made");
        let of = |clone: &str, cwd: &Path| Origin::Path(clone.into()).dependency(&root, cwd).expect("a clone");
        assert_eq!(of("../clone", &root), "{ path = \"../../clone/xtask/crates/app\" }");
        assert_eq!(of("../../clone", &root.join("sub")), "{ path = \"../sub/../../clone/xtask/crates/app\" }");
        let absolute = dir.path().join("clone");
        assert_eq!(of(&absolute.to_string_lossy(), &root), format!("{{ path = {place:?} }}"));
    }
}
