//! Which module knows which: data flows one way, and I/O, the environment and the end of the process have one home.

use crate::sources::{Source, below, xtask};

/// What only code that does I/O says.
const IO: [&str; 18] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
    "xshell",
    "tempfile",
    "rustix",
    "rayon",
    ".exists()",
    ".is_file()",
    ".is_dir()",
    ".canonicalize()",
    ".read_dir()",
];

/// Fails for every file beneath `places` (paths within a crate's `src`) that says one of `words`.
#[track_caller]
fn never(places: &[&str], words: &[&str], why: &str) {
    let sources = xtask();
    let mut found = Vec::new();
    for place in places {
        let of_place: Vec<&Source> = sources.iter().filter(|source| lies_in(source, place)).collect();
        assert!(of_place.iter().any(|source| !source.code.is_empty()), "there is no {place}");
        for source in of_place {
            let said = words.iter().filter(|word| source.code.contains(**word));
            found.extend(said.map(|word| format!("{}: {word}", source.path)));
        }
    }
    assert!(found.is_empty(), "{why}:\n{}", found.join("\n"));
}

/// Fails for every file that says one of `words` and is none of `homes`.
#[track_caller]
fn only(homes: &[&str], words: &[&str], why: &str) {
    let sources = xtask();
    let says = |source: &Source| words.iter().any(|word| source.code.contains(word));
    for home in homes {
        assert!(sources.iter().any(|source| lies_in(source, home) && says(source)), "{home} no longer says {words:?}");
    }
    let others: Vec<&str> = sources
        .iter()
        .filter(|source| says(source) && !homes.iter().any(|home| lies_in(source, home)))
        .map(|source| source.path.as_str())
        .collect();
    assert!(others.is_empty(), "{why}; not so:\n{}", others.join("\n"));
}

fn lies_in(source: &Source, place: &str) -> bool {
    let (_, path) = source.place();
    path == place || path.strip_prefix(place).is_some_and(|rest| place.ends_with('/') && !rest.is_empty())
}

#[test]
fn the_plan_and_the_readers_do_no_io() {
    let pure = [
        "adopt/diff.rs",
        "adopt/table.rs",
        "plan/",
        "stages/",
        "workspace.rs",
        "reader/",
        "catalogue.rs",
        "catalogue/",
        "exec/schedule.rs",
        "exec/verdict.rs",
        "readers/",
        "settings/config.rs",
        "settings/image.rs",
        "settings/keys.rs",
        "settings/deployment.rs",
        "settings/environments.rs",
        "settings/machine.rs",
        "image/spec.rs",
        "backing/spec.rs",
        "backing/table.rs",
        "backing/keys.rs",
        "deploy/journal/progress.rs",
        "deploy/objects.rs",
        "deploy/objects/",
        "deploy/report.rs",
        "deploy/request.rs",
        "deploy/rollout.rs",
        "deploy/rollout/",
        "deploy/yaml.rs",
        "backing/template.rs",
        "cli.rs",
        "cli/",
        "event.rs",
        "outcome.rs",
        "reading.rs",
        "report/counted.rs",
        "report/fold.rs",
        "report/fold/",
        "report/merge.rs",
        "report/missing.rs",
        "report/needs.rs",
        "report/next.rs",
        "report/notice.rs",
        "report/notice/",
        "scaffold/name.rs",
        "table.rs",
        "table/",
        "text.rs",
    ];
    never(&pure, &IO, "these are pure: the same words in, the same words out");
}

#[test]
fn data_flows_one_way() {
    // Between crates cargo sees to it; see `manifest::crates_know_only_those_below`.
    let doing =
        ["xtask_engine::exec", "xtask_process::process", "xtask_report::", "backing::Servers", "crate::commands"];
    never(&["planner/", "settings/", "stages/"], &doing, "what is planned is data until it is spawned");
    let doing = ["xtask_process::process", "backing::Servers"];
    never(&["readers/"], &doing, "what is read is data, wherever it comes from");
    let beyond = ["crate::exec", "crate::cache"];
    never(&["plan/", "job/"], &beyond, "the plan and its jobs do not know who performs them");
    never(&["adopt/", "scaffold/"], &["crate::settings", "crate::cli", "crate::stages"], "it is given what it needs");
    never(&["tools/", "backing/", "readers/"], &["crate::jobs"], "they are given what they need");
    never(&["image/", "deploy/", "notify/"], &["crate::jobs"], "they are given what they need");
}

