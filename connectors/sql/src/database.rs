//! One source's database: leases a connection, runs a statement, knows columns' types. Errors leave as failures, without values or addresses.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use raccordo_connector_api::Failure;
use raccordo_schema::mapping::Name;
use rustc_hash::FxHashMap;
use sqlx::Error;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::engine::Engine;
use crate::failure::failure;
use crate::mysql::MySqlEngine;
use crate::pool::{Lease, Pool};
use crate::postgres::PostgresEngine;
use crate::rows::Rows;
use crate::sqlite::SqliteEngine;
use crate::statement::{Dialect, Statement, Table, Types};
use crate::{mysql, postgres, sqlite};

/// Where a source's database is, and how it is used.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) place: Place,
    /// Connections at most.
    pub(crate) pool: usize,
    /// How long connecting may take.
    pub(crate) connect: Duration,
    /// How long a statement may run at the database, whoever still waits.
    pub(crate) statement: Duration,
}

/// Where a database is.
#[derive(Clone)]
pub(crate) enum Place {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
}

impl Place {
    /// Which SQL it speaks.
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::MySql(_) => Dialect::MySql,
        }
    }
}

/// A database with its connections.
pub(crate) struct Database {
    address: Address,
    connections: Connections,
    types: RwLock<FxHashMap<Table, Arc<Types>>>,
}

enum Connections {
    Sqlite(Kept<SqliteEngine>),
    Postgres(Kept<PostgresEngine>),
    MySql(Kept<MySqlEngine>),
}

impl Database {
    /// Opens nothing yet.
    pub(crate) fn new(address: &Address) -> Self {
        let connections = match &address.place {
            Place::Sqlite(options) => {
                let options = sqlite::options(options.as_ref().clone(), address.connect);
                Connections::Sqlite(Kept::new(address, options))
            }
            Place::Postgres(options) => {
                Connections::Postgres(Kept::new(address, postgres::options(options.as_ref().clone())))
            }
            Place::MySql(options) => {
                Connections::MySql(Kept::new(address, mysql::options(options.as_ref().clone())))
            }
        };
        Self { address: address.clone(), connections, types: RwLock::default() }
    }

    /// Which SQL it speaks.
    pub(crate) fn dialect(&self) -> Dialect {
        self.address.place.dialect()
    }

    /// Runs a statement over `table`, giving up on bytes beyond `most`.
    pub(crate) async fn select(
        &self,
        statement: &Statement,
        table: &Table,
        most: usize,
    ) -> Result<Rows, Failure> {
        let rows = match &self.connections {
            Connections::Sqlite(kept) => kept.select(statement, table, most).await,
            Connections::Postgres(kept) => kept.select(statement, table, most).await,
            Connections::MySql(kept) => kept.select(statement, table, most).await,
        };
        if rows.is_err() {
            // Perhaps a column has another type by now.
            self.types.write().unwrap_or_else(PoisonError::into_inner).remove(table);
        }
        rows
    }

