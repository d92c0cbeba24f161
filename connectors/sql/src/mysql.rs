//! MySQL and MariaDB: opens a session that can only read, runs one statement, reads its rows from the binary protocol. Learns the types,
//! collations and unique indexes of a table. A statement that nobody waits for any more is killed.

use std::borrow::Cow;
use std::time::Duration;

use futures::TryStreamExt;
use raccordo_schema::mapping::Name;
use sqlx::mysql::types::MySqlTime;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlRow, MySqlTypeInfo, MySqlValueRef};
use sqlx::types::chrono::{NaiveDate, NaiveDateTime};
use sqlx::{
    Arguments, AssertSqlSafe, Column, ConnectOptions, Decode, Error, Executor, MySql, MySqlConnection, Row,
    SqlSafeStr, Statement as _, Type, TypeInfo, ValueRef,
};

use crate::column::ColumnType;
use crate::engine::Engine;
use crate::rows::{Datum, Rows, uuid};
use crate::statement::{Bind, Dialect, Statement, Table, Types, columns_only};

/// How long killing an abandoned statement may take.
const KILLING: Duration = Duration::from_secs(5);

/// The driver.
pub(crate) struct MySqlEngine;

/// A session. Dropped in the middle of a statement, it has the server end it: MySQL itself notices only when it has a row to send.
pub(crate) struct Connection {
    connection: MySqlConnection,
    id: u64,
    options: MySqlConnectOptions,
    busy: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        let (true, Ok(runtime)) = (self.busy, tokio::runtime::Handle::try_current()) else { return };
        let (id, options) = (self.id, self.options.clone());
        runtime.spawn(tokio::time::timeout(KILLING, async move {
            // A server that can't be reached ends it by its own limit.
            if let Ok(mut other) = options.connect().await {
                let _ = sqlx::raw_sql(AssertSqlSafe(format!("KILL {id}"))).execute(&mut other).await;
            }
        }));
    }
}

/// The options of a source's URL.
pub(crate) fn options(options: MySqlConnectOptions) -> MySqlConnectOptions {
    options
        .timezone(Some("+00:00".to_owned()))
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .disable_statement_logging()
}

impl Engine for MySqlEngine {
    type Options = MySqlConnectOptions;
    type Connection = Connection;

    async fn connect(options: &MySqlConnectOptions, longest: Duration) -> Result<Connection, Error> {
        let mut connection = options.connect().await?;
        let (version, id): (String, u64) =
            sqlx::query_as("SELECT VERSION(), CONNECTION_ID()").fetch_one(&mut connection).await?;
        let longest_s = longest.as_secs_f64();
        let limit = match version.contains("MariaDB") {
            true => format!("max_statement_time = {longest_s:.3}"),
            false => format!("max_execution_time = {}", longest.as_millis()),
        };
        // With an empty sql_mode `0000-00-00` can be compared with, and names and texts are quoted as everywhere.
        let session = format!(
            "SET SESSION TRANSACTION READ ONLY; SET SESSION sql_mode = '', lock_wait_timeout = {}, {limit}",
            longest_s.ceil() as u64
        );
        sqlx::raw_sql(AssertSqlSafe(session)).execute(&mut connection).await?;
        Ok(Connection { connection, id, options: options.clone(), busy: false })
    }

    async fn select(own: &mut Connection, statement: &Statement, most: usize) -> Result<Rows, Error> {
        own.busy = true;
        let rows = select(&mut own.connection, statement, most).await;
        // One that was left in the middle of its rows is closed, and its statement with it.
        own.busy = rows.as_ref().is_ok_and(|rows| rows.bytes() > most);
        rows
    }

    async fn types(own: &mut Connection, table: &Table, columns: &[&Name]) -> Result<Types, Error> {
        let sql = columns_only(Dialect::MySql, table, columns);
        let prepared = own.connection.prepare(AssertSqlSafe(sql).into_sql_str()).await?;
        let kinds = prepared.columns().iter().map(|column| type_of(column.type_info()));
        let mut types = Types::default();
        types.columns.extend(columns.iter().map(|name| Name::clone(name)).zip(kinds));
        let has_texts = types.columns.values().any(|kind| matches!(kind, ColumnType::Chars(_)));
        if has_texts && table.query.is_none() {
            collations(&mut own.connection, table, &mut types).await?;
            types.unique = unique(&mut own.connection, table).await?;
        }
        Ok(types)
    }

