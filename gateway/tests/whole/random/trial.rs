//! One graph served by a gateway over its played sources: a query in, whether the answer is the whole graph's out.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use raccordo::cursors::SealedCursors;
use raccordo::graph::{Graph as Served, GraphSource};
use raccordo::operation::Limits;
use raccordo::own::States;
use raccordo::pipeline::Gateway;
use raccordo::request::Request;
use raccordo::trail::LogTrail;
use raccordo_policy::Caller;
use raccordo_schema::Diagnostic;
use raccordo_schema::catalogue::Catalogue;
use raccordo_schema::compose::{SourceSdl, Supergraph, compose};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::data::World;
use super::model::Graph;
use super::oracle;
use super::played::Played;
use super::query::Asked;

/// Why a graph isn't served.
#[derive(Debug)]
pub(crate) enum Unserved {
    /// It doesn't compose: its maker asked too much.
    Uncomposed,
    /// It composes, and can't be served: a difference.
    Wrong(String),
}

/// An answer that isn't the whole graph's.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) why: String,
    /// A source was asked what it must not be asked.
    pub(crate) cheats: bool,
    pub(crate) expected: String,
    pub(crate) got: String,
}

/// What composition makes of a graph's sources.
pub(crate) fn composed(graph: &Graph) -> Result<Supergraph, Vec<Diagnostic>> {
    let sdls: Vec<String> = graph.sources.iter().map(|source| graph.federated(source)).collect();
    let named = graph.sources.iter().zip(&sdls);
    let inputs =
        named.map(|(source, sdl)| SourceSdl { name: &source.name, url: None, file: &source.name, sdl });
    compose(&inputs.collect::<Vec<_>>())
}

impl Difference {
    /// Whether the two may have one cause.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.cheats == other.cheats && (self.cheats || self.why == other.why)
    }
}

pub(crate) struct Trial {
    pub(crate) world: Arc<World>,
    catalogue: Catalogue,
    gateway: Gateway,
}

impl Trial {
    pub(crate) fn new(graph: Graph) -> Result<Self, Unserved> {
        let supergraph = composed(&graph).map_err(|_| Unserved::Uncomposed)?;
        let catalogue = Catalogue::from_supergraph(supergraph.sdl())
            .map_err(|wrong| Unserved::Wrong(format!("no catalogue: {wrong:?}")))?;
        let world = Arc::new(World::new(graph));
        if world.is_hollow() {
            return Err(Unserved::Uncomposed);
        }
        let mut sources = Vec::new();
        for (at, source) in world.graph.sources.iter().enumerate() {
            // A source of which nothing is left has no types of its own to validate.
            let played = Played::new(&world, at).map_err(|_| Unserved::Uncomposed)?;
            sources.push(GraphSource {
                name: source.name.as_str().into(),
                kind: "played".into(),
                connector: Arc::new(played),
                mapping: None,
                timeout: Duration::from_secs(10),
                limits: raccordo_connector_api::Limits::default(),
            });
        }
        let served = Served::new(&catalogue, sources, Arc::new(States::new([])), true);
        let served = served.map_err(|wrong| Unserved::Wrong(wrong.to_string()))?;
        let policy = raccordo_policy::open(true, "127.0.0.1:0".parse().unwrap()).unwrap();
        let (trail, cursors) = (Arc::new(LogTrail), Arc::new(SealedCursors::draw().unwrap()));
        let limits = Limits { depth: 40, aliases: 5_000, selections: 200_000, ..Limits::default() };
        let gateway = Gateway::new(Arc::new(served), policy, trail, cursors, limits, Duration::from_secs(20));
        Ok(Self { world, catalogue, gateway })
    }

    pub(crate) fn api(&self) -> &Valid<Schema> {
        self.catalogue.api_schema()
    }

