//! What the client gets, compiled: for every position and concrete type the fields in the client's order, each with its slot,
//! its key as JSON and where it may be null. The answer is written by walking this.

use std::sync::Arc;

use apollo_compiler::ast;
use raccordo_connector_api::reply::write_string;
use raccordo_schema::mapping::Name;
use rustc_hash::FxHashMap;

use super::shape::Shape;
use crate::graph::Graph;
use crate::operation::{Item, Selections};

/// The objects at one position.
#[derive(Debug)]
pub struct ClientObject {
    /// The fields, when the static type is an object type.
    pub fixed: Option<ClientFields>,
    /// The fields by concrete type, when it isn't.
    pub by_type: FxHashMap<u32, ClientFields>,
}

/// The fields of one concrete type.
#[derive(Debug)]
pub struct ClientFields {
    /// The type's name.
    pub type_name: Name,
    /// In the client's order.
    pub fields: Vec<ClientField>,
}

/// One field of the answer.
#[derive(Debug)]
pub struct ClientField {
    /// The response key.
    pub key: Name,
    /// The response key as JSON, with its colon.
    pub key_json: Box<[u8]>,
    /// The field's name in the graph.
    pub name: Name,
    /// Where the value comes from.
    pub value: ClientValue,
    /// For each list around the value from the outside in, then for the value itself: it may not be null.
    pub non_null: Box<[bool]>,
}

/// Where a value comes from.
#[derive(Debug)]
pub enum ClientValue {
    /// The name of the object's type.
    TypeName,
    /// The answer to introspection under the field's key.
    Introspection,
    /// A leaf in a slot.
    Leaf(u32),
    /// Objects in a slot.
    Object(u32, ClientObject),
}

impl ClientObject {
    /// The fields of an object of this type.
    pub fn fields(&self, type_id: u32) -> Option<&ClientFields> {
        self.fixed.as_ref().or_else(|| self.by_type.get(&type_id))
    }
}

/// Compiles the client's selections on a type.
pub(super) fn compile(graph: &Graph, type_name: &str, items: &[&Selections], shape: &Shape) -> ClientObject {
    let id = graph.types().id(type_name);
    match id.filter(|_| graph.is_object(type_name)) {
        Some(id) => ClientObject {
            fixed: Some(fields(graph, id, type_name, items, shape)),
            by_type: FxHashMap::default(),
        },
        None => {
            // An interface itself is among them: an interface object is of no other type until somebody needs to know.
            let itself = id.filter(|_| graph.is_interface(type_name));
            let by_type = graph.possible(type_name).iter().copied().chain(itself).filter_map(|id| {
                // Types that clients don't see have no fields here: an object of one is null.
                let name = graph.types().name(id).filter(|name| graph.api_type(name).is_some())?;
                Some((id, fields(graph, id, name, items, shape)))
            });
            ClientObject { fixed: None, by_type: by_type.collect() }
        }
    }
}

fn fields(
    graph: &Graph,
    type_id: u32,
    type_name: &str,
    items: &[&Selections],
    shape: &Shape,
) -> ClientFields {
    let mut collected: indexmap::IndexMap<Name, (Name, Vec<&Selections>)> = indexmap::IndexMap::new();
    for items in items {
        collect(graph, type_id, items, &mut collected);
    }
    let fields = collected
        .iter()
        .filter_map(|(key, (name, below))| field(graph, type_name, key, name, below, shape))
        .collect();
    ClientFields { type_name: type_name.into(), fields }
}

/// GraphQL specification, "CollectFields".
fn collect<'i>(
    graph: &Graph,
    type_id: u32,
    items: &'i Selections,
    collected: &mut indexmap::IndexMap<Name, (Name, Vec<&'i Selections>)>,
) {
    for item in items {
        match item {
            Item::Field { key, name, below, .. } => {
                let (_, all) = collected.entry(key.clone()).or_insert_with(|| (name.clone(), Vec::new()));
                all.extend(below);
            }
            Item::On { type_name, below } if graph.is_possible(type_name, type_id) => {
                collect(graph, type_id, below, collected);
            }
            Item::On { .. } => {}
        }
    }
}

fn field(
    graph: &Graph,
    parent: &str,
    key: &Name,
    name: &Name,
    below: &[&Selections],
    shape: &Shape,
) -> Option<ClientField> {
    let mut key_json = Vec::with_capacity(key.len() + 3);
    write_string(&mut key_json, key);
    key_json.push(b':');
    let made = |value, non_null: Vec<bool>| ClientField {
        key: key.clone(),
        key_json: key_json.into(),
        name: Arc::clone(name),
        value,
        non_null: non_null.into(),
    };
    match &**name {
        "__typename" => return Some(made(ClientValue::TypeName, vec![true])),
        "__schema" => return Some(made(ClientValue::Introspection, vec![true])),
        "__type" => return Some(made(ClientValue::Introspection, vec![false])),
        _ => {}
    }
    let ty = graph.api_field_type(parent, name)?;
    let (slot, shape) = shape.slot(key)?;
    let named = ty.inner_named_type().as_str();
    let value = match graph.is_composite(named) {
        true => ClientValue::Object(slot, compile(graph, named, below, shape)),
        false => ClientValue::Leaf(slot),
    };
    Some(made(value, nullability(ty)))
}

fn nullability(ty: &ast::Type) -> Vec<bool> {
    let mut levels = Vec::new();
    let mut at = ty;
    loop {
        levels.push(at.is_non_null());
        match at {
            ast::Type::List(item) | ast::Type::NonNullList(item) => at = item,
            _ => return levels,
        }
    }
}
