//! Looking for programs and asking them for their versions, which is remembered.
//!
//! Knows nothing about the needs of single tools; each of those that have any has a file of its own.

use super::memory::{Memory, Witnesses};
use super::places::{Places, is_program, why_unusable};
use super::state::State;
use super::{probe, version};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use xtask_core::catalogue::{Entry, Tool};

/// Looks for something with the memory of the cache directory, and remembers the new answers.
pub(super) fn with_search<T>(places: &Places, look: impl FnOnce(&Search) -> T) -> T {
    let memory = Memory::open(&places.memory);
    let found = look(&Search { places, memory: &memory, toolchain: OnceLock::new() });
    memory.save();
    found
}

/// The answers of `rustc` about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toolchain {
    /// The directory that the toolchain is in.
    pub(super) sysroot: PathBuf,
    /// The triple of this machine.
    pub(super) host: String,
    /// The major version of the LLVM inside.
    pub(super) llvm: Option<u64>,
    /// Its version: `1.95.0`.
    pub(super) release: String,
}

/// The state that all searches of one survey share.
pub(super) struct Search<'a> {
    pub(super) places: &'a Places,
    pub(super) memory: &'a Memory,
    pub(super) toolchain: OnceLock<Result<Toolchain, State>>,
}

impl Search<'_> {
    /// A pinned tool: in xtask's own cache, else on `PATH` in exactly that version.
    pub(super) fn look_for_pinned(&self, entry: &Entry, name: &str, version: &str) -> State {
        let cached = self.places.install_root(name, version).join("bin").join(name);
        let own = match why_unusable(&cached) {
            Some(why) => State::Broken { path: cached, why },
            None if is_program(&cached) => self.judge(entry, cached),
            None => State::Missing,
        };
        if own.is_found() {
            return own;
        }
        let elsewhere = self.look_on_path(entry);
        // The problem with our own copy matters more than a copy of the user's that would not do anyway.
        if elsewhere.is_found() || own == State::Missing { elsewhere } else { own }
    }

    /// Any of the programs that the tool goes by, from `PATH`.
    pub(super) fn look_on_path(&self, entry: &Entry) -> State {
        let found = entry.programs.iter().flat_map(|program| self.places.on_path(program));
        let state = self.first_that_suits(entry, found);
        if state != State::Missing {
            return state;
        }
        let unusable = entry.programs.iter().find_map(|program| self.places.unusable_on_path(program));
        unusable.map_or(State::Missing, |(path, why)| State::Broken { path, why })
    }

    /// The first candidate that will do, else the best of the others.
    pub(super) fn first_that_suits(&self, entry: &Entry, candidates: impl IntoIterator<Item = PathBuf>) -> State {
        let mut best = State::Missing;
        for path in candidates {
            best = best.or_better(self.judge(entry, path));
            if best.is_found() {
                break;
            }
        }
        best
    }

    /// Asks one program for its version and judges the answer.
    pub(super) fn judge(&self, entry: &Entry, path: PathBuf) -> State {
        match self.version_of(entry, &path) {
            Ok(version) if version::suits(entry.wanted, &version) => State::Found { path, version },
            Ok(found) => State::WrongVersion { path, found, wanted: entry.wanted.to_string() },
            Err(why) => State::Broken { path, why },
        }
    }

    /// The version of a program, from memory if it is known. `Err` describes the problem with the program.
    pub(super) fn version_of(&self, entry: &Entry, program: &Path) -> Result<String, String> {
        let question = format!("{} {}", program.display(), entry.ask.join(" "));
        if let Some(known) = self.memory.recall(&question) {
            return Ok(known);
        }
        let witnesses = Witnesses::of([program.to_owned()]);
        let answer = probe::ask(program, entry.ask, self.places).map_err(|silence| silence.why())?;
        let version = version::read(entry, &answer.out)?;
        // The answer of a client that asks a server is not a property of any file.
        if entry.id != Tool::DOCKER.id() {
            self.memory.keep(&question, &version, witnesses);
        }
        Ok(version)
    }
}
