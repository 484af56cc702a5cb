//! Errors as the caller sees them: problem details of RFC 9457, without a word about the inside.

use std::fmt::Display;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// An error answer: the status, and one sentence that helps the caller.
///
/// ```
/// let problem = kit::Problem::not_found("there is no such account");
/// assert_eq!(problem.to_string(), "404 Not Found: there is no such account");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {detail}")]
pub struct Problem {
    status: StatusCode,
    detail: String,
    retry_after_s: Option<u64>,
}

impl Problem {
    /// Any other status than the named ones below.
    pub fn new(status: StatusCode, detail: impl Display) -> Self {
        Self { status, detail: detail.to_string(), retry_after_s: None }
    }

    /// 400: a rule of the domain says no, and the error says which.
    pub fn invalid(error: impl std::error::Error) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// 401: no token, or one that is not valid.
    pub fn unauthorized(detail: impl Display) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// 404.
    pub fn not_found(detail: impl Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 409: right in itself, but not together with what is stored.
    pub fn conflict(detail: impl Display) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// 429, with the seconds after which it is worth trying again.
    pub fn too_many(detail: impl Display, retry_after_s: u64) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// 503: a server behind the service is away; trying again soon makes sense.
    pub fn unavailable(detail: impl Display) -> Self {
        Self { retry_after_s: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// 500: a mistake of ours. What happened goes to the log, never into the answer.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the service made a mistake; its log says more")
    }
}

/// An error as a problem document of RFC 9457.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document {
    /// Always `about:blank`: the status says what kind of error it is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status code.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request.
    detail: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let mut response = (self.status, Json(document)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if is_value(&error) {
            // The caller's mistake: no line that wakes somebody up.
            tracing::info!(%error, "PostgreSQL refuses a value");
            let detail = "a value cannot be stored: a text holds a zero byte, or a number is too large";
            return Self::new(StatusCode::BAD_REQUEST, detail);
        }
        tracing::error!(%error, "PostgreSQL");
        if is_away(&error) { Self::unavailable("the database does not answer") } else { Self::internal() }
    }
}

impl From<redis::RedisError> for Problem {
    fn from(error: redis::RedisError) -> Self {
        tracing::error!(%error, "Redis");
        let away = error.is_io_error() || error.is_timeout() || error.is_unrecoverable_error();
        if away { Self::unavailable("Redis does not answer") } else { Self::internal() }
    }
}

/// Whether the same statement can succeed later without a change of ours.
fn is_away(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Protocol};
    match error {
        Io(_) | PoolTimedOut | PoolClosed | Protocol(_) => true,
        // Lost connections (08), full or stopping servers (53, 57), refused logins (28), no such database (3D), and
        // tables that the migration has not made yet (42P01).
        Database(error) => error.code().is_some_and(|code| {
            ["08", "28", "3D", "53", "57"].iter().any(|class| code.starts_with(class)) || code == "42P01"
        }),
        _ => false,
    }
}

/// Whether a value of the caller is what the database refuses: a data exception (22), such as a zero byte in a text.
fn is_value(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().is_some_and(|code| code.starts_with("22")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_server_is_worth_another_try_and_a_mistake_is_not() {
        let away = Problem::from(sqlx::Error::PoolTimedOut).into_response();
        assert_eq!((away.status(), away.headers().contains_key(RETRY_AFTER)), (StatusCode::SERVICE_UNAVAILABLE, true));
        assert_eq!(Problem::from(sqlx::Error::RowNotFound), Problem::internal());

        let lost = redis::RedisError::from(std::io::Error::other("secret"));
        assert_eq!(Problem::from(lost), Problem::unavailable("Redis does not answer"));
        let mistake = redis::RedisError::from((redis::ErrorKind::Client, "secret"));
        assert_eq!(Problem::from(mistake), Problem::internal());
    }

    #[test]
    fn each_kind_has_its_status() {
        let wait = Problem::too_many("slow down", 60).into_response();
        assert_eq!((wait.status().as_u16(), &wait.headers()[RETRY_AFTER]), (429, &HeaderValue::from_static("60")));
        assert_eq!(Problem::conflict("taken").into_response().status(), StatusCode::CONFLICT);
        assert_eq!(Problem::invalid(std::fmt::Error).into_response().status(), StatusCode::BAD_REQUEST);
    }
}
