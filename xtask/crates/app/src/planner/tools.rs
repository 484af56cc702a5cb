//! Which tools a plan wants.

use xtask_cargo::tools::preflight::Wants;
use xtask_engine::plan::Plan;

/// The tools of all tasks that will run, each with the stages that want it.
pub fn wants(plan: &Plan) -> Wants {
    let stages = plan.stages.iter().filter(|stage| stage.left_out.is_none());
    let tasks = stages.flat_map(|stage| stage.tasks.iter().map(move |task| (&stage.id, task)));
    tasks.flat_map(|(stage, task)| task.tools.iter().map(move |tool| (*tool, stage.clone()))).collect()
}
