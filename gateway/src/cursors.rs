//! Cursors sealed with AES-SIV (RFC 5297): opaque, bound to their field, worth nothing elsewhere.
//!
//! The key is drawn at start: a cursor lives as long as the gateway that made it.

use aes_siv::KeyInit as _;
use aes_siv::siv::Aes128Siv;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use raccordo_connector_api::{Cursors, Failure};

/// Longest cursor that is looked at, in characters.
const MAX_LENGTH: usize = 4096;

/// Seals with a key of its own.
pub struct SealedCursors {
    key: [u8; 32],
}

impl SealedCursors {
    /// Draws a key from the system's random numbers.
    ///
    /// # Errors
    /// The system gives none.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key })
    }
}

impl Cursors for SealedCursors {
    fn seal(&self, context: &str, position: &[u8]) -> String {
        let sealed = Aes128Siv::new(&self.key.into()).encrypt([context.as_bytes()], position);
        // Encryption in memory fails only for headers beyond the algorithm's 126; there is one.
        URL_SAFE_NO_PAD.encode(sealed.unwrap_or_default())
    }

    fn open(&self, context: &str, cursor: &str) -> Result<Vec<u8>, Failure> {
        let refuse = || {
            Failure::bad_input(
                "the cursor isn't one that this gateway made for this field; start from the first page",
            )
        };
        if cursor.len() > MAX_LENGTH {
            return Err(refuse());
        }
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refuse())?;
        Aes128Siv::new(&self.key.into()).decrypt([context.as_bytes()], &sealed).map_err(|_| refuse())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_in_its_field_and_its_gateway() {
        let (mine, other) = (SealedCursors::draw().unwrap(), SealedCursors::draw().unwrap());
        let cursor = mine.seal("anagrafe.residenti", b"position");
        assert!(!cursor.contains("position"));
        assert_eq!(mine.open("anagrafe.residenti", &cursor).unwrap(), b"position");
        assert!(mine.open("anagrafe.nuclei", &cursor).is_err());
        assert!(other.open("anagrafe.residenti", &cursor).is_err());
        assert!(mine.open("anagrafe.residenti", "").is_err());
        assert!(mine.open("anagrafe.residenti", &"A".repeat(MAX_LENGTH + 1)).is_err());
    }
}
