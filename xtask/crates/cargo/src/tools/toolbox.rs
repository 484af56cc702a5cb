//! Where the tools of a run are, and the variables by which its commands find them.

use super::install::Recipe;
use super::llvm::profdata_beside;
use super::places::Places;
use super::state::{State, Survey};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use xtask_core::catalogue::Tool;

/// Where the tools of a run are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolbox {
    paths: BTreeMap<Tool, PathBuf>,
    /// Directories that go to the front of `PATH`.
    front: Vec<PathBuf>,
    env: BTreeMap<String, String>,
}

impl Toolbox {
    /// The tools that a survey has found, and the pinned ones that will be in the cache once they are installed.
    pub fn new<'a>(survey: &Survey, coming: impl IntoIterator<Item = &'a Recipe>, places: &Places) -> Self {
        let mut paths: BTreeMap<Tool, PathBuf> =
            survey.tools().filter_map(|(tool, state)| Some((tool, state.path()?.to_owned()))).collect();
        for recipe in coming {
            if let Some((krate, version)) = recipe.tool.pinned() {
                paths.insert(recipe.tool, places.install_root(krate, version).join("bin").join(krate));
            }
        }
        let own = |path: &&PathBuf| path.starts_with(&places.cache);
        let front = paths.values().filter(own).filter_map(|path| Some(path.parent()?.to_owned())).collect();
        let env = match survey.state(Tool::LLVM_TOOLS) {
            State::Found { path, .. } => llvm_variables(path, places),
            _ => BTreeMap::new(),
        };
        Self { paths, front, env }
    }

    /// Where a tool is, or will be once it is installed.
    pub fn path(&self, tool: Tool) -> Option<&Path> {
        self.paths.get(&tool).map(PathBuf::as_path)
    }

    /// Variables for every command of the run, besides `PATH`: `LLVM_COV` and `LLVM_PROFDATA`.
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// The `PATH` for every command of the run: the pinned tools first, so that `cargo deny` is the pinned one.
    ///
    /// A directory whose name holds a colon cannot be on `PATH`; then the path is returned unchanged.
    pub fn search_path(&self, path: &OsStr) -> OsString {
        let directories = self.front.iter().cloned().chain(std::env::split_paths(path));
        std::env::join_paths(directories).unwrap_or_else(|_| path.to_owned())
    }
}

/// The variables by which cargo-llvm-cov finds its pair: as the user has set them, else the pair that was found.
fn llvm_variables(cov: &Path, places: &Places) -> BTreeMap<String, String> {
    let found = [("LLVM_COV", cov.to_owned()), ("LLVM_PROFDATA", profdata_beside(cov))];
    let value = |name, path: PathBuf| places.var(name).map_or_else(|| path.display().to_string(), str::to_owned);
    found.into_iter().map(|(name, path)| (name.to_owned(), value(name, path))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testbed::Testbed;
    use super::super::{install, survey};
    use super::*;

    #[test]
    fn commands_find_the_pinned_tools_first_and_the_llvm_pair_by_variables() {
        let bed = Testbed::new();
        bed.says("bin/git", "git version 2.40.0");
        bed.says("cache/tools/cargo-deny-0.20.2/bin/cargo-deny", "cargo-deny 0.20.2");
        bed.program("bin/llvm-profdata-19", "");
        bed.says("bin/llvm-cov-19", "LLVM version 19.1.7");
        let audit = install::recipe(Tool::AUDIT, &bed.places).expect("cargo installs it");
        let toolbox = Toolbox::new(&survey(Tool::built_in(), &bed.places), [&audit], &bed.places);
        let (deny, audit) = (bed.at("cache/tools/cargo-deny-0.20.2/bin"), bed.at("cache/tools/cargo-audit-0.22.2/bin"));
        assert_eq!(toolbox.path(Tool::GIT), Some(bed.at("bin/git").as_path()));
        assert_eq!(toolbox.path(Tool::AUDIT), Some(audit.join("cargo-audit").as_path()), "it is on its way");
        assert_eq!(toolbox.path(Tool::TARPAULIN), None);
        let path = toolbox.search_path(&bed.places.path);
        assert_eq!(std::env::split_paths(&path).collect::<Vec<_>>(), [audit, deny, bed.at("bin")]);
        let values: Vec<PathBuf> = toolbox.env().values().map(PathBuf::from).collect();
        assert_eq!(values, [bed.at("bin/llvm-cov-19"), bed.at("bin/llvm-profdata-19")]);
    }
}
