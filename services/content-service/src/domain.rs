//! The rules: what a post must be, and which request is a repeated one.

/// How long an answered request is remembered, in seconds.
pub const REMEMBERED_S: u64 = 24 * 60 * 60;
/// How long a request that ended without a word holds up those that repeat it, in seconds.
pub const PENDING_S: u64 = 60;

/// Why a post is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing to show in a list, or too much.
    #[error("the title must have 1 to 200 characters")]
    Title,
    /// Nothing to read, or too much.
    #[error("the body must have 1 to 20000 characters")]
    Body,
    /// Too easy to meet by chance, or no plain text.
    #[error("the header idempotency-key must have 8 to 64 of a-z, A-Z, 0-9 and -")]
    Key,
}

/// Checks a post.
///
/// ```
/// use content_service::domain::{Invalid, check_post};
///
/// assert_eq!(check_post("Notes", "On the engine"), Ok(()));
/// assert_eq!(check_post(" ", "On the engine"), Err(Invalid::Title));
/// ```
pub fn check_post(title: &str, body: &str) -> Result<(), Invalid> {
    if !(1..=200).contains(&title.trim().chars().count()) {
        return Err(Invalid::Title);
    }
    if (1..=20_000).contains(&body.trim().chars().count()) { Ok(()) } else { Err(Invalid::Body) }
}

/// Checks what a caller calls a request.
pub fn check_key(key: &[u8]) -> Result<&str, Invalid> {
    let plain = key.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    let key = std::str::from_utf8(key).map_err(|_| Invalid::Key)?;
    if plain && (8..=64).contains(&key.len()) { Ok(key) } else { Err(Invalid::Key) }
}

/// What is known about a request's key.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody had it: this request is the first.
    First,
    /// The first request is still being answered, or ended without a word.
    Pending,
    /// The first request made this post.
    Done(i64),
}

/// Reads what is stored under a key: nothing, an empty text while it is pending, the number of the post.
pub fn claim(stored: Option<&str>) -> Claim {
    match stored {
        None => Claim::First,
        Some(text) => text.parse().map_or(Claim::Pending, Claim::Done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts() {
        assert_eq!(check_post(&"x".repeat(201), "y"), Err(Invalid::Title));
        assert_eq!(check_post("x", "\n"), Err(Invalid::Body));
        assert_eq!(check_post("x", &"y".repeat(20_001)), Err(Invalid::Body));
    }

    #[test]
    fn keys() {
        assert_eq!(check_key(b"0123-abCD"), Ok("0123-abCD"));
        for wrong in [&b"short"[..], b"with space", b"\xff\xff\xff\xff\xff\xff\xff\xff", &[b'x'; 65]] {
            assert_eq!(check_key(wrong), Err(Invalid::Key));
        }
    }

    #[test]
    fn claims() {
        assert_eq!(claim(None), Claim::First);
        assert_eq!(claim(Some("")), Claim::Pending);
        assert_eq!(claim(Some("7")), Claim::Done(7));
    }
}
