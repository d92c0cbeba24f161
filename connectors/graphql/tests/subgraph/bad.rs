//! The kind against partners that fail in every way the contract names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::support::{FERMATA, connect, entities, leaf, object, on, roots, rows, selection, serve, text};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::any;
use raccordo_connector_api::{Cell, Failure, FailureKind, Fetch, Leaf, Limits, Operation, Reply};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";

/// A server that always answers this.
async fn always(status: u16, content_type: &'static str, body: impl Into<String>) -> String {
    let body: Arc<str> = body.into().into();
    // The question is read whole: a long one would break off otherwise.
    let answer = move |_: axum::body::Bytes| async move {
        let status = StatusCode::from_u16(status).unwrap();
        (status, [(header::CONTENT_TYPE, content_type)], body.to_string()).into_response()
    };
    serve(Router::new().fallback(any(answer))).await
}

fn two_entities() -> Fetch {
    let fields = vec![leaf("id", 0, Leaf::Id), text("nome", 1)];
    entities(selection("Fermata", Some(FERMATA), 2, fields), &[(FERMATA, "a"), (FERMATA, "b")])
}

fn one_field() -> Fetch {
    roots(Operation::Query, 1, vec![text("a", 0)], Vec::new())
}

async fn ask(url: &str, fetch: &Fetch) -> Result<Reply, Failure> {
    connect(url).fetch(fetch).await
}

async fn kind(url: &str, fetch: &Fetch) -> FailureKind {
    let failure = ask(url, fetch).await.unwrap_err();
    assert!(!format!("{failure:?}").contains("segreto"), "{failure:?}");
    failure.kind
}

#[tokio::test]
async fn another_number_of_entities_is_refused_and_the_right_one_is_not() {
    let entities = |count: usize| {
        json!({ "data": { "_entities": vec![json!({ "id": "x", "nome": "y" }); count] } }).to_string()
    };
    for count in [0, 1, 3] {
        assert_eq!(
            kind(&always(200, JSON, entities(count)).await, &two_entities()).await,
            FailureKind::Malformed
        );
    }
    assert!(ask(&always(200, JSON, entities(2)).await, &two_entities()).await.is_ok());
}

