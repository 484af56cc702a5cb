//! The rules: what a session must be, and how long a heartbeat lasts.

/// How long a heartbeat lasts, a streamer's or a viewer's, in seconds.
pub const HEARTBEAT_S: u64 = 30;
/// How long a streamer's heartbeat is remembered, in seconds: long enough to be told apart from one that was lost.
pub const REMEMBERED_S: u64 = 60 * 60;
/// How long a stream of events lasts, in seconds. Clients connect again by themselves; those that are gone cost no more.
pub const STREAM_S: u64 = 10 * 60;

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing to show in a list, or too much.
    #[error("the title must have 1 to 140 characters on one line")]
    Title,
    /// It is nobody's number.
    #[error("a streamer or a viewer must be a number from 1")]
    Person,
}

/// The title without space around it.
///
/// ```
/// assert_eq!(streaming_service::domain::title(" Live from the loom "), Ok("Live from the loom"));
/// ```
pub fn title(text: &str) -> Result<&str, Invalid> {
    let title = text.trim();
    let fits = (1..=140).contains(&title.chars().count()) && !title.contains(char::is_control);
    if fits { Ok(title) } else { Err(Invalid::Title) }
}

/// Checks the number of a streamer or viewer.
pub fn check_person(id: i64) -> Result<(), Invalid> {
    if id >= 1 { Ok(()) } else { Err(Invalid::Person) }
}

/// Whether a streamer is lost, of whose heartbeat Redis keeps the memory for another `left_s` seconds.
///
/// ```
/// use streaming_service::domain::{HEARTBEAT_S, REMEMBERED_S, is_lost};
///
/// assert!(!is_lost(REMEMBERED_S));
/// assert!(is_lost(REMEMBERED_S - HEARTBEAT_S - 1));
/// ```
pub fn is_lost(left_s: u64) -> bool {
    left_s + HEARTBEAT_S < REMEMBERED_S
}

/// The last moment, in seconds, whose heartbeats of viewers do not count any more at `now`.
///
/// ```
/// use streaming_service::domain::{HEARTBEAT_S, forgotten_until};
///
/// assert_eq!(forgotten_until(1_000), 1_000 - HEARTBEAT_S);
/// assert_eq!(forgotten_until(3), 0);
/// ```
pub fn forgotten_until(now: u64) -> u64 {
    now.saturating_sub(HEARTBEAT_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_lasts_to_its_last_second() {
        assert!(!is_lost(REMEMBERED_S - HEARTBEAT_S));
        assert!(is_lost(0));
        assert_eq!((forgotten_until(HEARTBEAT_S), forgotten_until(HEARTBEAT_S + 1)), (0, 1));
    }

    #[test]
    fn titles_and_people() {
        for wrong in ["", " ", "two\nlines", &"x".repeat(141)] {
            assert_eq!(title(wrong), Err(Invalid::Title), "{wrong}");
        }
        assert_eq!(title(&"ä".repeat(140)).map(str::len), Ok(280));
        assert_eq!((check_person(0), check_person(1)), (Err(Invalid::Person), Ok(())));
    }
}
