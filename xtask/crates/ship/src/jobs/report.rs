//! The job that writes the report of a run while the run is not over yet.

use super::in_process;
use xtask_core::files::write_atomic;
use xtask_core::outcome::Outcome;
use xtask_core::reading::Reading;
use xtask_engine::job::{Desk, Finished, Inputs, Job};
use xtask_report::report::outputs::REPORT;
use xtask_report::report::{Fold, Summary, markdown};

/// Writes the report of the run so far. At its end the run replaces it, and adds the summary as JSON: a run without that
/// file counts as one that has not ended.
#[derive(Clone, Copy, Debug)]
pub struct WriteReport;

impl Job for WriteReport {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        in_process::perform(desk, |bench| {
            let directory = bench.inputs.directory();
            if !directory.is_dir() {
                let because = "this run leaves no files";
                return Ok(Finished::new(Reading::because(Outcome::NothingToDo, because)));
            }
            let file = directory.join(REPORT);
            write_atomic(&file, markdown::render(&so_far(bench.inputs)).as_bytes())?;
            bench.log.say(&format!("wrote {}", file.display()));
            Ok(Finished::new(Reading::passed()))
        })
    }

    fn sentence(&self) -> Option<String> {
        Some(format!("write the report of the run so far to {REPORT} in the run's directory"))
    }
}

/// The result of the run so far.
pub(super) fn so_far(inputs: &Inputs) -> Summary {
    let events = inputs.events.so_far();
    Fold::of(events.iter().map(AsRef::as_ref)).so_far()
}
