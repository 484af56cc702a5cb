//! Loads the workspace with one call of `cargo metadata`, which needs no network and writes nothing.

use cargo_metadata::camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{DependencyKind, Metadata, PackageId, TargetKind};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use xtask_core::command::{Command, Exit};
use xtask_core::error::{Error, Flaw, Result};
use xtask_core::workspace::{Dependency, Package, Workspace};
use xtask_process::environment::Environment;
use xtask_process::process::{self, Silence};

/// How long cargo may take to answer a short question. It needs no network for one, but rustup may have to fetch the
/// workspace's toolchain first.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
/// The most of an answer that is read, in bytes: thousands of packages take a few MiB.
pub(super) const ENOUGH: usize = 64 * 1024 * 1024;

/// Loads the workspace of the current directory.
pub fn load(environment: &Environment) -> Result<Workspace> {
    let command = Command::cargo(&environment.cwd).args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata = ask(&command, &environment.set_by_cargo(), PATIENCE)?;
    let mut workspace = model(metadata);
    workspace.tests_need_cargo = tests_need_cargo(environment, &workspace.root);
    Ok(workspace)
}

/// Runs `cargo metadata` without the variables `unset`, for no longer than `limit`.
fn ask(command: &Command, unset: &[String], limit: Duration) -> Result<Metadata> {
    let cwd = &command.cwd;
    let run = || Error::environment(format!("run `cargo metadata` in {}", cwd.display()));
    let answer = process::answer(command, unset, limit, ENOUGH).map_err(|silence| match silence {
        Silence::NotStarted(why) => run().detail(why).hint("cargo must be on PATH: https://rustup.rs"),
        Silence::TooSlow(_) => {
            run().detail(silence.why()).hint("run it yourself: something keeps cargo from answering")
        }
        Silence::Failed { end, .. } if matches!(end.exit(), Exit::Signal(_)) => {
            run().detail(format!("it {}", end.exit()))
        }
        Silence::TooMuch(_) | Silence::Stopped => run().detail(silence.why()),
        Silence::Failed { said, .. } => {
            let err = said.err;
            let error = Error::usage(format!("read the cargo workspace of {}", cwd.display())).detail(err.trim());
            let error = error.at(flaw(&err, cwd));
            let missing = err.contains("could not find `Cargo.toml`");
            if missing { error.hint("run xtask in a cargo workspace, or name one with `-C DIR`") } else { error }
        }
    })?;
    let answer = answer.text();
    let json = answer.lines().find(|line| line.starts_with('{')).unwrap_or_default();
    serde_json::from_str(json).map_err(|error| run().because(error))
}

/// The place in a manifest that cargo complains about: ` --> services/a/Cargo.toml:3:11`, from the current directory,
/// or else the manifest that it names last.
fn flaw(said: &str, cwd: &Path) -> Option<Flaw> {
    let spot = || {
        let mut parts = said.lines().find_map(|line| line.trim_start().strip_prefix("--> "))?.rsplitn(3, ':');
        let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Flaw { file: cwd.join(parts.next()?), line: Some(line), column: Some(column), ..Flaw::default() })
    };
    let named = || {
        let mut manifests = said.split('`').filter(|quoted| quoted.starts_with('/') && quoted.ends_with("Cargo.toml"));
        Some(Flaw { file: PathBuf::from(manifests.next_back()?), ..Flaw::default() })
    };
    spot().or_else(named)
}

/// Looks for `[env]` and `runner` in every file that cargo takes its configuration from. A mention in a comment counts
/// too: tests that cargo runs without need are only a little slower.
fn tests_need_cargo(environment: &Environment, root: &Path) -> bool {
    let mut texts = config_files(environment, root).filter_map(|file| std::fs::read_to_string(file).ok());
    texts.any(|text| text.contains("[env") || text.contains("env.") || text.contains("runner"))
        || environment.vars.keys().any(|name| name.starts_with("CARGO_TARGET_") && name.ends_with("_RUNNER"))
}

