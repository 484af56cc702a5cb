//! The rules: what a session must be, and who counts as watching.

/// How long a viewer counts after a heartbeat, in seconds.
pub const WATCHING_S: u64 = 30;

/// Why a session is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing to show in a list, or too much.
    #[error("the title must have 1 to 140 characters on one line")]
    Title,
}

/// The title without space around it.
pub fn title(text: &str) -> Result<&str, Invalid> {
    let title = text.trim();
    let fits = (1..=140).contains(&title.chars().count()) && !title.contains(char::is_control);
    if fits { Ok(title) } else { Err(Invalid::Title) }
}

/// The last moment, in seconds, whose heartbeats do not count any more at `now`.
///
/// ```
/// use streaming_service::domain::{WATCHING_S, forgotten_until};
///
/// assert_eq!(forgotten_until(1_000), 1_000 - WATCHING_S);
/// assert_eq!(forgotten_until(3), 0);
/// ```
pub fn forgotten_until(now: u64) -> u64 {
    now.saturating_sub(WATCHING_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_is_forgotten_after_a_while() {
        assert_eq!(forgotten_until(WATCHING_S), 0);
        assert_eq!(forgotten_until(WATCHING_S + 1), 1);
    }

    #[test]
    fn titles() {
        assert_eq!(title(" Live from the loom "), Ok("Live from the loom"));
        for wrong in ["", " ", "two\nlines", &"x".repeat(141)] {
            assert_eq!(title(wrong), Err(Invalid::Title), "{wrong}");
        }
    }
}
