//! The search for a plan: what is wanted in, the steps that bring it out.
//!
//! It goes down the client's selections from the roots. At each position the homes, selections of fetches that pass through, bring what
//! their sources have. For the rest it chooses the sources to enter by a key, so that little is missing and few steps are made, brings
//! the key and what is required as if the client had asked for them, and makes a step. What one way can't bring whole, another
//! way completes: two sources of a shared field may each bring a part of what is below it.
//!
//! Federation specification: <https://www.apollographql.com/docs/federation/>. Nothing here knows of values or of the network.

mod branch;
mod bring;
mod estimate;
mod jump;
mod reach;
pub(super) mod steps;
pub(super) mod table;
pub(super) mod wanted;

use std::time::{Duration, Instant};

use raccordo_connector_api::Operation as Root;
use rustc_hash::FxHashMap;

use super::PlanError;
use super::federation::{Federation, Rules, SetItem, Source, TypeId};
use crate::graph::Graph;
use crate::operation::Selections;
use branch::Branch;
use bring::Need;
use estimate::Estimate;
use reach::Reach;
use steps::{Home, Node, Place, Step};
use table::Table;
use wanted::{Spot, SpotId, Want, WantId};

/// How many choices are looked at between two looks at the clock.
const CHOICES_A_LOOK: u32 = 256;

/// A search, and what it found.
pub(super) struct Search<'g> {
    pub(super) graph: &'g Graph,
    federation: &'g Federation,
    reach: Reach<'g>,
    pub(super) spots: Table<Spot>,
    pub(super) wants: Table<Want>,
    pub(super) steps: Table<Step>,
    pub(super) nodes: Table<Node>,
    pub(super) homes: Table<Home>,
    estimates: FxHashMap<(SpotId, Place), Estimate>,
    /// Fields whose inputs are being brought, by type.
    busy: Vec<(WantId, TypeId)>,
    /// Sources that are being entered, with what is required for it.
    entering: Vec<(SpotId, Source, TypeId, Vec<SetItem>)>,
    root: Option<SpotId>,
    serial: bool,
    until: Instant,
    looked: u32,
    late: bool,
}

/// Finds the steps for an operation.
///
/// # Errors
/// A search over its time; a field that no way leads to, which composition should have refused.
pub(super) fn search<'g>(
    graph: &'g Graph,
    federation: &'g Federation,
    rules: Rules<'g>,
    (root, root_type): (Root, TypeId),
    selections: &Selections,
    deadline: Duration,
) -> Result<(Search<'g>, SpotId), PlanError> {
    let mut search = Search {
        graph,
        federation,
        reach: Reach::new(federation, rules),
        spots: Table::default(),
        wants: Table::default(),
        steps: Table::default(),
        nodes: Table::default(),
        homes: Table::default(),
        estimates: FxHashMap::default(),
        busy: Vec::new(),
        entering: Vec::new(),
        root: None,
        serial: root == Root::Mutation,
        until: Instant::now() + deadline,
        looked: 0,
        late: false,
    };
    let spot = search.client_spot(None, &[root_type], &[selections]);
    search.root = Some(spot);
    let needs = search.all_wants(spot);
    let mut branch = Branch { spot, homes: Vec::new(), above: Vec::new() };
    let left = match root {
        Root::Mutation => needs.into_iter().flat_map(|need| search.in_turn(&mut branch, need)).collect(),
        _ => search.bring(&mut branch, needs),
    };
    if search.late {
        return Err(PlanError::TooLong);
    }
    match left.first() {
        None => Ok((search, spot)),
        Some(need) => Err(PlanError::Unreachable(search.named_path(need))),
    }
}

impl Search<'_> {
    /// Writes happen one after the other, each with all that is below it; those of one source that nothing stands between go in one step.
    fn in_turn(&mut self, root: &mut Branch, need: Need) -> Vec<Need> {
        let made = self.steps.len();
        root.homes.retain(|home| self.homes[*home].step.index() + 1 == made);
        self.bring(root, vec![need])
    }

    fn is_late(&mut self) -> bool {
        self.looked += 1;
        if self.looked.is_multiple_of(CHOICES_A_LOOK) && Instant::now() > self.until {
            self.late = true;
        }
        self.late
    }

    /// The way to what is missing, in the graph's names.
    fn named_path(&self, need: &Need) -> String {
        let mut names = Vec::new();
        let mut need = need;
        loop {
            let want = &self.wants[need.want];
            let ty = need.types.first().and_then(|id| self.graph.types().name(*id));
            names.push(format!("{}.{}", ty.map_or("?", |name| name), want.name));
            match need.rest.as_ref().and_then(|rest| rest.first()) {
                Some(below) => need = below,
                None => return names.join(" / "),
            }
        }
    }
}

/// Whether an ascending list has a type.
pub(super) fn has(types: &[TypeId], ty: TypeId) -> bool {
    types.binary_search(&ty).is_ok()
}

/// Adds types to an ascending list.
fn extend(types: &mut Vec<TypeId>, more: &[TypeId]) {
    types.extend_from_slice(more);
    types.sort_unstable();
    types.dedup();
}
