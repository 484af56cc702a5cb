//! Finds the line of a key in a manifest. cargo passes on the contents of manifests without their lines, so the text is
//! searched again. Pure.
//!
//! cargo has parsed the file before: it is valid TOML, and only the parts that can hold a key have to be understood.

use std::collections::HashMap;

/// The line, from 1, that holds `key` in a manifest of this text, or else the nearest table or key around it: the
/// path of a key as problems name it, such as `workspace.metadata.xtask.audit.waivers[0].expires`.
pub fn line_of(key: &str, text: &str) -> Option<u32> {
    let wanted = path(key);
    let mut best: Option<(usize, u32)> = None;
    for (line, written) in (1..).zip(paths(text)) {
        let Some(written) = written else { continue };
        let common = written.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        // `[a.b]` writes `a`, too; `[a.c]` writes nothing of `a.b`.
        let around = common == written.len() || common == wanted.len();
        if around && common > 0 && best.is_none_or(|(most, _)| common > most) {
            best = Some((common, line));
        }
    }
    best.map(|(_, line)| line)
}

/// The path of the key or table that each line begins; `None` of lines that begin none.
fn paths(text: &str) -> Vec<Option<Vec<String>>> {
    let mut value = Value::default();
    let (mut table, mut lists): (Vec<String>, HashMap<Vec<String>, usize>) = Default::default();
    let mut paths = Vec::new();
    for line in text.lines() {
        let begins = !value.goes_on();
        value.read(line);
        let line = line.trim_start();
        let path = if !begins || line.is_empty() || line.starts_with('#') {
            None
        } else if let Some(header) = line.strip_prefix("[[") {
            table = indexed(keys(header), &lists);
            let next = lists.entry(table.clone()).or_insert(0);
            table.push(index(*next));
            *next += 1;
            Some(table.clone())
        } else if let Some(header) = line.strip_prefix('[') {
            table = indexed(keys(header), &lists);
            Some(table.clone())
        } else {
            Some(table.iter().cloned().chain(keys(line)).collect())
        };
        paths.push(path);
    }
    paths
}

/// A header with the index of the newest item behind each list of tables on the way.
fn indexed(header: Vec<String>, lists: &HashMap<Vec<String>, usize>) -> Vec<String> {
    let mut path = Vec::new();
    let last = header.len().saturating_sub(1);
    for (at, key) in header.into_iter().enumerate() {
        path.push(key);
        if let Some(items) = lists.get(&path).filter(|_| at < last) {
            path.push(index(items - 1));
        }
    }
    path
}

fn index(n: usize) -> String {
    format!("[{n}]")
}

/// The path that a problem names.
fn path(key: &str) -> Vec<String> {
    let mut path = Vec::new();
    for part in keys(key) {
        match part.split_once('[').filter(|(_, rest)| rest.ends_with(']')) {
            Some((name, rest)) => path.extend([name.to_owned(), format!("[{rest}")]),
            None => path.push(part),
        }
    }
    path
}

/// The dotted key at the start of a text: it ends at a `=`, at a `]` that it has not opened, or with the text.
fn keys(text: &str) -> Vec<String> {
    let (mut keys, mut key, mut quote, mut open) = (Vec::new(), String::new(), None, false);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(end), _) if letter == end => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '.') => keys.push(std::mem::take(&mut key)),
            (None, '=') => break,
            (None, ']') if !open => break,
            (None, ' ' | '\t') => {}
            _ => {
                open = letter == '[' || (open && letter != ']');
                key.push(letter);
            }
        }
    }
    keys.push(key);
    keys
}

/// How far a value has been read that may span lines.
#[derive(Default)]
struct Value {
    /// Lists and tables that are open.
    depth: usize,
    /// The end of the text that is open, `"""` or `'''`.
    text: Option<&'static str>,
}

impl Value {
    fn goes_on(&self) -> bool {
        self.depth > 0 || self.text.is_some()
    }

    fn read(&mut self, line: &str) {
        let mut rest = line;
        while let Some(letter) = rest.chars().next() {
            let step = match self.text {
                Some(end) if rest.starts_with(end) => {
                    self.text = None;
                    end.len()
                }
                Some("\"\"\"") if letter == '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                Some(_) => letter.len_utf8(),
                None => self.begin(rest, letter),
            };
            rest = &rest[step..];
        }
    }

    /// Reads on outside of texts that span lines; how many bytes.
    fn begin(&mut self, rest: &str, letter: char) -> usize {
        if let Some(mark) = ["\"\"\"", "'''"].into_iter().find(|mark| rest.starts_with(mark)) {
            self.text = Some(mark);
            return mark.len();
        }
        match letter {
            '#' => return rest.len(),
            '"' | '\'' => return quoted(rest, letter),
            '[' | '{' => self.depth += 1,
            ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        letter.len_utf8()
    }
}

/// The length of the quoted text at the start.
fn quoted(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return at + 1;
        }
        if letter == '\\' && quote == '"' {
            letters.next();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"[workspace]
members = [
    "services/*", # [workspace.metadata.xtask]
]

[workspace.metadata.xtask]
exclude = ["a"]
image.registry = "x"
note = """
keep-runs = 1
"""
keep-runs = 0

[workspace.metadata.xtask.stages]
"test.services" = { timeout = 5 }
own.command = [
    "a",
]
[[workspace.metadata.xtask.audit.waivers]]
id = "1"
[[workspace.metadata.xtask.audit.waivers]]
id = "2 # ]"
expires = "never"
[workspace.metadata.xtask.'coverage']
minimum = 101
"#;

    #[test]
    fn a_key_is_found_where_it_is_written() {
        #[track_caller]
        fn case(key: &str, line: u32) {
            let key = format!("workspace.metadata.xtask.{key}");
            assert_eq!(line_of(&key, TEXT), Some(line), "{key}");
        }
        case("exclude", 7);
        case("image.registry", 8);
        case("keep-runs", 12);
        case("stages.\"test.services\"", 15);
        case("stages.own.command", 16);
        case("audit.waivers[0].id", 20);
        case("audit.waivers[1]", 21);
        case("audit.waivers[1].expires", 23);
        case("coverage.minimum", 25);
    }

    #[test]
    fn a_key_that_shares_its_line_or_is_missing_is_found_at_what_holds_it() {
        #[track_caller]
        fn case(key: &str, line: Option<u32>) {
            assert_eq!(line_of(key, TEXT), line, "{key}");
        }
        case("workspace.metadata.xtask.stages.\"test.services\".timeout", Some(15));
        case("workspace.metadata.xtask.audit.waivers[0].expires", Some(19));
        case("workspace.metadata.xtask.audit", Some(19));
        case("workspace.metadata.xtask", Some(6));
        case("package.metadata.xtask.service", None);
    }
}
