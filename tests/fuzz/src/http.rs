//! An HTTP request as text in: a line with method and target, headers, an empty line, a body. Whatever it is, it is answered without a
//! panic, without a fault, in JSON where JSON is said, and no refusal says it was the gateway's doing.

use std::cell::RefCell;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request as HttpRequest, Response, Uri, header};
use futures::FutureExt;
use futures::future::BoxFuture;
use raccordo::http::{Draining, Respond, Settings, router};
use raccordo::pipeline::Answered;
use raccordo::request::{Refusal, Request};
use raccordo_policy::Caller;
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Bytes that a body may have here: few, so that the limit is met.
const BODY: usize = 4096;

/// Answers everything alike.
struct Anything;

impl Respond for Anything {
    fn respond<'a>(
        &'a self,
        _: &'a Caller,
        _: &'a Arc<str>,
        _: &'a Request,
    ) -> BoxFuture<'a, Result<Answered, Refusal>> {
        async { Ok(Answered { body: br#"{"data":{"a":1}}"#.to_vec(), codes: Vec::new() }) }.boxed()
    }
}

struct Served {
    router: Router,
    runtime: Runtime,
}

thread_local! {
    static SERVED: RefCell<Option<Served>> = const { RefCell::new(None) };
}

impl Served {
    fn new() -> Self {
        let settings = Settings {
            body_bytes: BODY,
            cors_origins: vec!["https://cruscotto.example".parse().unwrap()],
            ..Settings::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { router: router(Arc::new(Anything), settings, Draining::default()), runtime }
    }

    fn ask(&self, request: HttpRequest<Body>) -> Response<Body> {
        self.runtime.block_on(self.router.clone().oneshot(request)).unwrap()
    }
}

/// What must hold.
pub fn holds(data: &[u8]) {
    let Some(request) = request(data) else { return };
    let is_head = request.method() == Method::HEAD;
    SERVED.with(|served| {
        let mut served = served.borrow_mut();
        let served = served.get_or_insert_with(Served::new);
        let response = served.ask(request);
        let status = response.status();
        assert!(!status.is_server_error(), "{status}");
        let said = |name: header::HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (media_type, coding) = (said(header::CONTENT_TYPE), said(header::CONTENT_ENCODING));
        let body = served.runtime.block_on(to_bytes(response.into_body(), usize::MAX)).unwrap();
        if !is_head && !body.is_empty() && media_type.contains("json") && coding.is_empty() {
            let answer: Value = serde_json::from_slice(&body).expect("what is called JSON is JSON");
            let refused = answer.get("errors").is_some();
            assert!(!refused || !answer.to_string().contains("INTERNAL_SERVER_ERROR"), "{answer}");
        }
    });
}

/// The request; `None` where a server would never have made one of it.
fn request(data: &[u8]) -> Option<HttpRequest<Body>> {
    let mut rest = data;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        line
    };
    let first = line();
    let space = first.iter().position(|byte| *byte == b' ')?;
    let method = Method::from_bytes(&first[..space]).ok()?;
    let target = Uri::try_from(&first[space + 1..]).ok()?;
    let mut request = HttpRequest::builder().method(method).uri(target);
    let mut has_host = false;
    loop {
        let header = line();
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&header[..colon], header[colon + 1..].trim_ascii());
        has_host |= name.eq_ignore_ascii_case(b"host");
        request = request.header(name, value);
    }
    if !has_host {
        request = request.header(header::HOST, "127.0.0.1:4000");
    }
    request.body(Body::from(rest.to_vec())).ok()
}
