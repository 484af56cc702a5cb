//! A command as data: the same value is planned, printed, recorded and spawned.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A program with its arguments, directory and environment.
///
/// `Display` prints it as one line that can be pasted into a POSIX shell at the workspace's root: the variables that
/// differ from the surroundings first, then the program and its arguments, quoted where they need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program: a name to be found on `PATH`, or a path.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its working directory, absolute.
    pub cwd: PathBuf,
    /// Variables set on top of the child environment.
    pub env: BTreeMap<String, String>,
    /// Whether both of its streams are read as one, as standard output: in the order in which it writes them.
    pub one_stream: bool,
}

/// Which of its two streams a program wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Command {
    /// A command of `program` in `cwd`, without arguments.
    pub fn new(program: impl Into<String>, cwd: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), args: Vec::new(), cwd: cwd.into(), env: BTreeMap::new(), one_stream: false }
    }

    /// `cargo` in `cwd`.
    pub fn cargo(cwd: impl Into<PathBuf>) -> Self {
        Self::new("cargo", cwd)
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(key.into(), value.into());
        self
    }

    /// Reads both of its streams as one.
    #[must_use]
    pub fn one_stream(mut self) -> Self {
        self.one_stream = true;
        self
    }

    /// The same without some of its arguments.
    #[must_use]
    pub fn without(mut self, args: &[&str]) -> Self {
        self.args.retain(|arg| !args.contains(&arg.as_str()));
        self
    }

    /// Program and arguments as one list.
    pub fn argv(&self) -> Vec<&str> {
        std::iter::once(&self.program).chain(&self.args).map(String::as_str).collect()
    }

    /// The line to paste into a shell in `here`: with a `cd` first where the command runs elsewhere.
    pub fn paste_from(&self, here: &Path) -> String {
        match self.cwd.strip_prefix(here) {
            Ok(rest) if rest.as_os_str().is_empty() => self.to_string(),
            Ok(rest) => format!("(cd {} && {self})", quote(&rest.to_string_lossy())),
            Err(_) => format!("(cd {} && {self})", quote(&self.cwd.to_string_lossy())),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in &self.env {
            write!(f, "{key}={} ", quote(value))?;
        }
        // A first word with `=` in it would be taken for a variable.
        if self.program.contains('=') {
            write!(f, "{}", shlex::try_quote(&self.program).unwrap_or_default())?;
        } else {
            f.write_str(&quote(&self.program))?;
        }
        for arg in &self.args {
            write!(f, " {}", quote(arg))?;
        }
        Ok(())
    }
}

/// Quotes one word for a POSIX shell. A NUL cannot reach a process, so it is shown as the replacement character.
pub fn quote(word: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return Cow::Borrowed(word);
    }
    if !word.contains(['\'', '\0']) {
        return Cow::Owned(format!("'{word}'"));
    }
    shlex::try_quote(word).unwrap_or_else(|_| Cow::Owned(format!("'{}'", word.replace('\0', "\u{fffd}"))))
}

/// How a process ended by itself, as far as readers need to know: timeouts and cancellation never reach them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It returned this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl Exit {
    /// Whether it ended well.
    pub fn is_ok(self) -> bool {
        self == Self::Code(0)
    }
}

/// How it ended, as a predicate: `exited with code 3`, `was killed by SIGSEGV`.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(signal) => write!(f, "was killed by {}", crate::text::signal(*signal)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_command_splits_back_into_the_same_words() {
        let command = Command::cargo("/w").args(["test", "--", "it's", "a b", "$HOME", "*", ""]).env("K", "a b");
        let line = command.to_string();
        let words = shlex::split(&line).expect("the line is valid shell");
        assert_eq!(words, ["K=a b", "cargo", "test", "--", "it's", "a b", "$HOME", "*", ""]);
    }

    #[test]
    fn a_command_of_another_folder_goes_there_first() {
        let command = Command::cargo("/w/my services/a").arg("run");
        assert_eq!(command.paste_from(Path::new("/w")), "(cd 'my services/a' && cargo run)");
        assert_eq!(command.paste_from(Path::new("/w/my services/a")), "cargo run");
    }
}
