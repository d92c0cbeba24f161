//! Whether the gateway lives, and whether it should get requests. Sources are not part of it: one that is down costs its own fields only.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Shared, page};

/// Alive: it answers.
pub(super) async fn live() -> Response {
    say(StatusCode::OK, "UP")
}

/// Ready: the graph is loaded, and the gateway isn't ending.
pub(super) async fn ready(State(shared): State<Shared>) -> Response {
    match shared.draining.is_on() {
        false => say(StatusCode::OK, "UP"),
        true => say(StatusCode::SERVICE_UNAVAILABLE, "DRAINING"),
    }
}

fn say(status: StatusCode, word: &str) -> Response {
    let mut response = (status, format!("{{\"status\":\"{word}\"}}")).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page::harden(&mut response);
    response
}
