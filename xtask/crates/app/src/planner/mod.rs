//! Makes the plan from the workspace and the settings.

pub mod matrix;
pub mod tools;

use crate::settings::Settings;
use crate::settings::config::StageConfig;
use crate::stages::{self, Context, Pipeline};
use xtask_core::error::{Error, Result};
use xtask_core::ids::StageId;
use xtask_core::outcome::{Outcome, Policy};
use xtask_core::workspace::Workspace;
use xtask_engine::plan::{Plan, StagePlan, graph};

/// The plan of a run. Fails on needs that do not exist or form a cycle, and on services that a registry or Kubernetes
/// would not accept.
pub fn build(workspace: &Workspace, settings: &Settings, pipeline: &Pipeline) -> Result<Plan> {
    let order = order(&settings.config.stages)?;
    let packages = settings.packages(workspace);
    let wanted: Vec<&StageConfig> = order.into_iter().filter(|stage| settings.wants(&stage.definition)).collect();
    let running = wanted.iter().map(|stage| &stage.definition).filter(|definition| !settings.skips(definition));
    let running: Vec<&StageId> = running.map(|definition| &definition.id).collect();
    let features = workspace.unified_features(&packages);
    let features = &features;
    let mut stages: Vec<StagePlan> = wanted
        .iter()
        .map(|stage| {
            let context = Context {
                workspace,
                settings,
                stages: &running,
                packages: &packages,
                features,
                timeout: stage.definition.timeout,
            };
            plan_stage(context, stage, &*pipeline.stage(stage), &wanted)
        })
        .collect::<Result<_>>()?;
    for index in 0..stages.len() {
        if stages[index].policy == Policy::Reporting {
            stages[index].needs = needs_of_report(&stages[index], &stages, &settings.config.stages);
        }
    }
    let services = packages.iter().filter(|package| settings.is_service(workspace, package));
    let services = services.map(|package| package.name.clone()).collect();
    Ok(Plan { event: settings.event, root: workspace.root.clone(), services, stages })
}

fn plan_stage(
    context: Context<'_>,
    configured: &StageConfig,
    stage: &dyn stages::Stage,
    wanted: &[&StageConfig],
) -> Result<StagePlan> {
    let definition = &configured.definition;
    let mut left_out = context.settings.skips(definition).then(|| (Outcome::Skipped, "left out by --skip".to_owned()));
    let mut tasks = if left_out.is_some() { Vec::new() } else { stage.tasks(context)? };
    for task in tasks.iter_mut().filter(|task| task.repeat.is_none()) {
        // A shell does not find a tool in xtask's own cache.
        if task.tools.iter().any(|tool| tool.pinned().is_some()) {
            let names = context.settings.selected.iter().flatten();
            let command = context.cargo().arg("xtask").args(definition.subcommand.split(' ')).args(names);
            task.repeat = Some(command.to_string());
        }
    }
    if left_out.is_none() && tasks.is_empty() {
        left_out = Some((Outcome::NothingToDo, stage.nothing_to_do(context).to_owned()));
    }
    let in_plan = |need: &&StageId| wanted.iter().any(|other| other.definition.id == **need);
    Ok(StagePlan {
        id: definition.id.clone(),
        subcommand: definition.subcommand.clone(),
        // A stage that runs alone has no needs: the user has asked for it.
        needs: definition.needs.iter().filter(in_plan).cloned().collect(),
        policy: definition.policy,
        max_parallel: definition.max_parallel,
        tasks,
        left_out,
    })
}

/// The stages that a reporting stage waits for: its needs, and instead of those that are not part of the run or have
/// nothing to do, and so end at once, the stages that these would have waited for.
fn needs_of_report(report: &StagePlan, planned: &[StagePlan], all: &[StageConfig]) -> Vec<StageId> {
    let direct = |id: &StageId| all.iter().find(|stage| stage.definition.id == *id).map(|it| &it.definition.needs);
    let mut needs = report.needs.clone();
    let mut seen: Vec<&StageId> = direct(&report.id).into_iter().flatten().collect();
    let mut next = 0;
    while let Some(id) = seen.get(next).copied() {
        next += 1;
        let stage = planned.iter().find(|stage| stage.id == *id);
        needs.extend(stage.filter(|_| !needs.contains(id)).map(|stage| stage.id.clone()));
        if stage.is_none_or(|stage| stage.left_out.is_some()) {
            let further = direct(id).into_iter().flatten().filter(|id| !seen.contains(id)).collect::<Vec<_>>();
            seen.extend(further);
        }
    }
    needs
}

/// The configured stages, each after its needs. Their needs exist: the configuration rejects others.
fn order(stages: &[StageConfig]) -> Result<Vec<&StageConfig>> {
    let names: Vec<String> = stages.iter().map(|stage| stage.definition.id.to_string()).collect();
    let needs = |index: usize| -> Vec<usize> {
        let needs = stages[index].definition.needs.iter();
        needs.filter_map(|need| names.iter().position(|name| name == need.as_str())).collect()
    };
    let order = graph::order(&names, &needs).map_err(|cycle| {
        Error::usage(format!("order the stages: they need each other in a circle: {cycle}"))
            .hint("remove one of these needs from `[workspace.metadata.xtask.stages]`")
    })?;
    Ok(order.into_iter().map(|index| &stages[index]).collect())
}

#[cfg(test)]
mod tests;
