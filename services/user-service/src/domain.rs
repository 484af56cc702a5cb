//! The rules: what a handle and a display name must be.

/// Why a profile is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It cannot stand in a URL, or two people could read it differently.
    #[error("the handle must have 3 to 30 of a-z, 0-9 and _, and begin with a letter")]
    Handle,
    /// Nothing to show, or too much.
    #[error("the display name must have 1 to 50 characters on one line")]
    DisplayName,
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
pub fn display_name(text: &str) -> Result<String, Invalid> {
    let name = text.trim();
    let fits = (1..=50).contains(&name.chars().count()) && !name.contains(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(Invalid::DisplayName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles() {
        for wrong in ["", "@", "ab", "_ada", "ada lovelace", "ädä", &"a".repeat(31)] {
            assert_eq!(handle(wrong), Err(Invalid::Handle), "{wrong}");
        }
        assert_eq!(handle(&"a".repeat(30)), Ok("a".repeat(30)));
    }

    #[test]
    fn display_names() {
        for wrong in ["", "  ", "two\nlines", &"x".repeat(51)] {
            assert_eq!(display_name(wrong), Err(Invalid::DisplayName), "{wrong}");
        }
        assert_eq!(display_name(" Ada Lovelace "), Ok("Ada Lovelace".to_owned()));
    }
}
