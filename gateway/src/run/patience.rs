//! Patience: which calls that are ready wait, so that another to their source goes with them. A plan and what is still to come enter;
//! what is held leaves, at the latest when the time for waiting is over.
//!
//! Held is only what nothing else waits for, for a source whose connector makes one call of both, and only for a call that is sure to
//! come: the answer isn't there before that one's anyway. A call that is held is made within a quarter of the request's time, whatever becomes of the one it waited for.

use tokio::time::Instant;

use crate::graph::Graph;
use crate::plan::{Call, Plan};

/// The part of a request's time in which calls may be held.
const PART: u32 = 4;

/// The calls that are held.
pub(super) struct Patience {
    /// By index.
    held: Vec<usize>,
    /// By source: calls for entities that wait for others still.
    to_come: Vec<usize>,
    /// By source: its connector makes one call of several questions.
    joins: Vec<bool>,
    /// Nothing more is to come for some source: what is held for it goes.
    is_over: bool,
    ends: Option<Instant>,
}

/// Nothing came while there was patience.
pub(super) struct RanOut;

impl Patience {
    /// For one run, which ends at `deadline`. Mutations have none: what is read after one is read before the next.
    pub(super) fn of(plan: &Plan, graph: &Graph, deadline: Instant) -> Self {
        let joins: Vec<bool> = graph.sources().iter().map(|source| source.connector.joins()).collect();
        let mut to_come = vec![0; joins.len()];
        for call in plan.calls.iter().filter(|call| call.of_entities && call.waits > 0) {
            if let Some(count) = to_come.get_mut(call.source) {
                *count += 1;
            }
        }
        let is_wanted = super::is_query(plan) && to_come.iter().any(|count| *count > 1);
        let ends = is_wanted.then(|| {
            let now = Instant::now();
            now + deadline.saturating_duration_since(now) / PART
        });
        Self { held: Vec::new(), to_come, joins, is_over: false, ends }
    }

    /// Notes that a call waits for no other any more.
    pub(super) fn came(&mut self, call: &Call) {
        if let Some(count) = self.to_come.get_mut(call.source).filter(|_| call.of_entities) {
            *count = count.saturating_sub(1);
            self.is_over |= *count == 0;
        }
    }

    /// Holds a call that is ready, if it is one to hold.
    pub(super) fn holds(&mut self, index: usize, call: &Call) -> bool {
        let is_held = self.ends.is_some()
            && call.of_entities
            && call.then.is_empty()
            && self.to_come.get(call.source).is_some_and(|count| *count > 0)
            && self.joins.get(call.source).is_some_and(|joins| *joins);
        if is_held {
            self.held.push(index);
        }
        is_held
    }

    /// The calls that were held and that nothing is to come for any more.
    pub(super) fn let_go(&mut self, plan: &Plan) -> Vec<usize> {
        if !std::mem::take(&mut self.is_over) {
            return Vec::new();
        }
        let still_to_come = |index: &usize| {
            let source = plan.calls.get(*index).map(|call| call.source);
            source.and_then(|source| self.to_come.get(source)).is_some_and(|count| *count > 0)
        };
        let (held, free) = std::mem::take(&mut self.held).into_iter().partition(still_to_come);
        self.held = held;
        free
    }

    /// Waits for what comes next: while calls are held, no longer than there is patience. Then they are in `ready`, and nothing is held
    /// again.
    pub(super) async fn bounds<T>(
        &mut self,
        ready: &mut Vec<usize>,
        next: impl Future<Output = T>,
    ) -> Result<T, RanOut> {
        match self.ends.filter(|_| !self.held.is_empty()) {
            None => Ok(next.await),
            Some(ends) => tokio::time::timeout_at(ends, next).await.map_err(|_| {
                self.ends = None;
                ready.append(&mut self.held);
                RanOut
            }),
        }
    }
}
