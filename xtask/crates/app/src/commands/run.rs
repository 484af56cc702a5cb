//! A run: from a command line to its verdict.

use super::Session;
use super::ending::grace;
use super::interrupted;
use super::start::{self, Start};
use crate::cli::{self, Command};
use crate::planner;
use crate::secrets;
use crate::settings::{Engine, Settings};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use xtask_cargo::metadata::load::config_files;
use xtask_cargo::tools::preflight::{self, Ready};
use xtask_cargo::tools::{self, Consent, setup};
use xtask_core::error::{Error, Exit, Result};
use xtask_core::event::Kind;
use xtask_core::purpose::Purpose;
use xtask_core::registry::{PASSWORD, USER};
use xtask_core::workspace::{Package, Workspace};
use xtask_engine::cache::{self, Cache};
use xtask_engine::exec::{self, pool};
use xtask_engine::job::{Confidential, Runtime};
use xtask_engine::plan::task::Universe;
use xtask_engine::plan::{Plan, Task};
use xtask_process::environment::{Clock, Environment};
use xtask_process::process::{self, Surroundings, signal};
use xtask_report::history::directory::Home;
use xtask_report::history::instrumented;
use xtask_report::history::private::Private;
use xtask_report::report::record::{self, Recorder};
use xtask_report::report::{self, Fanout, Outputs, Places, Subscriber};
use xtask_ship::notify::{SLACK, WEBHOOK};

/// Messages that wait for the loop before a display line is dropped.
const BACKLOG: usize = 4096;

/// Runs what `command` asks for.
pub(super) fn run(command: &Command, args: &cli::Run, session: &Session) -> Result<Exit> {
    let start = start::start(command, args, session)?;
    start.map_or(Ok(Exit::Ok), |start| carry_out(start, command, args, session))
}

/// Runs the plan of `start`.
pub(super) fn carry_out(start: Start, command: &Command, args: &cli::Run, session: &Session) -> Result<Exit> {
    let Start { workspace, settings, mut plan, home, lock, commit } = start;
    // Waiting, for another run or for an answer, is no part of this one.
    let clock = Clock::start();
    let id = home.next_id(session.environment.now, session.environment.pid);
    let mut first: Vec<Kind> = match &lock {
        Some(_) => interrupted::clean_up(&home, &session.environment),
        None => vec![nothing_kept(&home)],
    };
    let ready = prepare(&plan, args, session, &workspace)?;
    let surroundings = surroundings(session, &ready);
    let runtime = Arc::new(runtime(&plan, session, &workspace));
    plan.install_first(&ready.later);
    let keeps_logins = plan.tasks().any(Task::keeps_logins);
    let private = keeps_logins.then(|| Private::create(&session.environment, &id)).transpose()?;
    let directory = home.runs().join(&id);
    let commit = commit.map_err(|error| first.push(beside(&error))).ok().flatten();
    if lock.is_some() {
        if plan.tasks().any(|task| task.universe == Some(Universe::Coverage)) {
            let engine = if settings.engine == Engine::Tarpaulin { "tarpaulin" } else { "llvm-cov" };
            instrumented::keep(&home, &workspace.instrumented_dir(engine), &workspace.root);
        }
        first.extend(home.start(&id, settings.config.keep_runs).err().map(|error| beside(&error)));
    }
    let _alive = record::Alive::of(&directory.join(record::FILE));
    let mut fanout = Fanout::new(subscribers(session, args, &workspace, &directory, &mut first, lock.is_some())?);
    let private_dir = private.as_ref().map(|private| private.path().to_owned());
    let place = Place { id, commit, directory: directory.clone(), private: private_dir, surroundings, runtime, first };
    let context = context(session, args, &settings, &workspace, place);
    let (sender, messages) = mpsc::sync_channel(BACKLOG);
    let _signals = signal::listen({
        let sender = sender.clone();
        // There is no receiver any more when the run is over.
        move |signal| drop(sender.send(exec::message::Message::Signal(signal)))
    })?;
    let over = exec::run::run(&plan, &context, &clock, (&sender, &messages), &mut |event| fanout.on(event))?;
    let left = private.map_or(Ok(()), Private::remove);
    let mut summary = fanout.close();
    summary.warnings.extend(left.err().map(|why| format!("could not remove the private directory {why}")));
    for left in process::sweep() {
        summary.warnings.push(format!("a process had escaped its task and was killed: {left}"));
    }
    outputs(session, args, &directory, is_one_of_many(command)).publish(summary, session.display, &session.printer);
    match over.bug {
        None => Ok(over.verdict.exit),
        Some(panic) => Err(Error::new(Exit::Bug, "run the plan: xtask has a bug")
            .detail(panic)
            .hint(format!("please report it with the directory {}", session.shown(&directory)))),
    }
}

