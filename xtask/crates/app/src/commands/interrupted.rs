//! What a killed run left behind: found at the start of the next one, cleaned up, and reported.

use std::path::Path;
use xtask_cargo::backing;
use xtask_core::event::Kind;
use xtask_process::environment::Environment;
use xtask_process::process;
use xtask_report::history::directory::Home;
use xtask_report::history::private;
use xtask_report::report::record;

/// Looks at every run without a summary, removes what it left behind, and adds the end that it could not write itself
/// to its record. Call it with the lock held: no other run is active then.
pub fn clean_up(home: &Home, environment: &Environment) -> Vec<Kind> {
    let open = home.run_ids().into_iter().filter(|id| !home.runs().join(id).join("summary.json").exists());
    let mut found: Vec<Kind> = open.filter_map(|id| close(&home.runs().join(&id), id, environment)).collect();
    found.extend(private::clean_after_all(environment).into_iter().map(|message| Kind::Warning { message }));
    found
}

fn close(directory: &Path, run: String, environment: &Environment) -> Option<Kind> {
    let mut cleaned = process::kill_survivors(&run);
    cleaned.extend(backing::clean_after(&run, &environment.temp, environment.var("PATH").unwrap_or_default().as_ref()));
    cleaned.extend(private::clean_after(&run, environment));
    let record = record::read(&directory.join(record::FILE)).unwrap_or_default();
    if record.is_newer() {
        return None;
    }
    let tasks = record.running();
    // From here on it counts as reported. If the disk is full, the next run reports it again.
    let _ = record.fold.finish().write(&directory.join("summary.json"));
    if record.is_closed() {
        return None;
    }
    Some(Kind::PreviousInterrupted { run, tasks, cleaned })
}
