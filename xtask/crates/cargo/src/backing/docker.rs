//! A server in a container of its own, published on a free port of the loopback.
//!
//! Its files are copied in rather than mounted: the engine may be another machine, or see another file system. The
//! password goes by environment or by file: `--env NAME` without a value takes it from the client's own.

use super::client::{Client, Within};
use super::context::{Context, Server};
use super::place::Place;
use super::ready::{self, Unusable};
use super::scratch::write_shared;
use super::spec::{Container, ServerSpec, StopSignal};
use super::{Running, Up, names};
use std::time::Duration;
use xtask_core::command::Command;
use xtask_core::error::Result;
use xtask_process::process::awake;

/// The label that says which run a container belongs to.
pub(super) const LABEL: &str = "xtask.run";

/// Where a server finds its files in the container.
const DIR: &str = "/xtask";

/// The engine's message for a container that does not exist.
const GONE: &str = "No such container";

/// How long fetching an image may take.
const PULL_LIMIT: Duration = Duration::from_secs(300);

/// How long removing a container may take.
const REMOVAL_LIMIT: Duration = Duration::from_secs(15);

/// How long any other command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Starts the server; `Err` inside says why Docker cannot.
pub(super) fn bring_up(context: &Context, spec: &ServerSpec) -> Result<Result<Up, String>> {
    let Some(container) = &spec.container else {
        return Ok(Err("the configuration has no `container` table".to_owned()));
    };
    let engine = context.engine();
    context.check()?;
    let Some(docker) = context.docker().filter(|_| engine.is_ok()) else {
        return Ok(Err(engine.err().unwrap_or_default()));
    };
    let password = names::random(16)?;
    let name = format!("xtask-{}-{}", context.scratch.token(), spec.name);
    let inside = Place::inside(spec, container.port, DIR, &password);
    // From here on there may be a container, whatever happens to the command that creates it.
    context.scratch.note_containers()?;
    let removed = Removed { context, name: &name, done: false };
    if let Err(why) = fetch(context, &docker, &container.image)? {
        return Ok(Err(inside.hide(&why)));
    }
    if let Err(why) = create(context, spec, container, (&docker, &name, &inside))? {
        return Ok(Err(inside.hide(&why)));
    }
    let started = start(context, spec, container.port, (&docker, &name, inside))?;
    let (client, attached) = match started {
        Ok(started) => started,
        Err(why) => return Ok(Err(why)),
    };
    removed.keep();
    let description = format!("{} in a container of {} on {}", spec.title, container.image, client.outside.address());
    Ok(Ok(Up::new(spec, client, Running::Container { name, attached }, description)))
}

/// Removes a container and its volumes; returns why when it cannot. A missing container is not an error.
///
/// The engine removes an exited container by itself, and refuses to do so on request meanwhile: retry until the
/// container is gone.
pub(super) fn remove(context: &Context, name: &str) -> Result<(), String> {
    let Some(docker) = context.docker() else { return Err(format!("the container {name}: no `docker` on PATH")) };
    let remove = docker.args(["rm", "--force", "--volumes", name]);
    let deadline = awake() + REMOVAL_LIMIT;
    loop {
        let why = match context.run(&remove, None, REMOVAL_LIMIT) {
            Ok(ran) if ran.success => return Ok(()),
            Ok(ran) => ran.complaint(),
            Err(error) => error.to_string(),
        };
        if why.contains(GONE) {
            return Ok(());
        }
        let again = is_going(&why) && awake() < deadline;
        if !again || context.pause().is_err() {
            return Err(format!("the container {name}: {why}"));
        }
    }
}

/// Whether an attempt to remove a container failed because it is gone, or as good as.
pub(super) fn is_going(why: &str) -> bool {
    why.contains(GONE) || why.contains("already in progress")
}

/// Removes a container that never became a usable server: after an error, or when the run is stopped.
struct Removed<'a> {
    context: &'a Context,
    name: &'a str,
    done: bool,
}

impl Removed<'_> {
    fn keep(mut self) {
        self.done = true;
    }
}

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        if !self.done {
            // The stop request that ended the start would end this command as well.
            let _ = self.context.undisturbed(|context| remove(context, self.name));
        }
    }
}

fn fetch(context: &Context, docker: &Command, image: &str) -> Result<Result<(), String>> {
    let inspect = docker.clone().args(["image", "inspect", "--format", "{{.Id}}", image]);
    if run(context, &inspect, LIMIT)?.is_ok() {
        return Ok(Ok(()));
    }
    let pulled = run(context, &docker.clone().args(["pull", "--quiet", image]), PULL_LIMIT)?;
    Ok(pulled.map(|_| ()).map_err(|why| format!("the image {image} is missing and cannot be pulled: {why}")))
}

