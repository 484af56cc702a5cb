//! Finds tools and tells their state: there, missing, of the wrong version, or broken.
//!
//! Knows nothing of what a missing tool means or how to get it.

use super::catalogue::{Entry, Tool};
use super::memory::{Memory, Witnesses};
use super::places::{Places, is_program, why_unusable};
use super::toolchain::{self, Toolchain};
use super::{docker, llvm, postgres, probe, version};
use serde::Serialize;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;

/// How it stands with a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It is there and will do.
    Found {
        /// The program, absolute.
        path: PathBuf,
        /// Its version, as it says itself.
        version: String,
    },
    /// It is nowhere.
    Missing,
    /// It is there, but not in a version that will do.
    WrongVersion {
        /// The program.
        path: PathBuf,
        /// Its version.
        found: String,
        /// What would do.
        wanted: String,
    },
    /// It is there, but cannot be run, or does not answer as it should.
    Broken {
        /// The program.
        path: PathBuf,
        /// What is wrong with it, as a sentence fragment: `it ended with signal 11`.
        why: String,
    },
}

impl State {
    /// Where the tool is, if it will do.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Found { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Whether the tool will do.
    pub fn is_found(&self) -> bool {
        self.path().is_some()
    }

    /// How much is there, when there are several candidates: the more, the better to talk about.
    fn rank(&self) -> u8 {
        match self {
            Self::Found { .. } => 3,
            Self::WrongVersion { .. } => 2,
            Self::Broken { .. } => 1,
            Self::Missing => 0,
        }
    }

    /// This one, or the other where it is better.
    pub(super) fn or_better(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }
}

/// How it stands with several tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    states: BTreeMap<Tool, State>,
}

impl Survey {
    /// The state of a tool; missing when it was not looked for.
    pub fn state(&self, tool: Tool) -> &State {
        self.states.get(&tool).unwrap_or(&State::Missing)
    }

    /// Whether a tool will do.
    pub fn has(&self, tool: Tool) -> bool {
        self.state(tool).is_found()
    }

    /// The tools that were looked for.
    pub fn tools(&self) -> impl Iterator<Item = (Tool, &State)> {
        self.states.iter().map(|(tool, state)| (*tool, state))
    }

    /// Adds what another survey has found.
    pub fn extend(&mut self, other: Self) {
        self.states.extend(other.states);
    }
}

impl FromIterator<(Tool, State)> for Survey {
    fn from_iter<I: IntoIterator<Item = (Tool, State)>>(states: I) -> Self {
        Self { states: states.into_iter().collect() }
    }
}

/// Looks for all of `tools` at once.
///
/// Asks only what the memory in the cache folder does not know already, apart from a Docker engine, which is asked
/// each time whether it is up.
pub fn survey(tools: impl IntoIterator<Item = Tool>, places: &Places) -> Survey {
    let states = with_search(places, |search| {
        thread::scope(|scope| {
            let looking: Vec<_> =
                tools.into_iter().map(|tool| (tool, scope.spawn(move || search.look(tool)))).collect();
            looking
                .into_iter()
                .map(|(tool, thread)| (tool, thread.join().unwrap_or_else(|panic| resume_unwind(panic))))
                .collect()
        })
    });
    Survey { states }
}

/// Looks for something with the memory of the cache folder, and remembers what was learnt.
pub(super) fn with_search<T>(places: &Places, look: impl FnOnce(&Search) -> T) -> T {
    let memory = Memory::open(&places.memory);
    let found = look(&Search { places, memory: &memory, toolchain: OnceLock::new() });
    memory.save();
    found
}

/// What all searches of one survey share.
pub(super) struct Search<'a> {
    pub(super) places: &'a Places,
    pub(super) memory: &'a Memory,
    toolchain: OnceLock<Result<Toolchain, State>>,
}

impl Search<'_> {
    fn look(&self, tool: Tool) -> State {
        let entry = tool.entry();
        match tool {
            Tool::BuildKit => docker::look(entry, self),
            Tool::LlvmTools => llvm::look(entry, self),
            Tool::Postgres => postgres::look(entry, self),
            Tool::Rustfmt | Tool::Clippy => toolchain::look(entry, self),
            _ => match tool.pinned() {
                Some((name, version)) => self.look_for_pinned(entry, name, version),
                None => self.look_on_path(entry),
            },
        }
    }

    /// The toolchain of the workspace; asked once a survey.
    pub(super) fn toolchain(&self) -> Result<&Toolchain, State> {
        self.toolchain.get_or_init(|| toolchain::ask(self)).as_ref().map_err(Clone::clone)
    }

    /// A pinned tool: in xtask's own cache, else on `PATH` in exactly that version.
    fn look_for_pinned(&self, entry: &Entry, name: &str, version: &str) -> State {
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
        // What is wrong with the own copy matters more than a copy of the user's that would not do anyway.
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

    /// The version of a program, from memory if it is known. `Err` says what is wrong with the program.
    pub(super) fn version_of(&self, entry: &Entry, program: &Path) -> Result<String, String> {
        let question = format!("{} {}", program.display(), entry.ask.join(" "));
        if let Some(known) = self.memory.recall(&question) {
            return Ok(known);
        }
        let witnesses = Witnesses::of([program.to_owned()]);
        let answer = probe::ask(program, entry.ask, self.places).map_err(|silence| silence.why())?;
        let version = version::read(entry, &answer.out)?;
        // The answer of a client that asks a server is not a property of any file.
        if entry.tool != Tool::Docker {
            self.memory.keep(&question, &version, witnesses);
        }
        Ok(version)
    }
}

#[cfg(test)]
mod tests;
