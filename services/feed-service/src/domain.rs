//! The rules: how long a timeline is, and how it is read.

/// The most entries that a timeline keeps at hand.
pub const LONGEST: i64 = 800;
/// The most entries in one answer.
pub const PAGE: i64 = 50;
/// The most readers that one delivery reaches; a longer list is sent in parts.
pub const MOST_READERS: usize = 1_000;

/// Why a delivery is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nobody, or too many at once.
    #[error("a delivery must have 1 to {MOST_READERS} readers; send a longer list in parts")]
    Readers,
    /// Posts are numbered from 1, and their order is the timeline's.
    #[error("the post must be a number from 1 to 2^53")]
    Post,
}

/// Checks a delivery, and answers its readers without repetitions.
///
/// ```
/// use feed_service::domain::{Invalid, delivery};
///
/// assert_eq!(delivery(7, vec![2, 1, 2]), Ok(vec![1, 2]));
/// assert_eq!(delivery(7, vec![]), Err(Invalid::Readers));
/// ```
pub fn delivery(post: i64, mut readers: Vec<i64>) -> Result<Vec<i64>, Invalid> {
    // Above 2^53 the scores of a sorted set, which are floating-point numbers, cannot tell two posts apart.
    if !(1..=1 << 53).contains(&post) {
        return Err(Invalid::Post);
    }
    if !(1..=MOST_READERS).contains(&readers.len()) {
        return Err(Invalid::Readers);
    }
    readers.sort_unstable();
    readers.dedup();
    Ok(readers)
}

/// Where the next page begins: before the last post of this one, or nowhere when this one is not full.
pub fn next_page(posts: &[i64]) -> Option<i64> {
    let full = i64::try_from(posts.len()).is_ok_and(|count| count >= PAGE);
    posts.last().copied().filter(|_| full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries() {
        assert_eq!(delivery(0, vec![1]), Err(Invalid::Post));
        assert_eq!(delivery((1 << 53) + 1, vec![1]), Err(Invalid::Post));
        assert_eq!(delivery(1, vec![1; MOST_READERS]), Ok(vec![1]));
        assert_eq!(delivery(1, vec![1; MOST_READERS + 1]), Err(Invalid::Readers));
    }

    #[test]
    fn only_a_full_page_has_a_next_one() {
        assert_eq!(next_page(&[9, 8]), None);
        let full: Vec<i64> = (1..=PAGE).rev().collect();
        assert_eq!(next_page(&full), Some(1));
    }
}
