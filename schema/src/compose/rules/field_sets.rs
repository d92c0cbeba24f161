//! The field sets of one source: that they name fields of it, of a kind that may stand there. In: a source. Out: diagnostics, and the
//! roles that the named fields have.

use apollo_compiler::Name;

use super::{Coordinate, Roles};
use crate::Diagnostic;
use crate::compose::field_set::{self, Step};
use crate::compose::subgraph::{FieldSet, Kind, Span, Subgraph};

/// Checks all `@key`s.
pub(super) fn keys(source: &Subgraph, roles: &mut Roles, problems: &mut Vec<Diagnostic>) {
    for def in source.types.values() {
        for key in &def.keys {
            let (steps, wrong) = field_set::walk(source, &def.name, &key.fields.selections);
            let subject = format!("`@key` of `{}`", def.name);
            refuse(source, "KEY_INVALID_FIELDS", key.fields.at, &subject, wrong, problems);
            for step in &steps {
                key_step(source, step, &subject, key.fields.at, problems);
            }
            let all = with_implementations(source, &steps);
            roles.used.extend(all.iter().cloned());
            roles.in_key.extend(all);
        }
    }
}

fn key_step(source: &Subgraph, step: &Step<'_>, subject: &str, at: Span, problems: &mut Vec<Diagnostic>) {
    let field = format!("{}.{}", step.parent, step.field.name);
    if !step.field.arguments.is_empty() {
        let message = format!("{subject} names `{field}`, which has arguments");
        let diagnostic = Diagnostic::error("KEY_FIELDS_HAS_ARGS", source.locate(at), message);
        problems.push(diagnostic.help("a key is made of fields without arguments"));
    }
    let kind = source.types.get(step.field.ty.inner_named_type()).map(|t| t.kind);
    if matches!(kind, Some(Kind::Interface | Kind::Union)) {
        let message = format!("{subject} names `{field}`, whose type is an interface or a union");
        let diagnostic = Diagnostic::error("KEY_FIELDS_SELECT_INVALID_TYPE", source.locate(at), message);
        problems.push(diagnostic.help("a key is made of scalars, enums and object types"));
    }
}

fn refuse(
    source: &Subgraph,
    rule: &'static str,
    at: Span,
    subject: &str,
    wrong: Vec<String>,
    problems: &mut Vec<Diagnostic>,
) {
    for what in wrong {
        let diagnostic = Diagnostic::error(rule, source.locate(at), format!("{subject}: {what}"));
        problems.push(diagnostic.help("name fields as this source defines them"));
    }
}

/// Checks all `@requires` and `@provides`.
pub(super) fn field_directives(source: &Subgraph, roles: &mut Roles, problems: &mut Vec<Diagnostic>) {
    for def in source.types.values() {
        for field in def.fields.values() {
            let place = format!("{}.{}", def.name, field.name);
            if let Some(requires) = &field.requires {
                let steps = required(source, &def.name, &place, requires, problems);
                roles.used.extend(steps);
            }
            if let Some(provides) = &field.provides {
                let steps = provided(source, field.ty.inner_named_type(), &place, provides, problems);
                roles.used.extend(steps.iter().cloned());
                roles.provided.extend(steps);
            }
        }
    }
}

fn required(
    source: &Subgraph,
    parent: &Name,
    place: &str,
    set: &FieldSet,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Coordinate> {
    let subject = format!("`@requires` of `{place}`");
    let Some((parent, _)) = source.types.get_key_value(parent) else { return Vec::new() };
    let (steps, wrong) = field_set::walk(source, parent, &set.selections);
    refuse(source, "REQUIRES_INVALID_FIELDS", set.at, &subject, wrong, problems);
    missing_external(source, "REQUIRES_FIELDS_MISSING_EXTERNAL", set.at, &subject, &steps, problems);
    with_implementations(source, &steps)
}

fn provided(
    source: &Subgraph,
    returned: &Name,
    place: &str,
    set: &FieldSet,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Coordinate> {
    let subject = format!("`@provides` of `{place}`");
    let found = source.types.get_key_value(returned);
    let composite = found.filter(|(_, t)| matches!(t.kind, Kind::Object | Kind::Interface | Kind::Union));
    let Some((parent, _)) = composite else {
        if source.v2 {
            let message = format!("{subject}: `{returned}` has no fields to provide");
            let diagnostic =
                Diagnostic::error("PROVIDES_ON_NON_OBJECT_FIELD", source.locate(set.at), message);
            problems.push(
                diagnostic.help("`@provides` stands on a field that returns an object, interface or union"),
            );
        }
        return Vec::new();
    };
    let (steps, wrong) = field_set::walk(source, parent, &set.selections);
    refuse(source, "PROVIDES_INVALID_FIELDS", set.at, &subject, wrong, problems);
    for step in steps.iter().filter(|step| step.with_arguments || !step.field.arguments.is_empty()) {
        let message = format!("{subject} names `{}.{}`, which has arguments", step.parent, step.field.name);
        problems.push(Diagnostic::error("PROVIDES_FIELDS_HAS_ARGS", source.locate(set.at), message));
    }
    missing_external(source, "PROVIDES_FIELDS_MISSING_EXTERNAL", set.at, &subject, &steps, problems);
    with_implementations(source, &steps)
}

/// The leaves of a field set come from elsewhere: they, or a field above them, are `@external`.
fn missing_external(
    source: &Subgraph,
    rule: &'static str,
    at: Span,
    subject: &str,
    steps: &[Step<'_>],
    problems: &mut Vec<Diagnostic>,
) {
    if !source.v2 {
        return;
    }
    for step in steps.iter().filter(|step| step.leaf && !step.below_external) {
        if !is_external(source, step) {
            let message =
                format!("{subject} names `{}.{}`, which is not `@external`", step.parent, step.field.name);
            let diagnostic = Diagnostic::error(rule, source.locate(at), message);
            problems.push(
                diagnostic.help("mark the field `@external`, or leave it out: this source already has it"),
            );
        }
    }
}

/// An interface's field counts as external when it is on some implementation.
fn is_external(source: &Subgraph, step: &Step<'_>) -> bool {
    step.field.external
        || source
            .runtime_types(step.parent)
            .into_iter()
            .any(|name| source.field(name, &step.field.name).is_some_and(|f| f.external))
        // An external that only decorated an extension's key was cleared; naming it is harmless.
        || step.field.decorated
}

/// The coordinate of a step.
pub(super) fn coordinate(step: &Step<'_>) -> Coordinate {
    (step.parent.clone(), step.field.name.clone())
}

/// The fields of a walk, with the implementations of those that are an interface's.
fn with_implementations(source: &Subgraph, steps: &[Step<'_>]) -> Vec<Coordinate> {
    let mut all: Vec<Coordinate> = Vec::new();
    for step in steps {
        all.push(coordinate(step));
        let interface = source.types.get(step.parent).is_some_and(|t| t.kind == Kind::Interface);
        if interface {
            let implementations = source.runtime_types(step.parent).into_iter().cloned();
            all.extend(implementations.map(|name| (name, step.field.name.clone())));
        }
    }
    all
}
