//! The tables of keys in; a JSON Schema (draft 2020-12) of the configuration out, for editors.

use raccordo_connector_api::{Key, KeyKind, Kind};
use serde_json::{Map, Value, json};

use crate::keys::{LOCATOR, MEMBER, OF_WHOLE, Part, ROOT, SOURCE};

/// The JSON Schema of a configuration whose sources are of these kinds. `${env.NAME}` may stand for any single value.
pub fn json_schema(kinds: &[&dyn Kind]) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!("Raccordo's configuration"));
    if let Value::Object(members) = object(ROOT.iter(), kinds) {
        schema.extend(members);
    }
    Value::Object(schema)
}

fn object<'p>(parts: impl Iterator<Item = &'p Part>, kinds: &[&dyn Kind]) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts {
        let schema = match part {
            Part::Value(key) => value(key),
            Part::Section { parts, doc, .. } => described(object(parts.iter(), kinds), doc),
            Part::Texts { doc, .. } => {
                described(json!({ "type": "array", "items": { "type": "string" } }), doc)
            }
            Part::Members { doc, .. } => described(members(kinds), doc),
            Part::Locator { doc, .. } => described(system(LOCATOR, kinds), doc),
            Part::Sources { doc, .. } => described(sources(kinds), doc),
            Part::Later { .. } => continue,
        };
        let is_required =
            matches!(part, Part::Value(key) if key.required) || matches!(part, Part::Sources { .. });
        required.extend(is_required.then(|| json!(part.name())));
        properties.insert(part.name().to_owned(), schema);
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn sources(kinds: &[&dyn Kind]) -> Value {
    let entries: Vec<Value> = kinds.iter().map(|kind| source(*kind, kinds)).collect();
    json!({
        "type": "object",
        "minProperties": 1,
        "propertyNames": { "pattern": "^[a-z][a-z0-9_]*$" },
        "additionalProperties": { "oneOf": entries },
    })
}

fn source(kind: &dyn Kind, kinds: &[&dyn Kind]) -> Value {
    let own: Vec<Part> = kind.keys().iter().copied().map(Part::Value).collect();
    let mut entry = object(SOURCE.iter().chain(&own), kinds);
    // Where members have the keys that the kind needs, the source's own entry may be without them.
    let needed: Vec<&str> = own.iter().filter_map(required).collect();
    if let Some(required) = entry.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !needed.iter().any(|needed| name == needed));
    }
    if let Some(entry) = entry.as_object_mut() {
        entry.insert("anyOf".to_owned(), json!([{ "required": ["members"] }, { "required": needed }]));
    }
    if let Some(word) = entry.pointer_mut("/properties/kind") {
        *word = json!({ "const": kind.name(), "description": "What the source is." });
    }
    entry
}

fn required(part: &Part) -> Option<&'static str> {
    match part {
        Part::Value(key) if key.required => Some(key.name),
        _ => None,
    }
}

fn members(kinds: &[&dyn Kind]) -> Value {
    json!({
        "type": "object",
        "minProperties": 1,
        "propertyNames": { "pattern": "^[a-z][a-z0-9_]*$" },
        "additionalProperties": system(MEMBER, kinds),
    })
}

/// A member, or the locator, of any kind: what its kind needs may stand in its source's entry.
fn system(own: &'static [Part], kinds: &[&dyn Kind]) -> Value {
    let needed: Vec<&str> = own.iter().filter_map(required).collect();
    let of = |kind: &&dyn Kind| {
        let of_kind = kind.keys().iter().copied().map(Part::Value);
        let common = SOURCE.iter().copied().filter(|part| !OF_WHOLE.contains(&part.name()));
        let parts: Vec<Part> = own.iter().copied().chain(common).chain(of_kind).collect();
        let mut system = object(parts.iter(), &[]);
        if let Some(system) = system.as_object_mut() {
            system.insert("required".to_owned(), json!(needed));
        }
        if let Some(word) = system.pointer_mut("/properties/kind") {
            *word = json!({ "const": kind.name(), "description": "What the system is, where it isn't what the source is." });
        }
        system
    };
    json!({ "anyOf": kinds.iter().map(of).collect::<Vec<_>>() })
}

fn value(key: &Key) -> Value {
    let variable = json!({ "type": "string", "pattern": "\\$\\{env\\." });
    let schema = match key.kind {
        KeyKind::Text | KeyKind::Secret => json!({ "type": ["string", "number", "boolean"] }),
        KeyKind::Url(schemes) => {
            let start = format!("^({}):", schemes.join("|"));
            json!({ "anyOf": [{ "type": "string", "pattern": start }, variable] })
        }
        KeyKind::Integer { min, max, default } => {
            json!({ "anyOf": [{ "type": "integer", "minimum": min, "maximum": max }, variable], "default": default })
        }
        KeyKind::Bool(default) => json!({ "anyOf": [{ "type": "boolean" }, variable], "default": default }),
        KeyKind::Choice(words) => json!({ "anyOf": [{ "enum": words }, variable] }),
    };
    described(schema, key.doc)
}

fn described(mut schema: Value, doc: &str) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), json!(doc));
    }
    schema
}
