//! The jobs of a workflow as JSON, read from the part of YAML that `ci.yml` is written in: mappings and lists by their
//! indentation, `[a, b]`, `'quoted'`, and block scalars (`|`, `|-`, `>-`). Every scalar is a string.

use serde_json::{Map, Value};

/// The text before the jobs, and the jobs in their order.
pub fn workflow(text: &str) -> (String, Vec<(String, Value)>) {
    let (head, body) = text.split_once("\njobs:\n").expect("there are jobs");
    let lines: Vec<&str> = body.lines().collect();
    let starts = |line: &&str| indent(line) == 2 && !line.trim_start().starts_with('#');
    let heads: Vec<usize> = (0..lines.len()).filter(|&at| starts(&lines[at])).collect();
    let ends = heads.iter().skip(1).copied().chain([lines.len()]);
    let job = |(start, end): (&usize, usize)| {
        let id = lines[*start].trim().trim_end_matches(':').to_owned();
        (id, Lines::new(&lines[start + 1..end]).block())
    };
    (head.to_owned(), heads.iter().zip(ends).map(job).collect())
}

/// What is left to read; a list item's `- ` is replaced by spaces, so that its content is a block like any other.
struct Lines {
    lines: Vec<String>,
    at: usize,
}

impl Lines {
    fn new(lines: &[&str]) -> Self {
        Self { lines: lines.iter().map(|line| (*line).to_owned()).collect(), at: 0 }
    }

    /// The next line that is neither empty nor a comment.
    fn peek(&mut self) -> Option<String> {
        let skips = |line: &String| line.trim().is_empty() || line.trim_start().starts_with('#');
        while self.lines.get(self.at).is_some_and(skips) {
            self.at += 1;
        }
        self.lines.get(self.at).cloned()
    }

    /// The list, mapping or scalar that starts at the next line.
    fn block(&mut self) -> Value {
        let Some(first) = self.peek() else { return Value::Null };
        let depth = indent(&first);
        let is_here = |line: &String| indent(line) == depth;
        if first.trim_start().starts_with("- ") {
            let mut items = Vec::new();
            while let Some(line) = self.peek().filter(|line| is_here(line) && line.trim_start().starts_with("- ")) {
                self.lines[self.at] = line.replacen("- ", "  ", 1);
                items.push(self.block());
            }
            return Value::Array(items);
        }
        if key(&first).is_none() {
            self.at += 1;
            return scalar(first.trim());
        }
        let mut map = Map::new();
        while let Some(line) = self.peek().filter(is_here) {
            let (key, rest) = key(&line).unwrap_or_else(|| panic!("neither a key nor a part of one: {line}"));
            self.at += 1;
            let value = match rest {
                "" => self.peek().filter(|next| indent(next) > depth).map_or(Value::Null, |_| self.block()),
                "|" | "|-" | ">-" => Value::String(self.text(depth, rest)),
                rest => scalar(rest),
            };
            map.insert(key.to_owned(), value);
        }
        Value::Object(map)
    }

    /// A block scalar below a key of this depth.
    fn text(&mut self, depth: usize, style: &str) -> String {
        let mut lines: Vec<String> = Vec::new();
        while let Some(line) = self.lines.get(self.at).filter(|line| line.trim().is_empty() || indent(line) > depth) {
            lines.push(line.clone());
            self.at += 1;
        }
        let first = lines.first().map_or(0, |line| indent(line));
        let lines: Vec<&str> = lines.iter().map(|line| line.get(first..).unwrap_or_default()).collect();
        let text = lines.join(if style == ">-" { " " } else { "\n" }).trim_end().to_owned();
        if style == "|" { text + "\n" } else { text }
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// `key: value`, of a key that is a plain word.
fn key(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (key, rest) = line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, "")))?;
    let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_plain.then(|| (key, rest.trim()))
}

fn scalar(text: &str) -> Value {
    if let Some(quoted) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Value::String(quoted.replace("''", "'"));
    }
    let text = text.split(" #").next().unwrap_or_default().trim();
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(items) => items.split(',').map(|item| Value::String(item.trim().to_owned())).collect(),
        None => Value::String(text.to_owned()),
    }
}

#[test]
fn jobs_are_read_as_github_reads_them() {
    let text = "name: x\njobs:\n  # A comment.\n  a:\n    if: >-\n      one &&\n      two\n    needs: [b, c]\n    steps:\n\
                \x20     - uses: a/b@c # v1\n        with:\n          path: |\n            x\n            !y\n\
                \x20     # Another.\n      - run: 'echo \"a: b\"'\n  d:\n    needs:\n      - a\n      - b\n";
    let (head, jobs) = workflow(text);
    assert_eq!(head, "name: x");
    let a = serde_json::json!({
        "if": "one && two",
        "needs": ["b", "c"],
        "steps": [{ "uses": "a/b@c", "with": { "path": "x\n!y\n" } }, { "run": "echo \"a: b\"" }],
    });
    let d = serde_json::json!({ "needs": ["a", "b"] });
    assert_eq!(jobs, [("a".to_owned(), a), ("d".to_owned(), d)]);
}
