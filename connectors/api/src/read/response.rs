//! The response: `data` by the selection that was asked, `errors` put where their paths point.

use bytes::Bytes;
use raccordo_schema::mapping::Name;

use super::json::{Json, MAX_DEPTH, Span, Text};
use crate::{Asked, Cell, Failure, FailureKind, Field, Leaf, ObjectAt, Output, Reply, Selection, What};

/// How many errors of one response are read; further ones are passed over.
const MAX_ERRORS: usize = 1_000;

/// Reads the response to a document that asked exactly `asked`: root fields under `data`, or entities under `data._entities`.
///
/// The reply has one row for roots and `rows` of them for entities; another number is refused, as Federation joins by position.
///
/// # Errors
/// `Malformed` when the text isn't a GraphQL response; `Refused` when it has errors and no data.
pub fn read_response(body: Bytes, asked: &Asked, rows: usize) -> Result<Reply, Failure> {
    if u32::try_from(body.len()).is_err() {
        return Err(Failure::over_limit("a reply of more than 4 GiB"));
    }
    if std::str::from_utf8(&body).is_err() {
        return Err(Failure::malformed("text that isn't UTF-8"));
    }
    let mut reader =
        Reader { json: Json::new(&body), reply: Reply::lending(body.clone()), asked, scratch: Vec::new() };
    let (has_data, errors) = reader.response(rows)?;
    let Reader { mut reply, .. } = reader;
    match (has_data, errors.is_empty()) {
        (false, true) => Err(Failure::malformed("a response with neither data nor errors")),
        (false, false) => Err(refused()),
        (true, _) => {
            place(&mut reply, asked, &errors);
            Ok(reply)
        }
    }
}

fn refused() -> Failure {
    Failure::new(FailureKind::Refused, "the source answered with errors")
}

/// A path of an error.
type Path = Vec<Segment>;

enum Segment {
    Key(String),
    Index(usize),
}

struct Reader<'a> {
    json: Json<'a>,
    reply: Reply,
    asked: &'a Asked,
    scratch: Vec<Cell>,
}

