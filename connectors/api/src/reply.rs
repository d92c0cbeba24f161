//! A reply, read once: cells in one flat vector, leaves as spans of JSON text. Objects have the operation's full width,
//! so that what later steps bring is put in place by index, and nothing is looked up by name.
//!
//! Texts may be personal: `Debug` prints sizes only.

use std::fmt;

use bytes::Bytes;
use raccordo_schema::scalars;

use crate::{Failure, Leaf};

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Nothing was written: not asked, or not of this type.
    Absent,
    /// Null.
    Null,
    /// A leaf: a span of the reply's lent bytes.
    Lent {
        /// First byte.
        start: u32,
        /// How many.
        length: u32,
    },
    /// A leaf: a span of the reply's own text.
    Text {
        /// First byte.
        start: u32,
        /// How many.
        length: u32,
    },
    /// An object: its slots are the cells from `start`.
    Object(ObjectAt),
    /// A list: its items are the cells from `start`.
    List {
        /// First cell.
        start: u32,
        /// How many.
        length: u32,
    },
    /// A value that was lost: index of the problem in the reply.
    Failed(u32),
}

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectAt {
    /// Its first slot.
    pub start: u32,
    /// Its type, or [`ObjectAt::UNTYPED`].
    pub type_id: u32,
}

impl ObjectAt {
    /// The type isn't known yet.
    pub const UNTYPED: u32 = u32::MAX;
}

/// Why values were lost. One for each coordinate and cause, however many values.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The cause.
    pub failure: Failure,
    /// Nothing is null for it, but what stands in this slot of the root is less than it could be.
    pub incomplete: Option<u32>,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self { failure, incomplete: None }
    }
}

/// What came.
#[derive(Default, Clone)]
pub struct Reply {
    lent: Bytes,
    text: Vec<u8>,
    cells: Vec<Cell>,
    rows: Vec<Cell>,
    problems: Vec<Problem>,
}

/// A reply to which nothing more is written.
pub struct Settled {
    /// The bytes that [`Cell::Lent`] are spans of.
    pub lent: Bytes,
    /// The text that [`Cell::Text`] are spans of.
    pub text: Bytes,
    /// The cells.
    pub cells: Vec<Cell>,
    /// The rows.
    pub rows: Vec<Cell>,
    /// The problems that [`Cell::Failed`] refers to.
    pub problems: Vec<Problem>,
}

impl Reply {
    /// An empty reply.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for so many cells more.
    pub fn reserve(&mut self, cells: usize) {
        self.cells.reserve(cells);
    }

    /// A reply whose leaves may be spans of these bytes. They must be UTF-8.
    pub fn lending(lent: Bytes) -> Self {
        Self { lent, ..Self::default() }
    }

    /// A new object with `width` empty slots.
    pub fn object(&mut self, width: u32, type_id: Option<u32>) -> ObjectAt {
        let start = self.cells.len() as u32;
        self.cells.resize(self.cells.len() + width as usize, Cell::Absent);
        ObjectAt { start, type_id: type_id.unwrap_or(ObjectAt::UNTYPED) }
    }

    /// Writes a slot of an object. A slot beyond the object's width is ignored.
    pub fn set(&mut self, object: ObjectAt, slot: u32, cell: Cell) {
        if let Some(place) = self.cells.get_mut(object.start as usize + slot as usize) {
            *place = cell;
        }
    }

    /// A slot of an object.
    pub fn slot(&self, object: ObjectAt, slot: u32) -> Cell {
        self.cells.get(object.start as usize + slot as usize).copied().unwrap_or(Cell::Absent)
    }

    /// A new list of these items.
    pub fn list(&mut self, items: &[Cell]) -> Cell {
        let start = self.cells.len() as u32;
        self.cells.extend_from_slice(items);
        Cell::List { start, length: items.len() as u32 }
    }

    /// The items of a list cell; none of any other.
    pub fn items(&self, list: Cell) -> &[Cell] {
        match list {
            Cell::List { start, length } => {
                self.cells.get(start as usize..start as usize + length as usize).unwrap_or_default()
            }
            _ => &[],
        }
    }

    /// Adds the next row: the root object, or the entity of the next representation (`Null` when it is absent).
    pub fn push_row(&mut self, row: Cell) {
        self.rows.push(row);
    }

    /// The rows: one for roots; one for each representation, in order, for entities.
    pub fn rows(&self) -> &[Cell] {
        &self.rows
    }

