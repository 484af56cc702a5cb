//! The names that a start generates: databases, directories, passwords.

use std::fs::File;
use std::io::Read;
use xtask_core::error::{Error, Result};

/// The longest name that PostgreSQL accepts without truncating it, in bytes.
const LONGEST: usize = 63;

/// The database of a service: `xtask_<token>_<service>`, of lower-case letters, digits and underscores only, so that it
/// needs no quoting in SQL and no escaping in a URL.
///
/// Different services get different names even where the name has to be truncated or a character replaced.
pub(super) fn database(token: &str, service: &str) -> String {
    let plain: String =
        service.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let name = format!("xtask_{token}_{plain}");
    if name.len() <= LONGEST && service.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return name;
    }
    let kept: String = name.chars().take(LONGEST - 17).collect();
    format!("{kept}_{:016x}", fnv(service))
}

/// The characters of a run's id that may appear in a directory name or a label: the rest become `-`.
pub(super) fn plain(run: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    run.chars().map(|c| if keep(c) { c } else { '-' }).take(64).collect()
}

/// Random lower-case hexadecimal digits, two per byte, from the system's generator.
pub(super) fn random(bytes: usize) -> Result<String> {
    let mut buffer = vec![0_u8; bytes];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut buffer))
        .map_err(|error| Error::environment("read random bytes from /dev/urandom").because(error))?;
    let digits = buffer.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    Ok(digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect())
}

/// FNV-1a: short, and the same on every machine and with every compiler.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_database_is_named_after_its_service() {
        assert_eq!(database("ab12", "auth-service"), "xtask_ab12_auth_service");
    }

    #[test]
    fn names_stay_valid_and_different() {
        let long = "s".repeat(80);
        let services = ["a-b", "a_b", "A-b", "a.b", "é", "x\"; DROP", &long, &format!("{long}t")];
        let names: BTreeSet<String> = services.iter().map(|service| database("ab12", service)).collect();
        assert_eq!(names.len(), services.len(), "{names:?}");
        for name in names {
            assert!(name.len() <= LONGEST && name.starts_with("xtask_ab12_"), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{name}");
        }
    }

    #[test]
    fn a_run_id_cannot_leave_its_folder() {
        assert_eq!(plain("../../x y"), "..-..-x-y");
    }

    #[test]
    fn random_text_is_random() {
        let (one, two) =
            (random(16).expect("the system has randomness"), random(16).expect("the system has randomness"));
        assert_eq!(one.len(), 32);
        assert_ne!(one, two);
    }
}
