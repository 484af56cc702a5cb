//! The cluster's clock. It starts at the machine's time and then moves only by ticks, a second each.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970, now.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// As objects say it: `2026-01-31T09:00:00Z`.
pub fn timestamp(seconds: u64) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// From an object's text.
pub fn seconds(timestamp: &str) -> Option<u64> {
    let time = humantime::parse_rfc3339(timestamp).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}
