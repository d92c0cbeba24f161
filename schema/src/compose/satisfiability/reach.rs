//! What can be fetched of an object from the sources that hold it: which others its keys open, which fields they resolve.
//!
//! In: a type and the sources that hold it. Out: the same after all key jumps, the sources that resolve a field, the objects below it.
//! A search that comes back to its own question answers no there, which ends it and loses nothing.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::Name;
use apollo_compiler::ast::Selection;
use rustc_hash::FxHashMap;

use super::labels::Taken;
use crate::compose::subgraph::{Field, FieldSet, Key, Kind, Subgraph, TypeDef};
use crate::compose::supergraph::{Graph, Merged};

/// What a `@provides` on the way adds: an index into `Reach::provided`, 0 for nothing.
type Provided = usize;

/// The sources that hold an object, each with what was provided on the way.
pub(super) type Held = BTreeSet<(Graph, Provided)>;

pub(super) struct Reach<'a> {
    sources: &'a [Subgraph],
    merged: &'a Merged,
    /// Fields that `@override` took away from a source.
    overridden: Taken<'a>,
    provided: Vec<Vec<&'a Selection>>,
    known: FxHashMap<(Name, Held), Held>,
    /// What a type may be when a source returns it.
    possible: FxHashMap<(Graph, Name), Vec<Name>>,
    /// Questions being answered: closures, each with what it has so far, and fields with `@requires`.
    open_closures: Vec<((Name, Held), Held)>,
    open_fields: Vec<(Name, Name, Graph)>,
    /// How often an open question was met: an answer found meanwhile is not remembered.
    cuts: usize,
}

impl<'a> Reach<'a> {
    pub(super) fn new(sources: &'a [Subgraph], merged: &'a Merged, overridden: Taken<'a>) -> Self {
        Self {
            sources,
            merged,
            overridden,
            provided: vec![Vec::new()],
            known: FxHashMap::default(),
            possible: FxHashMap::default(),
            open_closures: Vec::new(),
            open_fields: Vec::new(),
            cuts: 0,
        }
    }

    /// The type as a source has it: under its own name, and as interface objects.
    fn local(&self, graph: Graph, ty: &str) -> impl Iterator<Item = &'a TypeDef> + use<'a> {
        let source = self.sources.get(graph);
        let own = source.and_then(|s| s.types.get(ty));
        let interfaces = self.merged.types.get(ty).map(|t| t.implements.keys()).into_iter().flatten();
        let objects =
            interfaces.filter_map(move |name| source?.types.get(name)).filter(|def| def.interface_object);
        own.into_iter().chain(objects)
    }

    pub(super) fn local_field(
        &self,
        graph: Graph,
        ty: &str,
        field: &str,
    ) -> Option<(&'a TypeDef, &'a Field)> {
        self.local(graph, ty).find_map(|def| Some((def, def.fields.get(field)?)))
    }

    /// Whether `@override` took the field from the source.
    pub(super) fn is_taken(&self, graph: Graph, ty: &str, field: &str) -> bool {
        self.local(graph, ty).any(|def| self.overridden.contains(&(def.name.as_str(), field, graph)))
    }

