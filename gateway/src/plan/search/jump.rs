//! Jumps: a source is entered by a key. The key and what is required are brought first; the step waits for exactly those who bring them.

use apollo_compiler::Node as Shared;

use super::branch::{Branch, Entered};
use super::bring::Need;
use super::estimate::entered;
use super::steps::{Entity, Home, HomeId, Node, Place, Step, StepId};
use super::wanted::{Given, SpotId, WantId};
use super::{Search, extend, has};
use crate::plan::federation::{SetItem, Source, TypeId, TypeIn};

/// What decides which needs are brought by one lookup.
#[derive(PartialEq)]
struct Inputs {
    ty: TypeId,
    requires: Vec<SetItem>,
    of: Vec<TypeId>,
}

/// What objects a step shall be for.
struct Entering<'i> {
    ty: TypeId,
    inputs: &'i [SetItem],
    /// Of these types and no others.
    exactly: Option<&'i [TypeId]>,
}

impl Search<'_> {
    /// The needs by the type that is entered, what they require, and of what an interface object is asked for them; those that require
    /// nothing come first.
    pub(super) fn by_inputs(
        &self,
        source: Source,
        needs: Vec<(TypeId, Need)>,
    ) -> Vec<(TypeId, Vec<SetItem>, Vec<Need>)> {
        let mut sorted: Vec<(Inputs, Vec<Need>)> = Vec::new();
        for (ty, need) in needs {
            let field = self.reach.field(ty, &self.wants[need.want].name, source, 0);
            let requires =
                field.and_then(|field| field.requires().map(|set| set.items.clone())).unwrap_or_default();
            // Which of its records are of which type an interface object can't tell: it is asked for no more of them than is wanted.
            let is_untyped = self.federation.type_in(ty, source).is_some_and(|of| of.interface_object);
            let of = if is_untyped { self.wanted_of(need.want) } else { Vec::new() };
            let inputs = Inputs { ty, requires, of };
            match sorted.iter_mut().find(|(own, _)| *own == inputs) {
                Some((_, needs)) => needs.push(need),
                None => sorted.push((inputs, vec![need])),
            }
        }
        sorted.sort_by_key(|(inputs, _)| !inputs.requires.is_empty());
        sorted.into_iter().map(|(inputs, needs)| (inputs.ty, inputs.requires, needs)).collect()
    }

    /// A home in a step that enters the source, once the inputs are brought. `None` where they can't be.
    pub(super) fn enter(
        &mut self,
        branch: &mut Branch,
        source: Source,
        ty: TypeId,
        needs: &[Need],
        requires: Vec<SetItem>,
    ) -> Option<HomeId> {
        let of = self.federation.type_in(ty, source)?;
        if self.federation.ty(ty)?.is_root {
            return Some(self.enter_root(branch, source, ty, of));
        }
        let mut types: Vec<TypeId> = Vec::new();
        needs.iter().for_each(|need| extend(&mut types, &need.types));
        let entering = (branch.spot, source, ty, requires);
        if self.entering.contains(&entering) {
            return None;
        }
        let mut inputs = self.key(branch, &types, ty, of)?;
        let key = inputs.len();
        for item in &entering.3 {
            if !inputs.contains(item) {
                inputs.push(item.clone());
            }
        }
        self.entering.push(entering);
        let homes = self.inputs(branch, &types, ty, needs, &inputs);
        self.entering.pop();
        let (here, all) = homes?;
        let exactly = of.interface_object.then_some(types.as_slice());
        let entering = Entering { ty, inputs: &inputs, exactly };
        let step = self.step(branch, source, self.steps_of(&all), Some(entering));
        Some(self.entity(branch, step, (ty, of), &types, (inputs, key, here)))
    }

    /// Brings inputs. The homes that do, at the branch's position and everywhere; `None` where they can't be brought.
    fn inputs(
        &mut self,
        branch: &mut Branch,
        types: &[TypeId],
        ty: TypeId,
        needs: &[Need],
        inputs: &[SetItem],
    ) -> Option<(Vec<HomeId>, Vec<HomeId>)> {
        let mut wanted = self.want_set(branch.spot, types, inputs);
        let typing = self.must_be_typed(branch, types, ty).then(|| self.want_type(branch.spot));
        wanted.extend(typing.map(|want| Need::new(want, types.to_vec(), None)));
        let before = self.busy.len();
        for need in needs.iter().filter(|need| wanted.iter().all(|input| input.want != need.want)) {
            self.busy.extend(need.types.iter().map(|ty| (need.want, *ty)));
        }
        let left = self.bring(branch, wanted);
        self.busy.truncate(before);
        if !left.is_empty() {
            return None;
        }
        let (mut here, mut all) = (Vec::new(), Vec::new());
        self.bringers(branch, types, inputs, (&mut here, &mut all));
        if let Some(want) = typing {
            types.iter().for_each(|ty| self.bringers_of(branch, want, *ty, &[], (&mut here, &mut all)));
        }
        here.sort_unstable();
        here.dedup();
        Some((here, all))
    }

    fn steps_of(&self, homes: &[HomeId]) -> Vec<StepId> {
        let mut steps: Vec<StepId> = homes.iter().map(|home| self.homes[*home].step).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    fn enter_root(&mut self, branch: &mut Branch, source: Source, ty: TypeId, of: &TypeIn) -> HomeId {
        let above: Vec<HomeId> = branch.homes.first().copied().into_iter().collect();
        let parents: Vec<StepId> = match (Some(branch.spot) == self.root, self.serial) {
            (true, false) => Vec::new(),
            (true, true) => self.steps.iter().map(|(id, _)| id).collect(),
            (false, _) => self.steps_of(&above),
        };
        let step = self.step(branch, source, parents, None);
        let known = self.steps[step].root;
        let home = known.unwrap_or_else(|| self.home(step, entered(ty, of), false));
        self.steps[step].root = Some(home);
        self.note(branch, above, home);
        home
    }

    /// Notes that a home was entered from these.
    fn note(&mut self, branch: &mut Branch, of: Vec<HomeId>, home: HomeId) {
        if !branch.homes.contains(&home) {
            branch.homes.push(home);
        }
        let of = of.into_iter().filter(|from| *from != home).collect();
        self.spots[branch.spot].entered.push(Entered { of, above: branch.above.clone(), home });
    }

    /// A step for these objects that waits for these steps: the one that there is, or a new one. Entities of one type have one set of inputs
    /// in a step: an input that fails costs only what requires it, and no two values meet under one name. Those of an interface object
    /// are of exactly the types that what it is asked for is wanted of.
    fn step(
        &mut self,
        branch: &Branch,
        source: Source,
        parents: Vec<StepId>,
        entity: Option<Entering<'_>>,
    ) -> StepId {
        let fits = |own: &Entity| {
            entity.as_ref().is_some_and(|Entering { ty, inputs, exactly }| {
                own.ty != *ty
                    || own.inputs.len() == inputs.len()
                        && inputs.iter().all(|item| own.inputs.contains(item))
                        && exactly.is_none_or(|types| own.types == types)
            })
        };
        let is_same = |step: &Step| {
            step.spot == branch.spot
                && step.source == source
                && step.parents == parents
                && step.above == branch.above
                && step.root.is_some() == entity.is_none()
                && step.entities.iter().all(fits)
        };
        let known = self.steps.iter().find(|(_, step)| is_same(step)).map(|(id, _)| id);
        known.unwrap_or_else(|| {
            let (spot, above) = (branch.spot, branch.above.clone());
            self.steps.add(Step { source, spot, above, parents, root: None, entities: Vec::new() })
        })
    }

    fn entity(
        &mut self,
        branch: &mut Branch,
        step: StepId,
        (ty, of): (TypeId, &TypeIn),
        types: &[TypeId],
        (inputs, key, from): (Vec<SetItem>, usize, Vec<HomeId>),
    ) -> HomeId {
        let known = self.steps[step].entities.iter_mut().find(|entity| entity.ty == ty);
        let home = match known {
            Some(entity) => {
                extend(&mut entity.types, types);
                let (home, types) = (entity.home, entity.types.clone());
                self.homes[home].place = self.entity_place(ty, of, &types);
                home
            }
            None => {
                let home = self.home(step, self.entity_place(ty, of, types), inputs.len() > key);
                self.steps[step].entities.push(Entity { ty, types: types.to_vec(), inputs, key, home });
                home
            }
        };
        self.note(branch, from, home);
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

    fn home(&mut self, step: StepId, place: Place, requires: bool) -> HomeId {
        let node = self.nodes.add(Node::default());
        self.homes.add(Home { step, node, place, requires })
    }

    /// The key by which the source is entered in the fewest steps.
    fn key(&mut self, branch: &Branch, types: &[TypeId], ty: TypeId, of: &TypeIn) -> Option<Vec<SetItem>> {
        let homes = self.open_to_all(branch);
        let homes: Vec<Place> = homes.iter().map(|home| self.homes[*home].place.clone()).collect();
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
    fn must_be_typed(&self, branch: &Branch, types: &[TypeId], ty: TypeId) -> bool {
        let mut places = branch.homes.iter().map(|home| &self.homes[*home].place);
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
