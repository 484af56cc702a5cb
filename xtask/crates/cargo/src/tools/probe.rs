//! Asks a program a short question, such as its version, without trusting it to answer.
//!
//! Nothing here knows the meaning of the answer, nor how a child is supervised.

use super::places::Places;
use std::path::Path;
use xtask_core::command::Command;
pub use xtask_process::process::Silence;
use xtask_process::process::{self, Question, Surroundings};

/// How much of an answer is read, in bytes.
const ENOUGH: usize = 64 * 1024;

/// The answer of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

/// Runs `program` with `args` in the workspace and reads its output.
pub fn ask(program: &Path, args: &[&str], places: &Places) -> Result<Answer, Silence> {
    let command = Command::new(program.to_string_lossy(), &places.root).args(args.iter().copied());
    let surroundings = &surroundings(places);
    let question = Question { command: &command, surroundings, input: &[], limit: places.patience, enough: ENOUGH };
    let said = process::ask(&question)?;
    Ok(Answer { out: said.text(), err: said.err })
}

/// How the environment of programs that are called outside of a run differs from the inherited one.
pub(super) fn surroundings(places: &Places) -> Surroundings {
    let set = vec![("PATH".to_owned(), places.path.to_string_lossy().into_owned())];
    Surroundings { remove: places.unset.clone(), set, ..Surroundings::default() }
}
