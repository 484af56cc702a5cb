//! Searches output that hides nothing but its line ends and encodes nothing, as most lines that children print by the
//! million: what the passes of `view` would make of it is known without making it.

use super::view::{BACKSLASH, HIDDEN_BYTES, PERCENT};
use std::io::BufRead as _;

/// Whether no pass changes anything but to leave out line ends, of which there are some.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let means_something = |byte: &u8| *byte != b'\n' && bytes.contains(byte);
    bytes.contains(&b'\n') && !HIDDEN_BYTES.iter().chain(&PERCENT).chain(&BACKSLASH).any(means_something)
}

/// Where a text occurs, line ends aside: starts and ends. The byte at `rare` is searched for first, with the standard
/// library's search.
pub(super) fn find(text: &[u8], rare: usize, bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(mut rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        at += rest.skip_until(text[rare]).expect("a slice can be read");
        // One after the rare byte, or the end when there is none left.
        if bytes[at - 1] == text[rare]
            && let Some(start) = start_of(&text[..rare], &bytes[..at - 1])
            && let Some(length) = end_of(&text[rare + 1..], &bytes[at..])
        {
            found.push((start, at + length));
        }
    }
    found
}

/// Where the last `count` bytes that are no line ends begin.
pub(super) fn start_of_last(bytes: &[u8], count: usize) -> usize {
    let shown = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte != b'\n').map(|(at, _)| at);
    shown.take(count).last().unwrap_or(bytes.len())
}

/// Where bytes that end with this text, line ends aside, have its start.
fn start_of(text: &[u8], bytes: &[u8]) -> Option<usize> {
    let mut at = bytes.len();
    for byte in text.iter().rev() {
        at = at.checked_sub(1)?;
        while bytes[at] == b'\n' {
            at = at.checked_sub(1)?;
        }
        if bytes[at] != *byte {
            return None;
        }
    }
    Some(at)
}

/// Where bytes that begin with this text, line ends aside, have its end.
fn end_of(text: &[u8], bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for byte in text {
        while *bytes.get(at)? == b'\n' {
            at += 1;
        }
        if bytes[at] != *byte {
            return None;
        }
        at += 1;
    }
    Some(at)
}
