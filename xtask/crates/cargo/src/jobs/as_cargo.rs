//! The environment that cargo would set for a test binary, for one that is run without cargo: what the package's
//! manifest says, what its build script says, and where shared libraries are. Pure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xtask_core::reading::{Binary, Reading, Scripts};
use xtask_engine::job::Runtime;
use xtask_process::process::Surroundings;

/// The variable through which the system finds shared libraries.
const LIBRARIES: &str = if cfg!(target_os = "macos") { "DYLD_FALLBACK_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };

/// What a test binary needs to know about its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageEnv {
    /// Its name, for messages.
    pub name: String,
    /// Cargo's package id, as in its JSON messages.
    pub id: String,
    /// The directory of its manifest, absolute: its tests run there.
    pub dir: PathBuf,
    /// The `CARGO_PKG_*` and `CARGO_MANIFEST_*` variables that cargo sets for it.
    pub vars: BTreeMap<String, String>,
    /// Where cargo puts its artifacts: the package's tests find libraries that build scripts have put there.
    pub built_below: Vec<PathBuf>,
}

/// The variables for `binary`, a test executable of `package`; `compiled` is what the same cargo call built.
pub(super) fn variables(
    binary: &Binary,
    package: &PackageEnv,
    compiled: &Reading,
    runtime: &Runtime,
    surroundings: &Surroundings,
) -> BTreeMap<String, String> {
    let mut vars = runtime.vars.clone();
    vars.extend(package.vars.clone());
    vars.extend(compiled.scripts.env.get(&package.id).cloned().unwrap_or_default());
    vars.extend(runtime.cargo.iter().map(|cargo| ("CARGO".to_owned(), cargo.to_string_lossy().into_owned())));
    vars.extend(programs(binary, compiled));
    let inherited = surroundings.set.iter().find(|(name, _)| name == LIBRARIES).map(|(_, value)| value.as_str());
    let inherited = inherited.into_iter().flat_map(std::env::split_paths);
    let own = libraries(&binary.path, &compiled.scripts, &package.built_below);
    let directories = own.into_iter().chain(runtime.libraries.iter().cloned()).chain(inherited);
    // A directory with a colon in its name cannot be listed here; cargo reports that and runs nothing at all.
    if let Ok(path) = std::env::join_paths(directories) {
        vars.insert(LIBRARIES.to_owned(), path.to_string_lossy().into_owned());
    }
    vars
}

/// Where integration tests and benchmarks find the programs of their package.
fn programs(binary: &Binary, compiled: &Reading) -> Vec<(String, String)> {
    if !matches!(binary.kind.as_str(), "test" | "bench") {
        return Vec::new();
    }
    let own = compiled.binaries.iter().filter(|it| it.package == binary.package && it.kind == "bin" && !it.test);
    own.map(|it| (format!("CARGO_BIN_EXE_{}", it.target), it.path.to_string_lossy().into_owned())).collect()
}

/// Where shared libraries are: those that build scripts put among cargo's own artifacts, and those that cargo built;
/// and the profile's directory with that of its dependencies, which cargo names whatever they contain.
fn libraries(binary: &Path, scripts: &Scripts, built_below: &[PathBuf]) -> Vec<PathBuf> {
    let is_built = |path: &&PathBuf| built_below.iter().any(|directory| path.starts_with(directory));
    let mut own: Vec<PathBuf> = scripts.libraries.iter().filter(is_built).cloned().collect();
    own.sort_unstable();
    own.dedup();
    let dependencies = binary.parent().unwrap_or(Path::new(""));
    let profile = dependencies.parent().unwrap_or(dependencies);
    for directory in [profile, dependencies].into_iter().chain(scripts.shared.iter().map(PathBuf::as_path)) {
        if !own.iter().any(|known| known == directory) {
            own.push(directory.to_owned());
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_sees_what_its_package_its_build_script_and_the_toolchain_say() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let vars = BTreeMap::from([pair("CARGO_PKG_NAME", "a"), pair("BOTH", "manifest")]);
        let package = PackageEnv {
            name: "a".to_owned(),
            id: "a-id".to_owned(),
            dir: "/w/a".into(),
            vars,
            built_below: vec!["/w/target".into()],
        };
        let own = BTreeMap::from([pair("BOTH", "script"), pair("OUT_DIR", "/w/target/debug/build/a/out")]);
        let other = BTreeMap::from([pair("OTHER", "x")]);
        let native = ["/w/target/debug/build/z/out", "/usr/lib/native", "/w/target/debug/build/a/out"];
        let scripts = Scripts {
            env: BTreeMap::from([("a-id".to_owned(), own), ("b-id".to_owned(), other)]),
            libraries: native.iter().chain(&native).map(PathBuf::from).collect(),
            shared: vec!["/w/target/debug/deps".into(), "/w/target/debug/build/d/1/out".into()],
        };
        let binary = |package: &str, target: &str, kind: &str, test: bool| Binary {
            package: package.to_owned(),
            target: target.to_owned(),
            kind: kind.to_owned(),
            test,
            path: format!("/w/target/debug/deps/{target}-1").into(),
            bytes: 0,
            digest: None,
        };
        let binaries = vec![
            binary("a-id", "server", "bin", false),
            binary("a-id", "it", "test", true),
            binary("b-id", "b", "bin", false),
        ];
        let compiled = Reading { scripts, binaries: binaries.clone(), ..Reading::passed() };
        let runtime = Runtime {
            cargo: Some("/t/bin/cargo".into()),
            libraries: vec!["/t/lib".into()],
            vars: [pair("RUSTUP_TOOLCHAIN", "t")].into(),
        };
        let set = vec![pair(LIBRARIES, "/opt/lib:/opt/more")];
        let surroundings = Surroundings { set, ..Surroundings::default() };
        let found = variables(&binaries[1], &package, &compiled, &runtime, &surroundings);
        let path = "/w/target/debug/build/a/out:/w/target/debug/build/z/out:/w/target/debug:/w/target/debug/deps:\
                    /w/target/debug/build/d/1/out:/t/lib:/opt/lib:/opt/more";
        assert_eq!(
            found,
            BTreeMap::from([
                pair("BOTH", "script"),
                pair("CARGO", "/t/bin/cargo"),
                pair("CARGO_BIN_EXE_server", "/w/target/debug/deps/server-1"),
                pair("CARGO_PKG_NAME", "a"),
                pair(LIBRARIES, path),
                pair("OUT_DIR", "/w/target/debug/build/a/out"),
                pair("RUSTUP_TOOLCHAIN", "t"),
            ])
        );
    }
}
