//! Who is answered now, who waits, who is told to come back: a bounded number of each.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets requests through, so many at a time, with a bounded queue before it.
#[derive(Clone)]
pub(super) struct Gate {
    /// A place in the house: answered or waiting.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    patience: Duration,
}

/// A request's turn; the next one's when it is dropped.
pub(super) struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Gate {
    pub(super) fn new(concurrency: usize, queue: usize, patience: Duration) -> Self {
        let most = Semaphore::MAX_PERMITS;
        Self {
            places: Arc::new(Semaphore::new(concurrency.saturating_add(queue).min(most))),
            turns: Arc::new(Semaphore::new(concurrency.min(most))),
            patience,
        }
    }

    /// A turn, after a wait; `None` when the queue is full or the wait too long.
    pub(super) async fn enter(&self) -> Option<Turn> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let turn =
            tokio::time::timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await.ok()?.ok()?;
        Some(Turn { _turn: turn, _place: place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_works_one_waits_and_a_third_is_sent_away() {
        let gate = Gate::new(1, 1, Duration::from_secs(60));
        let first = gate.enter().await;
        assert!(first.is_some());
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter().await }
        });
        tokio::task::yield_now().await;
        assert!(gate.enter().await.is_none(), "the queue is full");
        drop(first);
        assert!(waiting.await.unwrap().is_some(), "whoever waited has the next turn");
        assert!(gate.enter().await.is_some());
    }

    #[tokio::test]
    async fn a_wait_has_an_end() {
        let gate = Gate::new(1, 1, Duration::from_millis(10));
        let first = gate.enter().await;
        assert!(gate.enter().await.is_none());
        drop(first);
        assert!(gate.enter().await.is_some());
    }
}
