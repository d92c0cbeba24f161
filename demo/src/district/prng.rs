//! Enters: a topic and an index. Leaves: a stream of numbers that is the same on every machine, in every run.
//! Never reads a clock or the system's randomness. Not for secrets.

/// The district's seed. Another seed is another district.
const SEED: u64 = 0x0003_4006_2026_0930;

/// SplitMix64 (Steele, Lea, Flood 2014): small, and its streams are independent enough for invented lives.
#[derive(Clone)]
pub struct Prng(u64);

impl Prng {
    /// The stream of one thing: the same topic and index give the same numbers, whatever was drawn elsewhere.
    pub fn of(topic: &str, index: u64) -> Self {
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        let topic = topic.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
        let mut stream = Self(SEED ^ topic ^ index.wrapping_mul(0xd6e8_feb8_6659_fd93));
        stream.draw();
        stream
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `limit - 1`; 0 when `limit` is 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        let scaled = (u128::from(self.draw()) * u128::from(limit)) >> 64;
        u32::try_from(scaled).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `items`; the default value when there are none.
    pub fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let at = self.below(u32::try_from(items.len()).unwrap_or(u32::MAX));
        items.get(at as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_repeats_and_differs_by_topic_and_index() {
        let draws = |topic, index| {
            let mut stream = Prng::of(topic, index);
            [stream.draw(), stream.draw()]
        };
        assert_eq!(draws("persona", 1), draws("persona", 1));
        assert_ne!(draws("persona", 1), draws("persona", 2));
        assert_ne!(draws("persona", 1), draws("nucleo", 1));
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_both_ends() {
        let mut stream = Prng::of("range", 0);
        let seen: std::collections::BTreeSet<u32> = (0..200).map(|_| stream.between(3, 6)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert_eq!(stream.below(0), 0);
        assert_eq!(stream.pick::<u8>(&[]), 0);
    }
}
