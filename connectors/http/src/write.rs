//! Records in; cells of a reply out, and what is still to be asked below them. A value that doesn't fit costs its own field, at its own coordinate.

use raccordo_connector_api::page::{Connection, write_connection};
use raccordo_connector_api::{Cell, Failure, Field, Output, Reply, Selection};
use raccordo_connector_web::records::{Place, write_value, written_or_lost};
use raccordo_schema::mapping::{From, Meta, Name};
use serde_json::Value;
use tokio::time::Instant;

use crate::keys;
use crate::model::{Endpoint, Form};
use crate::pages::Listing;
use crate::run::{Pending, Run};

impl<'f> Run<'f> {
    /// A field's records in the form that it has.
    ///
    /// # Errors
    /// `Malformed`, when several came where one is held.
    pub(crate) fn records(
        &self,
        endpoint: &'f Endpoint,
        field: &'f Field,
        listing: &Listing,
        reply: &mut Reply,
        below: &mut Vec<Pending<'f>>,
    ) -> Result<Cell, Failure> {
        let Output::Object(selection) = &field.output else {
            return Err(Failure::internal("a leaf that has its own records"));
        };
        match endpoint.form {
            Form::Single => match listing.records.as_slice() {
                [] => Ok(Cell::Null),
                [record] => Ok(self.record(selection, record, reply, below)),
                _ => Err(Failure::malformed("several records came where one is expected")),
            },
            Form::List => {
                let cells: Vec<Cell> = listing
                    .records
                    .iter()
                    .map(|record| self.record(selection, record, reply, below))
                    .collect();
                Ok(reply.list(&cells))
            }
            Form::Connection => self.connection(endpoint, selection, field, listing, reply, below),
        }
    }

    fn connection(
        &self,
        endpoint: &'f Endpoint,
        selection: &'f Selection,
        field: &'f Field,
        listing: &Listing,
        reply: &mut Reply,
        below: &mut Vec<Pending<'f>>,
    ) -> Result<Cell, Failure> {
        let of = self.model.mapping.types.get(&selection.type_name).and_then(|of| of.connection.as_ref());
        let mapping = of.ok_or_else(|| Failure::internal("a connection that isn't one"))?;
        let cursors = self.cursors(endpoint, selection, listing);
        let after = endpoint.paging.as_ref().and_then(|paging| paging.arguments.after.as_ref());
        let has_previous =
            after.and_then(|after| self.fetch.argument(field, after)).is_some_and(|after| !after.is_null());
        let connection =
            Connection { mapping, cursors: &cursors, has_next: listing.has_next, has_previous, total: None };
        // The selection of the nodes is the fetch's own; the closure's is only lent.
        let nodes: Vec<&'f Selection> = node_selections(selection);
        let mut node = |reply: &mut Reply, index: usize, wanted: &Selection| {
            let own = nodes.iter().find(|own| std::ptr::eq(**own, wanted));
            let (Some(own), Some(record)) = (own, listing.records.get(index)) else {
                return Err(Failure::internal("a node that wasn't asked"));
            };
            Ok(self.record(own, record, reply, below))
        };
        write_connection(reply, selection, &connection, &mut node)
    }

    /// Cursors of all records where edges are asked; else of the first and last alone, which `pageInfo` may name.
    fn cursors(&self, endpoint: &Endpoint, selection: &Selection, listing: &Listing) -> Vec<String> {
        let all = selection.fields.iter().any(|field| &*field.name == "edges");
        let context = self.context(endpoint);
        let last = listing.positions.len().saturating_sub(1);
        let positions = listing.positions.iter().enumerate();
        positions
            .map(|(index, position)| match all || index == 0 || index == last {
                true => self.fetch.cursors.seal(&context, &position.to_bytes()),
                false => String::new(),
            })
            .collect()
    }

    /// A record, if there is time left to read it.
    fn record(
        &self,
        selection: &'f Selection,
        record: &Value,
        reply: &mut Reply,
        below: &mut Vec<Pending<'f>>,
    ) -> Cell {
        if Instant::now() >= self.fetch.deadline {
            return reply.failed(Failure::timed_out("the deadline passed while records were read"));
        }
        self.object(selection, (&selection.type_name, selection.type_id), Some(record), None, reply, below)
    }

