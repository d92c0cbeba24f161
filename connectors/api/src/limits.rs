//! What one fetch may cost. Passing a limit is a [`crate::Failure`] of kind `OverLimit`, never a silent cut.

use std::time::Duration;

/// The limits of one fetch, and of one stream of events. Of a stream, `rows` and `reply_bytes` bound each event.
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
    /// Streams of events of the source that may be open together. The gateway counts them.
    pub streams: usize,
    /// How long a stream may be silent. Whatever the source sends to say that it is there counts as a sound.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 100_000,
            pages: 1_000,
            reply_bytes: 32 * 1024 * 1024,
            parallel: 4,
            streams: 100,
            silence: Duration::from_secs(60),
        }
    }
}
