//! Interfaces after all types are merged: fields that interface objects add to implementations, and implementations that lack one.

use apollo_compiler::Name;

use super::Merging;
use crate::Diagnostic;
use crate::compose::subgraph::{Kind, TypeDef};
use crate::compose::supergraph::{JoinField, Merged, MergedField};

/// Completes implementations. They are checked only in a graph without other mistakes, which would show here again.
pub(super) fn complete(merging: &mut Merging<'_>, merged: &mut Merged) {
    add_interface_object_fields(merging, merged);
    lone_interface_objects(merging);
    if merging.problems.is_empty() {
        implementations(merging, merged);
    }
}

fn pairs(merged: &Merged) -> Vec<(Name, Name)> {
    let objects = merged.types.iter().filter(|(_, t)| matches!(t.kind, Kind::Object | Kind::Interface));
    objects.flat_map(|(name, t)| t.implements.keys().map(|i| (name.clone(), i.clone()))).collect()
}

fn add_interface_object_fields(merging: &Merging<'_>, merged: &mut Merged) {
    for (object, interface) in pairs(merged) {
        let Some(from) = merged.types.get(&interface) else { continue };
        let Some(into) = merged.types.get(&object) else { continue };
        let missing: Vec<(Name, MergedField)> = from
            .fields
            .iter()
            .filter(|(name, _)| {
                !into.fields.contains_key(*name) && by_interface_object(merging, &interface, name)
            })
            .map(|(name, field)| (name.clone(), copy(field)))
            .collect();
        if let Some(into) = merged.types.get_mut(&object) {
            into.fields.extend(missing);
        }
    }
}

fn by_interface_object(merging: &Merging<'_>, interface: &Name, field: &Name) -> bool {
    let has = |t: &TypeDef| t.interface_object && t.fields.get(field).is_some_and(|f| !f.external);
    merging.sources.iter().filter_map(|s| s.types.get(interface)).any(has)
}

fn copy(field: &MergedField) -> MergedField {
    MergedField {
        description: field.description.clone(),
        ty: field.ty.clone(),
        arguments: field.arguments.clone(),
        joins: vec![JoinField::default()],
        marks: field.marks.clone(),
    }
}

fn implementations(merging: &mut Merging<'_>, merged: &Merged) {
    for (object, interface) in pairs(merged) {
        let (Some(from), Some(into)) = (merged.types.get(&interface), merged.types.get(&object)) else {
            continue;
        };
        for name in from.fields.keys().filter(|name| !into.fields.contains_key(*name)) {
            let message =
                format!("`{object}` implements `{interface}`, but no source gives it the field `{name}`");
            let source = merging.sources.iter().find_map(|s| Some((s, s.types.get(&object)?)));
            if let Some((source, def)) = source {
                let at = source.locate(def.at);
                let diagnostic = Diagnostic::error("INTERFACE_FIELD_NO_IMPLEM", at, message);
                merging.problems.push(
                    diagnostic.help(format!("add `{name}` to `{object}`, or take it off `{interface}`")),
                );
            }
        }
    }
}

/// An interface object stands for an interface, so some source defines that.
fn lone_interface_objects(merging: &mut Merging<'_>) {
    let mut found = Vec::new();
    for source in merging.sources {
        for def in source.types.values().filter(|t| t.interface_object) {
            let interface = |t: &TypeDef| t.kind == Kind::Interface;
            if !merging.sources.iter().filter_map(|s| s.types.get(&def.name)).any(interface) {
                let message =
                    format!("`{}` is an `@interfaceObject`, but no source defines the interface", def.name);
                let diagnostic =
                    Diagnostic::error("INTERFACE_OBJECT_USAGE_ERROR", source.locate(def.at), message);
                found.push(
                    diagnostic
                        .help("define `interface` with the same `@key` in the source that knows its types"),
                );
            }
        }
    }
    merging.problems.extend(found);
}
