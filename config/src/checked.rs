//! What a good configuration is. Only this crate makes one, so that whoever has it knows that everything was checked.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use raccordo_connector_api as api;
use raccordo_policy::Policy;
use raccordo_schema::catalogue::Catalogue;
use raccordo_schema::mapping::{Name, SourceMapping};
use raccordo_schema::{Diagnostic, Location};

use crate::access;
use crate::operations::Operations;

/// What one request may be and cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Bytes of the body.
    pub body_bytes: usize,
    /// Tokens of the document.
    pub tokens: usize,
    /// Levels of nested fields.
    pub depth: usize,
    /// Aliases, those in fragments counted at every use.
    pub aliases: usize,
    /// Fields of the root type.
    pub root_fields: usize,
    /// Directives, those in fragments counted at every use.
    pub directives: usize,
    /// Selections once fragments and abstract types are expanded.
    pub selections: usize,
    /// Values in the variables, nested ones too.
    pub variable_values: usize,
    /// From arrival to answer.
    pub timeout: Duration,
    /// Requests that are worked on together.
    pub concurrency: usize,
    /// Requests that may wait for their turn.
    pub queue: usize,
    /// Subscriptions of all clients that may be open together.
    pub streams: usize,
    /// Events of one subscription that may wait for a slow client.
    pub events: usize,
    /// WebSockets of clients that may be open together.
    pub sockets: usize,
    /// Bytes of an answer's data.
    pub answer_bytes: usize,
    /// Operations of one WebSocket that may be under way together.
    pub socket_operations: usize,
}

/// What becomes of an operation's estimated cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostMode {
    /// It isn't estimated.
    Off,
    /// It is recorded.
    Measure,
    /// It is recorded, and too much of it refused.
    Enforce,
}

/// How the cost of operations is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostSettings {
    /// What becomes of it.
    pub mode: CostMode,
    /// What one operation may cost.
    pub max: u64,
    /// The length of a list of which nothing is known.
    pub list_size: u64,
    /// Whether answers tell it.
    pub report: bool,
}

/// A checked source.
#[derive(Clone)]
pub struct CheckedSource {
    pub(crate) name: Name,
    pub(crate) kind: &'static str,
    pub(crate) mapping: Arc<SourceMapping>,
    pub(crate) connector: Arc<dyn api::Checked>,
    pub(crate) timeout: Duration,
    pub(crate) limits: api::Limits,
}

impl CheckedSource {
    /// Its name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Its kind, as the configuration writes it.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What its SDL says of where records are. Empty where only a supergraph is known.
    pub fn mapping(&self) -> &Arc<SourceMapping> {
        &self.mapping
    }

    /// What makes its connector.
    pub fn connector(&self) -> &Arc<dyn api::Checked> {
        &self.connector
    }

    /// How long one fetch may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What one fetch may cost.
    pub fn limits(&self) -> api::Limits {
        self.limits
    }
}

impl fmt::Debug for CheckedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedSource")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A checked configuration.
#[derive(Clone)]
pub struct Checked {
    pub(crate) listen: SocketAddr,
    pub(crate) policy: Policy,
    pub(crate) sources: Vec<CheckedSource>,
    pub(crate) supergraph: Arc<str>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) limits: RequestLimits,
    pub(crate) operations: Operations,
    pub(crate) cost: CostSettings,
    pub(crate) shares_in_flight: bool,
    pub(crate) cors_origins: Vec<Arc<str>>,
    pub(crate) log: Arc<str>,
    pub(crate) introspection: bool,
    pub(crate) explorer: bool,
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Checked {
    /// Where the gateway listens.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// The same, listening elsewhere: `--listen`.
    ///
    /// # Errors
    /// When `access: open` may not be served there.
    pub fn with_listen(mut self, listen: SocketAddr) -> Result<Self, Diagnostic> {
        self.policy = access::policy(true, listen, &Location::file("--listen"))?;
        self.listen = listen;
        Ok(self)
    }

    /// Who may see what.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The sources, in the configuration's order.
    pub fn sources(&self) -> &[CheckedSource] {
        &self.sources
    }

    /// The supergraph's SDL, composed or given.
    pub fn supergraph(&self) -> &Arc<str> {
        &self.supergraph
    }

    /// What is known of the graph.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// What one request may be and cost.
    pub fn limits(&self) -> RequestLimits {
        self.limits
    }

    /// Registered operations, and what is done with them.
    pub fn operations(&self) -> &Operations {
        &self.operations
    }

    /// How the cost of operations is estimated.
    pub fn cost(&self) -> CostSettings {
        self.cost
    }

    /// Whether requests that ask a source the same at the same time, under the same permit, share one call.
    pub fn shares_in_flight(&self) -> bool {
        self.shares_in_flight
    }

    /// Web origins that may call the gateway; empty when CORS is closed.
    pub fn cors_origins(&self) -> &[Arc<str>] {
        &self.cors_origins
    }

    /// The least important level that is logged: `error`, `warn`, `info`, `debug` or `trace`.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// Whether clients may ask for the schema.
    pub fn introspection(&self) -> bool {
        self.introspection
    }

    /// Whether browsers get the explorer.
    pub fn explorer(&self) -> bool {
        self.explorer
    }

    /// What is worth knowing, though nothing is refused.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("listen", &self.listen)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}