    /// Replaces a row.
    pub fn set_row(&mut self, index: usize, row: Cell) {
        if let Some(place) = self.rows.get_mut(index) {
            *place = row;
        }
    }

    /// A lost value. Problems of the same coordinate and kind are one.
    pub fn failed(&mut self, failure: Failure) -> Cell {
        let same = |problem: &Problem| {
            let other = &problem.failure;
            let alike = other.kind == failure.kind && other.coordinate == failure.coordinate;
            alike && problem.incomplete.is_none() && other.members == failure.members
        };
        let index = self.problems.iter().position(same).unwrap_or_else(|| {
            self.problems.push(failure.into());
            self.problems.len() - 1
        });
        Cell::Failed(index as u32)
    }

    /// States that the list, page or count in a slot of the root lacks what a failure cost: it is told, and nothing is null for it.
    pub fn incomplete(&mut self, slot: u32, failure: Failure) {
        self.problems.push(Problem { failure, incomplete: Some(slot) });
    }

    /// What went wrong, wholly or in part. [`Cell::Failed`] refers to it.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The JSON text of a leaf; none of anything else.
    pub fn json(&self, leaf: Cell) -> Option<&[u8]> {
        match leaf {
            Cell::Lent { start, length } => self.lent.get(start as usize..(start + length) as usize),
            Cell::Text { start, length } => self.text.get(start as usize..(start + length) as usize),
            _ => None,
        }
    }

    /// Its parts, for the gateway: it writes no more to them, and several requests may read them.
    pub fn settled(self) -> Settled {
        let Self { lent, text, cells, rows, problems } = self;
        Settled { lent, text: text.into(), cells, rows, problems }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.lent.len() + self.text.len() + self.cells.len() * size_of::<Cell>()
    }

    /// A string as a leaf cell, quoted and escaped, unchecked against any type.
    pub fn quoted(&mut self, text: &str) -> Cell {
        let start = self.text.len();
        write_string(&mut self.text, text);
        self.span_from(start)
    }

    /// JSON text as a leaf cell. It must be valid JSON.
    pub fn raw(&mut self, json: &[u8]) -> Cell {
        let start = self.text.len();
        self.text.extend_from_slice(json);
        self.span_from(start)
    }

    /// A leaf from a text, as databases, sheets and paths give it.
    ///
    /// # Errors
    /// `Malformed`, when the text isn't of the leaf's type.
    pub fn leaf_text(&mut self, leaf: &Leaf, text: &str) -> Result<Cell, Failure> {
        let misfit = || Failure::malformed(format!("expected {}", leaf.expected()));
        match leaf {
            Leaf::String | Leaf::Id | Leaf::Custom(_) => Ok(self.quoted(text)),
            Leaf::Int => text.trim().parse().map_err(|_| misfit()).and_then(|int| self.leaf_int(leaf, int)),
            Leaf::Float => {
                text.trim().parse().map_err(|_| misfit()).and_then(|float| self.leaf_float(leaf, float))
            }
            Leaf::Boolean => match text {
                "true" | "t" | "1" => Ok(self.raw(b"true")),
                "false" | "f" | "0" => Ok(self.raw(b"false")),
                _ => Err(misfit()),
            },
            Leaf::Enum(values) if values.has(text) => Ok(self.quoted(text)),
            Leaf::Enum(_) => Err(misfit()),
            Leaf::CodiceFiscale => match scalars::CodiceFiscale::parse(text) {
                Ok(code) => Ok(self.quoted(code.canonical())),
                Err(_) => Err(misfit()),
            },
            Leaf::Date => scalars::date(text).map(|date| self.quoted(&date)).ok_or_else(misfit),
            Leaf::DateTime => {
                scalars::date_time(text).map(|instant| self.quoted(&instant)).ok_or_else(misfit)
            }
        }
    }

    /// A leaf from an integer.
    ///
    /// # Errors
    /// `Malformed`, when the integer isn't of the leaf's type.
    pub fn leaf_int(&mut self, leaf: &Leaf, int: i64) -> Result<Cell, Failure> {
        let fits = match leaf {
            Leaf::Int => i32::try_from(int).is_ok(),
            Leaf::Float | Leaf::Custom(_) => true,
            Leaf::Boolean if int == 0 || int == 1 => {
                return Ok(self.raw(if int == 1 { b"true" } else { b"false" }));
            }
            Leaf::String | Leaf::Id | Leaf::Enum(_) => {
                return self.leaf_text(leaf, itoa::Buffer::new().format(int));
            }
            _ => false,
        };
        match fits {
            true => Ok(self.raw(itoa::Buffer::new().format(int).as_bytes())),
            false => Err(Failure::malformed(format!("expected {}", leaf.expected()))),
        }
    }

