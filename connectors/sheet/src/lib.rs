//! Kind `sheet`: a source that is a CSV, XLSX or ODS file, or a folder of them, or at an address; only ever read.
//!
//! A fetch enters; rows of the version that is in memory go back into slots. Files are read when they change, off the async threads, within limits;
//! of a sheet only the declared columns are kept. Values never stand in a log or an error: sheet, row, column and rule do. Nothing is joined by
//! position: each row is found by its key. Formulas are not calculated, nothing is written, old XLS files and passwords are not here.
//!
//! - A root list is the table's rows, narrowed, in the declared order and then by key; it goes on after the last row's place in the order.
//! - An object-typed field without `@connect` is in the row itself; where its type has a sheet of its own, it is found by the key that the row holds.
//! - `PREFIX` and `CONTAINS` are case-sensitive, as `EQ` is. `NE` doesn't find an empty cell.
//! - Texts are ordered without case and accents; empty cells come last.

mod answer;
mod archive;
mod book;
mod cell;
mod check;
mod compile;
mod connector;
mod csv;
mod fold;
mod header;
mod inspect;
mod limits;
mod load;
mod model;
mod number;
mod ods;
mod place;
mod plan;
mod settings;
mod shelf;
mod table;
mod text;
mod time;
mod trouble;
mod value;
mod write;
mod xlsx;

use std::sync::Arc;

use futures::future::BoxFuture;
use raccordo_connector_api::{Checked, Failure, Key, Kind, Source};
use raccordo_schema::Diagnostic;

/// The kind, for the registry.
pub const KIND: &dyn Kind = &Sheet;

struct Sheet;

impl Kind for Sheet {
    fn name(&self) -> &'static str {
        "sheet"
    }

    fn keys(&self) -> &'static [Key] {
        settings::KEYS
    }

    fn inspects(&self, url: &str) -> bool {
        inspect::inspects(url)
    }

    fn inspect<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(inspect::inspect(url))
    }

    fn check(&self, source: Source<'_>) -> Result<Arc<dyn Checked>, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let settled = settings::read(source, &mut found);
        check::check(source, settled.as_ref().is_some_and(|settled| settled.place.is_web()), &mut found);
        match (settled, found.iter().any(Diagnostic::is_error)) {
            (Some(settled), false) => {
                let model = Arc::new(model::Model::of(source.mapping));
                Ok(Arc::new(connector::CheckedSheets { settled, model }))
            }
            _ => Err(found),
        }
    }
}
