//! The job of most tasks: their command is spawned as it is.

use super::{Desk, Finished, Job};

/// Spawns the task's command.
#[derive(Clone, Copy, Debug)]
pub struct Spawn;

impl Job for Spawn {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        let command = desk.command();
        desk.run(&command)
    }

    fn sentence(&self) -> Option<String> {
        None
    }
}
