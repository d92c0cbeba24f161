//! Labels of `@override`: a client's request may meet each of them on or off. In: sources. Out: which fields a source doesn't resolve, for
//! each way the labels may stand.

use apollo_compiler::Name;
use rustc_hash::FxHashSet;

use crate::compose::subgraph::{Field, Subgraph};
use crate::compose::supergraph::Graph;

/// Up to so many labels every combination is looked at; beyond, each label alone on, and alone off.
const COMBINED: usize = 4;

/// Fields that `@override` takes from a source: type, field, source.
pub(super) type Taken<'a> = FxHashSet<(&'a str, &'a str, Graph)>;

/// The ways in which the labels may stand; one, empty, where there are none. Each names the labels that are on.
pub(super) fn ways(sources: &[Subgraph]) -> Vec<FxHashSet<&str>> {
    let mut labels: Vec<&str> = overriding(sources).filter_map(|(_, _, _, f)| label(f)).collect();
    labels.sort_unstable();
    labels.dedup();
    let on = |chosen: &dyn Fn(usize) -> bool| -> FxHashSet<&str> {
        labels.iter().enumerate().filter(|(at, _)| chosen(*at)).map(|(_, label)| *label).collect()
    };
    if labels.len() <= COMBINED {
        return (0..1_usize << labels.len()).map(|bits| on(&|at| bits >> at & 1 == 1)).collect();
    }
    let mut all = vec![on(&|_| false), on(&|_| true)];
    for one in 0..labels.len() {
        all.push(on(&|at| at == one));
        all.push(on(&|at| at != one));
    }
    all
}

/// What is taken from whom when these labels are on: from the source that is overridden, or, while the label is off, from the one that
/// overrides it.
pub(super) fn taken<'a>(sources: &'a [Subgraph], on: &FxHashSet<&str>) -> Taken<'a> {
    let mut found = Taken::default();
    for (graph, name, def_name, field) in overriding(sources) {
        let Some(says) = &field.overrides else { continue };
        let from = sources.iter().position(|source| source.name == says.from);
        let from = from.filter(|from| {
            sources.get(*from).and_then(|s| s.field(def_name, name)).is_some_and(|f| !f.external)
        });
        let Some(from) = from else { continue };
        let loser = if says.label.as_deref().is_none_or(|label| on.contains(label)) { from } else { graph };
        found.insert((def_name.as_str(), name.as_str(), loser));
    }
    found
}

fn overriding(sources: &[Subgraph]) -> impl Iterator<Item = (Graph, &Name, &Name, &Field)> {
    sources.iter().enumerate().flat_map(|(graph, source)| {
        source.types.values().flat_map(move |def| {
            let fields = def.fields.values().filter(|f| f.overrides.is_some());
            fields.map(move |field| (graph, &field.name, &def.name, field))
        })
    })
}

fn label(field: &Field) -> Option<&str> {
    field.overrides.as_ref()?.label.as_deref()
}
