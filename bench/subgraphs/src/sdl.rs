//! A subgraph's SDL as its partner wrote it enters; a schema that can be executed leaves: the federation's directives and
//! the fields `_entities` and `_service` are added.

use std::path::Path;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;

use crate::error::BenchError;

/// What Federation defines and a subgraph's file doesn't.
const FEDERATION: &str = r#"
scalar _Import
scalar _FieldSet
scalar _Any
directive @link(url: String, import: [_Import]) repeatable on SCHEMA
directive @key(fields: _FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
directive @external on FIELD_DEFINITION | OBJECT
directive @requires(fields: _FieldSet!) on FIELD_DEFINITION
directive @provides(fields: _FieldSet!) on FIELD_DEFINITION
directive @shareable repeatable on FIELD_DEFINITION | OBJECT
"#;

/// The schema of one subgraph.
pub(crate) fn subgraph(path: &Path) -> Result<Valid<Schema>, BenchError> {
    let text = text(path)?;
    let drafted = match Schema::parse(format!("{text}{FEDERATION}"), path) {
        Ok(schema) => schema,
        Err(found) => found.partial,
    };
    let entities: Vec<_> = drafted
        .types
        .values()
        .filter(|kind| matches!(kind, ExtendedType::Object(_)) && kind.directives().has("key"))
        .map(|kind| kind.name().to_string())
        .collect();
    let roots = match drafted.types.contains_key("Query") {
        true => "extend type Query",
        false => "type Query",
    };
    let entry = match entities.is_empty() {
        true => String::new(),
        false => format!(
            "union _Entity = {}\n{roots} {{ _entities(representations: [_Any!]!): [_Entity]! }}\n",
            entities.join(" | ")
        ),
    };
    valid(format!("{text}{FEDERATION}{entry}"), path)
}

/// The schema of a supergraph, as it is printed: its directives are no hindrance.
pub(crate) fn supergraph(path: &Path) -> Result<Valid<Schema>, BenchError> {
    valid(text(path)?, path)
}

fn text(path: &Path) -> Result<String, BenchError> {
    std::fs::read_to_string(path).map_err(|why| BenchError::Unreadable { path: path.to_owned(), why })
}

fn valid(text: String, path: &Path) -> Result<Valid<Schema>, BenchError> {
    Schema::parse_and_validate(text, path)
        .map_err(|found| BenchError::Schema { path: path.to_owned(), why: found.errors.to_string() })
}
