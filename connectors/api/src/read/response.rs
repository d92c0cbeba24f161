//! The response: `data` by the selection that was asked, `errors` put where their paths point.

use bytes::Bytes;

use super::json::{Json, MAX_DEPTH, Span, Text};
use super::place::{Path, Segment, lacks, lose_missing, path_of, place, refused};
use crate::document::alias;
use crate::{Asked, Cell, Failure, Field, Leaf, ObjectAt, Output, Reply, Selection, What};

/// How many errors of one response are placed one by one; what further ones are about is lost as if they had no place.
const MAX_ERRORS: usize = 10_000;

/// Reads the response to a document that asked exactly `asked`: root fields under `data`, or entities under `data._entities`.
///
/// The reply has one row for roots and `rows` of them for entities; another number is refused, as Federation joins by position.
///
/// # Errors
/// `Malformed` when the text isn't a GraphQL response; `Refused` when it has errors and no data.
pub fn read_response(body: Bytes, asked: &Asked, rows: usize) -> Result<Reply, Failure> {
    check(&body)?;
    let mut reader = Reader::new(&body, asked, Json::new(&body));
    let (has_data, errors) = reader.response(rows)?;
    reader.finish(has_data, &errors)
}

/// Reads the response to a document that asked several questions of entities together, each under its
/// [`alias`](crate::document::alias). For each its own outcome, as [`read_response`] would have it; an error that says nothing of
/// where it belongs is of them all.
///
/// # Errors
/// Those of the response as a whole.
pub fn read_together(body: Bytes, parts: &[(&Asked, usize)]) -> Result<Vec<Result<Reply, Failure>>, Failure> {
    check(&body)?;
    let aliases: Vec<String> = (0..parts.len()).map(alias).collect();
    let mut readers: Vec<Reader<'_>> =
        parts.iter().map(|(asked, _)| Reader::new(&body, asked, Json::new(&body))).collect();
    let mut outcomes: Vec<Option<Result<bool, Failure>>> = vec![None; parts.len()];
    let (mut json, mut errors) = (Json::new(&body), Vec::new());
    let mut has_data = false;
    json.members(|json, key| match key {
        b"data" if !has_data => {
            has_data = true;
            if json.peek() == b'n' {
                return json.word(b"null").map(|_| ());
            }
            json.members(|json, key| {
                let part = aliases.iter().position(|alias| alias.as_bytes() == key);
                let read = part.and_then(|part| {
                    Some((readers.get_mut(part)?, outcomes.get_mut(part)?, parts.get(part)?))
                });
                let Some((reader, outcome, (asked, rows))) = read else { return json.skip(0).map(|_| ()) };
                if outcome.is_some() {
                    return Err(Failure::malformed("a response with the same key twice"));
                }
                reader.json.at = json.at;
                let read = reader.list_of_entities(asked.selection(), *rows);
                match &read {
                    Ok(_) => json.at = reader.json.at,
                    // Another number of entities is this question's alone; text that isn't JSON is told here.
                    Err(_) => json.skip(0).map(|_| ())?,
                }
                *outcome = Some(read);
                Ok(())
            })
        }
        b"errors" => {
            errors.extend(read_errors(json)?);
            Ok(())
        }
        _ => json.skip(0).map(|_| ()),
    })?;
    if !json.is_at_end() {
        return Err(json.broken());
    }
    let read = readers.into_iter().zip(outcomes).zip(&aliases);
    Ok(read
        .map(|((reader, outcome), alias)| {
            let has_data = outcome.unwrap_or(Ok(false))?;
            reader.finish(has_data, &of_part(&errors, alias))
        })
        .collect())
}

/// The errors of one part, and those of no part at all.
fn of_part(errors: &[Path], alias: &str) -> Vec<Path> {
    let is_alias = |key: &str| key.strip_prefix('_').is_some_and(|number| number.parse::<usize>().is_ok());
    let own = errors.iter().filter(|path| match path.first() {
        Some(Segment::Key(key)) => key == alias || !is_alias(key),
        _ => true,
    });
    own.cloned().collect()
}

