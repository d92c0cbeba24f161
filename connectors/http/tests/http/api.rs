//! The partner: services, organisations and the people they look after, over real HTTP. Keeps every request it got.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use raccordo_connector_api::conformance::{Ask, render};
use raccordo_connector_api::{Connector, Failure, Fetch, SettingValue, Settings, Source};
use raccordo_schema::Location;
use raccordo_schema::mapping::SourceMapping;
use raccordo_schema::source::read_source;
use serde_json::{Value, json};

/// What a partner answers instead of its records: the request's path and query in.
pub(crate) type Fault = Box<dyn Fn(&str) -> Option<Response> + Send + Sync>;

/// A partner that runs.
pub(crate) struct Api {
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) mapping: Arc<SourceMapping>,
    requests: Arc<Mutex<Vec<String>>>,
}

struct Served {
    services: usize,
    fault: Fault,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Api {
    /// A partner with so many services.
    pub(crate) async fn start(services: usize) -> Self {
        Self::faulty(services, Box::new(|_| None)).await
    }

    /// A partner that answers some requests otherwise.
    pub(crate) async fn faulty(services: usize, fault: Fault) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let served = Arc::new(Served { services, fault, requests: requests.clone() });
        let routes = Router::new().fallback(answer).with_state(served);
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self::at(&format!("http://{address}/hsds/"), requests)
    }

    /// A connector to whatever is at an address.
    pub(crate) fn at(url: &str, requests: Arc<Mutex<Vec<String>>>) -> Self {
        let mapping = Arc::new(read_source("terzosettore", "terzosettore.graphql", crate::sdl::SDL).unwrap());
        let checked = raccordo_connector_http::KIND
            .check(Source { name: "terzosettore", settings: &settings(url), mapping: &mapping })
            .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            .unwrap();
        Self { connector: checked.open().unwrap(), mapping, requests }
    }

    pub(crate) fn ask(&self) -> Ask {
        Ask::new(&self.mapping)
    }

    /// The reply to a question, as JSON.
    pub(crate) async fn reply(&self, fetch: &Fetch) -> Result<Value, Failure> {
        self.connector.fetch(fetch).await.map(|reply| render(fetch, &reply))
    }

    pub(crate) async fn roots(&self, text: &str) -> Result<Value, Failure> {
        self.reply(&self.ask().roots(text).unwrap()).await
    }

    pub(crate) async fn entities(&self, of: &str, text: &str, keys: &[Value]) -> Result<Value, Failure> {
        self.reply(&self.ask().entities(of, text, keys).unwrap()).await
    }

    /// What was asked since the last time, sorted.
    pub(crate) fn requests(&self) -> Vec<String> {
        let mut requests = std::mem::take(&mut *self.requests.lock().unwrap());
        requests.sort();
        requests
    }
}

pub(crate) fn settings(url: &str) -> Settings {
    let at = Location::file("raccordo.yaml");
    let secret = SettingValue::Text("Bearer sesamo".into());
    Settings::new(at.clone()).with("url", SettingValue::Text(url.into()), at.clone()).with(
        "authorization",
        secret,
        at,
    )
}

