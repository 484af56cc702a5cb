//! How fast xtask is, as ratios to cargo itself in the same run: `cargo bench --package xtask --bench ratios`.
//!
//! Pairs are run alternately and the median of their ratios counts, so that whatever else the machine does falls on
//! both. What is measured is the development build, which is what `cargo xtask` runs. With `-- --cold` also a cold test
//! matrix, which takes minutes. `-- --images ARGS` measures images only, against
//! `docker build ARGS` of each service by itself.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark is a program of its own")]

use rustix::process::{Pid, WaitIdOptions, waitid};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Pairs that are run for a warm ratio.
const PAIRS: usize = 7;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned();
    let cold = std::env::args().any(|arg| arg == "--cold");
    let mut args = std::env::args();
    let images = args.any(|arg| arg == "--images").then(|| args.filter(|arg| arg != "--bench").collect::<Vec<_>>());
    run(cargo(&root).args(["build", "--quiet", "--package", "xtask"]));
    let xtask = root.join("target/debug/xtask");
    println!("{:<64} {:>8} {:>8}", "", "measured", "wanted");
    if let Some(args) = images {
        return all_images(&root, &xtask, &args);
    }
    warm_matrix(&root, &xtask);
    own_time(&root, &xtask);
    planning(&xtask);
    chatty(&xtask);
    chatty_test(&xtask);
    if cold {
        cold_matrix(&root, &xtask);
    }
}

fn warm_matrix(root: &Path, xtask: &Path) {
    let matrix = || seconds(Command::new(xtask).current_dir(root).arg("test-matrix"));
    let tests = || seconds(cargo(root).args(["test", "--lib"]));
    // Both are warm after this.
    matrix();
    tests();
    let ratio = median((0..PAIRS).map(|_| matrix() / tests()));
    row("warm test-matrix / cargo test --lib", ratio, "<= 2");
}

/// The processor time of xtask alone, without its children.
fn own_time(root: &Path, xtask: &Path) {
    let own = median((0..PAIRS).map(|_| {
        let mut child = quiet(Command::new(xtask).current_dir(root).arg("test-matrix")).spawn().expect("xtask starts");
        let pid = Pid::from_child(&child);
        // It has ended but is still there: its own ticks can be read apart from its children's.
        waitid(rustix::process::WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).expect("it ends");
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("it is still there");
        assert!(child.wait().expect("it can be waited for").success());
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>().expect("a number") + fields[12].parse::<f64>().expect("a number");
        // The kernel counts hundredths of a second, as `getconf CLK_TCK` says everywhere.
        ticks * 10.0
    }));
    row("xtask's own processor time in a warm test-matrix, ms", own, "< 50");
}

fn planning(xtask: &Path) {
    let mut own = Vec::new();
    for services in [250, 500, 1000] {
        let dir = workspace(services);
        let metadata = || seconds(cargo(&dir).args(["metadata", "--format-version=1", "--offline"]));
        let bare = || seconds(cargo(&dir).args(["metadata", "--format-version=1", "--offline", "--no-deps"]));
        let plan = || seconds(Command::new(xtask).current_dir(&dir).args(["plan", "--json"]));
        metadata();
        plan();
        let ratio = median((0..PAIRS).map(|_| plan() / metadata()));
        row(&format!("plan of {services} services / cargo metadata"), ratio, "< 1.5");
        own.push(median((0..PAIRS).map(|_| plan() - bare())) * 1000.0);
        fs::remove_dir_all(&dir).expect("it can be removed");
    }
    row("what xtask adds to cargo metadata --no-deps, 1000 / 250 services", own[2] / own[0], "~ 4");
}

/// A child that prints nothing but short lines, in a stage and through a pipe to a file.
fn chatty(xtask: &Path) {
    const PRINTS: &str = "yes | head -c 1000000000";
    let dir = workspace(1);
    let manifest = dir.join("Cargo.toml");
    let stage = format!("[workspace.metadata.xtask.stages.chatty]\ncommand = [\"sh\", \"-c\", \"{PRINTS}\"]\n");
    fs::write(&manifest, fs::read_to_string(&manifest).expect("it is there") + &stage).expect("the manifest");
    let stage = || seconds(Command::new(xtask).current_dir(&dir).args(["ci", "--only", "chatty"]));
    let pipe = || seconds(Command::new("sh").current_dir(&dir).args(["-c", &format!("{PRINTS} | cat >out")]));
    let ratio = median((0..PAIRS).map(|_| stage() / pipe()));
    row("a stage that prints 1 GB of short lines / a pipe to a file", ratio, "<= 1.5");
    fs::remove_dir_all(&dir).expect("it can be removed");
}

