//! What a leaf must be, and the one place where a source's value becomes canonical JSON text.
//!
//! GraphQL specification, "Result Coercion" of each scalar. What doesn't fit is an error that says what was expected, never what came.

use std::sync::Arc;

use raccordo_schema::mapping::{EnumMapping, Name};

/// The type of a leaf.
#[derive(Debug, Clone)]
pub enum Leaf {
    /// 32-bit integer.
    Int,
    /// Finite number.
    Float,
    /// String.
    String,
    /// True or false.
    Boolean,
    /// A string; integers are taken as their digits.
    Id,
    /// One of an enum's values.
    Enum(Arc<EnumValues>),
    /// An Italian codice fiscale, checked and in canonical form. In connected sources only.
    CodiceFiscale,
    /// A calendar date, `YYYY-MM-DD`. In connected sources only.
    Date,
    /// An instant, RFC 3339. In connected sources only.
    DateTime,
    /// Another scalar: any JSON value.
    Custom(Name),
}

/// An enum's values as clients may see them.
#[derive(Debug, Clone)]
pub struct EnumValues {
    /// The enum's name.
    pub name: Name,
    /// Its values.
    pub values: Vec<Name>,
}

impl EnumValues {
    /// Whether it has this value.
    pub fn has(&self, value: &str) -> bool {
        self.values.iter().any(|name| **name == *value)
    }
}

impl Leaf {
    /// What was expected, for an error.
    pub fn expected(&self) -> &str {
        match self {
            Self::Int => "an integer of 32 bits",
            Self::Float => "a finite number",
            Self::String => "a string",
            Self::Boolean => "true or false",
            Self::Id => "a string or an integer",
            Self::Enum(_) => "a value of the enum",
            Self::CodiceFiscale => "a codice fiscale",
            Self::Date => "a date, YYYY-MM-DD",
            Self::DateTime => "a date and time, RFC 3339",
            Self::Custom(_) => "a JSON value",
        }
    }
}

/// The enum value that a source's code stands for: by `@code`, by its own name, or the one with `otherwise: true`.
pub fn enum_value<'a>(mapping: &'a EnumMapping, code: &str) -> Option<&'a Name> {
    mapping.codes.get(code).or(mapping.otherwise.as_ref())
}
