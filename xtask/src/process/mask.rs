//! Takes secrets out of what children print, before anybody sees it: the log, the readers, the terminal.
//!
//! It works on bytes as they arrive, so a secret that two reads cut in half is found as well. It does not know what
//! makes a text a secret: that is the business of [`crate::exec::secrets`].

use crate::command::Stream;
use std::borrow::Cow;
use std::fmt;
use std::io::BufRead as _;
use std::sync::Arc;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "***";

/// The texts to be hidden, in every form that they are looked for. Clones share them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Arc<[Pattern]>);

#[derive(PartialEq, Eq)]
struct Pattern {
    text: Vec<u8>,
    /// The place of its rarest byte: what is searched for first.
    rare: usize,
}

/// The masks of the two streams of a child.
pub(super) struct Masks {
    secrets: Secrets,
    /// What has arrived and may be the beginning of a secret.
    held: [Vec<u8>; 2],
}

impl Secrets {
    /// These texts; the empty ones are ignored.
    pub fn new(texts: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut texts: Vec<Vec<u8>> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        texts.sort();
        texts.dedup();
        let pattern = |text: Vec<u8>| {
            let rare = (0..text.len()).min_by_key(|at| how_common(text[*at])).unwrap_or_default();
            Pattern { text, rare }
        };
        Self(texts.into_iter().map(pattern).collect())
    }

    /// The text without its secrets.
    pub fn hide(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.hide_bytes(text.as_bytes())).into_owned()
    }

    fn hide_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        cover(bytes, &self.find(bytes))
    }

    /// Where the secrets stand: starts and ends, in their order, those that overlap as one.
    fn find(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = self.0.iter().flat_map(|pattern| pattern.find(bytes)).collect();
        found.sort_unstable();
        found.dedup_by(|later, earlier| {
            let overlap = later.0 < earlier.1;
            if overlap {
                earlier.1 = earlier.1.max(later.1);
            }
            overlap
        });
        found
    }

    /// Where the end of these bytes begins that may be the beginning of a secret; their length when there is none.
    fn open_end(&self, bytes: &[u8]) -> usize {
        let longest = self.0.iter().map(|pattern| pattern.text.len()).max().unwrap_or_default();
        let first = (bytes.len() + 1).saturating_sub(longest);
        let begins = |at: &usize| self.0.iter().any(|pattern| pattern.begins_as(&bytes[*at..]));
        (first..bytes.len()).find(begins).unwrap_or(bytes.len())
    }
}

impl Pattern {
    /// Where it stands: starts and ends. The search for one byte is the standard library's, which is compiled with
    /// optimisation even when xtask is not.
    fn find(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut at = self.rare;
        while let Some(mut rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            at += rest.skip_until(self.text[self.rare]).expect("a slice can be read");
            // One behind the rare byte, or behind the end when there is none any more.
            let start = at - 1 - self.rare;
            if bytes[start..].starts_with(&self.text) {
                found.push((start, start + self.text.len()));
            }
        }
        found
    }

    fn begins_as(&self, bytes: &[u8]) -> bool {
        self.text.len() > bytes.len() && self.text.starts_with(bytes)
    }
}

impl Masks {
    pub(super) fn new(secrets: Secrets) -> Self {
        Self { secrets, held: [Vec::new(), Vec::new()] }
    }

    /// Takes what arrived and returns what can be shown of it, and of what was held back before.
    pub(super) fn feed(&mut self, stream: Stream, bytes: Vec<u8>) -> Vec<u8> {
        if self.secrets.0.is_empty() {
            return bytes;
        }
        let held = &mut self.held[stream as usize];
        let mut bytes = if held.is_empty() { bytes } else { [std::mem::take(held), bytes].concat() };
        let mut found = self.secrets.find(&bytes);
        let open = self.secrets.open_end(&bytes);
        // The end of a secret may look like the beginning of another one, and belongs to the one that is there.
        let open = found.iter().find(|(start, end)| (*start..*end).contains(&open)).map_or(open, |(_, end)| *end);
        found.retain(|(start, _)| *start < open);
        *held = bytes.split_off(open);
        match cover(&bytes, &found) {
            Cow::Owned(shown) => shown,
            Cow::Borrowed(_) => bytes,
        }
    }

    /// What was held back for a secret that has not come.
    pub(super) fn finish(&mut self, stream: Stream) -> Vec<u8> {
        let held = std::mem::take(&mut self.held[stream as usize]);
        self.secrets.hide_bytes(&held).into_owned()
    }
}

/// The bytes with what is hidden in place of these parts.
fn cover<'a>(bytes: &'a [u8], parts: &[(usize, usize)]) -> Cow<'a, [u8]> {
    if parts.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let (mut shown, mut next) = (Vec::with_capacity(bytes.len()), 0);
    for (start, end) in parts {
        shown.extend_from_slice(&bytes[next..*start]);
        shown.extend_from_slice(HIDDEN.as_bytes());
        next = *end;
    }
    shown.extend_from_slice(&bytes[next..]);
    Cow::Owned(shown)
}

/// Never what they are.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// How often a byte stands in what tools print, roughly: the search stops at each.
fn how_common(byte: u8) -> u8 {
    match byte {
        b' ' | b'e' | b't' | b'a' | b's' | b'n' | b'o' | b'i' | b'r' => 4,
        b'a'..=b'z' => 3,
        b'0'..=b'9' | b'.' | b':' | b'/' | b'_' | b'-' => 2,
        b'A'..=b'Z' => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Secrets {
        Secrets::new(texts.iter().map(|text| text.as_bytes().to_vec()))
    }

    #[test]
    fn every_occurrence_is_hidden_and_nothing_else() {
        #[track_caller]
        fn case(texts: &[&str], text: &str, want: &str) {
            assert_eq!(secrets(texts).hide(text), want);
        }
        case(&[], "anything", "anything");
        case(&["hunter22"], "hunter22", "***");
        case(&["hunter22"], "a hunter22hunter22 b hunter2", "a ****** b hunter2");
        case(&["aXa"], "aXaXa", "***");
        case(&["abcd", "abcdef", "cdX"], "-abcdef-abcdX-", "-***-***-");
        case(&["", "é€"], "é€é", "***é");
    }

    #[test]
    fn a_secret_in_pieces_is_hidden_and_what_only_begins_like_one_is_shown() {
        let text = b"xhunter2 hunter22 hunhunter22 hunter2";
        for cut in 0..text.len() {
            for second in cut..text.len() {
                let mut masks = Masks::new(secrets(&["hunter22", "2 hu!"]));
                let mut shown = Vec::new();
                for piece in [&text[..cut], &text[cut..second], &text[second..]] {
                    shown.extend(masks.feed(Stream::Stdout, piece.to_vec()));
                }
                shown.extend(masks.finish(Stream::Stdout));
                assert_eq!(String::from_utf8_lossy(&shown), "xhunter2 *** hun*** hunter2", "cut at {cut} and {second}");
            }
        }
    }

    #[test]
    fn the_streams_are_apart_and_nothing_is_held_without_need() {
        let mut masks = Masks::new(secrets(&["hunter22"]));
        assert_eq!(masks.feed(Stream::Stdout, b"100 % hunt".to_vec()), b"100 % ");
        assert_eq!(masks.feed(Stream::Stderr, b"er22".to_vec()), b"er22");
        assert_eq!(masks.finish(Stream::Stdout), b"hunt");
        assert_eq!(format!("{:?}", masks.secrets), "Secrets(1)");
    }
}
