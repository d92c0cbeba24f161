//! GraphQL over HTTP: methods, media types, statuses; and the public audit of them.

use axum::http::Method;
use raccordo::http::Settings;
use raccordo::serve;
use raccordo_tests::real::{AuditStatus, audit};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::support::{Fake, TYPENAME, get, ok, post, send};

const GRAPHQL: (&str, &str) = ("accept", "application/graphql-response+json");
const JSON: (&str, &str) = ("accept", "application/json");

#[tokio::test]
async fn answers_come_in_the_media_type_that_was_asked_for() {
    let router = Fake::new().router(Settings::default());
    let plain = post(&router, &[], TYPENAME).await;
    assert_eq!((plain.status, plain.header("content-type")), (200, "application/json; charset=utf-8"));
    assert_eq!(plain.json(), json!({ "data": { "__typename": "Query" } }));
    assert_eq!(plain.header("cache-control"), "no-store");
    assert_eq!(plain.header("x-content-type-options"), "nosniff");
    let own = post(&router, &[GRAPHQL], TYPENAME).await;
    assert_eq!(own.header("content-type"), "application/graphql-response+json; charset=utf-8");
    let none = post(&router, &[("accept", "image/png")], TYPENAME).await;
    assert_eq!((none.status, none.code().as_str()), (406, "BAD_USER_INPUT"));
}

#[tokio::test]
async fn a_refused_operation_has_its_status_only_under_graphql_s_own_media_type() {
    let router = Fake::new().router(Settings::default());
    for (body, code) in [
        (r#"{"query":"{"}"#, "GRAPHQL_PARSE_FAILED"),
        (r#"{"query":"{ 8f31403dfe404bccbb0e835f2629c6a7 }"}"#, "GRAPHQL_VALIDATION_FAILED"),
        (r#"{"query":"query($id: ID!){a}"}"#, "BAD_USER_INPUT"),
    ] {
        for (accept, status) in [(GRAPHQL, 400), (JSON, 200)] {
            let got = post(&router, &[accept], body).await;
            assert_eq!((got.status, got.code().as_str()), (status, code));
            assert!(got.json().get("data").is_none());
        }
    }
}

#[tokio::test]
async fn what_is_not_a_request_is_refused_before_anyone_is_asked() {
    let fake = Fake::new();
    let router = fake.router(Settings::default());
    for (content_type, body, status) in [
        ("application/json", "[]", 400),
        ("application/json", "{", 400),
        ("application/json", r#"{"query":1}"#, 400),
        ("text/plain", TYPENAME, 415),
        ("multipart/form-data; boundary=x", "--x--", 415),
        ("application/json; charset=utf-16", TYPENAME, 415),
    ] {
        let got = post(&router, &[("content-type", content_type)], body).await;
        assert_eq!((got.status, got.code().as_str()), (status, "BAD_USER_INPUT"), "{content_type} {body}");
    }
    let batch = post(&router, &[], r#"[{"query":"{a}"},{"query":"{b}"}]"#).await;
    assert!(batch.json()["errors"][0]["message"].as_str().unwrap().contains("batches"));
    for persisted in ["1", "{}", r#"{"sha256Hash":"00"}"#, r#"{"sha256Hash":"00","version":2}"#] {
        let got = post(&router, &[], &format!(r#"{{"extensions":{{"persistedQuery":{persisted}}}}}"#)).await;
        assert_eq!((got.status, got.code().as_str()), (400, "BAD_USER_INPUT"), "{persisted}");
    }
    let upload = post(&router, &[("content-type", "multipart/form-data; boundary=x")], "--x--").await;
    assert!(upload.json()["errors"][0]["message"].as_str().unwrap().contains("uploads"));
    assert_eq!(fake.asked(), 0);
}

/// Which document is meant is the gateway's to say: HTTP passes its name on, however it is sent.
#[tokio::test]
async fn a_document_may_be_named_by_post_and_by_get() {
    let fake = Fake::new();
    let router = fake.router(Settings::default());
    let extensions = r#"{"persistedQuery":{"version":1,"sha256Hash":"00"}}"#;
    assert!(ok(&post(&router, &[], &format!(r#"{{"extensions":{extensions}}}"#)).await));
    assert!(ok(&post(&router, &[], r#"{"documentId":"numero"}"#).await));
    let encoded: String = extensions.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for query_string in [format!("extensions={encoded}"), "documentId=numero".to_owned()] {
        // A browser that opens it gets an answer, and no page.
        let got = get(
            &router,
            &format!("/graphql?{query_string}"),
            &[("accept", "text/html,application/json;q=0.9")],
        )
        .await;
        assert_eq!(got.header("content-type"), "application/json; charset=utf-8");
    }
    assert_eq!(fake.asked(), 4);
    let foreign = [("origin", "https://altrove.example"), ("sec-fetch-site", "cross-site")];
    let got = get(&router, "/graphql?documentId=numero", &foreign).await;
    assert_eq!(got.code(), "CSRF_PREVENTION_FAILED");
}

#[tokio::test]
async fn get_reads_and_never_writes() {
    let router = Fake::new().router(Settings::default());
    assert!(ok(&get(&router, "/graphql?query=%7B__typename%7D", &[]).await));
    for accept in [GRAPHQL, JSON] {
        let got = get(&router, "/graphql?query=mutation%7Ba%7D", &[accept]).await;
        assert_eq!(
            (got.status, got.header("allow"), got.code().as_str()),
            (405, "POST", "OPERATION_RESOLUTION_FAILURE")
        );
    }
    assert!(ok(&post(&router, &[], r#"{"query":"mutation{a}"}"#).await));
    assert_eq!(get(&router, "/graphql", &[]).await.status, 400);
}

#[tokio::test]
async fn other_methods_and_paths_are_told_what_there_is() {
    let router = Fake::new().router(Settings::default());
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let got = send(&router, method, "/graphql", &[], "").await;
        assert_eq!((got.status, got.header("allow")), (405, "GET, POST"));
    }
    let nowhere = get(&router, "/RSSMRA80A01H501U", &[]).await;
    assert_eq!((nowhere.status, nowhere.header("content-type")), (404, "application/problem+json"));
    assert!(!String::from_utf8_lossy(&nowhere.body).contains("RSSMRA"));
    assert_eq!(send(&router, Method::POST, "/health", &[], "").await.status, 405);
}

#[tokio::test]
async fn a_panic_is_a_fault_with_an_id_and_the_next_request_is_answered() {
    let router = Fake::new().router(Settings::default());
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let got = post(&router, &[("traceparent", &parent)], r#"{"query":"{panic}"}"#).await;
    assert_eq!((got.status, got.code().as_str()), (500, "INTERNAL_SERVER_ERROR"));
    assert_eq!(got.json()["errors"][0]["extensions"]["fault"], trace);
    assert!(ok(&post(&router, &[], TYPENAME).await));
}

/// Every MUST, SHOULD and MAY of the public audit, over a real socket.
#[tokio::test(flavor = "multi_thread")]
async fn the_graphql_over_http_audit_holds_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let (end, ended) = oneshot::channel::<()>();
    let settings = serve::Settings::default();
    let serving =
        tokio::spawn(serve::run(std::sync::Arc::new(Fake::new()), listener, settings, None, async {
            let _ = ended.await;
        }));
    let results = tokio::task::spawn_blocking(move || audit(&url)).await.unwrap().unwrap();
    let failed: Vec<_> = results.iter().filter(|result| result.status != AuditStatus::Ok).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(results.len(), 61);
    end.send(()).unwrap();
    assert_eq!(serving.await.unwrap(), serve::Ended::Finished);
}
