//! Interfaces and interface objects of one source: keys that they promise, demands on callers that they can't make. In: a source. Out:
//! diagnostics.

use crate::Diagnostic;
use crate::compose::subgraph::{Key, Kind, Subgraph};
use crate::compose::{field_set, text};

/// Checks keys that interfaces promise, and keys that interface objects need.
pub(super) fn check(source: &Subgraph, problems: &mut Vec<Diagnostic>) {
    interface_objects(source, problems);
    interface_keys(source, problems);
    demands(source, problems);
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
            for key in keys.filter(|key| !def.keys.iter().any(|own| own.resolvable && same_key(own, key))) {
                let fields = text::field_set(&key.fields.selections);
                let held = def.keys.iter().any(|own| same_key(own, key));
                let lacks = if held { "can't be entered by" } else { "lacks" };
                let message =
                    format!("`{name}` {lacks} the key `{fields}` of its interface `{}`", interface.name);
                let at = source.locate(def.at);
                let diagnostic = Diagnostic::error("INTERFACE_KEY_NOT_ON_IMPLEMENTATION", at, message);
                problems.push(diagnostic.help(match held {
                    true => format!("take `resolvable: false` off the key of `{name}`"),
                    false => format!("add `@key(fields: \"{fields}\")` to `{name}`"),
                }));
            }
        }
    }
}

/// What an interface demands of callers is what its implementations do: were it said of the interface alone, a fragment would go round it.
fn demands(source: &Subgraph, problems: &mut Vec<Diagnostic>) {
    for def in source.types.values().filter(|t| t.graph_kind() == Kind::Interface) {
        let own = def.marks.demand().map(|demand| (def.name.to_string(), def.at, demand));
        // A field of an interface object is resolved there, and so may be guarded there.
        let fields = def.fields.values().filter(|_| !def.interface_object);
        let of_fields =
            fields.filter_map(|f| Some((format!("{}.{}", def.name, f.name), f.at, f.marks.demand()?)));
        for (place, at, demand) in own.into_iter().chain(of_fields) {
            let message = format!("`{place}` has `@{demand}`, but belongs to an interface");
            let rule = "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE";
            let diagnostic = Diagnostic::error(rule, source.locate(at), message);
            problems.push(diagnostic.help(
                "say it of the object types that implement the interface: the graph adds it to the interface",
            ));
        }
    }
}

fn same_key(one: &Key, other: &Key) -> bool {
    field_set::sorted(&one.fields.selections) == field_set::sorted(&other.fields.selections)
}
