//! A column's type as its database writes it in, the GraphQL type of its field out; `None` for what the kind doesn't read.

/// What a field's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
    Id,
    Int,
    /// More than 32 bits: a scalar of its own, exact.
    Long,
    Float,
    Boolean,
    Text,
    Uuid,
    Date,
    DateTime,
    Json,
    TaxCode,
}

impl Leaf {
    /// The type's name in the SDL.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Id | Self::Uuid => "ID",
            Self::Int => "Int",
            Self::Long => "InteroLungo",
            Self::Float => "Float",
            Self::Boolean => "Boolean",
            Self::Text => "String",
            Self::Date => "Date",
            Self::DateTime => "DateTime",
            Self::Json => "Json",
            Self::TaxCode => "CodiceFiscale",
        }
    }
}

/// By the type's name: PostgreSQL's `format_type`, MySQL's `COLUMN_TYPE`, or whatever an SQLite table declares.
pub(super) fn leaf(kind: &str) -> Option<Leaf> {
    let kind = kind.trim();
    let name = kind.split('(').next().unwrap_or_default().trim();
    let unsigned = kind.contains("unsigned");
    let leaf = match name {
        "tinyint" if kind.starts_with("tinyint(1)") => Leaf::Boolean,
        "bit" if kind == "bit(1)" => Leaf::Boolean,
        "boolean" | "bool" => Leaf::Boolean,
        "array" | "money" | "bytea" | "interval" | "xml" | "point" | "line" | "box" | "path" | "polygon"
        | "circle" | "bit" | "bit varying" | "tsvector" | "tsquery" | "inet" | "cidr" | "macaddr"
        | "hstore" | "geometry" | "geography" | "oidvector" => return None,
        "binary" if kind == "binary(16)" => Leaf::Uuid,
        "uuid" => Leaf::Uuid,
        "enum" | "set" | "citext" | "name" | "" => Leaf::Text,
        "json" | "jsonb" => Leaf::Json,
        "date" => Leaf::Date,
        "bigint" | "int8" | "unsigned big int" | "oid" => Leaf::Long,
        "int" | "integer" | "int4" if unsigned => Leaf::Long,
        "year" => Leaf::Int,
        _ if name.starts_with("timestamp")
            || name.starts_with("datetime")
            || kind.starts_with("timestamp") =>
        {
            Leaf::DateTime
        }
        _ if name.starts_with("time") => Leaf::Text,
        _ if name.ends_with("blob") || name.contains("binary") || name.ends_with("range") => return None,
        _ if name.contains("int") => Leaf::Int,
        _ if ["char", "text", "clob", "string"].iter().any(|word| name.contains(word)) => Leaf::Text,
        _ if ["real", "floa", "doub", "numeric", "decimal", "number", "dec", "fixed"]
            .iter()
            .any(|word| name.contains(word)) =>
        {
            Leaf::Float
        }
        _ => return None,
    };
    Some(leaf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_every_database_become_graphql() {
        for (kind, expected) in [
            ("int(10) unsigned", Some(Leaf::Long)),
            ("tinyint(1)", Some(Leaf::Boolean)),
            ("tinyint(4)", Some(Leaf::Int)),
            ("character varying", Some(Leaf::Text)),
            ("timestamp with time zone", Some(Leaf::DateTime)),
            ("timestamp(3) without time zone", Some(Leaf::DateTime)),
            ("time without time zone", Some(Leaf::Text)),
            ("double precision", Some(Leaf::Float)),
            ("decimal(20,4)", Some(Leaf::Float)),
            ("enum('a','b')", Some(Leaf::Text)),
            ("", Some(Leaf::Text)),
            ("binary(16)", Some(Leaf::Uuid)),
            ("int4range", None),
            ("longblob", None),
            ("bytea", None),
            ("array", None),
            ("money", None),
        ] {
            assert_eq!(leaf(kind), expected, "{kind}");
        }
    }
}
