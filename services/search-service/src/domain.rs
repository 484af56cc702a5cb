//! The rules: what may be indexed, and what is the same query.

/// The most hits in one answer.
pub const PAGE: i64 = 20;
/// How long the answer to a query is kept, in seconds.
pub const HOT_S: u64 = 30;

/// Why a document or a query is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing to show in a list, or too much.
    #[error("the title must have 1 to 200 characters")]
    Title,
    /// More than the index takes of one document.
    #[error("the body must have at most 100000 characters")]
    Body,
    /// Nothing to look for, or too much.
    #[error("the query must have 1 to 200 characters")]
    Query,
}

/// Checks a document.
pub fn check_document(title: &str, body: &str) -> Result<(), Invalid> {
    if !(1..=200).contains(&title.trim().chars().count()) {
        return Err(Invalid::Title);
    }
    if body.chars().count() <= 100_000 { Ok(()) } else { Err(Invalid::Body) }
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
    let query = words.join(" ").to_lowercase();
    if (1..=200).contains(&query.chars().count()) { Ok(query) } else { Err(Invalid::Query) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents() {
        assert_eq!(check_document("x", ""), Ok(()));
        assert_eq!(check_document("", "y"), Err(Invalid::Title));
        assert_eq!(check_document(&"x".repeat(201), "y"), Err(Invalid::Title));
        assert_eq!(check_document("x", &"y".repeat(100_001)), Err(Invalid::Body));
    }

    #[test]
    fn queries() {
        assert_eq!(query("\"Ada  LOVELACE\""), Ok("\"ada lovelace\"".to_owned()));
        assert_eq!(query(&"x".repeat(201)), Err(Invalid::Query));
    }
}
