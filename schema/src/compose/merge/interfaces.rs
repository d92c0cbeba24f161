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
    known_implementations(merging, merged);
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
    // What a field costs is told where it is resolved; readers refuse it on an interface.
    for interface in merged.types.values_mut().filter(|t| t.kind == Kind::Interface) {
        interface.fields.values_mut().for_each(|field| field.marks.cost = None);
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
        for (name, promised) in &from.fields {
            match into.fields.get(name) {
                None => lacks(merging, &object, &interface, name),
                Some(field) => keeps(merging, [&object, &interface, name], field, promised),
            }
        }
    }
}

fn lacks(merging: &mut Merging<'_>, object: &Name, interface: &Name, name: &Name) {
    let message = format!("`{object}` implements `{interface}`, but no source gives it the field `{name}`");
    let source = merging.sources.iter().find_map(|s| Some((s, s.types.get(object)?)));
    if let Some((source, def)) = source {
        let diagnostic = Diagnostic::error("INTERFACE_FIELD_NO_IMPLEM", source.locate(def.at), message);
        let help = format!("add `{name}` to `{object}`, or take it off `{interface}`");
        merging.problems.push(diagnostic.help(help));
    }
}

/// What each source keeps to alone may not hold once the sources are merged.
fn keeps(merging: &mut Merging<'_>, place: [&Name; 3], field: &MergedField, promised: &MergedField) {
    let [object, interface, name] = place;
    let (own, theirs) = (format!("{object}.{name}"), format!("{interface}.{name}"));
    let what = if !merging.is_subtype(&field.ty, &promised.ty) {
        format!("`{own}` has type `{}` in the graph, but `{theirs}` promises `{}`", field.ty, promised.ty)
    } else if let Some((argument, wanted)) = promised
        .arguments
        .iter()
        .find(|(a, wanted)| field.arguments.get(*a).is_none_or(|own| own.ty != wanted.ty))
    {
        let given = field
            .arguments
            .get(argument)
            .map_or("is not taken".to_owned(), |a| format!("has type `{}`", a.ty));
        format!("`{own}({argument}:)` {given} in the graph, but `{theirs}` promises `{}`", wanted.ty)
    } else if let Some((argument, _)) = field.arguments.iter().find(|(a, own)| {
        own.ty.is_non_null() && own.default.is_none() && !promised.arguments.contains_key(*a)
    }) {
        format!("`{own}({argument}:)` must be given in the graph, but `{theirs}` doesn't take it")
    } else {
        return;
    };
    let at = merging.sources.iter().find_map(|s| Some(s.locate(s.field(object, name)?.at)));
    let at = at.unwrap_or_else(|| crate::Location::file(""));
    let diagnostic = Diagnostic::error("INVALID_GRAPHQL", at, what);
    let help = format!("let all sources give `{own}` and `{theirs}` the same arguments, and types that fit");
    merging.problems.push(diagnostic.help(help));
}

/// A source that is entered by an interface's key says which type it found: so it knows all of them.
fn known_implementations(merging: &mut Merging<'_>, merged: &Merged) {
    let mut found = Vec::new();
    for source in merging.sources {
        let entered = |t: &&TypeDef| t.kind == Kind::Interface && t.keys.iter().any(|key| key.resolvable);
        for def in source.types.values().filter(entered) {
            let known = source.runtime_types(&def.name);
            let all = merged
                .types
                .iter()
                .filter(|(_, t)| t.kind == Kind::Object && t.implements.contains_key(&def.name));
            let unknown: Vec<String> =
                all.filter(|(name, _)| !known.contains(name)).map(|(name, _)| format!("`{name}`")).collect();
            if unknown.is_empty() {
                continue;
            }
            let names = unknown.join(", ");
            let message = format!(
                "`{}` has a `@key` here, but {names}, which implements it elsewhere, is not defined here",
                def.name
            );
            let rule = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE";
            let diagnostic = Diagnostic::error(rule, source.locate(def.at), message);
            found.push(diagnostic.help(format!(
                "define {names} here with the key, `implements {}`; or take the `@key` off the interface, or make it `resolvable: false`",
                def.name
            )));
        }
    }
    merging.problems.extend(found);
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
