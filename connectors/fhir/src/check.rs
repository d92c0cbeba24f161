//! A source's mapping in; its [`Model`], or every mistake that only this kind can see, out. Opens nothing.
//!
//! What the vocabulary itself says is checked before (`raccordo-schema`): that a type has a key, a relation its `reference`, a directive its place.

mod finder;

use std::collections::HashMap;

use raccordo_connector_api::Source;
use raccordo_connector_web::jq::Program;
use raccordo_schema::mapping::{
    Connect, FhirTarget, FieldMapping, From, Name, NamedKind, Target, TypeMapping,
};
use raccordo_schema::{Diagnostic, Location};

use crate::model::{DEFAULT_BATCH, Entity, Key, Model};
use crate::search::is_result_parameter;

/// The variables of every jq program of `@from`.
pub(crate) const VARIABLES: &[&str] = &["source"];

/// Checks a mapping; mistakes go to `found`.
pub(crate) fn check(source: Source<'_>, found: &mut Vec<Diagnostic>) -> Model {
    let mapping = source.mapping.clone();
    let mut check = Check { source, found, entities: HashMap::new() };
    for of in mapping.types.values() {
        if let Some(entity) = check.entity(of) {
            check.entities.insert(of.name.clone(), entity);
        }
    }
    let (mut finders, mut programs) = (HashMap::new(), HashMap::new());
    let query = Name::from("Query");
    for field in mapping.queries.values() {
        let finder = check.finder(&query, None, field);
        finders.extend(finder.map(|finder| ((query.clone(), field.name.clone()), finder)));
    }
    let written = |of: &&TypeMapping| {
        let mut connections = mapping.types.values().filter_map(|of| of.connection.as_ref());
        of.connection.is_some() || connections.any(|of_nodes| of_nodes.edge.as_ref() == Some(&of.name))
    };
    for of in mapping.types.values().filter(|of| !written(of)) {
        for field in of.fields.values() {
            let at = || (of.name.clone(), field.name.clone());
            match &field.connect {
                Some(_) => {
                    finders.extend(check.finder(&of.name, Some(of), field).map(|finder| (at(), finder)))
                }
                None => programs.extend(check.program(&of.name, field).map(|program| (at(), program))),
            }
        }
    }
    let entities = check.entities;
    Model { mapping, entities, finders, programs }
}

struct Check<'a> {
    source: Source<'a>,
    found: &'a mut Vec<Diagnostic>,
    entities: HashMap<Name, Entity>,
}

