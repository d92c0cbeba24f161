//! A small FHIR server that can misbehave, and the way to ask it: resources and manners in, replies as JSON and received requests out.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use raccordo_connector_api::conformance::{Ask, render};
use raccordo_connector_api::{Connector, FailureKind, Fetch, SettingValue, Settings, Source};
use raccordo_schema::Location;
use raccordo_schema::mapping::SourceMapping;
use serde_json::{Value, json};

/// The mapping of the tests.
pub(crate) const SDL: &str = include_str!("asl.graphql");
pub(crate) const HL7: &str = "http://hl7.it/sid/codiceFiscale";
pub(crate) const OID: &str = "urn:oid:2.16.840.1.113883.2.9.4.3.2";
pub(crate) const ROSSI: &str = "RSSMRA80A01Z999Y";
pub(crate) const VERDI: &str = "VRDGNN70B02Z999P";
pub(crate) const BIANCHI: &str = "BNCLRA90C43Z999U";

/// How the server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    /// As FHIR has it.
    Good,
    /// Answers everyone whatever `identifier` and `patient` say, without a word.
    IgnoresKeys,
    /// Doesn't heed `status`, and says so in its `self` link.
    IgnoresStatus,
    /// Gives no `next` link.
    NoNext,
    /// Every page has another one.
    Endless,
    /// Every page leads to the same one.
    Loop,
    /// Repeats nothing of the search in its `self` link but `_count`.
    Discreet,
    /// Its `next` links are relative.
    RelativeNext,
    /// The next page is at another origin.
    ForeignNext,
    /// Adds included resources and outcomes.
    Includes,
    /// References are absolute, with a version.
    AbsoluteReferences,
    /// References are bare ids.
    BareReferences,
    /// Cursors have expired.
    GonePages,
    /// Answers this status with an OperationOutcome that repeats the request.
    Status(u16),
    /// Answers 200 with this text.
    Text(&'static str),
    /// Answers another type.
    WrongType,
    /// Sends half of the body.
    Half,
    /// Never answers.
    Silent,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) accept: String,
    pub(crate) prefer: String,
    pub(crate) authorization: String,
}

impl Received {
    /// `POST Patient/_search`.
    pub(crate) fn what(&self) -> String {
        format!("{} {}", self.method, self.path.trim_start_matches("/r4/"))
    }

