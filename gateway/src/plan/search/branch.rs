//! Branches: the objects at a position that come in the same way, and the homes that hold them.
//!
//! A position below an abstract type may be filled by one source for this type and by another for that: what one brings, the other
//! lacks. So what is brought is asked of a branch, never of a position.

use super::Search;
use super::has;
use super::steps::HomeId;
use super::wanted::{SpotId, TYPE_NAME, WantId};
use crate::plan::federation::{SetItem, TypeId};

/// Objects at a position that come in the same way.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    pub(super) spot: SpotId,
    /// The selections that hold them.
    pub(super) homes: Vec<HomeId>,
    /// On the way from the root: the types of the objects that lead here, where not all do.
    pub(super) above: Vec<Option<Vec<TypeId>>>,
}

impl Branch {
    /// Lets more types of the object above lead here.
    pub(super) fn widen(&mut self, types: &[TypeId]) {
        if let Some(Some(above)) = self.above.last_mut() {
            super::extend(above, types);
        }
    }
}

/// A home that a jump made: it holds the objects of every branch that has these homes and comes this way.
#[derive(Debug)]
pub(super) struct Entered {
    pub(super) of: Vec<HomeId>,
    pub(super) above: Vec<Option<Vec<TypeId>>>,
    pub(super) home: HomeId,
}

impl Search<'_> {
    /// Whether a home of the branch brings a field of objects of a type.
    pub(super) fn is_brought(&self, branch: &Branch, want: WantId, ty: TypeId) -> bool {
        self.bringing(branch, want, ty).next().is_some()
    }

    /// The homes of a branch that bring a field of objects of a type, wholly or in part.
    fn bringing(&self, branch: &Branch, want: WantId, ty: TypeId) -> impl Iterator<Item = HomeId> {
        let is_typing = *self.wants[want].name == *TYPE_NAME;
        branch.homes.iter().copied().filter(move |home| {
            let home = &self.homes[*home];
            match is_typing {
                true => !home.requires && !home.place.untyped && has(&home.place.possible, ty),
                false => self.nodes[home.node]
                    .fields
                    .iter()
                    .any(|field| field.want == want && has(&field.types, ty)),
            }
        })
    }

    /// The branch below a field of objects of a type, without those homes that jumps made there.
    pub(super) fn child_branch(&self, branch: &Branch, want: WantId, ty: TypeId) -> Option<Branch> {
        let spot = self.wants[want].below?;
        let mut homes: Vec<HomeId> = Vec::new();
        for home in &branch.homes {
            let fields = self.nodes[self.homes[*home].node].fields.iter();
            let below = fields.filter(|field| field.want == want && has(&field.types, ty));
            homes.extend(below.filter_map(|field| field.below));
        }
        homes.dedup();
        let mut above = branch.above.clone();
        let is_untyped = branch.homes.iter().any(|home| self.homes[*home].place.untyped);
        let is_one = self.spots[branch.spot].possible.len() == 1;
        above.push((!is_untyped && !is_one).then(|| vec![ty]));
        Some(Branch { spot, homes, above })
    }

    /// Adds the homes that jumps made, where they hold the branch's objects too.
    pub(super) fn covering(&self, branch: &mut Branch) {
        loop {
            let next = self.spots[branch.spot].entered.iter().find(|entered| {
                !branch.homes.contains(&entered.home)
                    && entered.of.iter().all(|home| branch.homes.contains(home))
                    && covers(&entered.above, &branch.above)
            });
            match next {
                Some(entered) => branch.homes.push(entered.home),
                None => return,
            }
        }
    }

    /// The homes in which a field set of objects of some types is brought: at the branch's own position, and everywhere.
    pub(super) fn bringers(
        &self,
        branch: &Branch,
        types: &[TypeId],
        items: &[SetItem],
        (here, all): (&mut Vec<HomeId>, &mut Vec<HomeId>),
    ) {
        for item in items {
            match item {
                SetItem::On { ty, below } => {
                    let of: Vec<TypeId> =
                        types.iter().copied().filter(|own| self.reach.is_a(*own, *ty)).collect();
                    self.bringers(branch, &of, below, (here, all));
                }
                SetItem::Field { name, arguments, below } => {
                    for want in self.wants_of(branch.spot, types, name, arguments) {
                        for ty in types.iter().filter(|ty| has(&self.wants[want].types, **ty)) {
                            self.bringers_of(branch, want, *ty, below, (here, all));
                        }
                    }
                }
            }
        }
    }

    pub(super) fn bringers_of(
        &self,
        branch: &Branch,
        want: WantId,
        ty: TypeId,
        below: &[SetItem],
        (here, all): (&mut Vec<HomeId>, &mut Vec<HomeId>),
    ) {
        let Some(mut child) = self.child_branch(branch, want, ty) else {
            let first = self.bringing(branch, want, ty).next();
            here.extend(first);
            all.extend(first);
            return;
        };
        here.extend(self.bringing(branch, want, ty));
        self.covering(&mut child);
        let before = all.len();
        let possible = self.spots[child.spot].possible.clone();
        self.bringers(&child, &possible, below, (&mut Vec::new(), all));
        if all.len() == before {
            all.extend(child.homes.first());
        }
    }
}

/// Whether everything that comes one way comes the other too.
fn covers(wide: &[Option<Vec<TypeId>>], narrow: &[Option<Vec<TypeId>>]) -> bool {
    wide.iter().zip(narrow).all(|(wide, narrow)| match (wide, narrow) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => narrow.iter().all(|ty| has(wide, *ty)),
    })
}
