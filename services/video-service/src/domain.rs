//! The rules: what is made of a source, and who may work on it.

/// The heights that renditions have, in pixels, highest first.
pub const LADDER: [i32; 6] = [2160, 1440, 1080, 720, 480, 240];

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not a video, or more than a worker can hold.
    #[error("the width and the height must be 16 to 8192 pixels")]
    Size,
    /// Nothing that can be fetched.
    #[error("the source must be an https URL of at most 2000 characters")]
    Source,
    /// It names who works.
    #[error("the worker must have 1 to 100 characters")]
    Worker,
    /// Beyond the end.
    #[error("the progress must be 0 to 100 percent")]
    Progress,
}

/// The heights to make of a source, highest first: none above its own, and at least one.
///
/// ```
/// use video_service::domain::renditions;
///
/// assert_eq!(renditions(1280, 720), Ok(vec![720, 480, 240]));
/// assert_eq!(renditions(160, 120), Ok(vec![120]));
/// ```
pub fn renditions(width: i32, height: i32) -> Result<Vec<i32>, Invalid> {
    let allowed = 16..=8192;
    if !allowed.contains(&width) || !allowed.contains(&height) {
        return Err(Invalid::Size);
    }
    // Of an upright video the shorter side counts, as in the names that people use: 720p.
    let short = width.min(height);
    let heights: Vec<i32> = LADDER.into_iter().filter(|step| *step <= short).collect();
    Ok(if heights.is_empty() { vec![short] } else { heights })
}

/// Checks where a source is.
pub fn check_source(source: &str) -> Result<(), Invalid> {
    let host = source.strip_prefix("https://").unwrap_or_default();
    let plain = !host.is_empty() && !source.contains(|c: char| c.is_whitespace() || c.is_control());
    if plain && source.len() <= 2000 { Ok(()) } else { Err(Invalid::Source) }
}

/// Checks the name of a worker.
pub fn check_worker(worker: &str) -> Result<(), Invalid> {
    if (1..=100).contains(&worker.trim().chars().count()) { Ok(()) } else { Err(Invalid::Worker) }
}

/// Checks how far a job is.
pub fn check_progress(percent: u8) -> Result<(), Invalid> {
    if percent <= 100 { Ok(()) } else { Err(Invalid::Progress) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ladders() {
        assert_eq!(renditions(3840, 2160), Ok(LADDER.to_vec()));
        assert_eq!(renditions(720, 1280), Ok(vec![720, 480, 240]));
        assert_eq!(renditions(15, 720), Err(Invalid::Size));
        assert_eq!(renditions(1280, 8193), Err(Invalid::Size));
    }

    #[test]
    fn sources() {
        assert_eq!(check_source("https://example.org/a.mp4"), Ok(()));
        for wrong in ["", "https://", "file:///etc/passwd", "https://a b", &format!("https://{}", "a".repeat(2000))] {
            assert_eq!(check_source(wrong), Err(Invalid::Source), "{wrong}");
        }
    }

    #[test]
    fn workers_and_progress() {
        assert_eq!(check_worker(" "), Err(Invalid::Worker));
        assert_eq!(check_progress(100), Ok(()));
        assert_eq!(check_progress(101), Err(Invalid::Progress));
    }
}
