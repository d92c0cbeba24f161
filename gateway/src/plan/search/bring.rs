//! Bringing: for every wanted field a way is chosen and taken, until nothing is open or no way is left.

use super::estimate::{By, Choice, Class, choose};
use super::steps::{Home, HomeId, Node, NodeField, Place};
use super::wanted::{SpotId, TYPE_NAME, WantId};
use super::{Search, extend, has};
use crate::plan::federation::{Source, TypeId};

/// A field that isn't brought yet.
#[derive(Debug, Clone)]
pub(super) struct Need {
    pub(super) want: WantId,
    /// For objects of these types, ascending.
    pub(super) types: Vec<TypeId>,
    /// What of it; `None` is all that is wanted below it.
    pub(super) rest: Option<Vec<Need>>,
    /// Ways that were taken and didn't bring all of it.
    tried: Vec<Tried>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Home(HomeId),
    Jump(Source, TypeId),
}

impl Need {
    pub(super) fn new(want: WantId, types: Vec<TypeId>, rest: Option<Vec<Need>>) -> Self {
        Self { want, types, rest, tried: Vec::new() }
    }

    fn after(&self, types: Vec<TypeId>, left: Option<Vec<Need>>, tried: Tried) -> Self {
        let mut all = self.tried.clone();
        all.push(tried);
        Self { want: self.want, types, rest: left.or_else(|| self.rest.clone()), tried: all }
    }
}

/// Some types of a need, and the ways to bring it for them.
struct Open {
    need: Need,
    choices: Vec<Choice>,
}

/// The interface by which objects are known, where no place knows more and nobody asks for more.
pub(super) fn untyped(types: &[TypeId], places: &[Place]) -> Option<TypeId> {
    let first = places.first()?;
    let all_untyped = places.iter().all(|place| place.untyped);
    (all_untyped && has(types, first.ty)).then_some(first.ty)
}

