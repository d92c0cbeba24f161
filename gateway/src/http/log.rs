//! One line of the log for each request: what came of it and how long it took. Never a path as it came, a query, a variable or a header's value.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;

use super::answer::Codes;
use crate::code::Code;
use crate::request::Refusal;

/// A request's trace id and what the log wants to know of it. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    id: Arc<str>,
    received: Arc<AtomicU64>,
}

impl Trace {
    /// The trace the client is in (W3C Trace Context §3.2), or a new one.
    fn of(headers: &HeaderMap) -> Self {
        let parent = headers.get("traceparent").and_then(|value| value.to_str().ok());
        let id = parent.and_then(trace_id).map(str::to_owned).unwrap_or_else(new_id);
        Self { id: id.into(), received: Arc::new(AtomicU64::new(0)) }
    }

    /// A trace that begins here: an operation's over a WebSocket.
    pub(super) fn begin() -> Self {
        Self::of(&HeaderMap::new())
    }

    /// The id: 32 hexadecimal digits.
    pub(super) fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// So many bytes of body came.
    pub(super) fn received(&self, bytes: usize) {
        self.received.store(bytes as u64, Ordering::Relaxed);
    }
}

/// Gives the request its trace, and writes its line when the response is made, or when the client went away before.
pub(super) async fn line(mut request: Request, next: Next) -> Response {
    let trace = Trace::of(request.headers());
    let route = route(request.uri().path());
    let mut open = Open {
        trace: trace.clone(),
        method: request.method().clone(),
        route,
        started: Instant::now(),
        told: false,
    };
    request.extensions_mut().insert(trace);
    let response = next.run(request).await;
    open.close(&response);
    response
}

/// A request under way.
struct Open {
    trace: Trace,
    method: Method,
    route: &'static str,
    started: Instant,
    told: bool,
}

impl Open {
    fn close(&mut self, response: &Response) {
        let codes = response.extensions().get::<Codes>().map(|codes| codes.0.join(",")).unwrap_or_default();
        let sent = response.body().size_hint().exact();
        self.write(response.status().as_u16(), &codes, sent);
    }

    fn write(&mut self, status: u16, codes: &str, sent_bytes: Option<u64>) {
        self.told = true;
        let took_us = self.started.elapsed().as_micros() as u64;
        let received_bytes = self.trace.received.load(Ordering::Relaxed);
        // A method may be any word of the client's.
        let method = match self.method {
            Method::GET | Method::POST | Method::HEAD | Method::OPTIONS => self.method.as_str(),
            _ => "other",
        };
        let route = self.route;
        if route == "/health" {
            tracing::debug!(target: "raccordo::http", trace = %self.trace.id, method, route, status, took_us, "health");
        } else {
            tracing::info!(
                target: "raccordo::http", trace = %self.trace.id, method, route, status, codes, took_us, received_bytes, sent_bytes, "http"
            );
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.told {
            // As nginx has it: the client closed before there was an answer.
            self.write(499, "", None);
        }
    }
}

/// What a path leads to, in words of ours: a path as it came may hold anything.
fn route(path: &str) -> &'static str {
    match path {
        "/" => "/",
        "/graphql" => "/graphql",
        "/health" | "/health/live" | "/health/ready" | "/readiness" => "/health",
        path if path.starts_with("/explorer/") => "/explorer",
        _ => "none",
    }
}

/// A panic while answering: logged under the trace's id, which is all that is told. What it said is in the process's own panic message.
pub(super) fn fault(trace: &Trace) -> Refusal {
    tracing::error!(target: "raccordo::fault", fault = %trace.id, "a panic ended a request");
    let mut refusal = Refusal::new(
        Code::INTERNAL_SERVER_ERROR,
        "a fault of the gateway; its operator finds it under the id in `extensions.fault`",
    );
    for error in &mut refusal.errors {
        error.fault = Some(trace.id.to_string());
    }
    refusal
}

/// The trace id of a `traceparent`, when it is one.
fn trace_id(parent: &str) -> Option<&str> {
    let mut parts = parent.split('-');
    let (version, id, span) = (parts.next()?, parts.next()?, parts.next()?);
    let hexadecimal = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let sized = version.len() == 2 && id.len() == 32 && span.len() == 16;
    let usable = id.bytes().any(|byte| byte != b'0') && version != "ff";
    (sized && usable && [version, id, span].into_iter().all(hexadecimal)).then_some(id)
}

fn new_id() -> String {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // Without randomness an id that is merely new will do: it protects nothing.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        bytes = u128::from(NEXT.fetch_add(1, Ordering::Relaxed)).to_be_bytes();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_taken_over_only_when_it_is_one() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(trace_id(&format!("00-{id}-00f067aa0ba902b7-01")), Some(id));
        assert_eq!(trace_id(&format!("cc-{id}-00f067aa0ba902b7-01-later")), Some(id));
        for bad in [
            "",
            "00",
            "00-x-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-RSSMRA80A01H501URSSMRA80A01H501U-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
        let new = new_id();
        assert_eq!(trace_id(&format!("00-{new}-00f067aa0ba902b7-01")), Some(new.as_str()));
    }
}
