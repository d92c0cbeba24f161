//! Turns at a source: so many fetches at a time, so many that wait, for so long. A fetch enters; its turn leaves, or that there is none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use raccordo_connector_api::{Failure, FailureKind};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

/// The turns of one source.
pub(super) struct Turns {
    free: Semaphore,
    most: usize,
    waiting: AtomicUsize,
    queue: usize,
    patience: Duration,
}

/// One that waits; it counts until it doesn't.
struct Waiting<'t>(&'t AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Turns {
    pub(super) fn new(most: usize, queue: usize, patience: Duration) -> Self {
        Self { free: Semaphore::new(most), most, waiting: AtomicUsize::new(0), queue, patience }
    }

    /// The turn of a fetch.
    ///
    /// # Errors
    /// `Busy`, when too many wait, or it waited too long.
    pub(super) async fn wait(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, Failure> {
        if let Ok(turn) = self.free.try_acquire() {
            return Ok(turn);
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        if before >= self.queue {
            let (most, queue) = (self.most, self.queue);
            return Err(busy(format!(
                "{most} fetches are under way and {queue} wait (`concurrency`, `queue`)"
            )));
        }
        let until = deadline.min(Instant::now() + self.patience);
        let turn = timeout_at(until, self.free.acquire()).await;
        let turn = turn.map_err(|_| busy("no turn within `queue_timeout_ms`, or the time of the fetch"))?;
        turn.map_err(|_| Failure::internal("the turns at a source are closed"))
    }
}

fn busy(detail: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Busy, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn so_many_go_so_many_wait_and_no_more() {
        let turns = Turns::new(2, 1, NEVER);
        let deadline = Instant::now() + NEVER;
        let first = turns.wait(deadline).await.ok().unwrap();
        let _second = turns.wait(deadline).await.ok().unwrap();
        let (third, fourth, ()) = tokio::join!(turns.wait(deadline), turns.wait(deadline), async {
            tokio::task::yield_now().await;
            drop(first);
        });
        assert!(third.is_ok());
        assert_eq!(fourth.err().unwrap().kind, FailureKind::Busy);
        assert_eq!(turns.waiting.load(Ordering::Acquire), 0);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_and_waits_no_more() {
        let turns = Turns::new(1, 1, Duration::from_millis(1));
        let deadline = Instant::now() + NEVER;
        let turn = turns.wait(deadline).await.ok().unwrap();
        assert!(turns.wait(deadline).await.err().unwrap().detail.contains("queue_timeout_ms"));
        assert_eq!(turns.waiting.load(Ordering::Acquire), 0);
        drop(turn);
        assert!(turns.wait(deadline).await.is_ok());
    }

    #[tokio::test]
    async fn without_a_queue_nobody_waits() {
        let turns = Turns::new(1, 0, NEVER);
        let deadline = Instant::now() + NEVER;
        let turn = turns.wait(deadline).await.ok().unwrap();
        assert!(turns.wait(deadline).await.is_err());
        drop(turn);
        assert!(turns.wait(deadline).await.is_ok());
    }
}
