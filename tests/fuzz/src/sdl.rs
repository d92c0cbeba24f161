//! Sources' SDL in, parted by lines of `---`; also the same text taken as a supergraph made elsewhere. Nothing may panic; what composes
//! is a supergraph that is read again, by the catalogue and by the gateway, whatever the order in which its sources came.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use raccordo::graph::{Graph, GraphError, GraphSource};
use raccordo::own::States;
use raccordo_connector_api::{Connector, Failure, Fetch, Reply};
use raccordo_schema::catalogue::Catalogue;
use raccordo_schema::compose::{SourceSdl, compose};
use raccordo_schema::{Diagnostic, read_source};

use crate::parts;

/// Sources that one input may have.
const SOURCES: usize = 6;
/// Names of the sources, in order.
const NAMES: [&str; SOURCES] = ["uno", "due", "tre", "tre!", "5", "sei"];

/// What must hold.
pub fn holds(data: &[u8]) {
    let texts = parts(data);
    let sources: Vec<SourceSdl<'_>> = NAMES
        .iter()
        .zip(&texts)
        .map(|(name, sdl)| SourceSdl { name, url: None, file: "test.graphql", sdl })
        .collect();
    for source in &sources {
        if let Err(wrong) = read_source(source.name, source.file, source.sdl) {
            told(&wrong);
        }
    }
    let composed = compose(&sources);
    let turned: Vec<SourceSdl<'_>> = sources.iter().rev().copied().collect();
    let again = compose(&turned);
    match (composed, again) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.sdl(), other.sdl(), "the order of the sources matters");
            let read = served(one.sdl()).map_err(|why| format!("{why}\n{}", one.sdl()));
            read.unwrap_or_else(|why| panic!("what was composed isn't read again: {why}"));
        }
        (Err(one), Err(other)) => {
            told(&one);
            told(&other);
        }
        (one, _) => panic!("composes in one order only: {}", one.is_ok()),
    }
    if texts.len() == 1 {
        // A supergraph made elsewhere; whatever else it is, it is refused or served, without a panic.
        let _refused = served(&texts[0]);
    }
}

/// Every mistake says something.
fn told(wrong: &[Diagnostic]) {
    assert!(!wrong.is_empty(), "refused without a word");
    for diagnostic in wrong {
        assert!(!diagnostic.to_string().trim().is_empty());
    }
}

/// Reads a supergraph as the gateway does at its start.
fn served(sdl: &str) -> Result<(), String> {
    let catalogue = Catalogue::from_supergraph(sdl).map_err(|wrong| {
        told(&wrong);
        wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    })?;
    let sources = catalogue.sources().iter().map(|source| GraphSource {
        name: source.name.clone(),
        kind: "nobody".into(),
        connector: Arc::new(Nobody),
        mapping: None,
        timeout: Duration::from_secs(1),
        limits: raccordo_connector_api::Limits::default(),
    });
    let made = Graph::new(&catalogue, sources.collect(), Arc::new(States::new([])), true);
    made.map(|_graph| ()).map_err(|error: GraphError| error.to_string())
}

/// A connector that nobody asks.
struct Nobody;

impl Connector for Nobody {
    fn fetch<'a>(&'a self, _: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async { Err(Failure::unreachable("nobody")) })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}