impl Reader<'_> {
    /// Whether there was data, and the errors' paths.
    fn response(&mut self, rows: usize) -> Result<(bool, Vec<Path>), Failure> {
        let (mut has_data, mut errors) = (false, Vec::new());
        self.json.expect(b'{')?;
        if !self.json.take(b'}') {
            loop {
                let key = self.json.string()?;
                self.json.expect(b':')?;
                match self.json.bytes(key.inner) {
                    b"data" if !has_data => has_data = self.data(rows)?,
                    b"errors" => errors = self.errors()?,
                    _ => {
                        self.json.skip(0)?;
                    }
                }
                if !self.json.more(b'}')? {
                    break;
                }
            }
        }
        match self.json.peek() {
            0 => Ok((has_data, errors)),
            _ => Err(self.json.broken()),
        }
    }

    fn data(&mut self, rows: usize) -> Result<bool, Failure> {
        if self.json.peek() == b'n' {
            self.json.word(b"null")?;
            return Ok(false);
        }
        let asked = self.asked;
        match &asked.what {
            What::Roots { selection, .. } => {
                let root = self.object(selection, 0)?;
                self.reply.push_row(root);
                Ok(true)
            }
            What::Entities { selection, .. } => self.entities(selection, rows),
        }
    }

    fn entities(&mut self, selection: &Selection, rows: usize) -> Result<bool, Failure> {
        let mut found = false;
        self.json.expect(b'{')?;
        if self.json.take(b'}') {
            return Err(Failure::malformed("a response without `_entities`"));
        }
        loop {
            let key = self.json.string()?;
            self.json.expect(b':')?;
            let is_entities = self.json.bytes(key.inner) == b"_entities";
            if is_entities && self.json.peek() == b'n' {
                self.json.word(b"null")?;
            } else if is_entities {
                found = true;
                self.rows(selection)?;
            } else {
                self.json.skip(0)?;
            }
            if !self.json.more(b'}')? {
                break;
            }
        }
        let count = self.reply.rows().len();
        if found && count != rows {
            return Err(Failure::malformed(format!("{rows} entities were asked for, {count} came")));
        }
        Ok(found)
    }

    fn rows(&mut self, selection: &Selection) -> Result<(), Failure> {
        self.json.expect(b'[')?;
        if self.json.take(b']') {
            return Ok(());
        }
        loop {
            let row = match self.json.peek() {
                b'n' => {
                    self.json.word(b"null")?;
                    Cell::Null
                }
                _ => self.object(selection, 0)?,
            };
            self.reply.push_row(row);
            if !self.json.more(b']')? {
                return Ok(());
            }
        }
    }

    fn object(&mut self, selection: &Selection, depth: u32) -> Result<Cell, Failure> {
        if depth > MAX_DEPTH {
            return Err(Failure::malformed(format!("JSON nested deeper than {MAX_DEPTH}")));
        }
        self.json.expect(b'{')?;
        let mut object = self.reply.object(selection.width, selection.type_id);
        if selection.type_id.is_none() {
            object.type_id = self.type_ahead(selection)?;
        }
        if self.json.take(b'}') {
            return Ok(Cell::Object(object));
        }
        let mut next = 0;
        loop {
            let key = self.json.string()?;
            self.json.expect(b':')?;
            let key = self.json.bytes(key.inner);
            match field_of(selection, key, object.type_id, &mut next) {
                Some(field) if &*field.name == "__typename" => {
                    object.type_id = self.type_name(object.type_id)?
                }
                Some(field) => {
                    let cell = self.value(selection, field, field.list_depth, depth)?;
                    self.reply.set(object, field.slot, cell);
                }
                None => {
                    self.json.skip(depth)?;
                }
            }
            if !self.json.more(b'}')? {
                return Ok(Cell::Object(object));
            }
        }
    }

    /// The type of an object whose static type is abstract, wherever in the object its `__typename` stands; the cursor stays.
    fn type_ahead(&mut self, selection: &Selection) -> Result<u32, Failure> {
        let Some(field) = selection.fields.iter().find(|field| &*field.name == "__typename") else {
            return Ok(ObjectAt::UNTYPED);
        };
        let start = self.json.at;
        let mut found = ObjectAt::UNTYPED;
        if !self.json.take(b'}') {
            loop {
                let key = self.json.string()?;
                self.json.expect(b':')?;
                if self.json.bytes(key.inner) == field.key.as_bytes() {
                    found = self.type_name(found)?;
                    break;
                }
                self.json.skip(0)?;
                if !self.json.more(b'}')? {
                    break;
                }
            }
        }
        self.json.at = start;
        Ok(found)
    }

    fn type_name(&mut self, otherwise: u32) -> Result<u32, Failure> {
        if self.json.peek() != b'"' {
            self.json.skip(0)?;
            return Ok(otherwise);
        }
        let name = self.json.string()?;
        let name = std::str::from_utf8(self.json.bytes(name.inner)).unwrap_or_default();
        Ok(self.asked.types.id(name).unwrap_or(otherwise))
    }

    fn value(&mut self, parent: &Selection, field: &Field, lists: u8, depth: u32) -> Result<Cell, Failure> {
        let first = self.json.peek();
        if first == b'n' {
            self.json.word(b"null")?;
            return Ok(Cell::Null);
        }
        if lists > 0 {
            return match first {
                b'[' => self.items(parent, field, lists, depth),
                _ => self.misfit(parent, field, "a list", depth),
            };
        }
        match &field.output {
            Output::Object(selection) if first == b'{' => self.object(selection, depth + 1),
            Output::Object(_) => self.misfit(parent, field, "an object", depth),
            Output::Leaf(leaf) => self.leaf(parent, field, leaf, first, depth),
        }
    }

    fn items(&mut self, parent: &Selection, field: &Field, lists: u8, depth: u32) -> Result<Cell, Failure> {
        self.json.expect(b'[')?;
        let base = self.scratch.len();
        if !self.json.take(b']') {
            loop {
                let item = self.value(parent, field, lists - 1, depth)?;
                self.scratch.push(item);
                if !self.json.more(b']')? {
                    break;
                }
            }
        }
        let list = self.reply.list(self.scratch.get(base..).unwrap_or_default());
        self.scratch.truncate(base);
        Ok(list)
    }

    fn leaf(
        &mut self,
        parent: &Selection,
        field: &Field,
        leaf: &Leaf,
        first: u8,
        depth: u32,
    ) -> Result<Cell, Failure> {
        match (leaf, first) {
            (Leaf::String | Leaf::Id | Leaf::Custom(_), b'"') => self.string(),
            (Leaf::Enum(values), b'"') => {
                let text = self.json.string()?;
                let known =
                    std::str::from_utf8(self.json.bytes(text.inner)).is_ok_and(|text| values.has(text));
                if known { Ok(lent(quoted(text))) } else { Ok(self.lost(parent, field, leaf.expected())) }
            }
            (Leaf::Boolean, b't') => self.json.word(b"true").map(lent),
            (Leaf::Boolean, b'f') => self.json.word(b"false").map(lent),
            (Leaf::Int | Leaf::Float | Leaf::Id, b'-' | b'0'..=b'9') => self.number(parent, field, leaf),
            (Leaf::Custom(_), _) => self.json.skip(depth).map(lent),
            // Domain scalars are checked where a source is connected by us; here they are whatever the subgraph says.
            (Leaf::CodiceFiscale | Leaf::Date | Leaf::DateTime, b'"') => self.string(),
            _ => self.misfit(parent, field, leaf.expected(), depth),
        }
    }

    fn string(&mut self) -> Result<Cell, Failure> {
        let text = self.json.string()?;
        if !text.escaped {
            return Ok(lent(quoted(text)));
        }
        let decoded: String =
            serde_json::from_slice(self.json.bytes(quoted(text))).map_err(|_| self.json.broken())?;
        Ok(self.reply.quoted(&decoded))
    }

    fn number(&mut self, parent: &Selection, field: &Field, leaf: &Leaf) -> Result<Cell, Failure> {
        let (span, whole) = self.json.number()?;
        let text = std::str::from_utf8(self.json.bytes(span)).unwrap_or_default();
        let cell = match leaf {
            Leaf::Int if whole => match text.parse::<i32>() {
                Ok(int) if text == "-0" || int.to_string().len() != text.len() => {
                    self.reply.leaf_int(leaf, int.into())
                }
                Ok(_) => Ok(lent(span)),
                Err(_) => Err(Failure::malformed("")),
            },
            Leaf::Int => {
                text.parse().map_err(|_| Failure::malformed("")).and_then(|f| self.reply.leaf_float(leaf, f))
            }
            Leaf::Float => match text.parse::<f64>() {
                Ok(float) if float.is_finite() => Ok(lent(span)),
                _ => Err(Failure::malformed("")),
            },
            _ if whole => Ok(self.reply.quoted(text)),
            _ => Err(Failure::malformed("")),
        };
        Ok(cell.unwrap_or_else(|_| self.lost(parent, field, leaf.expected())))
    }

    fn misfit(
        &mut self,
        parent: &Selection,
        field: &Field,
        expected: &str,
        depth: u32,
    ) -> Result<Cell, Failure> {
        self.json.skip(depth)?;
        Ok(self.lost(parent, field, expected))
    }

    fn lost(&mut self, parent: &Selection, field: &Field, expected: &str) -> Cell {
        let failure = Failure::malformed(format!("expected {expected}"));
        self.reply.failed(failure.at(&parent.type_name, &field.name))
    }

    fn errors(&mut self) -> Result<Vec<Path>, Failure> {
        if self.json.peek() != b'[' {
            self.json.skip(0)?;
            return Ok(Vec::new());
        }
        let span = self.json.skip(0)?;
        let errors: Vec<serde_json::Value> =
            serde_json::from_slice(self.json.bytes(span)).map_err(|_| self.json.broken())?;
        Ok(errors.iter().take(MAX_ERRORS).map(path_of).collect())
    }
}

