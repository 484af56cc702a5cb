//! The contents of a checkout at one moment, as git names them: every tracked file, and every untracked one that is not
//! ignored, by its object id.

use super::entry::Inputs;
use crate::plan::task::Scope;
use crate::tools::probe;
use crate::workspace::git;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xshell::{Cmd, Shell, cmd};

/// The contents, by the package that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The compiler's own description.
    compiler: String,
    /// The files that belong to no package.
    common: Inputs,
    /// The files of each package.
    packages: BTreeMap<String, Inputs>,
}

impl Snapshot {
    /// Looks at the checkout. `None` where git or the compiler does not answer: then nothing can be compared.
    pub fn take(root: &Path, packages: &BTreeMap<String, PathBuf>) -> Option<Self> {
        let shell = Shell::new().ok()?;
        shell.change_dir(root);
        shell.set_var("GIT_OPTIONAL_LOCKS", "0");
        // One that hangs is one that does not answer.
        let read = |command: Cmd<'_>| {
            let answer = probe::answer(command.into(), git::PATIENCE, git::ENOUGH).ok()?;
            Some(answer.out.trim_end_matches('\n').to_owned())
        };
        let compiler = read(cmd!(shell, "rustc -vV"))?;
        let tracked = read(cmd!(shell, "git ls-files -z --stage"))?;
        // With `-m` git compares contents where times differ; `-d` lists what is gone.
        let moved = read(cmd!(shell, "git ls-files -z --modified --deleted --others --exclude-standard"))?;
        let mut files: Inputs = tracked.split('\0').filter_map(stage_line).collect();
        let mut there: Vec<&str> = Vec::new();
        for file in moved.split('\0').filter(|file| !file.is_empty()) {
            files.remove(file);
            if std::fs::symlink_metadata(root.join(file)).is_ok() {
                there.push(file);
            }
        }
        there.sort_unstable();
        there.dedup();
        for some in there.chunks(200) {
            let ids = read(cmd!(shell, "git hash-object --no-filters -- {some...}"))?;
            let ids: Vec<&str> = ids.lines().collect();
            if ids.len() != some.len() {
                return None;
            }
            files.extend(some.iter().zip(ids).map(|(file, id)| ((*file).to_owned(), id.to_owned())));
        }
        Some(Self::sort(compiler, files, packages))
    }

    /// Gives each file to the package with the longest folder that holds it.
    fn sort(compiler: String, files: Inputs, packages: &BTreeMap<String, PathBuf>) -> Self {
        let folders: BTreeMap<&Path, &str> =
            packages.iter().map(|(name, folder)| (folder.as_path(), name.as_str())).collect();
        let mut sorted = Self { compiler, common: Inputs::new(), packages: BTreeMap::new() };
        for (file, id) in files {
            let owner = Path::new(&file).ancestors().skip(1).find_map(|folder| folders.get(folder));
            let inputs = match owner {
                Some(name) => sorted.packages.entry((*name).to_owned()).or_default(),
                None => &mut sorted.common,
            };
            inputs.insert(file, id);
        }
        sorted
    }

    /// What a task of this scope has in front of it, with the words that are not in files.
    pub fn inputs(&self, scope: &Scope, words: &BTreeMap<String, String>) -> Inputs {
        let mut inputs = self.common.clone();
        for package in &scope.packages {
            inputs.extend(self.packages.get(package).cloned().unwrap_or_default());
        }
        inputs.extend(words.clone());
        inputs.insert("the compiler".to_owned(), self.compiler.clone());
        inputs
    }
}

/// `100644 <id> 0\t<path>`, as `git ls-files --stage` prints it; a file in conflict has several stages and is listed
/// among the modified ones as well.
fn stage_line(line: &str) -> Option<(String, String)> {
    let (meta, path) = line.split_once('\t')?;
    let mut words = meta.split(' ');
    let (mode, id) = (words.next()?, words.next()?);
    Some((path.to_owned(), format!("{mode} {id}")))
}
