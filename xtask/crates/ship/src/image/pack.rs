//! Packs the programs of the release build into an OCI image layout, without an engine.

use super::certificates;
use super::spec::ImageSpec;
use oci_layout::{Digest, Image, Layer, Needs, Recipe, needs};
use std::fmt::Write as _;
use std::path::Path;
use xtask_core::cause::Cause;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::reading::Binary;
use xtask_core::text;

/// The directory of the programs in an image.
pub(super) const PROGRAMS: &str = "/usr/local/bin";

/// An image that was packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its digest.
    pub digest: String,
    /// The bytes to download for a client that has none of it.
    pub bytes: u64,
}

/// Packs the image of a service from `binaries`, the package's programs as cargo has built them.
///
/// An error that ends with [`Exit::Gate`] is the image's own fault: a program that could not run in it, or a size above
/// the budget. An image above its budget is still packed, so that it can be inspected.
pub fn pack(spec: &ImageSpec, binaries: &[Binary]) -> Result<Packed> {
    let mut programs = Vec::new();
    for binary in binaries {
        let content = std::fs::read(&binary.path).map_err(|error| {
            Error::environment(format!("read the program {}", binary.path.display())).because(error)
        })?;
        let digest = Digest::of(&content).to_string();
        if binary.digest.as_ref().is_some_and(|built| *built != digest) {
            return Err(Error::environment(format!("pack the program {}", binary.path.display()))
                .detail("it is not the one that this run has built: another build has overwritten it")
                .hint("let no other build write to this target directory meanwhile, and run it again"));
        }
        programs.push((binary, content));
    }
    let Some((_, main)) = programs.iter().find(|(binary, _)| binary.target == spec.program) else {
        return Err(Error::environment(format!("find the program {}: cargo did not build it", spec.program)));
    };
    let architecture = needs(main).map_err(refused)?.architecture;
    let base = spec.base.as_deref().map(|directory| open(directory, &architecture)).transpose()?;
    for (binary, content) in &programs {
        check(&binary.target, &needs(content).map_err(refused)?, base.as_ref())?;
    }
    let time = spec.time.unwrap_or(0);
    let mut layer = Layer::new(time);
    for (binary, content) in programs {
        layer = layer.file(&format!("{PROGRAMS}/{}", binary.target), 0o755, content);
    }
    let mut layers = Vec::new();
    if spec.ca_bundle.is_some() || !has_certificates(base.as_ref())? {
        let bundle = certificates::read(spec.ca_bundle.as_deref(), Path::new("/"))?;
        // Not from the commit, and without its timestamp: the layer stays the same until the certificates change.
        layers.push(Layer::new(0).file(certificates::IN_IMAGES, 0o644, bundle));
    }
    layers.push(layer);
    let recipe = Recipe {
        base,
        architecture,
        created: spec.time,
        user: spec.user.clone(),
        entrypoint: vec![format!("{PROGRAMS}/{}", spec.program)],
        env: spec.env.clone(),
        ports: spec.port.into_iter().collect(),
        labels: spec.labels.clone(),
        layers,
    };
    let image = recipe.pack(&spec.layout).map_err(|error| {
        Error::environment(format!("pack the image of {}", spec.service))
            .because(error)
            .hint("check that the disk has room and that the target directory can be written to")
    })?;
    within_budget(spec, image.size())?;
    Ok(Packed { digest: image.digest().to_string(), bytes: image.size() })
}

fn open(directory: &Path, architecture: &str) -> Result<Image> {
    Image::open(directory, Some(architecture)).map_err(|error| {
        Error::environment(format!("read the base image {}", directory.display()))
            .because(error)
            .hint("fetch it again: `skopeo copy docker://… oci:DIR`")
    })
}

fn has_certificates(base: Option<&Image>) -> Result<bool> {
    let files = base.map(Image::files).transpose().map_err(refused)?;
    Ok(files.is_some_and(|files| files.has(certificates::IN_IMAGES)))
}

/// Whether the program can run on the base.
fn check(program: &str, needs: &Needs, base: Option<&Image>) -> Result<()> {
    if needs.is_static() {
        return Ok(());
    }
    let refuse = |what: String| Error::new(Exit::Gate, format!("put the program {program} into an image: {what}"));
    let list = |names: &[String]| text::list(names.iter().map(|name| format!("`{name}`")));
    let Some(base) = base else {
        let mut wants = needs.interpreter.clone().into_iter().collect::<Vec<_>>();
        wants.extend(needs.libraries.iter().cloned());
        let mut hint = "build it without: `[workspace.metadata.xtask.image] static = true`".to_owned();
        write!(hint, ", or set `base` there to the layout of an image that has them").expect("a String takes all");
        return Err(refuse(format!("it needs {}, and `scratch` is empty", list(&wants))).hint(hint));
    };
    let lacking = base.files().map_err(refused)?.lack(needs);
    if lacking.is_empty() {
        return Ok(());
    }
    Err(refuse(format!("the base image lacks {}", list(&lacking)))
        .hint("choose another `base` in `[workspace.metadata.xtask.image]`, or build it without: `static = true`"))
}

fn within_budget(spec: &ImageSpec, bytes: u64) -> Result<()> {
    match spec.budget {
        Some(budget) if bytes > budget => Err(Error::new(
            Exit::Gate,
            format!(
                "keep the image of {} within its budget: it has {}, and {} are allowed",
                spec.service,
                text::bytes(bytes),
                text::bytes(budget)
            ),
        )
        .caused_by(Cause::OverBudget)
        .hint("make it smaller, or raise `[workspace.metadata.xtask.image] budget`")),
        _ => Ok(()),
    }
}

fn refused(error: oci_layout::Error) -> Error {
    Error::environment("read a program or an image").because(error)
}

#[cfg(test)]
mod tests;
