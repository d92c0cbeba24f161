//! Kind `sql`: a source that is a database, SQLite or PostgreSQL, and is only ever read.
//!
//! A fetch enters; SELECTs go out with the columns that are asked and no other, names quoted, values bound; rows come back into slots.
//! Values never stand in a statement's text, a log or an error. Nothing is joined by position: each row carries the key it was asked by.
//! Writes, joins, queries of the user's own and other databases are not here.
//!
//! - A root list is a SELECT with its filters, its order and its page: it goes on after the last row's place in the order, never by OFFSET.
//! - Entities are found so many keys a call; a relation so many parents a call. With `first`, a relation brings so many records a parent.
//! - A field of an object type without `@connect` is in the row itself. It is null when its key's columns are NULL, or, without a key, when all
//!   that was asked of it is.
//! - `PREFIX` and `CONTAINS` are case-sensitive, as `=` is. `NE` doesn't find NULL, as in SQL.
//! - An instant without a zone is taken as UTC.

mod canonical;
mod check;
mod column;
mod compile;
mod condition;
mod connector;
mod database;
mod entities;
mod failure;
mod listing;
mod load;
mod plan;
mod pool;
mod position;
mod postgres;
mod records;
mod rows;
mod settings;
mod sqlite;
mod statement;
mod write;

use std::sync::Arc;

use raccordo_connector_api::{Checked, Key, Kind, Source};
use raccordo_schema::Diagnostic;

/// The kind, for the registry.
pub const KIND: &dyn Kind = &Sql;

struct Sql;

impl Kind for Sql {
    fn name(&self) -> &'static str {
        "sql"
    }

    fn keys(&self) -> &'static [Key] {
        settings::KEYS
    }

    fn check(&self, source: Source<'_>) -> Result<Arc<dyn Checked>, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let address = settings::read(source, &mut found);
        check::check(source, address.as_ref().map(|address| address.place.dialect()), &mut found);
        match (address, found.iter().any(Diagnostic::is_error)) {
            (Some(address), false) => {
                Ok(Arc::new(connector::CheckedDatabase { address, mapping: source.mapping.clone() }))
            }
            _ => Err(found),
        }
    }
}
