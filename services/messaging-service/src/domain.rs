//! The rules: who can talk with whom, what can be sent, and how much of it.

/// The most members of a conversation.
pub const MEMBERS: usize = 50;
/// The most characters of a message.
pub const LONGEST: usize = 4_000;
/// The most messages that a sender can send within [`SENT_WITHIN_S`].
pub const SENT_AT_MOST: u64 = 30;
/// The window of that limit, in seconds.
pub const SENT_WITHIN_S: u64 = 10;
/// Where counting ends: a conversation with more unread messages counts as one with so many.
pub const UNREAD_AT_MOST: i64 = 1_000;

/// Why a conversation or a message is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Neither a user nor a message has it.
    #[error("users and messages have numbers from 1")]
    Number,
    /// Nobody to talk with, too many, or no such people.
    #[error("a conversation has 2 to {MEMBERS} different members, whose numbers are 1 or more")]
    Members,
    /// It cannot be told from other messages of the sender.
    #[error("the key must have 1 to 64 of a-z, A-Z, 0-9, - and _")]
    Key,
    /// Nothing to read, or too much.
    #[error("the text must have 1 to {LONGEST} characters")]
    Text,
}

/// Whether a user or a message can have this number.
pub fn check_number(number: i64) -> Result<(), Invalid> {
    if number > 0 { Ok(()) } else { Err(Invalid::Number) }
}

/// Everybody who takes part in a conversation, in ascending order and each once.
///
/// ```
/// use messaging_service::domain::{Invalid, people};
///
/// assert_eq!(people(3, &[7, 1, 7]), Ok(vec![1, 3, 7]));
/// assert_eq!(people(3, &[3]), Err(Invalid::Members));
/// ```
pub fn people(beginner: i64, others: &[i64]) -> Result<Vec<i64>, Invalid> {
    let mut people = [&[beginner], others].concat();
    people.sort_unstable();
    people.dedup();
    if people[0] > 0 && (2..=MEMBERS).contains(&people.len()) { Ok(people) } else { Err(Invalid::Members) }
}

/// Checks the sender's name for a message.
pub fn check_key(key: &str) -> Result<(), Invalid> {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if plain && (1..=64).contains(&key.len()) { Ok(()) } else { Err(Invalid::Key) }
}

/// The text of a message without space around it.
///
/// ```
/// use messaging_service::domain::{Invalid, text};
///
/// assert_eq!(text(" hello "), Ok("hello"));
/// assert_eq!(text("  "), Err(Invalid::Text));
/// ```
pub fn text(text: &str) -> Result<&str, Invalid> {
    let fits = text.chars().count() <= LONGEST && !text.contains('\0') && !text.trim().is_empty();
    if fits { Ok(text.trim()) } else { Err(Invalid::Text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_at_1() {
        assert_eq!((check_number(1), check_number(0)), (Ok(()), Err(Invalid::Number)));
    }

    #[test]
    fn members_are_two_to_fifty_people() {
        assert_eq!(people(1, &[]), Err(Invalid::Members));
        assert_eq!(people(1, &[0]), Err(Invalid::Members));
        assert_eq!(people(-1, &[2]), Err(Invalid::Members));
        let others: Vec<i64> = (2..=50).collect();
        assert_eq!(people(1, &others).map(|people| people.len()), Ok(MEMBERS));
        assert_eq!(people(51, &[&others[..], &[1]].concat()), Err(Invalid::Members));
    }

    #[test]
    fn keys() {
        assert_eq!(check_key("0123-abCD_"), Ok(()));
        for wrong in ["", "two words", "ä", &"x".repeat(65)] {
            assert_eq!(check_key(wrong), Err(Invalid::Key), "{wrong}");
        }
    }

    #[test]
    fn the_length_is_counted_in_characters() {
        let longest = "ä".repeat(LONGEST);
        assert_eq!(text(&longest), Ok(longest.as_str()));
        assert_eq!(text(&format!("{longest}x")), Err(Invalid::Text));
        assert_eq!(text("zero\0byte"), Err(Invalid::Text));
    }
}