    /// The value of a form parameter.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The server.
pub(crate) struct Server {
    pub(crate) url: String,
    state: Arc<Held>,
}

struct Held {
    resources: Vec<Value>,
    manners: Manners,
    page: usize,
    received: Mutex<Vec<Received>>,
    silent: AtomicBool,
    withheld: Mutex<Option<String>>,
}

impl Server {
    /// Starts on loopback; pages have so many entries at most.
    pub(crate) async fn start(resources: Vec<Value>, manners: Manners, page: usize) -> Self {
        let state = Arc::new(Held {
            resources,
            manners,
            page,
            received: Mutex::default(),
            silent: AtomicBool::new(false),
            withheld: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/r4", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// The requests since the last call.
    pub(crate) fn received(&self) -> Vec<Received> {
        std::mem::take(&mut self.state.received.lock().unwrap())
    }

    /// From now on it takes requests and answers none, or answers again.
    pub(crate) fn silence(&self, silent: bool) {
        self.state.silent.store(silent, Ordering::SeqCst);
    }

    /// From now on whoever asks for this element is refused.
    pub(crate) fn withhold(&self, element: &str) {
        *self.state.withheld.lock().unwrap() = Some(element.to_owned());
    }

    /// The same where calls go together: in the order of what they ask.
    pub(crate) fn received_sorted(&self) -> Vec<Received> {
        let mut received = self.received();
        received.sort_by_key(|request| (request.path.len(), request.path.clone(), request.form.clone()));
        received
    }
}

/// The district's people with their episodes: three patients, four episodes, one plan.
pub(crate) fn people() -> Vec<Value> {
    let patient = |id: &str, system: &str, code: &str, family: &str| {
        json!({ "resourceType": "Patient", "id": id, "active": true, "birthDate": "1980-01-01",
            "meta": { "lastUpdated": "2026-09-30T06:00:00Z" },
            "identifier": [{ "system": "http://hl7.it/sid/fls", "value": "0801" }, { "system": system, "value": code }],
            "name": [{ "family": family, "given": ["A", "B"] }], "gender": "female",
            "telecom": [{ "system": "phone", "value": "0525" }] })
    };
    vec![
        patient("p1", HL7, ROSSI, "Rossi"),
        patient("p2", OID, &VERDI.to_lowercase(), "Verdi"),
        patient("p3", HL7, BIANCHI, "Bianchi"),
        episode("e1", "p1", "active", "2026-01-01"),
        episode("e2", "p1", "finished", "2025-01-01"),
        episode("e3", "p2", "onhold", "2026-02-01"),
        episode("e4", "p3", "planned", "2026-03-01"),
        json!({ "resourceType": "CarePlan", "id": "c1", "status": "active", "title": "PAI",
            "subject": { "reference": "Patient/p1" } }),
    ]
}

pub(crate) fn episode(id: &str, patient: &str, status: &str, start: &str) -> Value {
    json!({ "resourceType": "EpisodeOfCare", "id": id, "status": status, "period": { "start": start },
        "meta": { "lastUpdated": "2026-09-30T06:00:00Z" },
        "patient": { "reference": format!("Patient/{patient}") } })
}

/// The mapping of an SDL.
pub(crate) fn mapping(sdl: &str) -> Arc<SourceMapping> {
    let mapping = raccordo_schema::read_source("asl", "asl.graphql", sdl);
    Arc::new(mapping.unwrap_or_else(|found| {
        panic!("{}", found.iter().map(|d| d.to_string()).collect::<Vec<_>>().join("\n"))
    }))
}

/// Settings that reach a server.
pub(crate) fn settings(url: &str) -> Settings {
    let at = Location::file("raccordo.yaml");
    Settings::new(at.clone()).with("url", SettingValue::Text(url.into()), at)
}

/// A connector to a server.
pub(crate) fn connect(mapping: &Arc<SourceMapping>, url: &str) -> Arc<dyn Connector> {
    let settings = settings(url);
    let source = Source { name: "asl", settings: &settings, mapping };
    let checked = raccordo_connector_fhir::KIND.check(source);
    checked
        .unwrap_or_else(|found| {
            panic!("{}", found.iter().map(|d| d.to_string()).collect::<Vec<_>>().join("\n"))
        })
        .open()
        .unwrap()
}

/// The codice fiscale of nobody, one for each number: born where no comune is.
pub(crate) fn code(number: usize) -> String {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let letter = |place: u32| char::from(b'A' + (number / 26_usize.pow(place) % 26) as u8);
    let text = format!("{}{}{}AAA80A01Z999", letter(2), letter(1), letter(0));
    let weigh = |(place, char): (usize, char)| {
        let value = char.to_digit(10).unwrap_or_else(|| char as u32 - 65);
        if place % 2 == 0 { ODD[value as usize] } else { value }
    };
    let sum: u32 = text.chars().enumerate().map(weigh).sum();
    format!("{text}{}", char::from(b'A' + (sum % 26) as u8))
}

/// A connector and the questions to ask.
pub(crate) struct Asking {
    pub(crate) server: Server,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) ask: Ask,
}

/// A server with these manners, the tests' people and pages of two.
pub(crate) async fn asking(manners: Manners) -> Asking {
    asking_of(people(), manners, 2).await
}

pub(crate) async fn asking_of(resources: Vec<Value>, manners: Manners, page: usize) -> Asking {
    asking_by(SDL, resources, manners, page).await
}

pub(crate) async fn asking_by(sdl: &str, resources: Vec<Value>, manners: Manners, page: usize) -> Asking {
    let mapping = mapping(sdl);
    let server = Server::start(resources, manners, page).await;
    let connector = connect(&mapping, &server.url);
    Asking { server, connector, ask: Ask::new(&mapping) }
}

impl Asking {
    pub(crate) async fn fetch(&self, fetch: Fetch) -> Result<Value, FailureKind> {
        match self.connector.fetch(&fetch).await {
            Ok(reply) => Ok(render(&fetch, &reply)),
            Err(failure) => {
                assert_discreet(&failure.to_string());
                Err(failure.kind)
            }
        }
    }

    pub(crate) async fn roots(&self, text: &str) -> Result<Value, FailureKind> {
        self.fetch(self.ask.roots(text).unwrap()).await
    }

    pub(crate) async fn people(&self, codes: &[&str], text: &str) -> Result<Value, FailureKind> {
        let keys: Vec<Value> = codes.iter().map(|code| json!({ "codiceFiscale": code })).collect();
        self.fetch(self.ask.entities("Persona", text, &keys).unwrap()).await
    }

    /// `POST Patient/_search` and so on, of the requests since the last look.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.server.received().iter().map(Received::what).collect()
    }
}

/// No code, no id of a resource and no URL.
pub(crate) fn assert_discreet(text: &str) {
    for part in ["Z999", "z999", "http://127", "p1", "Rossi"] {
        assert!(!text.contains(part), "`{part}` is in `{text}`");
    }
}

async fn answer(
    State(held): State<Arc<Held>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let query = uri.query().unwrap_or_default().to_owned();
    let base = format!("http://{}/r4", text("host"));
    let path = uri.path().to_owned();
    let received = Received {
        method: method.to_string(),
        path: path.clone(),
        query: query.clone(),
        form: form.clone(),
        accept: text("accept"),
        prefer: text("prefer"),
        authorization: text("authorization"),
    };
    held.received.lock().unwrap().push(received);
    let asked = String::from_utf8_lossy(&body).into_owned();
    if held.silent.load(Ordering::SeqCst) || held.refuses(&form) {
        return match held.silent.load(Ordering::SeqCst) {
            true => std::future::pending().await,
            false => StatusCode::FORBIDDEN.into_response(),
        };
    }
    match held.manners {
        Manners::Status(status) => {
            let outcome = json!({ "resourceType": "OperationOutcome",
                "issue": [{ "severity": "error", "code": "not-supported", "diagnostics": asked }] });
            (StatusCode::from_u16(status).unwrap(), outcome.to_string()).into_response()
        }
        Manners::Text(text) => text.into_response(),
        Manners::Silent => std::future::pending().await,
        _ if path == "/r4/metadata" => {
            json!({ "resourceType": "CapabilityStatement" }).to_string().into_response()
        }
        _ => search(&held, &base, &path, &query, form),
    }
}

/// The next pages carry their search in the link, as simple servers have it: a stack of parameters and an offset.
fn search(held: &Held, base: &str, path: &str, query: &str, form: Vec<(String, String)>) -> Response {
    let resource = path.trim_start_matches("/r4/").trim_end_matches("/_search").to_owned();
    let mut params = form;
    params.extend(url::form_urlencoded::parse(query.as_bytes()).into_owned());
    let offset: usize = param(&params, "_offset").and_then(|offset| offset.parse().ok()).unwrap_or(0);
    if held.manners == Manners::GonePages && offset > 0 {
        return (StatusCode::GONE, "{}").into_response();
    }
    let wanted: Vec<(&str, HashSet<&str>)> =
        params.iter().map(|(name, value)| (name.as_str(), value.split(',').collect())).collect();
    let hits: Vec<&Value> = held
        .resources
        .iter()
        .filter(|r| r["resourceType"] == *resource && held.matches(r, &wanted))
        .collect();
    let count: usize =
        param(&params, "_count").and_then(|count| count.parse().ok()).unwrap_or(held.page).min(held.page);
    if param(&params, "_summary") == Some("count") {
        let bundle = json!({ "resourceType": "Bundle", "type": "searchset", "total": hits.len() });
        return bundle.to_string().into_response();
    }
    let page: Vec<Value> =
        hits.iter().skip(offset).take(count).map(|r| held.entry(r, base, &params)).collect();
    let text = held.bundle(base, &resource, &params, page, offset + count, hits.len()).to_string();
    match held.manners {
        Manners::Half => text[..text.len() / 2].to_owned().into_response(),
        _ => text.into_response(),
    }
}

fn param<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

impl Held {
    fn refuses(&self, form: &[(String, String)]) -> bool {
        let withheld = self.withheld.lock().unwrap();
        let elements: Option<Vec<&str>> = param(form, "_elements").map(|names| names.split(',').collect());
        withheld.as_deref().is_some_and(|name| elements.is_none_or(|names| names.contains(&name)))
    }

