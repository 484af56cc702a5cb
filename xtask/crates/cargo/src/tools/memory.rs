//! Remembers what tools have answered, so that a warm run asks none of them again.
//!
//! An answer holds for as long as every file that it depends on (its witnesses) is the same: the program itself, and
//! for a toolchain also the files that choose it. Trouble with the memory's file is never an error: the tool is asked.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The version of the file's shape.
const SHAPE: u32 = 1;

/// The answers of all tools that were ever asked. Shared by the threads of a survey.
#[derive(Debug)]
pub struct Memory {
    file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<String, Entry>,
    changed: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    answer: String,
    witnesses: Witnesses,
}

/// The files that an answer depends on, as they were when this was made: before the question is asked, so that a
/// change in between is noticed later. A file may be missing; then it must stay so.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Witnesses(Vec<(PathBuf, Option<Stamp>)>);

/// Distinguishes one state of a file from another, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    mode: u32,
    modified: (i64, i64),
    // Cannot be set back by a program, unlike the time of modification.
    changed: (i64, i64),
}

impl Witnesses {
    /// These files, as they are now.
    pub fn of(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(paths.into_iter().map(|path| (path.clone(), stamp(&path))).collect())
    }

    /// Adds one more file, in its current state.
    #[must_use]
    pub fn and(mut self, path: PathBuf) -> Self {
        let stamp = stamp(&path);
        self.0.push((path, stamp));
        self
    }

    fn hold(&self) -> bool {
        self.0.iter().all(|(path, then)| stamp(path) == *then)
    }
}

impl Memory {
    /// Reads the memory that is kept in `directory`; returns an empty one when there is none or it cannot be read.
    pub fn open(directory: &Path) -> Self {
        let file = directory.join("versions.json");
        let stored = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
        let entries = stored.filter(|stored| stored.version == SHAPE).map(|stored| stored.entries).unwrap_or_default();
        Self { file, state: Mutex::new(State { entries, changed: false }) }
    }

    /// The answer to `question`, if it is known and nothing it depends on has changed since.
    pub fn recall(&self, question: &str) -> Option<String> {
        let entry = self.lock().entries.get(question).cloned()?;
        entry.witnesses.hold().then_some(entry.answer)
    }

    /// Keeps an answer for as long as the `witnesses` stay as they are.
    pub fn keep(&self, question: &str, answer: &str, witnesses: Witnesses) {
        let mut state = self.lock();
        state.entries.insert(question.to_owned(), Entry { answer: answer.to_owned(), witnesses });
        state.changed = true;
    }

    /// Writes the new answers, if any, without those that are no longer valid.
    ///
    /// Of two processes that write at once, one wins; the answers of the other are asked for again next time.
    pub fn save(&self) {
        let mut state = self.lock();
        if !std::mem::take(&mut state.changed) {
            return;
        }
        state.entries.retain(|_, entry| entry.witnesses.hold());
        let stored = Stored { version: SHAPE, entries: std::mem::take(&mut state.entries) };
        // Not written: the next run asks again, which costs it some milliseconds.
        write(&self.file, &stored).ok();
        state.entries = stored.entries;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(file: &Path, stored: &Stored) -> std::io::Result<()> {
    // Runs make the directory. Where there was none yet, a command that only looks leaves no file behind.
    let directory = file.parent().ok_or(std::io::ErrorKind::NotFound)?;
    let mut temporary = tempfile::NamedTempFile::new_in(directory)?;
    temporary.write_all(&serde_json::to_vec(stored)?)?;
    temporary.as_file().sync_all()?;
    temporary.persist(file)?;
    Ok(())
}

fn stamp(path: &Path) -> Option<Stamp> {
    let meta = path.metadata().ok()?;
    Some(Stamp {
        device: meta.dev(),
        inode: meta.ino(),
        size: meta.size(),
        mode: meta.mode(),
        modified: (meta.mtime(), meta.mtime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn an_answer_holds_until_a_witness_changes() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (program, absent) = (dir.path().join("program"), dir.path().join("rust-toolchain"));
        fs::write(&program, "one").expect("written");
        let memory = Memory::open(dir.path());
        memory.keep("q", "1.0", Witnesses::of([program.clone(), absent.clone()]));
        memory.save();
        assert_eq!(Memory::open(dir.path()).recall("q").as_deref(), Some("1.0"));
        fs::write(&absent, "").expect("written");
        assert_eq!(Memory::open(dir.path()).recall("q"), None, "a file that was absent is there");
        fs::remove_file(&absent).expect("removed");
        assert_eq!(Memory::open(dir.path()).recall("q").as_deref(), Some("1.0"));
        fs::write(&program, "three").expect("written");
        assert_eq!(Memory::open(dir.path()).recall("q"), None, "other content");
    }

    #[test]
    fn a_change_while_the_question_is_asked_is_noticed() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let program = dir.path().join("program");
        fs::write(&program, "one").expect("written");
        let witnesses = Witnesses::of([program.clone()]);
        fs::write(&program, "three").expect("written");
        let memory = Memory::open(dir.path());
        memory.keep("q", "1.0", witnesses);
        assert_eq!(memory.recall("q"), None);
    }

    #[test]
    fn trouble_with_the_file_is_an_empty_memory() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("versions.json");
        for content in
            ["", "{", "[]", r#"{"version":99,"entries":{}}"#, r#"{"version":1,"entries":{"q":{"answer":"1"}}}"#]
        {
            fs::write(&file, content).expect("written");
            let memory = Memory::open(dir.path());
            assert_eq!(memory.recall("q"), None, "{content}");
        }
        let new = dir.path().join("not there yet");
        let shown = Memory::open(&new);
        shown.keep("q", "1", Witnesses::of([]));
        shown.save();
        assert!(!new.exists(), "no run was here");
        let blocked = Memory::open(&file.join("below a file"));
        blocked.keep("q", "1", Witnesses::of([]));
        blocked.save();
        assert_eq!(blocked.recall("q").as_deref(), Some("1"), "what was learnt is still known in this process");
    }

    #[test]
    fn stale_answers_do_not_pile_up() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let memory = Memory::open(dir.path());
        let program = dir.path().join("program");
        memory.keep("old", "1", Witnesses::of([program.clone()]));
        fs::write(&program, "here now").expect("written");
        memory.keep("new", "2", Witnesses::of([program]));
        memory.save();
        let text = fs::read_to_string(dir.path().join("versions.json")).expect("saved");
        assert!(text.contains("new") && !text.contains("old"), "{text}");
    }
}
