//! The flags that cargo hands to rustc, and how to add one that no other source hides.
//!
//! cargo takes them from the first of these that exists: `CARGO_ENCODED_RUSTFLAGS`, `RUSTFLAGS`, every table of `target`
//! that applies (joined, with `CARGO_TARGET_<TRIPLE>_RUSTFLAGS`), `build.rustflags` (joined with `CARGO_BUILD_RUSTFLAGS`):
//! <https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags>. So a flag that is to hold has to be added to
//! the source that wins, without creating one that would hide another.

use super::load::{self, config_files};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use xtask_core::command::Command;
use xtask_core::error::{Error, Result};
use xtask_process::environment::Environment;
use xtask_process::process::{self, Silence};

const ENCODED: &str = "CARGO_ENCODED_RUSTFLAGS";
const PLAIN: &str = "RUSTFLAGS";
const BUILD: &str = "CARGO_BUILD_RUSTFLAGS";
/// The separator of flags in [`ENCODED`].
const UNIT: char = '\u{1f}';

/// Where this workspace's builds take their flags from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The variables of the user that hold flags; an empty one counts, for it hides the configuration.
    pub vars: BTreeMap<String, String>,
    /// The tables of `target` in cargo's configuration that hold flags: a triple, or `cfg(…)`.
    pub targets: Vec<String>,
}

/// Reads them. cargo itself is asked only when its configuration may have such tables and no variable hides them.
pub fn read(environment: &Environment, root: &Path) -> Result<Flags> {
    let holds = |name: &str| name.ends_with(PLAIN) && name != "CARGO_ENCODED_RUSTDOCFLAGS";
    let known = |name: &str| [ENCODED, PLAIN, BUILD].contains(&name) || name.starts_with("CARGO_TARGET_");
    let vars = environment.vars.iter().filter(|(name, _)| holds(name) && known(name));
    let vars: BTreeMap<String, String> = vars.map(|(name, value)| (name.clone(), value.clone())).collect();
    let hidden = vars.contains_key(ENCODED) || vars.contains_key(PLAIN);
    let may_have = |text: String| text.contains("include") || (text.contains("target") && text.contains("rustflags"));
    let mut texts = config_files(environment, root).filter_map(|file| std::fs::read_to_string(file).ok());
    let targets = if !hidden && texts.any(may_have) { targets(environment, root)? } else { Vec::new() };
    Ok(Flags { vars, targets })
}

/// The tables of `target` with flags, as cargo has merged them.
fn targets(environment: &Environment, root: &Path) -> Result<Vec<String>> {
    let what = || "find out which tables of `target` in cargo's configuration have `rustflags`";
    // cargo shows its merged configuration to nightly toolchains, or with this variable.
    let ask = Command::cargo(root).args(["-Zunstable-options", "config", "get", "--format", "json", "target"]);
    let ask = ask.env("RUSTC_BOOTSTRAP", "1");
    let unknown = |why: &str| {
        Error::environment(what())
            .detail(why.trim())
            .hint("set the flags in RUSTFLAGS instead, or link dynamically: `image.static = false`")
    };
    let merged = match process::answer(&ask, &environment.set_by_cargo(), load::PATIENCE, load::ENOUGH) {
        Ok(answer) => answer.text(),
        Err(Silence::Failed { said, .. }) if said.err.contains("is not set") => return Ok(Vec::new()),
        Err(Silence::Failed { said, .. }) if !said.err.trim().is_empty() => return Err(unknown(&said.err)),
        Err(silence) => return Err(unknown(&silence.why())),
    };
    let merged: Value = serde_json::from_str(&merged).map_err(|error| unknown(&error.to_string()))?;
    let tables = merged["target"].as_object().into_iter().flatten();
    Ok(tables.filter(|(_, table)| !table["rustflags"].is_null()).map(|(key, _)| key.clone()).collect())
}

impl Flags {
    /// The command with one more flag for everything that is built for its target, behind those of the user.
    #[must_use]
    pub fn add(&self, flag: &str, command: Command) -> Command {
        let behind = |name: &str, separator: char| match self.vars.get(name).filter(|flags| !flags.is_empty()) {
            Some(flags) => format!("{flags}{separator}{flag}"),
            None => flag.to_owned(),
        };
        for (name, separator) in [(ENCODED, UNIT), (PLAIN, ' ')] {
            if self.vars.contains_key(name) {
                return command.env(name, behind(name, separator));
            }
        }
        let variables = self.vars.keys().filter(|name| name.starts_with("CARGO_TARGET_")).cloned();
        let (conditions, triples): (Vec<_>, Vec<_>) = self.targets.iter().partition(|key| key.starts_with("cfg("));
        let of_triple =
            |triple: &&String| format!("CARGO_TARGET_{}_{PLAIN}", triple.to_uppercase().replace(['-', '.'], "_"));
        let mut command = command.env(BUILD, behind(BUILD, ' '));
        for name in variables.chain(triples.iter().map(of_triple)) {
            let value = behind(&name, ' ');
            command = command.env(name, value);
        }
        for condition in conditions {
            // It applies exactly where the user's table does, and its name meets no table, whose type may be another.
            let inner = condition.trim_start_matches("cfg(").trim_end().strip_suffix(')').unwrap_or_default();
            let table = Value::from(format!("cfg(all({inner}))"));
            command = command.args(["--config", &format!("target.{table}.rustflags=[{}]", Value::from(flag))]);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_joins_the_source_that_cargo_takes_and_hides_no_other() {
        #[track_caller]
        fn case(vars: &[(&str, &str)], targets: &[&str], wanted: &str) {
            let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let flags = Flags { vars, targets: targets.iter().map(|key| (*key).to_owned()).collect() };
            let command = flags.add("-Cx", Command::cargo("/w").arg("build"));
            assert_eq!(command.to_string().replace(UNIT, "^"), wanted);
        }
        case(&[], &[], "CARGO_BUILD_RUSTFLAGS=-Cx cargo build");
        case(&[(BUILD, "-g")], &[], "CARGO_BUILD_RUSTFLAGS='-g -Cx' cargo build");
        case(&[(PLAIN, "-g"), (BUILD, "-O")], &["cfg(unix)"], "RUSTFLAGS='-g -Cx' cargo build");
        case(&[(PLAIN, "")], &[], "RUSTFLAGS=-Cx cargo build");
        case(&[(PLAIN, "-g"), (ENCODED, "-a")], &[], "CARGO_ENCODED_RUSTFLAGS='-a^-Cx' cargo build");
        case(
            &[("CARGO_TARGET_A_B_RUSTFLAGS", "-g")],
            &["cfg(any(unix, windows))", "a-b", "c-d.e"],
            "CARGO_BUILD_RUSTFLAGS=-Cx CARGO_TARGET_A_B_RUSTFLAGS='-g -Cx' CARGO_TARGET_C_D_E_RUSTFLAGS=-Cx cargo build \
             --config 'target.\"cfg(all(any(unix, windows)))\".rustflags=[\"-Cx\"]'",
        );
    }
}
