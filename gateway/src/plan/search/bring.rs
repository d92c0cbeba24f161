//! Bringing: for every wanted field a way is chosen and taken, until nothing is open or no way is left.

use super::branch::Branch;
use super::estimate::{By, Choice, Class, choose};
use super::steps::{Home, HomeId, Node, NodeField, Place};
use super::wanted::{SpotId, TYPE_NAME, WantId};
use super::{Search, extend, has};
use crate::plan::federation::{Source, TypeId};

/// A field that isn't brought yet.
#[derive(Debug, Clone, PartialEq)]
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

    fn after(mut self, tried: Tried) -> Self {
        self.tried.push(tried);
        self
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

    /// Brings what is needed in a branch. Leaves what no way brings.
    pub(super) fn bring(&mut self, branch: &mut Branch, needs: Vec<Need>) -> Vec<Need> {
        let mut lost = Vec::new();
        let mut needs: Vec<Need> = needs.into_iter().flat_map(|need| self.pending(branch, need)).collect();
        if let Some(at) = needs.iter().position(|need| self.is_typing(need))
            && needs.len() > 1
        {
            let typing = needs.remove(at);
            lost.extend(self.bring(branch, vec![typing]));
        }
        while !needs.is_empty() && !self.late {
            needs.iter_mut().for_each(|need| self.drop_brought(branch, need));
            let homes = self.open_to_all(branch);
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
            needs = self.take(branch, &homes, open, &chosen, &mut lost);
        }
        lost.extend(needs);
        lost
    }

    /// The homes that may be asked for more: not those that wait for inputs which only some fields require. An input that fails costs
    /// nobody else anything.
    pub(super) fn open_to_all(&self, branch: &Branch) -> Vec<HomeId> {
        branch.homes.iter().copied().filter(|home| !self.homes[*home].requires).collect()
    }

    /// What of a need isn't brought yet.
    fn pending(&mut self, branch: &Branch, need: Need) -> Vec<Need> {
        let (brought, missing): (Vec<TypeId>, Vec<TypeId>) =
            need.types.iter().copied().partition(|ty| self.is_brought(branch, need.want, *ty));
        let mut pending = Vec::new();
        if !missing.is_empty() {
            pending.push(Need { types: missing, ..need.clone() });
        }
        if !brought.is_empty() && self.wants[need.want].below.is_some() {
            pending.extend(self.descend(branch, vec![Need { types: brought, ..need }]));
        }
        pending
    }

    /// Brings what is needed below fields that are selected. Leaves what of them isn't brought.
    fn descend(&mut self, branch: &Branch, selected: Vec<Need>) -> Vec<Need> {
        let mut classes: Vec<(Need, Branch)> = Vec::new();
        for need in selected {
            for ty in &need.types {
                let Some(child) = self.child_branch(branch, need.want, *ty) else { continue };
                let same = |(own, known): &&mut (Need, Branch)| {
                    own.want == need.want && own.rest == need.rest && known.homes == child.homes
                };
                match classes.iter_mut().find(same) {
                    Some((own, known)) => {
                        extend(&mut own.types, &[*ty]);
                        known.widen(&own.types);
                        own.tried.extend(need.tried.iter().filter(|_| own.types.len() > 1));
                    }
                    None => classes.push((Need { types: vec![*ty], ..need.clone() }, child)),
                }
            }
        }
        let mut left = Vec::new();
        for (need, mut child) in classes {
            self.covering(&mut child);
            let wanted = need.rest.clone().unwrap_or_else(|| self.all_wants(child.spot));
            let rest = self.bring(&mut child, wanted);
            if !rest.is_empty() {
                left.push(Need { rest: Some(rest), ..need });
            }
        }
        left
    }

    fn is_typing(&self, need: &Need) -> bool {
        *self.wants[need.want].name == *TYPE_NAME
    }

    /// A leaf that was brought meanwhile, as somebody's key, is nobody's need any more.
    fn drop_brought(&self, branch: &Branch, need: &mut Need) {
        if self.wants[need.want].below.is_none() {
            need.types.retain(|ty| !self.is_brought(branch, need.want, *ty));
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

    /// Takes the ways that were chosen: first what is at hand, then the jumps, source by source, then what is below. Leaves what they
    /// didn't bring.
    fn take(
        &mut self,
        branch: &mut Branch,
        homes: &[HomeId],
        open: Vec<Open>,
        chosen: &[Option<usize>],
        lost: &mut Vec<Need>,
    ) -> Vec<Need> {
        let (mut left, mut selected) = (Vec::new(), Vec::new());
        let mut jumps: Vec<(Source, Vec<(TypeId, Need)>)> = Vec::new();
        for (Open { need, choices }, chosen) in open.into_iter().zip(chosen) {
            match chosen.and_then(|index| choices.get(index)).map(|choice| choice.by) {
                None => lost.push(need),
                Some(By::Place(index)) => {
                    let Some(home) = homes.get(index).copied() else { continue };
                    self.select(home, &need);
                    selected.push(need.after(Tried::Home(home)));
                }
                Some(By::Jump(source, ty)) => match jumps.iter_mut().find(|(own, _)| *own == source) {
                    Some((_, needs)) => needs.push((ty, need)),
                    None => jumps.push((source, vec![(ty, need)])),
                },
            }
        }
        for (source, needs) in jumps {
            for (ty, requires, mut needs) in self.by_inputs(source, needs) {
                let home = self.enter(branch, source, ty, &needs, requires);
                needs.iter_mut().for_each(|need| self.drop_brought(branch, need));
                for need in needs {
                    match home {
                        Some(home) => {
                            self.select(home, &need);
                            selected.push(need.after(Tried::Jump(source, ty)));
                        }
                        None => left.push(need.after(Tried::Jump(source, ty))),
                    }
                }
            }
        }
        selected.retain(|need| self.wants[need.want].below.is_some());
        left.extend(self.descend(branch, selected));
        left
    }

    /// Selects a field in a home.
    fn select(&mut self, home: HomeId, need: &Need) {
        let want = need.want;
        if *self.wants[want].name == *TYPE_NAME || need.types.is_empty() {
            return;
        }
        let Some(below) = self.wants[want].below else {
            self.add_field(home, want, &need.types, None);
            return;
        };
        let place = self.homes[home].place.clone();
        for ty in &need.types {
            let child =
                self.owned(want, *ty, &place).and_then(|(owner, has)| self.child(want, owner, &place, &has));
            if let Some(child) = child {
                let child = self.child_home(home, below, child);
                self.add_field(home, want, &[*ty], Some(child));
            }
        }
    }

    /// The home below a field; in one step the fields of several types share it.
    fn child_home(&mut self, home: HomeId, below: SpotId, place: Place) -> HomeId {
        let step = self.homes[home].step;
        let known = self.spots[below].homes.iter().copied();
        let same = |home: &HomeId| self.homes[*home].step == step && self.homes[*home].place == place;
        if let Some(known) = known.into_iter().find(same) {
            return known;
        }
        let node = self.nodes.add(Node::default());
        let made = self.homes.add(Home { step, node, place, requires: false });
        self.spots[below].homes.push(made);
        made
    }

    fn add_field(&mut self, home: HomeId, want: WantId, types: &[TypeId], below: Option<HomeId>) {
        let fields = &mut self.nodes[self.homes[home].node].fields;
        match fields.iter_mut().find(|field| field.want == want && field.below == below) {
            Some(field) => extend(&mut field.types, types),
            None => fields.push(NodeField { want, types: types.to_vec(), below }),
        }
    }
}
