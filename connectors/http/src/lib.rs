//! Kind `http`: JSON over HTTP, Open Referral HSDS among it.
//!
//! A fetch enters; calls go out as the source's `@connect(http:)` declares them, values percent-encoded into paths and queries or bound
//! into a body; records come out of replies by jq, into slots. No record is attributed to a key by its position: it must carry the key, or
//! have been asked for by a call of that key alone. Writes, `Link` headers and servers' own cursors are not here.
//!
//! - An entity takes one call for each key (`{$this.x}`), or one for so many (`{$batch.x}`); a relation one for each distinct value that
//!   its parents have, so that fifty parents in one place cost one call.
//! - A list is read page by page to its end, or until `first` is satisfied. A cursor holds a page's size, its number and a place in it.
//! - 404 means absence where the path names what is looked for, and a mistake where it doesn't.

mod check;
mod connector;
mod join;
mod keys;
mod model;
mod pages;
mod questions;
mod request;
mod rules;
mod run;
mod settings;
mod template;
mod write;

use std::sync::Arc;

use raccordo_connector_api::{Checked, Key, Kind, Source};
use raccordo_schema::Diagnostic;

/// The kind, for the registry.
pub const KIND: &dyn Kind = &Http;

struct Http;

impl Kind for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn keys(&self) -> &'static [Key] {
        settings::KEYS
    }

    fn check(&self, source: Source<'_>) -> Result<Arc<dyn Checked>, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let address = settings::read(source, &mut found);
        let model = check::check(source, &mut found);
        match (address, found.iter().any(Diagnostic::is_error)) {
            (Some(address), false) => Ok(Arc::new(connector::CheckedApi::new(address, Arc::new(model)))),
            _ => Err(found),
        }
    }
}
