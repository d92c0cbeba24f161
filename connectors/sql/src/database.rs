//! One source's database: leases a connection, runs a statement, knows columns' types. Errors leave as failures, without values or addresses.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use raccordo_connector_api::Failure;
use raccordo_schema::mapping::Name;
use rustc_hash::FxHashMap;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Error, PgConnection};

use crate::column::ColumnType;
use crate::failure::failure;
use crate::pool::{Lease, Pool};
use crate::rows::Rows;
use crate::statement::{Dialect, Statement, Table, Types, columns_only};
use crate::{postgres, sqlite};

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
}

impl Place {
    /// Which SQL it speaks.
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
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
    Sqlite(Pool<sqlite::Connection>, SqliteConnectOptions),
    Postgres(Pool<PgConnection>, PgConnectOptions),
}

impl Database {
    /// Opens nothing yet.
    pub(crate) fn new(address: &Address) -> Self {
        let connections = match &address.place {
            Place::Sqlite(options) => {
                let options = sqlite::options(options.as_ref().clone(), address.connect);
                Connections::Sqlite(Pool::new(address.pool), options)
            }
            Place::Postgres(options) => {
                Connections::Postgres(Pool::new(address.pool), postgres::options(options.as_ref().clone()))
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
        match &self.connections {
            Connections::Sqlite(pool, options) => {
                let mut lease = pool.lease().await?;
                let mut connection = match lease.kept.take() {
                    Some(connection) => connection,
                    None => self.in_time(sqlite::connect(options)).await?,
                };
                let rows = sqlite::select(&mut connection, statement, most).await;
                let whole = rows.as_ref().is_ok_and(|rows| rows.bytes() <= most);
                finish(pool, lease, connection, whole, rows, table)
            }
            Connections::Postgres(pool, options) => {
                let (lease, mut session, was_kept) = self.session(pool, options).await?;
                let mut rows = postgres::select(&mut session, statement, most).await;
                if was_kept && postgres::is_stale(&rows) {
                    session = self.anew(pool, options).await?;
                    rows = postgres::select(&mut session, statement, most).await;
                }
                let whole = rows.as_ref().is_ok_and(|rows| rows.bytes() <= most);
                if rows.is_err() {
                    // Perhaps a column has another type by now.
                    self.types.write().unwrap_or_else(PoisonError::into_inner).remove(table);
                }
                finish(pool, lease, session, whole, rows, table)
            }
        }
    }

    /// The types of these columns of a table: asked of PostgreSQL once, never of SQLite.
    pub(crate) async fn types(&self, table: &Table, columns: &[&Name]) -> Result<Arc<Types>, Failure> {
        let Connections::Postgres(pool, options) = &self.connections else { return Ok(Arc::default()) };
        let known =
            self.types.read().unwrap_or_else(PoisonError::into_inner).get(table).cloned().unwrap_or_default();
        let mut missing: Vec<&Name> =
            columns.iter().copied().filter(|column| !known.contains_key(*column)).collect();
        missing.sort();
        missing.dedup();
        if missing.is_empty() {
            return Ok(known);
        }
        let sql = columns_only(table, &missing);
        let (lease, mut session, was_kept) = self.session(pool, options).await?;
        let mut found = postgres::column_types(&mut session, &sql).await;
        if was_kept && postgres::is_stale(&found) {
            session = self.anew(pool, options).await?;
            found = postgres::column_types(&mut session, &sql).await;
        }
        let found = finish(pool, lease, session, true, found, table)?;
        Ok(self.learn(table, missing.into_iter().cloned().zip(found)))
    }

    /// Whether the database answers.
    pub(crate) async fn probe(&self) -> Result<(), Failure> {
        // SQLite looks into the file only where a table is named.
        let text = match self.dialect() {
            Dialect::Sqlite => "SELECT 1 FROM sqlite_master LIMIT 1",
            Dialect::Postgres => "SELECT 1",
        };
        let statement = Statement { text: text.to_owned(), binds: Vec::new(), width: 1 };
        let table = Table { namespace: None, name: Name::from("(none)") };
        match tokio::time::timeout(self.address.connect, self.select(&statement, &table, usize::MAX)).await {
            Ok(answer) => answer.map(|_| ()),
            Err(_) => Err(Failure::timed_out("the database did not answer in time")),
        }
    }

    fn learn(&self, table: &Table, found: impl Iterator<Item = (Name, ColumnType)>) -> Arc<Types> {
        let mut all = self.types.write().unwrap_or_else(PoisonError::into_inner);
        let mut types = all.get(table).map(|known| known.as_ref().clone()).unwrap_or_default();
        types.extend(found);
        let types = Arc::new(types);
        all.insert(table.clone(), types.clone());
        types
    }

    /// A session, and whether it was kept: such a one may be stale, and then the same is read again in a new one.
    async fn session<'p>(
        &self,
        pool: &'p Pool<PgConnection>,
        options: &PgConnectOptions,
    ) -> Result<(Lease<'p, PgConnection>, PgConnection, bool), Failure> {
        let mut lease = pool.lease().await?;
        match lease.kept.take() {
            Some(kept) => Ok((lease, kept, true)),
            None => {
                Ok((lease, self.in_time(postgres::connect(options, self.address.statement)).await?, false))
            }
        }
    }

    /// A new session, after a kept one was found dead. So are the others.
    async fn anew(
        &self,
        pool: &Pool<PgConnection>,
        options: &PgConnectOptions,
    ) -> Result<PgConnection, Failure> {
        pool.forget();
        self.in_time(postgres::connect(options, self.address.statement)).await
    }

    async fn in_time<C>(&self, connecting: impl Future<Output = Result<C, Error>>) -> Result<C, Failure> {
        match tokio::time::timeout(self.address.connect, connecting).await {
            Ok(connected) => connected.map_err(|error| failure(&error, "(none)")),
            Err(_) => Err(Failure::unreachable(format!(
                "no connection within {} ms",
                self.address.connect.as_millis()
            ))),
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
