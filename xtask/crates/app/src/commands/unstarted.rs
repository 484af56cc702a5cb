//! An error before a run, as a job of GitHub shows it: annotations, a few lines of the job's summary, and a record, so
//! that the report of all jobs names the stages that this one should have run.
//!
//! The record is in cargo's target directory. When cargo cannot read the workspace, it is in `CARGO_TARGET_DIR`, or
//! else in `target` beside the workspace's manifest.

use super::{Session, warn};
use crate::cli::Command;
use crate::secrets;
use crate::settings::asked::Asked;
use crate::settings::manifest;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use xtask_cargo::metadata;
use xtask_core::error::{Error, Exit, Flaw, Result};
use xtask_core::event::{Counts, Event, Kind, PlannedStage, RECORD_VERSION};
use xtask_core::files;
use xtask_core::ids::TaskId;
use xtask_core::outcome::Outcome;
use xtask_core::pipeline::Definition;
use xtask_core::purpose::Purpose;
use xtask_core::reading::Reading;
use xtask_core::workspace::Workspace;
use xtask_engine::exec::redact;
use xtask_engine::git;
use xtask_process::environment::{Clock, Environment};
use xtask_process::process::MARKER;
use xtask_report::history::directory::Home;
use xtask_report::report::github::{self, At};
use xtask_report::report::places::Places;
use xtask_report::report::record::{self, Recorder};
use xtask_report::report::{Fold, Subscriber as _, markdown};

/// Annotations of an error. GitHub keeps ten of a step.
const LIMIT: usize = 10;
/// The last lines of an error that the record of a task keeps.
const TAIL: usize = 20;

/// Shows in a job why a command could not do its work. Elsewhere the terminal has shown it.
pub(super) fn show(error: &Error, command: &Command, session: &Session) {
    let environment = &session.environment;
    // The error of a task is in the report of its run, and so is a bug that has ended a run.
    if !environment.is_github() || environment.var(MARKER).is_some() || error.exit() == Exit::Bug {
        return;
    }
    let workspace = metadata::load::load(environment).ok();
    let root = workspace.as_ref().map(|workspace| workspace.root.clone()).or_else(|| nearest(&environment.cwd));
    let text = secrets::of(&environment.vars).hide(&error.to_string());
    annotate(error, &text, root.as_deref(), session);
    let code = error.exit().code();
    let report = markdown::refusal(&secrets::of(&environment.vars).hide(&session.typed), &text, code);
    let step = environment.var("GITHUB_STEP_SUMMARY").map(|step| markdown::append(Path::new(step), &report));
    let kept = match (root, command.run()) {
        (Some(root), Some(_)) => record(error, command, workspace.as_ref(), &root, session),
        _ => Ok(()),
    };
    for trouble in step.into_iter().chain([kept]).filter_map(Result::err) {
        warn(&trouble, session);
    }
}

/// Shows in a job a command line that cannot be read, and why.
pub(super) fn show_line(typed: &str, said: &str, code: u8, environment: &Environment) {
    if !environment.is_github() || environment.var(MARKER).is_some() {
        return;
    }
    let typed = secrets::of(&environment.vars).hide(typed);
    // There is nowhere to report that stderr is closed.
    let _ = writeln!(std::io::stderr(), "{}", github::error(&typed, &At::default(), said.trim_end()));
    if let Some(step) = environment.var("GITHUB_STEP_SUMMARY") {
        // The annotation says the same.
        let _ = markdown::append(Path::new(step), &markdown::refusal(&typed, said, code));
    }
}

/// The directory of the nearest manifest of a workspace, else of the nearest manifest.
fn nearest(cwd: &Path) -> Option<PathBuf> {
    let manifest = |directory: &&Path| std::fs::read_to_string(directory.join("Cargo.toml")).ok();
    let has_workspace = |text: String| text.lines().any(|line| line.trim_start().starts_with("[workspace"));
    let directories = || cwd.ancestors().filter(|directory| directory.join("Cargo.toml").is_file());
    let of_workspace = directories().find(|directory| manifest(directory).is_some_and(has_workspace));
    of_workspace.or_else(|| directories().next()).map(Path::to_owned)
}

/// An annotation for each thing that is wrong, or else one at the workspace's manifest.
fn annotate(error: &Error, text: &str, root: Option<&Path>, session: &Session) {
    let environment = &session.environment;
    let cwd = environment.cwd.as_path();
    let places = Places::of(root.unwrap_or(cwd), environment.var("GITHUB_WORKSPACE"));
    let whole = Flaw { file: PathBuf::from("Cargo.toml"), ..Flaw::default() };
    let flaws = if error.flaws().is_empty() && root.is_some() { &[whole][..] } else { error.flaws() };
    let title = secrets::of(&environment.vars).hide(&session.typed);
    for flaw in flaws.iter().take(LIMIT) {
        let message = if flaw.message.is_empty() { text } else { &flaw.message };
        session.printer.command(&github::error(&title, &at(flaw, &places), message));
    }
    if flaws.is_empty() {
        session.printer.command(&github::error(&title, &At::default(), text));
    }
}

