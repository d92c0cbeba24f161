//! One field of a read document in; its [`FieldMapping`] out: type, arguments, and where its records or its value are.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, FieldDefinition, OperationType, Type};
use apollo_compiler::schema::ExtendedType;

use super::connect::{Ground, Site, read_connect};
use super::from::read_from;
use super::inputs::check_inputs;
use super::types::Reading;
use crate::Diagnostic;
use crate::mapping::{ArgumentMapping, Connect, FieldMapping, FieldType, From, Name, NamedKind};

/// What stands above a field.
pub(crate) struct Parent<'a> {
    pub(crate) name: &'a str,
    pub(crate) root: Option<OperationType>,
    pub(crate) is_interface: bool,
    pub(crate) keys: &'a [Vec<Name>],
}

impl Reading<'_> {
    /// Reads one field. `external` says that its block is.
    pub(crate) fn field(
        &self,
        parent: &Parent<'_>,
        field: &FieldDefinition,
        external: bool,
        found: &mut Vec<Diagnostic>,
    ) -> FieldMapping {
        let shape = self.shape(parent, field, found);
        let requires: Vec<Name> = self
            .federation(field.directives.iter(), "requires")
            .filter_map(|directive| self.field_set(parent.name, directive, "REQUIRES_INVALID_FIELDS", found))
            .flatten()
            .collect();
        let connect = self.field_connect(parent, field, &shape, &requires, found);
        if self.connected {
            let on = format!("{}.{}", parent.name, field.name);
            check_inputs(self.document, &on, field, &requires, connect.as_ref(), found);
        }
        let from = self.field_from(parent, field, &shape, found);
        let external = external || self.federation(field.directives.iter(), "external").next().is_some();
        FieldMapping {
            at: self.document.places.at_name(&field.name),
            name: Name::from(field.name.as_str()),
            shape,
            arguments: field
                .arguments
                .iter()
                .map(|a| (Name::from(a.name.as_str()), read_argument(a)))
                .collect(),
            connect,
            from,
            external,
            requires,
        }
    }

    fn shape(&self, parent: &Parent<'_>, field: &FieldDefinition, found: &mut Vec<Diagnostic>) -> FieldType {
        let nested = field.ty.is_list() && field.ty.item_type().is_list();
        if nested && self.connected {
            let message = format!("`{}.{}` is a list of lists", parent.name, field.name);
            found.push(
                Diagnostic::error("LIST_OF_LISTS", self.document.places.at_name(&field.name), message)
                    .help("a connected source brings plain lists; give the inner list a type of its own"),
            );
        }
        FieldType {
            named: Name::from(field.ty.inner_named_type().as_str()),
            kind: self.kind_of(&field.ty).unwrap_or(NamedKind::Scalar),
            list: field.ty.is_list(),
            non_null: field.ty.is_non_null(),
            item_non_null: field.ty.is_list() && field.ty.item_type().is_non_null(),
        }
    }

    pub(crate) fn kind_of(&self, ty: &Type) -> Option<NamedKind> {
        Some(match self.document.schema.types.get(ty.inner_named_type())? {
            ExtendedType::Scalar(_) | ExtendedType::InputObject(_) => NamedKind::Scalar,
            ExtendedType::Enum(_) => NamedKind::Enum,
            ExtendedType::Object(_) => NamedKind::Object,
            ExtendedType::Interface(_) | ExtendedType::Union(_) => NamedKind::Abstract,
        })
    }

    fn field_connect(
        &self,
        parent: &Parent<'_>,
        field: &FieldDefinition,
        shape: &FieldType,
        requires: &[Name],
        found: &mut Vec<Diagnostic>,
    ) -> Option<Connect> {
        let mut all =
            field.directives.iter().filter(|directive| self.document.links.is_connect(directive, "connect"));
        let Some(directive) = all.next() else {
            self.unconnected_arguments(parent, field, found);
            return None;
        };
        if !self.checked.fits(directive) || self.misplaced(parent, field, directive, found) {
            return None;
        }
        let ground = Ground {
            document: self.document,
            site: if parent.root.is_some() { Site::Root } else { Site::Relation },
            on: format!("{}.{}", parent.name, field.name),
            keys: parent.keys,
            field: Some(field),
            shape: Some(shape),
            connection: self.connections.by_name.get(&shape.named).filter(|_| !shape.list),
            requires,
        };
        read_connect(&ground, directive, found)
    }

    fn misplaced(
        &self,
        parent: &Parent<'_>,
        field: &FieldDefinition,
        directive: &Node<Directive>,
        found: &mut Vec<Diagnostic>,
    ) -> bool {
        let at = self.document.places.at(directive);
        let on = format!("{}.{}", parent.name, field.name);
        let wrong = match parent.root {
            Some(OperationType::Mutation | OperationType::Subscription) => Some((
                "LATER_VERSION",
                format!("`@{}` stands on `{on}`", directive.name),
                "in this version connected sources are read; writes and subscriptions come with a later version",
            )),
            _ if parent.is_interface => Some((
                "CONNECT_ABSTRACT",
                format!("`@{}` stands on `{on}`, a field of an interface", directive.name),
                "put it on the field of each object type that implements the interface",
            )),
            _ => None,
        };
        let is_wrong = wrong.is_some();
        found.extend(wrong.map(|(rule, message, help)| Diagnostic::error(rule, at, message).help(help)));
        is_wrong
    }

    /// In a connected source a field without `@connect` reads a value: no argument reaches it.
    fn unconnected_arguments(
        &self,
        parent: &Parent<'_>,
        field: &FieldDefinition,
        found: &mut Vec<Diagnostic>,
    ) {
        if !self.connected
            || matches!(parent.root, Some(OperationType::Mutation | OperationType::Subscription))
        {
            return;
        }
        for argument in &field.arguments {
            let message =
                format!("nothing uses the argument `{}` of `{}.{}`", argument.name, parent.name, field.name);
            found.push(
                Diagnostic::error("UNUSED_ARGUMENT", self.document.places.at_name(&argument.name), message)
                    .help("only a field with `@connect` can use arguments; remove it"),
            );
        }
    }

    fn field_from(
        &self,
        parent: &Parent<'_>,
        field: &FieldDefinition,
        shape: &FieldType,
        found: &mut Vec<Diagnostic>,
    ) -> From {
        let mut all =
            field.directives.iter().filter(|directive| self.document.links.is_connect(directive, "from"));
        let Some(directive) = all.next().filter(|directive| self.checked.fits(directive)) else {
            return From::Name;
        };
        let on = format!("{}.{}", parent.name, field.name);
        let has_connect = field.directives.iter().any(|d| self.document.links.is_connect(d, "connect"));
        let reason = match () {
            () if parent.root.is_some() => Some("a root field is not part of a record"),
            () if has_connect => Some("a field with `@connect` has records of its own"),
            () if self.connections.allowed_fields(parent.name).is_some() => {
                Some("the gateway writes the fields of a connection")
            }
            () => None,
        };
        if let Some(reason) = reason {
            let message = format!("`@{}` has no meaning on `{on}`: {reason}", directive.name);
            found.push(
                Diagnostic::error("MISPLACED_FROM", self.document.places.at(directive), message)
                    .help("remove it"),
            );
        }
        read_from(&self.document.places, &on, directive, shape, found).unwrap_or(From::Name)
    }
}

fn read_argument(argument: &apollo_compiler::ast::InputValueDefinition) -> ArgumentMapping {
    ArgumentMapping {
        name: Name::from(argument.name.as_str()),
        named: Name::from(argument.ty.inner_named_type().as_str()),
        list: argument.ty.is_list(),
        non_null: argument.ty.is_non_null(),
    }
}
