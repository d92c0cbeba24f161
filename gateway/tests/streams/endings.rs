//! How a subscription ends, seen from a bare socket: the bytes that go to the client, and what becomes of the subgraph's connection.

use raccordo::serve::Ended;
use raccordo::trail::Streamed;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::kit::{Running, start};
use crate::upstream::{self, Upstream};

async fn gateway(upstream: &Upstream) -> Running {
    start(&[("voci", upstream::SDL, format!("url: \"{}\"", upstream.url))], "", |_| {}).await
}

#[tokio::test]
async fn events_go_out_as_the_protocol_says_until_complete() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream).await;
    let mut client = gateway.subscribe("subscription { testo }").await;
    let feed = upstream.opened().await;
    let head = client.until("\r\n\r\n").await.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    for line in
        ["content-type: text/event-stream\r\n", "cache-control: no-store\r\n", "x-accel-buffering: no\r\n"]
    {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(client.until(":\n\n").await.ends_with(":\n\n"), "a sign goes at once");
    assert!(feed.text("uno").await);
    assert!(client.until("\n\n").await.ends_with("event: next\ndata: {\"data\":{\"testo\":\"uno\"}}\n\n"));
    assert!(feed.send("event: complete\ndata:\n\n").await);
    assert!(client.until("\n\n").await.ends_with("event: complete\ndata:\n\n"));
    let records = gateway.streamed(1).await;
    assert_eq!(records.last().unwrap().streamed, Some(Streamed::Ended { events: 1 }));
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_told_before_it_ends() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream).await;
    let mut client = gateway.subscribe("subscription { testo }").await;
    drop(upstream.opened().await);
    let told = client.until("event: complete").await;
    assert!(
        told.contains(r#"data: {"errors":[{"message":"#) && told.contains("SOURCE_UNAVAILABLE"),
        "{told}"
    );
    let records = gateway.streamed(1).await;
    let last = records.last().unwrap();
    assert_eq!((&last.codes[..], last.abandoned), (&["SOURCE_UNAVAILABLE"][..], false));
}

#[tokio::test]
async fn what_is_not_a_response_costs_its_event() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream).await;
    let mut client = gateway.subscribe("subscription { testo }").await;
    let feed = upstream.opened().await;
    for bad in ["{", "[]", r#"{"data":{"testo":7}}"#, r#"{"data":{}}"#] {
        assert!(feed.send(format!("event: next\ndata: {bad}\n\n")).await);
        let told = client.until("event: next\n").await + &client.until("\n\n").await;
        assert!(
            told.contains(r#""data":{"testo":null}"#) && told.contains("SOURCE_MALFORMED_RESPONSE"),
            "{bad}: {told}"
        );
    }
    assert!(feed.text("ancora").await);
    client.until("ancora").await;
}

#[tokio::test]
async fn a_client_that_hangs_up_closes_the_partners_connection_at_once() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream).await;
    let mut client = gateway.subscribe("subscription { testo }").await;
    let feed = upstream.opened().await;
    feed.text("uno").await;
    client.until("uno").await;
    drop(client);
    // Nothing more is sent: it is not a failing write that tells.
    feed.gone().await;
    assert!(gateway.streamed(1).await.last().unwrap().abandoned);
}

#[tokio::test]
async fn the_end_of_the_gateway_ends_streams_without_complete() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream).await;
    let mut client = gateway.subscribe("subscription { testo }").await;
    let feed = upstream.opened().await;
    client.until(":\n\n").await;
    let ended = tokio::spawn(gateway.end());
    let rest = client.rest().await;
    assert!(!rest.contains("complete"), "{rest}");
    assert!(rest.ends_with("0\r\n\r\n"), "the body itself ends well: {rest:?}");
    feed.gone().await;
    assert_eq!(ended.await.unwrap(), Ended::Finished);
}

#[tokio::test]
async fn whoever_takes_no_stream_is_told_how_to_have_one() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream).await;
    for (accept, expected) in [
        ("application/json", "a subscription is answered by a stream"),
        // Clients that take both have a query's answer as JSON.
        ("application/json, text/event-stream", "\"data\":{\"__typename\":\"Query\"}"),
        ("text/event-stream", "event: next\ndata: {\"data\":{\"__typename\":\"Query\"}}\n\n"),
    ] {
        let query = if accept == "application/json" { "subscription { testo }" } else { "{ __typename }" };
        let body = serde_json::json!({ "query": query }).to_string();
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\naccept: {accept}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains(expected), "{accept}: {answer}");
        assert_eq!(accept == "text/event-stream", answer.contains("event: complete"), "{answer}");
    }
}
