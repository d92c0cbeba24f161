//! Federation's rules inside one source: keys, `@requires`, `@provides`, `@external`, `@interfaceObject`.
//!
//! In: a source as read. Out: the same with its fields' roles set (`in_key`, `provided`, `used`; externals that only decorate an
//! extension's key cleared), and what breaks a rule. A v1 source is repaired where v1 was lenient.

use apollo_compiler::Name;

use super::field_set::{self, Step};
use super::subgraph::{FieldSet, Key, Kind, Span, Subgraph, TypeDef};
use super::text;
use crate::Diagnostic;

/// One field by name: type and field.
type Coordinate = (Name, Name);

/// Completes and checks a source.
pub(crate) fn apply(source: &mut Subgraph) -> Vec<Diagnostic> {
    if !source.v2 {
        repair_v1(source);
    }
    clear_external_on_known_keys(source);
    let mut problems = Vec::new();
    let mut roles = Roles::default();
    keys(source, &mut roles, &mut problems);
    field_directives(source, &mut roles, &mut problems);
    interface_fields(source, &mut roles);
    roles.set(source);
    externals(source, &mut problems);
    interface_objects(source, &mut problems);
    interface_keys(source, &mut problems);
    problems
}

#[derive(Default)]
struct Roles {
    in_key: Vec<Coordinate>,
    provided: Vec<Coordinate>,
    used: Vec<Coordinate>,
}

impl Roles {
    fn set(&self, source: &mut Subgraph) {
        let mut mark = |all: &[Coordinate], role: fn(&mut super::subgraph::Field)| {
            for (parent, field) in all {
                let found = source.types.get_mut(parent).and_then(|t| t.fields.get_mut(field));
                if let Some(field) = found {
                    role(field);
                }
            }
        };
        mark(&self.in_key, |f| f.in_key = true);
        mark(&self.provided, |f| f.provided = true);
        mark(&self.used, |f| f.used = true);
    }
}

/// Federation v1 ignores `@external`, `@requires`, `@provides` and `@key` on interfaces, and shares everything.
fn repair_v1(source: &mut Subgraph) {
    for def in source.types.values_mut() {
        let interface = def.kind == Kind::Interface;
        if interface {
            def.keys.clear();
        }
        for field in def.fields.values_mut() {
            field.shareable = true;
            if interface {
                field.external = false;
                field.requires = None;
                field.provides = None;
            }
        }
    }
}

/// `extend type T @key(fields: "id") { id: ID! @external }`: the source does know the key. So it does where only the whole type is
/// `@external`.
fn clear_external_on_known_keys(source: &mut Subgraph) {
    let mut cleared: Vec<Coordinate> = Vec::new();
    for def in source.types.values() {
        for key in &def.keys {
            let (steps, _) = field_set::walk(source, &def.name, &key.fields.selections);
            let known = steps.iter().filter(|step| key.extension || step.field.external_by_type);
            cleared.extend(known.map(coordinate));
        }
    }
    for (parent, field) in cleared {
        if let Some(field) = source.types.get_mut(&parent).and_then(|t| t.fields.get_mut(&field)) {
            field.external = false;
        }
    }
}

fn coordinate(step: &Step<'_>) -> Coordinate {
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

fn keys(source: &Subgraph, roles: &mut Roles, problems: &mut Vec<Diagnostic>) {
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

fn field_directives(source: &Subgraph, roles: &mut Roles, problems: &mut Vec<Diagnostic>) {
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
        || was_extension_key(source, step)
}

/// An external that only decorated an extension's key was cleared; naming it is harmless.
fn was_extension_key(source: &Subgraph, step: &Step<'_>) -> bool {
    let Some(def) = source.types.get(step.parent) else { return false };
    def.keys.iter().filter(|key| key.extension).any(|key| {
        let (steps, _) = field_set::walk(source, &def.name, &key.fields.selections);
        steps.iter().any(|s| s.parent == step.parent && s.field.name == step.field.name)
    })
}

/// A field that implements an interface's must exist here, resolved or not.
fn interface_fields(source: &Subgraph, roles: &mut Roles) {
    for def in source.types.values().filter(|t| t.kind == Kind::Object) {
        for interface in def.implements.keys() {
            let Some(interface) = source.types.get(interface) else { continue };
            let implemented = interface.fields.keys().filter(|name| def.fields.contains_key(*name));
            roles.used.extend(implemented.map(|name| (def.name.clone(), name.clone())));
        }
    }
}

fn externals(source: &mut Subgraph, problems: &mut Vec<Diagnostic>) {
    if !source.v2 {
        for def in source.types.values_mut() {
            def.fields.retain(|_, field| !field.external || field.used);
        }
        source
            .types
            .retain(|name, def| def.kind != Kind::Object || !def.fields.is_empty() || name == "Query");
        return;
    }
    for def in source.types.values() {
        for field in def.fields.values().filter(|f| f.external) {
            let place = format!("{}.{}", def.name, field.name);
            if def.kind == Kind::Interface {
                let message = format!("`{place}` is `@external`, but an interface resolves nothing");
                problems.push(Diagnostic::error("EXTERNAL_ON_INTERFACE", source.locate(field.at), message));
            } else if !field.used {
                let message = format!("`{place}` is `@external`, but nothing in this source uses it");
                let diagnostic = Diagnostic::error("EXTERNAL_UNUSED", source.locate(field.at), message);
                problems.push(
                    diagnostic
                        .help("take the field away, or name it in a `@key`, `@requires` or `@provides`"),
                );
            }
        }
    }
}

fn interface_objects(source: &Subgraph, problems: &mut Vec<Diagnostic>) {
    for def in source.types.values().filter(|t| t.interface_object) {
        if def.keys.is_empty() {
            let message = format!("`{}` is an `@interfaceObject` without a `@key`", def.name);
            problems.push(missing_key(source, def, message));
        }
    }
}

fn missing_key(source: &Subgraph, def: &TypeDef, message: String) -> Diagnostic {
    Diagnostic::error("INTERFACE_OBJECT_USAGE_ERROR", source.locate(def.at), message)
        .help("give it a `@key` of the interface")
}

/// An entity interface promises its key on every implementation.
fn interface_keys(source: &Subgraph, problems: &mut Vec<Diagnostic>) {
    for interface in source.types.values().filter(|t| t.kind == Kind::Interface) {
        for name in source.runtime_types(&interface.name) {
            let Some(def) = source.types.get(name) else { continue };
            let keys = interface.keys.iter().filter(|key| key.resolvable);
            for key in keys.filter(|key| !def.keys.iter().any(|own| same_key(own, key))) {
                let fields = text::field_set(&key.fields.selections);
                let message =
                    format!("`{name}` lacks the key `{fields}` of its interface `{}`", interface.name);
                let at = source.locate(def.at);
                let diagnostic = Diagnostic::error("INTERFACE_KEY_NOT_ON_IMPLEMENTATION", at, message);
                problems.push(diagnostic.help(format!("add `@key(fields: \"{fields}\")` to `{name}`")));
            }
        }
    }
}

fn same_key(one: &Key, other: &Key) -> bool {
    field_set::sorted(&one.fields.selections) == field_set::sorted(&other.fields.selections)
}
