//! Chance that is the same for a seed on every machine: a seed in, draws out (SplitMix64). It knows nothing of what is drawn.

/// A source of chance.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `below`; 0 where there is none.
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        (self.next() >> 11) as usize % below.max(1)
    }

    /// True so many times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }

    pub(crate) fn pick<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        of.get(self.roll(of.len()))
    }

    /// In another order.
    pub(crate) fn shuffled<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        let mut out = of.to_vec();
        for at in (1..out.len()).rev() {
            out.swap(at, self.roll(at + 1));
        }
        out
    }

    /// At least `least` of them, in their order.
    pub(crate) fn some<T: Clone>(&mut self, of: &[T], least: usize) -> Vec<T> {
        let places: Vec<usize> = (0..of.len()).collect();
        let count = least + self.roll(of.len().saturating_sub(least) + 1);
        let mut taken = self.shuffled(&places);
        taken.truncate(count);
        taken.sort_unstable();
        taken.into_iter().map(|at| of[at].clone()).collect()
    }
}

/// A text's number: FNV-1a, well mixed.
pub(crate) fn hash(text: &str) -> usize {
    let folded = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (mix(folded) >> 12) as usize
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
