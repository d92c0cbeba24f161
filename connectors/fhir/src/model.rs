//! A source's mapping as this kind uses it, checked: which resources stand for which types, how they are found, what tells a key's value.
//!
//! Made by `check.rs` only, so whatever is here can be asked.

use std::collections::HashMap;
use std::sync::Arc;

use raccordo_connector_web::jq::Program;
use raccordo_schema::mapping::{Name, Page, SourceMapping};
use raccordo_schema::scalars::CodiceFiscale;
use serde_json::Value;

use crate::bundle::Resource;
use crate::filter::Filter;
use crate::search::Search;

/// Keys that go in one call when the mapping doesn't say.
pub(crate) const DEFAULT_BATCH: usize = 50;
/// Resources that one page of a list is asked to have when the mapping doesn't say: what servers commonly grant.
pub(crate) const DEFAULT_PAGE: usize = 200;

/// A checked source.
pub(crate) struct Model {
    pub(crate) mapping: Arc<SourceMapping>,
    /// By type.
    pub(crate) entities: HashMap<Name, Entity>,
    /// By type (or `Query`) and field.
    pub(crate) finders: HashMap<(Name, Name), Finder>,
    /// The jq programs of `@from`, by type and field.
    pub(crate) programs: HashMap<(Name, Name), Program>,
}

impl Model {
    /// How a field's records are found, when they have a search of their own.
    pub(crate) fn finder(&self, type_name: &Name, field: &Name) -> Option<&Finder> {
        self.finders.get(&(type_name.clone(), field.clone()))
    }

    /// The program that gives a field's value.
    pub(crate) fn program(&self, type_name: &Name, field: &Name) -> Option<&Program> {
        self.programs.get(&(type_name.clone(), field.clone()))
    }

    /// The key whose value a field of a resource is, when nothing else is said of the field.
    pub(crate) fn key_of(&self, type_name: &Name, field: &Name) -> Option<&Key> {
        self.entities.get(type_name).map(|entity| &entity.key).filter(|key| key.field == *field)
    }
}

/// A type whose entities are resources, found by key.
#[derive(Clone)]
pub(crate) struct Entity {
    pub(crate) type_name: Name,
    pub(crate) resource: Name,
    pub(crate) key: Key,
    pub(crate) conditions: Vec<(Name, Arc<str>)>,
    pub(crate) batch: usize,
}

/// The key of an entity.
#[derive(Clone)]
pub(crate) struct Key {
    /// The key's field.
    pub(crate) field: Name,
    /// The search parameter that finds a value of it.
    pub(crate) param: Name,
    /// The identifier systems under which a value counts; none for `_id`.
    pub(crate) systems: Vec<Name>,
    /// The values are codici fiscali.
    pub(crate) is_codice_fiscale: bool,
}

impl Key {
    /// The element that tells the key.
    pub(crate) fn element(&self) -> &'static str {
        if self.systems.is_empty() { "id" } else { "identifier" }
    }

    /// A value in canonical form; `None` when it can't be one: empty, or no codice fiscale.
    pub(crate) fn canonical(&self, value: &str) -> Option<String> {
        match self.is_codice_fiscale {
            true => CodiceFiscale::parse(value).ok().map(|code| code.canonical().to_owned()),
            false => (!value.trim().is_empty()).then(|| value.to_owned()),
        }
    }

    /// The canonical values of the key that a resource carries: its id, or its identifiers under one of the systems.
    pub(crate) fn values(&self, resource: &Resource) -> Vec<String> {
        if self.systems.is_empty() {
            return vec![resource.id.clone()];
        }
        let identifiers = resource.json.get("identifier").and_then(Value::as_array);
        let text = |identifier: &Value, name: &str| identifier.get(name)?.as_str().map(str::to_owned);
        let mut values: Vec<String> = Vec::new();
        for identifier in identifiers.into_iter().flatten() {
            let counts = text(identifier, "system")
                .is_some_and(|of| self.systems.iter().any(|system| **system == *of));
            let value = text(identifier, "value").filter(|_| counts).and_then(|value| self.canonical(&value));
            values.extend(value.filter(|value| !values.contains(value)));
        }
        values
    }
}

/// A field whose records have a search of their own: a root, or a relation.
#[derive(Clone)]
pub(crate) struct Finder {
    /// The type that has the field, for errors.
    pub(crate) type_name: Name,
    /// The field, for errors.
    pub(crate) field: Name,
    /// The resource type that is searched.
    pub(crate) resource: Name,
    /// The type of a record.
    pub(crate) node: Name,
    pub(crate) form: Form,
    /// Set for relations.
    pub(crate) reference: Option<Reference>,
    pub(crate) conditions: Vec<(Name, Arc<str>)>,
    pub(crate) filters: Vec<Filter>,
    /// `_sort`, when an order is declared.
    pub(crate) sort: Option<String>,
    pub(crate) page: Page,
    pub(crate) page_size: usize,
    pub(crate) batch: usize,
    /// The key of the type of a record, where it has one.
    pub(crate) key: Option<Key>,
}

impl Finder {
    /// The search with what always holds.
    pub(crate) fn search(&self) -> Search {
        with_conditions(Search::new(&self.resource), &self.conditions)
    }

    /// The failure, at the field.
    pub(crate) fn blame(&self, failure: raccordo_connector_api::Failure) -> raccordo_connector_api::Failure {
        match failure.coordinate {
            None => failure.at(&self.type_name, &self.field),
            Some(_) => failure,
        }
    }
}

/// A search with conditions that always hold, as the mapping writes them.
pub(crate) fn with_conditions(search: Search, conditions: &[(Name, Arc<str>)]) -> Search {
    conditions.iter().fold(search, |search, (name, value)| search.with(&**name, &**value))
}

/// How a relation hangs on its parent.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// The resource type of the parent.
    pub(crate) parent: Name,
    /// The search parameter.
    pub(crate) param: Name,
    /// The path of the element that it looks into.
    pub(crate) path: Vec<String>,
}

/// What a field gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One record or none.
    Single,
    /// A list.
    List,
    /// A connection.
    Connection,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(systems: &[&str], is_codice_fiscale: bool) -> Key {
        let systems = systems.iter().map(|system| Name::from(*system)).collect();
        Key { field: "codiceFiscale".into(), param: "identifier".into(), systems, is_codice_fiscale }
    }

    #[test]
    fn a_value_counts_only_under_one_of_the_systems() {
        let json = json!({ "identifier": [
            { "system": "http://altro", "value": "RSSMRA80A01H501U" },
            { "value": "RSSMRA80A01H501U" },
            { "system": "urn:b", "value": "VRDGNN80A01H501X" },
            { "system": "http://a", "value": 7 },
            "niente",
        ]});
        let resource = Resource { id: "p1".to_owned(), json };
        assert_eq!(key(&["http://a", "urn:b"], false).values(&resource), ["VRDGNN80A01H501X"]);
        assert_eq!(key(&["http://a"], false).values(&resource), [""; 0]);
        assert_eq!(key(&[], false).values(&resource), ["p1"]);
    }

    #[test]
    fn an_empty_value_is_no_key() {
        assert_eq!(key(&["s"], false).canonical(" "), None);
        assert_eq!(key(&["s"], true).canonical("troppo corto"), None);
        assert_eq!(key(&["s"], false).canonical("a1").as_deref(), Some("a1"));
    }
}
