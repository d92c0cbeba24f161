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

/// Bytes of a body that are there for everyone: as much as all connections together could send.
pub(super) const SMALL: usize = 16 * 1024;
/// What room is counted in, in bytes.
const UNIT: usize = 1024;

/// Memory for large bodies, from their arrival to the end of their request: so much for all requests together.
#[derive(Clone)]
pub(super) struct Room {
    units: Arc<Semaphore>,
}

/// The room that one body takes.
#[derive(Default)]
pub(super) struct Taken {
    units: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(super) fn new(bytes: usize) -> Self {
        Self { units: Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS))) }
    }

    /// Room for a body that has so many bytes by now; false when there is no more.
    pub(super) fn hold(&self, bytes: usize, taken: &mut Taken) -> bool {
        let wanted = bytes.saturating_sub(SMALL).div_ceil(UNIT);
        let held = taken.units.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Ok(more) = u32::try_from(wanted.saturating_sub(held)) else { return false };
        if more == 0 {
            return true;
        }
        let Ok(units) = Arc::clone(&self.units).try_acquire_many_owned(more) else { return false };
        match &mut taken.units {
            Some(held) => held.merge(units),
            none => *none = Some(units),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_share_room_and_small_ones_need_none() {
        let room = Room::new(4 * UNIT);
        let (mut one, mut other, mut small) = (Taken::default(), Taken::default(), Taken::default());
        assert!(room.hold(SMALL + 1, &mut one) && room.hold(SMALL + 3 * UNIT, &mut one));
        assert!(room.hold(SMALL + UNIT, &mut other));
        assert!(!room.hold(SMALL + UNIT + 1, &mut other), "there is no more");
        assert!(room.hold(SMALL, &mut small));
        drop(one);
        assert!(room.hold(SMALL + 4 * UNIT, &mut other));
        assert!(!room.hold(SMALL + 5 * UNIT, &mut other));
    }

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
