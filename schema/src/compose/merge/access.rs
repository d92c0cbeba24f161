//! What the graph demands of callers, after the merge: an interface demands what its implementations do, and a field may not bring by
//! `@requires` what its own caller isn't asked for. In: the merged graph. Out: the same with demands added, and diagnostics.

use apollo_compiler::Name;
use apollo_compiler::ast::Selection;

use super::Merging;
use crate::Diagnostic;
use crate::compose::marks::Marks;
use crate::compose::subgraph::{Field, Kind, Subgraph};
use crate::compose::supergraph::{Merged, MergedType};

/// Adds the demands of implementations to their interfaces, then checks all `@requires`.
pub(super) fn complete(merging: &mut Merging<'_>, merged: &mut Merged) {
    from_interface_objects(merging.sources, merged);
    spread(merged);
    let sources = merging.sources;
    for source in sources {
        for def in source.types.values() {
            for field in def.fields.values().filter(|f| f.requires.is_some()) {
                let found = lacking(merged, &def.name, field);
                merging.problems.extend(found.map(|place| told(source, &def.name, field, &place)));
            }
        }
    }
}

/// What an interface object demands for a field, every implementation's own field of that name demands too.
fn from_interface_objects(sources: &[Subgraph], merged: &mut Merged) {
    for object in sources.iter().flat_map(|s| s.types.values()).filter(|t| t.interface_object) {
        let demanding = object.fields.values().filter(|f| !f.external && f.marks.demand().is_some());
        let demanding: Vec<&Field> = demanding.collect();
        let implementing = merged.types.values_mut().filter(|t| t.implements.contains_key(&object.name));
        for def in implementing.filter(|_| !demanding.is_empty()) {
            for field in &demanding {
                if let Some(own) = def.fields.get_mut(&field.name) {
                    own.marks.demand_too(&field.marks);
                }
            }
        }
    }
}

/// A selection through an interface may meet any implementation, so all their demands count.
fn spread(merged: &mut Merged) {
    let mut found: Vec<(Name, Option<Name>, Marks)> = Vec::new();
    for def in merged.types.values().filter(|t| t.kind == Kind::Object) {
        for interface in def.implements.keys() {
            let said = merged.types.get(interface);
            if def.marks.demand().is_some() {
                found.push((interface.clone(), None, def.marks.clone()));
            }
            let fields = def.fields.iter().filter(|(name, field)| {
                field.marks.demand().is_some() && said.is_some_and(|i| i.fields.contains_key(*name))
            });
            found.extend(
                fields.map(|(name, field)| (interface.clone(), Some(name.clone()), field.marks.clone())),
            );
        }
    }
    for (interface, field, marks) in found {
        let Some(def) = merged.types.get_mut(&interface) else { continue };
        let Some(field) = field else {
            def.marks.demand_too(&marks);
            continue;
        };
        if let Some(field) = def.fields.get_mut(&field) {
            field.marks.demand_too(&marks);
        }
    }
}

/// The first coordinate of a `@requires` that demands more than the requiring field does.
fn lacking(merged: &Merged, parent: &Name, field: &Field) -> Option<String> {
    let def = merged.types.get(parent)?;
    let mut held = def.marks.clone();
    held.demand_too(&def.fields.get(&field.name)?.marks);
    uncovered(merged, def, parent, &field.requires.as_ref()?.selections, &held)
}

fn uncovered(
    merged: &Merged,
    def: &MergedType,
    parent: &Name,
    selections: &[Selection],
    held: &Marks,
) -> Option<String> {
    selections.iter().find_map(|selection| match selection {
        Selection::Field(selected) => {
            let field = def.fields.get(&selected.name)?;
            let below = merged.types.get(field.ty.inner_named_type());
            if !held.covers(&field.marks) || below.is_some_and(|t| !held.covers(&t.marks)) {
                return Some(format!("{parent}.{}", selected.name));
            }
            uncovered(merged, below?, field.ty.inner_named_type(), &selected.selection_set, held)
        }
        Selection::InlineFragment(fragment) => {
            let on = fragment.type_condition.as_ref().unwrap_or(parent);
            let below = merged.types.get(on)?;
            if on != parent && !held.covers(&below.marks) {
                return Some(on.to_string());
            }
            uncovered(merged, below, on, &fragment.selection_set, held)
        }
        Selection::FragmentSpread(_) => None,
    })
}

fn told(source: &Subgraph, parent: &Name, field: &Field, place: &str) -> Diagnostic {
    let message = format!(
        "`{parent}.{}` requires `{place}`, but demands less of its caller than that: who may not see the one learns of it by the other",
        field.name
    );
    let rule = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS";
    let diagnostic = Diagnostic::error(rule, source.locate(field.at), message);
    diagnostic.help(format!(
        "repeat on `{parent}.{}` the `@authenticated`, `@requiresScopes` and `@policy` of `{place}`",
        field.name
    ))
}
