//! A source's object types in; which of them are Relay connections out. Recognised by structure, never by name.

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::{ExtendedType, ObjectType};
use indexmap::IndexMap;

use crate::mapping::{ConnectionMapping, Name};

/// The fields that paging writes on a connection, an edge and a `PageInfo`.
const CONNECTION_FIELDS: [&str; 4] = ["nodes", "edges", "pageInfo", "totalCount"];
const EDGE_FIELDS: [&str; 2] = ["node", "cursor"];
const PAGE_INFO_FIELDS: [&str; 4] = ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"];

/// The connections of a source, with the types that only serve them.
#[derive(Default)]
pub(crate) struct Connections {
    pub(crate) by_name: IndexMap<Name, ConnectionMapping>,
}

impl Connections {
    /// Recognises every connection of the schema.
    pub(crate) fn of(schema: &Schema) -> Self {
        let objects = schema.types.values().filter_map(ExtendedType::as_object);
        let by_name = objects
            .filter_map(|object| Some((Name::from(object.name.as_str()), recognise(schema, object)?)))
            .collect();
        Self { by_name }
    }

    /// The fields that may stand on a connection or on a type that serves one; `None` for every other type.
    pub(crate) fn allowed_fields(&self, name: &str) -> Option<&'static [&'static str]> {
        if self.by_name.contains_key(name) {
            return Some(&CONNECTION_FIELDS);
        }
        self.by_name.values().find_map(|connection| match name {
            _ if connection.edge.as_deref() == Some(name) => Some(EDGE_FIELDS.as_slice()),
            _ if &*connection.page_info == name => Some(PAGE_INFO_FIELDS.as_slice()),
            _ => None,
        })
    }
}

fn recognise(schema: &Schema, object: &ObjectType) -> Option<ConnectionMapping> {
    let page_info = single(&object.fields.get("pageInfo")?.ty)?;
    let info = schema.get_object(page_info)?;
    info.fields.get("hasNextPage").filter(|field| single(&field.ty).is_some_and(|ty| ty == "Boolean"))?;
    info.fields.get("endCursor")?;
    let edge =
        object.fields.get("edges").and_then(|field| list_of(&field.ty)).and_then(|n| schema.get_object(n));
    let of_edges = edge.filter(|edge| edge.fields.contains_key("cursor"));
    let of_edges = of_edges.and_then(|edge| single(&edge.fields.get("node")?.ty));
    let of_nodes = object.fields.get("nodes").and_then(|field| list_of(&field.ty));
    let node = of_nodes.or(of_edges)?;
    if of_edges.is_some_and(|other| other != node) {
        return None;
    }
    Some(ConnectionMapping {
        node: Name::from(node),
        edge: of_edges.and(edge).map(|edge| Name::from(edge.name.as_str())),
        page_info: Name::from(page_info),
    })
}

fn single(ty: &Type) -> Option<&str> {
    match ty {
        Type::Named(name) | Type::NonNullNamed(name) => Some(name.as_str()),
        Type::List(_) | Type::NonNullList(_) => None,
    }
}

fn list_of(ty: &Type) -> Option<&str> {
    match ty {
        Type::List(item) | Type::NonNullList(item) => single(item),
        Type::Named(_) | Type::NonNullNamed(_) => None,
    }
}
