//! Texts of operations that were read before: a request in, what its text was found to be out, if it is known still: a whole operation
//! where no variables make one differ from the next, else the document, examined and still without values.
//!
//! Kept is only what holds nothing of a person: texts that are registered, or that have no string, no number and no comment. Texts themselves are not kept: they are known by a keyed digest (SHA-256 under a key that this process drew), so that
//! whoever reads its memory can't test a guess. It holds so many bytes of text and no more; what isn't asked any more goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::operation::{Examined, Operation, Resolved, Valid};
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
    young: HashMap<Digest, (Text, usize)>,
    old: HashMap<Digest, (Text, usize)>,
    bytes: usize,
}

type Digest = [u8; 32];

/// What a text was found to be.
#[derive(Clone)]
pub(crate) enum Text {
    /// An operation whose variables are none: all of it.
    Operation(Read),
    /// A document whose variables come with each request.
    Document(Arc<Examined>),
}

impl Text {
    /// What is known from now on, once a request was read.
    pub(crate) fn of(examined: Examined, read: &Read) -> Self {
        match examined.is_constant() && read.operation.introspection.is_empty() {
            true => Self::Operation(read.clone()),
            false => Self::Document(Arc::new(examined)),
        }
    }
}

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
    pub(crate) fn digest(&self, resolved: &Resolved<'_>, request: &Request) -> Option<Digest> {
        let text = resolved.text();
        let may_be = resolved.is_registered() || holds_nobody(text);
        if text.len() > TEXT || resolved.is_to_be_kept() || !may_be {
            return None;
        }
        let name = request.operation_name.as_deref().unwrap_or_default();
        let mut digest = Sha256::new_with_prefix(self.key);
        digest.update([u8::from(resolved.is_registered())]);
        digest.update(name.len().to_le_bytes());
        digest.update(name);
        digest.update(text);
        Some(digest.finalize().into())
    }

    /// What a text was found to be before.
    pub(crate) fn find(&self, digest: &Digest) -> Option<Text> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, _)) = kept.young.get(digest) {
            return Some(text.clone());
        }
        let (text, bytes) = kept.old.remove(digest)?;
        kept.keep(*digest, text.clone(), bytes);
        Some(text)
    }

    /// Keeps what a text of so many bytes was found to be.
    pub(crate) fn keep(&self, digest: Digest, text: Text, bytes: usize) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).keep(digest, text, bytes);
    }
}

impl Kept {
    fn keep(&mut self, digest: Digest, text: Text, bytes: usize) {
        if self.bytes + bytes > TEXTS {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.young.insert(digest, (text, bytes));
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
    use crate::operation::{self, Limits, Settings};

    fn digest_of(known: &Known, request: &Request) -> Option<Digest> {
        let settings = Settings::from(Limits::default());
        known.digest(&operation::resolve(&settings, request).unwrap(), request)
    }

    #[test]
    fn texts_with_anything_of_a_person_are_not_known() {
        let known = Known::draw().unwrap();
        let asks = |query: &str| {
            let request = Request { query: query.into(), may_write: true, ..Request::default() };
            digest_of(&known, &request).is_some()
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
            digest_of(&known, &Request { query: query.into(), operation_name, ..Request::default() })
        };
        assert_eq!(digest("{a}", None), digest("{a}", None));
        assert_ne!(digest("{a}", None), digest("{b}", None));
        assert_ne!(digest("b{a}", Some("x")), digest("{a}", Some("xb")));
        let other = Known::draw().unwrap();
        let request = Request { query: "{a}".into(), ..Request::default() };
        assert_ne!(digest("{a}", None), digest_of(&other, &request));
    }

    #[test]
    fn digests_are_written_in_hexadecimal() {
        assert_eq!(hexadecimal(&[0x0f, 0xa0]), "0fa0");
    }
}