/// Every file that cargo takes its configuration from at `root`, whether it exists or not.
pub fn config_files(environment: &Environment, root: &Path) -> impl Iterator<Item = PathBuf> {
    let home = environment.var("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(environment.var("HOME")?).join(".cargo")));
    let directories = root.ancestors().map(|directory| directory.join(".cargo")).chain(home);
    directories.flat_map(|directory| [directory.join("config.toml"), directory.join("config")])
}

fn model(metadata: Metadata) -> Workspace {
    let members: HashSet<&PackageId> = metadata.workspace_members.iter().collect();
    let found: Vec<_> = metadata.packages.iter().filter(|package| members.contains(&package.id)).collect();
    let directories: HashMap<&Utf8Path, &str> =
        found.iter().filter_map(|package| Some((package.manifest_path.parent()?, package.name.as_str()))).collect();
    let mut packages: Vec<Package> = found.iter().map(|found| package(found, &directories)).collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    let root = metadata.workspace_root.into_std_path_buf();
    Workspace {
        tests_need_cargo: false,
        ambiguous: ambiguous(&packages, std::fs::read_to_string(root.join("Cargo.lock")).ok().as_deref()),
        has_lock_file: root.join("Cargo.lock").is_file(),
        licences_configured: licences_configured(&root),
        root,
        target_dir: metadata.target_directory.into_std_path_buf(),
        build_dir: metadata.build_directory.map(Utf8PathBuf::into_std_path_buf),
        packages,
        metadata: own_table(&metadata.workspace_metadata),
    }
}

/// Whether cargo-deny finds a table `licenses` in its configuration. It takes the first file of these names, at the
/// root or above it.
fn licences_configured(root: &Path) -> bool {
    const NAMES: [&str; 3] = ["deny.toml", ".deny.toml", ".cargo/deny.toml"];
    let files = root.ancestors().flat_map(|directory| NAMES.map(|name| directory.join(name)));
    let text = files.into_iter().find_map(|file| std::fs::read_to_string(file).ok());
    text.is_some_and(|text| text.lines().any(|line| line.trim_start().trim_start_matches('[').starts_with("licenses")))
}

fn package(package: &cargo_metadata::Package, directories: &HashMap<&Utf8Path, &str>) -> Package {
    let is_library = |kind: &TargetKind| {
        matches!(
            kind,
            TargetKind::Lib
                | TargetKind::RLib
                | TargetKind::DyLib
                | TargetKind::CDyLib
                | TargetKind::StaticLib
                | TargetKind::ProcMacro
        )
    };
    let library = package.targets.iter().find(|target| target.kind.iter().any(is_library));
    let named = |kind: &TargetKind| -> Vec<String> {
        let of_kind = package.targets.iter().filter(|target| target.kind.contains(kind));
        of_kind.map(|target| target.name.clone()).collect()
    };
    let tested = |is_kind: fn(&cargo_metadata::Target) -> bool| -> Vec<String> {
        let of_kind = package.targets.iter().filter(|target| target.test && is_kind(target));
        of_kind.map(|target| target.name.clone()).collect()
    };
    let dir = package.manifest_path.parent().map_or_else(Default::default, ToOwned::to_owned);
    Package {
        name: package.name.to_string(),
        id: package.id.repr.clone(),
        version: package.version.to_string(),
        manifest: package.manifest_path.clone().into_std_path_buf(),
        dir: dir.into_std_path_buf(),
        library_tests: library.is_some_and(|target| target.test),
        doc_tests: library.is_some_and(|target| target.doctest),
        roots: package.targets.iter().map(|target| target.src_path.clone().into_std_path_buf()).collect(),
        programs: named(&TargetKind::Bin),
        default_run: package.default_run.clone(),
        tested_programs: tested(cargo_metadata::Target::is_bin),
        tested_examples: tested(cargo_metadata::Target::is_example),
        tested_benches: tested(cargo_metadata::Target::is_bench),
        gated_targets: gated_targets(package),
        crate_name: library.map(|target| target.name.replace('-', "_")).unwrap_or_default(),
        untested_sources: package
            .targets
            .iter()
            .filter(|target| target.is_bin() && !target.test)
            .map(|target| target.src_path.clone().into_std_path_buf())
            .collect(),
        integration_tests: tested(cargo_metadata::Target::is_test),
        runs_when_compiled: package
            .targets
            .iter()
            .find(|target| target.is_custom_build() || target.is_proc_macro())
            .map(|target| target.src_path.clone().into_std_path_buf()),
        depends_outside: package
            .dependencies
            .iter()
            .any(|dependency| dependency.path.as_deref().is_some_and(|path| !directories.contains_key(path))),
        depends_on: package
            .dependencies
            .iter()
            .filter_map(|dependency| Some((*directories.get(dependency.path.as_deref()?)?).to_owned()))
            .collect(),
        dependencies: dependencies(package, directories),
        metadata: own_table(&package.metadata),
        vars: vars(package),
    }
}

/// The targets that require a feature which is off by default.
fn gated_targets(package: &cargo_metadata::Package) -> BTreeSet<String> {
    let mut on = BTreeSet::from(["default"]);
    let mut open = vec!["default"];
    while let Some(feature) = open.pop() {
        let further = package.features.get(feature).into_iter().flatten().map(String::as_str);
        open.extend(further.filter(|further| on.insert(further)));
    }
    let is_off = |feature: &String| !on.contains(feature.as_str());
    let gated = package.targets.iter().filter(|target| target.required_features.iter().any(is_off));
    gated.flat_map(|target| target.kind.iter().map(move |kind| format!("{kind} {}", target.name))).collect()
}

/// The names of members that are also the name of a dependency from elsewhere, so that a name alone is ambiguous. The
/// lock file knows every dependency; without one, only those are known that a member names itself.
fn ambiguous(packages: &[Package], lock: Option<&str>) -> BTreeSet<String> {
    let members = packages.iter().map(|package| package.name.as_str());
    let others: Vec<&str> = match lock {
        Some(lock) => {
            lock.split("[[package]]").filter(|entry| entry.contains("\nsource = ")).filter_map(name).collect()
        }
        None => packages.iter().flat_map(|it| &it.dependencies).filter(|it| !it.member).map(|it| &*it.name).collect(),
    };
    members.filter(|member| others.contains(member)).map(str::to_owned).collect()
}

/// The name of a package in a lock file.
fn name(entry: &str) -> Option<&str> {
    entry.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
}

/// The packages that a package links: all of its dependencies but those of its build script.
fn dependencies(package: &cargo_metadata::Package, directories: &HashMap<&Utf8Path, &str>) -> Vec<Dependency> {
    let linked = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Build);
    linked
        .map(|dependency| {
            let known_as = dependency.rename.as_ref().unwrap_or(&dependency.name);
            let forwarded = package.features.values().flatten().filter_map(|value| value.split_once('/'));
            let forwarded = forwarded.filter(|(to, _)| to.trim_end_matches('?') == known_as);
            let features = forwarded.map(|(_, feature)| feature.to_owned());
            let default = dependency.uses_default_features.then(|| "default".to_owned());
            Dependency {
                name: dependency.name.clone(),
                features: dependency.features.iter().cloned().chain(features).chain(default).collect(),
                dev: dependency.kind == DependencyKind::Development,
                member: dependency.path.as_deref().is_some_and(|path| directories.contains_key(path)),
            }
        })
        .collect()
}

