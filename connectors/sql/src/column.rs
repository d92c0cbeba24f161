//! Columns' types as far as comparing needs them: a text in, how it is bound to a column of the type out.
//!
//! A value is bound as an expression of the column's own type, so that the column's index is used and nothing is spliced. A text that
//! can't be of the type is found out here: the cast would fail the whole statement, where only that value has no match.

use raccordo_schema::mapping::Name;
use sqlx::types::chrono::{DateTime, NaiveDate, NaiveDateTime};

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ColumnType {
    /// `smallint`, `integer`, `bigint`.
    Int,
    /// `real`: compared in its own precision.
    Real,
    /// `double precision`.
    Float,
    /// `numeric`.
    Numeric,
    /// `boolean`.
    Bool,
    /// `text`, `varchar`, `name`.
    Text,
    /// `char(n)`.
    Bpchar,
    /// `date`.
    Date,
    /// `timestamp`.
    Timestamp,
    /// `timestamptz`.
    Timestamptz,
    /// `uuid`; MySQL's `BINARY(16)`.
    Uuid,
    /// MySQL's texts, with their collation where it is known.
    Chars(Option<Name>),
    /// `time`.
    Time,
    /// Any other: compared as text.
    Other,
}

impl ColumnType {
    /// PostgreSQL's, by sqlx's name of it.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "INT2" | "INT4" | "INT8" => Self::Int,
            "FLOAT4" => Self::Real,
            "FLOAT8" => Self::Float,
            "NUMERIC" => Self::Numeric,
            "BOOL" => Self::Bool,
            "TEXT" | "VARCHAR" | "NAME" => Self::Text,
            "CHAR" => Self::Bpchar,
            "DATE" => Self::Date,
            "TIMESTAMP" => Self::Timestamp,
            "TIMESTAMPTZ" => Self::Timestamptz,
            "TIME" => Self::Time,
            "UUID" => Self::Uuid,
            _ => Self::Other,
        }
    }

    /// What a bound text is cast to. PostgreSQL.
    pub(crate) fn cast(&self) -> &'static str {
        match self {
            Self::Int => "int8",
            Self::Real => "float4",
            Self::Float => "float8",
            Self::Numeric => "numeric",
            Self::Bool => "bool",
            Self::Text | Self::Chars(_) | Self::Other => "text",
            Self::Time => "time",
            Self::Bpchar => "bpchar",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Timestamptz => "timestamptz",
            Self::Uuid => "uuid",
        }
    }

    /// Whether a text can be of the type.
    pub(crate) fn takes(&self, text: &str) -> bool {
        let number = || text.parse::<f64>().is_ok_and(f64::is_finite) && !text.contains(['n', 'N', 'i', 'I']);
        match self {
            Self::Int => text.parse::<i64>().is_ok(),
            Self::Real | Self::Float | Self::Numeric => number(),
            Self::Bool => matches!(text, "true" | "false"),
            // PostgreSQL's texts can't hold NUL.
            Self::Text | Self::Bpchar | Self::Other => !text.contains('\0'),
            Self::Date => text.parse::<NaiveDate>().is_ok(),
            Self::Timestamp | Self::Timestamptz => {
                DateTime::parse_from_rfc3339(text).is_ok()
                    || text.parse::<NaiveDateTime>().is_ok()
                    || text.parse::<NaiveDate>().is_ok()
            }
            Self::Uuid => is_uuid(text),
            Self::Chars(_) => true,
            Self::Time => is_time(text),
        }
    }
}

/// An instant as a date and time of UTC, as a column without a zone has it; `None` when the text is no instant or date.
pub(crate) fn utc(text: &str) -> Option<String> {
    let written = |at: NaiveDateTime| at.format("%Y-%m-%dT%H:%M:%S%.f").to_string();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(written(at.naive_utc()));
    }
    if let Ok(at) = text.replacen(' ', "T", 1).parse::<NaiveDateTime>() {
        return Some(written(at));
    }
    text.parse::<NaiveDate>().is_ok().then(|| format!("{text}T00:00:00"))
}

/// Hours, minutes and seconds; MySQL's may be negative, and more than a day.
fn is_time(text: &str) -> bool {
    let parts: Vec<&str> = text.strip_prefix('-').unwrap_or(text).splitn(3, ':').collect();
    let digits =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    parts.len() >= 2 && parts.iter().all(digits)
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cast_would_refuse_is_known_before() {
        for (kind, good, bad) in [
            (ColumnType::Int, "-7", "7.5"),
            (ColumnType::Numeric, "7.5", "sette"),
            (ColumnType::Float, "1e3", "inf"),
            (ColumnType::Bool, "true", "si"),
            (ColumnType::Text, "è", "\0"),
            (ColumnType::Date, "2026-02-28", "2026-02-30"),
            (ColumnType::Timestamptz, "2026-02-28T10:00:00Z", "ieri"),
            (ColumnType::Uuid, "00010203-0405-0607-0809-0a0b0c0d0e0f", "00010203"),
            (ColumnType::Time, "08:30", "presto"),
        ] {
            assert!(kind.takes(good) && !kind.takes(bad), "{kind:?}");
        }
    }
}