fn check(body: &Bytes) -> Result<(), Failure> {
    if u32::try_from(body.len()).is_err() {
        return Err(Failure::over_limit("a reply of more than 4 GiB"));
    }
    match std::str::from_utf8(body) {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::malformed("text that isn't UTF-8")),
    }
}

struct Reader<'a> {
    json: Json<'a>,
    reply: Reply,
    asked: &'a Asked,
    scratch: Vec<Cell>,
    /// Some object lacks a field that it should have.
    is_missing: bool,
}

impl<'a> Reader<'a> {
    fn new(body: &'a Bytes, asked: &'a Asked, json: Json<'a>) -> Self {
        let mut reply = Reply::lending(body.clone());
        // About as many as there are values.
        reply.reserve(body.len() / 32);
        Self { json, reply, asked, scratch: Vec::new(), is_missing: false }
    }

    /// The reply, with what the errors are about lost.
    fn finish(self, has_data: bool, errors: &[Path]) -> Result<Reply, Failure> {
        let Self { mut reply, asked, is_missing, .. } = self;
        match (has_data, errors.is_empty()) {
            (false, true) => Err(Failure::malformed("a response with neither data nor errors")),
            (false, false) => Err(refused()),
            (true, _) => {
                place(&mut reply, asked, errors);
                if is_missing {
                    // What an error is about may be left out (async-graphql 7 does); what nothing is said of may not.
                    for row in reply.rows().to_vec() {
                        lose_missing(&mut reply, asked, row, asked.selection());
                    }
                }
                Ok(reply)
            }
        }
    }

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
                    b"errors" => errors.extend(read_errors(&mut self.json)?),
                    _ => {
                        self.json.skip(0)?;
                    }
                }
                if !self.json.more(b'}')? {
                    break;
                }
            }
        }
        match self.json.is_at_end() {
            true => Ok((has_data, errors)),
            false => Err(self.json.broken()),
        }
    }

    /// The list under a key that asked for entities; whether there is one.
    fn list_of_entities(&mut self, selection: &Selection, rows: usize) -> Result<bool, Failure> {
        if self.json.peek() == b'n' {
            self.json.word(b"null")?;
            return Ok(false);
        }
        self.rows(selection)?;
        match self.reply.rows().len() {
            count if count == rows => Ok(true),
            count => Err(Failure::malformed(format!("{rows} entities were asked for, {count} came"))),
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
                let root = self.row(selection)?;
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
            if is_entities && found {
                // Two lists would be joined into one, and rows to whoever stands at their place in it.
                return Err(Failure::malformed("a response with `_entities` twice"));
            }
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
                _ => self.row(selection)?,
            };
            self.reply.push_row(row);
            if !self.json.more(b']')? {
                return Ok(());
            }
        }
    }

    fn row(&mut self, selection: &Selection) -> Result<Cell, Failure> {
        let object = self.object(selection, 0)?;
        Ok(object.unwrap_or_else(|| self.reply.failed(Failure::malformed("an object of another type"))))
    }

    /// An object; `None` where its `__typename` is missing though its type is open, or contradicts what is known of its type.
    fn object(&mut self, selection: &Selection, depth: u32) -> Result<Option<Cell>, Failure> {
        if depth > MAX_DEPTH {
            return Err(Failure::malformed(format!("JSON nested deeper than {MAX_DEPTH}")));
        }
        self.json.expect(b'{')?;
        let mut object = self.reply.object(selection.width, selection.type_id);
        if selection.type_id.is_none() {
            object.type_id = self.type_ahead(selection)?;
        }
        if self.json.take(b'}') {
            return Ok(self.whole(selection, object));
        }
        let (mut next, mut fits) = (0, true);
        loop {
            let key = self.json.string()?;
            self.json.expect(b':')?;
            let key = self.json.bytes(key.inner);
            match field_of(selection, key, object.type_id, &mut next) {
                Some(field) if &*field.name == "__typename" => {
                    fits &= self.type_name(object.type_id)? == object.type_id;
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
                return Ok(if fits { self.whole(selection, object) } else { None });
            }
        }
    }

    /// The object, once it is noted whether a field is missing; `None` where its type is open and it doesn't say it.
    fn whole(&mut self, selection: &Selection, object: ObjectAt) -> Option<Cell> {
        if object.type_id == ObjectAt::UNTYPED {
            let asked = selection.fields.iter().any(|field| &*field.name == "__typename");
            return (!asked).then_some(Cell::Object(object));
        }
        self.is_missing = self.is_missing
            || selection.fields.iter().any(|field| lacks(&self.reply, selection, object, field));
        Some(Cell::Object(object))
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
            Output::Object(selection) if first == b'{' => match self.object(selection, depth + 1)? {
                Some(object) => Ok(object),
                None => Ok(self.lost(parent, field, "an object of a type that it can be")),
            },
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
            (Leaf::String | Leaf::Id | Leaf::Custom(_), b'"') => self.string(parent, field, leaf),
            (Leaf::Enum(values), b'"') => {
                let text = self.json.string()?;
                let known =
                    std::str::from_utf8(self.json.bytes(text.inner)).is_ok_and(|text| values.has(text));
                if known { Ok(lent(quoted(text))) } else { Ok(self.lost(parent, field, leaf.expected())) }
            }
            (Leaf::Boolean, b't') => self.json.word(b"true").map(lent),
            (Leaf::Boolean, b'f') => self.json.word(b"false").map(lent),
            (Leaf::Int | Leaf::Float | Leaf::Id, b'-' | b'0'..=b'9') => self.number(parent, field, leaf),
            (Leaf::Custom(_), _) => self.custom(parent, field, leaf, depth),
            // Domain scalars are checked where a source is connected by us; here they are whatever the subgraph says.
            (Leaf::CodiceFiscale | Leaf::Date | Leaf::DateTime, b'"') => self.string(parent, field, leaf),
            _ => self.misfit(parent, field, leaf.expected(), depth),
        }
    }

    /// Any JSON, as it is; but nothing for which a client could not read the rest of the answer.
    fn custom(
        &mut self,
        parent: &Selection,
        field: &Field,
        leaf: &Leaf,
        depth: u32,
    ) -> Result<Cell, Failure> {
        self.json.is_odd = false;
        let span = self.json.skip(depth)?;
        match self.json.is_odd {
            false => Ok(lent(span)),
            true => Ok(self.lost(parent, field, leaf.expected())),
        }
    }

    /// A string. Half of a surrogate pair is JSON and no text, and readers differ on it (RFC 8259 §8.2): it costs its own field.
    fn string(&mut self, parent: &Selection, field: &Field, leaf: &Leaf) -> Result<Cell, Failure> {
        let text = self.json.string()?;
        if !text.escaped {
            return Ok(lent(quoted(text)));
        }
        match serde_json::from_slice::<String>(self.json.bytes(quoted(text))) {
            Ok(decoded) => Ok(self.reply.quoted(&decoded)),
            Err(_) => Ok(self.lost(parent, field, leaf.expected())),
        }
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
}

/// The paths of a response's errors.
fn read_errors(json: &mut Json<'_>) -> Result<Vec<Path>, Failure> {
    match json.peek() {
        b'[' => {}
        b'n' => {
            json.word(b"null")?;
            return Ok(Vec::new());
        }
        // Something went wrong, and nothing says where.
        _ => {
            json.skip(0)?;
            return Ok(vec![Path::new()]);
        }
    }
    let span = json.skip(0)?;
    // JSON that can't be read any closer, as for half of a surrogate pair in a message: again nothing says where.
    let Ok(errors) = serde_json::from_slice::<Vec<serde_json::Value>>(json.bytes(span)) else {
        return Ok(vec![Path::new()]);
    };
    let mut paths: Vec<Path> = errors.iter().take(MAX_ERRORS).map(path_of).collect();
    if errors.len() > MAX_ERRORS {
        paths.push(Path::new());
    }
    // Where an index is left out, each entity's error has the same path.
    paths.dedup();
    Ok(paths)
}

/// The field that a key answers. Keys mostly come in the order they were asked, so the next one is tried first.
#[inline]
pub(super) fn field_of<'s>(
    selection: &'s Selection,
    key: &[u8],
    type_id: u32,
    next: &mut usize,
) -> Option<&'s Field> {
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
