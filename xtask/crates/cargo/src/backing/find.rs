//! Finds a server's program on this machine: on `PATH` and in the directories where distributions install it.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// All paths of the program in order of preference: `PATH` first, then the directories.
pub(super) fn programs(name: &str, path: &OsStr, folders: &[String]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in std::env::split_paths(path).chain(folders.iter().flat_map(|pattern| expand(pattern))) {
        let program = which::which_in(name, Some(&directory), "/").ok();
        found.extend(program.filter(|program| !found.contains(program)));
    }
    found
}

/// A client program: preferably from the server's directory, where its version fits, else from anywhere.
///
/// For a server found through a symlink, the clients are next to the link's target; elsewhere on `PATH` there may be a
/// wrapper that is ten times slower.
pub(super) fn client(name: &str, beside: Option<&Path>, path: &OsStr, folders: &[String]) -> Option<PathBuf> {
    let real = beside.and_then(|server| fs::canonicalize(server).ok());
    let servers = [real.as_deref(), beside];
    let mut beside = servers.into_iter().flatten().filter_map(|server| server.parent());
    let beside = beside.find_map(|directory| which::which_in(name, Some(directory), "/").ok());
    beside.or_else(|| programs(name, path, folders).into_iter().next())
}

/// The directories that match a pattern with at most one `*`, the highest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![PathBuf::from(pattern)] };
    let (parent, start) = before.rsplit_once('/').unwrap_or((".", before));
    let (end, rest) = after.split_once('/').unwrap_or((after, ""));
    let mut names: Vec<String> = fs::read_dir(format!("{parent}/"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end))
        .collect();
    names.sort_by_key(|name| Reverse(numbers(name)));
    names.into_iter().map(|name| Path::new(parent).join(name).join(rest)).collect()
}

/// The first `1.2.3` in a program's version output.
pub(super) fn version_in(text: &str) -> Option<&str> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '=' | '(' | ')' | ',' | 'v'));
    words.map(|word| word.trim_end_matches('.')).find(|word| {
        word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.') && word.split('.').count() <= 4
    })
}

/// Whether a version matches the wanted one, component by component: `15.18` is `15`, `150.1` is not.
pub(super) fn fits(version: &str, wanted: &str) -> bool {
    version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn numbers(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_path_comes_first_and_then_the_highest_version() {
        let temp = tempfile::tempdir().expect("a directory can be made");
        let make = |name: &str| {
            let directory = temp.path().join(name);
            fs::create_dir_all(&directory).expect("the directory can be made");
            fs::write(directory.join("db"), "#!/bin/true").expect("the file can be written");
            fs::set_permissions(directory.join("db"), fs::Permissions::from_mode(0o755)).expect("the mode can be set");
            directory
        };
        let path = make("on-path");
        make("pg/9/bin");
        make("pg/15/bin");
        let pattern = format!("{}/pg/*/bin", temp.path().display());
        let found = programs("db", path.as_os_str(), &[pattern, "/nowhere/*/bin".to_owned()]);
        let names: Vec<_> = found.iter().map(|one| one.strip_prefix(temp.path()).expect("it is in there")).collect();
        assert_eq!(names, ["on-path/db", "pg/15/bin/db", "pg/9/bin/db"].map(Path::new));
        assert_eq!(client("db", Some(&found[2]), path.as_os_str(), &[]).as_ref(), Some(&found[2]));
        let link = temp.path().join("server");
        std::os::unix::fs::symlink(&found[1], &link).expect("the link can be made");
        let behind = client("db", Some(&link), OsStr::new(""), &[]).expect("it is found");
        assert_eq!(fs::canonicalize(behind).ok(), fs::canonicalize(&found[1]).ok());
    }

    #[test]
    fn versions_are_read_from_what_programs_say() {
        let case = |text, version| assert_eq!(version_in(text), version, "{text}");
        case("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some("15.18"));
        case("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", Some("7.0.15"));
        case("db version v6.0.3", Some("6.0.3"));
        case("memcached 1.6.18", Some("1.6.18"));
        case("Python 3.11.2", Some("3.11.2"));
        case("nonsense", None);
        assert!(fits("15.18", "15") && fits("15", "15") && !fits("150.1", "15") && !fits("16.0", "15"));
    }
}
