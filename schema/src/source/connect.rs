//! One `@connect` and the place it stands in; a [`Connect`] out, with every mistake of its target, filters, order and paging.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, FieldDefinition, Value};

use super::document::Document;
use super::filter::{read_filters, read_order};
use super::page::{positive, read_page};
use super::target::{Use as TargetUse, read_target};
use super::values::argument;
use crate::mapping::{Connect, ConnectionMapping, FieldType, Name, NamedKind, Subjects};
use crate::{Diagnostic, Location};

/// Where a `@connect` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    /// On an object type.
    Entity,
    /// On a field of `Query`.
    Root,
    /// On a field of another object type.
    Relation,
}

/// What a `@connect` stands on.
pub(crate) struct Ground<'a> {
    pub(crate) document: &'a Document,
    pub(crate) site: Site,
    /// The coordinate, as the user would say it.
    pub(crate) on: String,
    /// The resolvable keys of the type, for entities and relations.
    pub(crate) keys: &'a [Vec<Name>],
    /// The field, for roots and relations.
    pub(crate) field: Option<&'a FieldDefinition>,
    /// Its type.
    pub(crate) shape: Option<&'a FieldType>,
    /// Its type, when that is a connection.
    pub(crate) connection: Option<&'a ConnectionMapping>,
    /// What the field `@requires`.
    pub(crate) requires: &'a [Name],
}

impl Ground<'_> {
    /// Whether the field returns several records.
    pub(crate) fn is_many(&self) -> bool {
        self.shape.is_some_and(|shape| shape.list) || self.connection.is_some()
    }

    /// Adds a mistake at a place of this directive.
    pub(crate) fn wrong(
        &self,
        found: &mut Vec<Diagnostic>,
        rule: &'static str,
        at: Location,
        message: String,
        help: impl Into<String>,
    ) {
        found.push(Diagnostic::error(rule, at, message).help(help));
    }

    /// The names of the field's arguments.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.field.into_iter().flat_map(|field| field.arguments.iter().map(|argument| argument.name.as_str()))
    }
}

/// Reads one `@connect` that fits the vocabulary.
pub(crate) fn read_connect(
    ground: &Ground<'_>,
    directive: &Node<Directive>,
    found: &mut Vec<Diagnostic>,
) -> Option<Connect> {
    let before = found.len();
    check_return(ground, directive, found);
    let TargetUse { target, mut used } = read_target(ground, directive, found)?;
    let filters = read_filters(ground, directive, &target, found);
    let order = read_order(ground, directive, &target, found);
    let page = read_page(ground, directive, &target, found);
    used.extend(filters.iter().map(|filter| filter.arg.to_string()));
    used.extend(page.iter().flat_map(|p| [&p.first, &p.after]).flatten().map(|name| name.to_string()));
    // A filter that couldn't be read may be what would use an argument.
    if found.len() == before {
        unused_arguments(ground, &directive.name, &used, found);
    }
    Some(Connect {
        at: ground.document.places.at(directive),
        target,
        filters,
        order,
        page,
        batch_max: read_batch(ground, directive, found),
        subjects: read_subjects(ground, directive, found),
    })
}

fn check_return(ground: &Ground<'_>, directive: &Node<Directive>, found: &mut Vec<Diagnostic>) {
    let at = ground.document.places.at(directive);
    let (name, on) = (&directive.name, &ground.on);
    match ground.shape.map(|shape| (shape.kind, &shape.named)) {
        Some((NamedKind::Abstract, named)) => ground.wrong(
            found,
            "CONNECT_ABSTRACT",
            at,
            format!("`@{name}` stands on `{on}`, which returns the interface or union `{named}`"),
            "in this version a connected field returns an object type; interfaces and unions come with a later version",
        ),
        Some((NamedKind::Scalar | NamedKind::Enum, named)) => ground.wrong(
            found,
            "CONNECT_LEAF",
            at,
            format!("`@{name}` stands on `{on}`, which returns the single value `{named}`"),
            "it brings records: let the field return an object type, a list of it or a connection",
        ),
        Some((NamedKind::Object, _)) | None => {}
    }
}

fn unused_arguments(ground: &Ground<'_>, directive: &str, used: &[String], found: &mut Vec<Diagnostic>) {
    if used.iter().any(String::is_empty) {
        return;
    }
    for argument in ground.field.into_iter().flat_map(|field| &field.arguments) {
        let routes = ground.document.route_by.as_deref() == Some(argument.name.as_str());
        if !routes && !used.iter().any(|name| name == argument.name.as_str()) {
            ground.wrong(
                found,
                "UNUSED_ARGUMENT",
                ground.document.places.at_name(&argument.name),
                format!("nothing uses the argument `{}` of `{}`", argument.name, ground.on),
                format!("name it in `@{directive}(filter:)` or `page:`, or remove it"),
            );
        }
    }
}

fn read_batch(
    ground: &Ground<'_>,
    directive: &Node<Directive>,
    found: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let value = argument(directive, "batch")?;
    if ground.site == Site::Root {
        misplaced(ground, value, directive, "batch", "a root field is asked by no keys", found);
        return None;
    }
    positive(ground, value, "maxSize", found)
}

fn read_subjects(
    ground: &Ground<'_>,
    directive: &Node<Directive>,
    found: &mut Vec<Diagnostic>,
) -> Option<Subjects> {
    let value = argument(directive, "subjects")?;
    if ground.site != Site::Root {
        misplaced(ground, value, directive, "subjects", "it is for fields of `Query`", found);
        return None;
    }
    match value.as_enum()?.as_str() {
        "PUSHED" => Some(Subjects::Pushed),
        "KEYS_FIRST" => Some(Subjects::KeysFirst),
        _ => Some(Subjects::Public),
    }
}

/// An argument that has no meaning where this `@connect` stands.
pub(crate) fn misplaced(
    ground: &Ground<'_>,
    value: &Node<Value>,
    directive: &Node<Directive>,
    name: &str,
    why: &str,
    found: &mut Vec<Diagnostic>,
) {
    let message = format!("`@{}({name}:)` has no meaning on `{}`: {why}", directive.name, ground.on);
    ground.wrong(
        found,
        "MISPLACED_ARGUMENT",
        ground.document.places.at(value),
        message,
        format!("remove `{name}:`"),
    );
}
