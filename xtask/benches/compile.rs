//! What compiling xtask takes, as ratios in the same run: `cargo bench --package xtask --bench compile`.
//!
//! From nothing, against a package that only depends on the seven required crates; and after a change of one line in each
//! of its crates, against xtask's own crates from nothing. Everything happens in copies. `-- --against REV` also builds
//! an older commit, of a time when xtask was one crate, after a change of one line, and compares each crate with that.
//!
//! The first number is of time, the second one of processor time, which what else the machine does changes less.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark is a program of its own")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The required crates, with the features that xtask uses.
const REQUIRED: &str = r#"
[package]
name = "required"
version = "0.1.0"
edition = "2024"

[lib]
path = "lib.rs"

[dependencies]
cargo_metadata = "0.23"
clap = { version = "4.6", features = ["derive", "wrap_help", "env"] }
indicatif = { version = "0.18", default-features = false, features = ["unicode-width"] }
rayon = "1.12"
serde_json = "1"
which = "8"
xshell = "0.2.7"

[workspace]
"#;

/// Rounds after a change of one line; the median counts.
const ROUNDS: usize = 5;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned();
    let scratch = root.join("target/xtask-compile");
    let _ = fs::remove_dir_all(&scratch);
    let now = copy(&root, "HEAD", &scratch.join("now"));
    let mut args = std::env::args().skip_while(|arg| arg != "--against").skip(1);
    let older = args.next().map(|commit| copy(&root, &commit, &scratch.join("older")));

    let required = scratch.join("required");
    fs::create_dir_all(&required).expect("a directory");
    fs::write(required.join("Cargo.toml"), REQUIRED).expect("a manifest");
    fs::write(required.join("lib.rs"), "").expect("a library");
    fs::copy(root.join("Cargo.lock"), required.join("Cargo.lock")).expect("a lock file");
    let alone = cost(cargo(&required).args(["build", "--quiet"]));
    let nothing = build(&now);
    row("xtask from nothing / the seven required crates", nothing, alone, "<= 1.8");

    let baseline = older.map(|older| {
        build(&older);
        (touched(&older, &older.join("xtask/src/lib.rs")), "an older commit")
    });
    let (baseline, named) = baseline.unwrap_or((nothing, "from nothing"));
    for name in crates(&now) {
        let time = touched(&now, &now.join(format!("xtask/crates/{name}/src/lib.rs")));
        let wanted = if named == "from nothing" { "" } else { "<= 0.5" };
        row(&format!("one line in `{name}` / {named}"), time, baseline, wanted);
    }
    let _ = fs::remove_dir_all(&scratch);
}

/// The files of a commit, in a directory of their own.
fn copy(root: &Path, commit: &str, to: &Path) -> PathBuf {
    fs::create_dir_all(to).expect("a directory");
    let archive = format!("git archive {commit} | tar -x -C {}", to.display());
    assert!(Command::new("sh").args(["-c", &archive]).current_dir(root).status().expect("a shell").success());
    to.to_owned()
}

fn crates(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root.join("xtask/crates")).expect("the crates");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn build(root: &Path) -> Cost {
    cost(cargo(root).args(["build", "--quiet", "--package", "xtask", "--bin", "xtask"]))
}

/// The median cost of a build after one more function in a file.
fn touched(root: &Path, file: &Path) -> Cost {
    let costs: Vec<Cost> = (0..ROUNDS)
        .map(|round| {
            let text = fs::read_to_string(file).expect("a source file");
            let more = format!("{text}\n/// Measured.\npub fn measured_{round}() -> usize {{\n    {round}\n}}\n");
            fs::write(file, more).expect("writable");
            build(root)
        })
        .collect();
    let median = |of: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Cost { time: median(|cost| cost.time), processor: median(|cost| cost.processor) }
}

/// What a command takes, in seconds.
#[derive(Clone, Copy)]
struct Cost {
    time: f64,
    /// Of it and of all its children.
    processor: f64,
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root).env_remove("CARGO_TARGET_DIR").env("CARGO_TARGET_DIR", root.join("target"));
    command
}

fn cost(command: &mut Command) -> Cost {
    let (since, before) = (Instant::now(), of_children());
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().expect("cargo starts");
    assert!(status.success(), "{command:?} failed");
    Cost { time: since.elapsed().as_secs_f64(), processor: of_children() - before }
}

/// The processor time of all children that have ended, in seconds.
fn of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().expect("a number");
    // Of the user and of the system; Linux counts in hundredths of a second there.
    (ticks(13) + ticks(14)) / 100.0
}

fn row(what: &str, measured: Cost, against: Cost, wanted: &str) {
    let (time, processor) = (measured.time / against.time, measured.processor / against.processor);
    println!("{what:<58} {time:>6.2} {processor:>6.2} {wanted:>8}   ({:.1} s / {:.1} s)", measured.time, against.time);
}
