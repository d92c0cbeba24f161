//! Texts of operations that were read before: a request in, the operation that its text was found to be out, if it is known still.
//!
//! Kept is only what holds nothing of a person: queries that came as text, without variables, and whose text has no string, no number and
//! no comment. Texts themselves are not kept: they are known by a keyed digest (SHA-256 under a key that this process drew), so that
//! whoever reads its memory can't test a guess. It holds so many bytes of text and no more; what isn't asked any more goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use raccordo_connector_api::Operation as Root;
use sha2::{Digest as _, Sha256};

use crate::operation::{Operation, Valid};
use crate::request::Request;

/// Bytes of text whose operations are kept, in each of two generations.
const TEXTS: usize = 512 * 1024;
/// Bytes of a text that is worth keeping.
const TEXT: usize = 32 * 1024;

/// Operations by the digest of their text.
pub(crate) struct Known {
    key: [u8; 32],
    kept: Mutex<Kept>,
}

/// Two generations: what is asked moves to the young one; when that is full the old one goes.
#[derive(Default)]
struct Kept {
    young: HashMap<Digest, Read>,
    old: HashMap<Digest, Read>,
    bytes: usize,
}

type Digest = [u8; 32];

/// An operation that was read, and the digest of its lifted form in hexadecimal.
#[derive(Clone)]
pub(crate) struct Read {
    pub(crate) operation: Arc<Valid<Operation>>,
    pub(crate) digest: Arc<str>,
}

impl Read {
    /// An operation as it was read just now.
    pub(crate) fn new(operation: Valid<Operation>) -> Self {
        let digest = hexadecimal(&Sha256::digest(operation.text.as_bytes()));
        Self { operation: Arc::new(operation), digest: digest.into() }
    }
}

impl Known {
    /// Nothing yet. `None` when the system gives no random numbers: then every text is read.
    pub(crate) fn draw() -> Option<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).ok()?;
        Some(Self { key, kept: Mutex::default() })
    }

    /// The digest that a request's text is known by, if it may be known.
    pub(crate) fn digest(&self, request: &Request) -> Option<Digest> {
        let by_name = request.reference.is_some();
        if by_name
            || request.query.len() > TEXT
            || !request.variables.is_empty()
            || !holds_nobody(&request.query)
        {
            return None;
        }
        let name = request.operation_name.as_deref().unwrap_or_default();
        let mut digest = Sha256::new_with_prefix(self.key);
        digest.update(name.len().to_le_bytes());
        digest.update(name);
        digest.update(&request.query);
        Some(digest.finalize().into())
    }

    /// The operation of a text that was read before.
    pub(crate) fn find(&self, digest: &Digest) -> Option<Read> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = kept.young.get(digest) {
            return Some(read.clone());
        }
        let read = kept.old.remove(digest)?;
        kept.keep(*digest, read.clone());
        Some(read)
    }

    /// Keeps an operation, if it is a query that holds nothing that was worked out for one request.
    pub(crate) fn keep(&self, digest: Digest, read: &Read) {
        if read.operation.root == Root::Query && read.operation.introspection.is_empty() {
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).keep(digest, read.clone());
        }
    }
}

impl Kept {
    fn keep(&mut self, digest: Digest, read: Read) {
        let bytes = read.operation.text.len();
        if self.bytes + bytes > TEXTS {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.young.insert(digest, read);
    }
}

/// No string, no number, no comment: the words of the document are those of the graph, and names that a client gives.
fn holds_nobody(text: &str) -> bool {
    let mut before = b' ';
    text.bytes().all(|byte| {
        let in_name = before == b'_' || before.is_ascii_alphanumeric();
        before = byte;
        !matches!(byte, b'"' | b'#') && (in_name || !byte.is_ascii_digit())
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| DIGITS.get(usize::from(half)).map_or('0', |digit| char::from(*digit));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_with_anything_of_a_person_are_not_known() {
        let known = Known::draw().unwrap();
        let asks = |query: &str| {
            let request = Request { query: query.into(), may_write: true, ..Request::default() };
            known.digest(&request).is_some()
        };
        for lasting in ["{ persone { nome } }", "query A1 { b2: c_3(x: ROSSO, y: true) }"] {
            assert!(asks(lasting), "{lasting}");
        }
        for passing in [
            "{ persona(cf: \"RSSMRA80A01H501U\") { nome } }",
            "{ persona(cf: \"\"\"x\"\"\") { nome } }",
            "{ persona(id: 7) { nome } }",
            "{ persona(id: -7) { nome } }",
            "{ a } # RSSMRA",
            "query($x: Int = 5) { a(x: $x) }",
        ] {
            assert!(!asks(passing), "{passing}");
        }
        assert!(asks(&format!("{{{}}}", "a".repeat(TEXT - 2))));
        assert!(!asks(&format!("{{{}}}", "a".repeat(TEXT - 1))));
    }

    #[test]
    fn a_text_and_its_operation_name_are_one_key() {
        let known = Known::draw().unwrap();
        let digest = |query: &str, name: Option<&str>| {
            let operation_name = name.map(str::to_owned);
            known.digest(&Request { query: query.into(), operation_name, ..Request::default() })
        };
        assert_eq!(digest("{a}", None), digest("{a}", None));
        assert_ne!(digest("{a}", None), digest("{b}", None));
        assert_ne!(digest("b{a}", Some("x")), digest("{a}", Some("xb")));
        assert_ne!(
            digest("{a}", None),
            Known::draw().unwrap().digest(&Request { query: "{a}".into(), ..Request::default() })
        );
    }

    #[test]
    fn digests_are_written_in_hexadecimal() {
        assert_eq!(hexadecimal(&[0x0f, 0xa0]), "0fa0");
    }
}
