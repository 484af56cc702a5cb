//! The rules: how long a timeline is, how many authors one may follow, and how a page is cut from a timeline.

use kit::ROWS;

/// The most posts of a timeline. Older ones are found at their authors.
pub const LONGEST: i64 = 800;
/// How long a timeline is kept at hand, in seconds from its making: what a lost server made it miss is back then.
pub const KEPT_S: u64 = 60 * 60;
/// The most authors that one reader follows.
pub const MOST_FOLLOWED: i64 = 2000;

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Posts, authors and readers are numbered from 1.
    #[error("a post, an author and a reader are numbers from 1")]
    Number,
    /// A timeline of more authors would take too long to make.
    #[error("a reader follows at most {MOST_FOLLOWED} authors: unfollow one first")]
    Followed,
}

/// A post in a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its place in every timeline: the later it came, the higher.
    pub position: i64,
    /// Its number.
    pub post: i64,
    /// Who wrote it.
    pub author: i64,
}

impl Entry {
    /// The member of a sorted set that stands for this entry; its score is the position.
    ///
    /// ```
    /// use feed_service::domain::Entry;
    ///
    /// let entry = Entry { position: 9, post: 7, author: 1 };
    /// assert_eq!(entry.member(), "7:1");
    /// assert_eq!(Entry::read("7:1", 9), Some(entry));
    /// ```
    pub fn member(&self) -> String {
        format!("{}:{}", self.post, self.author)
    }

    /// The entry behind a member and its score; none when the member has another form.
    pub fn read(member: &str, position: i64) -> Option<Self> {
        let (post, author) = member.split_once(':')?;
        Some(Self { position, post: post.parse().ok()?, author: author.parse().ok()? })
    }
}

/// Checks the numbers of a request.
///
/// ```
/// use feed_service::domain::{Invalid, check};
///
/// assert_eq!(check([1, 7]), Ok(()));
/// assert_eq!(check([1, 0]), Err(Invalid::Number));
/// ```
pub fn check(numbers: [i64; 2]) -> Result<(), Invalid> {
    if numbers.iter().all(|number| *number >= 1) { Ok(()) } else { Err(Invalid::Number) }
}

/// Whether somebody may follow so many.
pub fn check_followed(authors: i64) -> Result<(), Invalid> {
    if authors <= MOST_FOLLOWED { Ok(()) } else { Err(Invalid::Followed) }
}

/// The rows of one page of a whole timeline, newest first: those that stand below the position `before`.
pub fn rows(timeline: &[Entry], before: i64) -> Vec<Entry> {
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    timeline.iter().filter(|entry| entry.position < before).take(most).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strange_member_is_no_entry() {
        for strange in ["", "7", "7:", ":1", "7:1:2", "a:1"] {
            assert_eq!(Entry::read(strange, 1), None, "{strange}");
        }
    }

    #[test]
    fn following_ends_at_the_limit() {
        assert_eq!(check_followed(MOST_FOLLOWED), Ok(()));
        assert_eq!(check_followed(MOST_FOLLOWED + 1), Err(Invalid::Followed));
    }

    #[test]
    fn a_page_begins_below_its_cursor_and_has_one_row_more() {
        let timeline: Vec<_> = (1..=100).rev().map(|position| Entry { position, post: position, author: 1 }).collect();
        assert_eq!(rows(&timeline, i64::MAX).len(), 51);
        assert_eq!(rows(&timeline, 51).first().map(|entry| entry.position), Some(50));
        assert_eq!(rows(&timeline, 1), []);
    }
}
