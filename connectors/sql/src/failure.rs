//! A database's error in, a [`Failure`] of the contract out. Names of tables and columns may pass; values, statements and addresses never do.

use std::borrow::Cow;

use raccordo_connector_api::Failure;
use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

/// What every failure says in which a table hasn't a column that the mapping names.
pub(crate) const COLUMN_MISSING: &str = "the table has no such column:";

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
        Error::Database(error) if error.try_downcast_ref::<MySqlDatabaseError>().is_some() => {
            mysql(error.downcast_ref::<MySqlDatabaseError>(), table)
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
        (_, "42703") => Failure::malformed(format!("`{table}`: {COLUMN_MISSING} {}", error.message())),
        (_, "42P01") => Failure::malformed(format!("`{table}`: {}", error.message())),
        _ => Failure::malformed(format!("`{table}`: the database could not answer: SQLSTATE {code}")),
    }
}

/// The numbers of MySQL and MariaDB: <https://mariadb.com/kb/en/mariadb-error-code-reference/>.
fn mysql(error: &MySqlDatabaseError, table: &str) -> Failure {
    let number = error.number();
    match number {
        1205 | 1317 | 1969 | 3024 => {
            Failure::timed_out(format!("`{table}`: the database cancelled the statement"))
        }
        1040 | 1053 | 1129 | 1203 | 1226 | 1927 | 4031 => {
            Failure::unreachable(format!("the database is not serving: error {number}"))
        }
        1049 => Failure::unreachable("the server has no such database"),
        1044 | 1045 | 1130 | 1251 | 1698 | 1862 => {
            Failure::refused(format!("the database refused the connection: error {number}"))
        }
        1142 | 1143 | 1227 | 1370 | 1792 => {
            Failure::refused(format!("`{table}`: the database refused: error {number}"))
        }
        // These two name a table or column and nothing else.
        1054 => Failure::malformed(format!("`{table}`: {COLUMN_MISSING} {}", error.message())),
        1146 => Failure::malformed(format!("`{table}`: {}", error.message())),
        _ => Failure::malformed(format!("`{table}`: the database could not answer: error {number}")),
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
        1 if error.message().starts_with("no such column") => {
            Failure::malformed(format!("`{table}`: {COLUMN_MISSING} {}", error.message()))
        }
        1 if error.message().starts_with("no such") => {
            Failure::malformed(format!("`{table}`: {}", error.message()))
        }
        _ => Failure::malformed(format!("`{table}`: the database could not answer: SQLite code {code}")),
    }
}
