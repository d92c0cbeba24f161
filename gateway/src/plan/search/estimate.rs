//! What a way would bring and cost, without taking it: how many leaves it would leave missing, what it would ask for that nobody
//! wants, and how many steps it would make.

use std::sync::Arc;

use super::bring::{Need, untyped};
use super::steps::Place;
use super::wanted::{SpotId, TYPE_NAME, Want, WantId};
use super::{Search, extend, has};
use crate::plan::federation::{Has, Source, TypeId, TypeIn};

/// Less is better: what is missing before what is too much, and that before what it costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Estimate {
    /// Leaves that it doesn't bring.
    pub(super) missing: u32,
    /// Fields that it asks for of objects that nobody wants them of: values that would leave a source for nothing.
    pub(super) excess: u32,
    /// Steps that it makes.
    pub(super) cost: u32,
}

/// A way to bring a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) by: By,
    /// What entering its source costs: once, for all the fields that it brings.
    pub(super) entering: u32,
    /// What it leaves missing and costs besides.
    pub(super) estimate: Estimate,
}

/// By whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// One of the places that hold the object, by index.
    Place(usize),
    /// A source that is entered by a type.
    Jump(Source, TypeId),
}

/// How many sources are tried in every combination; with more, one is taken after the other.
const COMBINED: usize = 6;

impl<'g> Search<'g> {
    /// What a place leaves missing of all that is wanted at a position, and costs.
    pub(super) fn estimate(&mut self, spot: SpotId, place: &Place) -> Estimate {
        let key = (spot, place.clone());
        if let Some(known) = self.estimates.get(&key) {
            return *known;
        }
        let needs = self.all_wants(spot);
        let estimate = self.estimate_needs(&needs, place);
        self.estimates.insert(key, estimate);
        estimate
    }

    fn estimate_needs(&mut self, needs: &[Need], place: &Place) -> Estimate {
        let mut classes: Vec<Class> = Vec::new();
        for need in needs {
            let mut of_need: Vec<Vec<Choice>> = Vec::new();
            let untyped = untyped(&need.types, std::slice::from_ref(place));
            let types = need.types.iter().filter(|ty| has(&place.possible, **ty));
            let types = types.filter(|ty| untyped.is_none_or(|untyped| untyped == **ty));
            for ty in types {
                let choices = self.choices(need, *ty, std::slice::from_ref(place));
                if !of_need.contains(&choices) {
                    of_need.push(choices);
                }
            }
            let weight = self.weight(need);
            classes.extend(of_need.into_iter().map(|choices| Class { weight, choices }));
        }
        choose(&classes).0
    }

    /// How many leaves are wanted; one for an object of which nothing but its type is.
    pub(super) fn weight(&self, need: &Need) -> u32 {
        let Some(below) = self.wants[need.want].below else { return 1 };
        let leaves: u32 = match &need.rest {
            Some(rest) => rest.iter().map(|need| self.weight(need)).sum(),
            None => self.all_wants(below).iter().map(|need| self.weight(need)).sum(),
        };
        leaves.max(1)
    }

    /// The ways to bring a field of objects of a type that these places hold.
    pub(super) fn choices(&mut self, need: &Need, ty: TypeId, places: &[Place]) -> Vec<Choice> {
        if self.is_late() {
            return Vec::new();
        }
        if *self.wants[need.want].name == *TYPE_NAME {
            return self.typings(ty, places);
        }
        let mut choices = Vec::new();
        for (index, place) in places.iter().enumerate().filter(|(_, place)| has(&place.possible, ty)) {
            let Some((_, has)) = self.held(need.want, ty, place) else { continue };
            let Some(mut estimate) = self.below(need, ty, place, &has) else { continue };
            estimate.excess += u32::from(self.is_excess(need.want, ty, place));
            let choice = Choice { by: By::Place(index), entering: 0, estimate };
            if estimate == Estimate::default() {
                return vec![choice];
            }
            choices.push(choice);
        }
        self.jumps(need, ty, places, &mut choices);
        choices
    }

    /// The field as a place has it, and the type that has it there; where nothing is required for it.
    pub(super) fn held(&self, want: WantId, ty: TypeId, place: &Place) -> Option<(TypeId, Has<'g>)> {
        self.owned(want, ty, place).filter(|(_, has)| has.requires().is_none())
    }

    /// The same, for whoever brought what is required.
    pub(super) fn owned(&self, want: WantId, ty: TypeId, place: &Place) -> Option<(TypeId, Has<'g>)> {
        let owner = if place.untyped { place.ty } else { ty };
        let has = self.reach.field(owner, &self.wants[want].name, place.source, place.provided)?;
        Some((owner, has))
    }

