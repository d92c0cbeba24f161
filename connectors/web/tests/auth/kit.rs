//! A server that answers what a test tells it and keeps what it was asked; settings as a configuration has them; calls both ways.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use raccordo_connector_api::{Failure, Limits, Meter, Origin, Section, SettingValue, Settings, Source};
use raccordo_connector_web::{
    Access, Answer, Call, Client, Endpoint, HeaderMap, SECTIONS, StatusCode, read_access,
};
use raccordo_schema::mapping::SourceMapping;
use raccordo_schema::{Diagnostic, Location};
use tokio::time::Instant;
use url::Url;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What came, in order.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<Got>>>);

impl Kept {
    pub(crate) fn all(&self) -> Vec<Got> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// A server whose answer is that of `answer`, given what came and how many came before.
pub(crate) async fn server(
    answer: impl Fn(usize, &Got) -> (u16, String) + Clone + Send + Sync + 'static,
) -> (Url, Kept) {
    let kept = Kept::default();
    let keeping = kept.clone();
    let handler = move |request: Request| {
        let (answer, kept) = (answer.clone(), keeping.clone());
        async move { handled(request, &answer, &kept).await }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await.unwrap() });
    (url, kept)
}

async fn handled(request: Request, answer: &impl Fn(usize, &Got) -> (u16, String), kept: &Kept) -> Response {
    let (head, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let got = Got {
        url: head.uri.to_string(),
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let (status, text) = {
        let mut kept = kept.0.lock().unwrap();
        let answered = answer(kept.len(), &got);
        kept.push(got);
        answered
    };
    // Whoever waits for the same answer is there by now.
    tokio::time::sleep(Duration::from_millis(30)).await;
    (StatusCode::from_u16(status).unwrap(), text).into_response()
}

/// Settings as `auth:` and `log_headers:` have them: `{"auth": {"bearer": {"token": "x"}}}` by path.
pub(crate) fn settings(entries: &[(&str, &str)]) -> Settings {
    let at = Location::file("raccordo.yaml");
    let mut values: HashMap<String, &str> = HashMap::new();
    values.extend(entries.iter().map(|(path, value)| ((*path).to_owned(), *value)));
    let fixed = values.get("authorization").map(|value| SettingValue::Text((*value).into()));
    let settings = Settings::new(at.clone());
    let settings = match fixed {
        Some(value) => settings.with("authorization", value, at.clone()),
        None => settings,
    };
    let given = SECTIONS.iter().filter_map(|of| Some((of.name, section(of, of.name, &values, &at)?)));
    given.fold(settings, |settings, (name, own)| settings.with_section(name, own))
}

fn section(of: &Section, path: &str, values: &HashMap<String, &str>, at: &Location) -> Option<Settings> {
    let start = format!("{path}.");
    if !values.keys().any(|key| key.starts_with(&start)) {
        return None;
    }
    let mut own = Settings::new(at.clone());
    for key in of.keys {
        if let Some(value) = values.get(&format!("{start}{}", key.name)) {
            let value = match *value {
                "true" => SettingValue::Bool(true),
                "false" => SettingValue::Bool(false),
                text => SettingValue::Text(text.into()),
            };
            own = own.with(key.name, value, at.clone());
        }
    }
    for below in of.sections {
        if let Some(settings) = section(below, &format!("{start}{}", below.name), values, at) {
            own = own.with_section(below.name, settings);
        }
    }
    Some(own)
}

/// Reads settings of a source at `url`.
pub(crate) fn read(url: &Url, entries: &[(&str, &str)]) -> (Access, Vec<Diagnostic>) {
    let settings = settings(entries);
    let mapping = Arc::new(SourceMapping {
        source: "asl".into(),
        file: "asl.graphql".into(),
        types: Default::default(),
        queries: Default::default(),
        mutations: Default::default(),
        enums: Default::default(),
        uses_connect: true,
    });
    let mut found = Vec::new();
    let source = Source { name: "asl", settings: &settings, mapping: &mapping };
    let access = read_access(source, Some(url), &mut found);
    (access, found)
}

/// Settings that are good.
pub(crate) fn access(url: &Url, entries: &[(&str, &str)]) -> Access {
    let (access, found) = read(url, entries);
    assert!(found.is_empty(), "{found:?}");
    access
}

/// A way to call a source.
pub(crate) enum Way {
    Client(Client, Url),
    Wire(Endpoint),
}

/// Both ways in which calls are made, over the same access.
pub(crate) fn ways(url: &Url, access: &Access) -> [Way; 2] {
    [
        Way::Client(Client::with_access(url, access.clone()).unwrap(), url.clone()),
        Way::Wire(Endpoint::new(url, access, "application/json", "application/json").unwrap()),
    ]
}

impl Way {
    pub(crate) async fn call(&self, origin: &Origin) -> Result<Answer, Failure> {
        let (deadline, limits, meter) =
            (Instant::now() + Duration::from_secs(20), Limits::default(), Meter::default());
        match self {
            Self::Client(client, url) => {
                client
                    .call(
                        Call::post(url.clone(), "application/json", "{}"),
                        origin,
                        deadline,
                        &limits,
                        &meter,
                    )
                    .await
            }
            Self::Wire(endpoint) => endpoint.post("{}".into(), origin, deadline, &limits, &meter).await,
        }
    }

    pub(crate) async fn status(&self) -> Result<u16, Failure> {
        Ok(self.call(&Origin::default()).await?.status.as_u16())
    }
}
