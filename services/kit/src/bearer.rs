//! The token of a request: `authorization: Bearer …`.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::Problem;

/// The token that a caller shows. Handlers take it as an argument; without one the answer is 401.
///
/// Their `#[utoipa::path]` says `security(("bearer" = []))`.
// No `Debug`: it is a secret.
pub struct Bearer(pub String);

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            header.and_then(|text| text.split_once(' ')).filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
        match token {
            Some((_, token)) if !token.is_empty() => Ok(Self(token.to_owned())),
            _ => Err(Problem::unauthorized("send the header `authorization: Bearer` with a token")),
        }
    }
}
