//! The environment that cargo would give to a test binary, for one that is run without cargo: what the package's
//! manifest says, what its build script says, and where shared libraries are. Pure.

use crate::plan::task::PackageEnv;
use crate::process::Surroundings;
use crate::reading::Scripts;
use crate::tools::Runtime;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The variable by which the system finds shared libraries.
const LIBRARIES: &str = if cfg!(target_os = "macos") { "DYLD_FALLBACK_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };

/// The variables for `binary`, a test executable of `package`.
pub(super) fn variables(
    binary: &Path,
    package: &PackageEnv,
    scripts: &Scripts,
    runtime: &Runtime,
    surroundings: &Surroundings,
) -> BTreeMap<String, String> {
    let mut vars = package.vars.clone();
    vars.extend(scripts.env.get(&package.id).cloned().unwrap_or_default());
    vars.extend(runtime.cargo.iter().map(|cargo| ("CARGO".to_owned(), cargo.to_string_lossy().into_owned())));
    let inherited = surroundings.set.iter().find(|(name, _)| name == LIBRARIES).map(|(_, value)| value.as_str());
    let inherited = inherited.into_iter().flat_map(std::env::split_paths);
    let folders = libraries(binary, scripts).into_iter().chain(runtime.libraries.iter().cloned()).chain(inherited);
    // A folder whose name holds a colon cannot stand there; cargo says so and runs nothing at all.
    if let Ok(path) = std::env::join_paths(folders) {
        vars.insert(LIBRARIES.to_owned(), path.to_string_lossy().into_owned());
    }
    vars
}

/// Where what was built with the executable lies: what build scripts have put into the target directory, then the
/// profile's folder, and the one of its dependencies, which holds the executable.
fn libraries(binary: &Path, scripts: &Scripts) -> Vec<PathBuf> {
    let deps = binary.parent().unwrap_or(Path::new(""));
    let profile = deps.parent().unwrap_or(deps);
    let mut own: Vec<PathBuf> = scripts.libraries.iter().filter(|path| path.starts_with(profile)).cloned().collect();
    own.sort_unstable();
    own.dedup();
    own.extend([profile.to_owned(), deps.to_owned()]);
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_sees_what_its_package_its_build_script_and_the_toolchain_say() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let vars = BTreeMap::from([pair("CARGO_PKG_NAME", "a"), pair("BOTH", "manifest")]);
        let package = PackageEnv { id: "a-id".to_owned(), dir: "/w/a".into(), vars };
        let own = BTreeMap::from([pair("BOTH", "script"), pair("OUT_DIR", "/w/target/debug/build/a/out")]);
        let other = BTreeMap::from([pair("OTHER", "x")]);
        let native = ["/w/target/debug/build/z/out", "/usr/lib/native", "/w/target/debug/build/a/out"];
        let scripts = Scripts {
            env: BTreeMap::from([("a-id".to_owned(), own), ("b-id".to_owned(), other)]),
            libraries: native.iter().chain(&native).map(PathBuf::from).collect(),
        };
        let runtime = Runtime { cargo: Some("/t/bin/cargo".into()), libraries: vec!["/t/lib".into()] };
        let set = vec![pair(LIBRARIES, "/opt/lib:/opt/more")];
        let surroundings = Surroundings { set, ..Surroundings::default() };
        let found = variables(Path::new("/w/target/debug/deps/a-1"), &package, &scripts, &runtime, &surroundings);
        let path = "/w/target/debug/build/a/out:/w/target/debug/build/z/out:/w/target/debug:/w/target/debug/deps:\
                    /t/lib:/opt/lib:/opt/more";
        assert_eq!(
            found,
            BTreeMap::from([
                pair("BOTH", "script"),
                pair("CARGO", "/t/bin/cargo"),
                pair("CARGO_PKG_NAME", "a"),
                pair(LIBRARIES, path),
                pair("OUT_DIR", "/w/target/debug/build/a/out"),
            ])
        );
    }
}
