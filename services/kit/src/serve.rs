//! From `main` to exit: log, configuration, listening, draining.

use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tower::ServiceExt;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Limits;
use crate::{Config, Servers, Service, postgres, router};

/// Runs a service until SIGTERM or SIGINT, and is all that its `main` does.
///
/// Answers 0 after a stop that was asked for, 1 when listening failed, 2 when the configuration is wrong.
pub fn serve(service: &'static Service) -> ExitCode {
    let config = Config::from_env(service);
    let fallback = Targets::new().with_default(tracing::Level::INFO);
    log_as_json(config.as_ref().map_or(fallback, |config| config.log.clone()));
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            tracing::error!(service = service.name, %error, "cannot start");
            return ExitCode::from(2);
        }
    };
    match run(service, &config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(service = service.name, %error, "cannot serve");
            ExitCode::FAILURE
        }
    }
}

/// One JSON object a line on stdout, panics included.
fn log_as_json(levels: Targets) {
    tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().json().with_span_list(false))
        .with(levels)
        .init();
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panicked")));
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("listening on {0} (set LISTEN to a free address and port): {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error("the Redis client: {0}")]
    Redis(#[from] redis::RedisError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

fn run(service: &'static Service, config: &Config) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(listen(service, config));
    // Work on blocking threads cannot be cancelled, and must not hold up the exit.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn listen(service: &'static Service, config: &Config) -> Result<(), Error> {
    // Before the port opens: whoever has got an answer may send a signal.
    let stop = stop_signal()?;
    let servers = Servers::new(service, config)?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| Error::Listen(config.listen, error))?;
    let told = servers.stop.clone();
    let stop = async move {
        stop.await;
        told.begin();
    };
    let migration = tokio::spawn(postgres::migrate_when_possible(servers.clone(), service.migrations));
    tracing::info!(service = service.name, version = service.version, address = %listener.local_addr()?, "listening");
    serve_until(stop, listener, router(service, config, servers), &config.limits).await;
    migration.abort();
    tracing::info!("stopped");
    Ok(())
}

/// Serves until `stop`, then lets the requests in flight finish, for as long as `limits.drain` at most.
///
/// axum's own `serve` waits without end for the head of a request; here slow senders lose their connection.
async fn serve_until(stop: impl Future<Output = ()>, listener: TcpListener, router: axum::Router, limits: &Limits) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener) => accepted,
        };
        let router = router.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), answer));
        // A connection that breaks off is the client's affair.
        tokio::spawn(async move { connection.await.inspect_err(|error| tracing::debug!(%error, "connection")) });
    }
    drop(listener);
    tracing::info!("draining");
    if tokio::time::timeout(limits.drain, connections.shutdown()).await.is_err() {
        tracing::warn!(drain_s = limits.drain.as_secs(), "left requests unfinished");
    }
}

/// The next connection. Without free file descriptors it waits until others are closed.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and whole: waiting to fill a packet would only delay them.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Installs the handlers at once, and ends with the first SIGTERM or SIGINT.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::{Notify, oneshot};

    use super::*;
    use crate::testing::BARE;

    #[tokio::test]
    async fn a_request_in_flight_at_the_stop_is_answered() {
        static ARRIVED: Notify = Notify::const_new();
        static FINISH: Notify = Notify::const_new();
        let handler = || async {
            ARRIVED.notify_one();
            FINISH.notified().await;
            "done"
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it listens");
        let stop = async {
            ARRIVED.notified().await;
            FINISH.notify_one();
        };
        let router = Router::new().route("/", get(handler));
        let serving = tokio::spawn(async { serve_until(stop, listener, router, &Limits::default()).await });
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it reads");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("it answers, then closes");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
        serving.await.expect("no panic");
    }

    #[tokio::test]
    async fn a_request_that_never_ends_does_not_hold_up_the_stop() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it listens");
        let (arrived, stop) = oneshot::channel();
        let arrived = std::sync::Mutex::new(Some(arrived));
        let handler = move || {
            let arrived = arrived.lock().expect("one request").take();
            arrived.map(|arrived| arrived.send(()));
            std::future::pending::<&str>()
        };
        let router = Router::new().route(
            "/",
            get({
                let handler = std::sync::Arc::new(handler);
                move || handler()
            }),
        );
        let stop = async { stop.await.expect("the handler sends it") };
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it reads");
        serve_until(stop, listener, router, &Limits { drain: Duration::ZERO, ..Limits::default() }).await;
    }

    #[tokio::test]
    async fn a_head_that_never_ends_costs_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it listens");
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.expect("it reads");
        let limits = Limits { head: Duration::from_millis(20), ..Limits::default() };
        let stop = async { while client.read_u8().await.is_ok() {} };
        serve_until(stop, listener, Router::new(), &limits).await;
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_answered_408() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it listens");
        let head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 9\r\n\r\nhalf";
        client.write_all(head).await.expect("it reads");
        let (mut config, _) = crate::testing::offline(&BARE);
        config.limits.request = Duration::from_millis(20);
        let echo = Router::new().route("/", post(|body: String| async { body }));
        let router = crate::layers::around(echo, &config);
        let mut answer = String::new();
        let stop = async { assert!(client.read_to_string(&mut answer).await.is_ok()) };
        serve_until(stop, listener, router, &Limits::default()).await;
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("problem+json"), "{answer}");
    }
}
