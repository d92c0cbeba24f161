//! Enters: FHIR R4 searches and reads over HTTP. Leaves: bundles, resources, OperationOutcomes, from the district's data.
//! Serves `Patient`, `EpisodeOfCare`, `ServiceRequest`, `CarePlan`; never writes. Its pages hold 100 entries at most.

mod bundle;
mod capability;
mod outcome;
mod resources;
mod search;
mod shelf;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;

use self::bundle::{Memory, Page, Remembered, bundle};
use self::outcome::{FHIR_JSON, Outcome};
use self::search::search;
use self::shelf::{Kind, Shelves};
use super::behaviour::{Behaviour, Switch};
use super::server::{Partner, open};
use crate::DemoError;
use crate::district::District;

type Pairs = Vec<(String, String)>;

struct Asl {
    district: Arc<District>,
    shelves: Shelves,
    memory: Memory,
    base: String,
    switch: Switch,
}

/// Starts the ASL's server. Its counters name requests `POST Patient/_search`, `GET Patient`, `GET Patient/id`, `GET page`, `GET metadata`.
pub async fn start(district: &Arc<District>, address: SocketAddr) -> Result<Partner, DemoError> {
    let opening = open("asl", address).await?;
    let asl = Arc::new(Asl {
        district: Arc::clone(district),
        shelves: Shelves::of(district),
        memory: Memory::default(),
        base: format!("http://{}/r4", opening.address),
        switch: opening.switch.clone(),
    });
    let routes = Router::new()
        .route("/r4", get(next_page))
        .route("/r4/metadata", get(metadata))
        .route("/r4/{kind}", get(search_by_url))
        .route("/r4/{kind}/_search", post(search_by_form))
        .route("/r4/{kind}/{id}", get(read))
        .fallback(async || Outcome::unknown("nothing is served at this path"))
        .with_state(asl);
    Ok(opening.serve("/r4", routes, kind_of))
}

fn kind_of(method: &Method, path: &str) -> String {
    let rest = path.trim_start_matches("/r4").trim_matches('/');
    match rest.split_once('/') {
        None if rest.is_empty() => format!("{method} page"),
        None | Some((_, "_search")) => format!("{method} {rest}"),
        Some((kind, _)) => format!("{method} {kind}/id"),
    }
}

async fn metadata(State(asl): State<Arc<Asl>>) -> Response {
    fhir(&capability::statement(&asl.base))
}

async fn search_by_url(
    State(asl): State<Arc<Asl>>,
    Path(kind): Path<String>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Result<Response, Outcome> {
    asl.first_page(&kind, &pairs, &headers)
}

async fn search_by_form(
    State(asl): State<Arc<Asl>>,
    Path(kind): Path<String>,
    Query(mut pairs): Query<Pairs>,
    headers: HeaderMap,
    form: Result<Form<Pairs>, FormRejection>,
) -> Result<Response, Outcome> {
    let Form(more) = form.map_err(|_| Outcome::media_type())?;
    pairs.extend(more);
    asl.first_page(&kind, &pairs, &headers)
}

async fn next_page(State(asl): State<Arc<Asl>>, Query(pairs): Query<Pairs>) -> Result<Response, Outcome> {
    let value = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let name = value("_getpages").ok_or_else(|| Outcome::unknown("searching all types is not supported"))?;
    let remembered = asl.memory.recall(name).ok_or_else(Outcome::expired)?;
    let offset = value("_getpagesoffset").and_then(|offset| offset.parse().ok()).unwrap_or(0);
    let self_link = format!("{}?_getpages={name}&_getpagesoffset={offset}", asl.base);
    let page = asl.page(self_link, Some(name.to_owned()), offset, &[]);
    Ok(fhir(&bundle(&asl.district, &remembered, &page)))
}

async fn read(
    State(asl): State<Arc<Asl>>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Outcome> {
    let kind = known(&kind)?;
    let number = asl.shelves.of_kind(kind).by_id(&id);
    let found = number.and_then(|number| resources::resource(&asl.district, kind, number, &[]));
    found.map(|resource| fhir(&resource)).ok_or_else(|| Outcome::unknown("no resource has this id"))
}

impl Asl {
    fn first_page(
        &self,
        kind: &str,
        pairs: &[(String, String)],
        headers: &HeaderMap,
    ) -> Result<Response, Outcome> {
        let kind = known(kind)?;
        let prefer = headers.get("prefer").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let found = search(&self.shelves, kind, pairs, prefer.contains("handling=strict"))?;
        let remembered = Remembered { hits: found.hits.into(), wanted: found.wanted };
        let endless = self.switch.now() == Behaviour::EndlessPages;
        let more = remembered.hits.len() > remembered.wanted.count && remembered.wanted.count > 0;
        let name = (more || endless).then(|| self.memory.keep(remembered.clone()));
        let self_link = format!("{}/{}?{}", self.base, kind.name(), encoded(&found.applied));
        let page = self.page(self_link, name, 0, &found.ignored);
        Ok(fhir(&bundle(&self.district, &remembered, &page)))
    }

    fn page<'a>(
        &'a self,
        self_link: String,
        name: Option<String>,
        offset: usize,
        ignored: &'a [String],
    ) -> Page<'a> {
        let endless = self.switch.now() == Behaviour::EndlessPages;
        Page { base: &self.base, self_link, name, offset, endless, ignored }
    }
}

fn known(kind: &str) -> Result<Kind, Outcome> {
    Kind::named(kind).ok_or_else(|| Outcome::unknown("this resource type is not served"))
}

fn fhir(resource: &Value) -> Response {
    ([(header::CONTENT_TYPE, FHIR_JSON)], resource.to_string()).into_response()
}

/// Pairs as a query string: everything but letters, figures and `-._~,/` is percent-encoded.
fn encoded(pairs: &[(String, String)]) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~,/".contains(&b);
    let text = |value: &str| -> String {
        value
            .bytes()
            .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect();
    pairs.join("&")
}
