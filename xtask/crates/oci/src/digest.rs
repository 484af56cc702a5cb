//! The name of a content: its SHA-256.

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fmt::Write as _;
use std::io::{self, Read, Write};

const PREFIX: &str = "sha256:";

/// `sha256:` and 64 lowercase hexadecimal digits. No other algorithm is in use anywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Digest(String);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::named(&Sha256::digest(bytes))
    }

    /// The digest of everything that `reader` returns, and the number of bytes.
    pub fn of_stream(reader: &mut dyn Read) -> io::Result<(Self, u64)> {
        let mut hasher = Hasher(Sha256::new());
        let size = io::copy(reader, &mut hasher)?;
        Ok((Self::named(&hasher.0.finalize()), size))
    }

    /// Parses a digest as it is written; `None` when the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix(PREFIX)?;
        let valid = hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(text.to_owned()))
    }

    /// The digits alone, which name a blob's file.
    pub fn hex(&self) -> &str {
        &self.0[PREFIX.len()..]
    }

    fn named(hash: &[u8]) -> Self {
        let mut text = PREFIX.to_owned();
        for byte in hash {
            write!(text, "{byte:02x}").expect("a String takes everything");
        }
        Self(text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no sha256 digest")))
    }
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From FIPS 180-2.
    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_that_of_the_standard() {
        assert_eq!(Digest::of(b"abc").to_string(), ABC);
        assert_eq!(Digest::of_stream(&mut &b"abc"[..]).expect("memory can be read"), (Digest::of(b"abc"), 3));
    }

    #[test]
    fn what_is_no_digest_names_no_file() {
        let upper = ABC.to_uppercase();
        for text in ["", "sha256:", "sha512:ab", "sha256:../../../etc/passwd", &ABC[..70], &upper] {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
        assert_eq!(Digest::parse(ABC).expect("it is one").hex().len(), 64);
    }
}
