//! Reads cargo's `--message-format=json`: what the compiler and clippy found, and what was built.
//!
//! The types here name only the fields that are used, so that a newer cargo with more of them is read all the same.

use super::findings::{Findings, finding};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use xtask_core::command::{Exit, Stream};
use xtask_core::outcome::Outcome;
use xtask_core::reader::complaints::{Complaints, FULL};
use xtask_core::reader::{Read, environment_error, guard, headline, relative, text};
use xtask_core::reading::{Binary, Finding, Reading, Scripts, Severity};
use xtask_core::text::{bytes, count, list};

/// The most executables that are kept; a workspace of a thousand packages has a few thousand.
const MOST_BINARIES: usize = 20_000;

/// The longest message that is read, in bytes.
const LONGEST_MESSAGE: usize = 8 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(tag = "reason")]
enum Message {
    #[serde(rename = "compiler-message")]
    Found { package_id: String, message: Diagnostic },
    #[serde(rename = "compiler-artifact")]
    Built {
        package_id: String,
        target: Target,
        profile: Profile,
        executable: Option<PathBuf>,
        #[serde(default)]
        filenames: Vec<PathBuf>,
    },
    #[serde(rename = "build-script-executed")]
    Executed { package_id: String, env: Vec<(String, String)>, linked_paths: Vec<String>, out_dir: PathBuf },
    #[serde(rename = "build-finished")]
    Finished { success: bool },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    message: String,
    code: Option<Code>,
    spans: Vec<Span>,
    #[serde(default)]
    children: Vec<Child>,
}

/// A part of a diagnostic below its message: what the linker said, say.
#[derive(Deserialize)]
struct Child {
    message: String,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    line_start: u32,
    line_end: Option<u32>,
    column_start: Option<u32>,
    column_end: Option<u32>,
    #[serde(default)]
    is_primary: bool,
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Span,
}

/// The end of a message about something built that is not an executable.
const LIBRARY: [&[u8]; 2] = [b",\"executable\":null,\"fresh\":true}", b",\"executable\":null,\"fresh\":false}"];

/// How cargo warns of two programs that it writes to one file.
const COLLISION: &str = "warning: output filename collision at ";
/// The end of the kinds `dylib` and `cdylib`.
const SHARED: &[u8] = b"dylib\"";

/// What cargo has said so far.
#[derive(Clone, Debug, Default)]
pub struct CargoMessages {
    root: PathBuf,
    findings: Findings,
    compile_errors: usize,
    first_error: Option<String>,
    /// That the disk was full, when the compiler found it so.
    full: Option<String>,
    binaries: Vec<Binary>,
    scripts: Scripts,
    success: Option<bool>,
    /// A message of cargo that cannot be read.
    strange: Option<String>,
    /// The files to which cargo has written more than one program.
    collisions: Vec<String>,
    complaints: Complaints,
}

impl CargoMessages {
    fn message(&mut self, message: Message) {
        match message {
            Message::Found { package_id, message } => self.diagnostic(&package_id, message),
            Message::Built { package_id, target, profile, executable: Some(path), .. } => {
                if self.binaries.len() == MOST_BINARIES {
                    self.strange = Some(format!("more than {MOST_BINARIES} executables"));
                    return;
                }
                let kind = target.kind.into_iter().next().unwrap_or_default();
                let test = profile.test;
                self.binaries.push(Binary {
                    package: package_id,
                    target: target.name,
                    kind,
                    test,
                    path,
                    bytes: 0,
                    digest: None,
                });
            }
            Message::Executed { package_id, env, linked_paths, out_dir } => {
                let own = self.scripts.env.entry(package_id).or_default();
                own.extend(env);
                own.insert("OUT_DIR".to_owned(), out_dir.to_string_lossy().into_owned());
                let paths =
                    linked_paths.iter().map(|path| path.split_once('=').map_or(path.as_str(), |(_, path)| path));
                self.scripts.libraries.extend(paths.map(PathBuf::from));
            }
            // The last one is cargo's: a procedural macro may print anything before it.
            Message::Finished { success } => self.success = Some(success),
            Message::Built { executable: None, filenames, .. } => {
                let directories = filenames.iter().filter_map(|file| file.parent()).map(Path::to_owned);
                self.scripts.shared.extend(directories);
            }
            Message::Other => {}
        }
    }

