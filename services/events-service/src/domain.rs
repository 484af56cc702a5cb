//! The rules: what may be appended and where, and how far a consumer may say that it is.

/// The largest payload, in bytes of JSON.
pub const LARGEST: usize = 64 * 1024;

/// Why a request is refused, whatever the stream holds.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It stands in a path.
    #[error("a name must have 1 to 100 of a-z, 0-9, and . - _ behind the first")]
    Name,
    /// It is compared, so it is short.
    #[error("the id must have 1 to 100 characters, none of them a control character")]
    Id,
    /// Too much for one event.
    #[error("the payload must have at most {LARGEST} bytes as JSON")]
    Payload,
    /// Positions count events.
    #[error("a position must be 0 or more")]
    Position,
}

/// Why a request is refused together with what the stream holds.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Somebody else has appended meanwhile.
    #[error("the stream is at position {0}; read what is new, and decide again")]
    Moved(i64),
    /// The id is taken.
    #[error("the event at position {0} has this id and another payload")]
    Taken(i64),
    /// No event has this position yet.
    #[error("the stream is at position {0}, and a consumer cannot be further")]
    Beyond(i64),
    /// It was further already.
    #[error("the consumer is at position {0}, and offsets only move forward")]
    Backward(i64),
}

/// Checks the name of a stream or a consumer.
///
/// ```
/// use events_service::domain::{Invalid, check_name};
///
/// assert_eq!(check_name("orders.created"), Ok(()));
/// assert_eq!(check_name("Orders"), Err(Invalid::Name));
/// assert_eq!(check_name(".."), Err(Invalid::Name));
/// ```
pub fn check_name(name: &str) -> Result<(), Invalid> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let plain = name.bytes().all(|byte| letter(byte) || b".-_".contains(&byte));
    if plain && name.len() <= 100 && name.bytes().next().is_some_and(letter) { Ok(()) } else { Err(Invalid::Name) }
}

/// Checks an event: what it is called, and its payload as JSON.
pub fn check_event(id: &str, payload: &str) -> Result<(), Invalid> {
    if !(1..=100).contains(&id.chars().count()) || id.contains(char::is_control) {
        return Err(Invalid::Id);
    }
    if payload.len() <= LARGEST { Ok(()) } else { Err(Invalid::Payload) }
}

/// Checks a position that a caller names.
pub fn check_position(position: i64) -> Result<(), Invalid> {
    if position >= 0 { Ok(()) } else { Err(Invalid::Position) }
}

/// Whether an event may follow the one at `last`: its sender may say where it believes the stream to be.
///
/// ```
/// use events_service::domain::{Conflict, check_expected};
///
/// assert_eq!(check_expected(7, None), Ok(()));
/// assert_eq!(check_expected(7, Some(7)), Ok(()));
/// assert_eq!(check_expected(7, Some(6)), Err(Conflict::Moved(7)));
/// ```
pub fn check_expected(last: i64, expected: Option<i64>) -> Result<(), Conflict> {
    if expected.is_none_or(|expected| expected == last) { Ok(()) } else { Err(Conflict::Moved(last)) }
}

/// Whether a consumer that is at `from` may say that it is at `to`, in a stream that is at `last`.
///
/// ```
/// use events_service::domain::{Conflict, check_offset};
///
/// assert_eq!(check_offset(3, 7, 9), Ok(()));
/// assert_eq!(check_offset(7, 3, 9), Err(Conflict::Backward(7)));
/// assert_eq!(check_offset(3, 10, 9), Err(Conflict::Beyond(9)));
/// ```
pub fn check_offset(from: i64, to: i64, last: i64) -> Result<(), Conflict> {
    if to < from {
        return Err(Conflict::Backward(from));
    }
    if to <= last { Ok(()) } else { Err(Conflict::Beyond(last)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for wrong in ["", "a b", "a/b", "-a", &"a".repeat(101)] {
            assert_eq!(check_name(wrong), Err(Invalid::Name), "{wrong}");
        }
        assert_eq!(check_name(&"a".repeat(100)), Ok(()));
    }

    #[test]
    fn events() {
        assert_eq!(check_event("order-1", "{}"), Ok(()));
        for wrong in ["", "a\0", &"k".repeat(101)] {
            assert_eq!(check_event(wrong, "{}"), Err(Invalid::Id), "{wrong}");
        }
        assert_eq!(check_event("k", &"x".repeat(LARGEST)), Ok(()));
        assert_eq!(check_event("k", &"x".repeat(LARGEST + 1)), Err(Invalid::Payload));
    }

    #[test]
    fn positions() {
        assert_eq!(check_position(0), Ok(()));
        assert_eq!(check_position(-1), Err(Invalid::Position));
        assert_eq!(check_expected(0, Some(0)), Ok(()));
        assert_eq!(check_expected(0, Some(1)), Err(Conflict::Moved(0)));
    }

    #[test]
    fn an_offset_may_be_told_twice() {
        assert_eq!(check_offset(7, 7, 7), Ok(()));
        assert_eq!(check_offset(0, 0, 0), Ok(()));
    }
}
