//! A source's mapping in; its [`Model`], or every mistake that only this kind can see, out. Opens nothing.
//!
//! What the vocabulary itself says is checked before (`raccordo-schema`): that a type has a key, a relation its `reference`, a directive its place.

use std::collections::HashMap;

use raccordo_connector_api::Source;
use raccordo_connector_web::jq::Program;
use raccordo_schema::mapping::{
    Connect, FhirTarget, FieldMapping, FilterOp, From, Name, NamedKind, Target, TypeMapping,
};
use raccordo_schema::{Diagnostic, Location};

use crate::filter::{Filter, prefix};
use crate::model::{DEFAULT_BATCH, DEFAULT_PAGE, Entity, Finder, Form, Key, Model, Reference};
use crate::reference::element_path;
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
        let mistake = match (&*param, target.key_systems.is_empty()) {
            ("identifier", true) => Some((
                "`key: { param: \"identifier\" }` names no systems: a number means nothing without the system that gave it",
                "add `systems:`, as `systems: [\"http://hl7.it/sid/codiceFiscale\"]`",
            )),
            ("_id", false) => {
                Some(("`key: { param: \"_id\" }` has `systems:`: an id has none", "remove `systems:`"))
            }
            ("identifier" | "_id", _) => None,
            _ => Some((
                "entities are found by `identifier` or by `_id`",
                "use one of these as `key: { param: }`; other parameters come with a later version",
            )),
        };
        if let Some((message, help)) = mistake {
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

    /// A root, or a relation of a type.
    fn finder(&mut self, type_name: &Name, of: Option<&TypeMapping>, field: &FieldMapping) -> Option<Finder> {
        let Some(connect) = &field.connect else {
            let message = format!("nothing says where the records of `{type_name}.{}` are", field.name);
            self.wrong("CONNECT_MISSING", &field.at, message, "add `@connect(fhir: { resource: \"…\" })`");
            return None;
        };
        let target = self.target(connect)?;
        let connection =
            self.source.mapping.types.get(&field.shape.named).and_then(|named| named.connection.as_ref());
        let form = match (connection, field.shape.list) {
            (_, true) => Form::List,
            (Some(_), false) => Form::Connection,
            (None, false) => Form::Single,
        };
        let node = connection.map_or(&field.shape.named, |connection| &connection.node).clone();
        let reference = match of {
            None => None,
            Some(of) => Some(self.reference(of, field, connect, target)?),
        };
        self.node(&node, connect, target);
        let key = self
            .entities
            .get(&node)
            .filter(|entity| entity.resource == target.resource)
            .map(|of| of.key.clone());
        let filters =
            connect.filters.iter().filter_map(|filter| self.filter(field, connect, filter, key.as_ref()));
        let filters = filters.collect();
        let sort = self.sort(connect);
        let page = connect.page.clone().unwrap_or_default();
        if of.is_some() && form == Form::Connection {
            let message = format!(
                "`{type_name}.{}` is a connection, and a relation of kind `fhir` has no cursors",
                field.name
            );
            let help = "return a plain list, with `page: { first: … }` where it may be long";
            self.wrong("FHIR_PAGE", &connect.at, message, help);
        }
        Some(Finder {
            type_name: type_name.clone(),
            field: field.name.clone(),
            resource: target.resource.clone(),
            node,
            form,
            reference,
            conditions: target.conditions.clone(),
            filters,
            sort,
            page_size: page.size.unwrap_or(DEFAULT_PAGE),
            page,
            batch: connect.batch_max.unwrap_or(DEFAULT_BATCH),
            key,
        })
    }

    fn reference(
        &mut self,
        of: &TypeMapping,
        field: &FieldMapping,
        connect: &Connect,
        target: &FhirTarget,
    ) -> Option<Reference> {
        let param = target.reference.clone()?;
        self.parameter(&param, &connect.at);
        if param.contains([':', '.']) {
            let message = format!("`reference: \"{param}\"` has a modifier or a chain");
            self.wrong(
                "FHIR_REFERENCE",
                &connect.at,
                message,
                "name the search parameter alone, as `patient`",
            );
        }
        let Some(parent) = self.entities.get(&of.name).map(|entity| entity.resource.clone()) else {
            if !matches!(of.connect.as_ref().map(|connect| &connect.target), Some(Target::Fhir(_))) {
                let message = format!(
                    "`{}.{}` refers to the resource of `{}`, and nothing says which resource that is",
                    of.name, field.name, of.name
                );
                let help = "add `@connect(fhir: { resource: \"…\", key: … })` to the type";
                self.wrong("FHIR_REFERENCE", &connect.at, message, help);
            }
            return None;
        };
        let path = element_path(&target.resource, &param);
        Some(Reference { parent, param, path })
    }

    /// The type of a record that is a resource by itself is of the resource that the field searches.
    fn node(&mut self, node: &Name, connect: &Connect, target: &FhirTarget) {
        let Some(entity) = self.entities.get(node).filter(|entity| entity.resource != target.resource) else {
            return;
        };
        let message =
            format!("`{node}` is a `{}`, and this searches for `{}`", entity.resource, target.resource);
        self.wrong(
            "FHIR_RESOURCE",
            &connect.at,
            message,
            "search for the type's own resource, or return another type",
        );
    }

    fn filter(
        &mut self,
        field: &FieldMapping,
        connect: &Connect,
        filter: &raccordo_schema::mapping::Filter,
        key: Option<&Key>,
    ) -> Option<Filter> {
        self.parameter(&filter.target, &connect.at);
        let Some(prefix) = prefix(filter.op) else {
            let op = if filter.op == FilterOp::Prefix { "PREFIX" } else { "CONTAINS" };
            let message =
                format!("the filter on `{}` has `op: {op}`, which kind `fhir` can't do", filter.arg);
            let help = "use one of `EQ`, `NE`, `GT`, `GE`, `LT`, `LE`, `IN`";
            self.wrong("FHIR_FILTER", &connect.at, message, help);
            return None;
        };
        let key = key.filter(|key| key.param == filter.target);
        if key.is_some() && !prefix.is_empty() {
            let message =
                format!("the filter on `{}` compares `{}`, which has no order", filter.arg, filter.target);
            self.wrong("FHIR_FILTER", &connect.at, message, "use `EQ` or `IN`");
        }
        if &*filter.target == "identifier" && key.is_none() {
            let message = format!(
                "the filter on `{}` is by `identifier`, and the type that comes back names no systems",
                filter.arg
            );
            let help = "give the type `@connect(fhir: { resource: \"…\", key: { param: \"identifier\", systems: […] } })`";
            self.wrong("FHIR_FILTER", &connect.at, message, help);
        }
        Some(Filter {
            arg: filter.arg.clone(),
            named: field
                .arguments
                .get(&filter.arg)
                .map_or_else(|| Name::from(""), |argument| argument.named.clone()),
            param: filter.target.clone(),
            prefix,
            systems: key.map(|key| key.systems.clone()).unwrap_or_default(),
            is_key: key.is_some(),
        })
    }

    fn sort(&mut self, connect: &Connect) -> Option<String> {
        for order in &connect.order {
            self.parameter(&order.target, &connect.at);
        }
        let criterion = |order: &raccordo_schema::mapping::Order| {
            format!("{}{}", if order.descending { "-" } else { "" }, order.target)
        };
        let criteria: Vec<String> = connect.order.iter().map(criterion).collect();
        (!criteria.is_empty()).then(|| criteria.join(","))
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
            From::Column(_) | From::Header(_) => {
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
