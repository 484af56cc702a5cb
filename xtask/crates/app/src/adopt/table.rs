//! Adds a line or an item to a TOML text. All other bytes stay: comments, order, spaces, line ends.

use std::ops::Range;
use toml_parser::decoder::Encoding;
use toml_parser::parser::{Event, EventKind, parse_document};
use toml_parser::{ParseError, Source};

/// A list of strings that a text holds: where it is, and its items.
#[derive(Debug)]
struct List {
    span: Range<usize>,
    items: Vec<(Range<usize>, String)>,
}

/// Something at the top level of a text or of one of its tables.
#[derive(Debug)]
struct Entry {
    /// Its whole name, that of its table included.
    path: Vec<String>,
    /// How many parts of the name its table has; all of them for a table's own line.
    table: usize,
    /// Where it ends.
    end: usize,
    /// Its items, if it is a list.
    list: Option<List>,
}

/// The text with `item` in the list `key` of `table`; the same text when it is in there already, as `is_there` says.
///
/// # Errors
///
/// Says why not, after "because": the text is no TOML, or writes the table in a form that no line can be added to.
pub fn with_item(
    text: &str,
    table: &[&str],
    key: &str,
    item: &str,
    is_there: impl Fn(&str) -> bool,
) -> Result<String, String> {
    let entries = entries(text)?;
    let path = [table, &[key]].concat();
    let Some(entry) = entries.iter().find(|entry| entry.path == path) else {
        return with_line(text, table, &format!("{key} = [\"{item}\"]"));
    };
    let Some(list) = &entry.list else { return Err(format!("`{}` is no list", path.join("."))) };
    if list.items.iter().any(|(_, item)| is_there(item)) {
        return Ok(text.to_owned());
    }
    // A list with one item a line gets a line: the first, where no comma is missing before it.
    let open = list.span.start + 1;
    let line = line_end(text, open);
    let first = list.items.first().map_or(list.span.end, |(span, _)| span.start);
    Ok(if line <= first && line < list.span.end {
        let start = text[..first].rfind('\n').map_or(0, |newline| newline + 1);
        let indent = if list.items.is_empty() { "    " } else { text.get(start..first).unwrap_or_default() };
        let indent = if indent.trim().is_empty() { indent } else { "    " };
        insert(text, line, &format!("{indent}\"{item}\",{}", newline(text)))
    } else if let Some((last, _)) = list.items.last() {
        insert(text, last.end, &format!(", \"{item}\""))
    } else {
        insert(text, open, &format!("\"{item}\""))
    })
}

/// The text with a line in `table`: directly below the table's own line, or in a new table at the end.
///
/// # Errors
///
/// As [`with_item`].
pub fn with_line(text: &str, table: &[&str], line: &str) -> Result<String, String> {
    let entries = entries(text)?;
    let nl = newline(text);
    if let Some(header) = entries.iter().find(|entry| entry.path == table && entry.table == table.len()) {
        let end = line_end(text, header.end);
        let missing = if text[..end].ends_with('\n') { "" } else { nl };
        return Ok(insert(text, end, &format!("{missing}{line}{nl}")));
    }
    let is_elsewhere = |entry: &&Entry| {
        entry.table < table.len() && entry.path.iter().zip(table).all(|(a, b)| a == b) && entry.path.len() > entry.table
    };
    if let Some(entry) = entries.iter().find(is_elsewhere) {
        return Err(format!(
            "`{}` has no line `[{}]` that another line could be added below",
            entry.path.join("."),
            table.join(".")
        ));
    }
    let missing = if text.is_empty() || text.ends_with('\n') { "" } else { nl };
    let blank = if text.trim_end_matches(['\r', '\n']).is_empty() { "" } else { nl };
    Ok(format!("{text}{missing}{blank}[{}]{nl}{line}{nl}", table.join(".")))
}

/// Whether a text has this key.
///
/// # Errors
///
/// The text is no TOML.
pub fn has(text: &str, path: &[&str]) -> Result<bool, String> {
    Ok(entries(text)?.iter().any(|entry| entry.path == path))
}

fn insert(text: &str, at: usize, what: &str) -> String {
    [&text[..at], what, &text[at..]].concat()
}

/// How the lines of a text end.
fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Where the next line begins.
fn line_end(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |newline| from + newline + 1)
}

/// The entries of a text, in their order.
fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let source = Source::new(text);
    let (mut events, mut errors): (Vec<Event>, Vec<ParseError>) = (Vec::new(), Vec::new());
    parse_document(&source.lex().into_vec(), &mut events, &mut errors);
    if let Some(error) = errors.first() {
        let at = error.unexpected().or(error.context()).map_or(0, |span| span.start());
        return Err(format!("line {}: {}", text[..at].lines().count().max(1), error.description()));
    }
    let mut reader = Reader::default();
    for event in events {
        reader.read(&source, &event);
    }
    Ok(reader.entries)
}

/// Makes entries of the parser's events.
#[derive(Default)]
struct Reader {
    entries: Vec<Entry>,
    /// The table that the next keys belong to.
    table: Vec<String>,
    /// The parts of a name so far.
    names: Vec<String>,
    /// Where each list and inline table begins that is still open.
    open: Vec<usize>,
    items: Vec<(Range<usize>, String)>,
}

