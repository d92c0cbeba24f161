//! Loaded resources in; cells of a reply out. Reads nothing from anywhere, and waits for nothing.
//!
//! A value that doesn't fit its type, or a relation that failed, costs its own field, at its own coordinate. What is told of it never holds a value.

use std::sync::Arc;

use raccordo_connector_api::page::{Connection, write_connection};
use raccordo_connector_api::{Cell, Failure, Field, Output, Reply, Selection};
use raccordo_connector_web::records::written_or_lost;
use raccordo_schema::mapping::{From, Name};
use serde_json::Value;

use crate::bundle::Resource;
use crate::load::{Hung, Level, selections_of};
use crate::model::{Finder, Form, Model};
use crate::roots::Root;

/// What writes.
pub(crate) struct Writer {
    pub(crate) model: Arc<Model>,
    /// What `$source` is in jq programs.
    pub(crate) variables: [Value; 1],
    /// When it was read, RFC 3339.
    pub(crate) as_of: String,
}

/// One resource as it is wanted.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) type_name: &'a Name,
    pub(crate) type_id: Option<u32>,
    pub(crate) level: &'a Level,
    /// Which of the level's selections.
    pub(crate) view: usize,
    pub(crate) selection: &'a Selection,
    /// The key it was asked by.
    pub(crate) key: Option<&'a str>,
}

impl Writer {
    pub(crate) fn new(model: Arc<Model>) -> Self {
        let source = Value::String(model.mapping.source.to_string());
        let as_of = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        Self { model, variables: [source], as_of }
    }

    /// The root object.
    pub(crate) fn query(
        &self,
        selection: &Selection,
        roots: &[(usize, Result<Root, Failure>)],
        reply: &mut Reply,
    ) -> Cell {
        let object = reply.object(selection.width, selection.type_id);
        for (index, root) in roots {
            let Some(field) = selection.fields.get(*index) else { continue };
            let finder = self.model.finder(&Name::from("Query"), &field.name);
            let cell = match (root, finder) {
                (Ok(root), Some(finder)) => self.root(finder, field, root, reply),
                (Err(failure), _) => reply.failed(failure.clone()),
                (Ok(_), None) => Cell::Absent,
            };
            reply.set(object, field.slot, cell);
        }
        Cell::Object(object)
    }

    fn root(&self, finder: &Finder, field: &Field, root: &Root, reply: &mut Reply) -> Cell {
        let all: Vec<usize> = (0..root.level.resources.len()).collect();
        let Root { level, cursors, has_next, has_previous } = root;
        let page = PageOf { cursors, has_next: *has_next, has_previous: *has_previous };
        self.records(finder, field, level, &all, &page, reply)
    }

    /// A relation's records under one parent.
    fn relation(
        &self,
        finder: &Finder,
        field: &Field,
        hung: &Hung,
        parent: usize,
        reply: &mut Reply,
    ) -> Cell {
        let Some(indices) = hung.of.get(parent) else { return Cell::Null };
        if finder.form == Form::Single && indices.len() > 1 {
            let failure = Failure::malformed("more than one resource answers a field that holds one");
            return reply.failed(finder.blame(failure));
        }
        let page = PageOf { cursors: &[], has_next: false, has_previous: false };
        self.records(finder, field, &hung.level, indices, &page, reply)
    }

    /// Records in the form that the field has.
    fn records(
        &self,
        finder: &Finder,
        field: &Field,
        level: &Level,
        indices: &[usize],
        page: &PageOf<'_>,
        reply: &mut Reply,
    ) -> Cell {
        let Output::Object(selection) = &field.output else { return Cell::Null };
        let selections = selections_of(finder, field);
        let view = |selection: &Selection| {
            selections.iter().position(|known| std::ptr::eq(*known, selection)).unwrap_or(0)
        };
        let record = |reply: &mut Reply, index: usize, below: &Selection| {
            let at = View {
                type_name: &finder.node,
                type_id: below.type_id,
                level,
                view: view(below),
                selection: below,
                key: None,
            };
            self.resource(&at, index, reply)
        };
        match finder.form {
            Form::Single => indices.first().map_or(Cell::Null, |index| record(reply, *index, selection)),
            Form::List => {
                let cells: Vec<Cell> = indices.iter().map(|index| record(reply, *index, selection)).collect();
                reply.list(&cells)
            }
            Form::Connection => {
                let types = self.model.mapping.types.get(&selection.type_name);
                let Some(mapping) = types.and_then(|of| of.connection.as_ref()) else { return Cell::Null };
                let PageOf { cursors, has_next, has_previous } = *page;
                let connection = Connection { mapping, cursors, has_next, has_previous, total: None };
                let mut node = |reply: &mut Reply, index: usize, below: &Selection| {
                    Ok(indices.get(index).map_or(Cell::Null, |index| record(reply, *index, below)))
                };
                let written = write_connection(reply, selection, &connection, &mut node);
                written.unwrap_or_else(|failure| reply.failed(finder.blame(failure)))
            }
        }
    }

    /// One resource.
    pub(crate) fn resource(&self, at: &View<'_>, index: usize, reply: &mut Reply) -> Cell {
        let Some(resource) = at.level.resources.get(index) else { return Cell::Null };
        let object = reply.object(at.selection.width, at.type_id);
        for (place, field) in at.selection.fields.iter().enumerate() {
            if &*field.name == "__typename" || at.type_id.is_some_and(|id| !field.applies_to(id)) {
                continue;
            }
            let relations = at.level.views.get(at.view).map(Vec::as_slice).unwrap_or_default();
            let relation = relations.iter().find(|relation| relation.field == place);
            let cell =
                match (relation.map(|relation| &relation.hung), self.model.finder(at.type_name, &field.name))
                {
                    (Some(Ok(hung)), Some(finder)) => self.relation(finder, field, hung, index, reply),
                    (Some(Err(failure)), _) => reply.failed(failure.clone()),
                    _ => self.value(at, resource, field, reply),
                };
            reply.set(object, field.slot, cell);
        }
        Cell::Object(object)
    }

    /// A key that several resources carry: nobody can say which is meant.
    pub(crate) fn ambiguous(&self, type_name: &Name, reply: &mut Reply) -> Cell {
        let failure = Failure::malformed("several resources with different ids carry one key");
        let key = self.model.entities.get(type_name).map(|entity| &entity.key.field);
        reply.failed(match key {
            Some(key) => failure.at(type_name, key),
            None => failure,
        })
    }

    /// A field of a resource: what the resource is known by, or what it holds.
    fn value(&self, at: &View<'_>, resource: &Resource, field: &Field, reply: &mut Reply) -> Cell {
        let mapping = self.model.mapping.types.get(at.type_name).and_then(|of| of.fields.get(&field.name));
        let key = mapping.filter(|mapping| mapping.from == From::Name);
        match (key.and_then(|_| self.model.key_of(at.type_name, &field.name)), &field.output) {
            (Some(key), Output::Leaf(leaf)) => {
                let values = key.values(resource);
                let Some(value) = at.key.or_else(|| values.first().map(String::as_str)) else {
                    return Cell::Null;
                };
                written_or_lost(reply.leaf_text(leaf, value), at.type_name, &field.name, reply)
            }
            _ => self.field(at.type_name, &resource.json, field, reply),
        }
    }
}

/// What a connection says beside its records.
struct PageOf<'a> {
    cursors: &'a [String],
    has_next: bool,
    has_previous: bool,
}