    fn is_stale<T>(outcome: &Result<T, Error>) -> bool {
        match outcome {
            Err(Error::Io(_)) => true,
            // Shutdown, killed connection, disconnected for being idle.
            Err(Error::Database(error)) => {
                let number = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
                number.is_some_and(|error| matches!(error.number(), 1053 | 1927 | 4031))
            }
            _ => false,
        }
    }
}

async fn collations(own: &mut MySqlConnection, table: &Table, types: &mut Types) -> Result<(), Error> {
    let sql = "SELECT CAST(COLUMN_NAME AS CHAR), CAST(COLLATION_NAME AS CHAR) FROM information_schema.COLUMNS \
        WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND COLLATION_NAME IS NOT NULL";
    let found: Vec<(String, String)> =
        sqlx::query_as(sql).bind(table.namespace.as_deref()).bind(&*table.name).fetch_all(own).await?;
    for (name, kind) in &mut types.columns {
        let of_column = found.iter().find(|(column, _)| column.eq_ignore_ascii_case(name));
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if let (ColumnType::Chars(known), Some((_, collation))) =
            (kind, of_column.filter(|(_, text)| plain(text)))
        {
            *known = Some(Name::from(collation.as_str()));
        }
    }
    Ok(())
}

async fn unique(own: &mut MySqlConnection, table: &Table) -> Result<Vec<Vec<Name>>, Error> {
    let sql = "SELECT CAST(INDEX_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR) FROM information_schema.STATISTICS \
        WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND NON_UNIQUE = 0 AND COLUMN_NAME IS NOT NULL \
        ORDER BY INDEX_NAME, SEQ_IN_INDEX";
    let found: Vec<(String, String)> =
        sqlx::query_as(sql).bind(table.namespace.as_deref()).bind(&*table.name).fetch_all(own).await?;
    let mut indexes: Vec<(String, Vec<Name>)> = Vec::new();
    for (index, column) in found {
        match indexes.last_mut().filter(|(last, _)| *last == index) {
            Some((_, columns)) => columns.push(Name::from(column.as_str())),
            None => indexes.push((index, vec![Name::from(column.as_str())])),
        }
    }
    Ok(indexes.into_iter().map(|(_, columns)| columns).collect())
}

async fn select(own: &mut MySqlConnection, statement: &Statement, most: usize) -> Result<Rows, Error> {
    let mut arguments = MySqlArguments::default();
    for bind in &statement.binds {
        match bind {
            Bind::Int(int) => arguments.add(*int),
            Bind::Unsigned(int) => arguments.add(*int),
            Bind::Float(float) => arguments.add(*float),
            Bind::Text(text) => arguments.add(text.as_str()),
            Bind::Bytes(bytes) => arguments.add(bytes.as_slice()),
            Bind::Texts(_) => return Err(Error::InvalidArgument("a list".to_owned())),
        }
        .map_err(Error::Encode)?;
    }
    let mut stream = sqlx::query_with(AssertSqlSafe(statement.text.clone()), arguments).fetch(own);
    let mut rows = Rows::new(statement.width);
    while let Some(row) = stream.try_next().await? {
        read(&row, statement.width, &mut rows)?;
        if rows.bytes() > most {
            break;
        }
    }
    Ok(rows)
}

fn read(row: &MySqlRow, width: usize, rows: &mut Rows) -> Result<(), Error> {
    for column in 0..width {
        push(row.try_get_raw(column)?, rows)?;
    }
    rows.end_row();
    Ok(())
}

/// Texts of any character set arrive in UTF-8; what is binary says so by its collation, whatever sqlx names it.
fn is_text(kind: &MySqlTypeInfo) -> bool {
    <str as Type<MySql>>::compatible(kind) || kind.name() == "SET"
}

fn is_unsigned(kind: &MySqlTypeInfo) -> bool {
    <u64 as Type<MySql>>::compatible(kind)
}

