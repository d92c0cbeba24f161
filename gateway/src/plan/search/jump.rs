//! Jumps: a source is entered by a key. The key and what is required are brought first; the step waits for exactly those who bring them.

use apollo_compiler::Node as Shared;

use super::bring::Need;
use super::estimate::entered;
use super::steps::{Entity, Home, HomeId, Node, Place, Step, StepId};
use super::wanted::{Given, SpotId, WantId};
use super::{Search, extend, has};
use crate::plan::federation::{SetItem, Source, TypeId, TypeIn};

/// A need, the type by which its source was to be entered, and what of it wasn't brought: `None` is all of it.
type Left = (TypeId, Need, Option<Vec<Need>>);

impl<'g> Search<'g> {
    /// Enters a source for these needs, each by a type. Leaves what that doesn't bring.
    pub(super) fn jump(&mut self, spot: SpotId, source: Source, needs: Vec<(TypeId, Need)>) -> Vec<Left> {
        let mut left = Vec::new();
        for (ty, requires, needs) in self.by_inputs(source, needs) {
            let home = self.enter(spot, source, ty, &needs, requires);
            for mut need in needs {
                self.drop_brought(&mut need);
                let rest = home.map(|home| self.select(home, &need));
                if rest.as_ref().is_none_or(|rest| !rest.is_empty()) && !need.types.is_empty() {
                    left.push((ty, need, rest));
                }
            }
        }
        left
    }

    /// The needs by the type that is entered and what they require; those that require nothing come first.
    fn by_inputs(
        &self,
        source: Source,
        needs: Vec<(TypeId, Need)>,
    ) -> Vec<(TypeId, Vec<SetItem>, Vec<Need>)> {
        let mut sorted: Vec<(TypeId, Vec<SetItem>, Vec<Need>)> = Vec::new();
        for (ty, need) in needs {
            let field = self.reach.field(ty, &self.wants[need.want].name, source, 0);
            let requires =
                field.and_then(|field| field.requires().map(|set| set.items.clone())).unwrap_or_default();
            match sorted.iter_mut().find(|(own, items, _)| *own == ty && *items == requires) {
                Some((_, _, needs)) => needs.push(need),
                None => sorted.push((ty, requires, vec![need])),
            }
        }
        sorted.sort_by_key(|(_, requires, _)| !requires.is_empty());
        sorted
    }

    /// A home in a step that enters the source, once the inputs are brought. `None` where they can't be.
    fn enter(
        &mut self,
        spot: SpotId,
        source: Source,
        ty: TypeId,
        needs: &[Need],
        requires: Vec<SetItem>,
    ) -> Option<HomeId> {
        let of = self.federation.type_in(ty, source)?;
        if self.federation.ty(ty)?.is_root {
            return Some(self.enter_root(spot, source, ty, of));
        }
        let mut types: Vec<TypeId> = Vec::new();
        needs.iter().for_each(|need| extend(&mut types, &need.types));
        let entering = (spot, source, ty, requires);
        if self.entering.contains(&entering) {
            return None;
        }
        let mut inputs = self.key(spot, &types, ty, of)?;
        for item in &entering.3 {
            if !inputs.contains(item) {
                inputs.push(item.clone());
            }
        }
        self.entering.push(entering);
        let parents = self.inputs(spot, &types, ty, needs, &inputs);
        self.entering.pop();
        let step = self.step(spot, source, parents?, false);
        Some(self.entity(step, ty, of, &types, inputs))
    }

    /// Brings inputs. The steps that do; `None` where they can't be brought.
    fn inputs(
        &mut self,
        spot: SpotId,
        types: &[TypeId],
        ty: TypeId,
        needs: &[Need],
        inputs: &[SetItem],
    ) -> Option<Vec<StepId>> {
        let mut wanted = self.want_set(spot, types, inputs);
        let typing = self.must_be_typed(spot, types, ty).then(|| self.want_type(spot));
        wanted.extend(typing.map(|want| Need::new(want, types.to_vec(), None)));
        let before = self.busy.len();
        for need in needs.iter().filter(|need| wanted.iter().all(|input| input.want != need.want)) {
            self.busy.extend(need.types.iter().map(|ty| (need.want, *ty)));
        }
        let left = self.bring(spot, wanted);
        self.busy.truncate(before);
        if !left.is_empty() {
            return None;
        }
        let mut parents = Vec::new();
        self.bringers(spot, types, inputs, &mut parents);
        if let Some(want) = typing {
            self.bringers_of(want, types, &mut parents);
        }
        parents.sort_unstable();
        parents.dedup();
        Some(parents)
    }

