//! The rules: what may be sent to whom, and how much is read at once.

/// The most messages in one answer.
pub const PAGE: i64 = 50;
/// The most characters of a message.
pub const LONGEST: usize = 4_000;

/// Why a message is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing to read, or too much.
    #[error("the message must have 1 to {LONGEST} characters")]
    Body,
    /// Nobody writes to themselves.
    #[error("the sender and the recipient must be two people")]
    Recipient,
}

/// Checks a message, and answers its text without space around it.
///
/// ```
/// use messaging_service::domain::{Invalid, message};
///
/// assert_eq!(message(1, 2, " hello "), Ok("hello"));
/// assert_eq!(message(1, 1, "hello"), Err(Invalid::Recipient));
/// ```
pub fn message(sender: i64, recipient: i64, body: &str) -> Result<&str, Invalid> {
    let body = body.trim();
    if sender == recipient {
        Err(Invalid::Recipient)
    } else if (1..=LONGEST).contains(&body.chars().count()) {
        Ok(body)
    } else {
        Err(Invalid::Body)
    }
}

/// Where the next page begins: after the last message of this one, or nowhere when this one is not full.
pub fn next_page(ids: &[i64]) -> Option<i64> {
    let full = i64::try_from(ids.len()).is_ok_and(|count| count >= PAGE);
    ids.last().copied().filter(|_| full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_counted_in_characters() {
        assert_eq!(message(1, 2, "  "), Err(Invalid::Body));
        let longest = "ä".repeat(LONGEST);
        assert_eq!(message(1, 2, &longest), Ok(longest.as_str()));
        assert_eq!(message(1, 2, &format!("{longest}x")), Err(Invalid::Body));
    }

    #[test]
    fn only_a_full_page_has_a_next_one() {
        assert_eq!(next_page(&[]), None);
        assert_eq!(next_page(&[7, 8]), None);
        let full: Vec<i64> = (1..=PAGE).collect();
        assert_eq!(next_page(&full), Some(PAGE));
    }
}
