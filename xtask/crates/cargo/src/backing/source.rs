//! Which source a server comes from, and the error when no source has it.

use super::context::Context;
use super::request::Source;
use super::spec::ServerSpec;
use super::{Up, docker, given, local};
use xtask_core::error::{Error, Result};

/// The server from the first source that works.
pub(super) fn choose(context: &Context, spec: &ServerSpec) -> Result<Up> {
    let source = context.request.source;
    let mut tried = Vec::new();
    if matches!(source, Source::Auto | Source::Given) {
        match given::bring_up(context, spec)? {
            Some(up) => return Ok(up),
            None => tried.push(format!("given: {} is not set", spec.env)),
        }
    }
    if matches!(source, Source::Auto | Source::Docker) {
        match docker::bring_up(context, spec)? {
            Ok(up) => return Ok(up),
            Err(why) => tried.push(format!("docker: {why}")),
        }
    }
    if matches!(source, Source::Auto | Source::Local) {
        match local::bring_up(context, spec)? {
            Ok(up) => return Ok(up),
            Err(why) => tried.push(format!("local: {why}")),
        }
    }
    context.check()?;
    let error =
        Error::environment(format!("start {} for the integration tests", spec.title)).hint(advice(spec, source));
    Err(tried.into_iter().fold(error, Error::detail))
}

/// The hint for a server that no source has.
fn advice(spec: &ServerSpec, source: Source) -> String {
    let package = spec.local.as_ref().and_then(|local| local.package.as_ref());
    let install = match (package, &spec.local) {
        (Some(package), _) => Some(format!("`apt-get install {package}`")),
        (None, Some(local)) => Some(format!("install `{}`", local.program)),
        (None, None) => None,
    };
    let docker = spec.container.as_ref().map(|_| "start Docker".to_owned());
    let given = Some(format!("set {} to the URL of a running server", spec.env));
    let ways: Vec<String> = match source {
        Source::Auto => [install, docker, given].into_iter().flatten().collect(),
        Source::Given => given.into_iter().collect(),
        Source::Docker => docker.into_iter().collect(),
        Source::Local => install.into_iter().collect(),
    };
    if ways.is_empty() { "choose another source".to_owned() } else { ways.join(", or ") }
}