    fn enter_root(&mut self, spot: SpotId, source: Source, ty: TypeId, of: &TypeIn) -> HomeId {
        let parents: Vec<StepId> = match (Some(spot) == self.root, self.serial) {
            (true, false) => Vec::new(),
            (true, true) => self.steps.iter().map(|(id, _)| id).collect(),
            (false, _) => {
                self.spots[spot].homes.first().map(|home| self.homes[*home].step).into_iter().collect()
            }
        };
        let step = self.step(spot, source, parents, true);
        let known = self.steps[step].root;
        let home = known.unwrap_or_else(|| self.home(spot, step, entered(ty, of)));
        self.steps[step].root = Some(home);
        home
    }

    /// A step for these objects that waits for these steps: the one that there is, or a new one.
    fn step(&mut self, spot: SpotId, source: Source, parents: Vec<StepId>, root: bool) -> StepId {
        let is_same = |step: &Step| {
            step.spot == spot
                && step.source == source
                && step.parents == parents
                && step.root.is_some() == root
        };
        let known = self.steps.iter().find(|(_, step)| is_same(step)).map(|(id, _)| id);
        known.unwrap_or_else(|| {
            self.steps.add(Step { source, spot, parents, root: None, entities: Vec::new() })
        })
    }

    fn entity(
        &mut self,
        step: StepId,
        ty: TypeId,
        of: &TypeIn,
        types: &[TypeId],
        inputs: Vec<SetItem>,
    ) -> HomeId {
        let known = self.steps[step].entities.iter_mut().find(|entity| entity.ty == ty);
        let Some(entity) = known else {
            let place = self.entity_place(ty, of, types);
            let home = self.home(self.steps[step].spot, step, place);
            let inputs = inputs.into_iter().map(|item| (item, types.to_vec())).collect();
            self.steps[step].entities.push(Entity { ty, types: types.to_vec(), inputs, home });
            return home;
        };
        extend(&mut entity.types, types);
        for item in inputs {
            match entity.inputs.iter_mut().find(|(own, _)| *own == item) {
                Some((_, own)) => extend(own, types),
                None => entity.inputs.push((item, types.to_vec())),
            }
        }
        let (home, types) = (entity.home, entity.types.clone());
        self.homes[home].place = self.entity_place(ty, of, &types);
        home
    }

    /// An entity is one of those that were asked for; an untyped one that the source can tell the type of may then be any of it.
    fn entity_place(&self, ty: TypeId, of: &TypeIn, types: &[TypeId]) -> Place {
        let place = entered(ty, of);
        let is_told = !of.interface_object && has(types, ty) && !self.is_concrete(ty);
        let possible = match is_told {
            true => place.possible.iter().copied().collect(),
            false => types.into(),
        };
        Place { possible, ..place }
    }

    fn home(&mut self, spot: SpotId, step: StepId, place: Place) -> HomeId {
        let node = self.nodes.add(Node::default());
        let home = self.homes.add(Home { step, node, place });
        self.spots[spot].homes.push(home);
        home
    }

    /// The key by which the source is entered in the fewest steps.
    fn key(&mut self, spot: SpotId, types: &[TypeId], ty: TypeId, of: &TypeIn) -> Option<Vec<SetItem>> {
        let homes: Vec<Place> =
            self.spots[spot].homes.iter().map(|home| self.homes[*home].place.clone()).collect();
        // Coming back to where the object was, any of its keys will do (Federation doesn't ask that it be resolvable).
        let returns = homes.iter().any(|place| place.source == of.source);
        let mut keys: Vec<_> = of
            .keys
            .iter()
            .filter(|key| key.resolvable)
            .map(|key| std::sync::Arc::clone(&key.fields))
            .collect();
        if returns && keys.is_empty() {
            keys = self.federation.keys(ty, of);
        }
        let mut best: Option<(u32, Vec<SetItem>)> = None;
        for key in keys {
            let mut cost = Some(0);
            for ty in types {
                let held: Vec<_> = homes
                    .iter()
                    .filter(|place| has(&place.possible, *ty))
                    .map(|place| (place.source, place.provided))
                    .collect();
                let all = self.reach.closure(*ty, &held);
                cost = cost.zip(self.reach.fetches(*ty, &key.items, &all)).map(|(sum, cost)| sum.max(cost));
            }
            if let Some(cost) = cost.filter(|cost| best.as_ref().is_none_or(|(least, _)| cost < least)) {
                best = Some((cost, key.items.clone()));
            }
        }
        best.map(|(_, items)| items)
    }

