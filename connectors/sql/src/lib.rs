//! Kind `sql`: a source that is a database, SQLite, PostgreSQL, MySQL or MariaDB, and is only ever read.
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
mod catalogue;
mod check;
mod column;
mod compile;
mod condition;
mod connector;
mod database;
mod engine;
mod entities;
mod failure;
mod inspect;
mod listing;
mod live;
mod load;
mod mysql;
mod plan;
mod pool;
mod position;
mod postgres;
mod query;
mod records;
mod rows;
mod settings;
mod sqlite;
mod statement;
mod write;

use std::sync::Arc;

use futures::future::BoxFuture;
use raccordo_connector_api::{Checked, Failure, Key, Kind, Source};
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

    fn inspects(&self, url: &str) -> bool {
        settings::dialect(url).is_some()
    }

    fn inspect<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(async move {
            let address = settings::address(url).map_err(Failure::bad_input)?;
            let database = database::Database::new(&address);
            let tables = catalogue::read(&database).await?;
            if tables.is_empty() {
                return Err(Failure::malformed("there is no table or view that this account may read"));
            }
            Ok(inspect::sdl(&tables, &format!("una base di dati {}", address.place.dialect().called())))
        })
    }
}
