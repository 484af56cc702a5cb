//! The contents of a checkout at one moment, as git names them: every tracked file, and every untracked one that is not
//! ignored, by its object id; and cargo's configuration, which may be outside of the checkout.

use super::sight::{self, Package};
use crate::fingerprint::lock::Lock;
use crate::fingerprint::tables::tables;
use crate::fingerprint::{Fingerprint, Kind};
use crate::git;
use crate::plan::task::Scope;
use oci_layout::Digest;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use xtask_core::command::Command;
use xtask_process::process;

/// The mode of a symbolic link, as git writes it.
const LINK: &str = "120000";
/// The mode of a submodule.
const SUBMODULE: &str = "160000";

/// Where the inputs of tasks are.
#[derive(Clone, Debug, Default)]
pub struct Checkout {
    /// The workspace's root.
    pub root: PathBuf,
    /// The workspace's packages, by name.
    pub packages: BTreeMap<String, Package>,
    /// Every file that cargo may read its configuration from, whether it exists or not.
    pub configuration: Vec<PathBuf>,
    /// Variables of xtask that its children do not get.
    pub unset: Vec<String>,
}

/// Files with their modes and ids.
type Files = BTreeMap<String, String>;

/// The contents, by the package that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The compiler's own description.
    compiler: String,
    /// The files that belong to no package.
    common: Files,
    /// The files of each package.
    packages: BTreeMap<String, Files>,
    /// The locked packages.
    lock: Lock,
    /// The tables of the manifest at the root.
    manifest: BTreeMap<String, String>,
    /// Cargo's configuration: the hashes of its files.
    configuration: BTreeMap<String, String>,
    /// The first file of each package whose contents are unknown, as a sentence; under "" for those of no package.
    unknown: BTreeMap<String, String>,
}

impl Snapshot {
    /// Takes a snapshot of the checkout. An error says why nothing can be compared: git or the compiler does not
    /// answer, or git is set not to compare a file. `own` is in the directory whose ignored files are xtask's and
    /// cargo's own.
    pub fn take(checkout: &Checkout, own: &Path) -> Result<Self, String> {
        let root = &checkout.root;
        // A command that hangs counts as one that does not answer.
        let read = |program: &str, args: &[&str]| {
            let command = Command::new(program, root).args(args.iter().copied()).env("GIT_OPTIONAL_LOCKS", "0");
            let answer = process::answer(&command, &checkout.unset, git::PATIENCE, git::ENOUGH);
            let shown = || command.argv().join(" ");
            let answer = answer.map_err(|silence| format!("`{}` gave no answer: {}", shown(), silence.why()))?;
            Ok::<_, String>(answer.text().trim_end_matches('\n').to_owned())
        };
        let compiler = read("rustc", &["-vV"])?;
        // A file system monitor, or a setting that compares fewer of a file's timestamps, could hide a change.
        let look = ["-c", "core.fsmonitor=false", "-c", "core.trustctime=true", "-c", "core.checkStat=default"];
        let git = |args: &[&str]| read("git", args);
        let look = |args: &[&str]| git(&[&look[..], args].concat());
        let tracked = look(&["ls-files", "-z", "-v", "--stage"])?;
        // With `-m` git compares contents where timestamps differ; `-d` lists deleted files.
        let moved = look(&["ls-files", "-z", "--modified", "--deleted", "--others", "--exclude-standard"])?;
        let ignored = git(&["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"])?;
        let mut files = tracked.split_terminator('\0').map(stage_line).collect::<Result<Files, _>>()?;
        let mut there: Vec<&str> = Vec::new();
        for file in moved.split_terminator('\0') {
            files.remove(file);
            match std::fs::symlink_metadata(root.join(file)) {
                Ok(found) if found.is_symlink() => drop(files.insert(file.to_owned(), LINK.to_owned())),
                Ok(_) => there.push(file),
                Err(_) => {}
            }
        }
        there.sort_unstable();
        there.dedup();
        for some in there.chunks(200) {
            let ids = git(&[&["hash-object", "--no-filters", "--"], some].concat())?;
            let ids: Vec<&str> = ids.lines().collect();
            if ids.len() != some.len() {
                return Err(format!("`git hash-object` named {} of {} files", ids.len(), some.len()));
            }
            files.extend(some.iter().zip(ids).map(|(file, id)| ((*file).to_owned(), id.to_owned())));
        }
        let owners = Owners::new(&checkout.packages);
        let mut snapshot = Self::sort(compiler, files, &owners);
        for path in ignored.split_terminator('\0').filter(|path| !own.starts_with(root.join(path))) {
            if let Some(owner) = owners.of(path) {
                snapshot.unknown.entry(owner.to_owned()).or_insert_with(|| format!("git ignores {path}"));
            }
        }
        snapshot.configure(&checkout.configuration, root);
        snapshot.dissect(root)?;
        Ok(snapshot)
    }

    /// Assigns each file to its package.
    fn sort(compiler: String, files: Files, owners: &Owners<'_>) -> Self {
        let mut sorted = Self {
            compiler,
            common: Files::new(),
            packages: BTreeMap::new(),
            lock: Lock::default(),
            manifest: BTreeMap::new(),
            configuration: BTreeMap::new(),
            unknown: BTreeMap::new(),
        };
        for (file, id) in files {
            let owner = owners.of(&file);
            if id.starts_with(LINK) {
                let why = || format!("{file} is a symbolic link");
                sorted.unknown.entry(owner.unwrap_or_default().to_owned()).or_insert_with(why);
            }
            let inputs = match owner {
                Some(name) => sorted.packages.entry(name.to_owned()).or_default(),
                None => &mut sorted.common,
            };
            inputs.insert(file, id);
        }
        sorted
    }