/// A test that prints nothing but short lines, each of which is read, with a secret to look for; and the same test through
/// a pipe to a file.
fn chatty_test(xtask: &Path) {
    const TEST: &str = "#[test]\nfn prints() {\n    let lines = std::env::var(\"LINES\").expect(\"LINES\");\n    \
                        std::process::Command::new(\"seq\").arg(lines).status().expect(\"seq starts\");\n}\n";
    let dir = workspace(1);
    fs::write(dir.join("services/s0-service/src/lib.rs"), TEST).expect("a test");
    let stage = |lines: &str| {
        let mut command = Command::new(xtask);
        command.current_dir(&dir).args(["test-matrix", "--no-cache", "--", "--nocapture"]);
        seconds(command.env("LINES", lines).env("BENCH_TOKEN", "a-secret-of-the-bench"))
    };
    // It compiles the test.
    stage("1");
    let deps = fs::read_dir(dir.join("target/debug/deps")).expect("cargo's directory");
    let mut programs = deps.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_none());
    let is_test = |path: &PathBuf| {
        let list = Command::new(path).arg("--list").output().expect("it starts");
        String::from_utf8_lossy(&list.stdout).contains("prints: test")
    };
    let test = programs.find(is_test).expect("the test program");
    let piped = format!("{} --nocapture | cat >out", test.display());
    let pipe = || seconds(Command::new("sh").current_dir(&dir).args(["-c", &piped]).env("LINES", "1000000"));
    let ratio = median((0..PAIRS).map(|_| (stage("1000000") - stage("1")) / pipe()));
    row("a test that prints 1 million short lines / a pipe to a file", ratio, "< 8");
    fs::remove_dir_all(&dir).expect("it can be removed");
}

fn cold_matrix(root: &Path, xtask: &Path) {
    let target = scratch("cold");
    let cold = |what: &dyn Fn(&Path) -> f64| {
        let _ = fs::remove_dir_all(&target);
        fs::create_dir_all(&target).expect("a target directory");
        what(&target)
    };
    let matrix = |target: &Path| {
        seconds(Command::new(xtask).current_dir(root).arg("test-matrix").env("CARGO_TARGET_DIR", target))
    };
    let tests = |target: &Path| {
        let part = |kind| seconds(cargo(root).args(["test", kind]).env("CARGO_TARGET_DIR", target));
        part("--lib") + part("--doc")
    };
    let ratio = median((0..2).map(|_| cold(&matrix) / cold(&tests)));
    row("cold test-matrix / cargo test --lib and --doc", ratio, "<= 1.1");
    let _ = fs::remove_dir_all(&target);
}

/// All images without an engine after a release build, against a multi-stage build for each service.
fn all_images(root: &Path, xtask: &Path, args: &[String]) {
    let matrix = Command::new(xtask).current_dir(root).args(["matrix", "docker"]).output().expect("xtask starts");
    let matrix: serde_json::Value = serde_json::from_slice(&matrix.stdout).expect("a matrix");
    let services: Vec<&str> = matrix["service"].as_array().into_iter().flatten().filter_map(|it| it.as_str()).collect();
    let docker = || {
        let mut command = Command::new(xtask);
        command.current_dir(root).arg("docker");
        command
    };
    let oci = || seconds(docker().args(["--builder", "oci"]));
    oci();
    let packed = median((0..PAIRS).map(|_| oci()));
    let apart =
        |service: &&str| seconds(docker().args([service, "--builder", "docker", "--", "--no-cache"]).args(args));
    let built: f64 = services.iter().map(apart).sum();
    row(&format!("{} images by oci / a multi-stage build for each", services.len()), packed / built, "< 0.1");
}

fn row(what: &str, measured: f64, wanted: &str) {
    // Two digits of a small number tell something too.
    let digits = if measured < 0.1 { 4 } else { 2 };
    println!("{what:<64} {measured:>8.digits$} {wanted:>8}");
}

/// A workspace of so many services without dependencies.
fn workspace(services: usize) -> PathBuf {
    let dir = scratch(&services.to_string());
    let _ = fs::remove_dir_all(&dir);
    for number in 0..services {
        let directory = dir.join(format!("services/s{number}-service"));
        fs::create_dir_all(directory.join("src")).expect("a directory");
        let manifest = format!("[package]\nname = \"s{number}-service\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        fs::write(directory.join("Cargo.toml"), manifest).expect("a manifest");
        fs::write(directory.join("src/lib.rs"), "").expect("a library");
        fs::write(directory.join("src/main.rs"), "fn main() {}").expect("a program");
    }
    fs::write(dir.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"services/*\"]\n")
        .expect("a manifest");
    dir
}

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("xtask-bench-{}-{name}", std::process::id()))
}

fn cargo(dir: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(dir);
    command
}

/// The command with what `cargo bench` has set removed, and its output out of the way.
fn quiet(command: &mut Command) -> &mut Command {
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
    {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

fn seconds(command: &mut Command) -> f64 {
    let start = Instant::now();
    run(command);
    start.elapsed().as_secs_f64()
}

fn run(command: &mut Command) {
    let status = quiet(command).status().expect("it starts");
    assert!(status.success(), "{command:?} ended with {status}");
}

fn median(samples: impl Iterator<Item = f64>) -> f64 {
    let mut samples: Vec<f64> = samples.collect();
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
