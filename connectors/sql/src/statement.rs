//! What is wanted of one table in, one SELECT with its bound values out. Names are quoted, values bound: nothing is spliced.

use std::fmt::Write as _;
use std::sync::Arc;

use raccordo_connector_api::{Failure, Value};
use raccordo_schema::mapping::{FilterOp, Name};
use rustc_hash::FxHashMap;

use crate::column::ColumnType;
use crate::condition::Writer;
use crate::position::Mark;
use crate::query::Query;

/// Which database's SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL 11 and later.
    Postgres,
    /// MySQL 8.0 and MariaDB 10.5 and later.
    MySql,
}

impl Dialect {
    /// As people call it.
    pub(crate) fn called(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL o MariaDB",
        }
    }

    /// A name as the database quotes names.
    pub(crate) fn quoted(self, name: &str) -> String {
        match self {
            Self::MySql => format!("`{}`", name.replace('`', "``")),
            Self::Sqlite | Self::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A column is always qualified: SQLite takes an unknown name in double quotes for a text.
    pub(crate) fn column(self, name: &str) -> String {
        format!("r.{}", self.quoted(name))
    }

    pub(crate) fn table(self, table: &Table) -> String {
        match &table.namespace {
            Some(namespace) => format!("{}.{}", self.quoted(namespace), self.quoted(&table.name)),
            None => self.quoted(&table.name),
        }
    }
}

/// A value to bind.
#[derive(Clone, PartialEq)]
pub(crate) enum Bind {
    Int(i64),
    Float(f64),
    Text(String),
    /// `text[]`. PostgreSQL alone.
    Texts(Vec<String>),
    /// Beyond an [`i64`]. MySQL alone.
    Unsigned(u64),
    /// MySQL alone.
    Bytes(Vec<u8>),
}

/// A statement, ready to run.
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) binds: Vec<Bind>,
    /// How many columns it brings.
    pub(crate) width: usize,
}

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Table {
    pub(crate) namespace: Option<Name>,
    pub(crate) name: Name,
    /// Instead of a table: the query that stands for it. The name is then what it is called in errors.
    pub(crate) query: Option<Arc<Query>>,
}

impl Table {
    /// A table of the connection's own schema.
    pub(crate) fn named(name: &str) -> Self {
        Self { namespace: None, name: Name::from(name), query: None }
    }
}

/// One criterion of an order.
#[derive(Debug, Clone)]
pub(crate) struct By {
    pub(crate) column: Name,
    pub(crate) descending: bool,
}

/// One argument's effect, with its value.
pub(crate) struct Condition<'a> {
    pub(crate) column: &'a Name,
    pub(crate) op: FilterOp,
    pub(crate) arg: &'a Name,
    pub(crate) value: &'a Value,
    /// The value is a codice fiscale: looked for in each form in which it may be stored.
    pub(crate) of_tax_code: bool,
}

/// What is wanted of one table.
#[derive(Clone, Copy)]
pub(crate) struct Select<'a> {
    pub(crate) table: &'a Table,
    pub(crate) columns: &'a [Name],
    /// Columns, and for each of them the values; the n-th values of all columns are one key.
    pub(crate) keys: Option<(&'a [Name], &'a [Vec<String>])>,
    pub(crate) conditions: &'a [Condition<'a>],
    pub(crate) order: &'a [By],
    /// The position after which to go on, one mark for each criterion of the order.
    pub(crate) after: Option<&'a [Mark]>,
    /// At most so many rows in all.
    pub(crate) limit: Option<usize>,
    /// At most so many rows for each key.
    pub(crate) per_key: Option<usize>,
    /// Not the records, but how many there are: for each key, whose columns are the only ones, or in all.
    pub(crate) counted: bool,
    /// Columns that the table hasn't any more: NULL stands for them.
    pub(crate) missing: &'a [Name],
    /// The values of a query's arguments.
    pub(crate) arguments: &'a [(&'a Name, &'a Value)],
}

/// What is known of a table's columns. Nothing for SQLite, which compares by the column's affinity.
#[derive(Clone, Default)]
pub(crate) struct Types {
    pub(crate) columns: FxHashMap<Name, ColumnType>,
    /// The columns of each unique index, where it matters: MySQL.
    pub(crate) unique: Vec<Vec<Name>>,
}