    /// Whether the concrete types must be known before the objects can be asked for by a type.
    fn must_be_typed(&self, spot: SpotId, types: &[TypeId], ty: TypeId) -> bool {
        let mut places = self.spots[spot].homes.iter().map(|home| &self.homes[*home].place);
        let is_untyped =
            places.any(|place| place.untyped && types.iter().any(|ty| has(&place.possible, *ty)));
        let asks_untyped = types.iter().any(|ty| !self.is_concrete(*ty));
        is_untyped && (self.is_concrete(ty) || !asks_untyped)
    }

    /// Wants a field set of objects of some types, beside what is wanted already. What of it is needed, brought or not.
    pub(super) fn want_set(&mut self, spot: SpotId, types: &[TypeId], items: &[SetItem]) -> Vec<Need> {
        let mut needs = Vec::new();
        for item in items {
            match item {
                SetItem::On { ty, below } => {
                    let of: Vec<TypeId> =
                        types.iter().copied().filter(|own| self.reach.is_a(*own, *ty)).collect();
                    needs.extend(self.want_set(spot, &of, below));
                }
                SetItem::Field { name, arguments, below } => {
                    let given: Vec<_> = arguments
                        .iter()
                        .map(|(name, value)| (name.clone(), Given::Constant(Shared::new(value.clone()))))
                        .collect();
                    let mut missing = types.to_vec();
                    for want in self.spots[spot].wants.clone() {
                        let known = &self.wants[want];
                        if known.name != *name || known.arguments != given {
                            continue;
                        }
                        let of: Vec<TypeId> =
                            missing.iter().copied().filter(|ty| has(&known.types, *ty)).collect();
                        if !of.is_empty() {
                            missing.retain(|ty| !has(&of, *ty));
                            needs.push(self.want_below(want, of, below));
                        }
                    }
                    if !missing.is_empty() {
                        let want = self.want(spot, missing.clone(), name.clone(), name.clone(), given, None);
                        needs.push(self.want_below(want, missing, below));
                    }
                }
            }
        }
        needs
    }

    fn want_below(&mut self, want: WantId, types: Vec<TypeId>, items: &[SetItem]) -> Need {
        let Some(below) = self.wants[want].below else { return Need::new(want, types, None) };
        let possible = self.spots[below].possible.clone();
        let mut rest = self.want_set(below, &possible, items);
        let is_conditional = items.iter().any(|item| matches!(item, SetItem::On { .. }));
        if is_conditional && possible.iter().any(|ty| !self.is_concrete(*ty)) {
            let typing = self.want_type(below);
            rest.push(Need::new(typing, possible, None));
        }
        Need::new(want, types, Some(rest))
    }

    /// The steps that bring a field set of objects of some types.
    fn bringers(&self, spot: SpotId, types: &[TypeId], items: &[SetItem], into: &mut Vec<StepId>) {
        for item in items {
            match item {
                SetItem::On { ty, below } => {
                    let of: Vec<TypeId> =
                        types.iter().copied().filter(|own| self.reach.is_a(*own, *ty)).collect();
                    self.bringers(spot, &of, below, into);
                }
                SetItem::Field { name, arguments, below } => {
                    for want in self.wants_of(spot, types, name, arguments) {
                        match self.wants[want].below {
                            Some(spot) => self.bringers(spot, &self.spots[spot].possible, below, into),
                            None => self.bringers_of(want, types, into),
                        }
                    }
                }
            }
        }
    }

    fn bringers_of(&self, want: WantId, types: &[TypeId], into: &mut Vec<StepId>) {
        let brought = self.wants[want].brought.iter();
        let of_types = brought.filter(|(own, _)| types.iter().any(|ty| has(own, *ty)));
        into.extend(of_types.map(|(_, step)| *step));
    }

    /// The wants that are a field with these arguments, for any of the types.
    pub(crate) fn wants_of(
        &self,
        spot: SpotId,
        types: &[TypeId],
        name: &str,
        arguments: &[(raccordo_schema::mapping::Name, apollo_compiler::ast::Value)],
    ) -> Vec<WantId> {
        let is_same = |want: &WantId| {
            let want = &self.wants[*want];
            *want.name == *name
                && want.arguments.len() == arguments.len()
                && want.arguments.iter().zip(arguments).all(|((own, given), (name, value))| {
                    own == name && matches!(given, Given::Constant(own) if **own == *value)
                })
                && types.iter().any(|ty| has(&want.types, *ty))
        };
        self.spots[spot].wants.iter().copied().filter(is_same).collect()
    }
}
