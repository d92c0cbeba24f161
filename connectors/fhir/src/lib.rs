//! Kind `fhir`: a source that is a FHIR R4 server, asked by searches.
//!
//! A fetch enters; searches go out by `POST {type}/_search`, each key and value in a form body; resources are read by jq into slots.
//! Keys never stand in a URL, a log or an error. No record is attributed to anybody by its position, or because a server sent it: it must carry
//! the key, or the reference, that was asked for. Writes, includes, chained search and batch bundles are not here.
//!
//! - An entity is found by `identifier` under its systems, or by `_id`, so many keys a call; a relation by its reference parameter,
//!   so many parents a call. What is not asked for is left out with `_elements`.
//! - The server's `next` links are opaque: followed as given, by GET, on the server's origin only. What a server writes into its own links
//!   it sees again; we keep them out of logs.
//! - `Prefer: handling=strict` goes with every search, and the `self` link is compared: a parameter that the server ignores is a failure.
//! - "No such patient here" is null. A server that can't be reached, refuses, or answers what wasn't asked is a failure.

mod bundle;
mod check;
mod connector;
mod elements;
mod filter;
mod load;
mod model;
mod reference;
mod roots;
mod search;
mod server;
mod settings;
mod values;
mod write;

use std::sync::Arc;

use raccordo_connector_api::{Checked, Key, Kind, Source};
use raccordo_schema::Diagnostic;

/// The kind, for the registry.
pub const KIND: &dyn Kind = &Fhir;

struct Fhir;

impl Kind for Fhir {
    fn name(&self) -> &'static str {
        "fhir"
    }

    fn keys(&self) -> &'static [Key] {
        settings::KEYS
    }

    fn check(&self, source: Source<'_>) -> Result<Arc<dyn Checked>, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let address = settings::read(source, &mut found);
        let model = check::check(source, &mut found);
        match (address, found.iter().any(Diagnostic::is_error)) {
            (Some(address), false) => Ok(Arc::new(connector::CheckedServer::new(address, model))),
            _ => Err(found),
        }
    }
}
