//! The same bytes as they are read further on: without what a terminal hides, with percent-encoding decoded, with
//! backslash escapes decoded. Each byte of a view knows its origin.
//!
//! Texts and secrets go through the same passes. So a secret is found in encodings that no list names: whatever a
//! library chooses to encode, and JSON within JSON at any depth. Decoding has to be the same on both sides rather than
//! faithful: `+` and a blank, which form encoding exchanges, count as the same.

use super::escape::{self, LONGEST_TOKEN, Token};
use std::io::BufRead as _;

/// How many passes there are.
pub(super) const PASSES: usize = 3;

/// The result of one pass.
pub(super) struct Layer {
    pub(super) text: Vec<u8>,
    runs: Vec<Run>,
    /// Where the end of the input starts whose meaning depends on bytes that have not arrived; the input's length if
    /// there is none.
    pub(super) undecided: usize,
}

/// Bytes of a view with one origin: copied one to one, or the meaning of a token as a whole.
struct Run {
    at: usize,
    from: usize,
    to: usize,
    copied: bool,
}

/// Makes the view of pass `number`; `last` means that nothing follows. `None` when the pass changes nothing.
pub(super) fn pass(number: usize, input: &[u8], last: bool) -> Option<Layer> {
    match number {
        0 => layer(input, &HIDDEN_BYTES, last, escape::hidden),
        1 => layer(input, &PERCENT, last, escape::percent),
        _ => layer(input, &BACKSLASH, last, escape::backslash),
    }
}

/// Whether these bytes may contain terminal sequences: their contents are in no view.
pub(super) fn has_sequences(bytes: &[u8]) -> bool {
    bytes.contains(&0x1b) || bytes.contains(&HIDDEN_BYTES[33])
}

/// Every byte that may begin what a terminal does not show: C0 controls, DEL, and the first byte of the C1 controls.
pub(super) const HIDDEN_BYTES: [u8; 34] = {
    let mut bytes = [0; 34];
    let mut at = 0;
    while at < 32 {
        bytes[at as usize] = at;
        at += 1;
    }
    bytes[32] = 0x7f;
    bytes[33] = 0xc2;
    bytes
};

/// The same for percent-encoding, and for backslash escapes.
pub(super) const PERCENT: [u8; 2] = *b"%+";
pub(super) const BACKSLASH: [u8; 1] = *b"\\";

fn layer(input: &[u8], stops: &[u8], last: bool, read: impl Fn(&[u8], bool) -> Token) -> Option<Layer> {
    let stops = positions(input, stops);
    if stops.is_empty() {
        return None;
    }
    let mut layer = Layer { text: Vec::with_capacity(input.len()), runs: Vec::new(), undecided: input.len() };
    // Up to where the input has been copied or read.
    let mut done = 0;
    for stop in stops {
        // A stop within a token has been read with it.
        if stop < done {
            continue;
        }
        match read(&input[stop..], last) {
            Token::Means(length, meaning) => {
                layer.copy(input, done, stop);
                layer.add(&meaning, stop, stop + length);
                done = stop + length;
            }
            Token::Undecided if !last && input.len() - stop < LONGEST_TOKEN => {
                layer.undecided = stop;
                break;
            }
            Token::Literal | Token::Undecided => {}
        }
    }
    layer.copy(input, done, layer.undecided);
    Some(layer)
}

/// Where any of these bytes is, in order. The search for one byte is the standard library's, which is compiled with
/// optimisation even when xtask is not.
fn positions(input: &[u8], bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut kinds = 0;
    for byte in bytes.iter().filter(|byte| input.contains(byte)) {
        kinds += 1;
        let mut rest = input;
        while !rest.is_empty() {
            rest.skip_until(*byte).expect("a slice can be read");
            let at = input.len() - rest.len() - 1;
            if input[at] == *byte {
                found.push(at);
            }
        }
    }
    if kinds > 1 {
        found.sort_unstable();
    }
    found
}

impl Layer {
    fn copy(&mut self, input: &[u8], from: usize, to: usize) {
        if from < to {
            self.runs.push(Run { at: self.text.len(), from, to, copied: true });
            self.text.extend_from_slice(&input[from..to]);
        }
    }

    fn add(&mut self, meaning: &[u8], from: usize, to: usize) {
        if !meaning.is_empty() {
            self.runs.push(Run { at: self.text.len(), from, to, copied: false });
            self.text.extend_from_slice(meaning);
        }
    }

    /// Where the byte of the view at `at` begins in the input.
    pub(super) fn start(&self, at: usize) -> usize {
        self.run(at).map_or(self.undecided, |run| if run.copied { run.from + (at - run.at) } else { run.from })
    }

    /// Where the byte of the view before `end` ends in the input.
    pub(super) fn end(&self, end: usize) -> usize {
        let run = end.checked_sub(1).and_then(|at| self.run(at));
        run.map_or(0, |run| if run.copied { run.from + (end - run.at) } else { run.to })
    }

    fn run(&self, at: usize) -> Option<&Run> {
        let behind = self.runs.partition_point(|run| run.at <= at);
        (at < self.text.len()).then(|| self.runs.get(behind.checked_sub(1)?)).flatten()
    }
}
