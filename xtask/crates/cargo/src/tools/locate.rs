//! Looks for tools, each in its way.
//!
//! Knows nothing of what a missing tool means or how to get it.

use super::places::Places;
use super::search::{Search, with_search};
use super::state::{State, Survey};
use super::{docker, llvm, postgres, toolchain};
use std::panic::resume_unwind;
use std::thread;
use xtask_core::catalogue::Tool;

/// Looks for all of `tools` at once.
///
/// Queries only the tools that the memory in the cache directory does not know already, apart from a Docker engine,
/// which is asked each time whether it is up.
pub fn survey(tools: impl IntoIterator<Item = Tool>, places: &Places) -> Survey {
    with_search(places, |search| {
        thread::scope(|scope| {
            let looking: Vec<_> =
                tools.into_iter().map(|tool| (tool, scope.spawn(move || look(tool, search)))).collect();
            looking
                .into_iter()
                .map(|(tool, thread)| (tool, thread.join().unwrap_or_else(|panic| resume_unwind(panic))))
                .collect()
        })
    })
}

fn look(tool: Tool, search: &Search) -> State {
    let entry = tool.entry();
    if tool == Tool::BUILDKIT {
        docker::look(entry, search)
    } else if tool == Tool::LLVM_TOOLS {
        llvm::look(entry, search)
    } else if tool == Tool::POSTGRES {
        postgres::look(entry, search)
    } else if [Tool::RUSTFMT, Tool::CLIPPY].contains(&tool) {
        toolchain::look(entry, search)
    } else if let Some((name, version)) = tool.pinned() {
        search.look_for_pinned(entry, name, version)
    } else {
        search.look_on_path(entry)
    }
}

#[cfg(test)]
mod tests;
