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
    pub(super) held: Vec<usize>,
    ends: Option<Instant>,
}

/// Nothing came while there was patience.
pub(super) struct RanOut;

impl Patience {
    /// For one run, which ends at `deadline`. Mutations have none: what is read after one is read before the next.
    pub(super) fn of(plan: &Plan, graph: &Graph, deadline: Instant) -> Self {
        let may_wait = |call: &Call| !call.company.is_empty() && joins(graph, call);
        let is_wanted = super::is_query(plan) && plan.calls.iter().any(may_wait);
        let ends = is_wanted.then(|| {
            let now = Instant::now();
            now + deadline.saturating_duration_since(now) / PART
        });
        Self { held: Vec::new(), ends }
    }

    /// Whether a call that is ready is held.
    pub(super) fn holds(&self, graph: &Graph, call: &Call, waits: &[usize]) -> bool {
        let is_to_come = |other: &usize| waits.get(*other).is_some_and(|waits| *waits > 0);
        self.ends.is_some() && call.company.iter().any(is_to_come) && joins(graph, call)
    }

    /// A call that was held, and that nothing is to come for any more.
    pub(super) fn let_go(&mut self, plan: &Plan, graph: &Graph, waits: &[usize]) -> Option<usize> {
        let is_free =
            |index: &usize| plan.calls.get(*index).is_none_or(|call| !self.holds(graph, call, waits));
        let at = self.held.iter().position(is_free)?;
        Some(self.held.swap_remove(at))
    }

    /// Waits for what comes next: while calls are held, no longer than there is patience. Afterwards nothing is held again.
    pub(super) async fn bounds<T>(&mut self, next: impl Future<Output = T>) -> Result<T, RanOut> {
        match self.ends.filter(|_| !self.held.is_empty()) {
            None => Ok(next.await),
            Some(ends) => tokio::time::timeout_at(ends, next).await.map_err(|_| {
                self.ends = None;
                RanOut
            }),
        }
    }
}

fn joins(graph: &Graph, call: &Call) -> bool {
    graph.sources().get(call.source).is_some_and(|source| source.connector.joins())
}
