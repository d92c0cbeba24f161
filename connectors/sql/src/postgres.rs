//! PostgreSQL: opens a session that can only read, runs one statement, reads its rows from the binary protocol. Learns the types of columns.

use std::time::Duration;

use futures::TryStreamExt;
use raccordo_schema::mapping::Name;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow, PgTypeInfo, PgTypeKind, PgValueRef};
use sqlx::types::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use sqlx::{
    Arguments, AssertSqlSafe, Column, ConnectOptions, Decode, Error, Executor, PgConnection, Postgres, Row,
    SqlSafeStr, Statement as _, TypeInfo, ValueRef,
};

use crate::column::ColumnType;
use crate::engine::Engine;
use crate::rows::{Datum, Rows, uuid};
use crate::statement::{Bind, Dialect, Statement, Table, Types, columns_only};

/// The options of a source's URL.
pub(crate) fn options(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("raccordo").disable_statement_logging()
}

/// The driver.
pub(crate) struct PostgresEngine;

impl Engine for PostgresEngine {
    type Options = PgConnectOptions;
    type Connection = PgConnection;

    /// The server also looks every second whether its client has gone.
    async fn connect(options: &PgConnectOptions, longest: Duration) -> Result<PgConnection, Error> {
        let mut connection = options.connect().await?;
        let session = format!(
            "SET default_transaction_read_only = on; SET statement_timeout = {}; SELECT set_config(name, '1000', false) \
             FROM pg_catalog.pg_settings WHERE name = 'client_connection_check_interval'",
            longest.as_millis()
        );
        sqlx::raw_sql(AssertSqlSafe(session)).execute(&mut connection).await?;
        Ok(connection)
    }

    async fn select(own: &mut PgConnection, statement: &Statement, most: usize) -> Result<Rows, Error> {
        select(own, statement, most).await
    }

    async fn types(own: &mut PgConnection, table: &Table, columns: &[&Name]) -> Result<Types, Error> {
        let sql = columns_only(Dialect::Postgres, table, columns);
        let prepared = own.prepare(AssertSqlSafe(sql).into_sql_str()).await?;
        let kinds = prepared.columns().iter().map(|column| ColumnType::named(column.type_info().name()));
        let mut types = Types::default();
        types.columns.extend(columns.iter().map(|name| Name::clone(name)).zip(kinds));
        Ok(types)
    }

    /// Its line is dead, its server said farewell (SQLSTATE class 57), or a table has changed under a statement that was prepared (0A000).
    fn is_stale<T>(outcome: &Result<T, Error>) -> bool {
        match outcome {
            Err(Error::Io(_)) => true,
            Err(Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("57P01" | "57P02" | "57P03" | "0A000"))
            }
            _ => false,
        }
    }
}

