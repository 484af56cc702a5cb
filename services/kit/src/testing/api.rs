//! A service's router, called as over HTTP but without a connection.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use serde_json::Value;
use tower::ServiceExt;

use super::{BARE, offline};
use crate::problem::MEDIA_TYPE;
use crate::{Config, Servers, Service, layers, router};

/// A service's router, called as over HTTP.
#[derive(Clone)]
pub struct Api {
    router: Router,
    headers: HeaderMap,
    servers: Servers,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null when it is none.
    pub body: Value,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Api {
    /// A service whose servers are away: everything works that does not need them.
    pub fn offline(service: &'static Service) -> Self {
        let (config, servers) = offline(service);
        Self::new(service, &config, servers)
    }

    /// Routes of a test's own behind all layers, and no servers.
    pub fn offline_with(routes: fn(Servers) -> Router) -> Self {
        let (config, servers) = offline(&BARE);
        Self { router: layers::around(routes(servers.clone()), &config), headers: HeaderMap::new(), servers }
    }

    pub(super) fn new(service: &'static Service, config: &Config, servers: Servers) -> Self {
        Self { router: router(service, config, servers.clone()), headers: HeaderMap::new(), servers }
    }

    /// The servers behind it, for what no caller can do: to lose a key, or to let time pass.
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    /// The same service, called with one more header from now on.
    ///
    /// # Panics
    ///
    /// When the text can be no header.
    #[must_use]
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut api = self.clone();
        let value = HeaderValue::from_str(value).expect("a header is printable ASCII");
        api.headers.insert(HeaderName::from_static(name), value);
        api
    }

    /// The same service, called as the holder of a token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// Sends a request without a body.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends JSON to the place where it shall be.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// Changes a part.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// Removes.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        request = request.header(CONTENT_LENGTH, body.len());
        self.call(request.body(Body::from(body)).expect("a test's path is a URI")).await
    }

    /// Sends any request: other headers, other bodies.
    ///
    /// # Panics
    ///
    /// When the body of the answer breaks off.
    pub async fn call(&self, request: Request<Body>) -> Reply {
        let (parts, body) = self.open(request).await.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("the body arrives");
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Reply { status: parts.status, headers: parts.headers, body, bytes: bytes.into() }
    }

    /// Sends any request, and leaves the body of the answer to be read: for streams.
    ///
    /// # Panics
    ///
    /// Never: a router has no errors.
    pub async fn open(&self, mut request: Request<Body>) -> Response {
        request.headers_mut().extend(self.headers.clone());
        self.router.clone().oneshot(request).await.expect("a router has no errors")
    }
}

impl Reply {
    /// The body, provided that the status is this one. An error must be a problem document that says why.
    ///
    /// # Panics
    ///
    /// When the answer is another one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "the answer is {}", self.body);
        if status >= 400 {
            assert_eq!(self.headers[CONTENT_TYPE], MEDIA_TYPE);
            assert_eq!(self.body["status"], status);
            assert!(self.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{}", self.body);
        }
        self.body
    }
}
