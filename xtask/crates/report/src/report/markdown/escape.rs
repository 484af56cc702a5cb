//! Text from outside as Markdown that GitHub shows letter by letter: in prose, in code, in cells, in blocks.

use super::super::display::{clean, clean_lines};
use super::super::words;

/// One line of prose, which may also be in a table cell.
pub(super) fn prose(text: &str) -> String {
    let text = clean(text);
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        // An underscore inside of a word means nothing; names are full of them and stay readable in the file.
        let inside = before.is_alphanumeric() && letters.peek().is_some_and(|next| next.is_alphanumeric());
        match letter {
            '_' if inside => escaped.push(letter),
            // `@` and `#` too: no mention of people, no number of an issue.
            '&' | '<' | '>' | '|' | '`' | '*' | '[' | ']' | '\\' | '~' | '$' | '_' | '@' | '#' => {
                entity(&mut escaped, letter);
            }
            _ => escaped.push(letter),
        }
        before = letter;
    }
    escaped
}

/// One line of code, which may also be in a table cell.
pub(super) fn code(text: &str) -> String {
    let text = clean(text);
    if text.is_empty() {
        return String::new();
    }
    // A bar ends a cell even in code, and a backslash before it would be taken away.
    if text.contains(['|', '\\']) {
        return format!("<code>{}</code>", html(&text));
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text inside of HTML tags.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in clean(text).chars() {
        if letter.is_ascii_punctuation() && !matches!(letter, '.' | ',' | ':' | ';' | '-' | '/' | '(' | ')') {
            entity(&mut escaped, letter);
        } else {
            escaped.push(letter);
        }
    }
    escaped
}

/// The last lines as they are, inside of a fence that none of them can close. `has_log` says whether a log has them all.
pub(super) fn block(text: &str, limit: usize, has_log: bool) -> String {
    let all: Vec<String> = clean_lines(text).collect();
    let left_out = all.len().saturating_sub(limit);
    let shown = all[left_out..].join("\n");
    let fence = "`".repeat(longest_run(&shown).max(2) + 1);
    let more = if left_out > 0 { format!("… {}\n", words::left_out(left_out, has_log)) } else { String::new() };
    format!("{fence}text\n{more}{shown}\n{fence}\n")
}

fn entity(escaped: &mut String, letter: char) {
    escaped.extend(["&#", &u32::from(letter).to_string(), ";"]);
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_shows_what_it_was_given() {
        let case = |given: &str, expected: &str| assert_eq!(prose(given), expected);
        case("plain words, 61.20 % of lines", "plain words, 61.20 % of lines");
        case("auth_service is_ _bad_", "auth_service is&#95; &#95;bad&#95;");
        case("a | b", "a &#124; b");
        case("<b> & `c` **d** [e](f)", "&#60;b&#62; &#38; &#96;c&#96; &#42;&#42;d&#42;&#42; &#91;e&#93;(f)");
        case("two\nlines", "two lines");
        case("@everybody see #1", "&#64;everybody see &#35;1");
    }

    #[test]
    fn code_is_closed_only_by_its_own_fence() {
        let case = |given: &str, expected: &str| assert_eq!(code(given), expected);
        case("a::b", "`a::b`");
        case("Vec<u8>", "`Vec<u8>`");
        case("a`b", "``a`b``");
        case("``", "``` `` ```");
        case("a|b", "<code>a&#124;b</code>");
        case("a\\b<c>", "<code>a&#92;b&#60;c&#62;</code>");
        case("", "");
    }

    #[test]
    fn a_block_outlasts_the_fences_inside_and_keeps_its_last_lines() {
        assert_eq!(block("a\n````\nb", 9, true), "`````text\na\n````\nb\n`````\n");
        assert_eq!(block("a\nb\nc", 2, true), "```text\n… 1 line above is in the log\nb\nc\n```\n");
        assert_eq!(block("a\nb\nc", 1, false), "```text\n… 2 lines above are left out\nc\n```\n");
    }
}
