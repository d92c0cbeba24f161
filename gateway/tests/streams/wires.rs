//! A subgraph that sends its events over a WebSocket, in good and in bad manners.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::kit::{Reader, Running, start};
use crate::upstream::{self, PATIENCE};

/// What the test has the subgraph do.
enum Do {
    Say(String),
    Close(u16),
    /// Nothing more: not even answering a ping.
    Stall,
}

type Orders = mpsc::Sender<Do>;

/// A running subgraph.
struct Wire {
    url: String,
    opened: mpsc::UnboundedReceiver<(Value, Orders)>,
}

impl Wire {
    async fn start(protocol: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let (sender, opened) = mpsc::unbounded_channel();
        let open = move |State(opened): State<mpsc::UnboundedSender<(Value, Orders)>>,
                         upgrade: WebSocketUpgrade| async move {
            let response: Response = upgrade.protocols([protocol]).on_upgrade(|socket| serve(socket, opened));
            response
        };
        let app = Router::new().route("/graphql", get(open)).with_state(sender);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, opened }
    }

    /// The next subscription: what was asked, and a way to answer.
    async fn opened(&mut self) -> (Value, Orders) {
        timeout(PATIENCE, self.opened.recv()).await.expect("nobody subscribed").unwrap()
    }
}

async fn hear(socket: &mut WebSocket) -> Option<Value> {
    loop {
        match socket.recv().await?.ok()? {
            Message::Text(text) => return serde_json::from_str(&text).ok(),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

async fn serve(mut socket: WebSocket, opened: mpsc::UnboundedSender<(Value, Orders)>) {
    let Some(greeting) = hear(&mut socket).await else { return };
    assert_eq!(greeting, serde_json::json!({ "type": "connection_init" }));
    for text in [r#"{"type":"ping"}"#, r#"{"type":"connection_ack"}"#] {
        socket.send(Message::text(text)).await.unwrap();
    }
    assert_eq!(hear(&mut socket).await.unwrap(), serde_json::json!({ "type": "pong" }));
    let Some(asked) = hear(&mut socket).await else { return };
    let (sender, mut orders) = mpsc::channel(1);
    opened.send((asked, sender)).unwrap_or_default();
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Do::Say(text)) => socket.send(Message::text(text)).await.unwrap_or_default(),
                Some(Do::Close(code)) => {
                    let frame = CloseFrame { code, reason: "parole del partner".into() };
                    socket.send(Message::Close(Some(frame))).await.unwrap_or_default();
                }
                Some(Do::Stall) => return std::future::pending().await,
                None => return,
            },
            heard = socket.recv() => if !matches!(heard, Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_)))) {
                return;
            },
        }
    }
}

fn next(text: &str) -> Do {
    Do::Say(format!(r#"{{"id":"1","type":"next","payload":{{"data":{{"testo":"{text}"}}}}}}"#))
}

async fn gateway(wire: &Wire, limits: &str) -> Running {
    let entry = format!("url: \"{}\", subscriptions: graphql-ws, limits: {{ {limits} }}", wire.url);
    start(&[("voci", upstream::SDL, entry)], "", |_| {}).await
}

async fn subscribe(gateway: &Running) -> Reader {
    gateway.subscribe("subscription { testo }").await
}

#[tokio::test]
async fn what_is_asked_is_a_document_and_its_values() {
    let mut wire = Wire::start("graphql-transport-ws").await;
    let gateway = gateway(&wire, "").await;
    let mut client = subscribe(&gateway).await;
    let (asked, orders) = wire.opened().await;
    assert_eq!(
        asked,
        serde_json::json!({ "id": "1", "type": "subscribe", "payload": { "query": "subscription{testo}", "variables": {} } })
    );
    orders.send(Do::Say(r#"{"id":"altra","type":"complete"}"#.into())).await.unwrap();
    orders.send(next("uno")).await.unwrap();
    client.until("uno").await;
    orders.send(Do::Say(r#"{"id":"1","type":"complete"}"#.into())).await.unwrap();
    assert!(!client.until("event: complete").await.contains("errors"));
    timeout(PATIENCE, orders.closed()).await.expect("the WebSocket is still open");
}

#[tokio::test]
async fn a_client_that_leaves_closes_the_socket() {
    let mut wire = Wire::start("graphql-transport-ws").await;
    let gateway = gateway(&wire, "").await;
    let client = subscribe(&gateway).await;
    let (_, orders) = wire.opened().await;
    drop(client);
    timeout(PATIENCE, orders.closed()).await.expect("the WebSocket is still open");
}

#[tokio::test]
async fn an_event_has_a_size_and_every_ending_a_code() {
    let mut wire = Wire::start("graphql-transport-ws").await;
    let gateway = gateway(&wire, "reply_bytes: 1024").await;
    let around = r#"{"data":{"testo":""}}"#.len();
    for (order, code) in [
        (next(&"y".repeat(1025 - around)), "SOURCE_LIMIT_EXCEEDED"),
        (next(&"y".repeat(100_000)), "SOURCE_LIMIT_EXCEEDED"),
        (Do::Say("{".into()), "SOURCE_MALFORMED_RESPONSE"),
        (Do::Say(r#"{"type":"data","id":"1"}"#.into()), "SOURCE_MALFORMED_RESPONSE"),
        (Do::Say(r#"{"type":"error","id":"1","payload":[{"message":"parole"}]}"#.into()), "SOURCE_REJECTED"),
        (Do::Close(4403), "SOURCE_REJECTED"),
        (Do::Close(1001), "SOURCE_UNAVAILABLE"),
    ] {
        let mut client = subscribe(&gateway).await;
        let (_, orders) = wire.opened().await;
        orders.send(next(&"x".repeat(1024 - around))).await.unwrap();
        client.until("xxx\"}").await;
        orders.send(order).await.unwrap();
        let told = client.until("event: complete").await;
        assert!(told.contains(code), "{code}: {told}");
        assert!(!told.contains("parole") && !told.contains("yyy"), "{told}");
    }
}

#[tokio::test]
async fn a_partner_that_answers_pings_may_be_silent() {
    let mut wire = Wire::start("graphql-transport-ws").await;
    let gateway = gateway(&wire, "silence_ms: 1000").await;
    let mut client = subscribe(&gateway).await;
    let (_, orders) = wire.opened().await;
    sleep(Duration::from_millis(2500)).await;
    orders.send(next("ancora")).await.unwrap();
    client.until("ancora").await;
    orders.send(Do::Stall).await.unwrap();
    assert!(client.until("event: complete").await.contains("SOURCE_TIMEOUT"));
}

#[tokio::test]
async fn who_speaks_another_protocol_is_not_subscribed_to() {
    let wire = Wire::start("graphql-ws").await;
    let over_socket = gateway(&wire, "").await;
    let told = subscribe(&over_socket).await.until("event: complete").await;
    assert!(told.contains("SOURCE_MALFORMED_RESPONSE"), "{told}");
    // By server-sent events at a path that takes GET alone.
    let by_events = start(&[("voci", upstream::SDL, format!("url: \"{}\"", wire.url))], "", |_| {}).await;
    let told = subscribe(&by_events).await.until("event: complete").await;
    assert!(told.contains("SOURCE_REJECTED"), "{told}");
}