fn create(
    context: &Context,
    spec: &ServerSpec,
    container: &Container,
    (docker, name, inside): (&Command, &str, &Place),
) -> Result<Result<(), String>> {
    let mut env = inside.fill_env(&container.env);
    env.retain(|_, value| !value.is_empty());
    let mut create = docker.clone().args(["create", "--rm", "--name", name]);
    create = create.args(["--label", &format!("{LABEL}={}", names::plain(&context.request.run))]);
    create = create.args(["--publish", &format!("127.0.0.1::{}", container.port)]);
    create = env.keys().fold(create, |create, key| create.args(["--env", key]));
    create = create.arg(&container.image).args(inside.fill_all(&container.args, ""));
    create.env.extend(env);
    if let Err(why) = run(context, &create, LIMIT)? {
        return Ok(Err(why));
    }
    if !spec.files.is_empty() {
        let directory = context.scratch.directory(&format!("{}-files", spec.name), None)?;
        let shared = directory.join("shared");
        for (file, text) in &spec.files {
            write_shared(&shared, file, &inside.fill(text, ""))?;
        }
        let copy = docker.clone().args(["cp", &shared.to_string_lossy(), &format!("{name}:{DIR}")]);
        if let Err(why) = run(context, &copy, LIMIT)? {
            return Ok(Err(why));
        }
    }
    Ok(Ok(()))
}

/// Starts the container and waits until its server can be used. The attached client stays: it carries the server's
/// output, and it exits when the container does.
fn start(
    context: &Context,
    spec: &ServerSpec,
    port: u16,
    (docker, name, inside): (&Command, &str, Place),
) -> Result<Result<(Client, Server), String>> {
    let deadline = awake() + context.request.limit;
    let attached =
        match context.serve(&spec.name, &docker.clone().args(["start", "--attach", name]), None, StopSignal::Term) {
            Ok(attached) => attached,
            Err(error) => return Ok(Err(error.to_string())),
        };
    let port = match published(context, docker, (name, port), &attached, deadline)? {
        Ok(port) => port,
        Err(why) => return Ok(Err(inside.hide(&with_log(why, attached)))),
    };
    let outside = Place { port, ..inside.clone() };
    let client = Client { outside, within: Within::Container { name: name.to_owned(), inside: Box::new(inside) } };
    let why = match ready::wait(context, spec, &client, deadline, || Ok(attached.ended()))? {
        // The client checked from inside; the tests connect from here.
        Ok(()) => match ready::connect(context, &client.outside, |_, _| Ok(()))? {
            Ok(()) => return Ok(Ok((client, attached))),
            Err(why) => format!("it runs, but cannot be reached at {}: {why}", client.outside.address()),
        },
        Err(Unusable::Ended(end)) => format!("its container {end}"),
        Err(Unusable::Late(last)) => {
            format!("it was not ready within {}: {last}", xtask_core::text::duration(context.request.limit))
        }
    };
    Ok(Err(client.outside.hide(&with_log(why, attached))))
}

/// The loopback port that the container's port is published on, once the container runs.
fn published(
    context: &Context,
    docker: &Command,
    (name, port): (&str, u16),
    attached: &Server,
    deadline: Duration,
) -> Result<Result<u16, String>> {
    let ask = docker.clone().args(["port", name, &format!("{port}/tcp")]);
    loop {
        let ended = attached.ended();
        let answer = run(context, &ask, LIMIT)?;
        let port = answer.as_ref().ok().and_then(|text| text.lines().next()?.rsplit_once(':')?.1.parse().ok());
        match (port, ended) {
            (Some(port), _) => return Ok(Ok(port)),
            (None, Some(end)) => return Ok(Err(format!("its container {end}"))),
            (None, None) if awake() >= deadline => {
                return Ok(Err(format!("`docker port` says {answer:?}")));
            }
            (None, None) => context.pause()?,
        }
    }
}

/// A reason and the server's last lines.
fn with_log(why: String, attached: Server) -> String {
    std::iter::once(why).chain(attached.stop()).collect::<Vec<_>>().join("\n")
}

/// The output of a command, or why it failed.
fn run(context: &Context, command: &Command, limit: Duration) -> Result<Result<String, String>> {
    match context.run(command, None, limit) {
        Ok(ran) if ran.success => Ok(Ok(ran.stdout)),
        Ok(ran) => {
            let verb = command.args.first().map(String::as_str).unwrap_or_default();
            Ok(Err(format!("`docker {verb}`: {}", ran.complaint())))
        }
        Err(error) => {
            context.check()?;
            Ok(Err(error.to_string()))
        }
    }
}