impl Search<'_> {
    /// Everything wanted at a position.
    pub(super) fn all_wants(&self, spot: SpotId) -> Vec<Need> {
        let wants = self.spots[spot].wants.iter();
        wants.map(|want| Need::new(*want, self.wants[*want].types.clone(), None)).collect()
    }

    /// Brings what is needed at a position. Leaves what no way brings.
    pub(super) fn bring(&mut self, spot: SpotId, needs: Vec<Need>) -> Vec<Need> {
        let mut lost = Vec::new();
        let mut needs: Vec<Need> = needs.into_iter().flat_map(|need| self.pending(need)).collect();
        if let Some(at) = needs.iter().position(|need| self.is_typing(need))
            && needs.len() > 1
        {
            let typing = needs.remove(at);
            lost.extend(self.bring(spot, vec![typing]));
        }
        while !needs.is_empty() && !self.late {
            needs.iter_mut().for_each(|need| self.drop_brought(need));
            let homes = self.spots[spot].homes.clone();
            let places: Vec<Place> = homes.iter().map(|home| self.homes[*home].place.clone()).collect();
            let mut open = Vec::new();
            for need in needs {
                self.open(need, &homes, &places, &mut open);
            }
            let classes: Vec<Class> = open
                .iter()
                .map(|open| Class { weight: self.weight(&open.need), choices: open.choices.clone() })
                .collect();
            let (_, chosen) = choose(&classes);
            needs = self.take(spot, &homes, open, &chosen, &mut lost);
        }
        lost.extend(needs);
        lost
    }

    /// What of a need isn't brought yet.
    fn pending(&mut self, need: Need) -> Vec<Need> {
        let want = &self.wants[need.want];
        let is_brought = |ty: &TypeId| want.brought.iter().any(|(types, _)| has(types, *ty));
        let (brought, missing): (Vec<TypeId>, Vec<TypeId>) = need.types.iter().copied().partition(is_brought);
        let mut pending = Vec::new();
        if !missing.is_empty() {
            pending.push(Need { types: missing, ..need.clone() });
        }
        let Some(below) = want.below.filter(|_| !brought.is_empty()) else { return pending };
        let wanted = need.rest.unwrap_or_else(|| self.all_wants(below));
        let left = self.bring(below, wanted);
        if !left.is_empty() {
            pending.push(Need::new(need.want, brought, Some(left)));
        }
        pending
    }

    fn is_typing(&self, need: &Need) -> bool {
        *self.wants[need.want].name == *TYPE_NAME
    }

    /// A leaf that was brought meanwhile, as somebody's key, is nobody's need any more.
    pub(super) fn drop_brought(&self, need: &mut Need) {
        let want = &self.wants[need.want];
        if want.below.is_none() {
            need.types.retain(|ty| !want.brought.iter().any(|(types, _)| has(types, *ty)));
        }
    }

    /// Finds the ways to bring a need, by types for which they are the same. Types that nothing here can be are nobody's need.
    fn open(&mut self, need: Need, homes: &[HomeId], places: &[Place], open: &mut Vec<Open>) {
        let occurs = |ty: &TypeId| places.is_empty() || places.iter().any(|place| has(&place.possible, *ty));
        let types: Vec<TypeId> = need.types.iter().copied().filter(occurs).collect();
        let untyped = untyped(&types, places);
        let mut made: Vec<Open> = Vec::new();
        for ty in types {
            // Where nobody knows the concrete type, what can be done for one can be done for all.
            let mut choices = self.choices(&need, untyped.unwrap_or(ty), places);
            choices.retain(|choice| match choice.by {
                By::Place(index) => {
                    homes.get(index).is_some_and(|home| !need.tried.contains(&Tried::Home(*home)))
                }
                By::Jump(source, ty) => !need.tried.contains(&Tried::Jump(source, ty)),
            });
            if self.busy.contains(&(need.want, ty)) {
                choices.clear();
            }
            match made.iter_mut().find(|open| open.choices == choices) {
                Some(open) => open.need.types.push(ty),
                None => made.push(Open { need: Need { types: vec![ty], ..need.clone() }, choices }),
            }
        }
        open.extend(made);
    }

    /// Takes the ways that were chosen: first what is at hand, then the jumps, source by source. Leaves what they didn't bring.
    fn take(
        &mut self,
        spot: SpotId,
        homes: &[HomeId],
        open: Vec<Open>,
        chosen: &[Option<usize>],
        lost: &mut Vec<Need>,
    ) -> Vec<Need> {
        let mut left = Vec::new();
        let mut jumps: Vec<(Source, Vec<(TypeId, Need)>)> = Vec::new();
        for (open, chosen) in open.into_iter().zip(chosen) {
            let Open { need, choices } = open;
            match chosen.and_then(|index| choices.get(index)).map(|choice| choice.by) {
                None => lost.push(need),
                Some(By::Place(index)) => {
                    let Some(home) = homes.get(index).copied() else { continue };
                    let rest = self.select(home, &need);
                    if !rest.is_empty() {
                        left.push(need.after(need.types.clone(), Some(rest), Tried::Home(home)));
                    }
                }
                Some(By::Jump(source, ty)) => match jumps.iter_mut().find(|(own, _)| *own == source) {
                    Some((_, needs)) => needs.push((ty, need)),
                    None => jumps.push((source, vec![(ty, need)])),
                },
            }
        }
        for (source, needs) in jumps {
            for (ty, need, rest) in self.jump(spot, source, needs) {
                left.push(need.after(need.types.clone(), rest, Tried::Jump(source, ty)));
            }
        }
        left
    }

    /// Selects a field in a home. Leaves what of it the home and what follows from it don't bring.
    pub(super) fn select(&mut self, home: HomeId, need: &Need) -> Vec<Need> {
        let step = self.homes[home].step;
        let want = need.want;
        self.wants[want].brought.push((need.types.clone(), step));
        if *self.wants[want].name == *TYPE_NAME {
            return Vec::new();
        }
        let Some(below) = self.wants[want].below else {
            self.add_leaf(home, want, &need.types);
            return Vec::new();
        };
        let place = self.homes[home].place.clone();
        let mut children: Vec<(Place, Vec<TypeId>)> = Vec::new();
        for ty in &need.types {
            let child =
                self.owned(want, *ty, &place).and_then(|(owner, has)| self.child(want, owner, &place, &has));
            let Some(child) = child else { continue };
            match children.iter_mut().find(|(own, _)| *own == child) {
                Some((_, types)) => types.push(*ty),
                None => children.push((child, vec![*ty])),
            }
        }
        for (child, types) in children {
            self.select_object(home, want, below, child, &types);
        }
        let wanted = need.rest.clone().unwrap_or_else(|| self.all_wants(below));
        self.bring(below, wanted)
    }

    fn select_object(&mut self, home: HomeId, want: WantId, below: SpotId, child: Place, types: &[TypeId]) {
        let node = self.homes[home].node;
        let homes = &self.homes;
        let same = |field: &&mut NodeField| {
            field.want == want && field.below.is_some_and(|below| homes[below].place == child)
        };
        if let Some(field) = self.nodes[node].fields.iter_mut().find(same) {
            extend(&mut field.types, types);
            return;
        }
        let step = self.homes[home].step;
        let selection = self.nodes.add(Node::default());
        let made = self.homes.add(Home { step, node: selection, place: child });
        self.spots[below].homes.push(made);
        self.nodes[node].fields.push(NodeField { want, types: types.to_vec(), below: Some(made) });
    }

    fn add_leaf(&mut self, home: HomeId, want: WantId, types: &[TypeId]) {
        let fields = &mut self.nodes[self.homes[home].node].fields;
        match fields.iter_mut().find(|field| field.want == want) {
            Some(field) => extend(&mut field.types, types),
            None => fields.push(NodeField { want, types: types.to_vec(), below: None }),
        }
    }
}
