//! What the client gets, compiled: for every position and concrete type the fields in the client's order, each with its slot,
//! its key as JSON and where it may be null. The answer is written by walking this.

use apollo_compiler::ast;
use raccordo_connector_api::reply::write_string;
use raccordo_schema::mapping::Name;
use rustc_hash::FxHashMap;

use super::search::Search;
use super::search::wanted::{GroupItem, SpotId, Want};
use crate::graph::Graph;

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

/// Compiles what the client wants at a position.
pub(super) fn compile(graph: &Graph, search: &Search<'_>, spot: SpotId) -> ClientObject {
    let mut by_type = FxHashMap::default();
    for group in &search.spots[spot].groups {
        for ty in &group.types {
            // Types that clients don't see have no fields here: an object of one is null. So has an interface object's where the concrete
            // type is asked for: whoever should have told it didn't.
            let is_told = search.spots[spot].type_name.is_none() || search.is_concrete(*ty);
            let name = graph.types().name(*ty).filter(|name| is_told && graph.api_type(name).is_some());
            if let Some(name) = name {
                by_type.insert(*ty, fields(graph, search, name, &group.items));
            }
        }
    }
    let object = match search.spots[spot].possible.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    ClientObject { fixed: object.and_then(|only| by_type.remove(&only)), by_type }
}

fn fields(graph: &Graph, search: &Search<'_>, type_name: &Name, items: &[GroupItem]) -> ClientFields {
    let fields = items.iter().filter_map(|item| match item {
        GroupItem::Meta { key, name } => meta(key, name),
        GroupItem::Want(want) => field(graph, search, type_name, &search.wants[*want]),
    });
    ClientFields { type_name: Name::clone(type_name), fields: fields.collect() }
}

fn meta(key: &Name, name: &Name) -> Option<ClientField> {
    let (value, non_null) = match &**name {
        "__typename" => (ClientValue::TypeName, true),
        "__schema" => (ClientValue::Introspection, true),
        "__type" => (ClientValue::Introspection, false),
        _ => return None,
    };
    Some(made(key, name, value, vec![non_null]))
}

fn field(graph: &Graph, search: &Search<'_>, parent: &str, want: &Want) -> Option<ClientField> {
    let ty = graph.api_field_type(parent, &want.name)?;
    let value = match want.below {
        Some(spot) => ClientValue::Object(want.slot, compile(graph, search, spot)),
        None => ClientValue::Leaf(want.slot),
    };
    Some(made(&want.key, &want.name, value, nullability(ty)))
}

fn made(key: &Name, name: &Name, value: ClientValue, non_null: Vec<bool>) -> ClientField {
    let mut key_json = Vec::with_capacity(key.len() + 3);
    write_string(&mut key_json, key);
    key_json.push(b':');
    ClientField {
        key: Name::clone(key),
        key_json: key_json.into(),
        name: Name::clone(name),
        value,
        non_null: non_null.into(),
    }
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
