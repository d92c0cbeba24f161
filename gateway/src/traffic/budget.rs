//! How much may be asked again: a share of what is asked at all, and ten beside. A source that is down isn't asked twice as much by it.

use std::sync::atomic::{AtomicU64, Ordering};

/// What one retry costs; a fetch earns as many of it as percent are configured.
const COST: u64 = 100;
/// What is there at the beginning, and at most.
const MOST: u64 = 10 * COST;

/// The budget of one source.
pub(super) struct Budget {
    earned: u64,
    left: AtomicU64,
}

impl Budget {
    pub(super) fn new(percent: u32) -> Self {
        Self { earned: u64::from(percent), left: AtomicU64::new(MOST) }
    }

    /// One fetch was made.
    pub(super) fn earn(&self) {
        let more = |left: u64| Some((left + self.earned).min(MOST));
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Whether something may be asked again.
    pub(super) fn spend(&self) -> bool {
        let less = |left: u64| left.checked_sub(COST);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_retries_are_there_and_then_a_share_of_what_is_asked() {
        let budget = Budget::new(20);
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10);
        let retries = (0..100).filter(|_| {
            budget.earn();
            budget.spend()
        });
        assert_eq!(retries.count(), 20);
        (0..1_000).for_each(|_| budget.earn());
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10);
    }
}
