//! Data as YAML for people to read and for kubectl: blocks of mappings and lists. Pure.
//!
//! A string is written without quotes only where no reader of any version of YAML can take it for something else; every
//! other one is written in double quotes, as in JSON.

use serde_json::Value;

/// Words that some version of YAML does not read as a string.
const RESERVED: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

/// The documents, each after its `---`.
pub fn documents(documents: &[Value]) -> String {
    let document = |value| format!("---\n{}\n", lines(value).join("\n"));
    documents.iter().map(document).collect()
}

/// The lines of a value, without the indentation of the place where it is written.
fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().flat_map(|(key, value)| field(key, value)).collect()
        }
        Value::Array(items) if !items.is_empty() => items.iter().flat_map(|item| indented(lines(item), "- ")).collect(),
        Value::String(text) => vec![scalar(text)],
        // Numbers, `true`, `null`, `{}` and `[]` are the same in both languages.
        plain => vec![plain.to_string()],
    }
}

fn field(key: &str, value: &Value) -> Vec<String> {
    let key = scalar(key);
    let is_block = value.as_object().is_some_and(|fields| !fields.is_empty())
        || value.as_array().is_some_and(|items| !items.is_empty());
    if !is_block {
        return vec![format!("{key}: {}", lines(value).concat())];
    }
    std::iter::once(format!("{key}:")).chain(indented(lines(value), "  ")).collect()
}

/// The lines indented by two columns; in those of the first line, `mark` is written.
fn indented(lines: Vec<String>, mark: &str) -> Vec<String> {
    let lines = lines.into_iter().enumerate();
    lines.map(|(index, line)| format!("{}{line}", if index == 0 { mark } else { "  " })).collect()
}

fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || "._/@:-".contains(char))
        && !text.ends_with(':')
        && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let char = |char: char| match char {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        ' '..='~' => char.to_string(),
        letter if letter.is_alphanumeric() => letter.to_string(),
        // YAML breaks lines at some of them and forbids others; JSON's surrogate pairs mean nothing to it.
        other => format!("\\U{:08X}", u32::from(other)),
    };
    format!("\"{}\"", text.chars().map(char).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn mappings_and_lists_are_blocks() {
        let value = json!({
            "kind": "List", "empty": {}, "none": [], "count": 2, "sure": true, "nothing": null,
            "items": [{ "name": "a", "ports": [80, 81] }, ["x", { "y": "z" }], "last"],
        });
        insta::assert_snapshot!(documents(&[value, json!({ "a": "b" })]), @r#"
        ---
        count: 2
        empty: {}
        items:
          - name: a
            ports:
              - 80
              - 81
          - - x
            - "y": z
          - last
        kind: List
        none: []
        nothing: null
        sure: true
        ---
        a: b
        "#);
    }

    #[test]
    fn what_could_be_something_else_is_quoted() {
        #[track_caller]
        fn case(text: &str, wanted: &str) {
            assert_eq!(scalar(text), wanted);
        }
        case("registry.test/a-b@sha256:0f", "registry.test/a-b@sha256:0f");
        case("app.kubernetes.io/name", "app.kubernetes.io/name");
        for text in
            ["", "no", "Off", "NULL", "y", "1e3", "0.1.0", "a: b", "a:", "#", "- a", "~", " a", "a ", "<<", ".nan"]
        {
            case(text, &format!("\"{text}\""));
        }
        case("two\nlines\t\"\\", r#""two\nlines\t\"\\""#);
        case("ü\u{2028}😀\u{7f}", "\"ü\\U00002028\\U0001F600\\U0000007F\"");
    }
}