    fn matches(&self, resource: &Value, wanted: &[(&str, HashSet<&str>)]) -> bool {
        wanted.iter().all(|(name, values)| match *name {
            "identifier" | "patient" if self.manners == Manners::IgnoresKeys => true,
            "status" if self.manners == Manners::IgnoresStatus => true,
            "identifier" => resource["identifier"].as_array().unwrap().iter().any(|identifier| {
                let [system, value] = ["system", "value"].map(|name| identifier[name].as_str().unwrap());
                values.contains(format!("{system}|{}", value.to_uppercase()).as_str())
            }),
            "_id" => values.contains(resource["id"].as_str().unwrap()),
            "patient" => ["patient", "subject"]
                .iter()
                .any(|name| resource[name]["reference"].as_str().is_some_and(|of| values.contains(of))),
            "subject" => {
                let of = resource["subject"]["reference"].as_str().unwrap();
                values.contains(of) || values.contains(of.trim_start_matches("Group/"))
            }
            "value-quantity" => resource["valueInteger"].as_u64().is_some_and(|number| {
                values.iter().all(|value| number >= value.trim_start_matches("ge").parse().unwrap())
            }),
            "status" => values.contains(resource["status"].as_str().unwrap()),
            "date" => {
                let start = resource["period"]["start"].as_str().unwrap();
                values.iter().all(|value| start >= value.trim_start_matches("ge"))
            }
            _ => true,
        })
    }

