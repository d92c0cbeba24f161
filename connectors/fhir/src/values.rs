//! A record in JSON and a field in; the field's cell out: read by name, jq or from what is known of the record, checked against its type.
//!
//! What doesn't fit costs its own field, at its own coordinate; no error holds a value.

use std::borrow::Cow;

use raccordo_connector_api::{Cell, Failure, Field, Reply};
use raccordo_connector_web::records::{Place, one_value, write_value, written_or_lost};
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
        written_or_lost(written, type_name, &field.name, reply)
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
                one_value(program.run(record, &self.variables)?, mapping.shape.list)
            }
            From::Meta(Meta::AsOf) => Ok(Cow::Owned(Value::from(&*self.as_of))),
            From::Meta(meta) => {
                let known = self.model.mapping.known(*meta).map(|known| Value::from(&**known));
                Ok(Cow::Owned(known.unwrap_or(Value::Null)))
            }
            From::Column(_) | From::Header { .. } => Err(Failure::internal("a column in a resource")),
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
        let place =
            Place { mapping: &self.model.mapping, type_name, field: mapping, empty_when_absent: true };
        write_value(&place, field, value, reply, &mut |reply, below, value| {
            if !value.is_object() {
                return Err(Failure::malformed(format!(
                    "expected an object for `{type_name}.{}`",
                    field.name
                )));
            }
            let object = reply.object(below.width, below.type_id);
            for inner in below.fields.iter().filter(|inner| &*inner.name != "__typename") {
                let cell = self.field(&mapping.shape.named, value, inner, reply);
                reply.set(object, inner.slot, cell);
            }
            Ok(Cell::Object(object))
        })
    }
}
