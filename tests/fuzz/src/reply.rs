//! A subgraph's reply in, its first byte saying which question it answers and how many rows. It may never panic; what is read is JSON
//! to another reader too; every leaf is JSON of its type; and, where the text says everything once and has no errors, each position
//! is exactly what a plain reading of the whole tree finds there: nothing is lost in silence, nothing made up.

use std::sync::OnceLock;

use bytes::Bytes;
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{Asked, Cell, Field, Leaf, ObjectAt, Output, Reply, Selection, What};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::json::says_once;
use crate::selections;

fn questions() -> &'static [Asked; 3] {
    static QUESTIONS: OnceLock<[Asked; 3]> = OnceLock::new();
    QUESTIONS.get_or_init(|| [selections::roots(), selections::entities(), selections::nodes()])
}

/// What must hold. The first byte is a digit: 0 to 2 name the question, 3 to 5 the same of three rows.
pub fn holds(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    let choice = usize::from(*first) % 6;
    let asked = &questions()[choice % 3];
    let rows = match asked.what {
        What::Roots { .. } => 0,
        What::Entities { .. } => 1 + choice / 3 * 2,
    };
    let Ok(reply) = read_response(Bytes::copy_from_slice(body), asked, rows) else {
        return;
    };
    serde_json::from_slice::<IgnoredAny>(body).expect("what is read is JSON");
    assert_eq!(reply.rows().len(), rows.max(1), "rows");
    for row in reply.rows() {
        walk(&reply, *row, asked.selection(), asked);
    }
    compare(&reply, asked, body);
}

/// Every cell is what its place may hold.
fn walk(reply: &Reply, cell: Cell, selection: &Selection, asked: &Asked) {
    let Cell::Object(object) = cell else {
        assert!(matches!(cell, Cell::Null | Cell::Absent | Cell::Failed(_)), "{cell:?} where an object is");
        return failed_is_told(reply, cell);
    };
    for field in &selection.fields {
        if field.slot < selection.width {
            place(reply, reply.slot(object, field.slot), field, field.list_depth, asked);
        }
    }
}

fn place(reply: &Reply, cell: Cell, field: &Field, lists: u8, asked: &Asked) {
    match (cell, &field.output) {
        (Cell::Null | Cell::Absent | Cell::Failed(_), _) => failed_is_told(reply, cell),
        (Cell::List { length, .. }, _) if lists > 0 => {
            let items = reply.items(cell);
            assert_eq!(items.len(), length as usize, "a list that is cut");
            for item in items {
                place(reply, *item, field, lists - 1, asked);
            }
        }
        (Cell::Object(_), Output::Object(selection)) if lists == 0 => walk(reply, cell, selection, asked),
        (Cell::Lent { .. } | Cell::Text { .. }, Output::Leaf(leaf)) if lists == 0 => {
            let json = reply.json(cell).expect("a leaf has text");
            let value: Value = serde_json::from_slice(json).unwrap_or_else(|error| {
                panic!("a leaf isn't JSON: {error}: {}", String::from_utf8_lossy(json))
            });
            assert!(is_of(leaf, &value), "{value} isn't of {leaf:?}");
        }
        _ => panic!("{cell:?} where `{}` is, {lists} lists deep", field.name),
    }
}

fn failed_is_told(reply: &Reply, cell: Cell) {
    if let Cell::Failed(problem) = cell {
        assert!(reply.problems().get(problem as usize).is_some(), "a loss without its problem");
    }
}

fn is_of(leaf: &Leaf, value: &Value) -> bool {
    match leaf {
        Leaf::Int => value.as_i64().is_some_and(|int| i32::try_from(int).is_ok()),
        Leaf::Float => value.is_number(),
        Leaf::Boolean => value.is_boolean(),
        Leaf::Enum(values) => value.as_str().is_some_and(|text| values.has(text)),
        Leaf::Custom(_) => true,
        _ => value.is_string(),
    }
}

/// The same, read plainly.
fn compare(reply: &Reply, asked: &Asked, body: &[u8]) {
    let Ok(text) = std::str::from_utf8(body) else { panic!("bytes that aren't UTF-8 were read") };
    // Escaped keys are nobody's; repeated ones two things at once.
    if !says_once(text) || text.contains("\\u") {
        return;
    }
    let Ok(whole) = serde_json::from_str::<Value>(text) else { return };
    if whole.get("errors").is_some_and(|errors| !errors.is_null()) {
        return;
    }
    let data = &whole["data"];
    match asked.what {
        What::Roots { .. } => same_object(reply, reply.rows()[0], asked.selection(), data, asked),
        What::Entities { .. } => {
            let rows = data["_entities"].as_array().expect("rows came");
            assert_eq!(rows.len(), reply.rows().len());
            for (cell, value) in reply.rows().iter().zip(rows) {
                match value {
                    Value::Null => assert_eq!(*cell, Cell::Null),
                    value => same_object(reply, *cell, asked.selection(), value, asked),
                }
            }
        }
    }
}

