//! The surroundings of the process: variables, terminals, processors, the clock. The only module that reads them;
//! everything else is passed this struct.

use crate::process::awake;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use xtask_core::pipeline::Event;

/// The surroundings, read once at the start.
#[derive(Clone, Debug)]
pub struct Environment {
    /// All variables whose names and values are UTF-8.
    pub vars: BTreeMap<String, String>,
    /// The current directory.
    pub cwd: PathBuf,
    /// The directory for temporary files.
    pub temp: PathBuf,
    /// The directory of the program that is running: cargo has put it on the library path. The program itself is not
    /// known to any code: its file may have been replaced, and must not be run again.
    pub built_in: Option<PathBuf>,
    /// Whether stdin, stdout and stderr are terminals.
    pub terminal: Terminals,
    /// The width of the terminal in columns; 80 where there is none.
    pub columns: u16,
    /// How many processors this process may use.
    pub cpus: usize,
    /// When the process started.
    pub now: SystemTime,
    /// The process's id.
    pub pid: u32,
}

/// Which of the standard streams are terminals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminals {
    /// Standard input is one: the user can answer a question.
    pub stdin: bool,
    /// Data goes to a screen.
    pub stdout: bool,
    /// Standard error is one: the user sees the progress.
    pub stderr: bool,
}

impl Environment {
    /// Reads the surroundings.
    pub fn read() -> std::io::Result<Self> {
        Ok(Self {
            vars: std::env::vars_os()
                .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            cwd: std::env::current_dir()?,
            temp: std::env::temp_dir(),
            built_in: std::env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned())),
            terminal: Terminals {
                stdin: std::io::stdin().is_terminal(),
                stdout: std::io::stdout().is_terminal(),
                stderr: std::io::stderr().is_terminal(),
            },
            columns: console::Term::stderr().size_checked().map_or(80, |(_, columns)| columns),
            cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            now: SystemTime::now(),
            pid: std::process::id(),
        })
    }

    /// The value of a variable; an empty one counts as unset.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The user who runs this, for others to read.
    pub fn user(&self) -> &str {
        ["GITHUB_ACTOR", "USER", "LOGNAME"].iter().find_map(|name| self.var(name)).unwrap_or("unknown")
    }

    /// Whether this is a CI job: `CI` is set to something other than `false` or `0`.
    pub fn is_ci(&self) -> bool {
        self.var("CI").is_some_and(|value| !matches!(value, "false" | "0"))
    }

    /// Whether this is a step of GitHub Actions.
    pub fn is_github(&self) -> bool {
        self.var("GITHUB_ACTIONS") == Some("true")
    }

    /// The event that caused the run, where GitHub names it.
    pub fn event(&self) -> Option<Event> {
        self.var("GITHUB_EVENT_NAME").map(Event::on_github)
    }

    /// The branch or the tag that the run is about, where GitHub names it.
    pub fn branch(&self) -> Option<&str> {
        let of_ref = || self.var("GITHUB_REF")?.strip_prefix("refs/heads/");
        self.var("GITHUB_REF_NAME").or_else(of_ref).or_else(|| self.tag())
    }

    /// The tag that the run is about, where GitHub names one.
    pub fn tag(&self) -> Option<&str> {
        self.var("GITHUB_REF")?.strip_prefix("refs/tags/")
    }

    /// Whether the display may move the cursor: stderr is a terminal that can, and no CI reads the log later.
    pub fn is_interactive(&self) -> bool {
        self.terminal.stderr && self.var("TERM") != Some("dumb") && !self.is_ci()
    }

    /// Whether more than ASCII can be shown: the locale is UTF-8, or none is set.
    pub fn shows_unicode(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.var(name));
        locale.is_none_or(|locale| locale.to_lowercase().replace('-', "").contains("utf8"))
    }

    /// Whether to colour the output on stderr.
    ///
    /// | `--color` | `NO_COLOR` | `CLICOLOR_FORCE` | `CARGO_TERM_COLOR` | terminal | GitHub | colour |
    /// | --- | --- | --- | --- | --- | --- | --- |
    /// | always | – | – | – | – | – | yes |
    /// | never | – | – | – | – | – | no |
    /// | auto | set | – | – | – | – | no |
    /// | auto | – | set, not 0 | – | – | – | yes |
    /// | auto | – | – | always / never | – | – | yes / no |
    /// | auto | – | – | – | yes, not dumb | – | yes |
    /// | auto | – | – | – | no | yes | yes |
    pub fn colour(&self, choice: clap::ColorChoice) -> bool {
        match choice {
            clap::ColorChoice::Always => return true,
            clap::ColorChoice::Never => return false,
            clap::ColorChoice::Auto => {}
        }
        if self.var("NO_COLOR").is_some() {
            return false;
        }
        if self.var("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
            return true;
        }
        match self.var("CARGO_TERM_COLOR") {
            Some("always") => true,
            Some("never") => false,
            _ => (self.terminal.stderr && self.var("TERM") != Some("dumb")) || self.is_github(),
        }
    }

    /// The variables that cargo sets for `cargo xtask` alone, and that no child may inherit: with them a run through
    /// the alias and a run of the binary would do different work.
    pub fn set_by_cargo(&self) -> Vec<String> {
        const NAMES: [&str; 7] =
            ["CARGO", "OUT_DIR", "RUSTUP_TOOLCHAIN", "RUST_RECURSION_COUNT", "CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"];
        const PREFIXES: [&str; 5] =
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_PACKAGE"];
        // Without the alias, a `RUSTUP_TOOLCHAIN` is the user's own wish and stays.
        let through_cargo = self.var("CARGO_MANIFEST_DIR").is_some();
        self.vars
            .keys()
            .filter(|key| NAMES.contains(&key.as_str()) || PREFIXES.iter().any(|prefix| key.starts_with(prefix)))
            .filter(|key| through_cargo || *key != "RUSTUP_TOOLCHAIN")
            .cloned()
            .collect()
    }

    /// `LD_LIBRARY_PATH` before cargo prepended its own directories; `None` when it was empty.
    ///
    /// Cargo adds the profile's directory, its `deps`, and the toolchain's `lib`.
    pub fn library_path(&self) -> Option<String> {
        let value = self.var("LD_LIBRARY_PATH")?;
        if self.var("CARGO_MANIFEST_DIR").is_none() {
            return Some(value.to_owned());
        }
        let target = self.built_in.as_ref();
        let own = |entry: &&str| {
            let path = std::path::Path::new(*entry);
            !entry.is_empty()
                && !target.is_some_and(|target| path.starts_with(target))
                && !entry.contains("/.rustup/toolchains/")
                && !entry.contains("/rustlib/")
                && !self.var("RUSTUP_HOME").is_some_and(|home| path.starts_with(home))
        };
        let rest: Vec<&str> = value.split(':').filter(own).collect();
        (!rest.is_empty()).then(|| rest.join(":"))
    }
}