fn path_of(error: &serde_json::Value) -> Path {
    let segments = error.get("path").and_then(serde_json::Value::as_array);
    segments
        .into_iter()
        .flatten()
        .filter_map(|segment| match segment {
            serde_json::Value::String(key) => Some(Segment::Key(key.clone())),
            serde_json::Value::Number(index) => index.as_u64().map(|index| Segment::Index(index as usize)),
            _ => None,
        })
        .collect()
}

/// The field that a key answers. Keys mostly come in the order they were asked, so the next one is tried first.
#[inline]
fn field_of<'s>(selection: &'s Selection, key: &[u8], type_id: u32, next: &mut usize) -> Option<&'s Field> {
    let fits = |field: &&Field| {
        field.key.as_bytes() == key && (type_id == ObjectAt::UNTYPED || field.applies_to(type_id))
    };
    if let Some(field) = selection.fields.get(*next).filter(fits) {
        *next += 1;
        return Some(field);
    }
    let index = selection.fields.iter().position(|field| fits(&field))?;
    *next = index + 1;
    selection.fields.get(index)
}

fn quoted(text: Text) -> Span {
    Span { start: text.inner.start - 1, end: text.inner.end + 1 }
}

fn lent(span: Span) -> Cell {
    Cell::Lent { start: span.start as u32, length: (span.end - span.start) as u32 }
}

