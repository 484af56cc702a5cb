//! The jobs that reach a registry: logging in, and pushing an image.

use super::in_process::{self, Bench};
use crate::image::login;
use crate::image::push::{self, Push};
use crate::image::skopeo::Skopeo;
use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Exit, Result};
use xtask_core::files::create_private;
use xtask_core::reading::{Image, Reading};
use xtask_core::registry::{Credentials, Login, NO_LOGINS, PASSWORD, Registry, USER};
use xtask_core::text;
use xtask_engine::git;
use xtask_engine::job::{Desk, Finished, Job};
use xtask_process::process::Surroundings;

/// The login of a run to its registry, in its private directory.
const LOGIN: &str = "registry-login.json";
/// The variable that names the file of logins.
const AUTH_FILE: &str = "REGISTRY_AUTH_FILE";

/// Logs in, with a file of the run's own.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// Where.
    pub registry: Registry,
    /// How.
    pub by: Login,
}

/// Pushes an image, and reads it back.
#[derive(Clone, Debug)]
pub struct PushImage {
    /// The service in the image.
    pub service: String,
    /// The directory of its layout.
    pub layout: PathBuf,
    /// The repository to push to.
    pub repository: String,
    /// The tags, the commit's first.
    pub tags: Vec<String>,
    /// The commit that the checkout must still be at, without changes.
    pub commit: Option<String>,
}

impl Job for LogIn {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        in_process::perform(desk, |bench| self.log_in(bench))
    }

    fn sentence(&self) -> Option<String> {
        let by = match self.by {
            Login::Ecr => "a token of `aws ecr get-login-password`".to_owned(),
            Login::Password | Login::None => format!("{USER} and {PASSWORD}"),
        };
        Some(format!("log in to {} with {by}", self.registry.host()))
    }
}

impl LogIn {
    fn log_in(&self, bench: &Bench<'_>) -> Result<Finished> {
        let inputs = bench.inputs;
        let private = inputs.private.as_ref();
        let private = private.ok_or_else(|| Error::new(Exit::Bug, "log in without a private directory"))?;
        let file = private.join(LOGIN);
        create_private(&file, NO_LOGINS)?;
        let skopeo = Skopeo::new(&inputs.root, inputs.surroundings.clone(), bench.until);
        let credentials = Credentials::of(|name| inputs.confidential.get(name));
        let user = login::log_in(&self.registry, self.by, credentials.as_ref(), &file, &skopeo)?;
        bench.log.say(&format!("logged in to {} as {user}", self.registry.host()));
        let env = [(AUTH_FILE.to_owned(), file.to_string_lossy().into_owned())].into();
        Ok(Finished::new(Reading { env, ..Reading::passed() }))
    }
}

impl Job for PushImage {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        // The login, if there was one.
        let env = desk.command().env;
        in_process::perform(desk, |bench| {
            let mut surroundings = bench.inputs.surroundings.clone();
            surroundings.set.extend(env);
            self.push(bench, surroundings)
        })
    }

    fn sentence(&self) -> Option<String> {
        let Self { service, repository, tags, .. } = self;
        Some(format!("push the image of {service} to {repository} as {}, and read it back", text::list(tags)))
    }
}

impl PushImage {
    fn push(&self, bench: &Bench<'_>, surroundings: Surroundings) -> Result<Finished> {
        let Self { service, layout, repository, tags, commit } = self;
        let root = &bench.inputs.root;
        if let Some(commit) = commit {
            check_commit(service, commit, root)?;
        }
        let image = oci_layout::Image::open(layout, None).map_err(|error| {
            Error::environment(format!("read the image of {service}"))
                .because(error)
                .hint(format!("make it again: `cargo xtask docker {service}`"))
        })?;
        let skopeo = Skopeo::new(root, surroundings, bench.until);
        let new = push::push(&Push { layout, digest: image.digest(), repository, tags }, &skopeo)?;
        let text = match &new[..] {
            [] => format!("{repository} has it already, as {}", text::list(tags)),
            new => format!("pushed {repository} as {}", text::list(new)),
        };
        bench.log.say(&format!("{text}; read back as {}", image.digest()));
        let pushed = Image {
            service: service.clone(),
            digest: image.digest().to_string(),
            bytes: image.size(),
            repository: Some(repository.clone()),
            tags: tags.clone(),
        };
        Ok(Finished::new(Reading { image: Some(pushed), ..Reading::passed() }))
    }
}

/// Whether the checkout at `root` is still at the commit that the image is named after.
fn check_commit(service: &str, commit: &str, root: &Path) -> Result<()> {
    let current = git::revision(root)?.unwrap_or_else(|| "no commit".to_owned());
    if current == commit {
        return Ok(());
    }
    Err(Error::environment(format!("push the image of {service}: the checkout has changed since the run began"))
        .detail(format!("the image is of {commit}, and the checkout is at {current}"))
        .hint("run it again, and do not change the checkout until the images are pushed"))
}
