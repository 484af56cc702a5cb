//! The rules: what a post must be, and which request repeats another one.

use kit::secret::digest;

/// How long a request's key is remembered, in seconds.
pub const REMEMBERED_S: u64 = 24 * 60 * 60;

/// Why a post is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Neither an author nor a revision has it.
    #[error("authors and revisions have numbers from 1")]
    Number,
    /// Nothing to show in a list, or too much.
    #[error("the title must have 1 to 200 characters on one line")]
    Title,
    /// Nothing to read, or too much.
    #[error("the body must have 1 to 20000 characters")]
    Body,
    /// Missing, too easy to meet by chance, or no plain text.
    #[error("send the header idempotency-key with 8 to 64 of a-z, A-Z, 0-9, - and _")]
    Key,
}

/// Whether an author or a revision can have this number.
pub fn check_number(number: i64) -> Result<(), Invalid> {
    if number > 0 { Ok(()) } else { Err(Invalid::Number) }
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
    let fits = |text: &str, most| text.chars().count() <= most && !text.trim().is_empty();
    if !fits(title, 200) || title.contains(char::is_control) {
        return Err(Invalid::Title);
    }
    if fits(body, 20_000) && !body.contains('\0') { Ok(()) } else { Err(Invalid::Body) }
}

/// What a caller calls a request: the value of the header, with the quotes of a structured field or without.
///
/// ```
/// use content_service::domain::{Invalid, key};
///
/// assert_eq!(key(b"8e03978e-40d5"), Ok("8e03978e-40d5"));
/// assert_eq!(key(b"\"8e03978e-40d5\""), Ok("8e03978e-40d5"));
/// assert_eq!(key(b"1"), Err(Invalid::Key));
/// ```
pub fn key(header: &[u8]) -> Result<&str, Invalid> {
    let text = std::str::from_utf8(header).map_err(|_| Invalid::Key)?;
    let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if plain && (8..=64).contains(&key.len()) { Ok(key) } else { Err(Invalid::Key) }
}

/// What a key is remembered with: the number of the post, and what was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Claim {
    /// The number that the post of the request has or shall have.
    pub post: i64,
    /// The digest of title and body.
    pub request: String,
}

impl Claim {
    /// The claim of a request.
    ///
    /// ```
    /// use content_service::domain::Claim;
    ///
    /// assert_eq!(Claim::new(7, "Notes", "On it").request, Claim::new(8, "Notes", "On it").request);
    /// assert_ne!(Claim::new(7, "Notes", "On it").request, Claim::new(7, "Note", "sOn it").request);
    /// ```
    pub fn new(post: i64, title: &str, body: &str) -> Self {
        // The length keeps the two apart: where the title ends is part of what was asked for.
        Self { post, request: digest(format!("{}:{title}{body}", title.len())) }
    }

    /// As text, which [`Claim::parse`] reads.
    pub fn to_text(&self) -> String {
        format!("{}:{}", self.post, self.request)
    }

    /// Reads what [`Claim::to_text`] has written.
    pub fn parse(text: &str) -> Option<Self> {
        let (post, request) = text.split_once(':')?;
        Some(Self { post: post.parse().ok()?, request: request.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_at_1() {
        assert_eq!((check_number(1), check_number(0)), (Ok(()), Err(Invalid::Number)));
    }

    #[test]
    fn posts() {
        assert_eq!(check_post(&"ä".repeat(200), &"ä".repeat(20_000)), Ok(()));
        for wrong in ["two\nlines", &"x".repeat(201)] {
            assert_eq!(check_post(wrong, "y"), Err(Invalid::Title), "{wrong}");
        }
        for wrong in ["\n", "zero\0byte", &"y".repeat(20_001)] {
            assert_eq!(check_post("x", wrong), Err(Invalid::Body));
        }
    }

    #[test]
    fn keys() {
        for wrong in
            [&b""[..], b"short", b"with space", b"\"0123-4567", b"\xff\xff\xff\xff\xff\xff\xff\xff", &[b'x'; 65]]
        {
            assert_eq!(key(wrong), Err(Invalid::Key));
        }
    }

    #[test]
    fn a_claim_survives_as_text() {
        let claim = Claim::new(7, "Notes", "On the engine");
        assert_eq!(Claim::parse(&claim.to_text()), Some(claim));
        assert_eq!(Claim::parse("first:digest"), None);
        assert_eq!(Claim::parse("7"), None);
    }
}
