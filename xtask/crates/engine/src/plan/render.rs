//! The plan as output: JSON for programs, the commands themselves, a tree, Graphviz and Mermaid.

use super::{Plan, StagePlan, Task};
use serde_json::{Value, json};
use std::fmt::Write as _;
use xtask_core::text;

/// The version of the plan's JSON; it only grows.
const VERSION: u32 = 1;

/// The plan as programs read it.
pub fn json(plan: &Plan) -> Value {
    let task = |task: &Task| {
        let sentence = task.job.sentence();
        json!({
            "id": task.id,
            "service": task.service,
            "command": if sentence.is_some() { Vec::new() } else { task.command.argv() },
            "does": sentence,
            "cwd": task.command.cwd,
            "env": task.command.env,
            "needs": task.needs,
            "timeout_s": task.timeout.as_secs(),
        })
    };
    let stage = |stage: &StagePlan| {
        json!({
            "id": stage.id,
            "subcommand": stage.subcommand,
            "needs": stage.needs,
            "policy": stage.policy,
            "max_parallel": stage.max_parallel,
            "left_out": stage.left_out.as_ref().map(|(_, because)| because),
            "tasks": stage.tasks.iter().map(task).collect::<Vec<_>>(),
        })
    };
    json!({
        "version": VERSION,
        "event": plan.event,
        "services": plan.services,
        "stages": plan.stages.iter().map(stage).collect::<Vec<_>>(),
    })
}

/// Every command of the plan, to read or to paste, stage by stage: what `--dry-run` prints.
pub fn commands(plan: &Plan) -> String {
    let mut out = String::new();
    for stage in &plan.stages {
        let what = described(stage);
        writeln!(out, "# {} ({what})", stage.id).expect("writing to a String cannot fail");
        for task in &stage.tasks {
            // A line that is pasted into a shell with the others does nothing there.
            let line = task.job.sentence().map(|sentence| format!("  # {sentence}"));
            let line = line.unwrap_or_else(|| {
                let aside = task.job.aside().map(|aside| format!("  # {aside}")).unwrap_or_default();
                format!("{}{aside}", task.command.paste_from(&plan.root))
            });
            writeln!(out, "{line}").expect("writing to a String cannot fail");
        }
    }
    out
}

/// Stages, what they need and what they run, for a terminal.
pub fn tree(plan: &Plan) -> String {
    let mut out = format!("{} · {}\n", plan.event.word(), text::count(plan.services.len(), "service"));
    for (index, stage) in plan.stages.iter().enumerate() {
        let last = index + 1 == plan.stages.len();
        let (branch, trunk) = if last { ("└─", "  ") } else { ("├─", "│ ") };
        let needs: Vec<&str> = stage.needs.iter().map(xtask_core::ids::StageId::as_str).collect();
        let needs = if needs.is_empty() { String::new() } else { format!(" ← {}", needs.join(", ")) };
        writeln!(out, "{branch} {}{needs}", stage.id).expect("writing to a String cannot fail");
        let detail = described(stage);
        writeln!(out, "{trunk}    {}: {detail}", stage.policy.word()).expect("writing to a String cannot fail");
    }
    out
}

fn described(stage: &StagePlan) -> String {
    if let Some((_, because)) = &stage.left_out {
        return because.clone();
    }
    match stage.max_parallel {
        Some(limit) if stage.tasks.len() > limit => {
            format!("{}, at most {limit} at once", text::count(stage.tasks.len(), "task"))
        }
        _ => text::count(stage.tasks.len(), "task"),
    }
}

/// The stages as a graph for Graphviz.
pub fn dot(plan: &Plan) -> String {
    let mut out = String::from("digraph pipeline {\n  rankdir=LR;\n  node [shape=box];\n");
    for stage in &plan.stages {
        writeln!(out, "  \"{}\" [label=\"{}\\n{}\"];", stage.id, stage.id, stage.policy.word())
            .expect("writing to a String cannot fail");
        for need in &stage.needs {
            writeln!(out, "  \"{need}\" -> \"{}\";", stage.id).expect("writing to a String cannot fail");
        }
    }
    out + "}\n"
}

/// The stages as a graph for Markdown.
pub fn mermaid(plan: &Plan) -> String {
    let mut out = String::from("flowchart LR\n");
    for stage in &plan.stages {
        writeln!(out, "  {}[\"{}<br/>{}\"]", stage.id, stage.id, stage.policy.word())
            .expect("writing to a String cannot fail");
        for need in &stage.needs {
            writeln!(out, "  {need} --> {}", stage.id).expect("writing to a String cannot fail");
        }
    }
    out
}
