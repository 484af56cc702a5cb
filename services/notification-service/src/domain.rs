//! The rules: what may be told, and which cause is the same.

/// The most notifications in one answer.
pub const PAGE: i64 = 50;
/// The most deliveries that a worker takes at once.
pub const BATCH: usize = 10;
/// About how many deliveries wait at most; beyond that the oldest are dropped, and stay readable as notifications.
pub const BACKLOG: usize = 100_000;

/// Why a notification or a worker is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing to show, or too much.
    #[error("the text must have 1 to 500 characters")]
    Text,
    /// It has to be compared, so it is short and plain.
    #[error("the cause must have 1 to 100 of a-z, A-Z, 0-9, and : . - _")]
    Cause,
    /// It names a consumer of the group.
    #[error("the worker must have 1 to 100 of a-z, A-Z, 0-9, and : . - _")]
    Worker,
}

/// Checks a notification.
///
/// ```
/// use notification_service::domain::{Invalid, check};
///
/// assert_eq!(check("follow:7", "Ada follows you"), Ok(()));
/// assert_eq!(check("follow 7", "Ada follows you"), Err(Invalid::Cause));
/// ```
pub fn check(cause: &str, text: &str) -> Result<(), Invalid> {
    if !is_name(cause) {
        return Err(Invalid::Cause);
    }
    if (1..=500).contains(&text.trim().chars().count()) { Ok(()) } else { Err(Invalid::Text) }
}

/// Checks the name of a worker.
pub fn check_worker(worker: &str) -> Result<(), Invalid> {
    if is_name(worker) { Ok(()) } else { Err(Invalid::Worker) }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":.-_".contains(&byte);
    (1..=100).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications() {
        assert_eq!(check("", "x"), Err(Invalid::Cause));
        assert_eq!(check(&"c".repeat(101), "x"), Err(Invalid::Cause));
        assert_eq!(check("c", " "), Err(Invalid::Text));
        assert_eq!(check("c", &"x".repeat(501)), Err(Invalid::Text));
    }

    #[test]
    fn workers() {
        assert_eq!(check_worker("mail-1.eu_west:a"), Ok(()));
        assert_eq!(check_worker("mail 1"), Err(Invalid::Worker));
    }
}
