//! A checked configuration in; a gateway over its sources, ready to be served, out. Opens no connection: sources that are down cost
//! their own fields only, once they are asked.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use futures::future::join_all;
use raccordo_config::{Checked, CheckedSource, report};
use raccordo_connector_api::{Connector, Failure};
use raccordo_schema::mapping::Name;
use raccordo_schema::{Diagnostic, Location};
use thiserror::Error;
use tokio::time::timeout;

use crate::cursors::SealedCursors;
use crate::graph::{Graph, GraphError, GraphSource};
use crate::operation::{self, Documents, Limits};
use crate::own::{self, OwnSource, States};
use crate::pipeline::Gateway;
use crate::trail::{LogTrail, Trail};
use crate::{http, serve};

/// How long HTTP waits for the gateway beyond the time that the gateway gives itself.
const BACKSTOP: Duration = Duration::from_secs(5);
/// How long a source may take to say that it is there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one fetch from the own source may take.
const OWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a good configuration can't be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// A connector can't be made.
    #[error("source `{source_name}` can't be set up: {failure}")]
    Connector {
        /// The source.
        source_name: Name,
        /// Why.
        failure: Failure,
    },
    /// The graph can't be served.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Registered operations don't fit the graph.
    #[error("registered operations can't be served\n{}", report(.0).trim_end())]
    Operations(Vec<Diagnostic>),
    /// There is nothing to draw keys from.
    #[error("the system gives no random numbers, so cursors can't be sealed")]
    Random,
}

/// A gateway before it listens.
pub struct Prepared {
    gateway: Arc<Gateway>,
    states: Arc<States>,
    sources: Vec<Source>,
    settings: serve::Settings,
}

/// A source that can be asked whether it answers.
#[derive(Clone)]
struct Source {
    name: Name,
    kind: Name,
    connector: Arc<dyn Connector>,
}

/// How long a source may take to be compared with its SDL.
const EXAMINE_TIMEOUT: Duration = Duration::from_secs(60);

fn unexamined(source: &str, why: &str) -> Diagnostic {
    let message = format!("source `{source}` can't be compared with its SDL: {why}");
    Diagnostic::error("LIVE_UNKNOWN", Location::file(""), message).help("let its account read the catalogue")
}

/// Asks whether anybody answers.
async fn probed(connector: &dyn Connector) -> Option<Failure> {
    let late = || Failure::timed_out(format!("no answer in {} s", PROBE_TIMEOUT.as_secs()));
    timeout(PROBE_TIMEOUT, connector.probe()).await.unwrap_or_else(|_| Err(late())).err()
}

/// What a source, or one of its members, said when it was asked whether it answers.
#[derive(Debug, Clone)]
pub struct Probed {
    /// The source, or `source/member`.
    pub name: Name,
    /// Its kind.
    pub kind: Name,
    /// Why it doesn't answer; none when it does. Holds no secret and no text of the partner's.
    pub failure: Option<Failure>,
}

impl Prepared {
    /// What answers requests.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// How connections and requests are taken, as configured.
    pub fn settings(&self) -> &serve::Settings {
        &self.settings
    }

    /// Asks every configured source whether it answers: one cheap call each, all at once.
    pub fn probe(&self) -> impl Future<Output = Vec<Probed>> + Send + use<> {
        let (states, sources) = (Arc::clone(&self.states), self.sources.clone());
        async move {
            let probes = sources.iter().map(|source| async {
                let members = source.connector.members();
                if members.is_empty() {
                    let failure = probed(source.connector.as_ref()).await;
                    states.note(&source.name, failure.as_ref().map(|failure| failure.kind));
                    return vec![Probed { name: source.name.clone(), kind: source.kind.clone(), failure }];
                }
                let probes = members.iter().map(|(name, kind, connector)| async {
                    let failure = probed(connector.as_ref()).await;
                    states.note_member(&source.name, name, failure.as_ref().map(|failure| failure.kind));
                    let name = States::member_key(&source.name, name).into();
                    Probed { name, kind: Name::from(*kind), failure }
                });
                join_all(probes).await
            });
            join_all(probes).await.into_iter().flatten().collect()
        }
    }

    /// Compares what every source has with what its SDL says, all at once: what is missing or otherwise, each at its place.
    pub fn examine(&self) -> impl Future<Output = Vec<Diagnostic>> + Send + use<> {
        let sources = self.sources.clone();
        async move {
            let examined = sources.iter().map(|source| async {
                match timeout(EXAMINE_TIMEOUT, source.connector.examine()).await {
                    Ok(Ok(found)) => found,
                    Ok(Err(failure)) => vec![unexamined(&source.name, &failure.to_string())],
                    Err(_) => vec![unexamined(&source.name, "it takes too long")],
                }
            });
            join_all(examined).await.into_iter().flatten().collect()
        }
    }

    /// Keeps asking the sources, so that `fonti` tells how they are; ends only when it is dropped.
    pub fn watch(&self) -> impl Future<Output = ()> + Send + use<> {
        let sources = self.sources.iter().map(|source| (source.name.clone(), Arc::clone(&source.connector)));
        Arc::clone(&self.states).watch(sources.collect())
    }
}

