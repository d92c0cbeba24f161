//! A listener in; connections served until told to end; then what is under way is finished within a bound.
//!
//! HTTP/1.1, and HTTP/2 for clients that begin with it (h2c). Every connection has limits on its head, its time and its number.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::http::{self, Draining, Respond};
use crate::stall::Stalling;
use crate::workers::Workers;

/// Bytes that a request's line and headers may have together: 431 beyond.
const HEAD_BYTES: usize = 64 * 1024;
/// Requests under way on one HTTP/2 connection.
const STREAMS: u32 = 100;
/// After so long a silence an HTTP/2 connection is asked whether it lives.
const PING: Duration = Duration::from_secs(20);
/// A pause after the system refused a connection, as when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How connections are served.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How requests are taken.
    pub http: http::Settings,
    /// Connections open at a time; further ones wait in the system's backlog.
    pub connections: usize,
    /// How long a request's head may take to come; also how long an idle connection stays open.
    pub head_timeout: Duration,
    /// How long a client may take nothing of what it asked for.
    pub write_timeout: Duration,
    /// How long requests under way may take to finish once the end was asked for.
    pub drain_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            http: http::Settings::default(),
            connections: 4096,
            head_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every request was answered.
    Finished,
    /// Requests were cut off, at the bound.
    CutOff,
}

/// Serves until `shutdown` completes, then lets what is under way finish. Connections are served by `workers`, or, without them, by the
/// runtime that this is called in.
pub async fn run(
    respond: Arc<dyn Respond>,
    listener: TcpListener,
    settings: Settings,
    workers: Option<Workers>,
    shutdown: impl Future<Output = ()>,
) -> Ended {
    let draining = Draining::default();
    let connections = Connections {
        router: http::router(respond, settings.http, draining.clone()).layer(from_fn(http::named)),
        builder: builder(settings.head_timeout),
        places: Arc::new(Semaphore::new(settings.connections.min(Semaphore::MAX_PERMITS))),
        tasks: draining.tasks().clone(),
        workers,
        drain: CancellationToken::new(),
        cut: CancellationToken::new(),
        head_timeout: settings.head_timeout,
        write_timeout: settings.write_timeout,
    };
    tokio::select! {
        () = connections.accept(&listener) => {}
        () = shutdown => {}
    }
    draining.start();
    drop(listener);
    connections.end(settings.drain_timeout).await
}

/// The signals that ask a process to end: SIGTERM and Ctrl-C. From the moment it exists they no longer end it by themselves.
#[derive(Debug)]
pub struct EndSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl EndSignals {
    /// Listens for them. Called inside the tokio runtime.
    ///
    /// # Errors
    /// The system doesn't allow it.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Completes at the next of them; one that came since the last call counts.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Completes when the process is asked to end: SIGTERM or Ctrl-C.
pub async fn asked_to_end() {
    match EndSignals::listen() {
        Ok(mut signals) => signals.next().await,
        Err(_) => std::future::pending().await,
    }
}

struct Connections {
    router: Router,
    builder: Builder<TokioExecutor>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    workers: Option<Workers>,
    /// Connections finish the request they have.
    drain: CancellationToken,
    /// Connections close at once.
    cut: CancellationToken,
    head_timeout: Duration,
    write_timeout: Duration,
}

impl Connections {
    /// Accepts until it is dropped.
    async fn accept(&self, listener: &TcpListener) {
        loop {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    self.begin(stream, place);
                }
                Err(error) => {
                    tracing::warn!(target: "raccordo::http", kind = ?error.kind(), "a connection can't be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Has a connection served, on a worker where there are any. `place` is its among all connections.
    fn begin(&self, stream: TcpStream, place: OwnedSemaphorePermit) {
        match self.workers.as_ref().and_then(Workers::place) {
            None => {
                let serving = self.serve(|| Ok(stream));
                self.tasks.spawn(async move {
                    serving.await;
                    drop(place);
                });
            }
            Some((worker, own)) => {
                // The reactor that it was accepted on lets it go; the worker's takes it.
                let Ok(stream) = stream.into_std() else { return };
                let serving = self.serve(|| TcpStream::from_std(stream));
                self.tasks.spawn_on(
                    async move {
                        serving.await;
                        drop((place, own));
                    },
                    worker,
                );
            }
        }
    }

    fn serve(
        &self,
        stream: impl FnOnce() -> std::io::Result<TcpStream> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let builder = self.builder.clone();
        let begun = Arc::new(AtomicBool::new(false));
        let noting = Noting { inner: self.router.clone(), begun: Arc::clone(&begun) };
        let service = TowerToHyperService::new(noting);
        let (drain, cut) = (self.drain.clone(), self.cut.clone());
        let (head_timeout, write_timeout) = (self.head_timeout, self.write_timeout);
        async move {
            let Ok(stream) = stream() else { return };
            // Answers are written whole: waiting to fill a packet only delays them.
            let _ = stream.set_nodelay(true);
            let io = TokioIo::new(Stalling::new(stream, write_timeout));
            let mut connection = pin!(builder.serve_connection_with_upgrades(io, service));
            tokio::select! {
                _ = connection.as_mut() => return,
                () = silent(&begun, head_timeout) => return,
                () = drain.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            tokio::select! {
                _ = connection => {}
                () = cut.cancelled() => {}
            }
        }
    }

    async fn end(self, bound: Duration) -> Ended {
        self.drain.cancel();
        self.tasks.close();
        if tokio::time::timeout(bound, self.tasks.wait()).await.is_ok() {
            return Ended::Finished;
        }
        self.cut.cancel();
        self.tasks.wait().await;
        Ended::CutOff
    }
}

/// Completes when no request has come in this time. hyper bounds a head only once it knows which HTTP is spoken: a connection on which
/// nothing, or a single `P`, comes would stay for good.
async fn silent(begun: &AtomicBool, head_timeout: Duration) {
    tokio::time::sleep(head_timeout).await;
    if begun.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

/// Notes that a request came.
#[derive(Clone)]
struct Noting<S> {
    inner: S,
    begun: Arc<AtomicBool>,
}

impl<R, S: Service<R>> Service<R> for Noting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.begun.store(true, Ordering::Relaxed);
        self.inner.call(request)
    }
}

fn builder(head_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head_timeout).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_BYTES as u32)
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}
