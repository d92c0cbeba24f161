//! Fields that can't be null, and so take other sources' data with them when their own source fails. In: the sources and the merged
//! graph. Out: warnings. It refuses nothing: only whoever knows the data can say what an object means without the field.

use std::collections::BTreeMap;

use apollo_compiler::Name;

use super::subgraph::{Field, Kind, Subgraph};
use super::supergraph::{Graph, Merged, MergedType};
use crate::Diagnostic;

/// One warning for each type and the sources that its non-null fields depend on.
pub(crate) fn check(sources: &[Subgraph], merged: &Merged) -> Vec<Diagnostic> {
    let objects = merged
        .types
        .iter()
        .filter(|(name, t)| t.kind == Kind::Object && !t.marks.inaccessible && !is_root(name));
    objects.flat_map(|(name, def)| of_type(sources, name, def)).collect()
}

fn is_root(name: &str) -> bool {
    matches!(name, "Query" | "Mutation" | "Subscription")
}

fn of_type(sources: &[Subgraph], name: &Name, def: &MergedType) -> Vec<Diagnostic> {
    let mut depending: BTreeMap<Vec<Graph>, Vec<&Name>> = BTreeMap::new();
    for (field, _) in def.fields.iter().filter(|(_, f)| f.ty.is_non_null() && !f.marks.inaccessible) {
        // Whoever hands the object on knows its keys.
        if sources.iter().filter_map(|source| source.field(name, field)).any(|f| f.in_key) {
            continue;
        }
        let resolving = resolving(sources, name, field);
        if !resolving.is_empty() && !victims(sources, name, &resolving).is_empty() {
            depending.entry(resolving).or_default().push(field);
        }
    }
    depending.iter().filter_map(|(resolving, fields)| told(sources, name, resolving, fields)).collect()
}

/// The sources that answer a field. Empty where an interface object does: it is the interface's matter.
fn resolving(sources: &[Subgraph], ty: &str, field: &str) -> Vec<Graph> {
    let answers = |source: &Subgraph| source.field(ty, field).is_some_and(|f| !f.external);
    let found = sources
        .iter()
        .enumerate()
        .filter(|(_, source)| answers(source) && !overridden(sources, source, ty, field));
    found.map(|(graph, _)| graph).collect()
}

fn overridden(sources: &[Subgraph], from: &Subgraph, ty: &str, field: &str) -> bool {
    let takes = |f: &Field| f.overrides.as_ref().is_some_and(|o| o.from == from.name && o.label.is_none());
    sources.iter().filter_map(|source| source.field(ty, field)).any(takes)
}

/// The sources that answer something of the type, can hand the object over, and are none of these.
fn victims<'a>(sources: &'a [Subgraph], ty: &str, resolving: &[Graph]) -> Vec<&'a Subgraph> {
    let has_data = |source: &Subgraph| {
        let def = source.types.get(ty).filter(|def| def.keys.iter().any(|key| key.resolvable));
        def.is_some_and(|def| def.fields.values().any(|f| !f.external && !f.in_key))
    };
    let others = sources.iter().enumerate().filter(|(graph, _)| !resolving.contains(graph));
    others.map(|(_, source)| source).filter(|source| has_data(source)).collect()
}

fn told(sources: &[Subgraph], ty: &Name, resolving: &[Graph], fields: &[&Name]) -> Option<Diagnostic> {
    let owner = sources.get(*resolving.first()?)?;
    let at = owner.locate(owner.field(ty, fields.first()?)?.at);
    let quoted =
        |names: Vec<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let fields = quoted(fields.iter().map(|field| format!("{ty}.{field}")).collect());
    let owners = quoted(resolving.iter().filter_map(|g| Some(sources.get(*g)?.name.clone())).collect());
    let others = quoted(victims(sources, ty, resolving).iter().map(|source| source.name.clone()).collect());
    let message = format!(
        "{fields}: non-null, and answered by {owners}; where that fails, a `{ty}` that has what {others} knows is lost whole"
    );
    let help = "let the fields be null, unless the object means nothing without them";
    Some(Diagnostic::warning("NON_NULL_CAN_BLANK_OTHERS", at, message).help(help))
}
