//! One address that is posted to again and again: its URL, its headers and its connections are prepared once.
//!
//! A body enters; a whole answer leaves, or why there is none, under the same rules as [`Client::call`]. Over `http` it speaks to the
//! socket directly; over `https` it goes through the client.

use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::body::Body as _;
use hyper::{Request, Uri};
use raccordo_connector_api::{Failure, Limits, Meter, Origin};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderValue};
use tokio::time::Instant;
use url::Url;

use crate::auth::{Access, Bearer, carry};
use crate::client::{self, Answer, Call, Client};
use crate::wire::Wire;

/// Where to post, and how.
pub struct Endpoint(Way);

enum Way {
    Wire { wire: Wire, uri: Uri, headers: HeaderMap, access: Box<Access> },
    Client { client: Client, call: Call },
}

impl Endpoint {
    /// An endpoint at `url`, which wants to know us by `access`. Every call has, beside that, `content_type` and `accept`. Nothing is opened yet.
    ///
    /// # Errors
    /// `Internal`, when TLS can't be set up, or the URL can't be sent.
    pub fn new(
        url: &Url,
        access: &Access,
        content_type: &'static str,
        accept: &'static str,
    ) -> Result<Self, Failure> {
        let call = Call::post(url.clone(), content_type, Bytes::new())
            .header(header::ACCEPT, HeaderValue::from_static(accept));
        match (url.scheme(), url.host_str()) {
            // A user in the URL becomes basic authentication, which the client knows to make.
            ("http", Some(host)) if url.username().is_empty() && url.password().is_none() => {
                let unusable = |_| Failure::internal("the call can't be built from its URL and headers");
                let mut signed = url.clone();
                access.sign(&mut signed);
                let uri = signed[url::Position::BeforePath..url::Position::AfterQuery].parse::<Uri>();
                let port = url.port_or_known_default().unwrap_or(80);
                let wire = Wire::new(host, port, access.connect_timeout());
                let mut all = sent_always(url)?;
                all.extend(call.headers);
                all.extend(access.headers().clone());
                Ok(Self(Way::Wire {
                    wire,
                    uri: uri.map_err(unusable)?,
                    headers: all,
                    access: Box::new(access.clone()),
                }))
            }
            _ => Ok(Self(Way::Client { client: Client::with_access(url, access.clone())?, call })),
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
        let access = match &self.0 {
            Way::Client { client, call } => {
                let call = Call { body: Some(body), ..call.clone() };
                return client.call(call, origin, deadline, limits, meter).await;
            }
            Way::Wire { access, .. } => access,
        };
        let bearer = access.bearer(deadline).await?;
        let answer = self.once(body.clone(), origin, bearer.as_ref(), deadline, limits, meter).await?;
        if bearer.is_none() || answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        match access.renewed(bearer.as_ref(), deadline).await? {
            Some(other) => self.once(body, origin, Some(&other), deadline, limits, meter).await,
            None => Ok(answer),
        }
    }

    async fn once(
        &self,
        body: Bytes,
        origin: &Origin,
        bearer: Option<&Bearer>,
        deadline: Instant,
        limits: &Limits,
        meter: &Meter,
    ) -> Result<Answer, Failure> {
        let Way::Wire { wire, uri, headers, access } = &self.0 else {
            return Err(Failure::internal("a call over the wire to what isn't called so"));
        };
        let late = || Failure::timed_out("no whole answer before the deadline");
        if Instant::now() >= deadline {
            return Err(late());
        }
        meter.call();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers.clone();
        access.tell(origin, request.headers_mut());
        if let Some(bearer) = bearer {
            carry(bearer, request.headers_mut());
        }
        let exchange = exchange(wire, request, limits.reply_bytes, meter);
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

async fn exchange(
    wire: &Wire,
    request: Request<Full<Bytes>>,
    most: usize,
    meter: &Meter,
) -> Result<Answer, Failure> {
    let mut coming = wire.send(request).await?;
    let over = || Failure::over_limit(format!("an answer has more than {most} bytes"));
    if coming.response.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Failure::malformed("the answer is compressed, which wasn't asked for"));
    }
    let announced = coming.response.body().size_hint().lower();
    if announced > most as u64 {
        return Err(over());
    }
    let mut body = Gathered::default();
    while let Some(chunk) = coming.chunk().await? {
        meter.bytes(chunk.len());
        if body.len() + chunk.len() > most {
            return Err(over());
        }
        body.add(chunk, announced as usize);
    }
    let (head, _) = coming.finish().await.into_parts();
    Ok(Answer { status: head.status, headers: head.headers, body: body.whole() })
}

/// A body as it comes: one piece stays as it is, several are put together.
#[derive(Default)]
struct Gathered {
    only: Bytes,
    several: BytesMut,
}

impl Gathered {
    fn len(&self) -> usize {
        self.only.len() + self.several.len()
    }

    fn add(&mut self, chunk: Bytes, announced: usize) {
        if self.len() == 0 {
            self.only = chunk;
            return;
        }
        if self.several.is_empty() {
            self.several.reserve(announced.max(self.only.len() + chunk.len()));
            self.several.extend_from_slice(&std::mem::take(&mut self.only));
        }
        self.several.extend_from_slice(&chunk);
    }

    fn whole(self) -> Bytes {
        if self.several.is_empty() { self.only } else { self.several.freeze() }
    }
}