fn type_of(kind: &MySqlTypeInfo) -> ColumnType {
    match kind.name() {
        "BOOLEAN" | "BIT" | "YEAR" => ColumnType::Int,
        name if name.trim_end_matches(" UNSIGNED").ends_with("INT") => ColumnType::Int,
        "FLOAT" => ColumnType::Real,
        "DOUBLE" => ColumnType::Float,
        "DECIMAL" => ColumnType::Numeric,
        "DATE" => ColumnType::Date,
        "DATETIME" | "TIMESTAMP" => ColumnType::Timestamp,
        "TIME" => ColumnType::Time,
        _ if is_text(kind) => ColumnType::Chars(None),
        "BINARY" => ColumnType::Uuid,
        _ => ColumnType::Other,
    }
}

fn push(value: MySqlValueRef<'_>, rows: &mut Rows) -> Result<(), Error> {
    let kind = value.type_info().into_owned();
    if value.is_null() {
        // The driver takes `0000-00-00` for NULL.
        let is_none = <&[u8] as Decode<MySql>>::decode(value).is_err();
        rows.push(if is_none { Datum::Null } else { Datum::NoDate });
        return Ok(());
    }
    match kind.name() {
        name if matches!(name, "BOOLEAN" | "BIT" | "YEAR") || name.contains("INT") => {
            if is_unsigned(&kind) || name == "BIT" {
                let unsigned: u64 = decode(value)?;
                match i64::try_from(unsigned) {
                    Ok(int) => rows.push(Datum::Int(int)),
                    Err(_) => rows.push(Datum::Decimal(&unsigned.to_string())),
                }
            } else {
                rows.push(Datum::Int(decode(value)?));
            }
        }
        "FLOAT" => {
            let float: f32 = decode(value)?;
            rows.push(Datum::Float(float.to_string().parse().unwrap_or_else(|_| f64::from(float))));
        }
        "DOUBLE" => rows.push(Datum::Float(decode(value)?)),
        "DECIMAL" => rows.push(Datum::Decimal(&text(value)?)),
        "DATE" => match <NaiveDate as Decode<MySql>>::decode(value) {
            Ok(date) => rows.push(Datum::Text(&date.to_string())),
            // `2026-02-00` is stored where nobody forbids it.
            Err(_) => rows.push(Datum::Unreadable("DATE")),
        },
        "DATETIME" | "TIMESTAMP" => match <NaiveDateTime as Decode<MySql>>::decode(value) {
            Ok(at) => rows.push(Datum::Text(&at.format("%Y-%m-%dT%H:%M:%S%.f").to_string())),
            Err(_) => rows.push(Datum::Unreadable("DATETIME")),
        },
        "TIME" => rows.push(Datum::Text(&clock(&decode::<MySqlTime>(value)?.to_string()))),
        "JSON" => rows.push(Datum::Json(&text(value)?)),
        "GEOMETRY" => rows.push(Datum::Unreadable("GEOMETRY")),
        _ if is_text(&kind) => rows.push(Datum::Text(&text(value)?)),
        name => push_bytes(name, bytes(value)?, rows),
    }
    Ok(())
}

/// Sixteen bytes of a `BINARY(16)` are a UUID; what else is binary is a text, if it is one.
fn push_bytes(name: &str, bytes: &[u8], rows: &mut Rows) {
    match (name, bytes.len(), std::str::from_utf8(bytes)) {
        ("BINARY", 16, _) => rows.push(Datum::Text(&uuid(bytes))),
        ("BINARY", _, _) | (_, _, Err(_)) => rows.push(Datum::Unreadable("BINARY")),
        (_, _, Ok(text)) => rows.push(Datum::Text(text)),
    }
}

/// `8:30:00` as `08:30:00`.
fn clock(time: &str) -> Cow<'_, str> {
    let (sign, digits) = time.strip_prefix('-').map_or(("", time), |digits| ("-", digits));
    match digits.find(':') {
        Some(1) => Cow::Owned(format!("{sign}0{digits}")),
        _ => Cow::Borrowed(time),
    }
}

fn decode<'r, T: Decode<'r, MySql>>(value: MySqlValueRef<'r>) -> Result<T, Error> {
    T::decode(value).map_err(Error::Decode)
}

fn bytes(value: MySqlValueRef<'_>) -> Result<&[u8], Error> {
    decode(value)
}

fn text(value: MySqlValueRef<'_>) -> Result<Cow<'_, str>, Error> {
    let bytes: &[u8] = decode(value)?;
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| Error::Decode(error.into()))
}
