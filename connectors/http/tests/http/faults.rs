//! A partner that misbehaves: each way has its outcome, and nothing of what it said is repeated.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use raccordo_connector_api::{FailureKind, Limits};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::api::Api;

const ASK: &str = "servizio(id: \"s-0\") { id }";

async fn outcome(fault: impl Fn() -> Response + Send + Sync + 'static) -> FailureKind {
    let api = Api::faulty(1, Box::new(move |_| Some(fault()))).await;
    let failure = api.roots(ASK).await.unwrap_err();
    assert!(!failure.detail.contains("s-0") && !failure.detail.contains("segreto"), "{}", failure.detail);
    failure.kind
}

#[tokio::test]
async fn a_status_says_whose_fault_it_is() {
    for (status, kind) in [
        (400, FailureKind::Refused),
        (401, FailureKind::Refused),
        (403, FailureKind::Refused),
        (429, FailureKind::Unreachable),
        (500, FailureKind::Unreachable),
        (503, FailureKind::Unreachable),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(outcome(move || (status, "segreto").into_response()).await, kind, "{status}");
    }
}

#[tokio::test]
async fn arguments_too_long_for_a_url_are_the_callers() {
    let api = Api::start(0).await;
    let ask = |length: usize| format!("servizio(id: \"{}\") {{ id }}", "x".repeat(length));
    assert_eq!(api.roots(&ask(59_000)).await.unwrap(), json!({ "servizio": null }));
    let failure = api.roots(&ask(61_000)).await.unwrap_err();
    assert_eq!((failure.kind, failure.detail.contains('x')), (FailureKind::BadInput, false));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let away = || (StatusCode::FOUND, [("location", "http://127.0.0.1:9/segreto")]).into_response();
    assert_eq!(outcome(away).await, FailureKind::Malformed);
}

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    for body in ["", "<html>segreto</html>", "{\"id\": \"s-0\"", "{\"id\": segreto}", "\u{feff}{}"] {
        assert_eq!(outcome(move || body.into_response()).await, FailureKind::Malformed, "{body}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(outcome(move || deep.clone().into_response()).await, FailureKind::Malformed);
}

#[tokio::test]
async fn values_of_wrong_types_cost_their_own_fields() {
    let api = Api::start(0).await;
    let reply = api
        .roots("strano(id: \"types\") { id nome stato posti telefoni organizzazione { id vicini { id } } }")
        .await
        .unwrap();
    assert_eq!(
        reply["strano"],
        json!({
            "id": "7", "nome": "<Malformed Servizio.nome>", "stato": "<Malformed Servizio.stato>",
            "posti": "<Malformed Servizio.posti>", "telefoni": "<Malformed Servizio.telefoni>",
            "organizzazione": { "id": "<Malformed Organizzazione.id>", "vicini": "<Malformed Organizzazione.vicini>" },
        })
    );
    let reply = api.roots("strano(id: \"text\") { id }").await.unwrap();
    assert_eq!(reply["strano"], json!({ "id": "<Malformed Servizio.id>" }));
    let reply = api.roots("strano(id: \"two\") { nome }").await.unwrap();
    assert_eq!(reply["strano"], json!("<Malformed Query.strano>"));
    assert_eq!(api.roots("strano(id: \"null\") { nome }").await.unwrap(), json!({ "strano": null }));
}

fn gzip(body: &[u8]) -> Response {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    ([("content-encoding", "gzip")], Body::from(encoder.finish().unwrap())).into_response()
}

#[tokio::test]
async fn bytes_are_counted_after_decompression_on_both_sides_of_the_limit() {
    let record = json!({ "id": "s-0", "name": "x".repeat(100_000) }).to_string();
    let size = record.len();
    for compressed in [true, false] {
        let body = record.clone();
        let fault = move |_: &str| {
            Some(if compressed { gzip(body.as_bytes()) } else { body.clone().into_response() })
        };
        let api = Api::faulty(1, Box::new(fault)).await;
        let ask =
            |reply_bytes| api.ask().limits(Limits { reply_bytes, ..Limits::default() }).roots(ASK).unwrap();
        assert_eq!(api.reply(&ask(size)).await.unwrap(), json!({ "servizio": { "id": "s-0" } }));
        assert_eq!(api.reply(&ask(size - 1)).await.unwrap_err().kind, FailureKind::OverLimit);
    }
    let bomb = vec![b' '; 64 * 1024 * 1024];
    let api = Api::faulty(1, Box::new(move |_| Some(gzip(&bomb)))).await;
    assert_eq!(api.roots(ASK).await.unwrap_err().kind, FailureKind::OverLimit);
}

#[tokio::test]
async fn a_list_that_never_ends_stops_at_the_limit_of_pages() {
    let endless = |asked: &str| {
        let contents = if asked.contains("page=") { vec![crate::api::service(0)] } else { Vec::new() };
        Some(crate::api::json_response(&json!({ "total_pages": u64::MAX, "contents": contents })))
    };
    let api = Api::faulty(1, Box::new(endless)).await;
    assert_eq!(api.roots("servizi { nodes { id } }").await.unwrap_err().kind, FailureKind::OverLimit);
    assert_eq!(api.requests().len(), 1);
    let limits = Limits { pages: 20, ..Limits::default() };
    let fetch = api.ask().limits(limits).roots("elenco { id }").unwrap();
    assert_eq!(api.reply(&fetch).await.unwrap_err().kind, FailureKind::OverLimit);
    assert_eq!(api.requests().len(), 20);
}

#[tokio::test]
async fn a_page_left_empty_is_no_end() {
    let hollow = |_: &str| Some(crate::api::json_response(&json!({ "total_pages": 3, "contents": [] })));
    let api = Api::faulty(1, Box::new(hollow)).await;
    assert_eq!(api.roots("servizi { nodes { id } }").await.unwrap_err().kind, FailureKind::Malformed);
    for total in [json!("3"), json!(-1), json!(null), json!(1.5)] {
        let odd =
            move |_: &str| Some(crate::api::json_response(&json!({ "total_pages": total, "contents": [] })));
        let api = Api::faulty(1, Box::new(odd)).await;
        assert_eq!(api.roots("servizi { nodes { id } }").await.unwrap_err().kind, FailureKind::Malformed);
    }
}

/// A server that says exactly these bytes, and then holds the line or hangs up.
async fn raw(reply: &'static [u8], hold: bool) -> Api {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(reply).await;
                if hold {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    Api::at(&url, Arc::new(Mutex::new(Vec::new())))
}

#[tokio::test]
async fn bodies_that_break_off_are_malformed_and_those_that_stall_run_out_of_time() {
    let short: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":\"s-0\"}";
    let chunked: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n";
    for reply in [short, chunked] {
        assert_eq!(raw(reply, false).await.roots(ASK).await.unwrap_err().kind, FailureKind::Malformed);
        let api = raw(reply, true).await;
        let fetch = api.ask().patience(Duration::from_millis(300)).roots(ASK).unwrap();
        assert_eq!(api.reply(&fetch).await.unwrap_err().kind, FailureKind::TimedOut);
    }
    assert_eq!(raw(b"", false).await.roots(ASK).await.unwrap_err().kind, FailureKind::Unreachable);
    assert_eq!(
        raw(b"garbage\r\n\r\n", false).await.roots(ASK).await.unwrap_err().kind,
        FailureKind::Unreachable
    );
}

#[tokio::test]
async fn a_deadline_that_has_passed_makes_no_call() {
    let api = Api::start(1).await;
    let fetch = api.ask().patience(Duration::ZERO).roots(ASK).unwrap();
    assert_eq!(api.reply(&fetch).await.unwrap_err().kind, FailureKind::TimedOut);
    assert!(api.requests().is_empty());
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_a_knock_tells() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let api = Api::at(&url, Arc::new(Mutex::new(Vec::new())));
    assert_eq!(api.roots(ASK).await.unwrap_err().kind, FailureKind::Unreachable);
    assert_eq!(api.connector.probe().await.unwrap_err().kind, FailureKind::Unreachable);
    // Not found is an answer; a failure of theirs isn't.
    assert!(Api::start(0).await.connector.probe().await.is_ok());
    let api = Api::faulty(0, Box::new(|_| Some(StatusCode::BAD_GATEWAY.into_response()))).await;
    assert_eq!(api.connector.probe().await.unwrap_err().kind, FailureKind::Unreachable);
}
