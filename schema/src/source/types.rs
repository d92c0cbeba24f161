//! A read document in; its types, roots and enums as mappings out, with the mistakes that need a type's whole picture.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, FieldDefinition, OperationType, Value};
use apollo_compiler::schema::{Component, DirectiveList, ExtendedType};
use indexmap::IndexMap;

use super::connect::{Ground, Site, read_connect};
use super::connection::Connections;
use super::document::Document;
use super::fields::Parent;
use super::fieldset::paths;
use super::values::argument;
use super::vocabulary::Checked;
use crate::Diagnostic;
use crate::mapping::{Connect, FieldMapping, Name, NamedKind, TypeMapping};

/// What reading a source's types needs at every step.
pub(crate) struct Reading<'a> {
    pub(crate) document: &'a Document,
    pub(crate) checked: &'a Checked,
    pub(crate) connections: &'a Connections,
    /// The source uses `@connect` or `@from`: its fields are fetched by a connector that maps them.
    pub(crate) connected: bool,
}

impl Reading<'_> {
    /// Object types and interfaces, roots and Federation's own excepted.
    pub(crate) fn types(&self, found: &mut Vec<Diagnostic>) -> IndexMap<Name, TypeMapping> {
        let mut types = IndexMap::new();
        for (name, ty) in self.document.schema.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
            let mapped = match ty {
                ExtendedType::Object(_) if self.root(name).is_some() || name == "_Service" => None,
                ExtendedType::Object(object) => {
                    Some(self.object(&object.name, &object.directives, &object.fields, false, found))
                }
                ExtendedType::Interface(interface) => {
                    Some(self.object(&interface.name, &interface.directives, &interface.fields, true, found))
                }
                _ => None,
            };
            types.extend(mapped.map(|mapped| (mapped.name.clone(), mapped)));
        }
        types
    }

    /// The fields of a root type.
    pub(crate) fn roots(
        &self,
        operation: OperationType,
        found: &mut Vec<Diagnostic>,
    ) -> IndexMap<Name, FieldMapping> {
        let schema = &self.document.schema;
        let object = schema.root_operation(operation).and_then(|name| schema.get_object(name));
        let Some(object) = object else { return IndexMap::new() };
        self.type_connect(&object.name, &object.directives, &[], true, found);
        let parent = Parent { name: &object.name, root: Some(operation), is_interface: false, keys: &[] };
        let fields =
            object.fields.values().filter(|field| !matches!(field.name.as_str(), "_entities" | "_service"));
        let mut mapped = IndexMap::new();
        for field in fields {
            let field = self.field(&parent, field, false, found);
            mapped.insert(field.name.clone(), field);
        }
        mapped
    }

    fn root(&self, name: &str) -> Option<OperationType> {
        let kinds = [OperationType::Query, OperationType::Mutation, OperationType::Subscription];
        kinds
            .into_iter()
            .find(|kind| self.document.schema.root_operation(*kind).is_some_and(|root| root == name))
    }

    fn object(
        &self,
        name: &apollo_compiler::Name,
        directives: &DirectiveList,
        fields: &IndexMapOf<FieldDefinition>,
        is_interface: bool,
        found: &mut Vec<Diagnostic>,
    ) -> TypeMapping {
        let (keys, served) = self.keys_apart(name, directives, fields, found);
        self.check_subject(name, directives, fields, found);
        let connect = self.type_connect(name, directives, &keys, false, found);
        let parent = Parent { name, root: None, is_interface, keys: &keys };
        let mut mapped = IndexMap::new();
        for field in fields.values() {
            let external = self.external_block(directives, field);
            let field = self.field(&parent, field, external, found);
            mapped.insert(field.name.clone(), field);
        }
        if self.connected {
            self.check_paging_type(name, fields, connect.as_ref(), found);
        }
        let own = Name::from(name.as_str());
        let connection = self.connections.by_name.get(&own).cloned();
        TypeMapping {
            at: self.document.places.at_name(name),
            name: own,
            keys,
            served,
            connect,
            fields: mapped,
            connection,
        }
    }

    fn of<'d>(
        &self,
        directives: &'d DirectiveList,
        name: &'static str,
    ) -> impl Iterator<Item = &'d Component<Directive>> {
        directives.iter().filter(move |directive| self.document.links.is_connect(directive, name))
    }

    /// The directives that are Federation's `@name`.
    pub(crate) fn federation<'d>(
        &self,
        directives: impl Iterator<Item = &'d Node<Directive>>,
        name: &'static str,
    ) -> impl Iterator<Item = &'d Node<Directive>> {
        directives.filter(move |directive| self.document.links.is_federation(directive, name))
    }

    /// The keys by which records are found, and the fields of theirs that choose a member: what a member serves isn't in its records.
    fn keys_apart(
        &self,
        name: &apollo_compiler::Name,
        directives: &DirectiveList,
        fields: &IndexMapOf<FieldDefinition>,
        found: &mut Vec<Diagnostic>,
    ) -> (Vec<Vec<Name>>, Vec<Name>) {
        let is_served = |field: &Name| {
            let own = fields.get(&**field).into_iter().flat_map(|field| &field.directives);
            let mut from = own.filter(|directive| self.document.links.is_connect(directive, "from"));
            from.any(|from| {
                argument(from, "meta").and_then(|meta| meta.as_enum()).is_some_and(|meta| meta == "SERVES")
            })
        };
        let mut served: Vec<Name> = Vec::new();
        let mut keys = self.keys(name, directives, found);
        for key in &mut keys {
            served.extend(key.iter().filter(|field| is_served(field)).cloned());
            key.retain(|field| !is_served(field));
        }
        if keys.iter().any(Vec::is_empty) {
            let message =
                format!("the `@key` of `{name}` says which member has it, and not which record it is");
            found.push(
                Diagnostic::error("KEY_SERVES", self.document.places.at_name(name), message)
                    .help("add the field by which the member finds the record"),
            );
        }
        served.sort_unstable();
        served.dedup();
        (keys, served)
    }

    fn keys(&self, ty: &str, directives: &DirectiveList, found: &mut Vec<Diagnostic>) -> Vec<Vec<Name>> {
        let all = directives.iter().map(|component| &component.node);
        let mut keys = Vec::new();
        for directive in self.federation(all, "key") {
            let resolvable = argument(directive, "resolvable").and_then(|v| v.to_bool()).unwrap_or(true);
            let read = self.field_set(ty, directive, "KEY_INVALID_FIELDS", found);
            keys.extend(read.filter(|_| resolvable));
        }
        keys
    }

    /// The paths of a directive's `fields:`, each of which exists.
    pub(crate) fn field_set(
        &self,
        ty: &str,
        directive: &Node<Directive>,
        rule: &'static str,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Name>> {
        let value = argument(directive, "fields")?;
        // Federation 1 also took a name, or a list of names.
        let name =
            |value: &Value| value.as_str().or(value.as_enum().map(|name| name.as_str())).map(str::to_owned);
        let text = match value.as_list() {
            Some(list) => list.iter().filter_map(|item| name(item)).collect::<Vec<_>>().join(" "),
            None => name(value).unwrap_or_default(),
        };
        let at = self.document.places.at(value);
        let wrong = |why: String| {
            Diagnostic::error(
                rule,
                at.clone(),
                format!("`@{}(fields: \"{text}\")` on `{ty}`: {why}", directive.name),
            )
        };
        match paths(&text) {
            Err(why) => {
                found.push(
                    wrong(why).help("write field names, nested ones in braces: \"id comune { istat }\""),
                );
                None
            }
            Ok(paths) => {
                for path in &paths {
                    if let Some(why) = self.unknown_step(ty, path) {
                        found.push(wrong(why).help("a field set names fields of the type"));
                    }
                }
                Some(paths.into_iter().map(Name::from).collect())
            }
        }
    }

    /// Why a dotted path doesn't lead anywhere. Below interfaces and unions Federation's composition decides.
    fn unknown_step(&self, ty: &str, path: &str) -> Option<String> {
        let mut current = ty.to_owned();
        for step in path.split('.') {
            let fields = match self.document.schema.types.get(current.as_str())? {
                ExtendedType::Object(object) => &object.fields,
                _ => return None,
            };
            match fields.get(step) {
                Some(field) => current = field.ty.inner_named_type().to_string(),
                None => return Some(format!("`{current}` has no field `{step}`")),
            }
        }
        self.document.schema.types.get(current.as_str()).filter(|ty| !ty.is_leaf())?;
        Some(format!("`{path}` is a record, and its fields aren't named"))
    }

    fn check_subject(
        &self,
        ty: &str,
        directives: &DirectiveList,
        fields: &IndexMapOf<FieldDefinition>,
        found: &mut Vec<Diagnostic>,
    ) {
        for directive in self.of(directives, "subject").filter(|d| self.checked.fits(d)) {
            let Some(value) = argument(directive, "key") else { continue };
            let key = value.as_str().unwrap_or_default();
            let field = fields.get(key);
            let leaf = field.is_some_and(|f| {
                !f.ty.is_list() && self.kind_of(&f.ty).is_some_and(|k| k == NamedKind::Scalar)
            });
            if !leaf {
                let why = if field.is_some() { "is not a single scalar" } else { "is not a field of it" };
                found.push(
                    Diagnostic::error(
                        "SUBJECT_KEY",
                        self.document.places.at(value),
                        format!("`@{}(key: \"{key}\")` on `{ty}`: `{key}` {why}", directive.name),
                    )
                    .help("name the field that holds the person's key, as `codiceFiscale`"),
                );
            }
        }
    }

    fn type_connect(
        &self,
        ty: &str,
        directives: &DirectiveList,
        keys: &[Vec<Name>],
        is_root: bool,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Connect> {
        let directive = self.of(directives, "connect").next()?;
        if is_root {
            found.push(
                Diagnostic::error(
                    "WRONG_LOCATION",
                    self.document.places.at(directive),
                    format!("`@{}` stands on the root type `{ty}`", directive.name),
                )
                .help("put it on the fields of the root type"),
            );
            return None;
        }
        let ground = Ground {
            document: self.document,
            site: Site::Entity,
            on: ty.to_owned(),
            keys,
            field: None,
            shape: None,
            connection: None,
            requires: &[],
        };
        self.checked.fits(directive).then(|| read_connect(&ground, directive, found)).flatten()
    }

    /// `@external` on a type stands for all fields of the same block.
    fn external_block(&self, directives: &DirectiveList, field: &Component<FieldDefinition>) -> bool {
        directives
            .iter()
            .any(|d| d.origin == field.origin && self.document.links.is_federation(d, "external"))
    }

    /// A connection's fields are written by the gateway, so there may be no others.
    fn check_paging_type(
        &self,
        ty: &str,
        fields: &IndexMapOf<FieldDefinition>,
        connect: Option<&Connect>,
        found: &mut Vec<Diagnostic>,
    ) {
        let Some(allowed) = self.connections.allowed_fields(ty) else { return };
        if let Some(connect) = connect {
            let message = format!("`@connect` stands on `{ty}`, which is part of a connection");
            found.push(
                Diagnostic::error("CONNECTION_FIELD", connect.at.clone(), message)
                    .help("put it on the field that returns the connection"),
            );
        }
        for field in fields.values().filter(|field| !allowed.contains(&field.name.as_str())) {
            let known = allowed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let message = format!("`{ty}.{}` is not a field that paging writes", field.name);
            found.push(
                Diagnostic::error("CONNECTION_FIELD", self.document.places.at_name(&field.name), message)
                    .help(format!("in this version `{ty}` has {known} only")),
            );
        }
    }
}

/// A map of a merged schema.
type IndexMapOf<T> = apollo_compiler::collections::IndexMap<apollo_compiler::Name, Component<T>>;
