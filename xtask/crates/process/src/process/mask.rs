//! Redacts secrets in the output of children, before it reaches the log, the readers or the terminal.
//!
//! It works on bytes as they arrive, so it also finds a secret that is split across two reads or two lines. It searches
//! them as they are and as they are read further on (`view`): a secret with colours inside, or encoded, is found. It
//! does not know what makes a text a secret: that is up to the caller.

mod escape;
mod plain;
mod view;

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead as _;
use std::sync::Arc;
use view::{Layer, PASSES};
use xtask_core::command::Stream;

/// The replacement of a secret.
pub const HIDDEN: &str = "***";

/// Fewer bytes than this at the end of a line may well begin like a secret by chance; they do not hold their line back.
const TELLING: usize = 4;

/// The form of a secret in a view is too short to search for below this, unless the secret itself is.
const SHORTEST_FORM: usize = 6;

/// The texts to redact. Clones share them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Arc<Levels>);

/// The patterns to search for in the bytes as they are, and in what each pass makes of them.
type Levels = [Patterns; PASSES + 1];

/// Patterns that are searched for in the same text.
#[derive(Default, PartialEq, Eq)]
struct Patterns {
    all: Vec<Pattern>,
    /// Whether a pattern begins with this byte.
    begins: Vec<bool>,
    longest: usize,
}

#[derive(PartialEq, Eq)]
struct Pattern {
    text: Vec<u8>,
    /// The position of its rarest byte, which is searched for first.
    rare: usize,
}

/// The masks of the two streams of a child.
pub(super) struct Masks {
    secrets: Secrets,
    held: [Held; 2],
}

/// What has arrived and may be the beginning of a secret.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    /// How many of the bytes have been handed on all the same, with their line.
    shown: usize,
}

/// What a search has found.
#[derive(Debug, PartialEq)]
struct Search {
    /// Where secrets are: starts and ends, in order, those that overlap as one.
    found: Vec<(usize, usize)>,
    /// Where the trailing bytes start that may be the beginning of a secret; the length of the bytes when there are
    /// none.
    open: usize,
    /// Whether enough of a secret has arrived to hold a line back.
    telling: bool,
}

impl Secrets {
    /// These texts; the empty ones are ignored.
    pub fn new(texts: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut levels: [Vec<Vec<u8>>; PASSES + 1] = Default::default();
        for text in texts {
            let mut form = text.clone();
            for (number, level) in levels.iter_mut().enumerate() {
                if form.len() >= text.len().min(SHORTEST_FORM) && !form.is_empty() {
                    level.push(form.clone());
                }
                form = view::pass(number, &form, true).map_or(form, |layer| layer.text);
            }
        }
        Self(Arc::new(levels.map(Patterns::new)))
    }

    /// The text without its secrets.
    pub fn hide(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.hide_bytes(text.as_bytes())).into_owned()
    }

    fn is_empty(&self) -> bool {
        self.0[0].all.is_empty()
    }

    fn hide_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.is_empty() { Cow::Borrowed(bytes) } else { cover(bytes, &self.search(bytes, true).found) }
    }

    /// Searches the bytes and each view of them; `last` means that nothing follows.
    fn search(&self, bytes: &[u8], last: bool) -> Search {
        let mut search =
            if plain::is_plain(bytes) { self.search_plain(bytes, last) } else { self.search_views(bytes, last) };
        search.found.sort_unstable();
        search.found.dedup_by(|later, earlier| {
            let overlap = later.0 < earlier.1;
            if overlap {
                earlier.1 = earlier.1.max(later.1);
            }
            overlap
        });
        search
    }

    /// Searches bytes whose every view is the same: the bytes without their line ends. It makes no view of them, but of
    /// the last ones, for a secret that may have begun there. Nearly all output is like that.
    fn search_plain(&self, bytes: &[u8], last: bool) -> Search {
        let patterns = &self.0[1];
        let find = |pattern: &Pattern| plain::find(&pattern.text, pattern.rare, bytes);
        let mut search =
            Search { found: patterns.all.iter().flat_map(find).collect(), open: bytes.len(), telling: false };
        if last {
            return search;
        }
        let from = plain::start_of_last(bytes, patterns.longest);
        let end = &bytes[from..];
        let layers: Vec<Layer> = view::pass(0, end, last).into_iter().collect();
        let text = layers.first().map_or(end, |layer| &layer.text);
        let open = patterns.open_end(text);
        if open < text.len() {
            search.open = from + origin(&layers, open);
            search.telling = text.len() - open >= TELLING;
        }
        search
    }

    fn search_views(&self, bytes: &[u8], last: bool) -> Search {
        let mut search = Search { found: Vec::new(), open: bytes.len(), telling: false };
        let mut layers: Vec<Layer> = Vec::new();
        for number in 0..PASSES {
            let input = layers.last().map_or(bytes, |layer| &layer.text);
            let layer = view::pass(number, input, last);
            // A text that has lost nothing but its line ends is not searched twice: most are like that.
            if number == 0 && (layer.is_none() || view::has_sequences(bytes)) {
                search.look(&self.0[0], bytes, &layers, last);
            }
            let Some(layer) = layer else { continue };
            if layer.undecided < input.len() {
                search.open = search.open.min(origin(&layers, layer.undecided));
            }
            layers.push(layer);
            let text = layers.last().map_or(bytes, |layer| &layer.text);
            search.look(&self.0[number + 1], text, &layers, last);
        }
        search
    }
}