    fn entry(&self, resource: &Value, base: &str, params: &[(String, String)]) -> Value {
        let mut resource = resource.clone();
        if let Some(elements) = param(params, "_elements") {
            let kept = |name: &str| {
                ["resourceType", "id", "meta"].contains(&name) || elements.split(',').any(|e| e == name)
            };
            resource.as_object_mut().unwrap().retain(|name, _| kept(name));
        }
        if let Some(Value::String(reference)) = resource.pointer_mut("/patient/reference") {
            match self.manners {
                Manners::AbsoluteReferences => *reference = format!("{base}/{reference}/_history/3"),
                Manners::BareReferences => *reference = reference.trim_start_matches("Patient/").to_owned(),
                _ => {}
            }
        }
        if self.manners == Manners::WrongType {
            resource["resourceType"] = json!("Group");
        }
        json!({ "resource": resource, "search": { "mode": "match" } })
    }

    fn bundle(
        &self,
        base: &str,
        resource: &str,
        params: &[(String, String)],
        mut entry: Vec<Value>,
        next: usize,
        total: usize,
    ) -> Value {
        if self.manners == Manners::Includes {
            entry.push(json!({ "resource": { "resourceType": "Organization", "id": "o1" }, "search": { "mode": "include" } }));
            entry.push(json!({ "resource": { "resourceType": "OperationOutcome" }, "search": { "mode": "outcome" } }));
        }
        let told = params.iter().filter(|(name, _)| !["_offset", "_page"].contains(&name.as_str()));
        let told = told.filter(|(name, _)| self.manners != Manners::IgnoresStatus || name != "status");
        let told = told.filter(|(name, _)| self.manners != Manners::Discreet || name == "_count");
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let query = form.extend_pairs(told).finish();
        let mut link = vec![json!({ "relation": "self", "url": format!("{base}/{resource}?{query}") })];
        let next_url = match self.manners {
            Manners::NoNext => None,
            Manners::Endless => Some(format!(
                "{base}/{resource}?{query}&_offset=0&_page={}",
                self.received.lock().unwrap().len()
            )),
            Manners::RelativeNext if next < total => Some(format!("{resource}?{query}&_offset={next}")),
            Manners::Loop => Some(format!("{base}/{resource}?{query}&_offset=0")),
            Manners::ForeignNext => Some("http://127.0.0.1:9/r4/Patient?_offset=2".to_owned()),
            _ if next < total => Some(format!("{base}/{resource}?{query}&_offset={next}")),
            _ => None,
        };
        link.extend(next_url.map(|url| json!({ "relation": "next", "url": url })));
        json!({ "resourceType": "Bundle", "type": "searchset", "total": total, "link": link, "entry": entry })
    }
}
