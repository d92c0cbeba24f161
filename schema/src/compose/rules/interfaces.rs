//! Entity interfaces and interface objects of one source. In: a source. Out: diagnostics.

use crate::Diagnostic;
use crate::compose::subgraph::{Key, Kind, Subgraph};
use crate::compose::{field_set, text};

/// Checks keys that interfaces promise, and keys that interface objects need.
pub(super) fn check(source: &Subgraph, problems: &mut Vec<Diagnostic>) {
    interface_objects(source, problems);
    interface_keys(source, problems);
}

fn interface_objects(source: &Subgraph, problems: &mut Vec<Diagnostic>) {
    for def in source.types.values().filter(|t| t.interface_object && t.keys.is_empty()) {
        let message = format!("`{}` is an `@interfaceObject` without a `@key`", def.name);
        let diagnostic = Diagnostic::error("INTERFACE_OBJECT_USAGE_ERROR", source.locate(def.at), message);
        problems.push(diagnostic.help("give it a `@key` of the interface"));
    }
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
