//! The wire: connections, TLS and HTTP in, answers and streams of changes out; and where scripted faults strike.

use crate::api::watch::Watch;
use crate::api::{Answer, handle};
use crate::faults::Effect;
use crate::log::Entry;
use crate::request::Request;
use crate::state::State;
use crate::status::Failure;
use http_body_util::channel::{Channel, Sender};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WARNING};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

type Body = BoxBody<Bytes, Infallible>;

/// The state, shared by connections, ticks and tests.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    revision: watch::Sender<u64>,
}

impl Shared {
    /// Around a state.
    pub fn new(state: State) -> Arc<Self> {
        let revision = watch::Sender::new(state.store.revision());
        Arc::new(Self { state: Mutex::new(state), revision })
    }

    /// Works with the state, and wakes those who watch when something has changed.
    pub fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let answer = work(&mut state);
        let now = state.store.revision();
        drop(state);
        self.revision.send_if_modified(|seen| std::mem::replace(seen, now) != now);
        answer
    }

    /// Wakes those who watch although nothing has changed: their revision may be forgotten.
    pub fn wake(&self) {
        self.revision.send_modify(|_| ());
    }

    /// A test that panics while it holds the state leaves it as usable as it was.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Takes connections until its task ends.
pub async fn serve(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) {
    // An error of `accept` is one of the connection that was to be.
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = service_fn(move |request| answer(Arc::clone(&shared), request));
            // An error here is a client that went away, or a connection that was dropped on purpose.
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Answers one request. An error drops the connection.
async fn answer(shared: Arc<Shared>, request: hyper::Request<Incoming>) -> io::Result<Response<Body>> {
    let request = read(request).await?;
    let target = request.target();
    let entry = Entry::new(&request, target.as_ref());
    let (rule, number) = shared.with(|state| (state.faults.strike(&entry), state.log.arrived(entry)));
    let effect = rule.as_ref().map(|rule| rule.effect().clone());
    let dropped = || Err(io::Error::other("dropped by a scripted fault"));
    let answer = match effect {
        Some(Effect::DropBefore) => return dropped(),
        Some(Effect::Answer(code, retry_after)) => Err(Failure::scripted(code, retry_after)),
        effect => {
            if let (Some(Effect::Stall), Some(rule)) = (&effect, &rule) {
                rule.released().await;
            }
            let answer = shared.with(|state| handle(state, &request, target.as_ref()));
            if effect == Some(Effect::DropAfter) {
                return dropped();
            }
            answer
        }
    };
    let response = match answer {
        Ok(answer) => good(&shared, answer),
        Err(failure) => failed(&failure),
    };
    shared.with(|state| state.log.answered(number, response.status().as_u16()));
    Ok(response)
}

async fn read(request: hyper::Request<Incoming>) -> io::Result<Request> {
    let (head, body) = request.into_parts();
    let header = |name: HeaderName| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::new(head.method.as_str(), path);
    request.accept = header(hyper::header::ACCEPT);
    request.content_type = header(CONTENT_TYPE);
    request.user_agent = header(hyper::header::USER_AGENT);
    header(AUTHORIZATION).strip_prefix("Bearer ").unwrap_or_default().clone_into(&mut request.token);
    request.body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
    Ok(request)
}

fn good(shared: &Arc<Shared>, answer: Answer) -> Response<Body> {
    match answer {
        Answer::Object(code, object, warnings) => {
            let mut response = response(code, "application/json", object.to_string().into_bytes());
            for warning in warnings {
                let value = HeaderValue::from_str(&format!("299 - {warning:?}"));
                response.headers_mut().extend(value.map(|value| (WARNING, value)));
            }
            response
        }
        Answer::Raw(code, media, body) => response(code, media, body),
        Answer::Watch(watch) => {
            let (sender, body) = Channel::new(64);
            tokio::spawn(stream(Arc::clone(shared), watch, sender));
            with_head(200, "application/json", body.boxed())
        }
    }
}

fn failed(failure: &Failure) -> Response<Body> {
    let mut response = response(failure.code, "application/json", failure.body.to_string().into_bytes());
    response.headers_mut().extend(failure.retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
    response
}

fn response(code: u16, media: &'static str, body: Vec<u8>) -> Response<Body> {
    with_head(code, media, Full::new(Bytes::from(body)).boxed())
}

fn with_head(code: u16, media: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// Sends changes until the watch ends, its time is over, or nobody listens any more.
async fn stream(shared: Arc<Shared>, mut watch: Watch, mut sender: Sender<Bytes, Infallible>) {
    let limit = tokio::time::Instant::now() + watch.limit;
    let mut revision = shared.revision.subscribe();
    loop {
        revision.borrow_and_update();
        let (events, ends) = shared.with(|state| watch.poll(state));
        for event in events {
            if sender.send_data(line(&event)).await.is_err() {
                return;
            }
        }
        if ends {
            return;
        }
        if !matches!(tokio::time::timeout_at(limit, revision.changed()).await, Ok(Ok(()))) {
            if let Some(bookmark) = watch.bookmark() {
                let _ = sender.send_data(line(&bookmark)).await;
            }
            return;
        }
    }
}

fn line(event: &Value) -> Bytes {
    Bytes::from(format!("{event}\n"))
}
