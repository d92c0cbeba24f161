//! SQLite: opens a file for reading, runs one statement, reads its rows. Never creates or writes a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::TryStreamExt;
use raccordo_schema::mapping::Name;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow};
use sqlx::{
    Arguments, AssertSqlSafe, ConnectOptions, Decode, Error, Row, Sqlite, SqliteConnection, TypeInfo,
    ValueRef,
};

use crate::engine::Engine;
use crate::rows::{Datum, Rows};
use crate::statement::{Bind, Statement, Table, Types};

/// How many of SQLite's virtual instructions pass between two looks at whether anybody still waits: some microseconds.
const INSTRUCTIONS: i32 = 10_000;

/// A connection that interrupts its statement when it is dropped.
pub(crate) struct Connection {
    connection: SqliteConnection,
    abandoned: Arc<AtomicBool>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }
}

/// The options of a source's URL, for reading only.
pub(crate) fn options(options: SqliteConnectOptions, wait: Duration) -> SqliteConnectOptions {
    options
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(wait)
        .pragma("query_only", "ON")
        .disable_statement_logging()
}

/// The driver.
pub(crate) struct SqliteEngine;

impl Engine for SqliteEngine {
    type Options = SqliteConnectOptions;
    type Connection = Connection;

    /// Opens the file. A statement ends when nobody waits for it any more: there is no server that could go on.
    async fn connect(options: &SqliteConnectOptions, _longest: Duration) -> Result<Connection, Error> {
        let mut connection = options.connect().await?;
        let abandoned = Arc::new(AtomicBool::new(false));
        let seen = abandoned.clone();
        connection
            .lock_handle()
            .await?
            .set_progress_handler(INSTRUCTIONS, move || !seen.load(Ordering::Relaxed));
        Ok(Connection { connection, abandoned })
    }

    async fn select(own: &mut Connection, statement: &Statement, most: usize) -> Result<Rows, Error> {
        select(own, statement, most).await
    }

    /// SQLite compares by a column's affinity.
    async fn types(_own: &mut Connection, _table: &Table, _columns: &[&Name]) -> Result<Types, Error> {
        Ok(Types::default())
    }

    fn is_stale<T>(_outcome: &Result<T, Error>) -> bool {
        false
    }
}

async fn select(own: &mut Connection, statement: &Statement, most: usize) -> Result<Rows, Error> {
    let mut arguments = SqliteArguments::default();
    for bind in &statement.binds {
        match bind {
            Bind::Int(int) => arguments.add(*int),
            Bind::Float(float) => arguments.add(*float),
            Bind::Text(text) => arguments.add(text.clone()),
            // Lists go to SQLite as the text of a JSON array.
            Bind::Texts(_) | Bind::Unsigned(_) | Bind::Bytes(_) => {
                return Err(Error::InvalidArgument("a list".to_owned()));
            }
        }
        .map_err(Error::Encode)?;
    }
    let query = sqlx::query_with(AssertSqlSafe(statement.text.clone()), arguments);
    let mut stream = query.fetch(&mut own.connection);
    let mut rows = Rows::new(statement.width);
    while let Some(row) = stream.try_next().await? {
        read(&row, statement.width, &mut rows)?;
        if rows.bytes() > most {
            break;
        }
    }
    Ok(rows)
}

fn read(row: &SqliteRow, width: usize, rows: &mut Rows) -> Result<(), Error> {
    for column in 0..width {
        let value = row.try_get_raw(column)?;
        if value.is_null() {
            rows.push(Datum::Null);
            continue;
        }
        let kind = value.type_info();
        match kind.name() {
            "INTEGER" => rows.push(Datum::Int(decode(value)?)),
            "REAL" => rows.push(Datum::Float(decode(value)?)),
            "TEXT" => rows.push(Datum::Text(decode(value)?)),
            other => rows.push(Datum::Unreadable(other)),
        }
    }
    rows.end_row();
    Ok(())
}

fn decode<'r, T: Decode<'r, Sqlite>>(value: <Sqlite as sqlx::Database>::ValueRef<'r>) -> Result<T, Error> {
    T::decode(value).map_err(Error::Decode)
}
