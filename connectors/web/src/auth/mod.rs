//! How a source knows us: what every call carries, how our own end of a TLS connection is proven, whose certificates we trust.
//!
//! Checked settings enter; an [`Access`] leaves, by which a client prepares its calls. No secret is ever printed: `Debug` withholds all of it.

mod assertion;
mod grant;
mod keys;
mod read;
mod tls;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use raccordo_connector_api::{Failure, Origin};
use raccordo_schema::Diagnostic;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use url::Url;

use crate::client::{CONNECT_TIMEOUT, traceparent};

pub use keys::{SECTIONS, connect_timeout_key};
pub use read::read_access;

use tls::Tls;
use token::Tokens;

pub(crate) use token::Bearer;

/// What the calls to one source carry, and how their connections are proven. Cheap to clone; clones share the access token.
#[derive(Clone)]
pub struct Access {
    headers: HeaderMap,
    /// A parameter of every call's query.
    query: Option<(Arc<str>, Arc<str>)>,
    tokens: Option<Arc<Tokens>>,
    tls: Tls,
    told: Told,
    connect_timeout: Duration,
    warnings: Arc<[Diagnostic]>,
}

/// Which headers tell the partner's log who asks and why.
#[derive(Clone)]
struct Told {
    organisation: Option<HeaderName>,
    purpose: Option<HeaderName>,
    trace: bool,
}

impl Default for Access {
    fn default() -> Self {
        Self::with_headers(HeaderMap::new())
    }
}

impl Access {
    /// Calls that carry these headers and the request's trace.
    pub fn with_headers(headers: HeaderMap) -> Self {
        Self {
            headers,
            query: None,
            tokens: None,
            tls: Tls::default(),
            told: Told { organisation: None, purpose: None, trace: true },
            connect_timeout: CONNECT_TIMEOUT,
            warnings: Arc::new([]),
        }
    }

    /// The same, with one more header in every call.
    #[must_use]
    pub fn and_headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// What is worth knowing of it, though nothing is wrong.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The headers that never change.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// How long a connection may take to open.
    pub(crate) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// The client's own part of TLS.
    pub(crate) fn prepare(&self, builder: reqwest::ClientBuilder, base: &Url) -> reqwest::ClientBuilder {
        self.tls.prepare(builder, base)
    }

    /// Adds the parameter that every call's query has.
    pub(crate) fn sign(&self, url: &mut Url) {
        if let Some((name, value)) = &self.query {
            url.query_pairs_mut().append_pair(name, value);
        }
    }

    /// Adds what the partner's own log is told of a request.
    pub(crate) fn tell(&self, origin: &Origin, headers: &mut HeaderMap) {
        if let Some(parent) = origin.trace.as_deref().filter(|_| self.told.trace).and_then(traceparent) {
            headers.insert(HeaderName::from_static("traceparent"), parent);
        }
        let named = [(&self.told.organisation, &origin.organisation), (&self.told.purpose, &origin.purpose)];
        for (name, value) in named {
            if let (Some(name), Some(value)) = (name, value) {
                headers.insert(name.clone(), plain(value));
            }
        }
    }

    /// The access token of a call, where the source wants one.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn bearer(&self, deadline: Instant) -> Result<Option<Bearer>, Failure> {
        match &self.tokens {
            None => Ok(None),
            Some(tokens) => tokens.bearer(deadline).await.map(Some),
        }
    }

    /// Another token, after the source refused this one with 401; none when that would be of no use.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn renewed(
        &self,
        refused: Option<&Bearer>,
        deadline: Instant,
    ) -> Result<Option<Bearer>, Failure> {
        match (&self.tokens, refused) {
            (Some(tokens), Some(refused)) => tokens.renewed(refused, deadline).await,
            _ => Ok(None),
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access([withheld])")
    }
}

/// Puts a token where RFC 6750 §2.1 has it.
pub(crate) fn carry(bearer: &Bearer, headers: &mut HeaderMap) {
    headers.insert(AUTHORIZATION, bearer.value.clone());
}

/// A text as a header's value: what isn't visible ASCII is percent-encoded.
fn plain(text: &str) -> HeaderValue {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' => out.push_str("%25"),
            b' '..=b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    HeaderValue::try_from(out).unwrap_or_else(|_| HeaderValue::from_static(""))
}
