//! Enters: tables with their rows. Leaves: the same tables as an SQL script, or as an SQLite file.
//! The script is a dump, such as a maker hands over: SQLite and PostgreSQL both read it.

use std::fmt::Write as _;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::DemoError;

/// Rows of one INSERT.
const ROWS_PER_INSERT: usize = 500;

/// One value.
#[derive(Clone, PartialEq, Eq)]
pub enum Cell {
    /// A text or a date.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Nothing.
    Null,
}

impl Cell {
    /// Anything that prints.
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// Anything that prints, or nothing.
    pub fn maybe(value: Option<impl ToString>) -> Self {
        value.map_or(Self::Null, Self::text)
    }
}

/// A table: its definition and its rows, the rows' values in the order of the definition's columns.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What creates it, with its indexes and the views over it.
    pub definition: &'static str,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
}

/// The tables as one SQL script.
pub fn script(tables: &[Table]) -> String {
    let mut sql = String::new();
    for table in tables {
        sql.push_str(table.definition);
        for rows in table.rows.chunks(ROWS_PER_INSERT) {
            let rows: Vec<String> = rows.iter().map(|row| tuple(row)).collect();
            // Writing to a string has no errors.
            let _ = writeln!(sql, "INSERT INTO \"{}\" VALUES\n{};", table.name, rows.join(",\n"));
        }
    }
    sql
}

fn tuple(row: &[Cell]) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Cell::Int(number) => number.to_string(),
        Cell::Null => "NULL".to_owned(),
    };
    format!("({})", row.iter().map(cell).collect::<Vec<_>>().join(", "))
}

/// Writes the tables to a new SQLite file.
pub async fn write(path: &Path, tables: &[Table]) -> Result<(), DemoError> {
    let failed = |cause| DemoError::Database { path: path.to_owned(), cause };
    // The file is made anew at every start: it needs speed, not durability.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off);
    let mut connection = options.connect().await.map_err(failed)?;
    let sql = format!("BEGIN;\n{}COMMIT;\n", script(tables));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)
}
