//! What one fetch may cost. Passing a limit is a [`crate::Failure`] of kind `OverLimit`, never a silent cut.

/// The limits of one fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Records that all calls of the fetch together may bring.
    pub rows: usize,
    /// Calls for pages that one list or batch may take.
    pub pages: usize,
    /// Bytes of one reply, after decompression.
    pub reply_bytes: usize,
    /// Calls of one fetch that may be under way together.
    pub parallel: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: 100_000, pages: 1_000, reply_bytes: 32 * 1024 * 1024, parallel: 4 }
    }
}
