//! Nothing in; the questions that replies are read by: every kind of leaf, lists of lists, interfaces, aliases, fields of one type
//! alone, slots that other steps fill, roots and entities.

use std::sync::Arc;

use raccordo_connector_api::leaf::EnumValues;
use raccordo_connector_api::{
    Asked, Field, Leaf, Operation, Output, RepresentationType, Selection, TypeNames, What,
};

/// Numbers of the types.
pub mod types {
    /// `Query`.
    pub const QUERY: u32 = 0;
    /// `A`, an object that is a `Nodo`.
    pub const A: u32 = 1;
    /// `B`, another.
    pub const B: u32 = 2;
}

/// How many slots every object has.
pub const WIDTH: u32 = 12;

fn names() -> Arc<TypeNames> {
    Arc::new(TypeNames::new(["Query", "A", "B", "Nodo"].map(Into::into)))
}

fn field(name: &str, slot: u32, list_depth: u8, output: Output) -> Field {
    Field {
        name: name.into(),
        key: name.into(),
        slot,
        on: None,
        on_names: Arc::from([]),
        arguments: Vec::new(),
        list_depth,
        output,
    }
}

fn leaf(name: &str, slot: u32, leaf: Leaf) -> Field {
    field(name, slot, 0, Output::Leaf(leaf))
}

fn only(field: Field, type_id: u32, name: &str) -> Field {
    Field { on: Some(Arc::from([type_id])), on_names: Arc::from([name.into()]), ..field }
}

fn type_name() -> Field {
    Field { slot: u32::MAX, ..leaf("__typename", 0, Leaf::String) }
}

/// An object of type `A` with a leaf of every kind.
fn leaves() -> Selection {
    let values = EnumValues { name: "Sesso".into(), values: vec!["F".into(), "M".into()] };
    let fields = vec![
        leaf("i", 0, Leaf::Int),
        leaf("f", 1, Leaf::Float),
        leaf("s", 2, Leaf::String),
        leaf("b", 3, Leaf::Boolean),
        leaf("id", 4, Leaf::Id),
        leaf("e", 5, Leaf::Enum(Arc::new(values))),
        leaf("c", 6, Leaf::Custom("Dato".into())),
        leaf("d", 7, Leaf::Date),
        field("ii", 8, 2, Output::Leaf(Leaf::Int)),
        Field { key: "x0".into(), ..leaf("s", 9, Leaf::String) },
    ];
    Selection { type_name: "A".into(), type_id: Some(types::A), width: WIDTH, fields }
}

/// An object that is an `A` or a `B`.
fn node() -> Selection {
    let fields = vec![
        type_name(),
        leaf("id", 0, Leaf::Id),
        only(leaf("v", 1, Leaf::Int), types::A, "A"),
        only(leaf("v", 2, Leaf::String), types::B, "B"),
        field("a", 3, 1, Output::Object(Box::new(leaves()))),
    ];
    Selection { type_name: "Nodo".into(), type_id: None, width: WIDTH, fields }
}

/// Root fields.
pub fn roots() -> Asked {
    let fields = vec![
        field("a", 0, 0, Output::Object(Box::new(leaves()))),
        field("n", 1, 0, Output::Object(Box::new(node()))),
        field("nn", 2, 1, Output::Object(Box::new(node()))),
        field("aa", 3, 2, Output::Object(Box::new(leaves()))),
        leaf("s", 4, Leaf::String),
    ];
    let selection =
        Selection { type_name: "Query".into(), type_id: Some(types::QUERY), width: WIDTH, fields };
    Asked::new(What::Roots { operation: Operation::Query, selection }, names())
}

/// Entities of one type.
pub fn entities() -> Asked {
    let ty = RepresentationType { name: "A".into(), type_id: types::A, fields: vec!["id".into()] };
    Asked::new(What::Entities { types: vec![ty], selection: leaves() }, names())
}

/// Entities that are an `A` or a `B`.
pub fn nodes() -> Asked {
    let of =
        |name: &str, type_id| RepresentationType { name: name.into(), type_id, fields: vec!["id".into()] };
    let types = vec![of("A", types::A), of("B", types::B)];
    Asked::new(What::Entities { types, selection: node() }, names())
}