/// Whether a variable is set to the empty string, which counts as unset.
pub fn is_empty(name: &str) -> bool {
    std::env::vars_os().any(|(key, value)| key == name && value.is_empty())
}

/// The clock of a run: the time of day for records, and for durations a monotonic one that does not count the time
/// that xtask is stopped.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Duration,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { start: awake() }
    }

    /// The time of day, RFC 3339 in UTC with milliseconds.
    pub fn now(&self) -> String {
        humantime::format_rfc3339_millis(SystemTime::now()).to_string()
    }

    /// Milliseconds since the clock was started, except those that xtask was stopped.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(awake().saturating_sub(self.start).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ColorChoice;

    fn environment(vars: &[(&str, &str)], stderr: bool) -> Environment {
        Environment {
            vars: vars.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            cwd: "/w".into(),
            temp: "/tmp".into(),
            built_in: Some("/w/target/debug".into()),
            terminal: Terminals { stdin: false, stdout: false, stderr },
            columns: 80,
            cpus: 2,
            now: SystemTime::UNIX_EPOCH,
            pid: 1,
        }
    }

    #[test]
    fn colour_follows_its_table() {
        #[track_caller]
        fn case(choice: ColorChoice, vars: &[(&str, &str)], terminal: bool, wanted: bool) {
            assert_eq!(environment(vars, terminal).colour(choice), wanted);
        }
        case(ColorChoice::Always, &[("NO_COLOR", "1")], false, true);
        case(ColorChoice::Never, &[("CLICOLOR_FORCE", "1")], true, false);
        case(ColorChoice::Auto, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true, false);
        case(ColorChoice::Auto, &[("NO_COLOR", "")], true, true);
        case(ColorChoice::Auto, &[("CLICOLOR_FORCE", "1")], false, true);
        case(ColorChoice::Auto, &[("CLICOLOR_FORCE", "0")], false, false);
        case(ColorChoice::Auto, &[("CARGO_TERM_COLOR", "always")], false, true);
        case(ColorChoice::Auto, &[("CARGO_TERM_COLOR", "never")], true, false);
        case(ColorChoice::Auto, &[("TERM", "dumb")], true, false);
        case(ColorChoice::Auto, &[("GITHUB_ACTIONS", "true")], false, true);
        case(ColorChoice::Auto, &[], false, false);
    }

    #[test]
    fn what_cargo_sets_for_the_alias_is_found_and_what_the_user_set_is_not() {
        let vars = [
            ("CARGO", "c"),
            ("CARGO_HOME", "h"),
            ("CARGO_MANIFEST_DIR", "m"),
            ("CARGO_NET_OFFLINE", "true"),
            ("CARGO_PKG_NAME", "xtask"),
            ("CARGO_TARGET_DIR", "t"),
            ("RUSTUP_TOOLCHAIN", "x"),
            ("RUST_RECURSION_COUNT", "1"),
        ];
        let found = environment(&vars, false).set_by_cargo();
        assert_eq!(
            found,
            ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "RUSTUP_TOOLCHAIN", "RUST_RECURSION_COUNT"]
        );
        assert!(environment(&[("RUSTUP_TOOLCHAIN", "x")], false).set_by_cargo().is_empty());
    }

    #[test]
    fn the_library_path_loses_what_cargo_put_in_front() {
        let path = "/w/target/debug/deps:/w/target/debug:/home/u/.rustup/toolchains/stable/lib:/opt/lib";
        let vars = [("LD_LIBRARY_PATH", path), ("CARGO_MANIFEST_DIR", "m")];
        assert_eq!(environment(&vars, false).library_path().as_deref(), Some("/opt/lib"));
        assert_eq!(environment(&vars[..1], false).library_path().as_deref(), Some(path));
    }
}
