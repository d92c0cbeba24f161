//! What can be fetched of an object from where it is held: which sources its keys open, and in how many steps.
//!
//! A search that comes back to its own question answers no there, which ends it and loses nothing.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::plan::federation::{Federation, FieldSet, Has, Rules, SetItem, Source, TypeId};

/// What a `@provides` on the way adds: an index into `Reach::provided`, 0 for nothing.
pub(crate) type Provided = u32;

/// The sources that hold an object, each with what was provided on the way, and after how many steps. Ascending.
pub(super) type Held = Vec<(Source, Provided, u32)>;

type Question = (TypeId, Vec<(Source, Provided)>);

/// Answers, remembered for one search.
pub(super) struct Reach<'g> {
    federation: &'g Federation,
    rules: Rules<'g>,
    provided: Vec<Vec<SetItem>>,
    known: FxHashMap<Question, Rc<Held>>,
    open_closures: Vec<(Question, Held)>,
    open_fields: Vec<(TypeId, String, Source)>,
    /// How often an open question was met: an answer found meanwhile is not remembered.
    cuts: usize,
}

impl<'g> Reach<'g> {
    pub(super) fn new(federation: &'g Federation, rules: Rules<'g>) -> Self {
        Self {
            federation,
            rules,
            provided: vec![Vec::new()],
            known: FxHashMap::default(),
            open_closures: Vec::new(),
            open_fields: Vec::new(),
            cuts: 0,
        }
    }

