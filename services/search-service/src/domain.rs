//! The rules: what may be indexed, what is the same query, and how a snippet is made safe to show.

/// The most hits that can be paged through: ranking more of them helps nobody.
pub const DEEPEST: i64 = 1000;
/// How long the answer to a query is kept, in seconds.
pub const HOT_S: u64 = 30;
/// What stands before a match in a marked text. No document holds it.
pub const BEGIN: char = '\u{1}';
/// What stands behind a match in a marked text. No document holds it.
pub const END: char = '\u{2}';

/// Why a document or a query is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Documents are numbered from 1.
    #[error("a document is a number from 1")]
    Number,
    /// Nothing to show in a list, or too much.
    #[error("the title must have 1 to 200 characters, and not only spaces")]
    Title,
    /// More than the index takes of one document.
    #[error("the body must have at most 100000 characters")]
    Body,
    /// They could be taken for the marks of a match, and no text needs them.
    #[error("the title and the body must not hold the control characters U+0000, U+0001 and U+0002")]
    Control,
    /// Nothing to look for, or too much.
    #[error("the query must have 1 to 200 characters, and not only spaces")]
    Query,
    /// Deeper than anybody reads.
    #[error("`after` must be 0 to {DEEPEST}: narrow the query instead of reading on")]
    After,
}

/// Checks a document.
///
/// ```
/// use search_service::domain::{Invalid, check_document};
///
/// assert_eq!(check_document(1, "The engine", "It computes"), Ok(()));
/// assert_eq!(check_document(1, " ", "It computes"), Err(Invalid::Title));
/// ```
pub fn check_document(id: i64, title: &str, body: &str) -> Result<(), Invalid> {
    if id < 1 {
        return Err(Invalid::Number);
    }
    if title.trim().is_empty() || title.chars().count() > 200 {
        return Err(Invalid::Title);
    }
    if body.chars().count() > 100_000 {
        return Err(Invalid::Body);
    }
    let plain = |text: &str| !text.contains(['\0', BEGIN, END]);
    if plain(title) && plain(body) { Ok(()) } else { Err(Invalid::Control) }
}

/// The one spelling of a query, so that queries with the same hits share a kept answer.
///
/// ```
/// use search_service::domain::{Invalid, query};
///
/// assert_eq!(query("  Analytical   ENGINE "), Ok("analytical engine".to_owned()));
/// assert_eq!(query(" "), Err(Invalid::Query));
/// ```
pub fn query(text: &str) -> Result<String, Invalid> {
    let words: Vec<&str> = text.split_whitespace().collect();
    // Only where a letter has one lower case in every language: the database knows about the others.
    let query = words.join(" ").to_ascii_lowercase();
    if (1..=200).contains(&query.chars().count()) { Ok(query) } else { Err(Invalid::Query) }
}

/// How many hits a page leaves out.
pub fn after(after: Option<i64>) -> Result<i64, Invalid> {
    after.map_or(Ok(0), |after| if (0..=DEEPEST).contains(&after) { Ok(after) } else { Err(Invalid::After) })
}

/// Turns a marked text into HTML whose only elements are `<mark>`: everything else is escaped.
///
/// ```
/// use search_service::domain::snippet;
///
/// assert_eq!(snippet("a < b: \u{1}engines\u{2}"), "a &lt; b: <mark>engines</mark>");
/// ```
pub fn snippet(marked: &str) -> String {
    let mut html = String::with_capacity(marked.len());
    for character in marked.chars() {
        match character {
            BEGIN => html.push_str("<mark>"),
            END => html.push_str("</mark>"),
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents() {
        assert_eq!(check_document(1, "x", ""), Ok(()));
        assert_eq!(check_document(0, "x", ""), Err(Invalid::Number));
        assert_eq!(check_document(1, "", "y"), Err(Invalid::Title));
        assert_eq!(check_document(1, &"x".repeat(201), "y"), Err(Invalid::Title));
        assert_eq!(check_document(1, "x", &"ä".repeat(100_000)), Ok(()));
        assert_eq!(check_document(1, "x", &"y".repeat(100_001)), Err(Invalid::Body));
        for control in ["\0", "\u{1}", "\u{2}"] {
            assert_eq!(check_document(1, "x", control), Err(Invalid::Control));
            assert_eq!(check_document(1, &format!("x{control}"), ""), Err(Invalid::Control));
        }
    }

    #[test]
    fn queries() {
        assert_eq!(query("\"Ada  LOVELACE\""), Ok("\"ada lovelace\"".to_owned()));
        assert_eq!(query(&"x".repeat(201)), Err(Invalid::Query));
        assert_eq!((after(None), after(Some(DEEPEST))), (Ok(0), Ok(DEEPEST)));
        assert_eq!((after(Some(-1)), after(Some(DEEPEST + 1))), (Err(Invalid::After), Err(Invalid::After)));
    }

    #[test]
    fn nothing_of_a_text_becomes_markup() {
        assert_eq!(snippet("<b a=\"'\">&lt;"), "&lt;b a=&quot;&#39;&quot;&gt;&amp;lt;");
    }
}
