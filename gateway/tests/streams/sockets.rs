//! The manners of a WebSocket: who may open one, what is said in which order, what closes it. A bare client, so that it can misbehave.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use raccordo::serve::Settings;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::kit::{Running, start};
use crate::upstream::{self, PATIENCE, Upstream};

const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

async fn gateway(upstream: &Upstream, more: &str, set: impl FnOnce(&mut Settings)) -> Running {
    start(&[("voci", upstream::SDL, format!("url: \"{}\"", upstream.url))], more, set).await
}

struct Socket(WebSocketStream<TcpStream>);

/// Opens a WebSocket; the status when it isn't one.
async fn open(gateway: &Running, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
    let mut request = format!("ws://{}/graphql", gateway.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(gateway.address).await.unwrap();
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(Socket(socket)),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

/// One that has greeted.
async fn greeted(gateway: &Running) -> Socket {
    let mut socket = open(gateway, &[PROTOCOL]).await.ok().unwrap();
    socket.say(json!({ "type": "connection_init", "payload": { "x": 1 } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
    socket
}

fn subscribe(id: &str, query: &str) -> Value {
    json!({ "id": id, "type": "subscribe", "payload": { "query": query } })
}

impl Socket {
    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Option<Message> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing comes")? {
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(message) => return Some(message),
                Err(_) => return None,
            }
        }
    }

    async fn hear(&mut self) -> Value {
        let message = self.next().await.expect("the socket ended");
        serde_json::from_str(message.to_text().unwrap()).unwrap_or_else(|_| panic!("{message:?}"))
    }

    /// The code with which the gateway closes.
    async fn closed(mut self) -> u16 {
        match self.next().await {
            Some(Message::Close(Some(frame))) => frame.code.into(),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn only_pages_of_this_origin_and_allowed_ones_open_a_socket() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream, "cors: { origins: [\"https://cruscotto.example\"] }\n", |_| {}).await;
    let own = format!("http://{}", gateway.address);
    for origin in [own.as_str(), "https://cruscotto.example"] {
        assert!(open(&gateway, &[PROTOCOL, ("origin", origin)]).await.is_ok(), "{origin}");
    }
    for origin in ["https://altrove.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(open(&gateway, &[PROTOCOL, ("origin", origin)]).await.err(), Some(400), "{origin}");
    }
    let elsewhere = [PROTOCOL, ("host", "raccordo.example")];
    assert_eq!(open(&gateway, &elsewhere).await.err(), Some(421), "a name that leads here by DNS");
    for protocol in ["graphql-ws", "x"] {
        let other = [("sec-websocket-protocol", protocol)];
        assert!(matches!(open(&gateway, &other).await, Err(400)), "{protocol}");
    }
    assert_eq!(open(&gateway, &[]).await.err(), Some(400), "no subprotocol");
}

#[tokio::test]
async fn operations_are_told_apart_and_end_when_the_client_says_so() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream, "", |_| {}).await;
    let mut socket = greeted(&gateway).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));
    socket.say(subscribe("a", "subscription { testo }")).await;
    let first = upstream.opened().await;
    socket.say(subscribe("b", "subscription { due: testo }")).await;
    let second = upstream.opened().await;
    second.send("event: next\ndata: {\"data\":{\"due\":\"2\"}}\n\n").await;
    let answered = socket.hear().await;
    assert_eq!((&answered["id"], &answered["type"]), (&json!("b"), &json!("next")));
    assert_eq!(answered["payload"]["data"], json!({ "due": "2" }));
    socket.say(json!({ "id": "b", "type": "complete" })).await;
    second.gone().await;
    first.text("1").await;
    assert_eq!(socket.hear().await["id"], "a");
    // An id is free again once its operation is over; words of unknown ids are ignored.
    socket.say(json!({ "id": "b", "type": "complete" })).await;
    socket.say(subscribe("b", "{ __typename }")).await;
    assert_eq!(
        socket.hear().await,
        json!({ "id": "b", "type": "next", "payload": { "data": { "__typename": "Query" } } })
    );
    assert_eq!(socket.hear().await, json!({ "id": "b", "type": "complete" }));
    socket.say(subscribe("b", "{ ignota }")).await;
    let refused = socket.hear().await;
    assert_eq!(
        (&refused["type"], &refused["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("GRAPHQL_VALIDATION_FAILED"))
    );
    socket.say(json!({ "id": "b", "type": "subscribe", "payload": {} })).await;
    assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "BAD_USER_INPUT");
    first.send("event: complete\n\n").await;
    assert_eq!(socket.hear().await, json!({ "id": "a", "type": "complete" }));
}

