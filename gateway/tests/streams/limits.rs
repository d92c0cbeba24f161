//! Every limit of a subscription, on both sides.

use crate::kit::{Running, start};
use crate::upstream::{self, Upstream};

async fn gateway(upstream: &Upstream, of_source: &str, more: &str) -> Running {
    let entry = format!("url: \"{}\", limits: {{ {of_source} }}", upstream.url);
    start(&[("voci", upstream::SDL, entry)], more, |_| {}).await
}

const ASK: &str = "subscription { testo }";

#[tokio::test]
async fn an_event_may_have_so_many_bytes() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream, "reply_bytes: 1024", "").await;
    let around = r#"{"data":{"testo":""}}"#.len();
    let mut client = gateway.subscribe(ASK).await;
    let feed = upstream.opened().await;
    feed.text(&"x".repeat(1024 - around)).await;
    assert!(client.until("xxx\"}").await.contains("event: next"));
    feed.text(&"y".repeat(1025 - around)).await;
    let told = client.until("event: complete").await;
    assert!(told.contains("SOURCE_LIMIT_EXCEEDED") && !told.contains("yyy"), "{told}");
    feed.gone().await;
}

#[tokio::test]
async fn a_partner_may_be_silent_for_so_long_and_a_sign_is_no_silence() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream, "silence_ms: 1000", "").await;
    let mut client = gateway.subscribe(ASK).await;
    let feed = upstream.opened().await;
    for _ in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        assert!(feed.send(":\n\n").await, "signs keep it open");
    }
    feed.text("ancora").await;
    client.until("ancora").await;
    let told = client.until("event: complete").await;
    assert!(told.contains("SOURCE_TIMEOUT"), "{told}");
    feed.gone().await;
}

#[tokio::test]
async fn a_source_has_so_many_subscriptions() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream, "streams: 2", "").await;
    let first = gateway.subscribe(ASK).await;
    let feed = upstream.opened().await;
    let mut second = gateway.subscribe(ASK).await;
    let other = upstream.opened().await;
    let mut third = gateway.subscribe(ASK).await;
    assert!(third.until("event: complete").await.contains("SOURCE_LIMIT_EXCEEDED"));
    drop(first);
    feed.gone().await;
    gateway.streamed(1).await;
    let mut third = gateway.subscribe(ASK).await;
    upstream.opened().await.text("terzo").await;
    third.until("terzo").await;
    other.text("secondo").await;
    second.until("secondo").await;
}

#[tokio::test]
async fn the_gateway_has_so_many_subscriptions() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream, "", "limits: { streams: 1 }\n").await;
    let mut first = gateway.subscribe(ASK).await;
    let feed = upstream.opened().await;
    first.until(":\n\n").await;
    let mut second = gateway.subscribe(ASK).await;
    let told = second.until("OVERLOADED").await;
    assert!(told.starts_with("HTTP/1.1 503"), "{told}");
    assert!(told.to_ascii_lowercase().contains("retry-after: 1\r\n"), "{told}");
    upstream.opened().await.gone().await;
    feed.text("primo").await;
    first.until("primo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_has_its_events_up_to_a_bound_and_is_told() {
    let mut upstream = Upstream::start().await;
    let gateway = gateway(&upstream, "", "limits: { events: 4 }\n").await;
    let mut client = gateway.subscribe(ASK).await;
    let feed = upstream.opened().await;
    client.until(":\n\n").await;
    // The client reads nothing: once the sockets' own buffers are full, events wait in the queue, and then the partner is let go.
    let large = "x".repeat(512 * 1024);
    let mut sent = 0;
    while feed.text(&large).await {
        sent += 1;
        assert!(sent < 1000, "500 MB were taken for a client that reads nothing");
    }
    feed.gone().await;
    // Now it reads: all that was kept comes, in order, and then why there is no more.
    let told = client.until("event: complete").await;
    assert!(told.contains("REQUEST_LIMIT_EXCEEDED"), "no word of why");
    let events = told.matches(&large).count();
    assert!(events >= 4 && events < sent, "{events} of {sent}");
    let last = gateway.streamed(1).await.pop().unwrap();
    assert_eq!((&last.codes[..], last.abandoned), (&["REQUEST_LIMIT_EXCEEDED"][..], false));
}