fn same_object(reply: &Reply, cell: Cell, selection: &Selection, value: &Value, asked: &Asked) {
    let object = value.as_object().expect("an object was read");
    let said = object.get("__typename").and_then(Value::as_str).and_then(|name| asked.types.id(name));
    let asks_type = selection.fields.iter().any(|field| &*field.name == "__typename");
    let known = match selection.type_id {
        Some(known) => Some(known),
        None => said,
    };
    let Some(type_id) = known else {
        assert!(matches!(cell, Cell::Failed(_)), "an object of no known type is {cell:?}");
        return;
    };
    let Cell::Object(at) = cell else {
        assert!(asks_type && said.is_some_and(|said| said != type_id), "{cell:?} in place of {value}");
        return;
    };
    assert!(at.type_id == type_id && at.type_id != ObjectAt::UNTYPED);
    for field in selection.fields_of(type_id).filter(|field| field.slot < selection.width) {
        let found = reply.slot(at, field.slot);
        match object.get(&*field.key) {
            None => assert!(matches!(found, Cell::Failed(_)), "`{}` is missing, and {found:?}", field.key),
            Some(value) => same(reply, found, field, field.list_depth, value, asked),
        }
    }
}

fn same(reply: &Reply, cell: Cell, field: &Field, lists: u8, value: &Value, asked: &Asked) {
    match (value, &field.output) {
        (Value::Null, _) => assert_eq!(cell, Cell::Null, "`{}`", field.name),
        (Value::Array(values), _) if lists > 0 => {
            assert!(matches!(cell, Cell::List { .. }), "{cell:?} in place of a list");
            assert_eq!(reply.items(cell).len(), values.len());
            for (cell, value) in reply.items(cell).iter().zip(values) {
                same(reply, *cell, field, lists - 1, value, asked);
            }
        }
        (Value::Object(_), Output::Object(selection)) if lists == 0 => {
            same_object(reply, cell, selection, value, asked);
        }
        // Whether a number of many digits is whole: the plain reading rounds it to a float less exactly than the reply's reader does.
        (Value::Number(number), Output::Leaf(Leaf::Int)) if lists == 0 && number.is_f64() => {
            let float = number.as_f64().expect("a float");
            assert!(
                matches!(cell, Cell::Failed(_)) || (float - float.round()).abs() <= float.abs() * 1e-15,
                "{value}: {cell:?}"
            );
        }
        (value, Output::Leaf(leaf)) if lists == 0 => match fitting(leaf, value) {
            None => assert!(matches!(cell, Cell::Failed(_)), "{value} was taken as {leaf:?}: {cell:?}"),
            // Digits, or an exponent, which no id has: this reading can't tell.
            Some(_) if matches!(leaf, Leaf::Id) && value.is_f64() => {
                assert!(reply.json(cell).is_some() || matches!(cell, Cell::Failed(_)), "{value}: {cell:?}");
            }
            Some(expected) => {
                let json = reply.json(cell).unwrap_or_else(|| panic!("{value} is lost as {cell:?}"));
                let found: Value = serde_json::from_slice(json).expect("a leaf is JSON");
                assert_eq!(found, expected, "{value} became another");
            }
        },
        _ => assert!(matches!(cell, Cell::Failed(_)), "{value} was taken: {cell:?}"),
    }
}

/// What a value is as a leaf; `None` where it doesn't fit.
fn fitting(leaf: &Leaf, value: &Value) -> Option<Value> {
    match (leaf, value) {
        (Leaf::Custom(_), value) => Some(value.clone()),
        (Leaf::Int, Value::Number(number)) => {
            let float = number.as_f64()?;
            let whole = float.fract() == 0.0 && float >= f64::from(i32::MIN) && float <= f64::from(i32::MAX);
            whole.then(|| (float as i64).into())
        }
        (Leaf::Float, Value::Number(_)) | (Leaf::Boolean, Value::Bool(_)) => Some(value.clone()),
        (Leaf::Id, Value::Number(number)) if !number.is_f64() => Some(number.to_string().into()),
        (Leaf::Id, Value::Number(number)) => {
            // A whole number too large for a machine's, or `-0`: its digits, which this reading no longer has.
            let float = number.as_f64()?;
            (float.abs() > 1e18 || float == 0.0).then(|| value.clone())
        }
        (Leaf::Enum(values), Value::String(text)) => values.has(text).then(|| value.clone()),
        (Leaf::Int | Leaf::Float | Leaf::Boolean | Leaf::Enum(_), _) => None,
        (_, Value::String(_)) => Some(value.clone()),
        _ => None,
    }
}
