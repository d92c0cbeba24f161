//! A gateway over the parts of a whole graph.

use std::sync::Arc;
use std::time::Duration;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use raccordo::cursors::SealedCursors;
use raccordo::graph::{Graph, GraphSource};
use raccordo::operation::Limits;
use raccordo::own::States;
use raccordo::pipeline::Gateway;
use raccordo::request::Request;
use raccordo::trail::LogTrail;
use raccordo_policy::Caller;
use raccordo_schema::catalogue::Catalogue;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use crate::source::Part;
use crate::world::World;

pub(crate) struct Bench {
    world: Arc<World>,
    catalogue: Catalogue,
    gateway: Gateway,
    runtime: Runtime,
}

impl Bench {
    pub(crate) fn new(supergraph: &str) -> Self {
        let catalogue = Catalogue::from_supergraph(supergraph).unwrap();
        let world = Arc::new(World::new(supergraph));
        let sources = catalogue.sources().iter().map(|source| GraphSource {
            name: source.name.clone(),
            kind: "part".into(),
            connector: Arc::new(Part { world: Arc::clone(&world), graph: source.graph.to_string() }),
            mapping: None,
            timeout: Duration::from_secs(10),
            limits: raccordo_connector_api::Limits::default(),
        });
        let graph = Graph::new(&catalogue, sources.collect(), Arc::new(States::new([])), true).unwrap();
        let gateway = Gateway::new(
            Arc::new(graph),
            raccordo_policy::open(true, "127.0.0.1:0".parse().unwrap()).unwrap(),
            Arc::new(LogTrail),
            Arc::new(SealedCursors::draw().unwrap()),
            Limits::default(),
            Duration::from_secs(20),
        );
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { world, catalogue, gateway, runtime }
    }

    pub(crate) fn api(&self) -> &Valid<Schema> {
        self.catalogue.api_schema()
    }

    /// What the whole graph answers; nothing where the query isn't valid, as random ones may not be.
    pub(crate) fn expected(&self, query: &str) -> Option<Map<String, Value>> {
        let document = ExecutableDocument::parse_and_validate(self.api(), query, "query.graphql").ok()?;
        let operation = document.operations.iter().next()?;
        let mut data = Map::new();
        let root = self.world.root(operation.operation_type);
        self.world.expected(&document, &operation.selection_set, &root, &mut data);
        Some(data)
    }

    pub(crate) fn ask(&self, query: &str) -> Value {
        let request = Request { query: query.into(), may_write: true, ..Request::default() };
        let (caller, trace) = (Caller::anonymous(), "trace".into());
        let answering = self.gateway.answer(&caller, &trace, &request);
        match self.runtime.block_on(answering) {
            Ok(answered) => serde_json::from_slice(&answered.body).expect("the answer is JSON"),
            Err(refusal) => refusal.to_json(),
        }
    }
}