async fn select(own: &mut PgConnection, statement: &Statement, most: usize) -> Result<Rows, Error> {
    let mut arguments = PgArguments::default();
    for bind in &statement.binds {
        match bind {
            Bind::Int(int) => arguments.add(*int),
            Bind::Float(float) => arguments.add(*float),
            Bind::Text(text) => arguments.add(text.as_str()),
            Bind::Texts(texts) => arguments.add(texts.as_slice()),
            Bind::Unsigned(_) | Bind::Bytes(_) => {
                return Err(Error::InvalidArgument("a value of MySQL".to_owned()));
            }
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

fn read(row: &PgRow, width: usize, rows: &mut Rows) -> Result<(), Error> {
    for column in 0..width {
        push(row.try_get_raw(column)?, rows)?;
    }
    rows.end_row();
    Ok(())
}

fn push(value: PgValueRef<'_>, rows: &mut Rows) -> Result<(), Error> {
    if value.is_null() {
        rows.push(Datum::Null);
        return Ok(());
    }
    let kind = value.type_info().into_owned();
    match base(&kind).name() {
        "BOOL" => rows.push(Datum::Bool(decode(value)?)),
        "INT2" => rows.push(Datum::Int(decode::<i16>(value)?.into())),
        "INT4" => rows.push(Datum::Int(decode::<i32>(value)?.into())),
        "INT8" => rows.push(Datum::Int(decode(value)?)),
        "OID" => rows.push(Datum::Int(decode::<Oid>(value)?.0.into())),
        "FLOAT4" => rows.push(Datum::Float(shortest(decode(value)?))),
        "FLOAT8" => rows.push(Datum::Float(decode(value)?)),
        "TEXT" | "VARCHAR" | "NAME" | "UNKNOWN" => rows.push(Datum::Text(text(&value)?)),
        "CHAR" => rows.push(Datum::Text(text(&value)?.trim_end_matches(' '))),
        "DATE" => rows.push(Datum::Text(&decode::<NaiveDate>(value)?.to_string())),
        "TIMESTAMP" => {
            let local = decode::<NaiveDateTime>(value)?.format("%Y-%m-%dT%H:%M:%S%.f").to_string();
            rows.push(Datum::Text(&local));
        }
        "TIMESTAMPTZ" => {
            let instant = decode::<DateTime<Utc>>(value)?.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string();
            rows.push(Datum::Text(&instant));
        }
        "TIME" => rows.push(Datum::Text(&decode::<NaiveTime>(value)?.format("%H:%M:%S%.f").to_string())),
        "UUID" => rows.push(Datum::Text(&uuid(bytes(&value)?))),
        "NUMERIC" => match decimal(bytes(&value)?) {
            Some(digits) => rows.push(Datum::Decimal(&digits)),
            None => rows.push(Datum::Unreadable("NUMERIC")),
        },
        "JSON" => rows.push(Datum::Json(text(&value)?)),
        // A version byte comes first.
        "JSONB" => rows.push(Datum::Json(text(&value)?.get(1..).unwrap_or_default())),
        _ if matches!(base(&kind).kind(), PgTypeKind::Enum(_)) => rows.push(Datum::Text(text(&value)?)),
        other => rows.push(Datum::Unreadable(other)),
    }
    Ok(())
}

/// The type under a domain.
fn base(kind: &PgTypeInfo) -> &PgTypeInfo {
    match kind.kind() {
        PgTypeKind::Domain(under) => base(under),
        _ => kind,
    }
}

fn decode<'r, T: Decode<'r, Postgres>>(value: PgValueRef<'r>) -> Result<T, Error> {
    T::decode(value).map_err(Error::Decode)
}

fn bytes<'r>(value: &PgValueRef<'r>) -> Result<&'r [u8], Error> {
    value.as_bytes().map_err(Error::Decode)
}

fn text<'r>(value: &PgValueRef<'r>) -> Result<&'r str, Error> {
    value.as_str().map_err(Error::Decode)
}

/// `0.1` of four bytes is `0.1`, not `0.10000000149011612`.
fn shortest(float: f32) -> f64 {
    float.to_string().parse().unwrap_or_else(|_| f64::from(float))
}

/// PostgreSQL's binary `numeric`: four 16-bit words (how many digits, the first one's weight, sign, decimals) and digits to base 10,000.
/// `None` for NaN and the infinities.
fn decimal(bytes: &[u8]) -> Option<String> {
    let mut words = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes));
    let (_, weight, sign, scale) = (words.next()?, words.next()? as i16, words.next()?, words.next()?);
    if sign != 0 && sign != 0x4000 {
        return None;
    }
    let digits: Vec<u16> = words.collect();
    let group = |at: i32| usize::try_from(at).ok().and_then(|at| digits.get(at)).copied().unwrap_or(0);
    let weight = i32::from(weight);
    let whole: String =
        (0..=weight.max(0)).map(|at| format!("{:04}", group(at - weight.min(0).abs()))).collect();
    let first = weight + 1;
    let groups = i32::from(scale.div_ceil(4));
    let decimals: String = (0..groups).map(|at| format!("{:04}", group(first + at))).collect();
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let minus = if sign == 0x4000 { "-" } else { "" };
    match decimals.get(..scale.into()) {
        Some(decimals) if !decimals.is_empty() => Some(format!("{minus}{whole}.{decimals}")),
        _ => Some(format!("{minus}{whole}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(weight: i16, sign: u16, scale: u16, digits: &[u16]) -> Option<String> {
        let head = [digits.len() as u16, weight as u16, sign, scale];
        let bytes: Vec<u8> = head.iter().chain(digits).flat_map(|word| word.to_be_bytes()).collect();
        decimal(&bytes)
    }

    #[test]
    fn numerics_keep_every_digit() {
        assert_eq!(numeric(0, 0, 2, &[12, 5000]).as_deref(), Some("12.50"));
        assert_eq!(numeric(1, 0, 0, &[1, 0]).as_deref(), Some("10000"));
        assert_eq!(numeric(1, 0, 0, &[1]).as_deref(), Some("10000"));
        assert_eq!(numeric(-1, 0x4000, 4, &[15]).as_deref(), Some("-0.0015"));
        assert_eq!(numeric(-2, 0, 8, &[15]).as_deref(), Some("0.00000015"));
        assert_eq!(numeric(0, 0, 0, &[]).as_deref(), Some("0"));
        assert_eq!(numeric(0, 0xc000, 0, &[]), None);
    }
}
