//! Time as this process experiences it: it stops while xtask is stopped, by Ctrl-Z or SIGSTOP.
//!
//! Limits are measured in it. Otherwise a run that was suspended for an hour would find all limits reached when it
//! continues. A stop sends no notification, but a thread that checks the clock several times a second is stopped too,
//! and finds a gap.

use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Time between two checks of the clock.
const LOOK: Duration = Duration::from_millis(250);

/// A gap longer than this was a stop. Even a busy machine lets a thread check more often.
const STOPPED: Duration = Duration::from_secs(2);

/// A clock that does not count gaps.
struct Awake {
    last: Option<Instant>,
    total: Duration,
}

impl Awake {
    fn look(&mut self, now: Instant) -> Duration {
        let gap = self.last.replace(now).map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        if gap <= STOPPED {
            self.total += gap;
        }
        self.total
    }
}

static CLOCK: Mutex<Awake> = Mutex::new(Awake { last: None, total: Duration::ZERO });
static TICKING: Once = Once::new();

/// How long this process has been awake since the first call. Only differences mean anything.
pub fn awake() -> Duration {
    TICKING.call_once(|| {
        thread::spawn(|| {
            loop {
                thread::sleep(LOOK);
                look();
            }
        });
    });
    look()
}

fn look() -> Duration {
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner).look(Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_takes_no_time() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut awake = Awake { last: None, total: Duration::ZERO };
        assert_eq!(awake.look(at(7)), Duration::ZERO);
        assert_eq!(awake.look(at(257)), Duration::from_millis(250));
        assert_eq!(awake.look(at(3_600_000)), Duration::from_millis(250), "stopped for an hour");
        assert_eq!(awake.look(at(3_600_500)), Duration::from_millis(750));
        assert_eq!(awake.look(at(3_600_400)), Duration::from_millis(750), "two threads that look may cross");
    }
}
