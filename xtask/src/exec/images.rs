//! What a slot does with a task that packs an image, or writes what a build needs: no process, and a few seconds.

use super::context::Inputs;
use super::message::Finished;
use crate::error::{Error, Exit};
use crate::image::spec::{BuildContext, ImageSpec};
use crate::outcome::Outcome;
use crate::process::Level;
use crate::reading::{Image, Reading};

/// Packs an image of what the release build has made.
pub(super) fn pack(image: &ImageSpec, inputs: &Inputs) -> Finished {
    if let Some(cancelled) = cancelled(inputs) {
        return cancelled;
    }
    let built = inputs.compiled.iter().flat_map(|reading| &reading.binaries);
    let own = built.filter(|binary| binary.package == image.package && binary.kind == "bin" && !binary.test);
    let own: Vec<_> = own.cloned().collect();
    match crate::image::pack(image, &own) {
        Ok(packed) => {
            let made = Image {
                service: image.service.clone(),
                digest: packed.digest,
                bytes: packed.bytes,
                ..Image::default()
            };
            Finished::new(Reading { image: Some(made), ..Reading::passed() })
        }
        Err(error) => failed(&error),
    }
}

/// Makes the folder that an engine builds from.
pub(super) fn write_context(context: &BuildContext, inputs: &Inputs) -> Finished {
    if let Some(cancelled) = cancelled(inputs) {
        return cancelled;
    }
    match crate::image::context::write(context) {
        Ok(()) => Finished::new(Reading::passed()),
        Err(error) => failed(&error),
    }
}

/// What is wrong with an image itself is a failure of the stage; everything else is the environment's.
pub(super) fn failed(error: &Error) -> Finished {
    let mut finished = Finished::error(error);
    if error.exit() == Exit::Gate {
        finished.reading.outcome = Outcome::Failed;
    }
    finished
}

fn cancelled(inputs: &Inputs) -> Option<Finished> {
    let stopped = inputs.stop.level() != Level::None;
    stopped.then(|| Finished::new(Reading::because(Outcome::Cancelled, "the run was stopped")))
}
