//! Everything that users and programs see of a run, made from its events and from nothing else.
//!
//! Knows nothing about how tasks are planned or run. A problem in here (a full disk, a closed pipe) never changes a
//! verdict: the part concerned falls silent, and one warning says so.

pub mod counted;
pub mod display;
pub mod failure;
pub mod github;
pub mod images;
pub mod json;
pub mod lines;
pub mod markdown;
pub mod merge;
pub mod missing;
pub mod needs;
pub mod next;
pub mod notice;
pub mod outputs;
pub mod pen;
pub mod places;
pub mod printer;
pub mod progress;
pub mod record;
pub mod screen;
pub mod summary;
pub mod text;
pub mod verdict;
pub mod words;

mod fold;
#[cfg(test)]
mod sample;

pub use display::{Display, Verbosity};
pub use fold::Fold;
pub use outputs::Outputs;
pub use places::Places;
pub use printer::Printer;
pub use summary::Summary;

use std::io;
use xtask_core::event::Event;

/// A subscriber to every event of a run.
///
/// It cannot change itself, so it keeps no books: whatever it wants to know of the run, it asks the fold.
pub trait Subscriber: Send {
    /// Handles one event, which `fold` has applied already. An error ends the subscription.
    fn on(&self, fold: &Fold, event: &Event) -> io::Result<()>;

    /// Its name, for the warning that says that it is incomplete: `the run's record`.
    fn name(&self) -> &'static str;
}

/// The display of a run: bars on a terminal, lines elsewhere and in quiet mode.
///
/// `run_dir` is the run's directory as a user would type it, for the paths of logs; `places` are for annotations.
pub fn console(display: Display, printer: &Printer, run_dir: &str, places: Places) -> Box<dyn Subscriber> {
    if display.interactive && display.verbosity != Verbosity::Quiet {
        Box::new(progress::Progress::on_stderr(display, printer.clone(), run_dir))
    } else {
        Box::new(lines::Lines::new(display, printer.clone(), run_dir, places))
    }
}

/// Folds every event, and hands it to all subscribers together with the fold.
#[derive(Default)]
pub struct Fanout {
    subscribers: Vec<Box<dyn Subscriber>>,
    fold: Fold,
}

impl Fanout {
    /// A fan-out to these subscribers, which receive each event in this order.
    pub fn new(subscribers: Vec<Box<dyn Subscriber>>) -> Self {
        Self { subscribers, fold: Fold::default() }
    }

    /// Passes an event to every subscriber. A subscriber that fails is dropped, and the summary says so once.
    pub fn on(&mut self, event: &Event) {
        self.fold.on(event);
        let mut warnings = Vec::new();
        self.subscribers.retain(|subscriber| {
            let Err(e) = subscriber.on(&self.fold, event) else { return true };
            warnings.push(format!("{} is incomplete: {e}; the verdict is not affected", subscriber.name()));
            false
        });
        for warning in warnings {
            self.fold.warn(warning);
        }
    }

    /// Ends all subscriptions, which clears the screen, and returns the result of the run.
    pub fn close(self) -> Summary {
        drop(self.subscribers);
        self.fold.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    struct Broken;

    impl Subscriber for Broken {
        fn on(&self, _: &Fold, _: &Event) -> io::Result<()> {
            Err(io::Error::other("no space left"))
        }
        fn name(&self) -> &'static str {
            "the run's record"
        }
    }

    struct Counting(Arc<Mutex<usize>>);

    impl Subscriber for Counting {
        fn on(&self, _: &Fold, _: &Event) -> io::Result<()> {
            *self.0.lock().expect("nobody panics") += 1;
            Ok(())
        }
        fn name(&self) -> &'static str {
            "the counter"
        }
    }

    #[test]
    fn a_subscriber_that_fails_is_dropped_with_one_warning_and_changes_no_verdict() {
        let heard = Arc::new(Mutex::new(0));
        let mut fanout = Fanout::new(vec![Box::new(Broken), Box::new(Counting(Arc::clone(&heard)))]);
        let events = sample::green();
        for event in &events {
            fanout.on(event);
        }
        let summary = fanout.close();
        assert_eq!(*heard.lock().expect("nobody panics"), events.len());
        assert_eq!(summary.warnings, ["the run's record is incomplete: no space left; the verdict is not affected"]);
        assert_eq!((summary.verdict.as_str(), summary.exit_code), ("passed", Some(0)));
    }
}