/// The warning that a run leaves no record, which is no reason not to run: a task that only reads can do its work.
fn nothing_kept(home: &Home) -> Kind {
    let message = format!(
        "{} is read-only: this run leaves no record, no logs and no report; to keep them, set CARGO_TARGET_DIR to a \
         directory that can be written",
        home.path().display()
    );
    Kind::Warning { message }
}

/// Ensures that every tool of the plan is there or will be.
fn prepare(plan: &Plan, args: &cli::Run, session: &Session, workspace: &Workspace) -> Result<Ready> {
    let places = session.places(workspace);
    let consent = if args.no_install { Consent::Refused } else { session.consent() };
    preflight::prepare(&planner::tools::wants(plan), &places, consent, &mut |command| {
        session.printer.say(&format!("running {command}"));
        setup::run_visibly(command, &places)
    })
}

/// The parts of the toolchain for test binaries that run without cargo; not queried in a run without any.
fn runtime(plan: &Plan, session: &Session, workspace: &Workspace) -> Runtime {
    let runs_tests = plan.tasks().any(|task| task.purpose == Purpose::Tests);
    if runs_tests { tools::runtime(&session.places(workspace)) } else { Runtime::default() }
}

/// The child environment: without what cargo has set for xtask, and with the tools of the run.
fn surroundings(session: &Session, ready: &Ready) -> Surroundings {
    let environment = &session.environment;
    let mut remove = environment.set_by_cargo();
    // These make cargo print output that the readers do not look for, or none.
    remove.extend(["CARGO_TERM_QUIET", "CARGO_TERM_VERBOSE"].map(str::to_owned));
    let path = environment.var("PATH").unwrap_or_default();
    let path = ready.toolbox.search_path(path.as_ref()).to_string_lossy().into_owned();
    let mut set = vec![("PATH".to_owned(), path)];
    set.push(("CARGO_TERM_COLOR".to_owned(), "never".to_owned()));
    set.push(("CARGO_TERM_PROGRESS_WHEN".to_owned(), "never".to_owned()));
    // xtask finds the LLVM tools, or says what is missing; without this cargo-llvm-cov would change the toolchain.
    set.push(("CARGO_LLVM_COV_SETUP".to_owned(), "no".to_owned()));
    set.extend(ready.toolbox.env().iter().map(|(key, value)| (key.clone(), value.clone())));
    match environment.library_path() {
        Some(libraries) => set.push(("LD_LIBRARY_PATH".to_owned(), libraries)),
        None => remove.push("LD_LIBRARY_PATH".to_owned()),
    }
    Surroundings { remove, set, secrets: secrets::of(&environment.vars) }
}

/// Where a run lives and what it starts from.
struct Place {
    id: String,
    commit: Option<String>,
    directory: PathBuf,
    private: Option<PathBuf>,
    surroundings: Surroundings,
    runtime: Arc<Runtime>,
    first: Vec<Kind>,
}

