//! A value of an argument: bound, coerced by the schema, never printed by `Debug`.

use std::fmt;
use std::sync::Arc;

/// An input value after coercion. Its texts may be personal: `Debug` withholds them.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Null.
    Null,
    /// Boolean.
    Bool(bool),
    /// An integer; GraphQL's `Int` has 32 bits, custom scalars may have more.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string, an ID, or a custom scalar given as a string.
    Text(Arc<str>),
    /// An enum value's name.
    Enum(Arc<str>),
    /// A list.
    List(Vec<Value>),
    /// An input object, or a custom scalar given as an object; fields in order.
    Object(Vec<(Arc<str>, Value)>),
}

impl Value {
    /// Null?
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text of a string or enum value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Enum(text) => Some(text),
            _ => None,
        }
    }

    /// The integer.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// The items of a list; a single value is a list of itself, as GraphQL's input coercion has it.
    pub fn items(&self) -> &[Value] {
        match self {
            Self::List(items) => items,
            single => std::slice::from_ref(single),
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(bool) => (*bool).into(),
            Self::Int(int) => (*int).into(),
            Self::Float(float) => (*float).into(),
            Self::Text(text) | Self::Enum(text) => text.as_ref().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(fields) => serde_json::Value::Object(
                fields.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect(),
            ),
        }
    }

    /// From JSON, without a schema's help: strings stay strings.
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(bool) => Self::Bool(*bool),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(int) => Self::Int(int),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Self::Text(text.as_str().into()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(fields) => Self::Object(
                fields.iter().map(|(name, value)| (name.as_str().into(), Self::from_json(value))).collect(),
            ),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            _ => "[withheld]",
        })
    }
}