    /// What is to be known of these columns of a table: asked of the database once. Nothing, of SQLite.
    pub(crate) async fn types(&self, table: &Table, columns: &[&Name]) -> Result<Arc<Types>, Failure> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(Arc::default());
        }
        let known =
            self.types.read().unwrap_or_else(PoisonError::into_inner).get(table).cloned().unwrap_or_default();
        let mut missing: Vec<&Name> =
            columns.iter().copied().filter(|column| !known.columns.contains_key(*column)).collect();
        missing.sort();
        missing.dedup();
        if missing.is_empty() {
            return Ok(known);
        }
        let found = match &self.connections {
            Connections::Sqlite(kept) => kept.types(table, &missing).await,
            Connections::Postgres(kept) => kept.types(table, &missing).await,
            Connections::MySql(kept) => kept.types(table, &missing).await,
        };
        Ok(self.learn(table, found?))
    }

    /// Whether the database answers.
    pub(crate) async fn probe(&self) -> Result<(), Failure> {
        // SQLite looks into the file only where a table is named.
        let text = match self.dialect() {
            Dialect::Sqlite => "SELECT 1 FROM sqlite_master LIMIT 1",
            Dialect::Postgres | Dialect::MySql => "SELECT 1",
        };
        let statement = Statement { text: text.to_owned(), binds: Vec::new(), width: 1 };
        let table = Table::named("(none)");
        match tokio::time::timeout(self.address.connect, self.select(&statement, &table, usize::MAX)).await {
            Ok(answer) => answer.map(|_| ()),
            Err(_) => Err(Failure::timed_out("the database did not answer in time")),
        }
    }

    fn learn(&self, table: &Table, found: Types) -> Arc<Types> {
        let mut all = self.types.write().unwrap_or_else(PoisonError::into_inner);
        let mut types = all.get(table).map(|known| known.as_ref().clone()).unwrap_or_default();
        types.columns.extend(found.columns);
        if types.unique.is_empty() {
            types.unique = found.unique;
        }
        let types = Arc::new(types);
        all.insert(table.clone(), types.clone());
        types
    }
}

/// One database's sessions.
struct Kept<E: Engine> {
    pool: Pool<E::Connection>,
    options: E::Options,
    connect: Duration,
    longest: Duration,
}

impl<E: Engine> Kept<E> {
    fn new(address: &Address, options: E::Options) -> Self {
        Self { pool: Pool::new(address.pool), options, connect: address.connect, longest: address.statement }
    }

    async fn select(&self, statement: &Statement, table: &Table, most: usize) -> Result<Rows, Failure> {
        let (lease, mut session, was_kept) = self.session().await?;
        let mut rows = E::select(&mut session, statement, most).await;
        if was_kept && E::is_stale(&rows) {
            session = self.anew().await?;
            rows = E::select(&mut session, statement, most).await;
        }
        let whole = rows.as_ref().is_ok_and(|rows| rows.bytes() <= most);
        finish(&self.pool, lease, session, whole, rows, table)
    }

    async fn types(&self, table: &Table, columns: &[&Name]) -> Result<Types, Failure> {
        let (lease, mut session, was_kept) = self.session().await?;
        let mut types = E::types(&mut session, table, columns).await;
        if was_kept && E::is_stale(&types) {
            session = self.anew().await?;
            types = E::types(&mut session, table, columns).await;
        }
        finish(&self.pool, lease, session, true, types, table)
    }

    /// A session, and whether it was kept: such a one may be stale, and then the same is asked again in a new one.
    async fn session(&self) -> Result<(Lease<'_, E::Connection>, E::Connection, bool), Failure> {
        let mut lease = self.pool.lease().await?;
        match lease.kept.take() {
            Some(kept) => Ok((lease, kept, true)),
            None => Ok((lease, self.open().await?, false)),
        }
    }

    /// A new session, after a kept one was found dead. So are the others.
    async fn anew(&self) -> Result<E::Connection, Failure> {
        self.pool.forget();
        self.open().await
    }

    async fn open(&self) -> Result<E::Connection, Failure> {
        match tokio::time::timeout(self.connect, E::connect(&self.options, self.longest)).await {
            Ok(connected) => connected.map_err(|error| failure(&error, "(none)")),
            Err(_) => {
                Err(Failure::unreachable(format!("no connection within {} ms", self.connect.as_millis())))
            }
        }
    }
}

/// Gives a connection back whose statement is done, and closes any other: one that failed, or was left in the middle of its rows.
fn finish<C, T>(
    pool: &Pool<C>,
    lease: Lease<'_, C>,
    connection: C,
    whole: bool,
    outcome: Result<T, Error>,
    table: &Table,
) -> Result<T, Failure> {
    match &outcome {
        Ok(_) if whole => lease.give_back(connection),
        Ok(_) | Err(Error::Database(_)) => drop(connection),
        Err(_) => pool.forget(),
    }
    outcome.map_err(|error| failure(&error, &table.name))
}
