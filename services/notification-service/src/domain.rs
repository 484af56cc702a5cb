//! The rules: what may be told, when it is the same, and how long a worker may take.

/// How long a key stands for the same thing, in seconds.
pub const WINDOW_S: i64 = 24 * 60 * 60;
/// How long a worker may take for a delivery, in milliseconds; then another one gets it.
pub const PATIENCE_MS: u64 = 60_000;
/// The most deliveries that a worker takes at once.
pub const BATCH: usize = 20;
/// The most deliveries in the stream; further ones wait in `PostgreSQL`.
pub const BACKLOG: i64 = 10_000;
/// How often the stream is filled up from `PostgreSQL`, in seconds.
pub const REFILL_S: u64 = 10;
/// The most unread notifications that are counted.
pub const MOST_UNREAD: i64 = 1000;
/// The most kinds that somebody mutes.
pub const MOST_MUTED: usize = 100;

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Users are numbered from 1.
    #[error("a user is a number from 1")]
    User,
    /// Nothing to show, or too much.
    #[error("the text must have 1 to 500 characters, and not only spaces or a zero byte")]
    Text,
    /// It is compared, so it is short and plain.
    #[error("a kind, a key and a worker are 1 to 100 of a-z, A-Z, 0-9, and : . - _, and begin with a letter or digit")]
    Name,
    /// More than there can be kinds.
    #[error("at most {MOST_MUTED} kinds can be muted")]
    Muted,
}

/// Checks a notification.
///
/// ```
/// use notification_service::domain::{Invalid, check};
///
/// assert_eq!(check(1, "follow", Some("follow:7"), "Ada follows you"), Ok(()));
/// assert_eq!(check(1, "follow", Some("follow 7"), "Ada follows you"), Err(Invalid::Name));
/// ```
pub fn check(recipient: i64, kind: &str, key: Option<&str>, text: &str) -> Result<(), Invalid> {
    check_user(recipient)?;
    check_name(kind)?;
    key.map_or(Ok(()), check_name)?;
    let shown = !text.trim().is_empty() && text.chars().count() <= 500 && !text.contains('\0');
    if shown { Ok(()) } else { Err(Invalid::Text) }
}

/// Checks the number of a user.
pub fn check_user(user: i64) -> Result<(), Invalid> {
    if user >= 1 { Ok(()) } else { Err(Invalid::User) }
}

/// Checks a name: a kind, a key, a worker.
pub fn check_name(name: &str) -> Result<(), Invalid> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":.-_".contains(&byte);
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if begins && name.len() <= 100 && name.bytes().all(plain) { Ok(()) } else { Err(Invalid::Name) }
}

/// The muted kinds in the form that is stored: in order, and each once.
///
/// ```
/// use notification_service::domain::muted;
///
/// assert_eq!(muted(vec!["like".into(), "follow".into(), "like".into()]), Ok(vec!["follow".into(), "like".into()]));
/// ```
pub fn muted(mut kinds: Vec<String>) -> Result<Vec<String>, Invalid> {
    if kinds.len() > MOST_MUTED {
        return Err(Invalid::Muted);
    }
    kinds.iter().try_for_each(|kind| check_name(kind))?;
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications() {
        let told = |text: &str| check(1, "like", None, text);
        assert_eq!((told("x"), told(&"ä".repeat(500))), (Ok(()), Ok(())));
        for wrong in ["", " ", "a\0b", &"x".repeat(501)] {
            assert_eq!(told(wrong), Err(Invalid::Text), "{wrong}");
        }
        assert_eq!(check(0, "like", None, "x"), Err(Invalid::User));
        assert_eq!(check(1, "", None, "x"), Err(Invalid::Name));
    }

    #[test]
    fn names() {
        assert_eq!(check_name("mail-1.eu_west:a"), Ok(()));
        for wrong in ["", "mail 1", ".", "..", "-a", "ä", &"n".repeat(101)] {
            assert_eq!(check_name(wrong), Err(Invalid::Name), "{wrong}");
        }
    }

    #[test]
    fn muting() {
        assert_eq!(muted(vec!["a b".to_owned()]), Err(Invalid::Name));
        assert_eq!(muted(vec!["a".to_owned(); MOST_MUTED + 1]), Err(Invalid::Muted));
    }
}