/// The table of xtask in a manifest's metadata, or null.
fn own_table(metadata: &Value) -> Value {
    metadata.get("xtask").cloned().unwrap_or(Value::Null)
}

/// The variables that cargo sets for the tests of a package:
/// <https://doc.rust-lang.org/cargo/reference/environment-variables.html>.
fn vars(package: &cargo_metadata::Package) -> BTreeMap<String, String> {
    let path = |path: Option<&Utf8PathBuf>| path.map(ToString::to_string);
    let version = &package.version;
    let pairs = [
        ("CARGO_MANIFEST_DIR", package.manifest_path.parent().map(ToString::to_string)),
        ("CARGO_MANIFEST_PATH", Some(package.manifest_path.to_string())),
        ("CARGO_PKG_NAME", Some(package.name.to_string())),
        ("CARGO_PKG_VERSION", Some(version.to_string())),
        ("CARGO_PKG_VERSION_MAJOR", Some(version.major.to_string())),
        ("CARGO_PKG_VERSION_MINOR", Some(version.minor.to_string())),
        ("CARGO_PKG_VERSION_PATCH", Some(version.patch.to_string())),
        ("CARGO_PKG_VERSION_PRE", Some(version.pre.to_string())),
        ("CARGO_PKG_AUTHORS", Some(package.authors.join(":"))),
        ("CARGO_PKG_DESCRIPTION", package.description.clone()),
        ("CARGO_PKG_HOMEPAGE", package.homepage.clone()),
        ("CARGO_PKG_REPOSITORY", package.repository.clone()),
        ("CARGO_PKG_LICENSE", package.license.clone()),
        ("CARGO_PKG_LICENSE_FILE", path(package.license_file.as_ref())),
        ("CARGO_PKG_README", path(package.readme.as_ref())),
        ("CARGO_PKG_RUST_VERSION", package.rust_version.as_ref().map(ToString::to_string)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask_core::workspace::Dependency;

    #[test]
    fn a_member_is_ambiguous_when_a_dependency_from_elsewhere_has_its_name() {
        let dependency = Dependency { name: "b".to_owned(), ..Dependency::default() };
        let package = |name: &str| Package {
            name: name.to_owned(),
            dependencies: vec![dependency.clone()],
            ..Package::default()
        };
        let members = [package("a"), package("b")];
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"a\"\n\
                    version = \"1.0.0\"\nsource = \"registry+https://example.org\"\n";
        assert_eq!(ambiguous(&members, Some(lock)), BTreeSet::from(["a".to_owned()]));
        assert_eq!(ambiguous(&members, None), BTreeSet::from(["b".to_owned()]), "as far as the manifests know");
    }

    #[test]
    fn a_cargo_that_never_answers_is_given_up_and_the_limit_is_named() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let cargo = directory.path().join("cargo");
        std::fs::write(&cargo, "#!/bin/sh\nexec sleep 1000\n").expect("a stub");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&cargo, executable).expect("it may be executed");
        let command = Command::new(cargo.to_string_lossy(), directory.path());
        let error = ask(&command, &[], Duration::from_millis(20)).expect_err("it never answers");
        assert_eq!(
            error.to_string(),
            format!(
                "cannot run `cargo metadata` in {}\n  because: it gave no answer within 0.02s\n\
                 hint: run it yourself: something keeps cargo from answering",
                directory.path().display()
            )
        );
    }
}