fn context(
    session: &Session,
    args: &cli::Run,
    settings: &Settings,
    workspace: &Workspace,
    place: Place,
) -> exec::context::Context {
    let environment = &session.environment;
    let given = settings.config.servers.iter().map(|server| &server.env);
    exec::context::Context {
        run: place.id,
        command: place.surroundings.secrets.hide(&session.typed),
        commit: place.commit,
        directory: place.directory,
        private: place.private,
        slots: args.jobs.map_or(environment.cpus.max(2), usize::from),
        fail_fast: if environment.is_ci() { args.fail_fast } else { !args.keep_going },
        timeout: settings.config.timeout,
        // GitHub kills the whole tree about ten seconds after it has cancelled a job.
        grace: grace(environment),
        patience: exec::run::silence::PATIENCE,
        runtime: place.runtime,
        user: environment.user().to_owned(),
        temp: environment.temp.clone(),
        cache: Arc::new(cache(environment, args, workspace, &place.surroundings)),
        given: given.filter_map(|key| Some((key.clone(), environment.var(key)?.to_owned()))).collect(),
        confidential: Confidential::of(&environment.vars, &[USER, PASSWORD, SLACK, WEBHOOK]),
        jobserver: pool::jobserver(environment.cpus),
        // Queries made alongside the tasks end with them.
        stop: process::everything().clone(),
        first: place.first,
        surroundings: place.surroundings,
    }
}

fn cache(environment: &Environment, args: &cli::Run, workspace: &Workspace, children: &Surroundings) -> Cache {
    let how = match (args.no_cache, args.force) {
        (true, _) => cache::Use::None,
        (_, true) => cache::Use::Write,
        _ => cache::Use::Full,
    };
    let package = |package: &Package| Some((package.name.clone(), cache::Package::of(package, &workspace.root)?));
    let checkout = cache::Checkout {
        root: workspace.root.clone(),
        packages: workspace.packages.iter().filter_map(package).collect(),
        configuration: config_files(environment, &workspace.root).collect(),
        unset: children.remove.clone(),
    };
    let mut vars = environment.vars.clone();
    vars.retain(|name, _| !children.remove.contains(name));
    vars.extend(children.set.iter().cloned());
    Cache::new(Home::new(&workspace.target_dir).path().join("cache"), checkout, vars, how)
}

/// A problem that the run reports and continues without.
fn beside(error: &Error) -> Kind {
    Kind::Warning { message: format!("{}; the verdict is not affected", error.line()) }
}

/// The subscribers to the events. A record that cannot be kept is one of the run's `first` warnings; a file that the
/// user has asked for is an error while nothing has been done yet.
fn subscribers(
    session: &Session,
    args: &cli::Run,
    workspace: &Workspace,
    directory: &Path,
    first: &mut Vec<Kind>,
    kept: bool,
) -> Result<Vec<Box<dyn Subscriber>>> {
    let shown = if kept { session.shown(directory) } else { String::new() };
    let github = session.display.github.then(|| session.environment.var("GITHUB_WORKSPACE"));
    let places = github.map(|checkout| Places::of(&workspace.root, checkout)).unwrap_or_default();
    let console = report::console(session.display, &session.printer, &shown, places);
    let mut all: Vec<Box<dyn Subscriber>> = Vec::new();
    if kept {
        match Recorder::create(&directory.join(record::FILE)) {
            Ok(record) => all.push(Box::new(record)),
            Err(error) => first.push(beside(&error)),
        }
    }
    all.push(console);
    all.push(Box::new(report::images::Pushed::new(directory.join("images.json"))));
    if let Some(file) = &args.events {
        all.push(Box::new(Recorder::for_user(file)?));
    }
    Ok(all)
}

/// Whether a run is about one stage, as a job of a pipeline is, rather than a pipeline of its own.
fn is_one_of_many(command: &Command) -> bool {
    !matches!(command, Command::Ci(ci) if ci.stages.only.len() != 1)
}

fn outputs(session: &Session, args: &cli::Run, directory: &Path, one_of_many: bool) -> Outputs {
    Outputs {
        run_dir: directory.is_dir().then(|| directory.to_owned()),
        shown_dir: if directory.is_dir() { session.shown(directory) } else { String::new() },
        github_summary: session.environment.var("GITHUB_STEP_SUMMARY").map(PathBuf::from),
        one_of_many,
        json: args.json,
    }
}
