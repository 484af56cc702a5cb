//! Which task and which stage of a plan refers to which other, as indexes: resolved once, so that nothing after the
//! plan looks anything up by name.

use super::Plan;
use std::collections::HashMap;
use xtask_core::ids::{StageId, TaskId};

/// The links of a plan. Tasks are counted over all stages, in the plan's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// For each task, the index of its stage.
    pub stage_of: Vec<usize>,
    /// For each task, those that must have ended well before it starts.
    pub needs: Vec<Vec<usize>>,
    /// For each task, those that it takes its environment from.
    pub env_from: Vec<Vec<usize>>,
    /// For each task, the one whose result it works with.
    pub works_on: Vec<Option<usize>>,
    /// For each stage, those that must have ended before it starts.
    pub stage_needs: Vec<Vec<usize>>,
}

impl Links {
    /// Resolves the links of a plan. Anything that a run leaves out is not linked.
    ///
    /// # Errors
    ///
    /// The name that two stages or two tasks share, in a sentence: the planner must not make such a plan.
    pub fn of(plan: &Plan) -> Result<Self, String> {
        let stages = indexes(plan.stages.iter().map(|stage| &stage.id))?;
        let tasks = indexes(plan.tasks().map(|task| &task.id))?;
        let stages_of = |ids: &[StageId]| ids.iter().filter_map(|id| stages.get(id).copied()).collect();
        let tasks_of = |ids: &[TaskId]| -> Vec<usize> { ids.iter().filter_map(|id| tasks.get(id).copied()).collect() };
        let works_on = |id: &TaskId| tasks.get(id).copied();
        Ok(Self {
            stage_of: plan.stages.iter().enumerate().flat_map(|(at, stage)| vec![at; stage.tasks.len()]).collect(),
            needs: plan.tasks().map(|task| tasks_of(&task.needs)).collect(),
            env_from: plan.tasks().map(|task| tasks_of(&task.env_from)).collect(),
            works_on: plan.tasks().map(|task| task.works_on().and_then(works_on)).collect(),
            stage_needs: plan.stages.iter().map(|stage| stages_of(&stage.needs)).collect(),
        })
    }

    /// For each task, how many tasks take their environment from it.
    pub fn users(&self) -> Vec<usize> {
        let mut users = vec![0; self.env_from.len()];
        self.env_from.iter().flatten().for_each(|&task| users[task] += 1);
        users
    }
}

fn indexes<'a, T: std::hash::Hash + Eq + std::fmt::Display>(
    ids: impl Iterator<Item = &'a T>,
) -> Result<HashMap<&'a T, usize>, String> {
    let mut indexes = HashMap::new();
    for (index, id) in ids.enumerate() {
        if indexes.insert(id, index).is_some() {
            return Err(format!("the plan has two of the name `{id}`"));
        }
    }
    Ok(indexes)
}

#[cfg(test)]
mod tests {
    use super::super::{StagePlan, Task};
    use super::*;
    use std::time::Duration;
    use xtask_core::command::Command;
    use xtask_core::outcome::Policy;
    use xtask_core::pipeline::Event;

    fn plan(stages: &[(&str, &[&str])]) -> Plan {
        let stage = |(name, jobs): &(&str, &[&str])| {
            let id = StageId::new(name);
            let task = |job: &&str| Task::new(&id, job, Command::new("true", "/"), Duration::from_secs(1));
            StagePlan {
                tasks: jobs.iter().map(task).collect(),
                subcommand: (*name).to_owned(),
                needs: Vec::new(),
                policy: Policy::Blocking,
                max_parallel: None,
                left_out: None,
                id,
            }
        };
        let stages = stages.iter().map(stage).collect();
        Plan { event: Event::PullRequest, root: "/".into(), services: Vec::new(), stages }
    }

    #[test]
    fn links_are_indexes_over_all_stages_and_what_is_left_out_is_none() {
        let mut plan = plan(&[("a", &["x", "y"]), ("b", &["x"])]);
        plan.stages[1].needs = vec![StageId::new("a"), StageId::new("gone")];
        let [x, y] = ["x", "y"].map(|job| StageId::new("a").job(job));
        plan.stages[1].tasks[0].needs = vec![y, StageId::new("gone").job("x")];
        plan.stages[1].tasks[0].env_from = vec![x];
        let links = Links::of(&plan).expect("every name is there once");
        assert_eq!(links.stage_of, [0, 0, 1]);
        assert_eq!((&links.needs[2], &links.env_from[2], links.works_on[2]), (&vec![1], &vec![0], None));
        assert_eq!(links.stage_needs, [vec![], vec![0]]);
        assert_eq!(links.users(), [1, 0, 0]);
    }

    #[test]
    fn a_name_that_two_share_is_a_bug_of_the_planner() {
        let tasks = Links::of(&plan(&[("a", &["x", "x"])])).expect_err("two tasks");
        assert_eq!(tasks, "the plan has two of the name `a:x`");
        let stages = Links::of(&plan(&[("a", &["x"]), ("a", &["y"])])).expect_err("two stages");
        assert_eq!(stages, "the plan has two of the name `a`");
    }
}
