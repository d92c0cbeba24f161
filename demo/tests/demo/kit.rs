//! What the partners' tests share: a district, a client, a few words to ask with.

use std::sync::Arc;

use raccordo_demo::district::District;
use raccordo_demo::partners::{FREE, Partner, asl, terzo_settore, trasporti};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

/// Enough people for the quartieri of 1 and 50 and some more.
pub(crate) const RESIDENTS: usize = 400;

pub(crate) fn district() -> Arc<District> {
    Arc::new(District::of(RESIDENTS))
}

/// A plain client. The workspace's reqwest brings no TLS provider; the ring one is installed once.
pub(crate) fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

pub(crate) async fn asl(district: &Arc<District>) -> Partner {
    asl::start(district, FREE).await.unwrap()
}

pub(crate) async fn third_sector(district: &Arc<District>) -> Partner {
    terzo_settore::start(district, FREE).await.unwrap()
}

pub(crate) async fn cooperative(district: &Arc<District>) -> Partner {
    trasporti::start(district, FREE).await.unwrap()
}

/// Sends, and expects JSON: the status and the body.
pub(crate) async fn json(request: RequestBuilder) -> (u16, Value) {
    let reply = request.send().await.unwrap();
    let status = reply.status().as_u16();
    (status, reply.json().await.unwrap())
}

pub(crate) async fn get(url: String) -> (u16, Value) {
    json(client().get(url)).await
}