    fn diagnostic(&mut self, package_id: &str, message: Diagnostic) {
        let severity = match message.level.as_str() {
            "warning" => Severity::Warning,
            "note" | "help" => Severity::Note,
            level if level.starts_with("error") => Severity::Error,
            // `failure-note` explains how to explain an error.
            _ => return,
        };
        let code = message.code.map(|code| code.code);
        let span = message.spans.into_iter().find(|span| span.is_primary).map(|span| visible(span, &self.root));
        if span.is_none() && code.is_none() && is_summary(&message.message) {
            return;
        }
        if severity == Severity::Error && span.is_none() && code.is_none() && self.full.is_none() {
            self.full = full_disk(&message.message, &message.children, &self.root);
        }
        let tool = if code.as_deref().is_some_and(|code| code.starts_with("clippy::")) { "clippy" } else { "rustc" };
        let is_lint = code.as_deref().is_some_and(|code| !is_error_code(code));
        let finding = Finding {
            code,
            file: span.as_ref().map(|span| relative(&span.file_name, &self.root)),
            line: span.as_ref().map(|span| span.line_start),
            column: span.as_ref().and_then(|span| span.column_start),
            end_line: span.as_ref().and_then(|span| span.line_end),
            end_column: span.as_ref().and_then(|span| span.column_end),
            package: Some(label(package_id)),
            ..finding(tool, severity, headline(&message.message))
        };
        let shown = finding.message.clone();
        if self.findings.add(finding) && severity == Severity::Error && !is_lint {
            self.compile_errors += 1;
            self.first_error.get_or_insert(shown);
        }
    }

    /// `2 compile errors (mismatched types) and 4 lints`.
    fn because(&self) -> Option<String> {
        let lints = self.findings.counted(Severity::Error) - self.compile_errors;
        let mut parts = Vec::new();
        if self.compile_errors > 0 {
            let first = self.first_error.as_deref().unwrap_or_default();
            parts.push(format!("{} ({first})", count(self.compile_errors, "compile error")));
        }
        if lints > 0 {
            parts.push(count(lints, "lint"));
        }
        (!parts.is_empty()).then(|| list(parts))
    }

    /// The reading of a build that failed.
    fn failed(&self, exit: Exit) -> Reading {
        // With a full disk nothing else that the compiler says can be relied on.
        if let Some(full) = &self.full {
            return environment_error(full);
        }
        if let Some(found) = self.because() {
            return Reading::because(Outcome::Failed, found);
        }
        match self.complaints.error() {
            Some(error) if self.complaints.environment() => environment_error(error),
            Some(error) => Reading::because(Outcome::Failed, error),
            None => environment_error(format!("cargo {exit} and did not say why")),
        }
    }
}

impl Read for CargoMessages {
    fn start(&self, root: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(Self { root: root.to_owned(), ..self.clone() })
    }

