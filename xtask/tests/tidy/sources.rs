//! The files of the repository as text.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file.
pub struct Source {
    /// Its path from the repository's root, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
    /// What of it ends up in a program: without comments and without tests.
    pub code: String,
    /// Lines before its tests, comments included.
    pub lines: usize,
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository").to_owned()
}

/// A file of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("read {path}: {error}"))
}

/// A document for users.
pub struct Document {
    /// Its path from the repository's root.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// README.md, and the documents in `docs/` that it links to, in order.
pub fn documents() -> Vec<Document> {
    let entries = fs::read_dir(root().join("docs")).expect("docs/ is readable");
    let names = entries.map(|entry| PathBuf::from(entry.expect("an entry").file_name()));
    let names = names.filter(|name| name.extension().is_some_and(|extension| extension == "md"));
    let mut paths: Vec<String> = names.map(|name| format!("docs/{}", name.display())).collect();
    paths.sort();
    paths.insert(0, "README.md".to_owned());
    paths.into_iter().map(|path| Document { text: read(&path), path }).collect()
}

/// Every Rust file beneath these directories, in order.
pub fn below(directories: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for directory in directories {
        collect(&root().join(directory), &mut paths);
    }
    paths.sort();
    let mut sources: Vec<Source> = paths.iter().map(|path| source(path)).collect();
    assert!(!sources.is_empty(), "no sources in {directories:?}");
    forget_test_files(&mut sources);
    sources
}

/// The sources of xtask: of its program, and of the crates that it is made of.
pub fn xtask() -> Vec<Source> {
    let crates = below(&["xtask/crates", "xtask/src", "xtask/testing/own"]);
    crates.into_iter().filter(|source| source.path.contains("/src/") && !source.path.contains("/oci/")).collect()
}

impl Source {
    /// The directory of its crate, and its path within the crate's sources.
    pub fn place(&self) -> (&str, &str) {
        self.path.split_once("/src/").expect("sources are in `src`")
    }
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("read {}: {error}", directory.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn source(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
    let lines: Vec<&str> = text.lines().collect();
    let tests = |at: &usize| lines[*at] == "#[cfg(test)]" && lines.get(at + 1).is_some_and(|next| next.ends_with(" {"));
    let end = (0..lines.len()).find(tests).unwrap_or(lines.len());
    let code = lines[..end].iter().filter(|line| !line.trim_start().starts_with("//"));
    let path = path.strip_prefix(root()).expect("it lies in the repository").to_string_lossy().into_owned();
    Source { path, code: code.fold(String::new(), |code, line| code + line + "\n"), lines: end, text }
}

/// Takes the code away from files that are compiled for tests alone: those that a `mod` behind `#[cfg(test)]` names.
fn forget_test_files(sources: &mut [Source]) {
    let mut modules = Vec::new();
    for source in sources.iter() {
        let lines: Vec<&str> = source.text.lines().collect();
        let (directory, file) = source.path.rsplit_once('/').expect("it lies in a directory");
        let home = match file {
            "mod.rs" | "lib.rs" | "main.rs" => directory.to_owned(),
            _ => format!("{directory}/{}", file.trim_end_matches(".rs")),
        };
        let named = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]");
        let named = named.filter_map(|pair| pair[1].strip_prefix("mod ")?.strip_suffix(';'));
        modules.extend(named.map(|name| format!("{home}/{name}")));
    }
    for source in sources {
        if modules
            .iter()
            .any(|module| source.path == format!("{module}.rs") || source.path.starts_with(&format!("{module}/")))
        {
            source.code.clear();
            source.lines = 0;
        }
    }
}

#[test]
fn tests_and_comments_are_no_code() {
    let sources = xtask();
    let code = |path: &str| &sources.iter().find(|source| source.path == path).expect("it is there").code;
    assert!(code("xtask/crates/report/src/report/sample.rs").is_empty(), "a module for tests alone");
    assert!(code("xtask/crates/core/src/text.rs").contains("pub fn count"));
    assert!(!code("xtask/crates/core/src/text.rs").contains("#[test]"));
    assert!(!code("xtask/crates/core/src/lib.rs").contains("//!"));
}
