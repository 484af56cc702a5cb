//! Lists that come in pages: the next one begins after the last item of this one.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most items of a page.
pub const PAGE: usize = 50;
/// The `limit` of the query behind a page: one row more, which tells whether another page follows.
pub const ROWS: i64 = 51;

/// Which page of a list.
#[derive(Debug, Default, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Cursor {
    /// What the page before said as `next`; without it the list begins.
    pub after: Option<i64>,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// At most 50.
    pub items: Vec<T>,
    /// The cursor of the next page; null at the end.
    pub next: Option<i64>,
}

impl<T> Page<T> {
    /// A page of the rows that a query with the limit [`ROWS`] has found; `key` is what the list is ordered by.
    ///
    /// ```
    /// let page = kit::Page::of((1..=51).collect(), |number| *number);
    /// assert_eq!((page.items.len(), page.next), (50, Some(50)));
    /// assert_eq!(kit::Page::of(vec![1], |number| *number).next, None);
    /// ```
    pub fn of(mut rows: Vec<T>, key: impl Fn(&T) -> i64) -> Self {
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let next = rows.last().map(key).filter(|_| more);
        Self { items: rows, next }
    }

    /// The same page with each item turned into another form.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}