#[test]
fn the_fold_is_the_only_book_of_a_run() {
    let kinds =
        ["RunStarted", "TaskStarted", "TaskOutput", "TaskPart", "TaskNotCached", "TaskFinished", "StageFinished"];
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("Kind::{kind}")).collect();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    only(
        &[
            // They emit events, and redact them on the way.
            "exec/run.rs",
            "exec/run/",
            "commands/unstarted.rs",
            "exec/redact.rs",
            // It keeps the book.
            "report/fold.rs",
            "report/fold/",
            "report/summary.rs",
            // They show or write an event when it happens, and get `&self` for that.
            "report/lines.rs",
            "report/progress.rs",
            "report/images.rs",
            "report/record.rs",
        ],
        &kinds,
        "only the fold knows what an event changes; everything else asks the fold",
    );
    let report: Vec<Source> = xtask().into_iter().filter(|source| lies_in(source, "report/")).collect();
    let remembers = |source: &&Source| {
        ["Cell<", "Mutex<", "RwLock<", "Atomic", "OnceLock<"].iter().any(|word| source.code.contains(word))
    };
    let found: Vec<&str> = report.iter().filter(remembers).map(|source| source.path.as_str()).collect();
    // About output alone: the annotations that GitHub still takes, the lines and the bar on the terminal, and the moment
    // that the thread that draws has been given.
    let output =
        ["github", "pen", "printer", "progress"].map(|file| format!("xtask/crates/report/src/report/{file}.rs"));
    assert_eq!(found, output, "a subscriber that remembers something keeps a book beside the fold");
}

#[test]
fn imports_name_their_module() {
    let grouped: Vec<String> = xtask()
        .into_iter()
        .filter(|source| source.code.contains("use crate::{") || source.code.contains("use std::{"))
        .map(|source| source.path)
        .collect();
    assert!(grouped.is_empty(), "the rules here cannot see into `use crate::{{…}}`: {grouped:?}");
}

#[test]
fn the_surroundings_are_read_in_one_place() {
    let reads = ["env::var(", "env::var_os(", "env::vars(", "env::vars_os(", "env::current_exe", "env::temp_dir"];
    only(&["environment.rs"], &reads, "only `environment` reads what surrounds the process");
    only(&["environment.rs"], &["available_parallelism", "env::current_dir"], "only `environment` reads these");
}

#[test]
fn xtask_never_runs_itself() {
    let ways = ["current_exe", "/proc/self/exe", "/proc/curproc", "arg0(", "args_os().next(", "args().next("];
    only(&["environment.rs"], &ways, "the file of the program may have been replaced since it was started");
    // Even there, all that is kept is the directory that cargo puts on the library path.
    let sources = xtask();
    let home =
        sources.iter().find(|source| source.path == "xtask/crates/process/src/environment.rs").expect("it is there");
    let reads: Vec<&str> = home.code.lines().filter(|line| ways.iter().any(|way| line.contains(way))).collect();
    assert!(reads.len() == 1 && reads[0].contains("program.parent()"), "{reads:?}");
}

#[test]
fn only_main_ends_the_process() {
    only(
        // The last one holds the program that an adopter's package gets, as a text.
        &["app.rs", "main.rs", "bin/cargo-xtask.rs", "adopt/package.rs"],
        &["process::ExitCode", "process::exit", "process::abort"],
        "only `main` ends the process",
    );
}

#[test]
fn processes_are_started_in_one_way() {
    let ways = [
        "xshell",
        "cmd!",
        "process::Command",
        "std::process::{",
        "MetadataCommand",
        ".spawn()",
        "rustix::process::fork",
    ];
    only(
        &["process/"],
        &ways,
        "every child is started by `process`, which supervises it: `run`, `spawn_background`, `ask`",
    );
}

#[test]
fn no_left_overs() {
    // An attribute stands at the start of its line; what stands elsewhere is a text for a test's workspace.
    let is_left_over = |line: &str| {
        line.trim_start().starts_with("#[ignore")
            || ["todo!", "unimplemented!", "dbg!"].iter().any(|w| line.contains(w))
    };
    let mut found = Vec::new();
    // This file says the words.
    for source in below(&["xtask", "services"]).iter().filter(|s| !s.path.ends_with("tidy/imports.rs")) {
        let lines = source.text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let said = lines.filter(|line| is_left_over(line));
        found.extend(said.map(|line| format!("{}: {}", source.path, line.trim())));
    }
    assert!(found.is_empty(), "left over:\n{}", found.join("\n"));
}

#[test]
fn files_are_about_one_thing() {
    let long: Vec<String> = below(&["xtask/crates", "xtask/src", "services"])
        .iter()
        .filter(|source| source.lines > 400)
        .map(|source| format!("{}: {} lines before its tests", source.path, source.lines))
        .collect();
    assert!(long.is_empty(), "400 lines are the most:\n{}", long.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = below(&["xtask", "services"])
        .into_iter()
        .filter(|source| source.lines > 0 && !source.text.starts_with("//!"))
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top: {silent:?}");
}