    /// Adds the contents of the lock file and of the manifest at `root`, in place of the files, of which each task has
    /// its parts.
    fn dissect(&mut self, root: &Path) -> Result<(), String> {
        const LOCK: &str = "Cargo.lock";
        const MANIFEST: &str = "Cargo.toml";
        let read = |file: &str| match std::fs::read_to_string(root.join(file)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            read => read.map_err(|error| format!("{file} cannot be read: {error}")),
        };
        let invalid = |file: &'static str| move |why: String| format!("{file} cannot be parsed: {why}");
        self.lock = Lock::parse(&read(LOCK)?).map_err(invalid(LOCK))?;
        self.manifest = tables(&read(MANIFEST)?).map_err(invalid(MANIFEST))?;
        self.common.remove(MANIFEST);
        for files in self.packages.values_mut().chain([&mut self.common]) {
            files.remove(LOCK);
        }
        Ok(())
    }

    /// Adds cargo's configuration, by paths relative to `root` where they are inside of it.
    fn configure(&mut self, files: &[PathBuf], root: &Path) {
        for file in files {
            let Ok(bytes) = std::fs::read(file) else { continue };
            let shown = file.strip_prefix(root).unwrap_or(file).display().to_string();
            // Named once, so that a change of it is one difference.
            self.common.remove(&shown);
            if let Some(word) = sight::word_elsewhere(&String::from_utf8_lossy(&bytes)) {
                self.unknown.entry(String::new()).or_insert_with(|| format!("{shown} mentions `{word}`"));
            }
            self.configuration.insert(shown, Digest::of(&bytes).to_string());
        }
    }

    /// The inputs that a task of this scope has in the checkout, and the compiler.
    pub fn fingerprint(&self, scope: &Scope) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(Kind::Tool, [("rustc".to_owned(), self.compiler.clone())]);
        fingerprint.add(Kind::Configuration, self.configuration.clone());
        fingerprint.add(Kind::Manifest, self.manifest.clone());
        fingerprint.add(Kind::Locked, self.lock.closure(scope.named.union(&scope.packages).map(String::as_str)));
        fingerprint.add(Kind::File, self.common.clone());
        let is_manifest = |(file, _): &(&String, &String)| Path::new(file).ends_with("Cargo.toml");
        for files in scope.named.iter().filter_map(|package| self.packages.get(package)) {
            let manifests = files.iter().filter(is_manifest);
            fingerprint.add(Kind::File, manifests.map(|(file, id)| (file.clone(), id.clone())));
        }
        for package in &scope.packages {
            fingerprint.add(Kind::File, self.packages.get(package).cloned().unwrap_or_default());
        }
        fingerprint
    }

    /// Why a task of this scope may depend on more than its inputs; `None` when it cannot.
    pub fn unseen(&self, scope: &Scope, checkout: &Checkout) -> Option<String> {
        let names = scope.packages.iter().map(String::as_str);
        let facts = names.clone().find_map(|name| match checkout.packages.get(name) {
            Some(package) => package.unseen.clone(),
            None => Some(format!("`{name}` lies outside of the workspace's root")),
        });
        let unknown = || std::iter::once("").chain(names.clone()).find_map(|name| self.unknown.get(name).cloned());
        facts.or_else(unknown).or_else(|| names.clone().find_map(|name| self.reaches_beyond(name, &checkout.root)))
    }

    /// The word in the sources of a package that may reach beyond them.
    fn reaches_beyond(&self, package: &str, root: &Path) -> Option<String> {
        let Some(files) = self.packages.get(package) else { return Some(format!("git knows no file of `{package}`")) };
        files.keys().filter(|file| sight::is_source(Path::new(file))).find_map(|file| {
            let Ok(bytes) = std::fs::read(root.join(file)) else { return Some(format!("{file} cannot be read")) };
            let text = String::from_utf8_lossy(&bytes);
            sight::word_beyond(&text)
                .map(|word| format!("{file} mentions `{word}`, so it may read more than its sources"))
        })
    }
}

/// The packages by their directories.
struct Owners<'a>(BTreeMap<&'a Path, &'a str>);

impl<'a> Owners<'a> {
    fn new(packages: &'a BTreeMap<String, Package>) -> Self {
        Self(packages.iter().map(|(name, package)| (package.dir.as_path(), name.as_str())).collect())
    }

    /// The package with the longest directory that contains this file.
    fn of(&self, file: &str) -> Option<&'a str> {
        Path::new(file).ancestors().find_map(|directory| self.0.get(directory)).copied()
    }
}

/// `H 100644 <id> 0\t<path>`, as `git ls-files -v --stage` prints it; a file in conflict has several stages and is
/// listed among the modified ones as well. An error for what git does not compare.
fn stage_line(line: &str) -> Result<(String, String), String> {
    let (meta, path) = line.split_once('\t').ok_or_else(|| format!("`git ls-files` said {line:?}"))?;
    match meta.split(' ').collect::<Vec<_>>()[..] {
        [_, SUBMODULE, ..] => Err(format!("{path} is a submodule, whose files are not compared")),
        [tag, ..] if tag == "S" || tag.chars().all(char::is_lowercase) => {
            Err(format!("git is set not to compare {path}, see `git ls-files -v`"))
        }
        [_, mode, id, ..] => Ok((path.to_owned(), format!("{mode} {id}"))),
        _ => Err(format!("`git ls-files` said {line:?}")),
    }
}