#[tokio::test]
async fn two_lists_of_entities_are_not_joined_into_one() {
    let list = |id: &str| json!([{ "id": id, "nome": "y" }]).to_string();
    let body = format!(r#"{{"data":{{"_entities":{},"_entities":{}}}}}"#, list("b"), list("a"));
    assert_eq!(kind(&always(200, JSON, body).await, &two_entities()).await, FailureKind::Malformed);
}

#[tokio::test]
async fn a_field_that_is_missing_is_lost_and_one_that_is_null_is_not() {
    let body = json!({ "data": { "_entities": [{ "id": "a", "nome": null }, { "id": "b" }] } }).to_string();
    let reply = ask(&always(200, JSON, body).await, &two_entities()).await.unwrap();
    let expected = json!([{ "id": "a", "nome": null }, { "id": "b", "nome": "[lost]" }]);
    assert_eq!(rows(&two_entities(), &reply), expected);
    assert_eq!(reply.problems().len(), 1);
    assert_eq!(reply.problems()[0].failure.kind, FailureKind::Malformed);
}

#[tokio::test]
async fn half_of_a_surrogate_pair_costs_its_own_field() {
    for (nome, expected) in [(r"\ud800", "[lost]"), (r"x\udc00x", "[lost]"), (r"\ud83d\ude8c", "\u{1f68c}")] {
        let of = |id: &str, nome: &str| format!(r#"{{"id":"{id}","nome":"{nome}"}}"#);
        let body = format!(r#"{{"data":{{"_entities":[{},{}]}}}}"#, of("a", nome), of("b", "y"));
        let reply = ask(&always(200, JSON, body).await, &two_entities()).await.unwrap();
        let expected = json!([{ "id": "a", "nome": expected }, { "id": "b", "nome": "y" }]);
        assert_eq!(rows(&two_entities(), &reply), expected);
        for problem in reply.problems() {
            assert_eq!(problem.failure.coordinate, Some(("Fermata".into(), "nome".into())));
        }
    }
    let body = r#"{"data":{"_entities":[{"id":"a","nome":"x"},null]},"errors":[{"message":"\udc00","path":["_entities",1]}]}"#;
    let reply = ask(&always(200, JSON, body).await, &two_entities()).await.unwrap();
    assert_eq!(rows(&two_entities(), &reply)[0], json!({ "id": "a", "nome": "x" }));
    assert_eq!(reply.problems()[0].failure.kind, FailureKind::Refused);
}

#[tokio::test]
async fn an_entity_of_another_type_is_nobodys() {
    let named = |name: &str| json!({ "__typename": name, "id": "a", "nome": "x" });
    for (name, expected) in [
        ("Fermata", json!({ "id": "a", "nome": "x" })),
        ("Linea", json!("[lost]")),
        ("Treno", json!("[lost]")),
    ] {
        let fields =
            vec![text("__typename", 9), on(leaf("id", 0, Leaf::Id), FERMATA), on(text("nome", 1), FERMATA)];
        let fetch = entities(selection("_Entity", None, 2, fields), &[(FERMATA, "a")]);
        let body = json!({ "data": { "_entities": [named(name)] } }).to_string();
        let reply = ask(&always(200, JSON, body).await, &fetch).await.unwrap();
        // Of a type that the graph has: whether it is the right one is told where it is joined.
        if name == "Linea" {
            assert_eq!(rows(&fetch, &reply), json!([{}]));
        } else {
            assert_eq!(rows(&fetch, &reply), json!([expected]), "{name}");
        }
    }
    let fields = vec![text("__typename", 9), leaf("id", 0, Leaf::Id), text("nome", 1)];
    let fetch = entities(selection("Fermata", Some(FERMATA), 2, fields), &[(FERMATA, "a")]);
    let body = json!({ "data": { "_entities": [named("Linea")] } }).to_string();
    let reply = ask(&always(200, JSON, body).await, &fetch).await.unwrap();
    assert_eq!(rows(&fetch, &reply), json!(["[lost]"]));
}

#[tokio::test]
async fn an_error_is_never_dropped_wherever_its_path_leads() {
    let entity = |id: &str| json!({ "id": id, "nome": null });
    for errors in [
        json!([{ "message": "segreto", "path": ["_entities", 1, "nome"] }]),
        json!([{ "message": "segreto", "path": ["_entities", "1", "nome"] }]),
        json!([{ "message": "segreto", "path": ["_entities", -1, "nome"] }]),
        json!([{ "message": "segreto", "path": ["_entities", 1_000_000_000, "nome"] }]),
        json!([{ "message": "segreto", "path": ["_entities", 1, "altro"] }]),
        json!([{ "message": "segreto", "path": ["_entities"] }]),
        json!([{ "message": "segreto", "path": "nome" }]),
        json!([{ "message": "segreto" }]),
        json!(["segreto"]),
        json!({ "message": "segreto" }),
        json!("segreto"),
    ] {
        let body =
            json!({ "data": { "_entities": [entity("a"), entity("b")] }, "errors": errors }).to_string();
        let reply = ask(&always(200, JSON, body).await, &two_entities()).await.unwrap();
        let told = rows(&two_entities(), &reply);
        assert_eq!(told[1]["nome"], "[lost]", "{errors}");
        assert_eq!(reply.problems()[0].failure.kind, FailureKind::Refused, "{errors}");
        assert!(!format!("{:?}", reply.problems()).contains("segreto"));
    }
    let twice = r#"{"data":{"a":null},"errors":[{"path":["a"]}],"errors":null}"#;
    let reply = ask(&always(200, JSON, twice).await, &one_field()).await.unwrap();
    assert_eq!(rows(&one_field(), &reply), json!([{ "a": "[lost]" }]));
}

#[tokio::test]
async fn more_errors_than_are_placed_lose_what_is_null_all_the_same() {
    for count in [10_000_usize, 10_001, 12_000] {
        let keys: Vec<String> = (0..count).map(|index| index.to_string()).collect();
        let rows: Vec<(u32, &str)> = keys.iter().map(|key| (FERMATA, key.as_str())).collect();
        let mut fetch = entities(selection("Fermata", Some(FERMATA), 1, vec![text("nome", 0)]), &rows);
        fetch.limits = Limits { rows: count, ..fetch.limits };
        let errors: Vec<_> = (0..count).map(|index| json!({ "path": ["_entities", index] })).collect();
        let body = json!({ "data": { "_entities": vec![json!(null); count] }, "errors": errors }).to_string();
        let reply = ask(&always(200, JSON, body).await, &fetch).await.unwrap();
        let lost = |row: &Cell| matches!(row, Cell::Failed(_));
        assert_eq!(reply.rows().iter().filter(|row| lost(row)).count(), count);
    }
}

#[tokio::test]
async fn what_is_not_a_response_is_malformed() {
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        r#"{"data":null}"#,
        r#"{"data":{"a":"x"}} segreto"#,
        r#"{"data":{"a":"segreto"#,
        r#"{"data":[1]}"#,
    ] {
        assert_eq!(
            kind(&always(200, JSON, body).await, &one_field()).await,
            FailureKind::Malformed,
            "{body}"
        );
    }
    let html = always(200, "text/html", r#"{"data":{"a":"x"}}"#).await;
    assert_eq!(kind(&html, &one_field()).await, FailureKind::Malformed);
    assert!(ask(&always(200, JSON, r#"{"data":{"a":"x"}}"#).await, &one_field()).await.is_ok());
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_lost_alone() {
    let fetch = roots(
        Operation::Query,
        3,
        vec![
            leaf("a", 0, Leaf::Int),
            text("b", 1),
            object("c", 2, 1, selection("X", Some(2), 1, vec![text("d", 0)])),
        ],
        Vec::new(),
    );
    let reply = ask(&always(200, JSON, r#"{"data":{"a":"segreto","b":"x","c":{"d":"y"}}}"#).await, &fetch)
        .await
        .unwrap();
    assert_eq!(rows(&fetch, &reply), json!([{ "a": "[lost]", "b": "x", "c": "[lost]" }]));
    assert!(!format!("{:?}", reply.problems()).contains("segreto"));
    assert!(reply.problems().iter().all(|problem| problem.failure.coordinate.is_some()));
}

#[tokio::test]
async fn statuses_say_whose_fault_it_is() {
    let error = r#"{"errors":[{"message":"segreto"}]}"#;
    for (status, content_type, expected) in [
        (200, JSON, FailureKind::Refused),
        (400, JSON, FailureKind::Refused),
        (400, GRAPHQL, FailureKind::Refused),
        (401, GRAPHQL, FailureKind::Refused),
        (403, JSON, FailureKind::Refused),
        (404, "text/html", FailureKind::Refused),
        (429, JSON, FailureKind::Unreachable),
        (500, GRAPHQL, FailureKind::Unreachable),
        (503, "text/html", FailureKind::Unreachable),
    ] {
        assert_eq!(
            kind(&always(status, content_type, error).await, &one_field()).await,
            expected,
            "{status} {content_type}"
        );
    }
    let partial = r#"{"data":{"a":null},"errors":[{"message":"segreto","path":["a"]}]}"#;
    let fetch = one_field();
    let reply = ask(&always(400, GRAPHQL, partial).await, &fetch).await.unwrap();
    assert_eq!(rows(&fetch, &reply), json!([{ "a": "[lost]" }]));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let followed = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&followed);
    let elsewhere = serve(Router::new().fallback(any(move || async move {
        count.fetch_add(1, Ordering::SeqCst);
        r#"{"data":{"a":"x"}}"#
    })))
    .await;
    for status in [301_u16, 302, 307, 308] {
        let location = elsewhere.clone();
        let redirect =
            move || async move { (StatusCode::from_u16(status).unwrap(), [(header::LOCATION, location)]) };
        let url = serve(Router::new().fallback(any(redirect))).await;
        assert_eq!(kind(&url, &one_field()).await, FailureKind::Malformed, "{status}");
    }
    assert_eq!(followed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_limit_of_bytes_holds_on_both_sides() {
    let body = r#"{"data":{"a":"xxxx"}}"#;
    let url = always(200, JSON, body).await;
    for (limit, fits) in [(body.len(), true), (body.len() - 1, false)] {
        let fetch = Fetch { limits: Limits { reply_bytes: limit, ..Limits::default() }, ..one_field() };
        match fits {
            true => assert!(ask(&url, &fetch).await.is_ok()),
            false => assert_eq!(kind(&url, &fetch).await, FailureKind::OverLimit),
        }
    }
}

#[tokio::test]
async fn the_limit_of_rows_holds_on_both_sides_and_is_checked_before_the_call() {
    let url = always(200, JSON, r#"{"data":{"_entities":[null,null]}}"#).await;
    let within = Fetch { limits: Limits { rows: 2, ..Limits::default() }, ..two_entities() };
    assert!(ask(&url, &within).await.is_ok());
    let over = Fetch { limits: Limits { rows: 1, ..Limits::default() }, ..two_entities() };
    assert_eq!(kind(&url, &over).await, FailureKind::OverLimit);
    assert_eq!(over.meter.read().0, 0);
}

#[tokio::test]
async fn no_entities_take_no_call() {
    let fetch = entities(selection("Fermata", Some(FERMATA), 1, vec![text("nome", 0)]), &[]);
    let reply = ask("http://127.0.0.1:9/graphql", &fetch).await.unwrap();
    assert!(reply.rows().is_empty());
    assert_eq!(fetch.meter.read().0, 0);
}

#[tokio::test]
async fn a_source_that_never_answers_times_out_even_in_the_middle_of_a_body() {
    let silent = serve(Router::new().fallback(any(std::future::pending::<StatusCode>))).await;
    let stuck = raw(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"data\"",
        false,
    )
    .await;
    for url in [silent, stuck] {
        let fetch = Fetch { deadline: Instant::now() + Duration::from_millis(300), ..one_field() };
        assert_eq!(kind(&url, &fetch).await, FailureKind::TimedOut);
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    let url = raw(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"data\":{\"a\"",
        true,
    )
    .await;
    assert_eq!(kind(&url, &one_field()).await, FailureKind::Malformed);
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_nothing_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://user:segreto@{free}/graphql?k=segreto");
    assert_eq!(kind(&url, &one_field()).await, FailureKind::Unreachable);
    assert_eq!(connect(&url).probe().await.unwrap_err().kind, FailureKind::Unreachable);

    let calls = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&calls);
    let failing = serve(Router::new().fallback(any(move || async move {
        count.fetch_add(1, Ordering::SeqCst);
        StatusCode::SERVICE_UNAVAILABLE
    })))
    .await;
    let fetch = roots(Operation::Mutation, 1, vec![text("segnala", 0)], Vec::new());
    assert_eq!(kind(&failing, &fetch).await, FailureKind::Unreachable);
    assert_eq!((calls.load(Ordering::SeqCst), fetch.meter.read().0), (1, 1));
}

#[tokio::test]
async fn a_probe_tells_an_endpoint_from_a_page() {
    assert!(connect(&always(200, JSON, r#"{"data":{"__typename":"Query"}}"#).await).probe().await.is_ok());
    for body in ["{}", r#"{"errors":[{"message":"segreto"}]}"#, "[]"] {
        let failure = connect(&always(200, JSON, body).await).probe().await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Malformed);
        assert!(!failure.detail.contains("segreto"));
    }
    let page = connect(&always(200, "text/html", "<html>").await).probe().await.unwrap_err();
    assert_eq!(page.kind, FailureKind::Malformed);
}

/// A server that writes these bytes to whoever asks, then closes, or stays silent.
async fn raw(answer: &'static str, close: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            if !close {
                kept.push(stream);
            }
        }
    });
    format!("http://{address}/graphql")
}
