//! Enters: requests to an Open Referral HSDS 3 API. Leaves: pages and single records of the third sector's services.
//! Serves `/`, `/services`, `/organizations`, `/service_at_locations`, `/taxonomies`, `/taxonomy_terms`, each with `/{id}`; never writes.

mod json;
mod pages;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use self::pages::Wanted;
use super::behaviour::{Behaviour, Switch};
use super::server::{Partner, open};
use crate::DemoError;
use crate::district::District;
use crate::district::terzo_settore::{Servizio, TERMS, TerzoSettore};

type Parameters = HashMap<String, String>;
type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

struct Hsds {
    district: Arc<District>,
    switch: Switch,
}

/// Starts the third sector's API. Its counters name requests `GET /services`, `GET /services/id`, ….
pub async fn start(district: &Arc<District>, address: SocketAddr) -> Result<Partner, DemoError> {
    let opening = open("terzosettore", address).await?;
    let hsds = Arc::new(Hsds { district: Arc::clone(district), switch: opening.switch.clone() });
    let routes = Router::new()
        .route("/", get(about))
        .route("/{what}", get(list))
        .route("/{what}/{id}", get(one))
        .fallback(async || missing("nothing is served at this path"))
        .with_state(hsds);
    Ok(opening.serve("", routes, kind_of))
}

fn kind_of(method: &Method, path: &str) -> String {
    match path.trim_start_matches('/').split_once('/') {
        Some((what, _)) => format!("{method} /{what}/id"),
        None => format!("{method} {path}"),
    }
}

async fn about() -> Json<Value> {
    Json(json!({
        "version": "3.1.1",
        "profile": "https://docs.openreferral.org/en/v3.1.1/hsds/",
        "openapi_url": "https://raw.githubusercontent.com/openreferral/specification/3.1/schema/openapi.json",
    }))
}

async fn list(
    State(hsds): State<Arc<Hsds>>,
    Path(what): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Answer {
    let endless = hsds.switch.now() == Behaviour::EndlessPages;
    let wanted = Wanted::of(&parameters, endless).map_err(refused)?;
    let all = &hsds.district.terzo_settore;
    let full = parameters.get("full").is_some_and(|full| full == "true");
    let matching = all.servizi.iter().filter(|servizio| matches(all, servizio, &parameters));
    let items: Vec<Value> = match what.as_str() {
        "services" => matching.map(|servizio| json::service(all, servizio, full)).collect(),
        "service_at_locations" => matching.map(|servizio| json::at_location(all, servizio, true)).collect(),
        "organizations" => organizations(all, &parameters),
        "taxonomies" => vec![json::taxonomy()],
        "taxonomy_terms" => (0..TERMS.len()).filter_map(json::term).collect(),
        _ => return Err(missing("nothing is served at this path")),
    };
    Ok(Json(wanted.page(items)))
}

async fn one(State(hsds): State<Arc<Hsds>>, Path((what, id)): Path<(String, String)>) -> Answer {
    let all = &hsds.district.terzo_settore;
    let found = match what.as_str() {
        "services" => all.servizi.iter().find(|s| s.id == id).map(|s| json::service(all, s, true)),
        "service_at_locations" => {
            let servizio = id.strip_prefix("sal-").and_then(|id| all.servizi.iter().find(|s| s.id == id));
            servizio.map(|servizio| json::at_location(all, servizio, true))
        }
        "organizations" => all.organizzazioni.iter().find(|o| o.id == id).map(json::organization),
        "taxonomies" => (id == json::TAXONOMY).then(json::taxonomy),
        "taxonomy_terms" => TERMS.iter().position(|(code, ..)| *code == id).and_then(json::term),
        _ => None,
    };
    found.map(Json).ok_or_else(|| missing("no record has this id"))
}

fn organizations(all: &TerzoSettore, parameters: &Parameters) -> Vec<Value> {
    let wanted = parameters.get("search").map(|words| words.to_lowercase());
    let named = |name: &str| wanted.as_ref().is_none_or(|words| name.to_lowercase().contains(words));
    all.organizzazioni.iter().filter(|o| named(&o.nome)).map(json::organization).collect()
}

/// Whether a service is what `search`, `organization_id`, `taxonomy_term_id`, `postcode`, `modified_after` ask for.
fn matches(all: &TerzoSettore, servizio: &Servizio, parameters: &Parameters) -> bool {
    let holds =
        |name: &str, test: &dyn Fn(&str) -> bool| parameters.get(name).is_none_or(|value| test(value));
    let organization = all.organizzazioni.get(servizio.organizzazione);
    let place = all.sedi.get(servizio.sede);
    let term = TERMS.get(servizio.termine);
    let text = format!("{} {}", servizio.nome, servizio.descrizione).to_lowercase();
    holds("search", &|words| text.contains(&words.to_lowercase()))
        && holds("organization_id", &|id| organization.is_some_and(|organization| organization.id == id))
        && holds("postcode", &|cap| place.is_some_and(|place| place.cap == cap))
        && holds("taxonomy_term_id", &|id| term.is_some_and(|(code, ..)| *code == id))
        && holds("modified_after", &|date| servizio.aggiornato.as_str() > date)
}

fn refused(parameter: &str) -> (StatusCode, Json<Value>) {
    let message = format!("{parameter} must be a whole number from 1");
    (StatusCode::BAD_REQUEST, Json(json!({ "message": message })))
}

fn missing(message: &str) -> (StatusCode, Json<Value>) {
    (StatusCode::NOT_FOUND, Json(json!({ "message": message })))
}
