//! How Ctrl-C and `kill` are handled outside of a run: xtask's children end first, then xtask, by that very signal.

use super::Session;
use std::time::Duration;
use xtask_core::error::Result;
use xtask_process::environment::Environment;
use xtask_process::process::signal::{self, Listener};
use xtask_process::process::{Level, everything, is_asking, stop_asking};
use xtask_report::report::text;

/// How long children may take to end once they were asked to. GitHub kills everything about ten seconds after a run was
/// cancelled.
pub(super) fn grace(environment: &Environment) -> Duration {
    Duration::from_secs(if environment.is_ci() { 5 } else { 10 })
}

/// Listens for the whole command. The first signal asks the children to end, the second one kills them.
pub(super) fn listen(session: &Session) -> Result<Listener> {
    let printer = session.printer.clone();
    let mut asked = false;
    signal::listen(move |signal| {
        if std::mem::replace(&mut asked, true) {
            printer.say(&text::stopping(signal.because(), true));
            return everything().raise(Level::Kill);
        }
        if is_asking() {
            printer.say(&text::stopping(signal.because(), false));
        }
        // On a thread of its own, so that the second signal is heard meanwhile.
        std::thread::spawn(move || {
            stop_asking();
            signal::die(signal);
        });
    })
}