impl Check<'_> {
    fn wrong(&mut self, rule: &'static str, at: &Location, message: String, help: &str) {
        self.found.push(Diagnostic::error(rule, at.clone(), message).help(help));
    }

    fn target<'c>(&mut self, connect: &'c Connect) -> Option<&'c FhirTarget> {
        let Target::Fhir(target) = &connect.target else {
            let message = format!(
                "source `{}` is of kind `fhir`, and `@connect({}:)` is of another",
                self.source.name,
                connect.target.kind()
            );
            self.wrong(
                "CONNECT_KIND_MISMATCH",
                &connect.at,
                message,
                "write `fhir:`, or change the source's kind",
            );
            return None;
        };
        for (name, value) in &target.conditions {
            if value.trim().is_empty() {
                let message =
                    format!("the condition on `{name}` has no value: servers take it for no condition");
                self.wrong("FHIR_PARAMETER", &connect.at, message, "give a value, or remove the condition");
            }
            self.parameter(name, &connect.at);
        }
        Some(target)
    }

    /// A search parameter that selects, as FHIR writes names.
    fn parameter(&mut self, name: &str, at: &Location) {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
        if name.is_empty() || !name.bytes().all(letter) {
            let help = "search parameters are words as `status`, perhaps with a modifier as `status:not`";
            self.wrong("FHIR_PARAMETER", at, format!("`{name}` is not a FHIR search parameter"), help);
        } else if is_result_parameter(name) {
            let message = format!("`{name}` shapes the result: the gateway sets it by itself");
            self.wrong(
                "FHIR_PARAMETER",
                at,
                message,
                "remove it; pages and elements follow from what is asked",
            );
        }
    }

    fn entity(&mut self, of: &TypeMapping) -> Option<Entity> {
        let connect = of.connect.as_ref()?;
        let target = self.target(connect)?;
        let [fields] = of.keys.as_slice() else { return None };
        let [field] = fields.as_slice() else { return None };
        let Some(mapping) = of.fields.get(field) else {
            let message = format!("the key `{field}` of `{}` is inside another object", of.name);
            self.wrong("KEY_PARAMETER", &connect.at, message, "use a field of the type itself as `@key`");
            return None;
        };
        let param = target.key_param.clone().unwrap_or_else(|| Name::from("identifier"));
        if let Some((message, help)) = key_mistake(&param, !target.key_systems.is_empty()) {
            self.wrong("KEY_PARAMETER", &connect.at, message.to_owned(), help);
            return None;
        }
        let is_codice_fiscale = &*mapping.shape.named == "CodiceFiscale";
        let key = Key { field: field.clone(), param, systems: target.key_systems.clone(), is_codice_fiscale };
        Some(Entity {
            type_name: of.name.clone(),
            resource: target.resource.clone(),
            key,
            conditions: target.conditions.clone(),
            batch: connect.batch_max.unwrap_or(DEFAULT_BATCH),
        })
    }

    /// The program of a field's `@from`.
    fn program(&mut self, type_name: &Name, field: &FieldMapping) -> Option<Program> {
        let on = format!("{type_name}.{}", field.name);
        self.held(&on, field);
        match &field.from {
            From::Jq { program, .. } => match Program::compile(program, VARIABLES) {
                Ok(program) => Some(program),
                Err(error) => {
                    let message = format!("`@from(jq:)` on `{on}`: {error}");
                    let help = "write a jq program on the resource, as `.period.start`";
                    self.wrong("JQ_PROGRAM", &field.at, message, help);
                    None
                }
            },
            From::Column(_) | From::Header { .. } => {
                let message = format!("`@from` on `{on}` names a column, and a resource has none");
                let help = "use `jq:`, as `@from(jq: \".period.start\")`";
                self.wrong("FROM_KIND_MISMATCH", &field.at, message, help);
                None
            }
            From::Name | From::Meta(_) => None,
        }
    }

    /// What a field without `@connect` can hold: values, and objects that are part of the resource.
    fn held(&mut self, on: &str, field: &FieldMapping) {
        let named = &field.shape.named;
        if self.entities.contains_key(named) {
            let message = format!("`{on}` holds a `{named}`, whose records are resources of their own");
            let help = "in this version a resource is reached from a root or a relation, with `@connect(fhir:)` on the field";
            self.wrong("FHIR_EMBEDDED", &field.at, message, help);
        }
        if field.shape.kind == NamedKind::Abstract {
            let message = format!("`{on}` returns the interface or union `{named}`");
            let help = "in this version a field of a resource is a value, an object type or a list of them";
            self.wrong("CONNECT_ABSTRACT", &field.at, message, help);
        }
    }
}

/// What is wrong with a key's parameter, and what to do.
fn key_mistake(param: &str, has_systems: bool) -> Option<(&'static str, &'static str)> {
    match (param, has_systems) {
        ("identifier", false) => Some((
            "`key: { param: \"identifier\" }` names no systems: a number means nothing without the system that gave it",
            "add `systems:`, as `systems: [\"http://hl7.it/sid/codiceFiscale\"]`",
        )),
        ("_id", true) => {
            Some(("`key: { param: \"_id\" }` has `systems:`: an id has none", "remove `systems:`"))
        }
        ("identifier" | "_id", _) => None,
        _ => Some((
            "entities are found by `identifier` or by `_id`",
            "use one of these as `key: { param: }`; other parameters come with a later version",
        )),
    }
}
