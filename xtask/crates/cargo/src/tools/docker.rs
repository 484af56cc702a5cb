//! Finds a docker that can build: its engine answers, and it has `BuildKit` or the plugin that brings it.

use super::search::Search;
use super::state::State;
use super::{probe, version};
use std::path::PathBuf;
use xtask_core::catalogue::Entry;

/// The first client that no longer has `BuildKit` within itself, and calls the plugin buildx.
const CALLS_BUILDX: u64 = 23;

/// The first on `PATH` that can build, else the best of the others. Queried each time: no file shows whether the engine
/// is up.
pub(super) fn look(entry: &Entry, search: &Search) -> State {
    let candidates = entry.programs.iter().flat_map(|program| search.places.on_path(program));
    let mut best = State::Missing;
    for program in candidates {
        best = best.or_better(judge(entry, search, program));
        if best.is_found() {
            break;
        }
    }
    best
}

fn judge(entry: &Entry, search: &Search, program: PathBuf) -> State {
    let ask = |args: &[&str]| probe::ask(&program, args, search.places).map_err(|silence| silence.why());
    let judged = ask(entry.ask).and_then(|answer| version::read(entry, &answer.out)).and_then(|client| {
        let has_its_own = version::major(&client).is_some_and(|major| major < CALLS_BUILDX);
        let plugin = if has_its_own { Ok(()) } else { ask(&["buildx", "version"]).map(drop) };
        plugin.map(|()| client).map_err(|why| format!("its plugin buildx does not answer: {why}"))
    });
    match judged {
        Ok(version) => State::Found { path: program, version },
        Err(why) => State::Broken { path: program, why },
    }
}

#[cfg(test)]
mod tests {
    use super::super::survey;
    use super::super::testbed::Testbed;
    use super::*;
    use xtask_core::catalogue::Tool;

    fn docker(bed: &Testbed, directory: &str, versions: &str, buildx: &str) -> PathBuf {
        let script = format!("case \"$1\" in version) {versions};; buildx) {buildx};; esac");
        bed.program(&format!("{directory}/docker"), &script)
    }

    #[track_caller]
    fn case(versions: &str, buildx: &str, wanted: Result<&str, &str>) {
        let bed = Testbed::new();
        docker(&bed, "bin", versions, buildx);
        match (survey([Tool::BUILDKIT], &bed.places).state(Tool::BUILDKIT), wanted) {
            (State::Found { version, .. }, Ok(wanted)) => assert_eq!(version, wanted),
            (State::Broken { why, .. }, Err(wanted)) => assert!(why.contains(wanted), "{why}"),
            (state, wanted) => panic!("{state:?}, and {wanted:?} is right"),
        }
    }

    #[test]
    fn a_client_builds_with_what_it_has_or_with_its_plugin() {
        case("echo 20.10.24+dfsg1 20.10.24+dfsg1", "exit 1", Ok("20.10.24+dfsg1"));
        case("echo 28.2.2 28.2.2", "echo github.com/docker/buildx v0.24.0", Ok("28.2.2"));
        let missing = "echo \"docker: 'buildx' is not a docker command.\" >&2; exit 1";
        case("echo 28.2.2 28.2.2", missing, Err("its plugin buildx does not answer"));
        case("echo Cannot connect to the Docker daemon >&2; exit 1", "exit 0", Err("Cannot connect"));
    }

    #[test]
    fn one_that_cannot_build_does_not_hide_one_that_can() {
        let mut bed = Testbed::new();
        docker(&bed, "bin", "echo 28.2.2 28.2.2", "exit 1");
        let other = docker(&bed, "usr", "echo 20.10.24 28.2.2", "exit 1");
        bed.places.path = format!("{}:{}", bed.at("bin").display(), bed.at("usr").display()).into();
        assert_eq!(survey([Tool::BUILDKIT], &bed.places).state(Tool::BUILDKIT).path(), Some(other.as_path()));
    }
}