    /// Nothing where the query isn't valid, as random ones may not be.
    pub(crate) fn run(&self, runtime: &Runtime, asked: &Asked) -> Option<Result<(), Difference>> {
        let document =
            ExecutableDocument::parse_and_validate(self.api(), &asked.text, "query.graphql").ok()?;
        self.world.cheats.lock().unwrap().clear();
        let expected = oracle::expected(&self.world, self.api(), &document, &asked.variables);
        let got = std::panic::catch_unwind(AssertUnwindSafe(|| self.ask(runtime, asked)));
        let got = got.unwrap_or_else(|_| json!("the gateway panicked"));
        let cheats = std::mem::take(&mut *self.world.cheats.lock().unwrap());
        let why = match &expected {
            Err(_) if got.get("data").is_none() && got.get("errors").is_some() => None,
            Err(_) => Some("unusable variables were used".to_owned()),
            Ok(expected) => cheats.first().cloned().or_else(|| difference(expected, &got)),
        };
        let shown = match expected {
            Ok(expected) => expected.to_string(),
            Err(refused) => format!("a refusal: {refused}"),
        };
        Some(match why {
            None => Ok(()),
            Some(why) => {
                Err(Difference { why, cheats: !cheats.is_empty(), expected: shown, got: got.to_string() })
            }
        })
    }

    fn ask(&self, runtime: &Runtime, asked: &Asked) -> Value {
        let request = Request {
            query: asked.text.clone(),
            variables: asked.variables.clone(),
            may_write: true,
            ..Request::default()
        };
        let (caller, trace) = (Caller::anonymous(), "trace".into());
        match runtime.block_on(self.gateway.answer(&caller, &trace, &request)) {
            Ok(answered) => serde_json::from_slice(&answered.body)
                .unwrap_or_else(|_| json!(String::from_utf8_lossy(&answered.body))),
            Err(refusal) => refusal.to_json(),
        }
    }
}

/// The fields of a path. A source that loses an item of a list may lose the list: of items that others complete, all lack its part, and
/// the first of them is told.
fn fields(path: &Value) -> Value {
    path.as_array().into_iter().flatten().filter(|segment| segment.is_string()).cloned().collect()
}

/// What differs: the data, to the order of its fields; whether there are errors; errors at places that aren't null.
fn difference(expected: &Value, got: &Value) -> Option<String> {
    if got.get("data").is_none() {
        return Some("the query was refused".into());
    }
    // As text: the order of fields counts.
    let (whole, served) = (expected["data"].to_string(), got["data"].to_string());
    if whole != served {
        return Some("the data".into());
    }
    // An error without a place is about a record that nobody sees: of an object whose type its source doesn't know, more is asked.
    let of_place = |error: &&Value| error.get("path").is_some();
    let errors = got.get("errors").and_then(Value::as_array);
    let is_told = errors.into_iter().flatten().any(|error| of_place(&error));
    if expected.get("errors").is_some() != is_told {
        return Some("whether there are errors".into());
    }
    let mut paths = errors.into_iter().flatten().filter_map(|error| error.get("path"));
    if paths.clone().any(|path| !leads_to_null(&got["data"], path)) {
        return Some("an error where there is a value".into());
    }
    // A source whose `data` is null as a whole lost all that it was asked for: any of it may be told.
    if got["data"].is_null() {
        return None;
    }
    let whole = expected["errors"].as_array().into_iter().flatten().filter_map(|error| error.get("path"));
    let whole: Vec<Value> = whole.map(fields).collect();
    paths
        .any(|path| !whole.iter().any(|whole| is_on_the_way(&fields(path), whole)))
        .then(|| "an error at another place".to_owned())
}

/// Whether one of two paths leads to the other, or to a neighbour: where a source's failure takes the object around it, which of its fields
/// failed is for its operator to know.
fn is_on_the_way(told: &Value, whole: &Value) -> bool {
    let segments = |path: &Value| path.as_array().cloned().unwrap_or_default();
    let (mut told, whole) = (segments(told), segments(whole));
    told.pop();
    told.iter().zip(&whole).all(|(told, whole)| told == whole)
}

fn leads_to_null(data: &Value, path: &Value) -> bool {
    let mut at = data;
    for segment in path.as_array().into_iter().flatten() {
        if at.is_null() {
            return true;
        }
        let next = match (segment.as_str(), segment.as_u64()) {
            (Some(key), _) => at.get(key),
            (_, Some(index)) => at.get(index as usize),
            _ => None,
        };
        let Some(next) = next else { return false };
        at = next;
    }
    at.is_null()
}