async fn answer(
    State(served): State<Arc<Served>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = uri.path_and_query().unwrap().as_str().to_owned();
    let body = String::from_utf8(body.to_vec()).unwrap();
    served.requests.lock().unwrap().push(format!("{method} {asked} {body}").trim_end().to_owned());
    if headers.get("authorization").is_none_or(|value| value != "Bearer sesamo") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if let Some(response) = (served.fault)(&asked) {
        return response;
    }
    let parameters: HashMap<String, String> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let segments: Vec<&str> = uri.path().trim_start_matches("/hsds/").split('/').collect();
    let found = match segments.as_slice() {
        ["services"] => Some(page(served.services, &parameters)),
        ["services", id] => {
            id.strip_prefix("s-").and_then(|n| n.parse().ok()).filter(|n| *n < served.services).map(service)
        }
        ["organizations"] => {
            Some(many(&parameters, "ids", |id| json!({ "id": id, "name": format!("Ente {id}") })))
        }
        ["near"] => Some(near(&parameters)),
        ["visits"] => Some(visits(&body)),
        ["all"] => Some((0..served.services).map(service).collect()),
        ["odd", what] => odd(what),
        _ => None,
    };
    match found {
        Some(found) => json_response(&found),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(crate) fn json_response(value: &Value) -> Response {
    ([("content-type", "application/json")], Body::from(value.to_string())).into_response()
}

pub(crate) fn service(n: usize) -> Value {
    json!({
        "id": format!("s-{n}"), "name": format!("Servizio {n}"), "status": (["active", "defunct", "mai visto"][n % 3]),
        "organization": { "id": format!("o-{}", n % 2), "name": format!("Ente o-{}", n % 2), "email": "mai@chiesta.example" },
        "capacity": [{ "available": n }], "last_modified": "2026-09-30T08:00:00Z",
        "phones": [{ "number": "0525 1" }, { "number": "0525 2" }],
    })
}

fn page(services: usize, parameters: &HashMap<String, String>) -> Value {
    let number =
        |name: &str, default: usize| parameters.get(name).map_or(default, |value| value.parse().unwrap());
    let (page, per_page) = (number("page", 1), number("per_page", 25).min(40));
    let search = parameters.get("search");
    let status = parameters.get("status").map(String::as_str);
    let all: Vec<Value> = (0..services)
        .map(service)
        .filter(|service| {
            search.is_none_or(|words| service["name"].as_str().unwrap().ends_with(words.as_str()))
        })
        .filter(|service| status.is_none_or(|codes| codes.split(',').any(|code| service["status"] == code)))
        .collect();
    let contents: Vec<&Value> = all.iter().skip((page - 1) * per_page).take(per_page).collect();
    json!({ "total_pages": all.len().div_ceil(per_page), "contents": contents })
}

/// Some of those that are asked for, in another order: `o-9` is nowhere.
fn many(parameters: &HashMap<String, String>, name: &str, record: impl Fn(&str) -> Value) -> Value {
    let ids = parameters.get(name).map(String::as_str).unwrap_or_default();
    ids.split(',').rev().filter(|id| *id != "o-9").map(record).collect()
}

fn near(parameters: &HashMap<String, String>) -> Value {
    let cap = &parameters["postcode"];
    let number = |name: &str| parameters.get(name).map_or(1, |value| value.parse::<usize>().unwrap());
    let all: Vec<Value> =
        (0..3).map(|n| json!({ "id": format!("{cap}-{n}"), "name": "qui", "status": "active" })).collect();
    let contents: Vec<&Value> = all.iter().skip((number("page") - 1) * 2).take(2).collect();
    json!({ "total_pages": 2, "contents": contents })
}

/// For each person asked for as many visits as her code's last digit says.
fn visits(body: &str) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    let codes = body["codes"].as_array().unwrap();
    let of = |code: &Value| {
        let code = code.as_str().unwrap().to_lowercase();
        let count = code.as_bytes()[10] as usize - usize::from(b'0');
        (0..count)
            .map(move |n| json!({ "person": { "cf": code }, "day": format!("2026-01-0{}", n + 1) }))
            .collect::<Vec<_>>()
    };
    json!({ "visits": codes.iter().rev().flat_map(of).collect::<Vec<_>>() })
}

fn odd(what: &str) -> Option<Value> {
    match what {
        "types" => Some(
            json!({ "id": 7, "name": 12, "status": true, "organization": [1], "phones": "no", "capacity": [{ "available": "tre" }] }),
        ),
        "stranger" => Some(json!({ "id": "s-1", "name": "un altro" })),
        "keyless" => Some(json!({ "name": "nessuno" })),
        "two" => Some(json!([{ "id": "two", "name": "a" }, { "id": "two", "name": "b" }])),
        "text" => Some(json!("solo testo")),
        "null" => Some(Value::Null),
        _ => None,
    }
}
