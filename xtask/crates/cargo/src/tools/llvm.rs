//! Finds `llvm-cov` and `llvm-profdata`, a pair that can read what the workspace's compiler writes.
//!
//! The toolchain's own pair is the right one. Where it is not installed, a distribution's will do if its LLVM reads
//! the profiles of the compiler's LLVM: a newer one always does, an older one as far back as the format is the same.

use super::places::{Places, is_program, why_unusable};
use super::search::Search;
use super::state::State;
use super::version;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use xtask_core::catalogue::Entry;

/// The first LLVM whose raw profiles are in the format (version 10) that LLVM has written since.
const FORMAT_SINCE: u64 = 19;

/// The oldest major of an LLVM that is looked for by its number.
const OLDEST: u64 = 14;

/// How many majors newer than the compiler's are looked for.
const NEWER: u64 = 4;

pub(super) fn look(entry: &Entry, search: &Search) -> State {
    if let Some(given) = by_variables(entry, search) {
        return given;
    }
    let toolchain = search.toolchain().ok();
    if let Some(toolchain) = toolchain {
        let own = toolchain.sysroot.join("lib/rustlib").join(&toolchain.host).join("bin/llvm-cov");
        if is_pair(&own) {
            return search.judge(entry, own);
        }
    }
    of_the_system(entry, search, toolchain.and_then(|toolchain| toolchain.llvm))
}

/// The `llvm-profdata` that belongs to an `llvm-cov`: in the same directory, with the same suffix.
pub(super) fn profdata_beside(cov: &Path) -> PathBuf {
    let name = cov.file_name().unwrap_or_default().to_string_lossy().replace("llvm-cov", "llvm-profdata");
    cov.with_file_name(name)
}

/// The tools that `LLVM_COV` and `LLVM_PROFDATA` name, which are used without question.
fn by_variables(entry: &Entry, search: &Search) -> Option<State> {
    let pair = ["LLVM_COV", "LLVM_PROFDATA"].map(|name| search.places.var(name));
    let [Some(cov), Some(profdata)] = pair else {
        let (path, other) = match pair {
            [Some(cov), _] => (cov, "LLVM_PROFDATA"),
            [_, Some(profdata)] => (profdata, "LLVM_COV"),
            _ => return None,
        };
        return Some(State::Broken { path: path.into(), why: format!("{other} must be set along with it") });
    };
    for (name, path) in [("LLVM_COV", Path::new(cov)), ("LLVM_PROFDATA", Path::new(profdata))] {
        if !is_program(path) {
            let why = why_unusable(path).unwrap_or_else(|| "there is no such file".to_owned());
            return Some(State::Broken { path: path.into(), why: format!("{name} names it, but {why}") });
        }
    }
    Some(search.judge(entry, cov.into()))
}

/// The best pair of the operating system: the compiler's own major, else the nearest newer, else the nearest older.
fn of_the_system(entry: &Entry, search: &Search, compiler: Option<u64>) -> State {
    let newest = compiler.unwrap_or(FORMAT_SINCE) + NEWER;
    let mut seen = BTreeSet::new();
    let mut broken = State::Missing;
    let mut pairs: Vec<(PathBuf, String, u64)> = Vec::new();
    for cov in candidates(search.places, newest) {
        if !is_pair(&cov) || !seen.insert(cov.canonicalize().unwrap_or_else(|_| cov.clone())) {
            continue;
        }
        match search.version_of(entry, &cov) {
            Ok(found) => {
                let major = version::major(&found).unwrap_or(0);
                pairs.push((cov, found, major));
            }
            Err(why) => broken = broken.or_better(State::Broken { path: cov, why }),
        }
    }
    pairs.sort_by_key(|(_, _, major)| preference(*major, compiler));
    let Some((path, version, major)) = pairs.into_iter().next() else { return broken };
    match compiler.map(oldest_reader) {
        Some(oldest) if major < oldest => {
            State::WrongVersion { path, found: version, wanted: format!("LLVM {oldest} or newer") }
        }
        _ => State::Found { path, version },
    }
}

/// Sorts the majors: the compiler's own, the newer ones upwards, the older ones downwards.
fn preference(major: u64, compiler: Option<u64>) -> (u8, u64, Reverse<u64>) {
    match compiler {
        Some(compiler) if major == compiler => (0, 0, Reverse(0)),
        Some(compiler) if major > compiler => (1, major, Reverse(0)),
        _ => (2, 0, Reverse(major)),
    }
}

/// The oldest LLVM that reads the profiles of this one.
fn oldest_reader(compiler: u64) -> u64 {
    if compiler >= FORMAT_SINCE { FORMAT_SINCE } else { compiler }
}

/// Every path at which an operating system may keep an `llvm-cov`.
fn candidates(places: &Places, newest: u64) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for major in (OLDEST..=newest).rev() {
        found.extend(places.on_path(&format!("llvm-cov-{major}")));
        for directory in [
            "usr/lib/llvm-{}/bin",
            "usr/lib/llvm{}/bin",
            "usr/lib64/llvm{}/bin",
            "opt/homebrew/opt/llvm@{}/bin",
            "usr/local/opt/llvm@{}/bin",
        ] {
            found.push(places.system(&directory.replace("{}", &major.to_string())).join("llvm-cov"));
        }
    }
    found.extend(places.on_path("llvm-cov"));
    found.extend(
        ["opt/homebrew/opt/llvm/bin/llvm-cov", "usr/local/opt/llvm/bin/llvm-cov"].map(|path| places.system(path)),
    );
    found
}

fn is_pair(cov: &Path) -> bool {
    is_program(cov) && is_program(&profdata_beside(cov))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_llvm_that_can_read_the_profiles_is_best() {
        let mut majors = [14, 25, 19, 22, 18, 23];
        majors.sort_by_key(|major| preference(*major, Some(22)));
        assert_eq!(majors, [22, 23, 25, 19, 18, 14]);
        majors.sort_by_key(|major| preference(*major, None));
        assert_eq!(majors, [25, 23, 22, 19, 18, 14]);
        assert_eq!([17, 18, 19, 22].map(oldest_reader), [17, 18, 19, 19]);
    }

    #[test]
    fn the_pair_shares_its_suffix() {
        assert_eq!(profdata_beside(Path::new("/usr/bin/llvm-cov-19")), Path::new("/usr/bin/llvm-profdata-19"));
    }
}
