//! The jobs that pack images and write what belongs to them.

use crate::image::bill;
use crate::image::spec::{BillSpec, BuildContext, ImageSpec};
use xtask_core::error::{Error, Exit, Result};
use xtask_core::ids::TaskId;
use xtask_core::outcome::Outcome;
use xtask_core::reading::{Binary, Image, Reading};
use xtask_engine::job::{Desk, Finished, Inputs, Job};
use xtask_process::process::Level;

/// Packs the programs that another task has built into an image.
#[derive(Clone, Debug)]
pub struct PackImage {
    /// The task that builds them.
    pub built_by: TaskId,
    /// What goes into the image.
    pub image: ImageSpec,
}

/// Makes the directory that an engine builds images from.
#[derive(Clone, Debug)]
pub struct WriteContext(pub BuildContext);

/// Writes the dependencies, which the task's command prints, as an SBOM for each service.
#[derive(Clone, Debug)]
pub struct WriteBills {
    /// The SBOMs: whose, and where to.
    pub bills: Vec<BillSpec>,
    /// The commit's time, RFC 3339.
    pub time: Option<String>,
}

impl Job for PackImage {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        pack(&self.image, desk.inputs())
    }

    fn sentence(&self) -> Option<String> {
        Some(format!("pack the image of {} from the programs of {}", self.image.service, self.built_by))
    }

    fn works_on(&self) -> Option<&TaskId> {
        Some(&self.built_by)
    }
}

impl Job for WriteContext {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        if let Some(cancelled) = cancelled(desk.inputs()) {
            return cancelled;
        }
        match crate::image::context::write(&self.0) {
            Ok(()) => Finished::new(Reading::passed()),
            Err(error) => failed(&error),
        }
    }

    fn sentence(&self) -> Option<String> {
        let BuildContext { directory, root, .. } = &self.0;
        let directory = directory.strip_prefix(root).unwrap_or(directory).display();
        Some(format!("write a Dockerfile to {directory}, and beside it the files that the build may read"))
    }

    fn text(&self) -> Option<&str> {
        Some(&self.0.dockerfile)
    }
}

impl Job for WriteBills {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        let command = desk.command();
        let (finished, document) = desk.ask(&command);
        if finished.reading.outcome.is_bad() {
            return finished;
        }
        let written = bill::write(&document, &self.bills, self.time.as_deref());
        written.map_or_else(|error| failed(&error), |()| finished)
    }

    fn sentence(&self) -> Option<String> {
        None
    }

    fn aside(&self) -> Option<String> {
        Some("and an SBOM for each service".to_owned())
    }
}

/// Packs an image of what the release build has made.
fn pack(image: &ImageSpec, inputs: &Inputs) -> Finished {
    if let Some(cancelled) = cancelled(inputs) {
        return cancelled;
    }
    let moved = moved(image, inputs);
    let packed = match &moved {
        Some(moved) if image.is_pushed => {
            Err(Error::environment(format!("pack the image of {}: {moved}", image.service))
                .hint("run it again, and do not change the checkout until the images are pushed"))
        }
        _ => programs(image, inputs).and_then(|programs| crate::image::pack(image, &programs)),
    };
    match packed {
        Ok(packed) => {
            let made = Image {
                service: image.service.clone(),
                digest: packed.digest,
                bytes: packed.bytes,
                ..Image::default()
            };
            let notes = moved.map(|moved| format!("{moved}: its label is wrong")).into_iter().collect();
            Finished::new(Reading { image: Some(made), notes, ..Reading::passed() })
        }
        Err(error) => failed(&error),
    }
}

/// The problem when the programs are of a commit other than the one that the image names.
fn moved(image: &ImageSpec, inputs: &Inputs) -> Option<String> {
    let built = inputs.compiled.as_ref()?.revision.as_deref();
    let word = |revision: Option<&str>| revision.unwrap_or("no commit").to_owned();
    let named = image.revision.as_deref();
    (built != named).then(|| {
        format!(
            "the checkout has changed since the run began: that was at {}, and the programs are of {}",
            word(named),
            word(built)
        )
    })
}

/// The programs of the image's own package, as cargo has named them. A file that another package has as well holds the
/// program that was built last.
fn programs(image: &ImageSpec, inputs: &Inputs) -> Result<Vec<Binary>> {
    let built = inputs.compiled.iter().flat_map(|reading| &reading.binaries);
    let built = built.filter(|binary| binary.kind == "bin" && !binary.test);
    let (own, others): (Vec<&Binary>, Vec<&Binary>) = built.partition(|binary| binary.package == image.package);
    for binary in &own {
        if let Some(other) = others.iter().find(|other| other.path == binary.path) {
            let what = format!("pack the image of {}: its program {} was overwritten", image.service, binary.target);
            return Err(Error::environment(what)
                .detail(format!("{} has built another one to {}", other.package, binary.path.display()))
                .hint("give the two programs different names"));
        }
    }
    Ok(own.into_iter().cloned().collect())
}

/// A problem with an image itself is a failure of the stage; everything else is the environment's.
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
