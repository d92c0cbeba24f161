//! The graph that operations are asked of: three sources that share entities in every way Federation has, composed by ourselves,
//! played in process. A gateway over them leaves; it is made once in a process.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use raccordo::cursors::SealedCursors;
use raccordo::graph::{Graph, GraphSource};
use raccordo::operation::Limits;
use raccordo::own::States;
use raccordo::pipeline::{Answered, Gateway};
use raccordo::request::{Refusal, Request};
use raccordo::trail::{Record, Trail, TrailError};
use raccordo_policy::Caller;
use raccordo_schema::catalogue::Catalogue;
use raccordo_schema::compose::{SourceSdl, compose};
use tokio::runtime::Runtime;

use crate::partner::Partner;

/// The sources: name and SDL.
pub const SOURCES: &[(&str, &str)] = &[
    ("anagrafe", include_str!("../graph/anagrafe.graphql")),
    ("asl", include_str!("../graph/asl.graphql")),
    ("sociale", include_str!("../graph/sociale.graphql")),
];

/// A gateway over partners whose mood is set before each question.
pub struct Served {
    gateway: Gateway,
    mood: Arc<AtomicU64>,
    runtime: Runtime,
}

struct NoTrail;

impl Trail for NoTrail {
    fn record(&self, _: &Record) -> Result<(), TrailError> {
        Ok(())
    }
}

impl Served {
    /// Composes, reads and serves the graph.
    fn new() -> Self {
        let inputs: Vec<SourceSdl<'_>> =
            SOURCES.iter().map(|(name, sdl)| SourceSdl { name, url: None, file: name, sdl }).collect();
        let supergraph = compose(&inputs).unwrap_or_else(|wrong| {
            panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        let mood = Arc::new(AtomicU64::new(0));
        let catalogue = Catalogue::from_supergraph(supergraph.sdl()).unwrap();
        let sources = SOURCES
            .iter()
            .map(|(name, sdl)| GraphSource {
                name: (*name).into(),
                kind: "partner".into(),
                connector: Arc::new(Partner::new(sdl, Arc::clone(&mood))),
                mapping: None,
                timeout: Duration::from_secs(60),
                limits: raccordo_connector_api::Limits::default(),
            })
            .collect();
        let graph = Graph::new(&catalogue, sources, Arc::new(States::new([])), true).unwrap();
        let gateway = Gateway::new(
            Arc::new(graph),
            raccordo_policy::open(true, "127.0.0.1:0".parse().unwrap()).unwrap(),
            Arc::new(NoTrail),
            Arc::new(SealedCursors::draw().unwrap()),
            Limits::default(),
            Duration::from_secs(120),
        );
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { gateway, mood, runtime }
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        self.gateway.graph()
    }

    /// Asks, while the partners are in this mood: 0 is honest, every other misbehaves in its own way, always the same.
    ///
    /// # Errors
    /// The gateway's refusal.
    pub fn ask(&self, request: &Request, mood: u64) -> Result<Answered, Refusal> {
        self.mood.store(mood, Ordering::Relaxed);
        let (caller, trace) = (Caller::anonymous(), Arc::from("00000000000000000000000000000000"));
        self.runtime.block_on(self.gateway.answer(&caller, &trace, request))
    }
}

thread_local! {
    static SERVED: RefCell<Option<Served>> = const { RefCell::new(None) };
}

/// Lends this thread's gateway.
pub fn with<T>(use_it: impl FnOnce(&Served) -> T) -> T {
    SERVED.with(|served| use_it(served.borrow_mut().get_or_insert_with(Served::new)))
}