    /// An object of a record; of a representation alone where there is none.
    pub(crate) fn object(
        &self,
        selection: &'f Selection,
        (type_name, type_id): (&Name, Option<u32>),
        record: Option<&Value>,
        row: Option<usize>,
        reply: &mut Reply,
        below: &mut Vec<Pending<'f>>,
    ) -> Cell {
        let object = reply.object(selection.width, type_id);
        for field in &selection.fields {
            if &*field.name == "__typename" || type_id.is_some_and(|id| !field.applies_to(id)) {
                continue;
            }
            if let Some(endpoint) = self.model.endpoint(type_name, &field.name) {
                match self.key(endpoint, type_name, record, row) {
                    Ok(key) => {
                        below.push(Pending { endpoint, field: Some(field), object: Some(object), key })
                    }
                    Err(failure) => {
                        let cell = reply.failed(failure.at(type_name, &field.name));
                        reply.set(object, field.slot, cell);
                    }
                }
                continue;
            }
            let written = match (record, row) {
                (None, Some(row)) => self.echo(field, row, reply),
                (record, _) => self.field(type_name, field, record.unwrap_or(&Value::Null), reply, below),
            };
            let cell = written_or_lost(written, type_name, &field.name, reply);
            reply.set(object, field.slot, cell);
        }
        Cell::Object(object)
    }

    /// A field of a key, given back.
    fn echo(&self, field: &'f Field, row: usize, reply: &mut Reply) -> Result<Cell, Failure> {
        let value = keys::of_representation(self.fetch, row, &field.name);
        let value = value.ok_or_else(|| Failure::internal("a field that isn't of the key"))?;
        echo(&field.output, &value, reply)
    }

    /// A field of a record.
    fn field(
        &self,
        type_name: &Name,
        field: &'f Field,
        record: &Value,
        reply: &mut Reply,
        below: &mut Vec<Pending<'f>>,
    ) -> Result<Cell, Failure> {
        let mapping = self.model.mapping.types.get(type_name).and_then(|of| of.fields.get(&field.name));
        let mapping = mapping.ok_or_else(|| Failure::internal("a field that the mapping doesn't know"))?;
        match (&mapping.from, &field.output) {
            (From::Meta(Meta::AsOf), Output::Leaf(leaf)) => reply.leaf_text(leaf, &self.as_of),
            (From::Meta(meta), Output::Leaf(leaf)) => match self.model.mapping.known(*meta) {
                Some(known) => reply.leaf_text(leaf, known),
                None => Ok(Cell::Null),
            },
            (From::Meta(_), _) => Ok(Cell::Null),
            _ => {
                let value = keys::read(self.model, type_name, mapping, record, &self.source)?;
                let empty_when_absent = mapping.shape.non_null;
                let place =
                    Place { mapping: &self.model.mapping, type_name, field: mapping, empty_when_absent };
                write_value(&place, field, &value, reply, &mut |reply, selection, value| {
                    Ok(self.record(selection, value, reply, below))
                })
            }
        }
    }
}

fn echo(output: &Output, value: &Value, reply: &mut Reply) -> Result<Cell, Failure> {
    match (output, value) {
        (_, Value::Null) => Ok(Cell::Null),
        (_, Value::Array(items)) => {
            let cells = items.iter().map(|item| echo(output, item, reply)).collect::<Result<Vec<_>, _>>()?;
            Ok(reply.list(&cells))
        }
        (Output::Leaf(leaf), value) => reply.leaf_json(leaf, value),
        (Output::Object(selection), value) => {
            let object = reply.object(selection.width, selection.type_id);
            for field in selection.fields.iter().filter(|field| &*field.name != "__typename") {
                let cell = echo(&field.output, value.get(&*field.name).unwrap_or(&Value::Null), reply)?;
                reply.set(object, field.slot, cell);
            }
            Ok(Cell::Object(object))
        }
    }
}

/// The selections on the nodes of a connection.
fn node_selections(selection: &Selection) -> Vec<&Selection> {
    let nodes = selection.fields.iter().filter(|field| &*field.name == "nodes").filter_map(Field::selection);
    let edges = selection.fields.iter().filter(|field| &*field.name == "edges").filter_map(Field::selection);
    let of_edges = edges
        .flat_map(|edge| edge.fields.iter().filter(|field| &*field.name == "node"))
        .filter_map(Field::selection);
    nodes.chain(of_edges).collect()
}
