//! Gathers one JSON document that a tool prints among other lines, with a limit to its size.

use serde::de::DeserializeOwned;

/// The largest document that is read, in bytes: twice what a workspace of a thousand files needs.
const LARGEST: usize = 32 * 1024 * 1024;

/// The lines from the first one that opens an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    bytes: Vec<u8>,
    too_large: bool,
}

impl Document {
    /// Looks at one line of standard output.
    pub(super) fn line(&mut self, line: &[u8]) {
        if self.too_large || (self.bytes.is_empty() && !line.trim_ascii_start().starts_with(b"{")) {
            return;
        }
        if self.bytes.len() + line.len() > LARGEST {
            self.too_large = true;
            self.bytes = Vec::new();
            return;
        }
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
    }

    /// Whether nothing was printed that could be the document.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && !self.too_large
    }

    /// The document, or why it cannot be read.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, String> {
        if self.too_large {
            return Err(format!("its JSON is larger than {}", xtask_core::text::bytes(LARGEST as u64)));
        }
        serde_json::from_slice(&self.bytes).map_err(|error| {
            if error.is_eof() {
                format!("its JSON is cut off: {error}")
            } else {
                format!("its JSON has a new shape: {error}")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_found_behind_other_lines_and_its_size_is_limited() {
        let mut document = Document::default();
        document.line(b"info: hello");
        assert!(document.is_empty());
        document.line(b"{\"a\":");
        assert!(document.parse::<serde_json::Value>().expect_err("not whole").contains("cut off"));
        document.line(b"1}");
        assert_eq!(document.parse::<serde_json::Value>().expect("whole")["a"], 1);
        document.line(b"x");
        assert!(document.parse::<serde_json::Value>().expect_err("garbage").contains("new shape"));
        document.line(&vec![b' '; LARGEST]);
        assert!(document.parse::<serde_json::Value>().expect_err("large").contains("larger than 32.0 MiB"));
    }
}
