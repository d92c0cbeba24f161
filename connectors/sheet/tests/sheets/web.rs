//! Files at an address: asked for again only when they changed; a server that fails, forbids or is silent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use raccordo_connector_api::{FailureKind, SettingValue};
use serde_json::json;
use tokio::sync::watch;

use crate::kit::{ask, connect, mapping, settings, word};

const SDL: &str = r#"
type Query { attivita: [Attivita!]! @connect(sheet: { file: "a b/attività.csv" }) }
type Attivita { nome: String, aggiornato: DateTime @from(meta: AS_OF) }
"#;

/// A server of files that counts what is asked of it.
pub(crate) struct Server {
    address: String,
    inner: Arc<Inner>,
}

struct Inner {
    files: Mutex<HashMap<String, (Vec<u8>, usize)>>,
    seen: Mutex<Vec<(String, HeaderMap, u16)>>,
    status: Mutex<Option<u16>>,
    silent: watch::Sender<bool>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let inner = Arc::new(Inner {
            files: Mutex::default(),
            seen: Mutex::default(),
            status: Mutex::default(),
            silent: watch::Sender::new(false),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, inner }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        let mut files = self.inner.files.lock().unwrap();
        let version = files.get(path).map_or(1, |(_, version)| version + 1);
        files.insert(path.to_owned(), (bytes.to_vec(), version));
    }

    pub(crate) fn silence(&self, silent: bool) {
        self.inner.silent.send_replace(silent);
    }

    fn fail(&self, status: Option<u16>) {
        *self.inner.status.lock().unwrap() = status;
    }

    fn seen(&self) -> Vec<(String, HeaderMap, u16)> {
        std::mem::take(&mut self.inner.seen.lock().unwrap())
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let mut silent = inner.silent.subscribe();
    let _ = silent.wait_for(|silent| !silent).await;
    let path = request.uri().path().to_owned();
    let decoded = path.replace("%20", " ").replace("%C3%A0", "à");
    let file = inner.files.lock().unwrap().get(&decoded).cloned();
    let status = *inner.status.lock().unwrap();
    let known = request.headers().get("if-none-match").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let response = match (status, file) {
        (Some(status), _) => StatusCode::from_u16(status).unwrap().into_response(),
        (None, None) => StatusCode::NOT_FOUND.into_response(),
        (None, Some((_, version))) if known == Some(format!("\"{version}\"")) => {
            StatusCode::NOT_MODIFIED.into_response()
        }
        (None, Some((bytes, version))) => {
            let modified = format!("Wed, 0{} Jan 2025 10:00:00 GMT", version.min(9));
            ([("etag", format!("\"{version}\"")), ("last-modified", modified)], bytes).into_response()
        }
    };
    inner.seen.lock().unwrap().push((path, request.headers().clone(), response.status().as_u16()));
    response
}

#[tokio::test]
async fn a_file_comes_again_only_when_it_changed() {
    let server = Server::start().await;
    server.put("/dati/a b/attività.csv", b"nome\nOratorio\n");
    let mapping = mapping(SDL);
    let connector =
        connect(&settings(&server.url("/dati/"), &[("authorization", word("Bearer x"))]), &mapping);
    let question = "attivita { nome aggiornato }";
    let first = ask(&connector, &mapping, question).await.unwrap();
    assert_eq!(first, json!({ "attivita": [{ "nome": "Oratorio", "aggiornato": "2025-01-01T10:00:00Z" }] }));
    ask(&connector, &mapping, question).await.unwrap();
    let seen = server.seen();
    let outline: Vec<(&str, u16)> = seen.iter().map(|(path, _, status)| (path.as_str(), *status)).collect();
    assert_eq!(outline, [("/dati/a%20b/attivit%C3%A0.csv", 200), ("/dati/a%20b/attivit%C3%A0.csv", 304)]);
    assert_eq!(seen[0].1.get("authorization").unwrap(), "Bearer x");
    assert_eq!(seen[1].1.get("if-modified-since").unwrap(), "Wed, 01 Jan 2025 10:00:00 GMT");
    server.put("/dati/a b/attività.csv", b"nome\nMensa\n");
    let second = ask(&connector, &mapping, question).await.unwrap();
    assert_eq!(second, json!({ "attivita": [{ "nome": "Mensa", "aggiornato": "2025-01-02T10:00:00Z" }] }));
}

#[tokio::test]
async fn between_two_looks_nobody_calls() {
    let server = Server::start().await;
    server.put("/a.csv", b"nome\nOratorio\n");
    let mapping = mapping(&SDL.replace("{ file: \"a b/attività.csv\" }", "{}"));
    let slow = [("refresh_ms", SettingValue::Integer(3_600_000))];
    let connector = connect(&settings(&server.url("/a.csv"), &slow), &mapping);
    for _ in 0..5 {
        ask(&connector, &mapping, "attivita { nome }").await.unwrap();
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_failing_server_is_told_apart_and_the_old_version_goes_on() {
    let server = Server::start().await;
    let mapping = mapping(SDL);
    let connector = connect(&settings(&server.url("/dati"), &[]), &mapping);
    for (status, kind) in [
        (404, FailureKind::Unreachable),
        (500, FailureKind::Unreachable),
        (401, FailureKind::Refused),
        (403, FailureKind::Refused),
        (302, FailureKind::Malformed),
    ] {
        server.fail(Some(status));
        let failure = ask(&connector, &mapping, "attivita { nome }").await.unwrap_err();
        assert_eq!(failure.kind, kind, "{status}");
        assert!(!failure.to_string().contains("127.0.0.1"), "{failure}");
    }
    server.fail(None);
    server.put("/dati/a b/attività.csv", b"nome\nOratorio\n");
    ask(&connector, &mapping, "attivita { nome }").await.unwrap();
    assert_eq!(connector.standing().unwrap().refused_since, None);
    for status in [500, 401, 404] {
        server.fail(Some(status));
        let answer = ask(&connector, &mapping, "attivita { nome }").await.unwrap();
        assert_eq!(answer, json!({ "attivita": [{ "nome": "Oratorio" }] }), "{status}");
        assert!(connector.standing().unwrap().refused_since.is_some());
    }
    server.fail(None);
    ask(&connector, &mapping, "attivita { nome }").await.unwrap();
    assert_eq!(connector.standing().unwrap().refused_since, None);
}

#[tokio::test]
async fn a_login_page_is_no_sheet() {
    let server = Server::start().await;
    server.put("/dati/a b/attività.csv", b"  <!DOCTYPE html><html><body>nome</body></html>");
    let mapping = mapping(SDL);
    let connector = connect(&settings(&server.url("/dati"), &[]), &mapping);
    let failure = ask(&connector, &mapping, "attivita { nome }").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed);
    assert!(failure.detail.contains("HTML"), "{failure}");
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_on_its_way() {
    let server = Server::start().await;
    let mapping = mapping(SDL);
    let connector =
        connect(&settings(&server.url("/dati"), &[("file_bytes", SettingValue::Integer(1_024))]), &mapping);
    let most = [b"nome\n".as_slice(), &[b'x'; 1_018], b"\n"].concat();
    server.put("/dati/a b/attività.csv", &most);
    ask(&connector, &mapping, "attivita { nome }").await.unwrap();
    let connector =
        connect(&settings(&server.url("/dati"), &[("file_bytes", SettingValue::Integer(1_024))]), &mapping);
    server.put("/dati/a b/attività.csv", &[&most[..], b"y"].concat());
    let failure = ask(&connector, &mapping, "attivita { nome }").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::OverLimit);
}