fn at(flaw: &Flaw, places: &Places) -> At {
    let written = || manifest::line_of(flaw.key.as_deref()?, &std::fs::read_to_string(&flaw.file).ok()?);
    At {
        file: places.file(&flaw.file.to_string_lossy()),
        line: flaw.line.or_else(written),
        column: flaw.column,
        ..At::default()
    }
}

/// Leaves a record of a run that has ended before it began.
fn record(
    error: &Error,
    command: &Command,
    workspace: Option<&Workspace>,
    root: &Path,
    session: &Session,
) -> Result<()> {
    let environment = &session.environment;
    let home = Home::new(&workspace.map_or_else(|| target_dir(environment, root), |it| it.target_dir.clone()));
    home.prepare()?;
    let id = home.next_id(environment.now, environment.pid);
    // The number of records to keep may be the very setting that cannot be read.
    let directory = home.start(&id, usize::MAX)?;
    let events = events(error, &id, &asked(command, workspace, session), root, session);
    let file = directory.join(record::FILE);
    let recorder = Recorder::create(&file)?;
    let mut fold = Fold::default();
    for event in &events {
        let write = |error| Error::environment(format!("write the run's record {}", file.display())).because(error);
        fold.on(event);
        recorder.on(&fold, event).map_err(write)?;
    }
    let summary = fold.finish();
    files::write_atomic(&directory.join("report.md"), markdown::render(&summary).as_bytes())?;
    summary.write(&directory.join("summary.json"))
}

/// Where cargo most likely builds when it cannot be asked.
fn target_dir(environment: &Environment, root: &Path) -> PathBuf {
    let given = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"].iter().find_map(|name| environment.var(name));
    given.map_or_else(|| root.join("target"), |given| environment.cwd.join(given))
}

/// The request behind the run.
fn asked(command: &Command, workspace: Option<&Workspace>, session: &Session) -> Asked {
    let config = workspace.and_then(|workspace| session.config(workspace).ok());
    let configured = config.map(|config| config.stages.into_iter().map(|stage| stage.definition).collect());
    let stages = configured.unwrap_or_else(|| session.program.pipeline.definitions());
    Asked::of(command, session.environment.event(), stages, workspace)
}

/// The events of the run: each of its stages has ended with the error.
fn events(error: &Error, id: &str, asked: &Asked, root: &Path, session: &Session) -> Vec<Event> {
    let secrets = secrets::of(&session.environment.vars);
    let outcome = match error.exit() {
        Exit::Usage | Exit::Gate => Outcome::Failed,
        Exit::NothingSelected => Outcome::NothingToDo,
        _ => Outcome::EnvironmentError,
    };
    let tasks: Vec<(&Definition, Vec<Part>)> = asked.stages.iter().map(|stage| (stage, parts(stage, asked))).collect();
    let planned = |(stage, parts): &(&Definition, Vec<Part>)| PlannedStage {
        id: stage.id.clone(),
        subcommand: stage.subcommand.clone(),
        policy: stage.policy,
        tasks: parts.iter().map(|(task, _)| task.clone()).collect(),
    };
    let mut kinds = vec![Kind::RunStarted {
        version: RECORD_VERSION,
        run: id.to_owned(),
        command: session.typed.clone(),
        cause: asked.event.word().to_owned(),
        commit: git::commit(root).ok().flatten(),
        slots: 0,
        services: asked.services.clone(),
        stages: tasks.iter().map(planned).collect(),
    }];
    let text = error.to_string();
    let mut tail: Vec<String> = text.lines().take(TAIL).map(str::to_owned).collect();
    let because = error.headline();
    for (stage, parts) in tasks {
        kinds.extend(parts.into_iter().map(|(task, service)| Kind::TaskFinished {
            task,
            stage: stage.id.clone(),
            purpose: Purpose::Unknown,
            service,
            exit_code: None,
            duration_ms: 0,
            log: None,
            reading: Box::new(Reading { cause: error.cause().cloned(), ..Reading::because(outcome, &because) }),
            // One copy is enough for a reader.
            tail: std::mem::take(&mut tail),
            repeat: session.typed.clone(),
        }));
        let (stage, policy) = (stage.id.clone(), stage.policy);
        let because = Some(because.clone());
        kinds.push(Kind::StageFinished {
            stage,
            policy,
            outcome,
            cause: error.cause().cloned(),
            because,
            duration_ms: 0,
        });
    }
    let verdict = outcome.word().to_owned();
    kinds.push(Kind::RunFinished { verdict, exit_code: error.exit().code(), duration_ms: 0 });
    let clock = Clock::start();
    let event = |mut kind: Kind| {
        redact::redact(&mut kind, &secrets);
        Event { at: clock.now(), elapsed_ms: 0, counts: Counts::default(), kind }
    };
    kinds.into_iter().map(event).collect()
}

/// A task, and the package that it is about.
type Part = (TaskId, Option<String>);

/// The tasks that a stage should have had, as far as is known.
fn parts(stage: &Definition, asked: &Asked) -> Vec<Part> {
    if stage.per_service && !asked.services.is_empty() {
        return asked.services.iter().map(|service| (stage.id.package(service), Some(service.clone()))).collect();
    }
    vec![(stage.id.job(asked.part.unwrap_or("start")), None)]
}
