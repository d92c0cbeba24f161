//! Operations over a WebSocket: the subprotocol `graphql-transport-ws` (npm `graphql-ws`, PROTOCOL.md), on the path of the graph.
//!
//! A browser lets any page open a WebSocket anywhere and asks nobody, so its `Origin` is looked at as a request's is. Everything of a
//! socket has a bound: how long it may take to greet, how large a message is, how many operations it has, how long it may be of no use.

mod conversation;
mod message;

use axum::extract::FromRequestParts as _;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;

use super::answer::{self, By};
use super::log::Trace;
use super::negotiate::MediaType;
use super::{Shared, csrf};
use crate::code::Code;
use crate::request::Refusal;

use conversation::Conversation;

/// The subprotocol. The older `graphql-ws` of `subscriptions-transport-ws` isn't spoken.
const PROTOCOL: &str = "graphql-transport-ws";

/// Whether a request wants to become a WebSocket (RFC 6455 §4.1).
pub(super) fn is_wanted(method: &Method, headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE);
    method == Method::GET && upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Opens a WebSocket, or says why not.
pub(super) async fn open(shared: &Shared, trace: &Trace, mut head: Parts) -> Response {
    let refused = |refusal| answer::refused(&refusal, By::Http, MediaType::Json);
    if let Err(refusal) = csrf::check(&head.headers, &shared.settings.cors_origins) {
        return refused(refusal);
    }
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut head, &()).await else {
        return refused(malformed("the handshake isn't one of a WebSocket, version 13, over HTTP/1.1"));
    };
    let most = shared.settings.body_bytes;
    let upgrade = upgrade.max_message_size(most).max_frame_size(most).protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return refused(malformed("the WebSocket's subprotocol must be `graphql-transport-ws`"));
    }
    let Ok(place) = std::sync::Arc::clone(&shared.sockets).try_acquire_owned() else {
        return refused(Refusal::new(
            Code::OVERLOADED,
            "as many WebSockets are open as may be; try again after `Retry-After` seconds",
        ));
    };
    // Whoever stops the gateway waits for this.
    let task = shared.draining.task();
    let (shared, trace) = (shared.clone(), trace.clone());
    upgrade.on_upgrade(move |socket| async move {
        Conversation::new(shared, socket).hold().await;
        tracing::debug!(target: "raccordo::http", trace = %trace.id(), "a WebSocket ended");
        drop((place, task));
    })
}

fn malformed(message: &str) -> Refusal {
    Refusal::new(Code { status: 400, ..Code::BAD_USER_INPUT }, message)
}