/// Writes the statement.
///
/// # Errors
/// `BadInput` for an argument that can't be ordered against its column.
pub(crate) fn write(dialect: Dialect, types: &Types, select: &Select<'_>) -> Result<Statement, Failure> {
    let mut writer = Writer::new(dialect, types);
    let columns: Vec<String> = match select.columns {
        [] => vec!["1".to_owned()],
        columns => {
            let column = |name: &Name| match select.missing.contains(name) {
                true => "NULL".to_owned(),
                false => dialect.column(name),
            };
            columns.iter().map(column).collect()
        }
    };
    if select.counted {
        return count(writer, select, &columns);
    }
    let mut text = match select.per_key {
        None => format!("SELECT {} FROM {}", columns.join(", "), writer.from(select.table, select.arguments)),
        Some(_) => windowed(&mut writer, select, &columns),
    };
    let conditions = writer.conditions(select)?;
    if !conditions.is_empty() {
        text.push_str(" WHERE ");
        text.push_str(&conditions.join(" AND "));
    }
    match select.per_key {
        Some(most) => {
            let most = writer.bind(Bind::Int(most as i64));
            let _ = write!(text, ") AS q WHERE q.n <= {most} ORDER BY q.n");
        }
        None => text.push_str(&order_by(&writer, select.order)),
    }
    if let Some(limit) = select.limit {
        let limit = writer.bind(Bind::Int(i64::try_from(limit).unwrap_or(i64::MAX)));
        let _ = write!(text, " LIMIT {limit}");
    }
    Ok(Statement { text, binds: writer.binds, width: columns.len() })
}

/// `SELECT r."key", COUNT(*) FROM … WHERE … GROUP BY r."key"`.
fn count(mut writer: Writer<'_>, select: &Select<'_>, columns: &[String]) -> Result<Statement, Failure> {
    let keys: Vec<String> = select.columns.iter().map(|name| writer.partition(name)).collect();
    let plain = columns.iter().filter(|_| !keys.is_empty()).map(String::as_str);
    let wanted: Vec<&str> = plain.chain(["COUNT(*)"]).collect();
    let mut text =
        format!("SELECT {} FROM {}", wanted.join(", "), writer.from(select.table, select.arguments));
    let conditions = writer.conditions(select)?;
    if !conditions.is_empty() {
        let _ = write!(text, " WHERE {}", conditions.join(" AND "));
    }
    if !keys.is_empty() {
        let _ = write!(text, " GROUP BY {}", keys.join(", "));
    }
    Ok(Statement { text, binds: writer.binds, width: wanted.len() })
}

/// The statement that is prepared and never run: for the types of columns.
pub(crate) fn columns_only(dialect: Dialect, from: &Table, columns: &[&Name]) -> String {
    let columns: Vec<String> = columns.iter().map(|name| dialect.column(name)).collect();
    let from = Writer::new(dialect, &Types::default()).from(from, &[]);
    format!("SELECT {} FROM {from}", columns.join(", "))
}

/// `SELECT c0, c1 FROM (SELECT r."a" AS c0, …, ROW_NUMBER() OVER (…) AS n FROM …`, up to the inner WHERE.
fn windowed(writer: &mut Writer<'_>, select: &Select<'_>, columns: &[String]) -> String {
    let outer: Vec<String> = (0..columns.len()).map(|index| format!("q.c{index}")).collect();
    let inner: Vec<String> =
        columns.iter().enumerate().map(|(index, name)| format!("{name} AS c{index}")).collect();
    let keys = select.keys.map_or(&[] as &[Name], |(keys, _)| keys);
    let partition: Vec<String> = keys.iter().map(|name| writer.partition(name)).collect();
    format!(
        "SELECT {} FROM (SELECT {}, ROW_NUMBER() OVER (PARTITION BY {}{}) AS n FROM {}",
        outer.join(", "),
        inner.join(", "),
        partition.join(", "),
        order_by(writer, select.order),
        writer.from(select.table, select.arguments),
    )
}

fn order_by(writer: &Writer<'_>, order: &[By]) -> String {
    if order.is_empty() {
        return String::new();
    }
    let criteria = writer.criteria(order).into_iter().map(|criterion| writer.criterion(order, criterion));
    let criteria: Vec<String> = criteria
        .map(|(side, descending)| format!("{side}{}", if descending { " DESC" } else { "" }))
        .collect();
    format!(" ORDER BY {}", criteria.join(", "))
}
