//! Whether images can be pulled: each is looked up in its registry, by its digest.
//!
//! A private registry requires a login. It is the run's own, and removed with the deployment; without one, skopeo uses
//! the user's own logins.

use super::call::{Caller, LIMIT};
use super::objects::Release;
use crate::image::login;
use crate::image::skopeo::Skopeo;
use std::collections::{BTreeMap, BTreeSet};
use xtask_core::command::Command;
use xtask_core::error::Error;
use xtask_core::files::create_private;
use xtask_core::registry::{Login, Logins, NO_LOGINS, Registry, is_loopback};
use xtask_process::process::{Surroundings, awake};

/// The file of the login, in the directory of the deployment.
pub(super) const LOGIN: &str = "login.json";

/// Where images come from, and how to log in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The prefix that all of them must have, if configured: `registry.example/shop`.
    pub registry: Option<String>,
    /// The rules for logins.
    pub logins: Logins,
}

/// Images that are missing from their registry, or in a wrong one; registries that deny access.
pub(super) fn missing(caller: &Caller, source: &Source, releases: &[Release]) -> Vec<String> {
    let hosts: BTreeSet<&str> = releases.iter().map(host).collect();
    let logins: BTreeMap<&str, Result<bool, String>> =
        hosts.into_iter().map(|host| (host, log_in(caller, source, host))).collect();
    let mut problems: Vec<String> = logins.values().filter_map(|login| login.clone().err()).collect();
    for release in releases {
        let Release { service, image, .. } = release;
        if let Some(registry) = source.registry.as_ref().filter(|registry| !image.starts_with(&format!("{registry}/")))
        {
            problems.push(format!("the image of {service} is {image}, and must come from {registry}"));
            continue;
        }
        // Without access, nothing can be looked up.
        let Some(Ok(logged_in)) = logins.get(host(release)) else { continue };
        let authfile = logged_in.then(|| format!("--authfile={}", caller.directory.join(LOGIN).display()));
        // A registry on this machine needs no TLS, as for every engine.
        let plain = is_loopback(host(release)).then_some("--tls-verify=false");
        let command = Command::new("skopeo", &caller.directory).args(["inspect", "--raw"]).args(authfile).args(plain);
        if let Err(failure) = caller.call(&command.arg(format!("docker://{image}")), LIMIT) {
            problems.push(format!("the image of {service} is not available: {}", failure.line()));
        }
    }
    problems
}

/// The registry of a release's image.
fn host(release: &Release) -> &str {
    release.image.split('/').next().unwrap_or_default()
}

/// Logs in where necessary; returns whether it did.
fn log_in(caller: &Caller, source: &Source, host: &str) -> Result<bool, String> {
    let Some(registry) = Registry::parse(host) else { return Ok(false) };
    let by = registry.login(source.logins);
    if by == Login::None {
        return Ok(false);
    }
    let file = caller.directory.join(LOGIN);
    if !file.exists() {
        create_private(&file, NO_LOGINS).map_err(|error| error.line())?;
    }
    let surroundings = Surroundings { secrets: caller.secrets.clone(), ..caller.surroundings.clone() };
    let skopeo = Skopeo::new(&caller.directory, surroundings, awake().saturating_add(LIMIT));
    let problem = |error: Error| format!("{host} denies access: {}", error.headline());
    login::log_in(&registry, by, caller.credentials.as_ref(), &file, &skopeo).map(|_| true).map_err(problem)
}
