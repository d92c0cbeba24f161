//! What Federation v1 left unsaid, said as v2 wants it. In: v1 sources. Out: the same, repaired. It refuses nothing.

use apollo_compiler::Name;
use apollo_compiler::ast::Selection;

use super::Coordinate;
use super::field_sets::coordinate;
use crate::compose::field_set;
use crate::compose::subgraph::{Kind, Subgraph};

/// Federation v1 ignores `@external`, `@requires`, `@provides` and `@key` on interfaces, and shares everything.
pub(super) fn repair(source: &mut Subgraph) {
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

/// v1 took `@requires` and `@provides` that name what the source has itself, and did nothing for them.
pub(super) fn drop_inactive(source: &mut Subgraph) {
    let mut active: Vec<(Coordinate, bool, Vec<Selection>)> = Vec::new();
    for def in source.types.values() {
        for field in def.fields.values() {
            let sets =
                [(true, &field.requires, &def.name), (false, &field.provides, field.ty.inner_named_type())];
            for (requires, set, parent) in sets {
                if let Some(set) = set {
                    let kept = with_externals(source, parent, &set.selections);
                    active.push(((def.name.clone(), field.name.clone()), requires, kept));
                }
            }
        }
    }
    for ((parent, name), requires, kept) in active {
        let field = source.types.get_mut(&parent).and_then(|def| def.fields.get_mut(&name));
        let Some(field) = field else { continue };
        let set = if requires { &mut field.requires } else { &mut field.provides };
        match set.as_mut().filter(|_| !kept.is_empty()) {
            Some(set) => set.selections = kept,
            None => *set = None,
        }
    }
}

/// The selections that name something external; what can't be judged stays, to be told of.
fn with_externals(source: &Subgraph, parent: &Name, selections: &[Selection]) -> Vec<Selection> {
    let external = |selection: &&Selection| {
        let (steps, wrong) = field_set::walk(source, parent, std::slice::from_ref(*selection));
        !wrong.is_empty() || steps.iter().any(|step| step.field.external)
    };
    selections.iter().filter(external).cloned().collect()
}

/// An extension without a `@key` knows the key of the type that it extends: v1 sent it along. So its fields that the owner's first key
/// names are its own, whatever `@external` says.
pub(crate) fn adopt_keys(sources: &mut [Subgraph]) {
    let mut adopted: Vec<(usize, Coordinate)> = Vec::new();
    for (at, source) in sources.iter().enumerate().filter(|(_, source)| !source.v2) {
        let keyless =
            source.types.values().filter(|t| t.kind == Kind::Object && t.only_extended && t.keys.is_empty());
        for def in keyless {
            adopted.extend(
                owners_key(sources, source, &def.name).into_iter().map(|coordinate| (at, coordinate)),
            );
        }
    }
    for (at, (parent, field)) in adopted {
        let def = sources.get_mut(at).and_then(|source| source.types.get_mut(&parent));
        if let Some(field) = def.and_then(|def| def.fields.get_mut(&field)) {
            field.external = false;
        }
    }
}

/// The fields of a source that the first key of a type's owner names.
fn owners_key<'a>(sources: &[Subgraph], source: &'a Subgraph, name: &'a Name) -> Vec<Coordinate> {
    let owners = sources.iter().filter_map(|other| other.types.get(name)).filter(|def| !def.only_extended);
    let Some(key) = owners.filter_map(|def| def.keys.first()).next() else { return Vec::new() };
    let (steps, _) = field_set::walk(source, name, &key.fields.selections);
    steps.iter().map(coordinate).collect()
}
