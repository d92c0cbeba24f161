//! HTTP in, a [`Request`] to whoever responds, HTTP out. It decides how a request may be sent, never what it may see.
//!
//! `POST` and `GET /graphql` by GraphQL over HTTP, subscriptions over server-sent events and WebSockets, the explorer for a browser, health and readiness. Metrics, reload and
//! invalidation belong to the admin listener, which this version doesn't have.

mod admit;
mod answer;
mod csrf;
mod decode;
mod draining;
mod explorer;
mod explorer_assets;
mod graphql;
mod health;
mod host;
mod json;
mod log;
mod negotiate;
mod page;
mod socket;
mod sse;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware;
use axum::routing::{any, get};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use raccordo_policy::Caller;
use tokio::sync::Semaphore;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::pipeline::{Answered, Gateway, Told};
use crate::request::{Refusal, Request};

use admit::{Gate, Room};

pub use draining::Draining;
pub(crate) use host::named;

/// How long a browser may keep the answer to a CORS preflight: two hours, the most that Chromium honours.
const PREFLIGHT_KEPT: Duration = Duration::from_secs(2 * 60 * 60);

/// What stands behind HTTP: the gateway, or a test's own.
pub trait Respond: Send + Sync + 'static {
    /// Answers a request, or refuses it whole. `trace` is the request's trace id, 32 hexadecimal digits.
    fn respond<'a>(
        &'a self,
        caller: &'a Caller,
        trace: &'a Arc<str>,
        request: &'a Request,
    ) -> BoxFuture<'a, Result<Answered, Refusal>>;

    /// As [`Respond::respond`], for a client that takes a stream too. Who has none answers once.
    fn open<'a>(
        &'a self,
        caller: &'a Caller,
        trace: &'a Arc<str>,
        request: &'a Request,
    ) -> BoxFuture<'a, Result<Told, Refusal>> {
        async move { self.respond(caller, trace, request).await.map(Told::Once) }.boxed()
    }
}

impl Respond for Gateway {
    fn respond<'a>(
        &'a self,
        caller: &'a Caller,
        trace: &'a Arc<str>,
        request: &'a Request,
    ) -> BoxFuture<'a, Result<Answered, Refusal>> {
        self.answer(caller, trace, request).boxed()
    }

    fn open<'a>(
        &'a self,
        caller: &'a Caller,
        trace: &'a Arc<str>,
        request: &'a Request,
    ) -> BoxFuture<'a, Result<Told, Refusal>> {
        self.open(caller, trace, request).boxed()
    }
}

/// How requests are taken. The defaults are those of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bytes that a request's body may have.
    pub body_bytes: usize,
    /// How long a body may take to come.
    pub body_timeout: Duration,
    /// Bytes that the bodies of all requests under way may have together, those of small bodies not counted.
    pub bodies_bytes: usize,
    /// Values that a request's variables may have, nested ones counted.
    pub variable_values: usize,
    /// Requests that are answered at a time.
    pub concurrency: usize,
    /// Requests that wait for their turn; one more is refused with `OVERLOADED`.
    pub queue: usize,
    /// How long a request waits for its turn.
    pub queue_timeout: Duration,
    /// How long a request may take once it has its turn. The gateway gives up by itself before: this is the backstop.
    pub answer_timeout: Duration,
    /// Subscriptions that are open together.
    pub streams: usize,
    /// How often a stream that brings nothing says that it is there.
    pub keep_alive: Duration,
    /// WebSockets that are open together.
    pub sockets: usize,
    /// Operations of one WebSocket that are under way together.
    pub socket_operations: usize,
    /// How long a WebSocket may take to greet.
    pub init_timeout: Duration,
    /// How long a WebSocket may be open without an operation.
    pub socket_idle: Duration,
    /// Bytes from which on an answer is compressed, for a client that accepts it.
    pub compress_from_bytes: u64,
    /// Origins whose pages may ask, as a browser writes them: `https://cruscotto.example`. None: CORS is closed.
    pub cors_origins: Vec<HeaderValue>,
    /// Only requests to a loopback name or address are answered: a page elsewhere that has its own name resolve to 127.0.0.1 gets nothing.
    pub loopback_hosts_only: bool,
    /// The explorer's sample queries as JSON, `[{ name, title, query, variables }]`; `None` turns the explorer off.
    pub explorer: Option<Bytes>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            body_timeout: Duration::from_secs(10),
            bodies_bytes: 256 * 1024 * 1024,
            variable_values: 20_000,
            concurrency: 256,
            queue: 1024,
            queue_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(60),
            streams: 1000,
            keep_alive: Duration::from_secs(12),
            sockets: 1000,
            socket_operations: 100,
            init_timeout: Duration::from_secs(10),
            socket_idle: Duration::from_secs(600),
            compress_from_bytes: 1024,
            cors_origins: Vec::new(),
            loopback_hosts_only: true,
            explorer: Some(Bytes::from_static(b"[]")),
        }
    }
}

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    respond: Arc<dyn Respond>,
    settings: Arc<Settings>,
    gate: Gate,
    room: Room,
    streams: Arc<Semaphore>,
    sockets: Arc<Semaphore>,
    draining: Draining,
}

/// The routes.
pub fn router(respond: Arc<dyn Respond>, settings: Settings, draining: Draining) -> Router {
    let gate = Gate::new(settings.concurrency, settings.queue, settings.queue_timeout);
    let compression = CompressionLayer::new()
        .gzip(true)
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(settings.compress_from_bytes).and(NotForContentType::SSE));
    let cors = cors(&settings.cors_origins);
    let room = Room::new(settings.bodies_bytes);
    let [streams, sockets] = [settings.streams, settings.sockets]
        .map(|most| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))));
    let settings = Arc::new(settings);
    let shared = Shared { respond, settings, gate, room, streams, sockets, draining };
    let mut routes = Router::new()
        .route("/graphql", any(graphql::handle))
        .route("/health", get(health::live))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/readiness", get(health::ready));
    if shared.settings.explorer.is_some() {
        routes = routes
            .route("/", get(explorer::home))
            .route("/explorer/samples.json", get(explorer::samples))
            .route("/explorer/{*path}", get(explorer::asset));
    }
    let routes = routes
        .fallback(page::not_found)
        .method_not_allowed_fallback(page::method_not_allowed)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(shared.clone(), host::guard));
    let routes = match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    routes.layer(middleware::from_fn(log::line)).layer(compression).with_state(shared)
}

fn cors(origins: &[HeaderValue]) -> Option<CorsLayer> {
    let sent = [
        header::CONTENT_TYPE,
        header::AUTHORIZATION,
        HeaderName::from_static("raccordo-purpose"),
        HeaderName::from_static("traceparent"),
    ];
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(
            sent.into_iter()
                .chain(csrf::PREFLIGHT_HEADERS.iter().map(|name| HeaderName::from_static(name)))
                .collect::<Vec<_>>(),
        )
        .expose_headers([header::RETRY_AFTER])
        .max_age(PREFLIGHT_KEPT);
    (!origins.is_empty()).then_some(layer)
}
