//! Where a list stands in each of its members, as the bytes of one cursor, and back. The gateway seals them.
//!
//! A member that the cursor doesn't name is at its beginning; one that it names and that is gone is told, and left out of what follows.

use std::collections::BTreeMap;

use raccordo_connector_api::{Cursors, Failure};
use raccordo_schema::mapping::Name;

/// Where the list stands in one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Position {
    /// After the record of this cursor, which is the member's own.
    After(String),
    /// Nothing follows.
    Done,
}

/// Where the list stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Positions(pub(crate) BTreeMap<Name, Position>);

const DONE: u32 = u32::MAX;

impl Positions {
    /// As bytes: for each member the length and text of its name, then those of its cursor.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![1];
        let text = |bytes: &mut Vec<u8>, text: &str| {
            bytes.extend_from_slice(&(text.len() as u32).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        };
        for (name, position) in &self.0 {
            text(&mut bytes, name);
            match position {
                Position::After(cursor) => text(&mut bytes, cursor),
                Position::Done => bytes.extend_from_slice(&DONE.to_be_bytes()),
            }
        }
        bytes
    }

    /// # Errors
    /// `BadInput`, for bytes that were made in another way.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Failure> {
        let refused = || {
            Failure::bad_input("the cursor was made before the list changed: ask again from the first page")
        };
        let mut rest = bytes.strip_prefix(&[1]).ok_or_else(refused)?;
        let mut positions = BTreeMap::new();
        while !rest.is_empty() {
            let name = take(&mut rest).flatten().ok_or_else(refused)?;
            let position = match take(&mut rest).ok_or_else(refused)? {
                Some(cursor) => Position::After(cursor.to_owned()),
                None => Position::Done,
            };
            positions.insert(Name::from(name), position);
        }
        Ok(Self(positions))
    }

    /// Whether it names a member that isn't among these, and isn't done with.
    pub(crate) fn names_others(&self, names: &[Name]) -> bool {
        self.0.iter().any(|(name, position)| *position != Position::Done && !names.contains(name))
    }
}

/// The next text; an inner `None` is the mark of what is done.
fn take<'b>(rest: &mut &'b [u8]) -> Option<Option<&'b str>> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length);
    if length == DONE {
        *rest = after;
        return Some(None);
    }
    let (text, after) = after.split_at_checked(length as usize)?;
    *rest = after;
    std::str::from_utf8(text).ok().map(Some)
}

/// The cursors that members make: not sealed by themselves, because the one that holds them all is.
pub(crate) struct Inner;

impl Cursors for Inner {
    fn seal(&self, _context: &str, position: &[u8]) -> String {
        match std::str::from_utf8(position) {
            Ok(text) => format!("t{text}"),
            Err(_) => position.iter().fold("x".to_owned(), |text, byte| format!("{text}{byte:02x}")),
        }
    }

    fn open(&self, _context: &str, cursor: &str) -> Result<Vec<u8>, Failure> {
        let refused = || {
            Failure::bad_input("the cursor was made before the list changed: ask again from the first page")
        };
        if let Some(text) = cursor.strip_prefix('t') {
            return Ok(text.as_bytes().to_vec());
        }
        let digits = cursor.strip_prefix('x').ok_or_else(refused)?.as_bytes();
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let pairs = digits.chunks(2).map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        });
        pairs.collect::<Option<_>>().ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_as_they_went() {
        let positions = Positions(BTreeMap::from([
            ("a".into(), Position::Done),
            ("b".into(), Position::After(String::new())),
            ("è".into(), Position::After("t[\"x\",1]".into())),
        ]));
        let bytes = positions.encode();
        assert_eq!(Positions::decode(&bytes).unwrap(), positions);
        for cut in 0..bytes.len() {
            let read = Positions::decode(&bytes[..cut]);
            assert!(read.is_err() || read.unwrap().0.len() < 3);
        }
        assert!(Positions::decode(b"\x02").is_err());
        assert!(positions.names_others(&["a".into(), "b".into()]));
        assert!(!positions.names_others(&["b".into(), "è".into()]), "what is done is missed by nobody");
    }

    #[test]
    fn a_members_cursor_holds_any_bytes() {
        for bytes in [&b"[1,\"a\"]"[..], b"\xff\x00\x7f", b""] {
            assert_eq!(Inner.open("", &Inner.seal("", bytes)).unwrap(), bytes);
        }
        for foreign in ["", "y", "x1", "xzz", "xè"] {
            assert!(Inner.open("", foreign).is_err());
        }
    }
}
