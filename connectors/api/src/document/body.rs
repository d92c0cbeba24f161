//! Values and representations in; JSON text out, written by hand straight into the request's body.

use crate::reply::write_string;
use crate::{RepresentationType, Representations, Value};

/// The longest text of an `i64`.
const DIGITS: usize = 20;

/// Appends a value as JSON.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(int) => {
            out.reserve(DIGITS);
            out.extend_from_slice(int.to_string().as_bytes());
        }
        // A float that isn't finite has no JSON text; coercion lets none through.
        Value::Float(float) => match serde_json::to_vec(float) {
            Ok(text) => out.extend_from_slice(&text),
            Err(_) => out.extend_from_slice(b"null"),
        },
        Value::Text(text) | Value::Enum(text) => write_string(out, text),
        Value::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                comma(out, index);
                write_value(out, item);
            }
            out.push(b']');
        }
        Value::Object(fields) => {
            out.push(b'{');
            for (index, (name, value)) in fields.iter().enumerate() {
                comma(out, index);
                write_string(out, name);
                out.push(b':');
                write_value(out, value);
            }
            out.push(b'}');
        }
    }
}

/// How the representations of one type are written: what stands before each field's value.
pub(crate) struct Written(Vec<Vec<u8>>);

impl Written {
    pub(crate) fn new(entity: &RepresentationType) -> Self {
        let mut before = b"{\"__typename\":".to_vec();
        write_string(&mut before, &entity.name);
        let mut pieces = Vec::with_capacity(entity.fields.len() + 1);
        for field in &entity.fields {
            before.push(b',');
            write_string(&mut before, field);
            before.push(b':');
            pieces.push(std::mem::take(&mut before));
        }
        before.push(b'}');
        pieces.push(before);
        Self(pieces)
    }
}

/// Appends representations as Federation's `_Any`: `[{"__typename":"T","key":…},…]`.
pub(crate) fn write_representations(out: &mut Vec<u8>, written: &[Written], rows: &Representations) {
    out.push(b'[');
    for row in 0..rows.len() {
        let Some(Written(pieces)) = rows.type_index(row).and_then(|index| written.get(index as usize)) else {
            continue;
        };
        comma(out, row);
        let Some((last, before)) = pieces.split_last() else { continue };
        for (piece, value) in before.iter().zip(rows.values(row)) {
            out.extend_from_slice(piece);
            out.extend_from_slice(value);
        }
        out.extend_from_slice(last);
    }
    out.push(b']');
}

fn comma(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_the_json_they_mean() {
        let value = Value::Object(vec![
            (
                "a\"".into(),
                Value::List(vec![Value::Null, Value::Bool(true), Value::Bool(false), Value::Int(i64::MIN)]),
            ),
            ("b".into(), Value::Float(1.5e300)),
            ("c".into(), Value::Text("è \u{1} \\".into())),
            ("d".into(), Value::Enum("ROSSO".into())),
            ("e".into(), Value::Float(f64::NAN)),
        ]);
        let mut out = Vec::new();
        write_value(&mut out, &value);
        let expected = json!({ "a\"": [null, true, false, i64::MIN], "b": 1.5e300, "c": "è \u{1} \\", "d": "ROSSO", "e": null });
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&out).unwrap(), expected);
    }

    #[test]
    fn no_representations_are_an_empty_list() {
        let mut out = Vec::new();
        write_representations(&mut out, &[], &Representations::default());
        assert_eq!(out, b"[]");
    }
}