    fn is_for_people(&self, stream: Stream) -> bool {
        stream == Stream::Stderr
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        if stream == Stream::Stderr {
            let line = text(line);
            // One is about the program, another one about its debug information.
            let file = line.strip_prefix(COLLISION).map(|file| relative(file.trim(), &self.root));
            self.collisions.extend(file.filter(|file| Path::new(file).extension().is_none_or(|it| it != "dwp")));
            return self.complaints.see(&line);
        }
        // Anything else on standard output comes from a procedural macro.
        if !line.starts_with(b"{\"reason\":") {
            return;
        }
        // Nine messages in ten are about a library: a look at their end is enough, and saves parsing them. A shared one
        // has to be found by the programs that link it.
        let is_shared = || line.windows(SHARED.len()).any(|part| part == SHARED);
        if LIBRARY.iter().any(|end| line.ends_with(end)) && !is_shared() {
            return;
        }
        if line.len() > LONGEST_MESSAGE {
            self.strange = Some(format!("a message of cargo is larger than {}", bytes(LONGEST_MESSAGE as u64)));
            return;
        }
        match serde_json::from_slice(line) {
            Ok(message) => self.message(message),
            Err(error) => self.strange = Some(format!("a message of cargo cannot be read: {error}")),
        }
    }

    fn finish(self: Box<Self>, exit: Exit, cut: bool) -> Reading {
        let mut reading = match (exit, self.success) {
            (Exit::Signal(_), _) => environment_error(format!("cargo {exit}")),
            (Exit::Code(0), Some(true)) => match &self.strange {
                Some(strange) => environment_error(strange),
                None => Reading::passed(),
            },
            (Exit::Code(0), None) => environment_error("cargo's messages end before the build does"),
            (Exit::Code(0), Some(false)) => {
                environment_error("cargo says that the build failed, and exited with code 0")
            }
            (Exit::Code(_), _) => self.failed(exit),
        };
        self.findings.into_reading(&mut reading);
        let note = |file: &String| format!("cargo has written two programs to {file}, which holds the last one");
        reading.notes.extend(self.collisions.iter().map(note));
        reading.binaries = self.binaries;
        reading.scripts = self.scripts;
        guard(reading, cut)
    }
}

/// The place in the workspace that a span is about: the call of the macro when that is defined elsewhere.
fn visible(span: Span, root: &Path) -> Span {
    let foreign = span.file_name.starts_with('<')
        || (Path::new(&span.file_name).is_absolute() && !Path::new(&span.file_name).starts_with(root));
    match span {
        Span { expansion: Some(expansion), .. } if foreign => visible(expansion.span, root),
        span => span,
    }
}

/// Whether an error that is about no source says that the disk was full, and of which file that became known.
///
/// A linker that maps its output into memory is killed by SIGBUS when the disk is full.
fn full_disk(message: &str, children: &[Child], root: &Path) -> Option<String> {
    let texts = || std::iter::once(message).chain(children.iter().map(|child| child.message.as_str()));
    let full = texts().any(|text| text.contains(FULL) || text.contains("terminated with signal 7 [Bus error]"));
    let output = |text: &str| Some(text.split_once("\"-o\" \"")?.1.split('"').next()?.to_owned());
    let quoted = message.split('`').nth(1).filter(|quoted| quoted.starts_with('/')).map(str::to_owned);
    let file = quoted.or_else(|| texts().find_map(output));
    let place = file.map_or("the disk".to_owned(), |file| format!("the disk of {}", relative(&file, root)));
    full.then(|| format!("no space left on {place}: {}", headline(message)))
}

/// `aborting due to 2 previous errors`, `3 warnings emitted`: they count what was already reported.
fn is_summary(message: &str) -> bool {
    message.starts_with("aborting due to ") || message.ends_with(" emitted")
}

/// `E0308`, as opposed to a lint's name.
fn is_error_code(code: &str) -> bool {
    code.strip_prefix('E').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A package id as people read it: `path+file:///w/b#b-bin@0.1.0` and `path+file:///w/b#0.1.0` are `NAME 0.1.0`.
fn label(id: &str) -> String {
    match id.rsplit_once('#') {
        Some((_, fragment)) if fragment.contains('@') => fragment.replacen('@', " ", 1),
        Some((place, version)) => {
            let place = place.split('?').next().unwrap_or(place);
            format!("{} {version}", place.rsplit('/').next().unwrap_or(place))
        }
        None => id.split(' ').take(2).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests;
