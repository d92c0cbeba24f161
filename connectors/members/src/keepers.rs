//! Records that two members have, told to their keepers: the source, the type, the members and a keyed hash of the record's key.
//! No personal value, and nothing of it goes to a caller.
//!
//! A keeper who has the key of the hash (`keepers_key`) finds the record among its own by hashing them: [`record_hash`].

use std::collections::BTreeSet;

use raccordo_connector_api::Failure;
use raccordo_schema::mapping::Name;
use sha2::{Digest as _, Sha256};

/// Lines that one fetch writes at most; how many records more there were is told in one.
const MOST: usize = 100;

/// What hashes records.
pub struct Keepers {
    key: Vec<u8>,
}

impl Keepers {
    /// With a key that keepers know, or one drawn now, which nobody does: it tells the same record only while the gateway runs.
    ///
    /// # Errors
    /// `Internal`: the system gives no random numbers.
    pub fn new(key: Option<&str>) -> Result<Self, Failure> {
        if let Some(key) = key {
            return Ok(Self { key: key.as_bytes().to_vec() });
        }
        let mut key = vec![0; 32];
        getrandom::fill(&mut key).map_err(|_| Failure::internal("the system gives no random numbers"))?;
        Ok(Self { key })
    }
}

/// What a fetch found twice.
pub(crate) struct Found<'k> {
    keepers: &'k Keepers,
    records: BTreeSet<(Name, String, Vec<Name>)>,
}

impl<'k> Found<'k> {
    pub(crate) fn new(keepers: &'k Keepers) -> Self {
        Self { keepers, records: BTreeSet::new() }
    }

    /// A record that these members have.
    pub(crate) fn note(&mut self, type_name: &Name, key: &[Vec<u8>], members: Vec<Name>) {
        let values = key.iter().map(Vec::as_slice);
        let hash = record_hash(&self.keepers.key, type_name, values);
        self.records.insert((type_name.clone(), hash, members));
    }

    /// Writes the log.
    pub(crate) fn tell(self, source: &str) {
        for (type_name, record, members) in self.records.iter().take(MOST) {
            let members = members.join(", ");
            tracing::warn!(target: "raccordo::keepers", source, %type_name, %record, %members, "a record is in two members");
        }
        let more = self.records.len().saturating_sub(MOST);
        if more > 0 {
            tracing::warn!(target: "raccordo::keepers", source, more, "more records are in two members");
        }
    }
}

/// The hash of a record: HMAC-SHA-256 (RFC 2104) of the type's name and the JSON texts of the key's fields, in the key's order, each
/// followed by a zero byte; the first sixteen bytes in hexadecimal.
pub fn record_hash<'v>(key: &[u8], type_name: &str, values: impl Iterator<Item = &'v [u8]>) -> String {
    let mut message = type_name.as_bytes().to_vec();
    message.push(0);
    for value in values {
        message.extend_from_slice(value);
        message.push(0);
    }
    hmac(key, &message).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    let hashed: [u8; 32];
    let key = match key.len() > block.len() {
        true => {
            hashed = Sha256::digest(key).into();
            &hashed[..]
        }
        false => key,
    };
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231, test cases 2 and 6.
    #[test]
    fn the_hash_is_that_of_the_rfc() {
        let second = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&second), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let sixth = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&sixth), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn a_record_is_known_by_its_key_and_type() {
        let of = |key: &[u8], name, value: &[u8]| record_hash(key, name, [value].into_iter());
        assert_eq!(of(b"k", "P", b"\"a\""), of(b"k", "P", b"\"a\""));
        assert_ne!(of(b"k", "P", b"\"a\""), of(b"k", "Q", b"\"a\""));
        assert_ne!(of(b"k", "P", b"\"a\""), of(b"l", "P", b"\"a\""));
        assert_eq!(of(b"k", "P", b"\"a\"").len(), 32);
    }
}
