//! Whether the result of a task can depend on anything but the compared inputs. Pure: sources and facts in, a reason
//! out. In doubt it can, so the rule rejects many packages whose results depend on nothing else.

use std::path::{Path, PathBuf};
use xtask_core::workspace;

/// A source without any of these words depends only on itself. A program reaches files, variables, the clock, the
/// network and other processes through a module of the standard library, whose name it has to write, however it imports
/// and renames the items in it (`env`, `fs`, `net`, `os`, `path`, `process`, `time`), or through a few functions
/// elsewhere. The compiler reads further files for `include…` and `#[path]`, and variables for `env` and `option_env`.
/// `extern`, `unsafe` and assembly reach all of it without the standard library; `arch`, `target_feature` and the like
/// query the processor. The last ones build names out of parts. Comments count: doc tests are comments.
const BEYOND: [&str; 26] = [
    "env",
    "fs",
    "net",
    "os",
    "path",
    "process",
    "time",
    "backtrace",
    "stdin",
    "thread",
    "include",
    "include_bytes",
    "include_str",
    "option_env",
    "extern",
    "link_section",
    "no_mangle",
    "unsafe",
    "asm",
    "global_asm",
    "naked_asm",
    "arch",
    "is_x86_feature_detected",
    "target_feature",
    "concat_idents",
    "macro_metavar_expr_concat",
];

/// Words in cargo's configuration that pull in another file, or a program in place of the compiler.
const ELSEWHERE: [&str; 7] =
    ["include", "rustc", "rustdoc", "rustc-wrapper", "rustc-workspace-wrapper", "runner", "env"];

/// A package, as far as the comparison needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// The directory of its manifest, relative to the workspace's root.
    pub dir: PathBuf,
    /// Why its tests depend on more than the files of the workspace.
    pub unseen: Option<String>,
}

impl Package {
    /// The package for the comparison; `None` when it is outside of the workspace's root.
    pub fn of(package: &workspace::Package, root: &Path) -> Option<Self> {
        let dir = package.dir.strip_prefix(root).ok()?.to_owned();
        let crates = package.dependencies.iter().find(|dependency| !dependency.member);
        let elsewhere = |path: &&PathBuf| !path.starts_with(&package.dir) || !is_source(path);
        let unseen = if let Some(dependency) = crates {
            Some(format!("depends on `{}`, which is not a member of the workspace", dependency.name))
        } else if package.depends_outside {
            Some("depends on a directory that is not a member of the workspace".to_owned())
        } else if let Some(source) = &package.runs_when_compiled {
            Some(format!("runs {} when it is compiled", source.display()))
        } else {
            let root = package.roots.iter().find(elsewhere);
            root.map(|root| format!("has a source elsewhere: {}", root.display()))
        };
        Some(Self { dir, unseen: unseen.map(|why| format!("`{}` {why}", package.name)) })
    }
}

/// Whether the compiler treats this file as a module.
pub(super) fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// The first word of a source that may reach beyond the source itself.
pub(super) fn word_beyond(source: &str) -> Option<&str> {
    let words = source.split(|c: char| c != '_' && !c.is_alphanumeric());
    words.into_iter().find(|word| BEYOND.contains(word))
}

/// The first word of cargo's configuration that makes builds depend on more than the configuration.
pub(super) fn word_elsewhere(configuration: &str) -> Option<&str> {
    let words = configuration.split(|c: char| !"-_".contains(c) && !c.is_alphanumeric());
    words.into_iter().find(|word| ELSEWHERE.contains(word))
}

/// The variable among these that makes builds depend on a program whose contents are not compared.
pub fn program<'a>(mut variables: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const NAMES: [&str; 4] = ["RUSTC", "RUSTDOC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"];
    let build = |name: &str| name.strip_prefix("CARGO_BUILD_").is_some_and(|it| NAMES.contains(&it));
    let runner = |name: &str| name.starts_with("CARGO_TARGET_") && name.ends_with("_RUNNER");
    variables.find(|name| NAMES.contains(name) || build(name) || runner(name))
}