impl Reader {
    fn read(&mut self, source: &Source<'_>, event: &Event) {
        use EventKind as Kind;
        let span = event.span().start()..event.span().end();
        match event.kind() {
            Kind::StdTableOpen | Kind::ArrayTableOpen => self.names.clear(),
            Kind::StdTableClose | Kind::ArrayTableClose => {
                self.table = std::mem::take(&mut self.names);
                if event.kind() == Kind::ArrayTableClose {
                    // One of several: nothing is ever added to it.
                    self.table.push("[]".to_owned());
                }
                let (path, table) = (self.table.clone(), self.table.len());
                self.entries.push(Entry { path, table, end: span.end, list: None });
            }
            Kind::SimpleKey if self.open.is_empty() => self.names.push(decoded(source, event)),
            Kind::ArrayOpen | Kind::InlineTableOpen => self.open.push(span.start),
            Kind::ArrayClose | Kind::InlineTableClose => {
                if let (Some(start), true) = (self.open.pop(), self.open.is_empty()) {
                    let items = std::mem::take(&mut self.items);
                    let is_list = event.kind() == Kind::ArrayClose;
                    self.end_value(span.end, is_list.then_some(List { span: start..span.end, items }));
                }
            }
            Kind::Scalar if self.open.is_empty() => self.end_value(span.end, None),
            Kind::Scalar if self.open.len() == 1 => self.items.push((span, decoded(source, event))),
            _ => {}
        }
    }

    fn end_value(&mut self, end: usize, list: Option<List>) {
        let table = self.table.len();
        let path = self.table.iter().cloned().chain(self.names.drain(..)).collect();
        self.entries.push(Entry { path, table, end, list });
    }
}

/// A key or a value without its quotes.
fn decoded(source: &Source<'_>, event: &Event) -> String {
    let Some(raw) = source.get(event) else { return String::new() };
    let mut text = String::new();
    if event.kind() == EventKind::SimpleKey {
        raw.decode_key(&mut text, &mut ());
    } else if matches!(event.encoding(), Some(Encoding::BasicString | Encoding::LiteralString)) {
        let _ = raw.decode_scalar(&mut text, &mut ());
    } else {
        raw.as_str().clone_into(&mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn member(text: &str, expected: &str) {
        assert_eq!(
            with_item(text, &["workspace"], "members", "xtask", |item| item == "xtask").as_deref(),
            Ok(expected)
        );
    }

    #[test]
    fn an_item_is_added_in_the_form_of_its_list() {
        member(
            "[workspace]\nmembers = [\"a\", 'b/*'] # why\n",
            "[workspace]\nmembers = [\"a\", 'b/*', \"xtask\"] # why\n",
        );
        member("[workspace]\nmembers = [ \"a\", ]\n", "[workspace]\nmembers = [ \"a\", \"xtask\", ]\n");
        member("[workspace]\nmembers = []\n", "[workspace]\nmembers = [\"xtask\"]\n");
        member("workspace.members = [\"a\"]\n", "workspace.members = [\"a\", \"xtask\"]\n");
        member(
            "[workspace]\nmembers = [ # all\n  # ] not the end\n  \"a\", # one\n  \"b\"\n]\n",
            "[workspace]\nmembers = [ # all\n  \"xtask\",\n  # ] not the end\n  \"a\", # one\n  \"b\"\n]\n",
        );
        member("[workspace]\nmembers = [\n]\n", "[workspace]\nmembers = [\n    \"xtask\",\n]\n");
        member("[workspace]\nmembers = [\"a\",\n \"b\"]\n", "[workspace]\nmembers = [\"a\",\n \"b\", \"xtask\"]\n");
        member(
            "[workspace]\r\nmembers = [\r\n\t\"a\",\r\n]\r\n",
            "[workspace]\r\nmembers = [\r\n\t\"xtask\",\r\n\t\"a\",\r\n]\r\n",
        );
        member("[workspace]\nmembers = [\"xtask\"]\n", "[workspace]\nmembers = [\"xtask\"]\n");
    }

    #[test]
    fn a_missing_list_is_added_to_its_table_and_a_missing_table_at_the_end() {
        member("[workspace] # x\nresolver = \"3\"", "[workspace] # x\nmembers = [\"xtask\"]\nresolver = \"3\"");
        member("[workspace]", "[workspace]\nmembers = [\"xtask\"]\n");
        member("[package]\nname = \"a\"", "[package]\nname = \"a\"\n\n[workspace]\nmembers = [\"xtask\"]\n");
        member("", "[workspace]\nmembers = [\"xtask\"]\n");
        member(
            "[package]\nx = '''\n[workspace]\n'''\n[workspace.lints]\r\n",
            "[package]\nx = '''\n[workspace]\n'''\n[workspace.lints]\r\n\n[workspace]\nmembers = [\"xtask\"]\n",
        );
    }

    #[test]
    fn a_text_that_no_line_can_be_added_to_is_refused() {
        let refused = |text: &str| with_item(text, &["a", "b"], "c", "x", |_| false).expect_err("refused");
        assert_eq!(refused("a.b = { c = [] }\n"), "`a.b` has no line `[a.b]` that another line could be added below");
        assert_eq!(refused("[a]\nb.d = 1\n"), "`a.b.d` has no line `[a.b]` that another line could be added below");
        assert_eq!(refused("a = {}\n"), "`a` has no line `[a.b]` that another line could be added below");
        assert_eq!(refused("[a.b]\nc = 1\n"), "`a.b.c` is no list");
        assert!(refused("[a]\nx = [\n").starts_with("line "), "{}", refused("[a]\nx = [\n"));
    }

    #[test]
    fn a_key_is_found_however_it_is_written() {
        for text in ["[alias]\nxtask = \"x\"\n", "alias.xtask = 1", "[alias]\n\"xtask\" = ['run']"] {
            assert_eq!(has(text, &["alias", "xtask"]), Ok(true), "{text}");
        }
        assert_eq!(has("# [alias]\n[other]\nxtask = 1\n[[alias]]\nxtask = 1\n", &["alias", "xtask"]), Ok(false));
    }
}
