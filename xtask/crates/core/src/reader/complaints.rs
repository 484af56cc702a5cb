//! Keeps the one complaint of a tool on its standard error that explains why it did not do its work.

use super::headline;

/// The system's message for a full disk.
pub const FULL: &str = "No space left on device";

/// What cargo and its tools print when the machine, not the code, is the problem.
const ENVIRONMENT: [&str; 18] = [
    "attempting to make an HTTP request, but --offline was specified",
    "Could not resolve host",
    "Could not connect to server",
    "Connection refused",
    "Connection reset",
    "Connection timed out",
    "Timeout was reached",
    "Operation timed out",
    "SSL connect error",
    "SSL certificate",
    "download of config.json failed",
    "spurious network error",
    FULL,
    "Read-only file system",
    "is not installed for the toolchain",
    "no such command: `",
    "could not execute process `rustc",
    // A wrapper that is missing fails with cargo's very first question.
    "rustc -vV` (never executed)",
];

/// The first complaint of a tool, the innermost cause after it, and whether the machine is to blame.
#[derive(Clone, Debug, Default)]
pub struct Complaints {
    error: Option<String>,
    cause: Option<String>,
    cause_follows: bool,
    other: Option<String>,
    environment: bool,
    /// The first line about a full disk.
    full: Option<String>,
}

impl Complaints {
    /// Looks at one line of standard error.
    pub fn see(&mut self, line: &str) {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            return;
        }
        if !is_source(trimmed) && ENVIRONMENT.iter().any(|words| trimmed.contains(words)) {
            self.environment = true;
            if self.full.is_none() && trimmed.contains(FULL) {
                self.full = Some(headline(trimmed));
            }
        }
        if std::mem::take(&mut self.cause_follows) {
            self.cause = Some(headline(trimmed.trim_start_matches("-> ")));
        } else if trimmed == "Caused by:" {
            self.cause_follows = true;
        } else if let Some(error) = error_text(line) {
            // Cargo ends with a summary of what the compiler said; it is only used when there is nothing better.
            if self.error.as_ref().is_none_or(|known| known.starts_with("could not compile")) {
                self.error = Some(headline(error));
                self.cause = None;
            }
        } else if self.other.is_none() && !is_progress(line) {
            self.other = Some(headline(trimmed));
        }
    }

    /// Whether the network, the disk or a missing component is to blame.
    pub fn environment(&self) -> bool {
        self.environment
    }

    /// The error that the tool reported, with its innermost cause; for a full disk that, whatever else it reported.
    pub fn error(&self) -> Option<String> {
        let error = self.error.as_ref().map(|error| match &self.cause {
            Some(cause) if !error.contains(cause.as_str()) => format!("{error}: {cause}"),
            _ => error.clone(),
        });
        match &self.full {
            Some(full) if error.as_ref().is_none_or(|error| !error.contains(FULL)) => {
                Some(format!("no space left on the disk: {full}"))
            }
            _ => error,
        }
    }

    /// The error, or failing that the first other thing that it said.
    pub fn any(&self) -> Option<String> {
        self.error().or_else(|| self.other.clone())
    }
}

/// The text after `error: ` or `error[E0123]: ` at the very start of a line.
fn error_text(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("error")?;
    match rest.strip_prefix('[') {
        Some(code) => code.split_once("]: ").map(|(_, text)| text),
        None => rest.strip_prefix(": "),
    }
}

/// A line of source that a compiler shows: `12 | let x = …`.
fn is_source(line: &str) -> bool {
    line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|')
}

/// Cargo's status lines (a verb right-aligned in twelve columns), warnings and notes are not complaints.
fn is_progress(line: &str) -> bool {
    let starts = ["warning", "Warning", "note", "help", "info"];
    line.starts_with("  ") || starts.iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &str) -> Complaints {
        let mut complaints = Complaints::default();
        lines.lines().for_each(|line| complaints.see(line));
        complaints
    }

    #[test]
    fn the_first_error_and_its_innermost_cause_are_kept() {
        let seen = of("    Updating crates.io index
error: failed to get `itoa` as a dependency of package `m v0.1.0 (/w/m)`

Caused by:
  download of config.json failed

Caused by:
  [7] Could not connect to server (Failed to connect to 127.0.0.1 port 1)");
        let wanted = "failed to get `itoa` as a dependency of package `m v0.1.0 (/w/m)`: \
                      [7] Could not connect to server (Failed to connect to 127.0.0.1 port 1)";
        assert_eq!(seen.any().as_deref(), Some(wanted));
        assert!(seen.environment());
    }

    #[test]
    fn a_summary_gives_way_to_the_reason() {
        let seen = of("error: could not compile `x` (lib) due to 1 previous error\nerror: the real reason");
        assert_eq!(seen.error().as_deref(), Some("the real reason"));
        assert!(!seen.environment());
    }

    #[test]
    fn a_source_that_talks_about_networks_is_no_network_trouble() {
        let seen =
            of("error: unused\n --> src/lib.rs:3:1\n  |\n3 | \"Connection refused\"\n  | ^^^ Connection refused");
        assert!(!seen.environment());
        assert!(of("  Connection refused (os error 111)").environment());
    }

    #[test]
    fn a_full_disk_is_the_reason_whatever_else_is_said() {
        let seen = of("rustc-LLVM ERROR: IO failure on output stream: No space left on device
error: could not compile `c` (lib test)

Caused by:
  failed to parse process output: `rustc --crate-name c`");
        let wanted =
            "no space left on the disk: rustc-LLVM ERROR: IO failure on output stream: No space left on device";
        assert_eq!(seen.error().as_deref(), Some(wanted));
        assert!(seen.environment());
    }

    #[test]
    fn progress_is_no_complaint() {
        let seen = of("   Compiling a v0.1.0\nwarning: x\nCould not parse TOML: TOML parse error at line 1");
        assert_eq!(seen.error(), None);
        assert_eq!(seen.any().as_deref(), Some("Could not parse TOML: TOML parse error at line 1"));
    }
}
