//! The rules: what a note may be called, how long it is, and for how long its reads are counted.

/// How long reads are counted, in seconds from the first one.
pub const READS_KEPT_S: u64 = 60 * 60;

/// Why a note is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It could not stand in a path, or is too long to.
    #[error("the name must have 1 to 64 characters: lower-case letters, digits and dashes")]
    Name,
    /// There is nothing in it, or too much.
    #[error("the text must have 1 to 1000 characters")]
    Text,
}

/// Whether a note may be called so.
///
/// ```
/// use template_service::domain::{Invalid, check_name};
///
/// assert_eq!(check_name("to-do-2"), Ok(()));
/// assert_eq!(check_name("To do"), Err(Invalid::Name));
/// ```
pub fn check_name(name: &str) -> Result<(), Invalid> {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if plain && (1..=64).contains(&name.len()) { Ok(()) } else { Err(Invalid::Name) }
}

/// Whether this may be the text of a note.
pub fn check_text(text: &str) -> Result<(), Invalid> {
    if (1..=1000).contains(&text.chars().count()) { Ok(()) } else { Err(Invalid::Text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for wrong in ["", "A", "a b", "a/b", "ä", &"a".repeat(65)] {
            assert_eq!(check_name(wrong), Err(Invalid::Name), "{wrong}");
        }
        assert_eq!(check_name(&"a".repeat(64)), Ok(()));
    }

    #[test]
    fn texts_are_counted_in_characters() {
        assert_eq!(check_text(""), Err(Invalid::Text));
        assert_eq!(check_text(&"ä".repeat(1000)), Ok(()));
        assert_eq!(check_text(&"ä".repeat(1001)), Err(Invalid::Text));
    }
}