/// Marks what each error's path points at as lost: the first null on the way, or the value itself.
fn place(reply: &mut Reply, asked: &Asked, errors: &[Path]) {
    for path in errors {
        match (&asked.what, path.as_slice()) {
            (What::Roots { .. }, path) => {
                place_one(reply, asked.selection(), 0, path);
            }
            (What::Entities { .. }, [_, Segment::Index(row), rest @ ..]) => {
                place_one(reply, asked.selection(), *row, rest);
            }
            (What::Entities { .. }, [_, rest @ ..]) => place_in_any(reply, asked.selection(), rest),
            (What::Entities { .. }, []) => {}
        }
    }
    // An error without a place loses what is null at the root: nothing else can be meant.
    if errors.iter().any(Vec::is_empty) {
        let roots = reply.rows().to_vec();
        let failed = reply.failed(refused());
        for (index, row) in roots.iter().enumerate() {
            match row {
                Cell::Null => reply.set_row(index, failed),
                Cell::Object(object) => lose_nulls(reply, *object, asked.selection(), failed),
                _ => {}
            }
        }
    }
}

fn lose_nulls(reply: &mut Reply, object: ObjectAt, selection: &Selection, failed: Cell) {
    for field in &selection.fields {
        if matches!(reply.slot(object, field.slot), Cell::Null) {
            reply.set(object, field.slot, failed);
        }
    }
}

/// An error that doesn't say of which entity it is (async-graphql 7 leaves the index out): what is null on its path is lost in each of
/// them; where nothing is, the entities that are null are. A null with an error is never told as plain absence.
fn place_in_any(reply: &mut Reply, selection: &Selection, path: &[Segment]) {
    let (objects, nulls): (Vec<usize>, Vec<usize>) =
        (0..reply.rows().len()).partition(|row| matches!(reply.rows().get(*row), Some(Cell::Object(_))));
    let placed = objects.into_iter().filter(|row| place_one(reply, selection, *row, path)).count();
    if placed == 0 {
        for row in nulls {
            place_one(reply, selection, row, path);
        }
    }
}

/// Whether a value was lost there.
fn place_one(reply: &mut Reply, selection: &Selection, row: usize, path: &[Segment]) -> bool {
    let Some(mut cell) = reply.rows().get(row).copied() else { return false };
    if cell == Cell::Null {
        let failed = reply.failed(refused());
        reply.set_row(row, failed);
        return true;
    }
    let mut selection = Some(selection);
    let mut place: Option<(u32, Option<(&Name, &Name)>)> = None;
    for segment in path {
        let next = match (segment, cell) {
            (Segment::Key(key), Cell::Object(object)) => {
                let Some(parent) = selection else { return false };
                let mut hint = 0;
                let Some(field) = field_of(parent, key.as_bytes(), object.type_id, &mut hint) else {
                    return false;
                };
                selection = field.selection();
                (object.start + field.slot, Some((&parent.type_name, &field.name)))
            }
            (Segment::Index(index), Cell::List { start, length }) if *index < length as usize => {
                (start + *index as u32, place.and_then(|(_, coordinate)| coordinate))
            }
            _ => break,
        };
        cell = reply.slot(ObjectAt { start: next.0, type_id: ObjectAt::UNTYPED }, 0);
        place = Some(next);
        if matches!(cell, Cell::Null | Cell::Absent) {
            break;
        }
    }
    let Some((at, coordinate)) = place else { return false };
    let failure = match coordinate {
        Some((type_name, field)) => refused().at(type_name, field),
        None => refused(),
    };
    let failed = reply.failed(failure);
    let lost = matches!(cell, Cell::Null | Cell::Absent);
    if lost {
        reply.set(ObjectAt { start: at, type_id: ObjectAt::UNTYPED }, 0, failed);
    }
    lost
}
