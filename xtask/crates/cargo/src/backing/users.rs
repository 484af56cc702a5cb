//! The user for a server that refuses to run as root.

use std::fs;

/// The users to try; the first that exists is used.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// User and group to run as; `None` when the current user will do. `Err` explains why there is no other.
pub(super) fn unprivileged(refuses_root: bool) -> Result<Option<(u32, u32)>, String> {
    if !refuses_root || !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let table = fs::read_to_string("/etc/passwd").map_err(|error| format!("read /etc/passwd: {error}"))?;
    let found = CANDIDATES.iter().find_map(|name| ids_of(name, &table));
    found
        .map(Some)
        .ok_or_else(|| "it refuses to run as root, and neither the user `postgres` nor `nobody` exists".to_owned())
}

fn ids_of(name: &str, table: &str) -> Option<(u32, u32)> {
    let line = table.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let (user, group) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    // An account that is root under another name does not help.
    (user != 0).then_some((user, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let table = "root:x:0:0::/:/bin/sh\npostgresx:x:1:1::/:\npostgres:x:101:104:a,b:/var:/bin/bash\nbad:x\n";
        assert_eq!(ids_of("postgres", table), Some((101, 104)));
        assert_eq!(ids_of("root", table), None);
        assert_eq!(ids_of("nobody", table), None);
        assert_eq!(ids_of("bad", table), None);
    }

    #[test]
    fn a_server_that_takes_root_runs_as_this_user() {
        assert_eq!(unprivileged(false), Ok(None));
    }
}