#[tokio::test]
async fn a_socket_that_goes_away_ends_all_its_subscriptions() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream, "", |_| {}).await;
    let mut socket = greeted(&gateway).await;
    socket.say(subscribe("a", "subscription { testo }")).await;
    let first = upstream.opened().await;
    socket.say(subscribe("b", "subscription { testo }")).await;
    let second = upstream.opened().await;
    drop(socket);
    first.gone().await;
    second.gone().await;
    gateway.streamed(2).await;
}

#[tokio::test]
async fn whoever_breaks_the_protocol_is_shown_out() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream, "limits: { body_bytes: 1024 }\n", |_| {}).await;
    let mut early = open(&gateway, &[PROTOCOL]).await.ok().unwrap();
    early.say(subscribe("a", "{ __typename }")).await;
    assert_eq!(early.closed().await, 4401);
    let mut twice = greeted(&gateway).await;
    twice.say(json!({ "type": "connection_init" })).await;
    assert_eq!(twice.closed().await, 4429);
    let mut same = greeted(&gateway).await;
    same.say(subscribe("a", "subscription { testo }")).await;
    same.say(subscribe("a", "subscription { testo }")).await;
    assert_eq!(same.closed().await, 4409);
    for bad in ["", "{", "[]", r#"{"type":"start"}"#, r#"{"type":"subscribe","id":"a"}"#] {
        let mut socket = greeted(&gateway).await;
        socket.0.send(Message::text(bad)).await.unwrap();
        assert_eq!(socket.closed().await, 4400, "{bad}");
    }
    let mut binary = greeted(&gateway).await;
    binary.0.send(Message::binary(&b"{}"[..])).await.unwrap();
    assert_eq!(binary.closed().await, 4400);
    let padded = |bytes: usize| {
        let mut text = json!({ "type": "ping" }).to_string();
        text.push_str(&" ".repeat(bytes - text.len()));
        Message::text(text)
    };
    let mut long = greeted(&gateway).await;
    long.0.send(padded(1024)).await.unwrap();
    assert_eq!(long.hear().await, json!({ "type": "pong" }));
    long.0.send(padded(1025)).await.unwrap();
    assert_eq!(long.closed().await, 1009);
}

#[tokio::test]
async fn a_socket_has_a_time_to_greet_and_a_time_to_be_of_use() {
    let upstream = Upstream::start().await;
    let short = |settings: &mut Settings| settings.http.init_timeout = Duration::from_millis(50);
    let running = gateway(&upstream, "", short).await;
    let silent = open(&running, &[PROTOCOL]).await.ok().unwrap();
    assert_eq!(silent.closed().await, 4408);
    let mut socket = greeted(&running).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }), "who has greeted has time");
}

#[tokio::test]
async fn there_are_so_many_sockets_and_so_many_operations_in_each() {
    let mut upstream = Upstream::start().await;
    let limits = "limits: { sockets: 1, socket_operations: 2 }\n";
    let gateway = gateway(&upstream, limits, |_| {}).await;
    let mut socket = greeted(&gateway).await;
    assert_eq!(open(&gateway, &[PROTOCOL]).await.err(), Some(503));
    let mut feeds = Vec::new();
    for id in ["a", "b"] {
        socket.say(subscribe(id, "subscription { testo }")).await;
        feeds.push(upstream.opened().await);
    }
    socket.say(subscribe("c", "{ __typename }")).await;
    let refused = socket.hear().await;
    assert_eq!(
        (&refused["id"], &refused["payload"][0]["extensions"]["code"]),
        (&json!("c"), &json!("OVERLOADED"))
    );
    socket.say(json!({ "id": "a", "type": "complete" })).await;
    feeds[0].gone().await;
    socket.say(subscribe("c", "{ __typename }")).await;
    assert_eq!(socket.hear().await["type"], "next");
    drop(socket);
    feeds[1].gone().await;
    let again = async {
        while open(&gateway, &[PROTOCOL]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("the place isn't free again");
}
