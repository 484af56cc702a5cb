//! The rules: what may be appended, and how much is read at once.

/// The most events in one answer.
pub const PAGE: i64 = 100;
/// The largest payload, in bytes of JSON.
pub const LARGEST: usize = 64 * 1024;

/// Why an event is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It names a log in a path.
    #[error("the log must have 1 to 100 of a-z, 0-9, and . - _")]
    Log,
    /// It has to be compared, so it is short.
    #[error("the key must have 1 to 100 characters")]
    Key,
    /// Too much for one event.
    #[error("the payload must have at most {LARGEST} bytes as JSON")]
    Payload,
}

/// Checks the name of a log.
///
/// ```
/// use events_service::domain::{Invalid, check_log};
///
/// assert_eq!(check_log("orders.created"), Ok(()));
/// assert_eq!(check_log("Orders"), Err(Invalid::Log));
/// ```
pub fn check_log(log: &str) -> Result<(), Invalid> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    if (1..=100).contains(&log.len()) && log.bytes().all(plain) { Ok(()) } else { Err(Invalid::Log) }
}

/// Checks an event: what it is called, and its payload as JSON.
pub fn check_event(key: &str, payload: &str) -> Result<(), Invalid> {
    if !(1..=100).contains(&key.chars().count()) {
        return Err(Invalid::Key);
    }
    if payload.len() <= LARGEST { Ok(()) } else { Err(Invalid::Payload) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs() {
        for wrong in ["", "a b", "a/b", &"a".repeat(101)] {
            assert_eq!(check_log(wrong), Err(Invalid::Log), "{wrong}");
        }
    }

    #[test]
    fn events() {
        assert_eq!(check_event("order-1", "{}"), Ok(()));
        assert_eq!(check_event("", "{}"), Err(Invalid::Key));
        assert_eq!(check_event(&"k".repeat(101), "{}"), Err(Invalid::Key));
        assert_eq!(check_event("k", &"x".repeat(LARGEST + 1)), Err(Invalid::Payload));
    }
}
