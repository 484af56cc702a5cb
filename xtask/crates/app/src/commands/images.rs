//! `docker --dockerfile`, and the commands that the tasks of a run call to reach a registry: `log-in` and `push-image`.
//! Users type `docker --push`.

use super::Session;
use crate::cli;
use crate::planner;
use crate::secrets;
use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Exit, Result};
use xtask_core::files::create_private;
use xtask_core::reading::Image;
use xtask_core::registry::{Login, NO_LOGINS, PASSWORD, USER};
use xtask_core::text;
use xtask_engine::git;
use xtask_process::process::{MARKER, Surroundings};
use xtask_report::history::private;
use xtask_ship::image::push::{self, Push};
use xtask_ship::image::skopeo::Skopeo;

/// The login of a run to its registry, in its private directory.
const LOGIN: &str = "registry-login.json";

/// Prints the Dockerfile that images would be built with.
pub(super) fn dockerfile(command: &cli::Command, session: &Session) -> Result<Exit> {
    let (workspace, settings) = session.resolve(command)?;
    let plan = planner::build(&workspace, &settings, &session.pipeline)?;
    let text = plan.tasks().find_map(|task| task.job.text());
    let text = text.ok_or_else(|| super::nothing("print the Dockerfile: no selected package has an image"))?;
    session.printer.data(text);
    Ok(Exit::Ok)
}

/// Whether the checkout at `root` is still at the commit that the image is named after.
fn check_commit(service: &str, commit: &str, root: &Path) -> Result<()> {
    let current = git::revision(root)?.unwrap_or_else(|| "no commit".to_owned());
    if current == commit {
        return Ok(());
    }
    Err(Error::environment(format!("push the image of {service}: the checkout has changed since the run began"))
        .detail(format!("the image is of {commit}, and the checkout is at {current}"))
        .hint("run it again, and leave the checkout alone until the images are pushed"))
}

/// Logs in, with the caller's file or the run's own, and prints the variable by which other processes find it.
pub(super) fn log_in(args: &cli::LogIn, session: &Session) -> Result<Exit> {
    let file = match &args.file {
        Some(file) => file.clone(),
        None => login_file(session)?,
    };
    let skopeo = skopeo(session);
    let var = |name: &str| session.environment.var(name);
    let (user, password) = match (args.by, var(USER), var(PASSWORD)) {
        (Login::Ecr, ..) => ("AWS", skopeo.ecr_password(args.region.as_deref())?),
        (_, Some(user), Some(password)) => (user, password.as_bytes().to_vec()),
        _ => {
            return Err(Error::environment(format!("log in to {}: there is no user or no password", args.host))
                .hint(format!("set {USER} and {PASSWORD}")));
        }
    };
    if args.file.is_none() {
        create_private(&file, NO_LOGINS)?;
    }
    skopeo.log_in(&args.host, user, &password, &file)?;
    session.printer.say(&format!("logged in to {} as {user}", args.host));
    session.printer.data(&format!("REGISTRY_AUTH_FILE={}\n", xtask_core::command::quote(&file.to_string_lossy())));
    Ok(Exit::Ok)
}

fn skopeo(session: &Session) -> Skopeo {
    let environment = &session.environment;
    let surroundings = Surroundings { secrets: secrets::of(&environment.vars), ..Surroundings::default() };
    Skopeo::new(&environment.cwd, surroundings)
}

/// The file of the run that this process is a task of.
fn login_file(session: &Session) -> Result<PathBuf> {
    let run = session.environment.var(MARKER).and_then(|marker| marker.split(':').next());
    let run = run
        .ok_or_else(|| Error::usage("log in outside of a run").hint("`cargo xtask docker --push` logs in by itself"))?;
    let private = private::of(&session.environment, run);
    let private =
        private.ok_or_else(|| Error::environment("log in: the run has no private directory for the login"))?;
    Ok(private.join(LOGIN))
}

/// Pushes an image, reads it back, and prints the result.
pub(super) fn push(args: &cli::PushImage, session: &Session) -> Result<Exit> {
    if let Some(commit) = &args.commit {
        check_commit(&args.service, commit, &session.environment.cwd)?;
    }
    let image = oci_layout::Image::open(&args.layout, None).map_err(|error| {
        Error::environment(format!("read the image of {}", args.service))
            .because(error)
            .hint(format!("make it again: `cargo xtask docker {}`", args.service))
    })?;
    let what = Push { layout: &args.layout, digest: image.digest(), repository: &args.to, tags: &args.tag };
    let new = push::push(&what, &skopeo(session))?;
    let text = match &new[..] {
        [] => format!("{} is there already, as {}", args.to, text::list(&args.tag)),
        new => format!("pushed {} as {}", args.to, text::list(new)),
    };
    session.printer.say(&format!("{text}; read back as {}", image.digest()));
    let pushed = Image {
        service: args.service.clone(),
        digest: image.digest().to_string(),
        bytes: image.size(),
        repository: Some(args.to.clone()),
        tags: args.tag.clone(),
    };
    session.printer.data(&format!("{}\n", serde_json::json!(pushed)));
    Ok(Exit::Ok)
}
