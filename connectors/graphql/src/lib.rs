//! Kind `graphql`: a source that is an ordinary Federation subgraph, asked in GraphQL over HTTP.
//!
//! A fetch enters; one POST with a document printed once and every value as a variable goes out; the reply is read straight into
//! slots. A subscription goes out over server-sent events or a WebSocket, and each event is read in the same way. It never splices a value into a document, repeats a call, follows a redirect, or tells a caller what the subgraph said.

mod connector;
mod event;
mod settings;
mod socket;
mod sse;
mod subscriptions;
mod together;

use std::sync::Arc;

use raccordo_connector_api::{Checked, Key, Kind, Source};
use raccordo_schema::Diagnostic;

/// The kind, for the registry.
pub const KIND: &dyn Kind = &Graphql;

struct Graphql;

impl Kind for Graphql {
    fn name(&self) -> &'static str {
        "graphql"
    }

    fn keys(&self) -> &'static [Key] {
        settings::KEYS
    }

    fn check(&self, source: Source<'_>) -> Result<Arc<dyn Checked>, Vec<Diagnostic>> {
        let checked = settings::check(source)?;
        Ok(Arc::new(checked))
    }
}