    /// Ways to learn the concrete type.
    fn typings(&mut self, ty: TypeId, places: &[Place]) -> Vec<Choice> {
        let holding = |place: &&Place| has(&place.possible, ty);
        if let Some(index) = places.iter().position(|place| !place.untyped && holding(&place)) {
            return vec![Choice { by: By::Place(index), entering: 0, estimate: Estimate::default() }];
        }
        let mut choices = Vec::new();
        let held: Vec<_> =
            places.iter().filter(holding).map(|place| (place.source, place.provided)).collect();
        for interface in places.iter().filter(holding).map(|place| place.ty) {
            let all = self.reach.closure(interface, &held);
            let federation = self.federation;
            let entrances = federation.entrances(interface);
            for (entered_by, of) in entrances.filter(|(_, of)| !of.interface_object) {
                let cost = all.iter().find(|(source, _, _)| *source == of.source).map(|(_, _, cost)| *cost);
                let Some(cost) = cost else { continue };
                let by = By::Jump(of.source, entered_by);
                let estimate = Estimate::default();
                choices.push(Choice { by, entering: cost.max(1), estimate });
            }
        }
        choices
    }

    fn jumps(&mut self, need: &Need, ty: TypeId, places: &[Place], choices: &mut Vec<Choice>) {
        let federation = self.federation;
        let holding: Vec<&Place> = places.iter().filter(|place| has(&place.possible, ty)).collect();
        let held: Vec<_> = holding.iter().map(|place| (place.source, place.provided)).collect();
        let is_untyped = !holding.is_empty() && holding.iter().all(|place| place.untyped);
        let name = self.wants[need.want].name.clone();
        let all = self.reach.closure(ty, &held);
        for (entered_by, of) in federation.entrances(ty) {
            let Some(has) = self.reach.field(entered_by, &name, of.source, 0) else { continue };
            if !federation.is_entered(entered_by, of) {
                continue;
            }
            let Some((_, _, cost)) = all.iter().find(|(source, _, _)| *source == of.source) else { continue };
            // Where it is held already and wants nothing more, nothing is gained by entering once more.
            let is_held = holding.iter().any(|place| {
                place.source == of.source
                    && self.held(need.want, ty, place).is_some()
                    && !self.is_excess(need.want, ty, place)
            });
            if is_held {
                continue;
            }
            let required = match has.requires() {
                None => Some(0),
                Some(requires) => self.reach.required_from(ty, &name, requires, of.source, &held),
            };
            let Some(required) = required else { continue };
            let typing = u32::from(is_untyped && self.is_concrete(ty));
            let place = entered(entered_by, of);
            let Some(estimate) = self.below(need, ty, &place, &has) else { continue };
            choices.push(Choice {
                by: By::Jump(of.source, entered_by),
                entering: (*cost).max(1) + typing,
                estimate: Estimate { cost: estimate.cost + required, ..estimate },
            });
        }
    }

    /// Whether a place would be asked for a field of all objects, though it is wanted of some types only: which of them an interface
    /// object's are, it can't tell.
    fn is_excess(&self, want: WantId, ty: TypeId, place: &Place) -> bool {
        if !place.untyped || !self.is_concrete(ty) {
            return false;
        }
        let wanted = self.wanted_of(want);
        let mut concrete = place.possible.iter().filter(|ty| self.is_concrete(**ty));
        concrete.any(|ty| !has(&wanted, *ty))
    }

    /// The types of which a field is wanted, by this want and by those that ask the same.
    pub(super) fn wanted_of(&self, want: WantId) -> Vec<TypeId> {
        let own = &self.wants[want];
        let mut types = own.types.clone();
        for other in &self.spots[own.spot].wants {
            let other = &self.wants[*other];
            if other.types != own.types && self.asks_the_same(own, other) {
                extend(&mut types, &other.types);
            }
        }
        types
    }

    /// The same field with the same arguments, and the same below it.
    fn asks_the_same(&self, one: &Want, other: &Want) -> bool {
        let below = match (one.below, other.below) {
            (None, None) => true,
            (Some(one), Some(other)) => one == other || self.want_the_same(one, other),
            _ => false,
        };
        below && one.name == other.name && one.arguments == other.arguments
    }

    fn want_the_same(&self, one: SpotId, other: SpotId) -> bool {
        let wanted = |spot: SpotId| self.spots[spot].wants.iter().map(|want| &self.wants[*want]);
        let all_in = |one: SpotId, other: SpotId| {
            wanted(one).all(|want| {
                wanted(other).any(|other| want.types == other.types && self.asks_the_same(want, other))
            })
        };
        all_in(one, other) && all_in(other, one)
    }

