//! Satisfiability: every field that a client may select can be fetched, whatever way leads to it, however the labels of `@override` stand.
//!
//! In: the sources and the merged graph. Out: for each field that can't, an operation that shows it; and shared fields whose sources can't
//! mean the same. It walks states "this object type,
//! held in these sources" from the roots; a state whose keys open no fewer sources than one already seen needs no second look.

mod labels;
mod reach;
mod shared;

use std::collections::VecDeque;

use apollo_compiler::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::subgraph::{Field, Kind, Subgraph};
use super::supergraph::{Merged, MergedType};
use super::text;
use crate::Diagnostic;
use reach::{Held, Reach};

/// An object type with the sources that hold it, and how an operation got there.
struct State {
    ty: Name,
    held: Held,
    /// The selections from the root, outermost first.
    path: Vec<String>,
}

/// Checks the whole graph. Out: mistakes, and warnings.
pub(crate) fn check(sources: &[Subgraph], merged: &Merged) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let mut warnings = Vec::new();
    for on in labels::ways(sources) {
        let (problems, doubts) = check_one_way(sources, merged, on);
        if !problems.is_empty() {
            return (problems, Vec::new());
        }
        warnings = doubts;
    }
    (Vec::new(), warnings)
}

fn check_one_way<'a>(
    sources: &'a [Subgraph],
    merged: &'a Merged,
    on: FxHashSet<&'a str>,
) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let mut check = Check {
        reach: Reach::new(sources, merged, labels::taken(sources, &on)),
        on,
        sources,
        merged,
        seen: FxHashMap::default(),
        told: FxHashSet::default(),
        queue: VecDeque::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    for (root, operation) in [("Query", "query"), ("Mutation", "mutation"), ("Subscription", "subscription")]
    {
        let held: Held = sources
            .iter()
            .enumerate()
            .filter(|(_, source)| source.types.contains_key(root))
            .map(|(graph, _)| (graph, 0))
            .collect();
        if merged.types.contains_key(root) {
            let ty = Name::new_static_unchecked(root);
            check.queue.push_back(State { ty, held, path: vec![operation.to_owned()] });
        }
    }
    while let Some(state) = check.queue.pop_front() {
        check.state(&state);
    }
    (check.problems, check.warnings)
}

struct Check<'a> {
    reach: Reach<'a>,
    /// The labels of `@override` that are on.
    on: FxHashSet<&'a str>,
    sources: &'a [Subgraph],
    merged: &'a Merged,
    /// For each type, the sources that were open when it was looked at.
    seen: FxHashMap<Name, Vec<Held>>,
    told: FxHashSet<(Name, Name)>,
    queue: VecDeque<State>,
    problems: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Check<'_> {
    fn state(&mut self, state: &State) {
        let all = self.reach.closure(&state.ty, &state.held);
        let seen = self.seen.entry(state.ty.clone()).or_default();
        if seen.iter().any(|held| held.is_subset(&all)) {
            return;
        }
        seen.push(all.clone());
        let merged = self.merged;
        let Some(def) = merged.types.get(&state.ty).filter(|t| !t.marks.inaccessible) else { return };
        for (name, field) in &def.fields {
            let returned = merged.types.get(field.ty.inner_named_type());
            if field.marks.inaccessible || returned.is_some_and(|t| t.marks.inaccessible) {
                continue;
            }
            let resolving = self.reach.resolving(&state.ty, name, &all);
            if resolving.is_empty() {
                self.unreachable(state, name);
                continue;
            }
            if returned.is_some_and(is_composite) {
                self.shared(state, name, &resolving);
                self.follow(state, name, &resolving);
            }
        }
    }

    fn follow(&mut self, state: &State, field: &Name, resolving: &Held) {
        for (ty, held) in self.reach.below(&state.ty, field, resolving) {
            let mut path = state.path.clone();
            path.push(field.to_string());
            let declared = self.merged.types.get(&state.ty).and_then(|t| t.fields.get(field));
            if declared.is_some_and(|f| *f.ty.inner_named_type() != ty) {
                path.push(format!("... on {ty}"));
            }
            self.queue.push_back(State { ty, held, path });
        }
    }

    fn unreachable(&mut self, state: &State, field: &Name) {
        if !self.told.insert((state.ty.clone(), field.clone())) {
            return;
        }
        let holders: Vec<String> = state.held.iter().filter_map(|(g, _)| self.quoted(*g)).collect();
        let mut path = state.path.clone();
        path.push(field.to_string());
        let message = format!(
            "`{}.{field}` can't be fetched when `{}` comes from {}{}: `{}`",
            state.ty,
            state.ty,
            if holders.is_empty() { "no source".to_owned() } else { holders.join(", ") },
            self.standing(&state.ty, field),
            operation(&path)
        );
        let defining: Vec<(usize, &Field)> = self.reach.defining(&state.ty, field);
        let at = match defining.first().and_then(|(g, f)| Some((self.sources.get(*g)?, f))) {
            Some((source, field)) => source.locate(field.at),
            None => crate::Location::file(""),
        };
        let help: Vec<String> = defining.iter().filter_map(|(g, f)| self.why(*g, &state.ty, f)).collect();
        self.problems.push(Diagnostic::error("SATISFIABILITY_ERROR", at, message).help(help.join("; ")));
    }

    /// How the field's own label stands, where it has one.
    fn standing(&self, ty: &Name, field: &Name) -> String {
        let overrides = self.reach.defining(ty, field).into_iter().filter_map(|(_, f)| f.overrides.as_ref());
        let Some(label) = overrides.filter_map(|o| o.label.as_deref()).next() else { return String::new() };
        let standing = if self.on.contains(label) { "on" } else { "off" };
        format!(" while the label `{label}` of `@override` is {standing}")
    }

    fn quoted(&self, graph: usize) -> Option<String> {
        self.sources.get(graph).map(|source| format!("`{}`", source.name))
    }

    /// Why one source that defines the field is no help.
    fn why(&self, graph: usize, ty: &Name, field: &Field) -> Option<String> {
        let name = &self.sources.get(graph)?.name;
        if field.fully_external() {
            return Some(format!("in `{name}` the field is `@external`"));
        }
        if self.reach.is_taken(graph, ty, &field.name) {
            return Some(format!("from `{name}` the field is overridden"));
        }
        let keys: Vec<String> = self
            .reach
            .keys(graph, ty)
            .iter()
            .map(|key| format!("`{}`", text::field_set(&key.fields.selections)))
            .collect();
        if let Some(requires) = &field.requires {
            let requires = text::field_set(&requires.selections);
            return Some(format!(
                "`{name}` requires `{requires}`, which can't be fetched from there, or is not reached by a key"
            ));
        }
        Some(match keys.as_slice() {
            [] => format!("`{name}` has no resolvable `@key` on `{ty}` to enter by: give it one"),
            keys => format!(
                "`{name}` is entered by {}, which can't be fetched from there: add it where `{ty}` comes from",
                keys.join(" or ")
            ),
        })
    }
}

fn is_composite(def: &MergedType) -> bool {
    matches!(def.kind, Kind::Object | Kind::Interface | Kind::Union)
}

/// `["query", "a", "... on B", "c"]` as `query { a { ... on B { c } } }`.
fn operation(path: &[String]) -> String {
    let mut out = path.join(" { ");
    out.push_str(&" }".repeat(path.len().saturating_sub(1)));
    out
}
