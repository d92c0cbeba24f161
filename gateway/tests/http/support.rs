//! A respondent that knows a few documents by heart, requests in one line, and bytes over a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request as HttpRequest, StatusCode};
use futures::FutureExt;
use futures::future::BoxFuture;
use raccordo::code::Code;
use raccordo::http::{Draining, Respond, Settings, router};
use raccordo::pipeline::Answered;
use raccordo::request::{Refusal, Request};
use raccordo_policy::Caller;
use serde_json::Value;
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// Bytes of an answer that no system's buffers take in.
pub(crate) const HUGE: usize = 64 * 1024 * 1024;

pub(crate) const TYPENAME: &str = r#"{"query":"{__typename}"}"#;

/// Plays a gateway. Documents with `slow` in them wait until they are let go.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) asked: Arc<AtomicUsize>,
    pub(crate) gate: Arc<Semaphore>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self { asked: Arc::default(), gate: Arc::new(Semaphore::new(0)) }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn router(&self, settings: Settings) -> Router {
        router(Arc::new(self.clone()), settings, Draining::default())
    }
}

impl Respond for Fake {
    fn respond<'a>(
        &'a self,
        _: &'a Caller,
        trace: &'a Arc<str>,
        request: &'a Request,
    ) -> BoxFuture<'a, Result<Answered, Refusal>> {
        async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            assert_eq!(trace.len(), 32);
            if request.query.contains("slow") {
                let permit = self.gate.acquire().await.unwrap();
                permit.forget();
            }
            play(request)
        }
        .boxed()
    }
}

fn play(request: &Request) -> Result<Answered, Refusal> {
    let query = request.query.trim();
    if query.contains("panic") {
        panic!("a fault of this test's own");
    }
    if query == "{" {
        return Err(Refusal::new(Code::GRAPHQL_PARSE_FAILED, "a selection is missing"));
    }
    if query.contains("8f31403dfe404bccbb0e835f2629c6a7") {
        return Err(Refusal::new(Code::GRAPHQL_VALIDATION_FAILED, "no such field"));
    }
    if query.starts_with("mutation") && !request.may_write {
        return Err(Refusal::writes_by_get());
    }
    if query.contains("$id: ID!") && request.variables.get("id").is_none_or(Value::is_null) {
        return Err(Refusal::new(Code::BAD_USER_INPUT, "`id` must be given"));
    }
    let data = match query {
        query if query.contains("huge") => format!(r#"{{"huge":"{}"}}"#, "x".repeat(HUGE)),
        query if query.contains("long") => format!(r#"{{"long":"{}"}}"#, "lungo ".repeat(1_000)),
        query if query.contains("__type(") => r#"{"__type":null}"#.to_owned(),
        _ => r#"{"__typename":"Query"}"#.to_owned(),
    };
    Ok(Answered { body: format!(r#"{{"data":{data}}}"#).into_bytes(), codes: Vec::new() })
}

/// What came back.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request through the routes, without a socket.
pub(crate) async fn send(
    router: &Router,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Got {
    let mut request = HttpRequest::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    Got {
        status: head.status.as_u16(),
        headers: head.headers,
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    }
}

pub(crate) async fn post(router: &Router, headers: &[(&str, &str)], body: &str) -> Got {
    let mut all = vec![("content-type", "application/json")];
    all.retain(|(name, _)| !headers.iter().any(|(given, _)| given == name));
    all.extend_from_slice(headers);
    send(router, Method::POST, "/graphql", &all, body.to_owned()).await
}

pub(crate) async fn get(router: &Router, target: &str, headers: &[(&str, &str)]) -> Got {
    send(router, Method::GET, target, headers, Body::empty()).await
}

pub(crate) fn ok(got: &Got) -> bool {
    got.status == StatusCode::OK
}
