//! What can go wrong: a file, or a layout that does not hold together.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why an image could not be packed or read.
#[derive(Debug)]
pub enum Error {
    /// A file or directory could not be read or written.
    Io {
        /// What was attempted: `read`, `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A layout, or a part of it, is not what it claims to be.
    Broken {
        /// The layout or the blob.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A program cannot be parsed.
    Program(String),
}

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn broken(path: &Path, why: impl Into<String>) -> Self {
        Self::Broken { path: path.to_owned(), why: why.into() }
    }
}

/// Adds the file to an I/O error.
pub(crate) trait At<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Io { what, path: path.to_owned(), source })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { what, path, source } => write!(f, "{what} {}: {source}", path.display()),
            Self::Broken { path, why } => write!(f, "read the image {}: {why}", path.display()),
            Self::Program(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}
