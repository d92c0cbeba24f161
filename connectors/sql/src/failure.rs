//! A database's error in, a [`Failure`] of the contract out. Names of tables and columns may pass; values, statements and addresses never do.

use std::borrow::Cow;

use raccordo_connector_api::Failure;
use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

/// What an error means. `table` is what was asked, for the operator.
pub(crate) fn failure(error: &Error, table: &str) -> Failure {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::WorkerCrashed | Error::PoolClosed | Error::PoolTimedOut => {
            Failure::unreachable(format!("the connection was lost: {}", plain(error)))
        }
        Error::Database(error) if error.try_downcast_ref::<PgDatabaseError>().is_some() => {
            postgres(&**error, table)
        }
        Error::Database(error) if error.try_downcast_ref::<SqliteError>().is_some() => {
            sqlite(&**error, table)
        }
        Error::Configuration(_) => Failure::unreachable("the connection's settings were not accepted"),
        Error::Protocol(_) | Error::Decode(_) | Error::ColumnDecode { .. } => {
            Failure::malformed(format!("`{table}`: the database's answer can't be read"))
        }
        _ => Failure::internal(format!("`{table}`: a statement could not be made")),
    }
}

/// The operating system's or TLS library's word on a connection: it knows no values.
fn plain(error: &Error) -> Cow<'static, str> {
    match error {
        Error::Io(error) => Cow::Owned(error.kind().to_string()),
        Error::Tls(_) => Cow::Borrowed("TLS was not agreed"),
        _ => Cow::Borrowed("the driver gave up"),
    }
}

/// PostgreSQL's SQLSTATE, appendix A of its manual.
fn postgres(error: &dyn DatabaseError, table: &str) -> Failure {
    let code = error.code().unwrap_or_default();
    let class = code.get(..2).unwrap_or_default();
    match (class, &*code) {
        (_, "57014") => Failure::timed_out(format!("`{table}`: the database cancelled the statement")),
        ("08" | "53" | "57" | "58", _) => {
            Failure::unreachable(format!("the database is not serving: SQLSTATE {code}"))
        }
        (_, "3D000") => Failure::unreachable("the server has no such database"),
        ("28", _) => Failure::refused(format!("the database refused the connection: SQLSTATE {code}")),
        (_, "42501" | "25006") => {
            Failure::refused(format!("`{table}`: the database refused: SQLSTATE {code}"))
        }
        // These two name a table or column and nothing else.
        (_, "42P01" | "42703") => Failure::malformed(format!("`{table}`: {}", error.message())),
        _ => Failure::malformed(format!("`{table}`: the database could not answer: SQLSTATE {code}")),
    }
}

/// SQLite's result codes: <https://sqlite.org/rescode.html>.
fn sqlite(error: &dyn DatabaseError, table: &str) -> Failure {
    let code: i32 = error.code().and_then(|code| code.parse().ok()).unwrap_or_default();
    match code & 0xff {
        9 => Failure::timed_out(format!("`{table}`: the statement was interrupted")),
        5 | 6 => Failure::unreachable("the database file is locked by its owner"),
        10 | 14 => {
            Failure::unreachable(format!("the database file can't be opened or read: SQLite code {code}"))
        }
        3 | 8 | 23 => Failure::refused(format!("`{table}`: the database refused: SQLite code {code}")),
        11 | 26 => Failure::malformed(format!("the file is not a sound SQLite database: SQLite code {code}")),
        1 if error.message().starts_with("no such") => {
            Failure::malformed(format!("`{table}`: {}", error.message()))
        }
        _ => Failure::malformed(format!("`{table}`: the database could not answer: SQLite code {code}")),
    }
}