    /// A leaf from a floating-point number.
    ///
    /// # Errors
    /// `Malformed`, when the number isn't of the leaf's type.
    pub fn leaf_float(&mut self, leaf: &Leaf, float: f64) -> Result<Cell, Failure> {
        let whole = float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
        match leaf {
            Leaf::Int | Leaf::Boolean if whole => self.leaf_int(leaf, float as i64),
            Leaf::Float | Leaf::Custom(_) if float.is_finite() => match serde_json::to_vec(&float) {
                Ok(json) => Ok(self.raw(&json)),
                Err(_) => Err(Failure::malformed("expected a finite number")),
            },
            _ => Err(Failure::malformed(format!("expected {}", leaf.expected()))),
        }
    }

    /// A leaf from true or false.
    ///
    /// # Errors
    /// `Malformed`, when the leaf isn't a Boolean.
    pub fn leaf_bool(&mut self, leaf: &Leaf, bool: bool) -> Result<Cell, Failure> {
        match leaf {
            Leaf::Boolean | Leaf::Custom(_) => Ok(self.raw(if bool { b"true" } else { b"false" })),
            _ => Err(Failure::malformed(format!("expected {}", leaf.expected()))),
        }
    }

    /// A leaf from JSON, strict: a string is a string, a number a number. Null is [`Cell::Null`].
    ///
    /// # Errors
    /// `Malformed`, when the value isn't of the leaf's type.
    pub fn leaf_json(&mut self, leaf: &Leaf, json: &serde_json::Value) -> Result<Cell, Failure> {
        let misfit = || Failure::malformed(format!("expected {}", leaf.expected()));
        match (leaf, json) {
            (_, serde_json::Value::Null) => Ok(Cell::Null),
            (Leaf::Custom(_), json) => {
                serde_json::to_vec(json).map(|bytes| self.raw(&bytes)).map_err(|_| misfit())
            }
            (Leaf::Int | Leaf::Float | Leaf::Boolean, serde_json::Value::String(_)) => Err(misfit()),
            (_, serde_json::Value::String(text)) => self.leaf_text(leaf, text),
            (_, serde_json::Value::Bool(bool)) => self.leaf_bool(leaf, *bool),
            (Leaf::String | Leaf::Boolean, serde_json::Value::Number(_)) => Err(misfit()),
            (_, serde_json::Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => self.leaf_int(leaf, int),
                (None, Some(float)) => self.leaf_float(leaf, float),
                _ => Err(misfit()),
            },
            _ => Err(misfit()),
        }
    }

    fn span_from(&self, start: usize) -> Cell {
        Cell::Text { start: start as u32, length: (self.text.len() - start) as u32 }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("rows", &self.rows.len())
            .field("cells", &self.cells.len())
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

/// Appends a JSON string (RFC 8259 §7).
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut plain = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(text.as_bytes().get(plain..index).unwrap_or_default());
        plain = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(text.as_bytes().get(plain..).unwrap_or_default());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_small() {
        assert!(size_of::<Cell>() <= 12);
    }

    #[test]
    fn strings_are_escaped_as_json_wants() {
        let text = "a\"b\\c\nd\u{1}è";
        let mut out = Vec::new();
        write_string(&mut out, text);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn leaves_keep_their_types() {
        let mut reply = Reply::new();
        assert!(reply.leaf_int(&Leaf::Int, i64::from(i32::MAX)).is_ok());
        assert!(reply.leaf_int(&Leaf::Int, i64::from(i32::MAX) + 1).is_err());
        assert!(reply.leaf_float(&Leaf::Float, f64::NAN).is_err());
        let id = reply.leaf_int(&Leaf::Id, 7).unwrap();
        assert_eq!(reply.json(id).unwrap(), b"\"7\"");
        let number = reply.leaf_float(&Leaf::Int, 3.0).unwrap();
        assert_eq!(reply.json(number).unwrap(), b"3");
        assert!(reply.leaf_float(&Leaf::Int, 3.5).is_err());
        assert!(reply.leaf_json(&Leaf::String, &serde_json::json!(3)).is_err());
        assert!(reply.leaf_json(&Leaf::Int, &serde_json::json!("3")).is_err());
    }
}
