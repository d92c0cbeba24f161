//! One address that is posted to again and again: its URL, its headers and its connections are prepared once.
//!
//! A body enters; a whole answer leaves, or why there is none, under the same rules as [`Client::call`]. Over `http` it speaks to the
//! socket directly; over `https` it goes through the client.

use bytes::{BufMut as _, Bytes, BytesMut};
use raccordo_connector_api::{Failure, Limits, Meter, Origin};
use reqwest::header::{self, HeaderMap, HeaderValue};
use tokio::time::Instant;
use url::Url;

use crate::client::{self, Answer, Call, Client};
use crate::wire::{Bounds, Wire};

/// Where to post, and how.
pub struct Endpoint(Way);

enum Way {
    /// The head is a request's, up to its body's length.
    Wire {
        wire: Wire,
        head: Box<[u8]>,
    },
    Client {
        client: Client,
        call: Call,
    },
}

impl Endpoint {
    /// An endpoint at `url`. `headers` go with every call, beside `content_type` and `accept`. Nothing is opened yet.
    ///
    /// # Errors
    /// `Internal`, when TLS can't be set up, or the URL can't be sent.
    pub fn new(
        url: &Url,
        headers: &HeaderMap,
        content_type: &'static str,
        accept: &'static str,
    ) -> Result<Self, Failure> {
        let call = Call::post(url.clone(), content_type, Bytes::new())
            .header(header::ACCEPT, HeaderValue::from_static(accept));
        match (url.scheme(), url.host_str()) {
            // A user in the URL becomes basic authentication, which the client knows to make.
            ("http", Some(host)) if url.username().is_empty() && url.password().is_none() => {
                let wire = Wire::new(host, url.port_or_known_default().unwrap_or(80));
                let mut all = sent_always(url)?;
                all.extend(call.headers);
                all.extend(headers.clone());
                let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
                Ok(Self(Way::Wire { wire, head: head(target, &all) }))
            }
            _ => Ok(Self(Way::Client { client: Client::new(url, headers.clone())?, call })),
        }
    }

    /// Posts a body, once, and reads the whole answer, whatever its status. Counts the call before it is made, and the bytes as they come.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn post(
        &self,
        body: Bytes,
        origin: &Origin,
        deadline: Instant,
        limits: &Limits,
        meter: &Meter,
    ) -> Result<Answer, Failure> {
        let (wire, head) = match &self.0 {
            Way::Client { client, call } => {
                let call = Call { body: Some(body), ..call.clone() };
                return client.call(call, origin, deadline, limits, meter).await;
            }
            Way::Wire { wire, head } => (wire, head),
        };
        let late = || Failure::timed_out("no whole answer before the deadline");
        if Instant::now() >= deadline {
            return Err(late());
        }
        meter.call();
        let exchange = wire.exchange(
            whole_head(head, body.len(), origin),
            body,
            Bounds { most: limits.reply_bytes, meter },
        );
        tokio::time::timeout_at(deadline, exchange).await.map_err(|_| late())?
    }
}

/// The host, and who we are.
fn sent_always(url: &Url) -> Result<HeaderMap, Failure> {
    let unusable = |_| Failure::internal("the call can't be built from its URL and headers");
    let mut headers = HeaderMap::new();
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    headers.insert(header::HOST, HeaderValue::from_str(host).map_err(unusable)?);
    headers.insert(header::USER_AGENT, HeaderValue::from_static(client::USER_AGENT));
    Ok(headers)
}

/// The start of every request: its line and its headers. A URL's parts and headers' values hold no line's end.
fn head(target: &str, headers: &HeaderMap) -> Box<[u8]> {
    let mut head = format!("POST {target} HTTP/1.1\r\n").into_bytes();
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.into()
}

/// The head of one request.
fn whole_head(start: &[u8], body_bytes: usize, origin: &Origin) -> Bytes {
    let mut head = BytesMut::with_capacity(start.len() + 128);
    head.put_slice(start);
    if let Some(parent) = origin.trace.as_deref().and_then(client::traceparent) {
        head.put_slice(b"traceparent: ");
        head.put_slice(parent.as_bytes());
        head.put_slice(b"\r\n");
    }
    head.put_slice(b"content-length: ");
    head.put_slice(body_bytes.to_string().as_bytes());
    head.put_slice(b"\r\n\r\n");
    head.freeze()
}
