//! One member asked: the fetch that it is given, no longer than it may take, counted for it and for the whole.

use std::sync::Arc;
use std::time::Duration;

use raccordo_connector_api::{
    Asked, Failure, FailureKind, Fetch, MemberCost, Meter, Reply, Representations, Value,
};
use tokio::time::{Instant, timeout_at};

use crate::connector::Connected;
use crate::cursor::Inner;

/// What is left of a source's time for putting together what its members answered: a twentieth of it, and no more than this.
const FOR_JOINING: Duration = Duration::from_millis(100);

/// Whether members together brought more records than one fetch may: each keeps to the limit by itself alone.
pub(crate) fn within_rows(fetch: &Fetch) -> Result<(), Failure> {
    let (_, _, rows) = fetch.meter.read();
    match rows > fetch.limits.rows as u64 {
        true => Err(Failure::over_limit(format!(
            "more than {} records of all members together",
            fetch.limits.rows
        ))),
        false => Ok(()),
    }
}

impl Connected {
    /// When this member is given up: within its own time, and before the source's ends.
    pub(crate) fn deadline(&self, of_source: Instant) -> Instant {
        let now = Instant::now();
        let left = of_source.saturating_duration_since(now);
        let joined = of_source.checked_sub((left / 20).min(FOR_JOINING)).unwrap_or(of_source);
        joined.min(now + self.timeout)
    }

    /// The fetch for this member.
    pub(crate) fn fetch(
        &self,
        of_source: &Fetch,
        asked: &Arc<Asked>,
        values: Arc<[Value]>,
        representations: Representations,
    ) -> Fetch {
        Fetch {
            asked: Arc::clone(asked),
            values,
            representations,
            deadline: self.deadline(of_source.deadline),
            limits: of_source.limits,
            origin: Arc::clone(&of_source.origin),
            cursors: Arc::new(Inner),
            meter: Arc::new(Meter::part_of(&of_source.meter)),
        }
    }

    /// Asks it.
    pub(crate) async fn ask(&self, fetch: &Fetch) -> Result<Reply, Failure> {
        let asked = timeout_at(fetch.deadline, self.connector.fetch(fetch)).await;
        asked.unwrap_or_else(|_| Err(self.late()))
    }

    /// Asks it several things together.
    pub(crate) async fn ask_together(&self, fetches: &[Fetch]) -> Vec<Result<Reply, Failure>> {
        let deadline = fetches.iter().map(|fetch| fetch.deadline).min().unwrap_or_else(Instant::now);
        match fetches {
            [fetch] => vec![self.ask(fetch).await],
            several => {
                let asked = timeout_at(deadline, self.connector.fetch_together(several)).await;
                asked.unwrap_or_else(|_| several.iter().map(|_| Err(self.late())).collect())
            }
        }
    }

    fn late(&self) -> Failure {
        Failure::timed_out("no answer within the member's time")
    }

    /// What it cost.
    pub(crate) fn cost(&self, meter: &Meter, keys: usize, failure: Option<FailureKind>) -> MemberCost {
        let (calls, _, rows) = meter.read();
        MemberCost { member: self.name.clone(), calls, keys, rows, failure }
    }

    /// A failure of this member as the operators' log has it: what is told to a caller stays as it is.
    pub(crate) fn blamed(&self, failure: &Failure) -> Failure {
        match failure.kind {
            FailureKind::BadInput => failure.clone(),
            _ => Failure { detail: format!("member `{}`: {}", self.name, failure.detail), ..failure.clone() },
        }
    }
}
