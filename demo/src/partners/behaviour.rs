//! Enters: a good reply and the behaviour that a test chose. Leaves: the reply, or what a partner in trouble would send instead.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt as _, stream};
use serde_json::Value;

/// How long half a body travels before the connection breaks.
const BEFORE_THE_BREAK: Duration = Duration::from_millis(30);

/// How a partner behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// Answers as its protocol says.
    #[default]
    Faithful,
    /// 503 to everything. For a closed port, stop the partner.
    Down,
    /// 403 to everything.
    Refusing,
    /// Right answers, so many milliseconds late.
    Slow {
        /// The delay.
        delay_ms: u64,
    },
    /// Half of the body, then the connection breaks; the head promised all of it.
    Truncated,
    /// Well-formed JSON whose plain values have another type than the protocol says; keys and envelope stay right.
    WrongTypes,
    /// 200 with a page in HTML, as from a proxy on the way.
    NotJson,
    /// There is always a next page: the last one's link leads to the first. Partners without pages send `EndlessBody`.
    EndlessPages,
    /// A body of spaces that never ends.
    EndlessBody,
}

/// The behaviour in force; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Switch(Arc<Mutex<Behaviour>>);

impl Switch {
    /// What is in force.
    pub(super) fn now(&self) -> Behaviour {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the next request on.
    pub(super) fn set(&self, behaviour: Behaviour) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }
}

/// What is sent without asking the partner's data at all, where the behaviour says so.
pub(super) fn instead(behaviour: Behaviour) -> Option<Response> {
    let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    match behaviour {
        Behaviour::Down => Some((StatusCode::SERVICE_UNAVAILABLE, html, "<h1>503</h1>").into_response()),
        Behaviour::Refusing => Some((StatusCode::FORBIDDEN, html, "<h1>403</h1>").into_response()),
        Behaviour::NotJson => Some((StatusCode::OK, html, "<h1>Manutenzione in corso</h1>").into_response()),
        Behaviour::EndlessBody => Some(endless()),
        _ => None,
    }
}

/// The partner's reply as the behaviour lets it through.
pub(super) async fn spoiled(behaviour: Behaviour, reply: Response) -> Response {
    match behaviour {
        Behaviour::Slow { delay_ms } => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            reply
        }
        Behaviour::Truncated => truncated(reply).await,
        Behaviour::WrongTypes => retyped(reply).await,
        _ => reply,
    }
}

fn endless() -> Response {
    let spaces = Bytes::from_static(&[b' '; 4_096]);
    let body = stream::repeat_with(move || Ok::<_, io::Error>(spaces.clone()));
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(body)).into_response()
}

async fn truncated(reply: Response) -> Response {
    let (mut head, body) = reply.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    head.headers.insert(header::CONTENT_LENGTH, whole.len().into());
    let broken = async {
        // The head and the half must be on their way: a connection that breaks at once sends nothing.
        tokio::time::sleep(BEFORE_THE_BREAK).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    };
    let body = stream::once(async { Ok(half) }).chain(stream::once(broken));
    Response::from_parts(head, Body::from_stream(body))
}

async fn retyped(reply: Response) -> Response {
    let (mut head, body) = reply.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut json) = serde_json::from_slice::<Value>(&whole) else {
        return Response::from_parts(head, Body::from(whole));
    };
    retype(&mut json);
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(json.to_string()))
}

/// Names whose values hold the envelope together: with these changed nobody would get as far as the wrong types.
const ENVELOPE: [&str; 19] = [
    "resourceType",
    "id",
    "identifier",
    "link",
    "fullUrl",
    "search",
    "total",
    "type",
    "patient",
    "subject",
    "reference",
    "__typename",
    "codiceFiscale",
    "sdl",
    "errors",
    "total_items",
    "total_pages",
    "page_number",
    "size",
];

/// Texts and numbers become objects, truths become texts.
fn retype(json: &mut Value) {
    match json {
        Value::Object(members) => {
            members
                .iter_mut()
                .filter(|(name, _)| !ENVELOPE.contains(&name.as_str()))
                .for_each(|(_, v)| retype(v));
        }
        Value::Array(items) => items.iter_mut().for_each(retype),
        Value::String(_) | Value::Number(_) => *json = serde_json::json!({ "inatteso": true }),
        Value::Bool(_) => *json = Value::from("inatteso"),
        Value::Null => {}
    }
}