    /// A field of a type as a source resolves it for whoever brings what it requires; with what was provided there on the way.
    pub(super) fn field(
        &self,
        ty: TypeId,
        name: &str,
        source: Source,
        provided: Provided,
    ) -> Option<Has<'g>> {
        if provided != 0 && self.is_provided(provided, ty, name) {
            let has = self.federation.provided(ty, name, source)?;
            return Some(Has { given: true, ..has });
        }
        self.federation.resolvable(ty, name, source, self.rules)
    }

    /// The same for an object of a concrete type, which the source may know as an interface object.
    fn of_object(&self, ty: TypeId, name: &str, source: Source, provided: Provided) -> Option<Has<'g>> {
        self.field(ty, name, source, provided).or_else(|| {
            let interfaces = self.federation.ty(ty)?.interfaces.iter();
            let objects = interfaces.filter(|interface| {
                self.federation.type_in(**interface, source).is_some_and(|of| of.interface_object)
            });
            objects.copied().find_map(|interface| self.field(interface, name, source, provided))
        })
    }

    /// Every source that can be asked for the object, starting where it is held.
    pub(super) fn closure(&mut self, ty: TypeId, held: &[(Source, Provided)]) -> Rc<Held> {
        let mut from = held.to_vec();
        from.sort_unstable();
        from.dedup();
        let question = (ty, from);
        if let Some(known) = self.known.get(&question) {
            return Rc::clone(known);
        }
        if let Some((_, so_far)) = self.open_closures.iter().find(|(open, _)| *open == question) {
            self.cuts += 1;
            return Rc::new(so_far.clone());
        }
        let mut all: Held = question.1.iter().map(|(source, provided)| (*source, *provided, 0)).collect();
        self.open_closures.push((question.clone(), all.clone()));
        let cuts = self.cuts;
        while let Some((source, cost)) = self.next(ty, &all) {
            all.push((source, 0, cost));
            if let Some((_, so_far)) = self.open_closures.last_mut() {
                so_far.clone_from(&all);
            }
        }
        self.open_closures.pop();
        let all = Rc::new(all);
        if self.cuts == cuts {
            self.known.insert(question, Rc::clone(&all));
        }
        all
    }

    /// The source that is opened next, in the fewest steps.
    fn next(&mut self, ty: TypeId, all: &Held) -> Option<(Source, u32)> {
        let federation = self.federation;
        let mut best: Option<(Source, u32)> = None;
        for (_, of) in federation.entrances(ty) {
            if all.iter().any(|(source, _, _)| *source == of.source) {
                continue;
            }
            if federation.ty(ty).is_some_and(|info| info.is_root) {
                return Some((of.source, 1));
            }
            let keys = of.keys.iter().filter(|key| key.resolvable);
            let costs = keys.filter_map(|key| self.fetches(ty, &key.fields.items, all));
            let cost = costs.min().map(|cost| cost + 1);
            if let Some(cost) = cost.filter(|cost| best.is_none_or(|(_, least)| *cost < least)) {
                best = Some((of.source, cost));
            }
        }
        best
    }

    /// In how many steps a selection can be fetched whole.
    pub(super) fn fetches(&mut self, ty: TypeId, items: &[SetItem], all: &Held) -> Option<u32> {
        let mut most = 0;
        for item in items {
            let cost = match item {
                SetItem::Field { name, below, .. } => self.fetches_field(ty, name, below, all)?,
                SetItem::On { ty: on, below } if self.is_a(ty, *on) => self.fetches(ty, below, all)?,
                SetItem::On { .. } => 0,
            };
            most = most.max(cost);
        }
        Some(most)
    }

    fn fetches_field(&mut self, ty: TypeId, name: &str, below: &[SetItem], all: &Held) -> Option<u32> {
        let resolving: Vec<(Source, Provided, u32, Has<'g>)> = all
            .iter()
            .filter_map(|(source, provided, cost)| {
                let (has, more) = self.resolves(ty, name, *source, *provided)?;
                Some((*source, *provided, cost + more, has))
            })
            .collect();
        let least = resolving.iter().map(|(_, _, cost, _)| *cost).min()?;
        if below.is_empty() {
            return Some(least);
        }
        let mut types: FxHashMap<TypeId, Vec<(Source, Provided)>> = FxHashMap::default();
        for (source, provided, _, has) in &resolving {
            let provided = self.provided_below(*provided, ty, name, has);
            let Some(of) = has.named.and_then(|named| self.federation.type_in(named, *source)) else {
                continue;
            };
            for object in of.possible.iter() {
                types.entry(*object).or_default().push((*source, provided));
            }
        }
        let mut most = 0;
        for (object, held) in types {
            let all = self.closure(object, &held);
            most = most.max(self.fetches(object, below, &all)?);
        }
        Some(least + most)
    }

    /// Whether a source resolves a field, what it requires being fetched too, and in how many more steps.
    fn resolves(
        &mut self,
        ty: TypeId,
        name: &str,
        source: Source,
        provided: Provided,
    ) -> Option<(Has<'g>, u32)> {
        let has = self.of_object(ty, name, source, provided)?;
        match has.requires() {
            None => Some((has, 0)),
            Some(requires) => Some((has, self.required(ty, name, requires, source, provided)?)),
        }
    }

    /// In how many steps what a field requires is fetched and brought back, starting at its source: so planners do.
    fn required(
        &mut self,
        ty: TypeId,
        name: &str,
        requires: &FieldSet,
        source: Source,
        provided: Provided,
    ) -> Option<u32> {
        self.required_from(ty, name, requires, source, &[(source, provided)]).map(|cost| cost + 1)
    }

    /// In how many steps what a field requires is fetched, starting where the object is held.
    pub(super) fn required_from(
        &mut self,
        ty: TypeId,
        name: &str,
        requires: &FieldSet,
        source: Source,
        held: &[(Source, Provided)],
    ) -> Option<u32> {
        let question = (ty, name.to_owned(), source);
        if self.open_fields.contains(&question) {
            self.cuts += 1;
            return None;
        }
        self.open_fields.push(question);
        let all = self.closure(ty, held);
        let cost = self.fetches(ty, &requires.items, &all);
        self.open_fields.pop();
        cost
    }

    pub(super) fn is_a(&self, ty: TypeId, on: TypeId) -> bool {
        ty == on
            || self.federation.ty(ty).is_some_and(|info| info.interfaces.contains(&on))
            || self
                .federation
                .ty(on)
                .is_some_and(|info| info.sources.iter().any(|of| of.possible.binary_search(&ty).is_ok()))
    }

    fn is_provided(&self, provided: Provided, ty: TypeId, name: &str) -> bool {
        let mut found = Vec::new();
        let items = self.provided.get(provided as usize).map_or(&[][..], |items| items);
        self.find_provided(items, ty, name, &mut found);
        !found.is_empty()
    }

    fn find_provided<'i>(
        &self,
        items: &'i [SetItem],
        ty: TypeId,
        name: &str,
        found: &mut Vec<&'i [SetItem]>,
    ) {
        for item in items {
            match item {
                SetItem::Field { name: own, below, .. } if **own == *name => found.push(below),
                SetItem::Field { .. } => {}
                SetItem::On { ty: on, below } => {
                    if self.is_a(ty, *on) {
                        self.find_provided(below, ty, name, found);
                    }
                }
            }
        }
    }

    /// What is provided below a field: by the field itself, and by what was provided above it.
    pub(super) fn provided_below(
        &mut self,
        above: Provided,
        ty: TypeId,
        name: &str,
        has: &Has<'g>,
    ) -> Provided {
        let mut items: Vec<SetItem> = Vec::new();
        if above != 0 {
            let mut found = Vec::new();
            let provided = self.provided.get(above as usize).map_or(&[][..], |items| items);
            self.find_provided(provided, ty, name, &mut found);
            items.extend(found.into_iter().flatten().cloned());
        }
        items.extend(has.provides().iter().flat_map(|set| set.items.iter().cloned()));
        let known = self.provided.iter().position(|known| *known == items);
        let index = known.unwrap_or_else(|| {
            self.provided.push(items);
            self.provided.len() - 1
        });
        index as Provided
    }
}
