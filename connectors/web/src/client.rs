//! One HTTP client for one source: a call enters with its deadline and limits, a whole answer leaves, or why there is none.
//!
//! It reads no environment (no ambient proxy), follows no redirect, repeats no call, and never puts a URL, a header or a body
//! into an error: the transport's own errors, which quote URLs, are sorted by cause and dropped.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use raccordo_connector_api::{Failure, Limits, Meter, Origin};
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, redirect};
use tokio::time::Instant;
use url::Url;

/// How long a connection may take to open, within a call's deadline.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Idle connections close before Node's servers close them, after 5 seconds: a call never meets a connection that is just going.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// Idle connections kept for a host.
pub(crate) const IDLE_CONNECTIONS: usize = 32;
/// Who calls.
pub(crate) const USER_AGENT: &str = concat!("raccordo/", env!("CARGO_PKG_VERSION"));

/// The client of one source. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
}

/// One call to be made.
#[derive(Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The whole URL; a user and password in it become basic authentication.
    pub url: Url,
    /// Headers of this call.
    pub headers: HeaderMap,
    /// The body, where there is one.
    pub body: Option<Bytes>,
}

/// A whole answer.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
}

impl Call {
    /// A GET that wants JSON.
    pub fn get(url: Url) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(reqwest::header::ACCEPT, HeaderValue::from_static("application/json"));
        Self { method: Method::GET, url, headers, body: None }
    }

    /// A POST of this content type that wants JSON.
    pub fn post(url: Url, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut call = Self { method: Method::POST, body: Some(body.into()), ..Self::get(url) };
        call.headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        call
    }

    /// The same with one more header, or another value of it.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl Client {
    /// A client for URLs of `base`'s scheme. `headers` go with every call. Nothing is opened yet.
    ///
    /// Over `https` the system's certificate store is read; over `http` no certificate is needed, so none is loaded.
    ///
    /// # Errors
    /// `Internal`, when TLS can't be set up, as without any certificate in the system's store.
    pub fn new(base: &Url, headers: HeaderMap) -> Result<Self, Failure> {
        Self::of(builder(base, headers))
    }

    /// As [`Client::new`], for WebSockets: they begin as a request of HTTP/1.1, and each keeps its connection.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn for_sockets(base: &Url, headers: HeaderMap) -> Result<Self, Failure> {
        Self::of(builder(base, headers).http1_only())
    }

    fn of(builder: reqwest::ClientBuilder) -> Result<Self, Failure> {
        let inner = builder.build().map_err(|_| {
            Failure::internal("TLS can't be set up: are the system's CA certificates installed?")
        })?;
        Ok(Self { inner })
    }

    /// Makes a call, once, and reads its whole answer, whatever its status. Counts the call before it is made, and the bytes as they come.
    /// The deadline covers the body too; `limits.reply_bytes` counts it after decompression.
    ///
    /// # Errors
    /// `Unreachable`, `TimedOut`, `Malformed` for a body that breaks off or can't be decompressed, `OverLimit`.
    pub async fn call(
        &self,
        call: Call,
        origin: &Origin,
        deadline: Instant,
        limits: &Limits,
        meter: &Meter,
    ) -> Result<Answer, Failure> {
        let late = || Failure::timed_out("no whole answer before the deadline");
        if Instant::now() >= deadline {
            return Err(late());
        }
        meter.call();
        let exchange = self.exchange(call, origin, limits.reply_bytes, meter);
        tokio::time::timeout_at(deadline, exchange).await.map_err(|_| late())?
    }

    /// A call as it is sent.
    pub(crate) fn request(&self, call: Call, origin: &Origin) -> reqwest::RequestBuilder {
        let Call { method, url, headers, body } = call;
        let mut request = self.inner.request(method, url).headers(headers);
        if let Some(parent) = origin.trace.as_deref().and_then(traceparent) {
            request = request.header(HeaderName::from_static("traceparent"), parent);
        }
        match body {
            Some(body) => request.body(body),
            None => request,
        }
    }

    async fn exchange(
        &self,
        call: Call,
        origin: &Origin,
        most: usize,
        meter: &Meter,
    ) -> Result<Answer, Failure> {
        let mut response = self.request(call, origin).send().await.map_err(|error| failure(&error))?;
        let over = || Failure::over_limit(format!("an answer has more than {most} bytes"));
        let plain = !response.headers().contains_key(CONTENT_ENCODING);
        let announced = response.content_length().filter(|_| plain).unwrap_or_default();
        if announced > most as u64 {
            return Err(over());
        }
        let mut body = BytesMut::with_capacity(announced as usize);
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            meter.bytes(chunk.len());
            if body.len() + chunk.len() > most {
                return Err(over());
            }
            body.extend_from_slice(&chunk);
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Answer { status: response.status(), headers, body: body.freeze() })
    }
}

/// The ways of every client.
fn builder(base: &Url, headers: HeaderMap) -> reqwest::ClientBuilder {
    // Where another crate chose ring already, that is the same choice.
    static PROVIDER: OnceLock<()> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .default_headers(headers)
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .tcp_nodelay(true);
    match base.scheme() {
        "https" => builder,
        _ => builder.tls_certs_only([]),
    }
}

/// The cause of a transport's error, without its text.
pub(crate) fn failure(error: &reqwest::Error) -> Failure {
    match error {
        error if error.is_timeout() => Failure::timed_out("the connection did not open in time"),
        error if error.is_dns() => Failure::unreachable("the host's name can't be resolved"),
        error if error.is_connect() => {
            Failure::unreachable("no connection: nobody listens there, or TLS failed")
        }
        error if error.is_decode() => {
            Failure::malformed("the answer's body broke off, or can't be decompressed")
        }
        error if error.is_body() => Failure::malformed("the answer's body broke off"),
        error if error.is_builder() => Failure::internal("the call can't be built from its URL and headers"),
        _ => Failure::unreachable("the connection closed before an answer came"),
    }
}

/// W3C Trace Context §3.2: the request's trace with a new parent id. `None` when the trace isn't 32 hexadecimal digits.
pub(crate) fn traceparent(trace: &str) -> Option<HeaderValue> {
    static NEXT: OnceLock<AtomicU64> = OnceLock::new();
    let start = || AtomicU64::new(std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0));
    let hexadecimal = trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parent = NEXT.get_or_init(start).fetch_add(1, Ordering::Relaxed).max(1);
    hexadecimal
        .then(|| HeaderValue::try_from(format!("00-{}-{parent:016x}-01", trace.to_ascii_lowercase())).ok())?
}