impl Search {
    /// Searches the view of the last of these layers.
    fn look(&mut self, patterns: &Patterns, text: &[u8], layers: &[Layer], last: bool) {
        for (start, end) in patterns.all.iter().flat_map(|pattern| pattern.find(text)) {
            let end = layers.iter().rev().fold(end, |end, layer| layer.end(end));
            self.found.push((origin(layers, start), end));
        }
        let open = if last { text.len() } else { patterns.open_end(text) };
        if open < text.len() {
            self.open = self.open.min(origin(layers, open));
            self.telling |= text.len() - open >= TELLING;
        }
    }
}

/// Where the byte of the last layer's view begins in the bytes below all of them.
fn origin(layers: &[Layer], at: usize) -> usize {
    layers.iter().rev().fold(at, |at, layer| layer.start(at))
}

impl Patterns {
    fn new(mut texts: Vec<Vec<u8>>) -> Self {
        texts.sort();
        texts.dedup();
        let mut begins = vec![false; 256];
        for text in &texts {
            begins[usize::from(text[0])] = true;
        }
        let longest = texts.iter().map(Vec::len).max().unwrap_or_default();
        let pattern = |text: Vec<u8>| {
            let rare = (0..text.len()).min_by_key(|at| how_common(text[*at])).unwrap_or_default();
            Pattern { text, rare }
        };
        Self { all: texts.into_iter().map(pattern).collect(), begins, longest }
    }

    /// Where the end of the text starts that may be the beginning of a secret; the text's length when there is none.
    fn open_end(&self, text: &[u8]) -> usize {
        let first = (text.len() + 1).saturating_sub(self.longest);
        let begins = |at: &usize| {
            self.begins[usize::from(text[*at])] && self.all.iter().any(|pattern| pattern.begins_as(&text[*at..]))
        };
        (first..text.len()).find(begins).unwrap_or(text.len())
    }
}

impl Pattern {
    /// Where it occurs: starts and ends. The search for one byte is the standard library's, which is compiled with
    /// optimisations even when xtask is not.
    fn find(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut at = self.rare;
        while let Some(mut rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            at += rest.skip_until(self.text[self.rare]).expect("a slice can be read");
            // One after the rare byte, or after the end when there is none left.
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
        Self { secrets, held: Default::default() }
    }

    /// Takes what arrived and returns what can be shown of it, and of what was held back before.
    pub(super) fn feed(&mut self, stream: Stream, bytes: Vec<u8>) -> Vec<u8> {
        if self.secrets.is_empty() {
            return bytes;
        }
        let held = &mut self.held[stream as usize];
        held.bytes.extend_from_slice(&bytes);
        let Search { mut found, open, telling } = self.secrets.search(&held.bytes, false);
        // The end of a secret may look like the beginning of another one, and belongs to the one that is there.
        let open = found.iter().find(|(start, end)| *start < open && open < *end).map_or(open, |(_, end)| *end);
        let open = if held.bytes.len() - open > escape::LONGEST_TOKEN { held.bytes.len() } else { open };
        // A complete line is shown, unless a secret may have begun on it.
        let begun = telling || found.last().is_some_and(|(start, _)| *start >= open);
        found.retain(|(start, _)| *start < open);
        let line = held.bytes[open..].iter().rposition(|byte| *byte == b'\n').filter(|_| !begun);
        let until = line.map_or(open, |line| open + line + 1).max(held.shown);
        let shown = held.show(until, &found);
        held.bytes.drain(..open);
        held.shown = until - open;
        shown
    }

    /// What was held back for a secret that did not arrive.
    pub(super) fn finish(&mut self, stream: Stream) -> Vec<u8> {
        let held = std::mem::take(&mut self.held[stream as usize]);
        if held.bytes.is_empty() {
            return held.bytes;
        }
        held.show(held.bytes.len(), &self.secrets.search(&held.bytes, true).found)
    }
}

impl Held {
    /// The bytes that have not been shown, up to an end, with what was found in them redacted.
    fn show(&self, until: usize, found: &[(usize, usize)]) -> Vec<u8> {
        let clip = |at: usize| at.clamp(self.shown, until) - self.shown;
        let parts: Vec<_> = found.iter().map(|(start, end)| (clip(*start), clip(*end))).collect();
        cover(&self.bytes[self.shown..until], &parts).into_owned()
    }
}

/// The bytes with [`HIDDEN`] in place of these parts, on each line that they are on.
fn cover<'a>(bytes: &'a [u8], parts: &[(usize, usize)]) -> Cow<'a, [u8]> {
    if parts.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let (mut shown, mut next) = (Vec::with_capacity(bytes.len()), 0);
    for (start, end) in parts.iter().filter(|(start, end)| start < end) {
        shown.extend_from_slice(&bytes[next..*start]);
        shown.extend_from_slice(HIDDEN.as_bytes());
        for _ in bytes[*start..*end].iter().filter(|byte| **byte == b'\n') {
            shown.push(b'\n');
            shown.extend_from_slice(HIDDEN.as_bytes());
        }
        next = *end;
    }
    shown.extend_from_slice(&bytes[next..]);
    Cow::Owned(shown)
}

/// Never shows the texts.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0[0].all.len())
    }
}

/// How common a byte is in the output of tools, roughly: the search stops at each.
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
mod tests;
