//! A [`Reply`] in, JSON out, as the question's response keys name it: for asserts. Walks what was asked, so that a slot nobody asked for isn't seen.

use serde_json::{Map, Value};

use crate::{Cell, Fetch, ObjectAt, Reply, Selection, What};

/// The reply as JSON: one object for roots, an array of entities in the order of the keys.
///
/// A lost value is the text `<kind Type.field>`, as `<Malformed Persona.eta>`; a slot that nothing was written to is left out of its object.
pub fn render(fetch: &Fetch, reply: &Reply) -> Value {
    let selection = fetch.asked.selection();
    let rows: Vec<Value> = reply.rows().iter().map(|row| cell(fetch, reply, *row, Some(selection))).collect();
    match fetch.asked.what {
        What::Entities { .. } => Value::Array(rows),
        What::Roots { .. } => rows.into_iter().next().unwrap_or(Value::Null),
    }
}

fn cell(fetch: &Fetch, reply: &Reply, value: Cell, below: Option<&Selection>) -> Value {
    match value {
        Cell::Absent => Value::String("<absent>".to_owned()),
        Cell::Null => Value::Null,
        Cell::Lent { .. } | Cell::Text { .. } => leaf(reply, value),
        Cell::List { .. } => reply.items(value).iter().map(|item| cell(fetch, reply, *item, below)).collect(),
        Cell::Object(at) => below.map_or(Value::Null, |below| object(fetch, reply, at, below)),
        Cell::Failed(index) => lost(reply, index),
    }
}

fn leaf(reply: &Reply, value: Cell) -> Value {
    let json = reply.json(value).and_then(|json| serde_json::from_slice(json).ok());
    json.unwrap_or_else(|| Value::String("<not JSON>".to_owned()))
}

fn object(fetch: &Fetch, reply: &Reply, at: ObjectAt, selection: &Selection) -> Value {
    let mut members = Map::new();
    for field in selection.fields.iter().filter(|field| field.applies_to(at.type_id)) {
        if &*field.name == "__typename" {
            let name = fetch.asked.types.name(at.type_id);
            members
                .insert(field.key.to_string(), name.map_or(Value::Null, |name| Value::from(name.as_ref())));
            continue;
        }
        let value = reply.slot(at, field.slot);
        if value != Cell::Absent {
            members.insert(field.key.to_string(), cell(fetch, reply, value, field.selection()));
        }
    }
    Value::Object(members)
}

fn lost(reply: &Reply, index: u32) -> Value {
    let Some(problem) = reply.problems().get(index as usize) else {
        return Value::String("<a problem that isn't there>".to_owned());
    };
    let kind = problem.failure.kind;
    Value::String(match &problem.failure.coordinate {
        Some((of, field)) => format!("<{kind:?} {of}.{field}>"),
        None => format!("<{kind:?}>"),
    })
}
