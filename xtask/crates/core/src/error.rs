//! Errors, in words that help the reader to fix them, and the exit codes that scripts rely on.
//!
//! A failing command of a stage is an [`Outcome`](crate::outcome::Outcome), not an [`Error`]: an `Error` means that
//! xtask itself could not continue.

use crate::cause::Cause;
use std::fmt;
use std::path::PathBuf;

/// The exit codes. They are an interface: scripts and workflows branch on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything that blocks has passed; warnings are allowed.
    Ok,
    /// A gate failed.
    Gate,
    /// The command line or the configuration is wrong.
    Usage,
    /// A problem with a tool, the network, a credential or the disk.
    Environment,
    /// The selection holds nothing to work on.
    NothingSelected,
    /// A time limit of a task or of the run was reached.
    TimedOut,
    /// Another run holds this checkout.
    Locked,
    /// A deployment failed, and the rollback is done and verified.
    RolledBack,
    /// A deployment failed, and manual intervention is needed.
    Broken,
    /// A bug in xtask.
    Bug,
    /// A signal ended the run: 128 plus its number.
    Interrupted(i32),
}

impl Exit {
    /// The exit code of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Gate => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::NothingSelected => 4,
            Self::TimedOut => 5,
            Self::Locked => 6,
            Self::RolledBack => 7,
            Self::Broken => 8,
            Self::Bug => 70,
            Self::Interrupted(signal) => u8::try_from(128 + signal).unwrap_or(130),
        }
    }
}

/// Why xtask itself could not continue.
///
/// Its headline is a lowercase sentence without a final dot. The constructors take what was attempted, on which path or
/// command, and put "cannot" in front of it: `read the manifest` becomes `cannot read the manifest`. Causes go from the
/// outermost to the innermost; a hint is what to do about it.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    headline: String,
    causes: Vec<String>,
    cause: Option<Cause>,
    hint: Option<String>,
    flaws: Box<[Flaw]>,
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flaw {
    /// The file, absolute or from the root of the workspace.
    pub file: PathBuf,
    /// The dotted path of the key, in a manifest.
    pub key: Option<String>,
    /// The line, from 1, where it is known.
    pub line: Option<u32>,
    /// The column, from 1, where it is known.
    pub column: Option<u32>,
    /// The problem; empty when the whole error says it.
    pub message: String,
}

/// The result of everything in xtask that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The command line or the configuration is wrong.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// A problem with a tool, the network, a credential or the disk.
    pub fn environment(what: impl Into<String>) -> Self {
        Self::new(Exit::Environment, what)
    }

    /// An error that ends the process with the given code.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self::saying(exit, format!("cannot {}", what.into()))
    }

    /// An error whose headline is a sentence of its own.
    pub fn saying(exit: Exit, headline: impl Into<String>) -> Self {
        Self { exit, headline: headline.into(), causes: Vec::new(), cause: None, hint: None, flaws: Box::default() }
    }

    /// Something that was named on the command line and does not exist.
    pub fn unknown(kind: &str, name: &str) -> Self {
        Self::saying(Exit::Usage, format!("unknown {kind} `{name}`"))
    }

    /// Adds an underlying error as the cause, along with its own chain of sources.
    #[must_use]
    pub fn because(mut self, cause: impl std::error::Error) -> Self {
        self.causes.push(cause.to_string());
        let mut next = cause.source();
        while let Some(source) = next {
            let text = source.to_string();
            if self.causes.last().is_none_or(|last| !last.contains(&text)) {
                self.causes.push(text);
            }
            next = source.source();
        }
        self
    }

    /// Adds a cause in words, such as the last lines of a tool.
    #[must_use]
    pub fn detail(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds the cause as a type, where advice depends on it.
    #[must_use]
    pub fn caused_by(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the places in files that are wrong, for readers who see the files rather than the terminal.
    #[must_use]
    pub fn at(mut self, flaws: impl IntoIterator<Item = Flaw>) -> Self {
        self.flaws = flaws.into_iter().collect();
        self
    }

    /// The places in files that are wrong, as far as they are known.
    pub fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }

    /// The attempted operation and why it failed, in one line.
    pub fn line(&self) -> String {
        let parts = std::iter::once(&self.headline).chain(&self.causes).flat_map(|part| part.lines()).map(str::trim);
        parts.collect::<Vec<_>>().join(": ")
    }

    /// The same with only the first line of each cause: a tool may have printed twenty.
    pub fn headline(&self) -> String {
        let parts = std::iter::once(&self.headline).chain(&self.causes).filter_map(|part| part.trim().lines().next());
        parts.collect::<Vec<_>>().join(": ")
    }

    /// The cause as a type, where advice depends on it.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Why it failed, in one line.
    pub fn causes(&self) -> String {
        self.causes.join(": ")
    }

    /// The exit code of the process when this error ends it.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline)?;
        for cause in &self.causes {
            for (index, line) in cause.trim_end().lines().enumerate() {
                write!(f, "\n  {}{line}", if index == 0 { "because: " } else { "         " })?;
            }
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
