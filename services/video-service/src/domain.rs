//! The rules: what is made of a source, what can become of a job, and what a worker has to deliver.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How often a job is tried before it has failed.
pub const ATTEMPTS: i32 = 3;
/// How long a worker may be silent, in seconds, when it does not say.
pub const LEASE_S: i32 = 60;
/// The shorter sides that renditions have, in pixels, largest first.
pub const LADDER: [i32; 6] = [2160, 1440, 1080, 720, 480, 240];

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not a video, or more than a worker can hold.
    #[error("the width and the height must be 16 to 8192 pixels")]
    Size,
    /// Nothing that can be fetched.
    #[error("a URL must begin with https:// and have at most 2000 characters, none of them a space")]
    Url,
    /// It names who works.
    #[error("the worker must have 1 to 100 characters")]
    Worker,
    /// So short that every job is lost, or so long that a dead worker blocks one.
    #[error("the lease must be 1 to 3600 seconds")]
    Lease,
    /// Beyond the end.
    #[error("the progress must be 0 to 100 percent")]
    Progress,
    /// It helps whoever looks for the cause.
    #[error("the reason must have 1 to 500 characters")]
    Reason,
    /// Something lacks, or nobody asked for it.
    #[error("deliver the renditions {0}, each once, and no others")]
    Outputs(String),
}

/// What is made of a source: a video of another size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rendition {
    /// Its shorter side, as people call it.
    #[schema(example = "720p")]
    pub name: String,
    /// In pixels.
    pub width: i32,
    /// In pixels.
    pub height: i32,
    /// Where it is, once it is made.
    pub url: Option<String>,
}

/// The renditions to make of a source, largest first. None is larger than the source, all have its form as near as even
/// sides allow (chroma is stored for 2 × 2 pixels), and there is at least one.
///
/// ```
/// use video_service::domain::ladder;
///
/// let sizes = |width, height| ladder(width, height).map(|all| all.iter().map(|one| (one.width, one.height)).collect());
/// assert_eq!(sizes(1280, 720), Ok(vec![(1280, 720), (854, 480), (426, 240)]));
/// assert_eq!(sizes(720, 1280), Ok(vec![(720, 1280), (480, 854), (240, 426)]));
/// assert_eq!(sizes(161, 121), Ok(vec![(160, 120)]));
/// ```
pub fn ladder(width: i32, height: i32) -> Result<Vec<Rendition>, Invalid> {
    let allowed = 16..=8192;
    if !allowed.contains(&width) || !allowed.contains(&height) {
        return Err(Invalid::Size);
    }
    // Of an upright video the shorter side counts, as in the names that people use.
    let (short, long) = (width.min(height), width.max(height));
    let mut steps: Vec<i32> = LADDER.into_iter().filter(|step| *step <= short).collect();
    if steps.is_empty() {
        steps.push(even_below(short));
    }
    let renditions = steps.into_iter().map(|step| {
        // The nearest even number to `long * step / short`.
        let other = 2 * ((long * step + short) / (2 * short));
        let other = other.min(even_below(long));
        let (width, height) = if width < height { (step, other) } else { (other, step) };
        Rendition { name: format!("{step}p"), width, height, url: None }
    });
    Ok(renditions.collect())
}

fn even_below(side: i32) -> i32 {
    side - side % 2
}

/// Where a job is. A claim takes it from waiting to running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// For a worker.
    Waiting,
    /// A worker has it.
    Running,
    /// All renditions are made.
    Done,
    /// Every attempt has failed.
    Failed,
    /// Nobody wants it any more.
    Cancelled,
}

/// What happens to a job that waits or runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The worker has delivered all renditions.
    Delivered,
    /// The worker has given up, or was silent for too long.
    GivenUp,
    /// Whoever ordered the job does not want it any more.
    Cancelled,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// What follows in a job that was claimed `attempts` times; nothing when the event cannot happen here.
    ///
    /// An event that comes twice changes nothing the second time, so that a request whose answer was lost may be repeated.
    ///
    /// ```
    /// use video_service::domain::{ATTEMPTS, Event, State};
    ///
    /// assert_eq!(State::Running.after(Event::GivenUp, 1), Some(State::Waiting));
    /// assert_eq!(State::Running.after(Event::GivenUp, ATTEMPTS), Some(State::Failed));
    /// assert_eq!(State::Done.after(Event::Cancelled, 1), None);
    /// ```
    pub fn after(self, event: Event, attempts: i32) -> Option<Self> {
        match (self, event) {
            (Self::Running | Self::Done, Event::Delivered) => Some(Self::Done),
            (Self::Running, Event::GivenUp) if attempts < ATTEMPTS => Some(Self::Waiting),
            (Self::Running, Event::GivenUp) => Some(Self::Failed),
            (Self::Waiting | Self::Failed, Event::GivenUp) => Some(self),
            (Self::Waiting | Self::Running | Self::Cancelled, Event::Cancelled) => Some(Self::Cancelled),
            _ => None,
        }
    }

    /// Its name, as it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Checks where a video is.
pub fn check_url(url: &str) -> Result<(), Invalid> {
    let host = url.strip_prefix("https://").unwrap_or_default();
    let plain = !host.is_empty() && !url.contains(|c: char| c.is_whitespace() || c.is_control());
    if plain && url.chars().count() <= 2000 { Ok(()) } else { Err(Invalid::Url) }
}

