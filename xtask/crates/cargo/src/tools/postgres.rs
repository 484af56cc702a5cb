//! Finds the server binaries of PostgreSQL: on `PATH`, and in the directories that distributions keep off it.

use super::places::{Places, is_program};
use super::search::Search;
use super::state::State;
use super::version;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use xtask_core::catalogue::Entry;

/// The major that the services are written for.
const PREFERRED: u64 = 15;

/// Directories below the system's root that hold one directory per version: the prefix of its name, and the path that
/// follows below it.
const FAMILIES: [(&str, &str, &str); 5] = [
    ("usr/lib/postgresql", "", "bin"),
    ("usr", "pgsql-", "bin"),
    ("opt/homebrew/opt", "postgresql", "bin"),
    ("usr/local/opt", "postgresql", "bin"),
    ("Applications/Postgres.app/Contents/Versions", "", "bin"),
];

pub(super) fn look(entry: &Entry, search: &Search) -> State {
    let mut best = State::Missing;
    let mut suiting = Vec::new();
    for directory in directories(search.places) {
        let server = directory.join(entry.programs[0]);
        if !is_program(&server) {
            continue;
        }
        let absent: Vec<&&str> = entry.programs.iter().filter(|name| !is_program(&directory.join(name))).collect();
        let state = if absent.is_empty() {
            search.judge(entry, server)
        } else {
            let why = format!("{} missing beside it", are(&absent));
            State::Broken { path: server, why }
        };
        match state {
            State::Found { path, version } => suiting.push((path, version)),
            other => best = best.or_better(other),
        }
    }
    suiting.sort_by_key(|(_, version)| {
        let major = version::major(version).unwrap_or(0);
        (major != PREFERRED, Reverse(major))
    });
    suiting.into_iter().next().map_or(best, |(path, version)| State::Found { path, version })
}

fn are(absent: &[&&str]) -> String {
    format!("{} {}", xtask_core::text::list(absent), if absent.len() == 1 { "is" } else { "are" })
}

/// Every directory that may hold the binaries, each once, in a stable order.
fn directories(places: &Places) -> Vec<PathBuf> {
    let on_path = places.on_path("postgres").into_iter().filter_map(|server| Some(server.parent()?.to_owned()));
    let mut found: Vec<PathBuf> = on_path.collect();
    for (parent, prefix, below) in FAMILIES {
        let Ok(listing) = fs::read_dir(places.system(parent)) else { continue };
        let mut versions: Vec<PathBuf> = listing
            .flatten()
            .filter(|item| item.file_name().to_string_lossy().starts_with(prefix))
            .map(|item| item.path().join(below))
            .collect();
        versions.sort();
        found.extend(versions);
    }
    found.push(places.system("usr/local/pgsql/bin"));
    let mut seen = BTreeSet::new();
    found.retain(|directory| directory.canonicalize().is_ok_and(|real| seen.insert(real)));
    found
}
