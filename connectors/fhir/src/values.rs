//! A record in JSON and a field in; the field's cell out: read by name, jq or from what is known of the record, checked against its type.
//!
//! What doesn't fit costs its own field, at its own coordinate; no error holds a value.

use std::borrow::Cow;

use raccordo_connector_api::leaf::enum_value;
use raccordo_connector_api::{Cell, Failure, Field, Leaf, Output, Reply};
use raccordo_schema::mapping::{FieldMapping, From, Meta, Name};
use serde_json::Value;

use crate::write::Writer;

impl Writer {
    /// A field of a record: a resource, or an object inside one.
    pub(crate) fn field(&self, type_name: &Name, record: &Value, field: &Field, reply: &mut Reply) -> Cell {
        let Some(mapping) = self.model.mapping.types.get(type_name).and_then(|of| of.fields.get(&field.name))
        else {
            let failure = Failure::internal("a field that the mapping doesn't know");
            return reply.failed(failure.at(type_name, &field.name));
        };
        let read = self.read(type_name, record, mapping);
        let written = read.and_then(|value| self.put(type_name, mapping, field, &value, reply));
        fit(written, type_name, field, reply)
    }

    /// The value of a field in its record.
    fn read<'r>(
        &'r self,
        type_name: &Name,
        record: &'r Value,
        mapping: &FieldMapping,
    ) -> Result<Cow<'r, Value>, Failure> {
        match &mapping.from {
            From::Name => Ok(record.get(&*mapping.name).map_or(Cow::Owned(Value::Null), Cow::Borrowed)),
            From::Jq { .. } => {
                let program = self.model.program(type_name, &mapping.name);
                let program =
                    program.ok_or_else(|| Failure::internal("a jq program that was not checked"))?;
                one(program.run(record, &self.variables)?, mapping.shape.list)
            }
            From::Meta(Meta::Source) => Ok(Cow::Owned(Value::String(self.model.mapping.source.to_string()))),
            From::Meta(Meta::Member) => Ok(Cow::Owned(Value::Null)),
            From::Meta(Meta::AsOf) => {
                let updated = record.get("meta").and_then(|meta| meta.get("lastUpdated"));
                Ok(updated.map_or(Cow::Owned(Value::Null), Cow::Borrowed))
            }
            From::Column(_) | From::Header(_) => Err(Failure::internal("a column in a resource")),
        }
    }

    /// A value as the field's type has it. FHIR has no empty lists: an absent list is one.
    fn put(
        &self,
        type_name: &Name,
        mapping: &FieldMapping,
        field: &Field,
        value: &Value,
        reply: &mut Reply,
    ) -> Result<Cell, Failure> {
        match (mapping.shape.list, value) {
            (false, value) => self.item(type_name, mapping, field, value, reply),
            (true, Value::Null) => Ok(reply.list(&[])),
            (true, Value::Array(items)) => {
                let cells: Vec<Cell> = items
                    .iter()
                    .map(|item| {
                        fit(self.item(type_name, mapping, field, item, reply), type_name, field, reply)
                    })
                    .collect();
                Ok(reply.list(&cells))
            }
            (true, _) => Err(Failure::malformed("expected a list")),
        }
    }

    fn item(
        &self,
        type_name: &Name,
        mapping: &FieldMapping,
        field: &Field,
        value: &Value,
        reply: &mut Reply,
    ) -> Result<Cell, Failure> {
        let named = &mapping.shape.named;
        match (&field.output, value) {
            (_, Value::Null) => Ok(Cell::Null),
            (Output::Leaf(Leaf::Enum(values)), Value::String(code)) => {
                let known = self.model.mapping.enums.get(named).and_then(|of| enum_value(of, code));
                match known.filter(|value| values.has(value)) {
                    Some(value) => Ok(reply.quoted(value)),
                    None => Err(Failure::malformed(format!("expected a code of `{named}`"))),
                }
            }
            (Output::Leaf(leaf), value) => reply.leaf_json(leaf, value),
            (Output::Object(below), Value::Object(_)) => {
                let object = reply.object(below.width, below.type_id);
                for inner in below.fields.iter().filter(|inner| &*inner.name != "__typename") {
                    let cell = self.field(named, value, inner, reply);
                    reply.set(object, inner.slot, cell);
                }
                Ok(Cell::Object(object))
            }
            (Output::Object(_), _) => {
                Err(Failure::malformed(format!("expected an object for `{type_name}.{}`", field.name)))
            }
        }
    }
}

/// The outputs of a program as one value: for a list all of them, or the one array.
fn one(outputs: Vec<Cow<'_, Value>>, list: bool) -> Result<Cow<'_, Value>, Failure> {
    let mut outputs = outputs.into_iter();
    match (outputs.next(), outputs.next(), list) {
        (None, _, false) => Ok(Cow::Owned(Value::Null)),
        (Some(value), None, false) => Ok(value),
        (Some(value), None, true) if value.is_array() || value.is_null() => Ok(value),
        (first, second, true) => {
            let all = first.into_iter().chain(second).chain(outputs).map(Cow::into_owned);
            Ok(Cow::Owned(Value::Array(all.collect())))
        }
        (_, Some(_), false) => {
            Err(Failure::malformed("the jq program gave several values for a field that holds one"))
        }
    }
}

/// A cell, or the loss of its field.
pub(crate) fn fit(cell: Result<Cell, Failure>, type_name: &Name, field: &Field, reply: &mut Reply) -> Cell {
    cell.unwrap_or_else(|failure| match failure.coordinate {
        None => reply.failed(failure.at(type_name, &field.name)),
        Some(_) => reply.failed(failure),
    })
}
