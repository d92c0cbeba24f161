//! Federation's rules inside one source: keys, `@requires`, `@provides`, `@external`, `@interfaceObject`.
//!
//! In: a source as read. Out: the same with its fields' roles set (`in_key`, `provided`, `used`; externals that only decorate an
//! extension's key cleared), and what breaks a rule. A v1 source is repaired where v1 was lenient.

mod costs;
mod field_sets;
mod interfaces;
mod v1;

pub(crate) use v1::adopt_keys;

use apollo_compiler::Name;

use super::field_set;
use super::subgraph::{Field, Kind, Subgraph, TypeDef};
use crate::Diagnostic;
use field_sets::coordinate;

/// One field by name: type and field.
type Coordinate = (Name, Name);

/// Completes and checks a source.
pub(crate) fn apply(source: &mut Subgraph) -> Vec<Diagnostic> {
    if !source.v2 {
        v1::repair(source);
    }
    clear_external_on_known_keys(source);
    if !source.v2 {
        v1::drop_inactive(source);
    }
    let mut problems = Vec::new();
    let mut roles = Roles::default();
    field_sets::keys(source, &mut roles, &mut problems);
    field_sets::field_directives(source, &mut roles, &mut problems);
    interface_fields(source, &mut roles);
    roles.set(source);
    externals(source, &mut problems);
    interfaces::check(source, &mut problems);
    costs::check(source, &mut problems);
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
        let mut mark = |all: &[Coordinate], role: fn(&mut Field)| {
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
            field.decorated |= field.external && !field.external_by_type;
            field.external = false;
        }
    }
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
        drop_unused(source, problems);
        return;
    }
    for def in source.types.values() {
        for field in def.fields.values().filter(|f| f.external) {
            let place = format!("{}.{}", def.name, field.name);
            for name in field.marks.merged_names() {
                let message =
                    format!("`{place}` is `@external` and has `@{name}`, which would be read as the graph's");
                let rule = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL";
                let diagnostic = Diagnostic::error(rule, source.locate(field.at), message);
                problems.push(diagnostic.help("say it in the source that resolves the field"));
            }
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

/// v1 took `@external` fields that nothing uses, and did nothing for them. A type of which nothing else is left goes with them, unless a field
/// gives objects of it: of these the source could tell nothing.
fn drop_unused(source: &mut Subgraph, problems: &mut Vec<Diagnostic>) {
    for def in source.types.values_mut() {
        def.fields.retain(|_, field| !field.external || field.used);
    }
    let is_empty = |def: &TypeDef| def.kind == Kind::Object && def.fields.is_empty() && def.name != "Query";
    let given = |name: &Name| {
        let fields = source.types.values().flat_map(|def| def.fields.values());
        fields.into_iter().any(|field| field.ty.inner_named_type() == name)
    };
    for def in source.types.values().filter(|def| is_empty(def) && given(&def.name)) {
        let message =
            format!("`{}` has only `@external` fields here, which nothing in this source uses", def.name);
        let rule = "TYPE_WITH_ONLY_UNUSED_EXTERNAL";
        let diagnostic = Diagnostic::error(rule, source.locate(def.at), message);
        problems.push(
            diagnostic.help("give the type the `@key` by which the gateway finds its objects elsewhere"),
        );
    }
    source.types.retain(|_, def| !is_empty(def));
}