/// Whether a variable is an input. All are, except those that differ between shells or runs and that neither cargo nor
/// the compiler reads: the current directory, the terminal, the session, xtask's own, and the numbers of a CI job.
pub fn counts(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        "_",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "TERM",
        "COLORTERM",
        "COLUMNS",
        "LINES",
        "WINDOWID",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
    ];
    const PREFIXES: [&str; 8] = ["SSH_", "TERM_", "TMUX", "VSCODE_", "XDG_SESSION_", "XTASK", "GITHUB_", "RUNNER_"];
    !NAMES.contains(&name) && !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask_core::workspace::Dependency;

    #[test]
    fn a_source_that_can_reach_beyond_itself_is_known_by_a_word() {
        #[track_caller]
        fn case(source: &str, wanted: Option<&str>) {
            assert_eq!(word_beyond(source), wanted, "{source}");
        }
        case("/// assert_eq!(a::twice(2), 4);\npub fn twice(n: u32) -> u32 { n * 2 }", None);
        case("use std::collections::BTreeMap;\nmod environment;\nfn fstab(paths: &[u8]) {}", None);
        case("std::env::var(\"HOME\")", Some("env"));
        case("use std::{fmt, fs as files};", Some("fs"));
        case("use std::time::*;", Some("time"));
        case("/// ```\n/// std::process::exit(0)\n/// ```", Some("process"));
        case("r#env!(\"HOME\")", Some("env"));
        case("#[path = \"../../other.rs\"] mod other;", Some("path"));
        case("#![doc = include_str!(\"../README.md\")]", Some("include_str"));
        case("unsafe extern \"C\" { fn getenv(); }", Some("unsafe"));
        case("core::option_env!(\"CI\")", Some("option_env"));
    }

    #[test]
    fn what_is_not_of_the_workspace_is_not_seen() {
        #[track_caller]
        fn case(package: workspace::Package, wanted: Option<&str>) {
            let package = workspace::Package { name: "a".to_owned(), dir: "/w/a".into(), ..package };
            let unseen = Package::of(&package, Path::new("/w")).expect("it lies in the workspace").unseen;
            assert_eq!(unseen.as_deref(), wanted);
        }
        let plain = workspace::Package { roots: vec!["/w/a/src/lib.rs".into()], ..workspace::Package::default() };
        let on = |name: &str, member| Dependency { name: name.to_owned(), member, ..Dependency::default() };
        case(plain.clone(), None);
        case(workspace::Package { dependencies: vec![on("b", true)], ..plain.clone() }, None);
        case(
            workspace::Package { dependencies: vec![on("b", true), on("serde", false)], ..plain.clone() },
            Some("`a` depends on `serde`, which is not a member of the workspace"),
        );
        case(
            workspace::Package { runs_when_compiled: Some("/w/a/build.rs".into()), ..plain.clone() },
            Some("`a` runs /w/a/build.rs when it is compiled"),
        );
        case(
            workspace::Package { roots: vec!["/w/shared.rs".into()], ..plain.clone() },
            Some("`a` has a source elsewhere: /w/shared.rs"),
        );
        assert_eq!(Package::of(&plain, Path::new("/elsewhere")), None);
    }

    #[test]
    fn variables_count_unless_they_only_differ_from_shell_to_shell() {
        for name in ["RUSTFLAGS", "HOME", "PATH", "LANG", "DATABASE_URL", "CI", "XDG_CONFIG_HOME", "TMPDIR"] {
            assert!(counts(name), "{name}");
        }
        for name in ["_", "SHLVL", "SSH_AUTH_SOCK", "TMUX", "TMUX_PANE", "GITHUB_RUN_ID", "XTASK_TASK"] {
            assert!(!counts(name), "{name}");
        }
    }

    #[test]
    fn programs_in_place_of_the_compiler_are_not_seen() {
        #[track_caller]
        fn case(name: &str, wanted: bool) {
            assert_eq!(program([name].into_iter()).is_some(), wanted, "{name}");
        }
        case("RUSTC_WRAPPER", true);
        case("CARGO_BUILD_RUSTC_WRAPPER", true);
        case("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", true);
        case("RUSTFLAGS", false);
        assert_eq!(word_elsewhere("[build]\nrustc-wrapper = \"sccache\""), Some("rustc-wrapper"));
        assert_eq!(word_elsewhere("[env]\nA = \"1\""), Some("env"));
        assert_eq!(word_elsewhere("env.A = \"1\""), Some("env"));
        assert_eq!(word_elsewhere("[net]\noffline = true\n[build]\nrustdocflags = []"), None);
    }
}
