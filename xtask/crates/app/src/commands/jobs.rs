//! The records that the jobs of a workflow should have left: the event's plan, as the checkout of the reporting job
//! makes it.

use super::{Session, warn};
use crate::cli::{self, Command};
use crate::planner;
use crate::settings::config::Config;
use crate::settings::{Settings, Unseen};
use crate::stages::Pipeline;
use std::collections::BTreeSet;
use xtask_core::cause::Cause;
use xtask_core::error::Result;
use xtask_core::ids::StageId;
use xtask_core::outcome::Outcome;
use xtask_core::pipeline::{Definition, Event, Runs};
use xtask_core::workspace::Workspace;
use xtask_engine::plan::{StagePlan, Task};
use xtask_report::report::Summary;
use xtask_report::report::missing::{self, Expected};
use xtask_report::report::needs::Needs;
use xtask_report::report::summary::StageSummary;

/// Adds to a story what its records do not say: the results of jobs and, where it covers several of them, what is
/// missing from the event's plan.
pub(super) fn add_to(
    summary: &mut Summary,
    needs: Option<&Needs>,
    several: Option<Event>,
    session: &Session,
    workspace: &Workspace,
) -> Result<()> {
    if needs.is_none() && several.is_none() {
        return Ok(());
    }
    let config = session.config(workspace)?;
    let has_run = |stage: &&StageSummary| stage.cause != Some(Cause::LeftOut);
    let recorded: BTreeSet<StageId> = summary.stages.iter().filter(has_run).map(|stage| stage.id.clone()).collect();
    if let Some(needs) = needs {
        let stages: Vec<&Definition> = config.stages.iter().map(|stage| &stage.definition).collect();
        needs.add_to(summary, &stages);
    }
    let Some(event) = several else { return Ok(()) };
    let plan = plan(event, session, workspace).unwrap_or_else(|error| {
        warn(&error, session);
        summary.warnings.push(format!("every stage is expected, because the plan cannot be made: {}", error.line()));
        widest(event, &config)
    });
    missing::complete(summary, &plan, &recorded);
    Ok(())
}

/// The stages that this event runs, without those that have nothing to do.
fn plan(event: Event, session: &Session, workspace: &Workspace) -> Result<Vec<Expected>> {
    let stages = cli::Stages { event: Some(event), ..cli::Stages::default() };
    let ci = Command::Ci(cli::Ci { stages, ..cli::Ci::default() });
    let settings =
        Settings::resolve(&ci, &session.environment, workspace, &Unseen, &session.program.pipeline.definitions())?;
    let plan = planner::build(workspace, &settings, &session.program.pipeline)?;
    let has_work = |stage: &&StagePlan| stage.left_out.as_ref().is_none_or(|(how, _)| *how != Outcome::NothingToDo);
    Ok(plan.stages.iter().filter(has_work).map(|stage| expected(stage, &session.program.pipeline)).collect())
}

fn expected(stage: &StagePlan, pipeline: &Pipeline) -> Expected {
    // `fmt` and `lint` are two commands of one stage, each with a record of its own.
    let parts = pipeline.parts(&stage.id);
    let of_command = |task: &Task| parts.contains(&task.id.name()).then(|| task.id.name().to_owned());
    let part = |task: &Task| task.service.clone().or_else(|| of_command(task));
    Expected {
        id: stage.id.clone(),
        subcommand: stage.subcommand.clone(),
        policy: stage.policy,
        needs: stage.needs.clone(),
        parts: stage.tasks.iter().filter_map(part).collect(),
    }
}

/// All that this event could run.
fn widest(event: Event, config: &Config) -> Vec<Expected> {
    let definitions = config.stages.iter().map(|stage| &stage.definition);
    let runs = definitions.filter(|it| it.runs == Runs::Always || event == Event::Push);
    runs.map(|it| Expected {
        id: it.id.clone(),
        subcommand: it.subcommand.clone(),
        policy: it.policy,
        needs: it.needs.clone(),
        parts: BTreeSet::new(),
    })
    .collect()
}