    /// What a field leaves missing below it. Nothing where all of it would be.
    fn below(&mut self, need: &Need, ty: TypeId, place: &Place, has: &Has<'g>) -> Option<Estimate> {
        let Some(below) = self.wants[need.want].below else { return Some(Estimate::default()) };
        let owner = if place.untyped { place.ty } else { ty };
        let place = self.child(need.want, owner, place, has)?;
        let estimate = match &need.rest {
            Some(rest) => self.estimate_needs(rest, &place),
            None => self.estimate(below, &place),
        };
        (estimate.missing == 0 || estimate.missing < self.weight(need)).then_some(estimate)
    }

    /// Where the objects below a field are held.
    pub(super) fn child(
        &mut self,
        want: WantId,
        owner: TypeId,
        place: &Place,
        has: &Has<'g>,
    ) -> Option<Place> {
        let named = has.named?;
        let of = self.federation.type_in(named, place.source)?;
        let name = self.wants[want].name.clone();
        let provided = self.reach.provided_below(place.provided, owner, &name, has);
        Some(Place { provided, ..entered(named, of) })
    }

    pub(crate) fn is_concrete(&self, ty: TypeId) -> bool {
        self.graph.concrete().get(ty as usize).copied().unwrap_or(false)
    }
}

/// Where an object is held once a source has been entered by a type.
pub(super) fn entered(ty: TypeId, of: &TypeIn) -> Place {
    Place {
        source: of.source,
        ty,
        untyped: of.interface_object,
        possible: Arc::clone(&of.possible),
        provided: 0,
    }
}

/// Fields that can be brought in the same ways.
pub(super) struct Class {
    /// What is missing when none is taken.
    pub(super) weight: u32,
    pub(super) choices: Vec<Choice>,
}

/// Chooses a way for each class, by index, so that together they miss least and cost least.
pub(super) fn choose(classes: &[Class]) -> (Estimate, Vec<Option<usize>>) {
    let mut sources: Vec<Source> = Vec::new();
    for choice in classes.iter().flat_map(|class| class.choices.iter()) {
        if let By::Jump(source, _) = choice.by
            && !sources.contains(&source)
        {
            sources.push(source);
        }
    }
    let mut best = Vec::new();
    let mut least = score(classes, &best);
    if sources.len() <= COMBINED {
        for mask in 1..1_usize << sources.len() {
            let taken = sources.iter().enumerate().filter(|(index, _)| mask & (1 << index) != 0);
            let taken: Vec<Source> = taken.map(|(_, source)| *source).collect();
            let estimate = score(classes, &taken);
            if estimate < least {
                (best, least) = (taken, estimate);
            }
        }
    } else {
        while let Some((estimate, taken)) = one_more(classes, &sources, &best) {
            if estimate >= least {
                break;
            }
            (best, least) = (taken, estimate);
        }
    }
    (least, classes.iter().map(|class| pick(class, &best)).collect())
}

fn one_more(classes: &[Class], sources: &[Source], taken: &[Source]) -> Option<(Estimate, Vec<Source>)> {
    let more = sources.iter().filter(|source| !taken.contains(source)).map(|source| {
        let mut all = taken.to_vec();
        all.push(*source);
        (score(classes, &all), all)
    });
    more.min_by_key(|(estimate, _)| *estimate)
}

/// The best way of a class when these sources may be entered.
fn pick(class: &Class, taken: &[Source]) -> Option<usize> {
    let may = |choice: &Choice| match choice.by {
        By::Place(_) => true,
        By::Jump(source, _) => taken.contains(&source),
    };
    let allowed = class.choices.iter().enumerate().filter(|(_, choice)| may(choice));
    allowed.min_by_key(|(_, choice)| choice.estimate).map(|(index, _)| index)
}

fn score(classes: &[Class], taken: &[Source]) -> Estimate {
    let mut total = Estimate::default();
    let mut entered: Vec<(Source, u32)> = Vec::new();
    for class in classes {
        let Some(choice) = pick(class, taken).and_then(|index| class.choices.get(index)) else {
            total.missing += class.weight;
            continue;
        };
        total.missing += choice.estimate.missing;
        total.excess += choice.estimate.excess;
        total.cost += choice.estimate.cost;
        if let By::Jump(source, _) = choice.by {
            match entered.iter_mut().find(|(own, _)| *own == source) {
                Some((_, cost)) => *cost = (*cost).max(choice.entering),
                None => entered.push((source, choice.entering)),
            }
        }
    }
    total.cost += entered.iter().map(|(_, cost)| *cost).sum::<u32>();
    total
}
