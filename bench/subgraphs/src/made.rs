//! A world for any schema: a type, a key and a field enter; a value made from their names leaves, the same in every subgraph.
//! A list holds two. It knows object types, enums' first values and the built-in scalars; other scalars are texts.

use std::hash::{BuildHasher as _, BuildHasherDefault};

use apollo_compiler::ast::Type;
use apollo_compiler::executable::Field;
use rustc_hash::FxHasher;
use serde_json::{Map, Value, json};

use crate::walk::{Held, Object};

/// How many things a list holds.
const LISTED: u64 = 2;
/// Keys are below this.
const KEYS: u64 = 1000;

/// What a field holds.
pub(crate) fn field(object: &Object, field: &Field, _arguments: &Map<String, Value>) -> Held {
    let name = field.ty().inner_named_type().as_str();
    let is_list = matches!(field.ty(), Type::List(_) | Type::NonNullList(_));
    if field.selection_set.selections.is_empty() {
        let one = leaf(object, field, name);
        return Held::Leaf(if is_list { json!([one, one]) } else { one });
    }
    let other = |at: u64| Object::new(name, seed(object, field, at) % KEYS);
    match is_list {
        true => Held::Many((0..LISTED).map(other).collect()),
        false => Held::One(other(0)),
    }
}

fn leaf(object: &Object, field: &Field, name: &str) -> Value {
    match name {
        "ID" => json!(object.key.to_string()),
        "Int" => json!(seed(object, field, 0) % 1_000_000),
        "Float" => json!((seed(object, field, 0) % 1_000_000) as f64 / 8.0),
        "Boolean" => json!(seed(object, field, 0).is_multiple_of(2)),
        _ => json!(format!("{} of {} {}", field.name, object.name, object.key)),
    }
}

/// A number that is always the same for one field of one object.
fn seed(object: &Object, field: &Field, at: u64) -> u64 {
    let words = (object.name.as_str(), object.key, field.name.as_str(), at);
    // The hasher's low bits are its weakest.
    BuildHasherDefault::<FxHasher>::default().hash_one(words) >> 20
}
