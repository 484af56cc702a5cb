//! A server as a process of this machine, in its own directory, on a free port of the loopback.

use super::client::{Client, Within};
use super::context::Context;
use super::place::Place;
use super::ready::{self, Unusable};
use super::scratch::write_private;
use super::spec::{Local, ServerSpec};
use super::{Running, Up, find, names, users};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;
use xtask_core::command::Command;
use xtask_core::error::{Error, Result};
use xtask_process::process::awake;

/// How many times to pick a port. Another process may take it before the server binds it.
const PORTS: usize = 5;

/// How long a program may take to print its version.
const VERSION_LIMIT: Duration = Duration::from_secs(10);

/// Everything that starting needs, looked up once.
struct Found {
    program: PathBuf,
    version: String,
    dir: PathBuf,
    user: Option<(u32, u32)>,
    password: String,
}

/// Starts the server; `Err` inside says why this machine cannot.
pub(super) fn bring_up(context: &Context, spec: &ServerSpec) -> Result<Result<Up, String>> {
    let Some(local) = &spec.local else { return Ok(Err("the configuration has no `local` table".to_owned())) };
    let Some((program, version)) = pick(context, spec, local)? else {
        let where_not = match local.folders.as_slice() {
            [] => "not on PATH".to_owned(),
            folders => format!("neither on PATH nor in {}", folders.join(", ")),
        };
        return Ok(Err(format!("`{}` is {where_not}", local.program)));
    };
    let user = match users::unprivileged(local.refuses_root) {
        Ok(user) => user,
        Err(why) => return Ok(Err(why)),
    };
    let dir = context.scratch.directory(&spec.name, user)?;
    let found = Found { program, version, dir, user, password: names::random(16)? };
    let deadline = awake() + context.request.limit;
    if let Err(why) = prepare(context, spec, local, &found, deadline)? {
        return Ok(Err(why));
    }
    let mut last = String::new();
    for _ in 0..PORTS {
        match attempt(context, spec, local, &found, deadline)? {
            Err(why) if in_use(&why) => last = why,
            ended => return Ok(ended),
        }
    }
    Ok(Err(format!("{PORTS} ports in a row were taken by others: {last}")))
}

/// The first program of the wanted version, else the first that prints a version at all, else the first.
fn pick(context: &Context, spec: &ServerSpec, local: &Local) -> Result<Option<(PathBuf, String)>> {
    let mut best: Option<(PathBuf, String)> = None;
    for program in find::programs(&local.program, &context.request.path, &local.folders) {
        let ask = Command::new(program.to_string_lossy(), "/").args(local.version_args.iter().cloned());
        let said = match context.run(&ask, None, VERSION_LIMIT) {
            Ok(ran) => find::version_in(&ran.stdout).unwrap_or_default().to_owned(),
            Err(_) => String::new(),
        };
        context.check()?;
        if spec.version.as_ref().is_none_or(|wanted| find::fits(&said, wanted)) {
            return Ok(Some((program, said)));
        }
        if best.as_ref().is_none_or(|(_, version)| version.is_empty() && !said.is_empty()) {
            best = Some((program, said));
        }
    }
    Ok(best)
}

fn write_files(spec: &ServerSpec, found: &Found, place: &Place) -> Result<()> {
    let write = |(name, text)| write_private(&found.dir.join(name), &place.fill(text, ""), found.user);
    spec.files.iter().try_for_each(write)
}

fn prepare(
    context: &Context,
    spec: &ServerSpec,
    local: &Local,
    found: &Found,
    deadline: Duration,
) -> Result<Result<(), String>> {
    let place = Place::local(spec, 0, &found.dir, &found.password);
    write_files(spec, found, &place)?;
    for words in &local.prepare {
        let words = place.fill_all(words, "");
        let Some((name, args)) = words.split_first() else { continue };
        let Some(program) = find::client(name, Some(&found.program), &context.request.path, &local.folders) else {
            return Ok(Err(format!("`{name}` is neither on PATH nor beside {}", found.program.display())));
        };
        let command = Command::new(program.to_string_lossy(), &found.dir).args(args.iter().cloned());
        let ran = context.run(&command, found.user, deadline.saturating_sub(awake()));
        context.check()?;
        match ran {
            Ok(ran) if ran.success => {}
            Ok(ran) => return Ok(Err(place.hide(&format!("`{command}`: {}", ran.complaint())))),
            Err(error) => return Ok(Err(place.hide(&error.to_string()))),
        }
    }
    Ok(Ok(()))
}

fn attempt(
    context: &Context,
    spec: &ServerSpec,
    local: &Local,
    found: &Found,
    deadline: Duration,
) -> Result<Result<Up, String>> {
    let port = free_port()?;
    let place = Place::local(spec, port, &found.dir, &found.password);
    write_files(spec, found, &place)?;
    let command = Command::new(found.program.to_string_lossy(), &found.dir).args(place.fill_all(&local.args, ""));
    let server = match context.serve(&spec.name, &command, found.user, local.stop) {
        Ok(server) => server,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let client = Client { outside: place, within: Within::Machine(Some(found.program.clone())) };
    match ready::wait(context, spec, &client, deadline, || Ok(server.ended()))? {
        Ok(()) => {
            let description = describe(spec, found, port);
            Ok(Ok(Up::new(spec, client, Running::Local(server), description)))
        }
        Err(unusable) => {
            let (how, last) = match unusable {
                Unusable::Ended(end) => (format!("it {end} while starting"), String::new()),
                Unusable::Late(last) => {
                    (format!("it was not ready within {}", xtask_core::text::duration(context.request.limit)), last)
                }
            };
            let tail = server.stop();
            let lines = [how, last].into_iter().filter(|line| !line.is_empty()).chain(tail).collect::<Vec<_>>();
            Ok(Err(client.outside.hide(&format!("`{command}`: {}", lines.join("\n")))))
        }
    }
}

fn describe(spec: &ServerSpec, found: &Found, port: u16) -> String {
    let directory = found.program.parent().unwrap_or(Path::new("/")).display();
    let title = &spec.title;
    let wanted = spec.version.as_ref().filter(|wanted| !find::fits(&found.version, wanted));
    let wanted = wanted.map(|wanted| format!(" (version {wanted} is expected)")).unwrap_or_default();
    let space = if found.version.is_empty() { "" } else { " " };
    format!("{title}{space}{}{wanted} from {directory} on 127.0.0.1:{port}", found.version)
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Error::environment("find a free port on 127.0.0.1").because(error))
}

fn in_use(why: &str) -> bool {
    why.to_ascii_lowercase().contains("address already in use")
}
