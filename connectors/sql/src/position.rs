//! Where a page ended: the values of the order's criteria, as bytes that the gateway seals into a cursor, and back.

use raccordo_connector_api::Failure;
use serde_json::Value;

use crate::rows::Datum;

/// The value of one criterion.
#[derive(Clone, PartialEq)]
pub(crate) enum Mark {
    Null,
    Int(i64),
    /// A floating-point number, exact.
    Float(f64),
    Text(String),
}

impl Mark {
    /// The mark of a value that was read. `None` for what has no order.
    pub(crate) fn of(datum: Datum<'_>) -> Option<Self> {
        match datum {
            Datum::Null => Some(Self::Null),
            Datum::Int(int) => Some(Self::Int(int)),
            Datum::Float(float) => Some(Self::Float(float)),
            Datum::Bool(bool) => Some(Self::Text(bool.to_string())),
            Datum::Text(text) | Datum::Decimal(text) => Some(Self::Text(text.to_owned())),
            Datum::NoDate => Some(Self::Text("0000-00-00".to_owned())),
            Datum::Json(_) | Datum::Unreadable(_) | Datum::Lost(_) => None,
        }
    }

    /// The value as a text; `None` for NULL.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Int(int) => Some(int.to_string()),
            Self::Float(float) => Some(format!("{float:?}")),
            Self::Text(text) => Some(text.clone()),
        }
    }
}

/// The bytes of a position: JSON, a float as a list of its shortest exact text.
pub(crate) fn encode(marks: &[Mark]) -> Vec<u8> {
    let one = |mark: &Mark| match mark {
        Mark::Null => Value::Null,
        Mark::Int(int) => Value::from(*int),
        Mark::Float(float) => Value::from(vec![format!("{float:?}")]),
        Mark::Text(text) => Value::from(text.as_str()),
    };
    marks.iter().map(one).collect::<Value>().to_string().into_bytes()
}

/// The position of so many marks.
///
/// # Errors
/// `BadInput`, for a cursor that was made for another order.
pub(crate) fn decode(bytes: &[u8], count: usize) -> Result<Vec<Mark>, Failure> {
    let one = |value: &Value| match value {
        Value::Null => Some(Mark::Null),
        Value::Number(number) => number.as_i64().map(Mark::Int),
        Value::String(text) => Some(Mark::Text(text.clone())),
        Value::Array(float) => float.first()?.as_str()?.parse().ok().map(Mark::Float),
        Value::Bool(_) | Value::Object(_) => None,
    };
    let read: Option<Vec<Value>> = serde_json::from_slice(bytes).ok();
    let marks: Option<Vec<Mark>> = read.and_then(|values| values.iter().map(one).collect());
    marks.filter(|marks| marks.len() == count).ok_or_else(|| {
        Failure::bad_input(
            "the cursor was made before the list's order changed: ask again from the first page",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_exact() {
        let marks = [Mark::Null, Mark::Int(i64::MIN), Mark::Float(0.1 + 0.2), Mark::Text("è\"".to_owned())];
        assert!(decode(&encode(&marks), 4).unwrap() == marks);
        assert!(decode(&encode(&marks), 3).is_err());
        for broken in [&b"[[]]"[..], b"{}", b"[true]", b"\xff"] {
            assert!(decode(broken, 1).is_err());
        }
    }
}