/// Checks what a worker says when it claims: its name, and how long it may be silent.
pub fn check_claim(worker: &str, lease_s: i32) -> Result<(), Invalid> {
    if !(1..=100).contains(&worker.chars().count()) {
        return Err(Invalid::Worker);
    }
    if (1..=3600).contains(&lease_s) { Ok(()) } else { Err(Invalid::Lease) }
}

/// Checks how far a job is.
pub fn check_progress(percent: u8) -> Result<(), Invalid> {
    if percent <= 100 { Ok(()) } else { Err(Invalid::Progress) }
}

/// Checks why a worker gives up.
pub fn check_reason(reason: &str) -> Result<(), Invalid> {
    if (1..=500).contains(&reason.chars().count()) { Ok(()) } else { Err(Invalid::Reason) }
}

/// Checks that a worker delivers every rendition of `wanted` and no other, each at a URL.
pub fn check_outputs(wanted: &[String], outputs: &BTreeMap<String, String>) -> Result<(), Invalid> {
    if wanted.len() != outputs.len() || !wanted.iter().all(|name| outputs.contains_key(name)) {
        return Err(Invalid::Outputs(wanted.join(", ")));
    }
    outputs.values().try_for_each(|url| check_url(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renditions_are_even_not_larger_than_the_source_and_have_its_form() {
        let sides = [16, 17, 239, 240, 241, 480, 719, 1080, 1281, 2160, 4097, 8191, 8192];
        for (width, height) in sides.iter().flat_map(|width| sides.map(|height| (*width, height))) {
            let ladder = ladder(width, height).expect("both sides are allowed");
            assert!(!ladder.is_empty(), "{width} x {height}");
            for Rendition { width: w, height: h, .. } in ladder {
                assert!(w % 2 == 0 && h % 2 == 0 && w <= width && h <= height, "{width} x {height}: {w} x {h}");
                // One side is exact, or one pixel less than the source's; the other is at most one from the true length.
                let off = (i64::from(w) * i64::from(height) - i64::from(h) * i64::from(width)).abs();
                assert!(off <= i64::from(width.max(height)), "{width} x {height}: {w} x {h}");
            }
        }
    }

    #[test]
    fn ladders() {
        let names = |width, height| -> Vec<String> {
            ladder(width, height).expect("allowed").into_iter().map(|rendition| rendition.name).collect()
        };
        assert_eq!(names(3840, 2160), ["2160p", "1440p", "1080p", "720p", "480p", "240p"]);
        assert_eq!(names(1080, 1920), ["1080p", "720p", "480p", "240p"]);
        assert_eq!(names(1920, 1079), ["720p", "480p", "240p"]);
        assert_eq!(ladder(15, 720), Err(Invalid::Size));
        assert_eq!(ladder(1280, 8193), Err(Invalid::Size));
    }

    #[test]
    fn what_can_become_of_a_job() {
        use Event::{Cancelled, Delivered, GivenUp};
        #[track_caller]
        fn case(event: Event, then: [Option<State>; 5]) {
            assert_eq!(State::ALL.map(|state| state.after(event, 1)), then);
        }
        let (waiting, done, cancelled) = (Some(State::Waiting), Some(State::Done), Some(State::Cancelled));
        //               Waiting    Running    Done  Failed               Cancelled
        case(Delivered, [None, done, done, None, None]);
        case(GivenUp, [waiting, waiting, None, Some(State::Failed), None]);
        case(Cancelled, [cancelled, cancelled, None, None, cancelled]);
        assert_eq!(State::Running.after(GivenUp, ATTEMPTS), Some(State::Failed));
    }

    #[test]
    fn urls() {
        assert_eq!(check_url("https://example.org/a.mp4"), Ok(()));
        for wrong in ["", "https://", "file:///etc/passwd", "https://a b", &format!("https://{}", "a".repeat(2000))] {
            assert_eq!(check_url(wrong), Err(Invalid::Url), "{wrong}");
        }
    }

    #[test]
    fn what_workers_say() {
        assert_eq!(check_claim("a", LEASE_S), Ok(()));
        assert_eq!(check_claim("", LEASE_S), Err(Invalid::Worker));
        assert_eq!(check_claim(&"a".repeat(101), LEASE_S), Err(Invalid::Worker));
        assert_eq!(check_claim("a", 0), Err(Invalid::Lease));
        assert_eq!(check_claim("a", 3601), Err(Invalid::Lease));
        assert_eq!(check_progress(100), Ok(()));
        assert_eq!(check_progress(101), Err(Invalid::Progress));
        assert_eq!(check_reason(""), Err(Invalid::Reason));
        assert_eq!(check_reason(&"a".repeat(500)), Ok(()));
    }

    #[test]
    fn a_delivery_is_whole() {
        let wanted = ["480p", "240p"].map(str::to_owned);
        let outputs = |names: &[&str], url: &str| {
            check_outputs(&wanted, &names.iter().map(|name| ((*name).to_owned(), url.to_owned())).collect())
        };
        assert_eq!(outputs(&["240p", "480p"], "https://example.org/a"), Ok(()));
        assert_eq!(outputs(&["240p", "480p"], "a.mp4"), Err(Invalid::Url));
        for wrong in [&["240p"][..], &["240p", "720p"], &["240p", "480p", "720p"]] {
            assert_eq!(outputs(wrong, "https://example.org/a"), Err(Invalid::Outputs("480p, 240p".to_owned())));
        }
    }
}
