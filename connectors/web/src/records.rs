//! What a partner's record holds for a field, as JSON, in; the field's cell out: by the declared shape, the enum's codes, the leaf's
//! type. Which member of the record it is, and what an object holds in turn, the kind knows.
//!
//! What doesn't fit costs its own item, at the field's coordinate; no error holds a value.

use std::borrow::Cow;

use raccordo_connector_api::leaf::enum_value;
use raccordo_connector_api::{Cell, Failure, Field, Leaf, Output, Reply, Selection};
use raccordo_schema::mapping::{FieldMapping, Name, SourceMapping};
use serde_json::Value;

/// A field of a record, as it is mapped.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The source.
    pub mapping: &'a SourceMapping,
    /// The type that the field is of.
    pub type_name: &'a Name,
    /// The field.
    pub field: &'a FieldMapping,
    /// A list that isn't there is an empty one.
    pub empty_when_absent: bool,
}

/// Writes an object below a field, of the field's selection.
pub type WriteObject<'w, 'f> = &'w mut dyn FnMut(&mut Reply, &'f Selection, &Value) -> Result<Cell, Failure>;

/// A value as the field's type has it.
///
/// # Errors
/// `Malformed`, when it isn't of that type; an item of a list that isn't is lost alone.
pub fn write_value<'f>(
    place: &Place<'_>,
    field: &'f Field,
    value: &Value,
    reply: &mut Reply,
    object: WriteObject<'_, 'f>,
) -> Result<Cell, Failure> {
    match (place.field.shape.list, value) {
        (false, value) => write_item(place, field, value, reply, object),
        (true, Value::Null) if place.empty_when_absent => Ok(reply.list(&[])),
        (true, Value::Null) => Ok(Cell::Null),
        (true, Value::Array(items)) => {
            let mut cells = Vec::with_capacity(items.len());
            for item in items {
                let written = write_item(place, field, item, reply, object);
                cells.push(written_or_lost(written, place.type_name, &field.name, reply));
            }
            Ok(reply.list(&cells))
        }
        (true, _) => Err(Failure::malformed("expected an array")),
    }
}

fn write_item<'f>(
    place: &Place<'_>,
    field: &'f Field,
    value: &Value,
    reply: &mut Reply,
    object: WriteObject<'_, 'f>,
) -> Result<Cell, Failure> {
    let named = &place.field.shape.named;
    match (&field.output, value) {
        (_, Value::Null) => Ok(Cell::Null),
        (Output::Object(selection), value) => object(reply, selection, value),
        (Output::Leaf(leaf @ Leaf::Enum(_)), Value::String(code)) => {
            match place.mapping.enums.get(named).and_then(|codes| enum_value(codes, code)) {
                Some(name) => reply.leaf_text(leaf, name),
                None => Err(Failure::malformed(format!(
                    "expected a code that a value of `{named}` names by `@code`"
                ))),
            }
        }
        (Output::Leaf(leaf), value) => reply.leaf_json(leaf, value),
    }
}

/// A cell, or the loss of its field: at the field's coordinate, unless it was found at another.
pub fn written_or_lost(
    written: Result<Cell, Failure>,
    type_name: &Name,
    field: &Name,
    reply: &mut Reply,
) -> Cell {
    written.unwrap_or_else(|failure| {
        let placed = if failure.coordinate.is_some() { failure } else { failure.at(type_name, field) };
        reply.failed(placed)
    })
}

/// What a jq program gave for a field, as one value. A list takes one array, or all outputs as its items.
///
/// # Errors
/// `Malformed`, for several values where one is expected.
pub fn one_value(mut outputs: Vec<Cow<'_, Value>>, list: bool) -> Result<Cow<'_, Value>, Failure> {
    let last = outputs.pop();
    match (last, outputs.is_empty(), list) {
        (None, ..) => Ok(Cow::Owned(if list { Value::Array(Vec::new()) } else { Value::Null })),
        (Some(value), true, false) => Ok(value),
        (Some(value), true, true) if matches!(*value, Value::Array(_) | Value::Null) => Ok(value),
        (Some(_), false, false) => {
            Err(Failure::malformed("the jq program gives several values where one is expected"))
        }
        (Some(value), _, true) => {
            let items = outputs.into_iter().chain([value]).map(Cow::into_owned).collect();
            Ok(Cow::Owned(Value::Array(items)))
        }
    }
}
