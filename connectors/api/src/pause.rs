//! A pause in; about as long a pause out: many who wait for the same thing shouldn't all come back at once.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

/// Between half the pause and the whole.
pub fn jitter(pause: Duration) -> Duration {
    // A new state has new keys: its hash of nothing is a number that nobody foresees.
    let drawn = RandomState::new().build_hasher().finish() % 1_000;
    pause / 2 + pause.mul_f64(drawn as f64 / 2_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_between_half_and_whole() {
        let pause = Duration::from_millis(100);
        let drawn: Vec<Duration> = (0..100).map(|_| jitter(pause)).collect();
        assert!(drawn.iter().all(|drawn| (pause / 2..=pause).contains(drawn)));
        assert!(drawn.iter().any(|drawn| *drawn != drawn_first(&drawn)), "they differ");
        assert_eq!(jitter(Duration::ZERO), Duration::ZERO);
    }

    fn drawn_first(drawn: &[Duration]) -> Duration {
        drawn.first().copied().unwrap_or_default()
    }
}