/// Makes the gateway of a configuration. Called inside the tokio runtime.
///
/// # Errors
/// [`StartError`]. A source that is down is not one.
pub fn prepare(checked: &Checked) -> Result<Prepared, StartError> {
    prepare_with_trail(checked, Arc::new(LogTrail))
}

/// As [`prepare`], with the trail that records go to.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_with_trail(checked: &Checked, trail: Arc<dyn Trail>) -> Result<Prepared, StartError> {
    let sources: Vec<Source> = checked.sources().iter().map(connected).collect::<Result<_, _>>()?;
    let named = sources.iter().map(|source| (source.name.clone(), source.kind.clone()));
    let with_members = |states: States, source: &Source| match source.connector.members() {
        members if members.is_empty() => states,
        members => {
            let named = members.into_iter().map(|(name, kind, _)| (name, Name::from(kind)));
            states.with_members(&source.name, named)
        }
    };
    let states = Arc::new(sources.iter().fold(States::new(named), with_members));
    let mut of_graph: Vec<GraphSource> =
        sources.iter().zip(checked.sources()).map(|(source, entry)| graph_source(source, entry)).collect();
    let serves_own = checked.catalogue().sources().iter().any(|source| &*source.name == own::NAME);
    if serves_own && !sources.iter().any(|source| &*source.name == own::NAME) {
        of_graph.push(own_source(&states));
    }
    let graph = Graph::new(checked.catalogue(), of_graph, Arc::clone(&states), checked.introspection())?;
    let reading = reading(&graph, checked)?;
    let gateway = Gateway::new(
        Arc::new(graph),
        checked.policy().clone(),
        trail,
        Arc::new(SealedCursors::draw().map_err(|_| StartError::Random)?),
        reading,
        checked.limits().timeout,
    )
    .with_waiting_events(checked.limits().events)
    .with_answer_bytes(checked.limits().answer_bytes);
    Ok(Prepared {
        gateway: Arc::new(sharing(checked, gateway)),
        states,
        sources,
        settings: settings(checked),
    })
}

/// What an operation may be, as a configuration has it.
pub fn limits(checked: &Checked) -> Limits {
    let limits = checked.limits();
    Limits {
        tokens: limits.tokens,
        depth: limits.depth,
        aliases: limits.aliases,
        root_fields: limits.root_fields,
        directives: limits.directives,
        selections: limits.selections,
    }
}

fn reading(graph: &Graph, checked: &Checked) -> Result<operation::Settings, StartError> {
    let limits = limits(checked);
    let documents = Documents::read(graph, &limits, checked.operations()).map_err(StartError::Operations)?;
    Ok(operation::Settings { limits, cost: checked.cost(), documents })
}

fn sharing(checked: &Checked, gateway: Gateway) -> Gateway {
    let sources = gateway.graph().sources().len();
    match checked.shares_in_flight() {
        true => gateway.sharing(vec![true; sources]),
        false => gateway,
    }
}

fn connected(entry: &CheckedSource) -> Result<Source, StartError> {
    let connector = entry
        .connector()
        .open()
        .map_err(|failure| StartError::Connector { source_name: entry.name().clone(), failure })?;
    Ok(Source { name: entry.name().clone(), kind: entry.kind().into(), connector })
}

fn graph_source(source: &Source, entry: &CheckedSource) -> GraphSource {
    // A subgraph knows itself how its schema and its data meet.
    let mapping = (entry.kind() != "graphql").then(|| Arc::clone(entry.mapping()));
    GraphSource {
        name: source.name.clone(),
        kind: source.kind.clone(),
        connector: Arc::clone(&source.connector),
        mapping,
        timeout: entry.timeout(),
        limits: entry.limits(),
    }
}

fn own_source(states: &Arc<States>) -> GraphSource {
    GraphSource {
        name: own::NAME.into(),
        kind: own::NAME.into(),
        connector: Arc::new(OwnSource::new(Arc::clone(states))),
        mapping: None,
        timeout: OWN_TIMEOUT,
        limits: raccordo_connector_api::Limits::default(),
    }
}

fn settings(checked: &Checked) -> serve::Settings {
    let limits = checked.limits();
    let defaults = http::Settings::default();
    let origins = checked.cors_origins().iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    serve::Settings {
        http: http::Settings {
            body_bytes: limits.body_bytes,
            variable_values: limits.variable_values,
            concurrency: limits.concurrency,
            queue: limits.queue,
            streams: limits.streams,
            sockets: limits.sockets,
            socket_operations: limits.socket_operations,
            answer_timeout: limits.timeout + BACKSTOP,
            cors_origins: origins.collect(),
            loopback_hosts_only: checked.listen().ip().to_canonical().is_loopback(),
            explorer: defaults.explorer.clone().filter(|_| checked.explorer()),
            ..defaults
        },
        ..serve::Settings::default()
    }
}
