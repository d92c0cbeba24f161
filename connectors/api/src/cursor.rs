//! Cursors are opaque to everyone but the gateway: a connector gives a position, the gateway seals it.
//!
//! A position often holds a key, and a key may be a codice fiscale: it never leaves unsealed.

use crate::Failure;

/// Seals positions into cursors and opens them again.
pub trait Cursors: Send + Sync {
    /// The cursor for a position. `context` names the field it belongs to (`anagrafe.residenti`): a cursor opens only there.
    fn seal(&self, context: &str, position: &[u8]) -> String;

    /// The position of a cursor, or `BadInput` when it was not made here, for this field.
    ///
    /// # Errors
    /// [`crate::FailureKind::BadInput`].
    fn open(&self, context: &str, cursor: &str) -> Result<Vec<u8>, Failure>;
}
