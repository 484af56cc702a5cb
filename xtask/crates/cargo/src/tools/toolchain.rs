//! The Rust toolchain of the workspace and the components in it.
//!
//! Looks into the toolchain itself rather than through rustup's proxies, which exist whether or not the component does.
//! Only `rustc` is called through the proxy, because that chooses the toolchain.

use super::memory::Witnesses;
use super::places::{Places, is_program};
use super::probe;
use super::search::{Search, Toolchain};
use super::state::State;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xtask_core::catalogue::Entry;
use xtask_engine::job::Runtime;

impl Search<'_> {
    /// The toolchain of the workspace; asked once a survey.
    pub(super) fn toolchain(&self) -> Result<&Toolchain, State> {
        self.toolchain.get_or_init(|| ask(self)).as_ref().map_err(Clone::clone)
    }
}

/// Asks the workspace's `rustc`, unless the answer is known and no file that chooses a toolchain has changed.
fn ask(search: &Search) -> Result<Toolchain, State> {
    let places = search.places;
    let Some(rustc) = places.on_path("rustc").into_iter().next() else {
        return Err(State::Missing);
    };
    let chosen = places.var("RUSTUP_TOOLCHAIN").unwrap_or_default();
    let question = format!("{} -vV in {} with {chosen}", rustc.display(), places.root.display());
    if let Some(known) = search.memory.recall(&question).and_then(|known| decode(&known)) {
        return Ok(known);
    }
    let witnesses = Witnesses::of(choosers(places).chain([rustc.clone()]));
    let broken = |why: String| State::Broken { path: rustc.clone(), why };
    let say = |args: &[&str]| probe::ask(&rustc, args, places).map(|answer| answer.out).map_err(|no| broken(no.why()));
    let (about, sysroot) = (say(&["-vV"])?, say(&["--print", "sysroot"])?);
    let line = |key: &str| about.lines().find_map(|line| line.strip_prefix(key)).map(str::trim).unwrap_or_default();
    let answer = format!("{}\n{}\n{}\n{}", sysroot.trim(), line("host:"), line("LLVM version:"), line("release:"));
    let toolchain = decode(&answer).ok_or_else(|| broken("it does not say where its toolchain is".to_owned()))?;
    let own = toolchain.sysroot.join("bin/rustc");
    search.memory.keep(&question, &answer, witnesses.and(own));
    Ok(toolchain)
}

/// The paths and variables of the workspace's toolchain for programs that run; empty when it does not answer, and then
/// whatever is compiled reports that better.
pub fn runtime(places: &Places) -> Runtime {
    super::search::with_search(places, |search| {
        search.toolchain().map_or_else(
            |_| Runtime::default(),
            |Toolchain { sysroot, host, .. }| Runtime {
                cargo: Some(sysroot.join("bin/cargo")).filter(|cargo| is_program(cargo)),
                libraries: vec![sysroot.join("lib/rustlib").join(host).join("lib"), sysroot.join("lib")],
                vars: rustup_vars(sysroot, places),
            },
        )
    })
}

/// The variables that rustup's proxies set: none where rustup does not manage the toolchain.
fn rustup_vars(sysroot: &Path, places: &Places) -> BTreeMap<String, String> {
    let home = |name: &str, below: &str| {
        let own = places.var(name).map(PathBuf::from);
        own.or_else(|| Some(places.home.as_ref()?.join(below)))
    };
    let rustup = home("RUSTUP_HOME", ".rustup");
    let (Some(parent), Some(name)) = (sysroot.parent(), sysroot.file_name()) else { return BTreeMap::new() };
    if !rustup.as_ref().is_some_and(|rustup| is_same(&rustup.join("toolchains"), parent)) {
        return BTreeMap::new();
    }
    let name = places.var("RUSTUP_TOOLCHAIN").map_or_else(|| PathBuf::from(name), PathBuf::from);
    let vars = [
        ("CARGO_HOME", home("CARGO_HOME", ".cargo")),
        ("RUSTUP_HOME", rustup),
        ("RUSTUP_TOOLCHAIN", Some(name)),
        ("RUST_RECURSION_COUNT", Some(PathBuf::from("1"))),
    ];
    vars.into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_string_lossy().into_owned())))
        .collect()
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// The version of the workspace's toolchain, when it answers: `1.95.0`.
pub fn release(places: &Places) -> Option<String> {
    super::search::with_search(places, |search| {
        search.toolchain().ok().map(|toolchain| toolchain.release.clone()).filter(|release| !release.is_empty())
    })
}

/// A component: all its programs in the toolchain. Where rustup does not manage the toolchain, `PATH` will do.
pub(super) fn look(entry: &Entry, search: &Search) -> State {
    let toolchain = match search.toolchain() {
        Ok(toolchain) => toolchain,
        Err(state) => return state,
    };
    let directory = toolchain.sysroot.join("bin");
    let absent: Vec<&str> = entry.programs.iter().copied().filter(|name| !is_program(&directory.join(name))).collect();
    let first = directory.join(entry.programs[0]);
    if absent.is_empty() {
        return search.judge(entry, first);
    }
    if absent.len() < entry.programs.len() {
        return State::Broken { path: first, why: format!("{} missing beside it", xtask_core::text::list(absent)) };
    }
    if search.places.on_path("rustup").is_empty() { search.look_on_path(entry) } else { State::Missing }
}

/// Every file by which rustup chooses a toolchain for the workspace, whether it exists or not.
fn choosers(places: &Places) -> impl Iterator<Item = PathBuf> {
    let rustup = places.var("RUSTUP_HOME").map(PathBuf::from).or_else(|| Some(places.home.as_ref()?.join(".rustup")));
    let files = places
        .root
        .ancestors()
        .flat_map(|directory| ["rust-toolchain", "rust-toolchain.toml"].map(|file| directory.join(file)));
    files.chain(rustup.map(|directory| directory.join("settings.toml")))
}

fn decode(answer: &str) -> Option<Toolchain> {
    let mut lines = answer.split('\n');
    let (sysroot, host, llvm, release) = (Path::new(lines.next()?), lines.next()?, lines.next()?, lines.next()?);
    let (host, release) = (host.to_owned(), release.to_owned());
    let llvm = super::version::major(llvm);
    (sysroot.is_absolute() && !host.is_empty()).then(|| Toolchain { sysroot: sysroot.to_owned(), host, llvm, release })
}
