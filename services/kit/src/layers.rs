//! What happens around every handler: request ids, log lines, limits, panics, and errors of one form.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::config::Limits;
use crate::limit::Limiter;
use crate::problem::MEDIA_TYPE;
use crate::{Config, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The last layer sees a request first: so every answer has an id, a log line and the form of a problem.
pub(crate) fn around(routes: Router, config: &Config) -> Router {
    let Limits { body, request: time, .. } = config.limits;
    let limiter = Limiter::new(config.limits.rate);
    routes
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(move |request, next| within(body, time, request, next)))
        .layer(from_fn(move |request, next| limiter.clone().layer(request, next)))
        .layer(CatchPanicLayer::custom(|_| Problem::internal().into_response()))
        .layer(map_response(as_problem))
        .layer(from_fn(observe))
}

/// Receives the whole body before the handler begins: so a slow sender is told apart from a slow server.
async fn within(body: usize, time: Duration, request: Request, next: Next) -> Response {
    let (parts, content) = request.into_parts();
    let received = match timeout(time, Limited::new(content, body).collect()).await {
        Ok(Ok(received)) => received.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let detail = format!("the body is larger than {body} bytes");
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
        }
        Ok(Err(_)) => return Problem::new(StatusCode::BAD_REQUEST, "the body broke off").into_response(),
        Err(_) => return Problem::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly").into_response(),
    };
    let request = Request::from_parts(parts, received.into());
    // In a task of its own: a client that goes away, or a handler that takes too long, leaves no work half done. Dropping
    // it would also hurt others: what drops sqlx 0.9's `begin` gives back a connection with an open transaction.
    let handler = tokio::spawn(next.run(request).in_current_span());
    match timeout(time, handler).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Problem::unavailable("the service stops; try again").into_response(),
        },
        Err(_) => Problem::unavailable("the answer took too long; try again").into_response(),
    }
}

/// Gives the request an id, or keeps the caller's, and writes one log line about the answer.
async fn observe(request: Request, next: Next) -> Response {
    let id = request.headers().get(&REQUEST_ID).filter(|id| is_sane(id)).cloned().unwrap_or_else(new_id);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default(), %method, %path);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| {
        let (status, ms) = (response.status().as_u16(), started.elapsed().as_secs_f64() * 1e3);
        // Probes come every few seconds; their lines would bury the rest.
        let is_probe = path == "/healthz" || path == "/readyz";
        if is_probe {
            tracing::debug!(status, ms, "answered");
        } else {
            tracing::info!(status, ms, "answered");
        }
    });
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// Whether a caller's id may go into the log: short, and nothing that a log viewer could take for more than text.
fn is_sane(id: &HeaderValue) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=64).contains(&id.len()) && id.as_bytes().iter().all(plain)
}

fn new_id() -> HeaderValue {
    HeaderValue::from_str(&unique()).expect("hexadecimal digits are a valid header")
}

/// 16 hexadecimal digits that do not come twice. Not a secret: whoever needs one of those asks the system for it.
pub(crate) fn unique() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// Turns errors of the framework (no such path, a body that is not JSON, too large, too slow) into problem documents.
async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.headers().get(CONTENT_TYPE).is_some_and(|value| value == MEDIA_TYPE) {
        return response;
    }
    let (parts, body) = response.into_parts();
    // Of a client's error, the framework's text says what is wrong with the request. Of ours, nothing is told.
    let text = if status.is_client_error() { to_bytes(body, 4096).await.ok() } else { None };
    let text = text.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).filter(|text| !text.is_empty());
    let detail = text.unwrap_or_else(|| explain(status).to_owned());
    let mut problem = Problem::new(status, detail).into_response();
    for (name, value) in &parts.headers {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            problem.headers_mut().append(name, value.clone());
        }
    }
    problem
}

fn explain(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "there is nothing at this path",
        StatusCode::METHOD_NOT_ALLOWED => "this path has other methods; the header `allow` lists them",
        _ => "the request cannot be answered",
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::*;
    use crate::testing::Api;

    #[test]
    fn ids_of_callers_are_kept_when_they_are_plain() {
        let sane = |id: &str| is_sane(&HeaderValue::from_str(id).expect("a header"));
        assert!(sane("a-1_b.2"));
        assert!(!sane("") && !sane("two words") && !sane(&"x".repeat(65)));
        assert_ne!(unique(), unique());
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_without_its_text() {
        let api = Api::offline_with(|_| Router::new().route("/", axum::routing::get(panics)));
        let problem = api.get("/").await.expect(500);
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }

    #[tokio::test]
    async fn a_handler_ends_its_work_also_when_the_client_goes_away() {
        static ARRIVED: Notify = Notify::const_new();
        static GONE: Notify = Notify::const_new();
        static DONE: Notify = Notify::const_new();
        let api = Api::offline_with(|_| {
            let handler = || async {
                ARRIVED.notify_one();
                GONE.notified().await;
                DONE.notify_one();
            };
            Router::new().route("/", axum::routing::get(handler))
        });
        tokio::select! {
            _ = api.get("/") => panic!("nobody has told the handler to end"),
            () = ARRIVED.notified() => {}
        }
        GONE.notify_one();
        timeout(Duration::from_secs(10), DONE.notified()).await.expect("the handler is not dropped");
    }

    async fn panics() {
        panic!("secret")
    }

    #[tokio::test]
    async fn a_wrong_method_and_a_bad_body_are_problems_with_a_reason() {
        let api = Api::offline_with(|_| {
            Router::new().route("/", axum::routing::post(|body: axum::Json<u32>| async move { body }))
        });
        assert!(api.get("/").await.expect(405)["detail"].to_string().contains("allow"));
        assert!(api.post("/", &"text".into()).await.expect(422)["detail"].to_string().contains("expected u32"));
        assert_eq!(api.post("/", &7.into()).await.expect(200), 7);
    }
}
