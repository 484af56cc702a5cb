//! The rules: what a profile must be, and who can follow whom.

/// Why a profile, or a wish to follow, is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// No account has such a number.
    #[error("the number of a user is 1 or more")]
    Id,
    /// It cannot stand in a URL, or two people could read it differently.
    #[error("the handle must have 3 to 30 of a-z, 0-9 and _, and begin with a letter")]
    Handle,
    /// Nothing to show, or too much.
    #[error("the display name must have 1 to 50 characters on one line")]
    DisplayName,
    /// Too much to show.
    #[error("the bio must have at most 500 characters")]
    Bio,
    /// Everybody sees what they do themselves.
    #[error("nobody can follow themselves")]
    Oneself,
}

/// Whether a user can have this number.
pub fn check_id(id: i64) -> Result<(), Invalid> {
    if id > 0 { Ok(()) } else { Err(Invalid::Id) }
}

/// The one spelling of a handle: without the `@` in front, in lower case.
///
/// ```
/// use user_service::domain::{Invalid, handle};
///
/// assert_eq!(handle("@Ada_1815").as_deref(), Ok("ada_1815"));
/// assert_eq!(handle("1815"), Err(Invalid::Handle));
/// ```
pub fn handle(text: &str) -> Result<String, Invalid> {
    let handle = text.strip_prefix('@').unwrap_or(text).to_ascii_lowercase();
    let plain = handle.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let begins_well = handle.starts_with(|first: char| first.is_ascii_alphabetic());
    if plain && begins_well && (3..=30).contains(&handle.len()) { Ok(handle) } else { Err(Invalid::Handle) }
}

/// The display name without space around it.
///
/// ```
/// use user_service::domain::{Invalid, display_name};
///
/// assert_eq!(display_name(" Ada Lovelace "), Ok("Ada Lovelace"));
/// assert_eq!(display_name("Ada\nLovelace"), Err(Invalid::DisplayName));
/// ```
pub fn display_name(text: &str) -> Result<&str, Invalid> {
    let name = text.trim();
    let fits = text.chars().count() <= 50 && !name.is_empty() && !name.contains(char::is_control);
    if fits { Ok(name) } else { Err(Invalid::DisplayName) }
}

/// The bio without space around it. It may be empty, and have several lines.
pub fn bio(text: &str) -> Result<&str, Invalid> {
    let plain = !text.contains(|c: char| c.is_control() && c != '\n');
    if plain && text.chars().count() <= 500 { Ok(text.trim()) } else { Err(Invalid::Bio) }
}

/// Whether one user can follow the other.
///
/// ```
/// use user_service::domain::{Invalid, check_follow};
///
/// assert_eq!(check_follow(1, 2), Ok(()));
/// assert_eq!(check_follow(1, 1), Err(Invalid::Oneself));
/// ```
pub fn check_follow(follower: i64, followed: i64) -> Result<(), Invalid> {
    if follower == followed { Err(Invalid::Oneself) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_users_begin_at_1() {
        assert_eq!((check_id(1), check_id(0), check_id(-1)), (Ok(()), Err(Invalid::Id), Err(Invalid::Id)));
    }

    #[test]
    fn handles() {
        for wrong in ["", "@", "ab", "@@ada", "_ada", "ada lovelace", "ädä", &"a".repeat(31)] {
            assert_eq!(handle(wrong), Err(Invalid::Handle), "{wrong}");
        }
        assert_eq!(handle(&"a".repeat(30)), Ok("a".repeat(30)));
    }

    #[test]
    fn display_names() {
        for wrong in ["", "  ", "two\nlines", "zero\0byte", &"x".repeat(51)] {
            assert_eq!(display_name(wrong), Err(Invalid::DisplayName), "{wrong}");
        }
        assert_eq!(display_name(&"ä".repeat(50)), Ok("ä".repeat(50).as_str()));
    }

    #[test]
    fn bios() {
        assert_eq!(bio(""), Ok(""));
        assert_eq!(bio(" two\nlines\n"), Ok("two\nlines"));
        for wrong in ["zero\0byte", &"x".repeat(501)] {
            assert_eq!(bio(wrong), Err(Invalid::Bio), "{wrong}");
        }
    }
}