    /// The keys by which a source is entered.
    pub(super) fn keys(&self, graph: Graph, ty: &str) -> Vec<&'a Key> {
        let mut found = self.all_keys(graph, ty);
        found.retain(|key| key.resolvable);
        found
    }

    /// The keys of a type in a source, its interfaces' among them.
    fn all_keys(&self, graph: Graph, ty: &str) -> Vec<&'a Key> {
        let source = self.sources.get(graph);
        let mut found: Vec<&'a Key> = Vec::new();
        for def in self.local(graph, ty) {
            found.extend(&def.keys);
            let interfaces = def.implements.keys().filter_map(|name| source?.types.get(name));
            found.extend(interfaces.flat_map(|interface| &interface.keys));
        }
        found
    }

    /// The sources that define a field of a type.
    pub(super) fn defining(&self, ty: &str, field: &str) -> Vec<(Graph, &'a Field)> {
        (0..self.sources.len()).filter_map(|g| Some((g, self.local_field(g, ty, field)?.1))).collect()
    }

    /// Every source that can be asked for the object, starting where it is held.
    pub(super) fn closure(&mut self, ty: &Name, held: &Held) -> Held {
        let question = (ty.clone(), held.clone());
        if let Some(known) = self.known.get(&question) {
            return known.clone();
        }
        if let Some((_, so_far)) = self.open_closures.iter().find(|(open, _)| *open == question) {
            self.cuts += 1;
            return so_far.clone();
        }
        self.open_closures.push((question.clone(), held.clone()));
        let cuts = self.cuts;
        let mut all = held.clone();
        while let Some(graph) = (0..self.sources.len()).find(|g| self.opens(*g, ty, &all)) {
            all.insert((graph, 0));
            if let Some((_, so_far)) = self.open_closures.last_mut() {
                so_far.clone_from(&all);
            }
        }
        self.open_closures.pop();
        if self.cuts == cuts {
            self.known.insert(question, all.clone());
        }
        all
    }

    fn opens(&mut self, graph: Graph, ty: &Name, all: &Held) -> bool {
        if all.iter().any(|(g, _)| *g == graph) {
            return false;
        }
        let root = matches!(ty.as_str(), "Query" | "Mutation" | "Subscription");
        root && self.local(graph, ty).next().is_some()
            || self.keys(graph, ty).into_iter().any(|key| self.fetches(ty, &key.fields.selections, all))
    }

    /// The sources, of those given, that resolve a field.
    pub(super) fn resolving(&mut self, ty: &Name, field: &Name, all: &Held) -> Held {
        all.iter().filter(|place| self.resolves(ty, field, **place)).copied().collect()
    }

    fn resolves(&mut self, ty: &Name, name: &Name, place: (Graph, Provided)) -> bool {
        let (graph, provided) = place;
        let Some((def, field)) = self.local_field(graph, ty, name) else { return false };
        if !self.provided_below(provided, ty, name).is_empty() {
            return true;
        }
        if field.external || self.overridden.contains(&(def.name.as_str(), name.as_str(), graph)) {
            return false;
        }
        let Some(requires) = &field.requires else { return true };
        let question = (ty.clone(), name.clone(), graph);
        if self.open_fields.contains(&question) {
            self.cuts += 1;
            return false;
        }
        self.open_fields.push(question);
        // What is required is looked for from this source on, whatever was held before: so planners do.
        let from_here = self.closure(ty, &Held::from([place]));
        let fetched = self.fetches(ty, &requires.selections, &from_here)
            && self.comes_back(ty, place, requires, &from_here);
        self.open_fields.pop();
        fetched
    }

    /// What is required is fetched elsewhere, so the source is entered again, by any key of its own (Federation doesn't ask that it
    /// be resolvable); unless it was provided on the way.
    fn comes_back(&mut self, ty: &Name, place: (Graph, Provided), requires: &FieldSet, all: &Held) -> bool {
        let (graph, _) = place;
        let here = Held::from([place]);
        self.fetches(ty, &requires.selections, &here)
            || self.all_keys(graph, ty).into_iter().any(|key| self.fetches(ty, &key.fields.selections, all))
    }

    /// Whether a selection can be fetched whole.
    fn fetches(&mut self, ty: &Name, selections: &[Selection], all: &Held) -> bool {
        selections.iter().all(|selection| match selection {
            Selection::Field(field) if field.name == "__typename" => true,
            Selection::Field(field) => {
                let resolving = self.resolving(ty, &field.name, all);
                if resolving.is_empty() || field.selection_set.is_empty() {
                    return !resolving.is_empty();
                }
                let below = self.below(ty, &field.name, &resolving);
                below.into_iter().all(|(ty, held)| {
                    let all = self.closure(&ty, &held);
                    self.fetches(&ty, &field.selection_set, &all)
                })
            }
            Selection::InlineFragment(fragment) => {
                let applies = fragment.type_condition.as_ref().is_none_or(|on| self.is_a(ty, on));
                !applies || self.fetches(ty, &fragment.selection_set, all)
            }
            Selection::FragmentSpread(_) => true,
        })
    }

    fn is_a(&self, ty: &str, on: &str) -> bool {
        let implements = self.merged.types.get(ty).is_some_and(|t| t.implements.contains_key(on));
        ty == on || implements || self.merged.types.get(on).is_some_and(|t| t.members.contains_key(ty))
    }

    /// The object types that a field may return, each with the sources that hold it.
    pub(super) fn below(&mut self, ty: &Name, name: &Name, resolving: &Held) -> BTreeMap<Name, Held> {
        let mut found: BTreeMap<Name, Held> = BTreeMap::new();
        for (graph, provided) in resolving {
            let Some((_, field)) = self.local_field(*graph, ty, name) else { continue };
            let mut selections: Vec<&'a Selection> = Vec::new();
            for above in self.provided_below(*provided, ty, name) {
                selections.extend(below_selection(above));
            }
            selections.extend(field.provides.iter().flat_map(|set| set.selections.iter()));
            let provided = self.provide(selections);
            for object in self.objects(*graph, field.ty.inner_named_type()) {
                found.entry(object).or_default().insert((*graph, provided));
            }
        }
        found
    }

    /// What a type may be at run time when a source returns it; an interface object may be any implementation.
    pub(super) fn objects(&mut self, graph: Graph, ty: &Name) -> Vec<Name> {
        let question = (graph, ty.clone());
        if let Some(known) = self.possible.get(&question) {
            return known.clone();
        }
        let Some(source) = self.sources.get(graph) else { return Vec::new() };
        let objects: Vec<Name> = if source.types.get(ty).is_some_and(|def| def.interface_object) {
            let all = self.merged.types.iter();
            let objects = all.filter(|(_, t)| t.kind == Kind::Object && t.implements.contains_key(ty));
            objects.map(|(name, _)| name.clone()).collect()
        } else {
            source.runtime_types(ty).into_iter().cloned().collect()
        };
        self.possible.insert(question, objects.clone());
        objects
    }

    /// The provided selections of a field, through fragments that apply to the type.
    fn provided_below(&self, provided: Provided, ty: &str, name: &str) -> Vec<&'a Selection> {
        let mut found = Vec::new();
        let mut open: Vec<&'a Selection> = self.provided.get(provided).cloned().unwrap_or_default();
        while let Some(selection) = open.pop() {
            match selection {
                Selection::Field(field) if field.name == name => found.push(selection),
                Selection::InlineFragment(fragment)
                    if fragment.type_condition.as_ref().is_none_or(|on| self.is_a(ty, on)) =>
                {
                    open.extend(fragment.selection_set.iter());
                }
                _ => {}
            }
        }
        found
    }

    fn provide(&mut self, selections: Vec<&'a Selection>) -> Provided {
        match self.provided.iter().position(|known| *known == selections) {
            Some(known) => known,
            None => {
                self.provided.push(selections);
                self.provided.len() - 1
            }
        }
    }
}

fn below_selection(selection: &Selection) -> &[Selection] {
    if let Selection::Field(field) = selection { &field.selection_set } else { &[] }
}
