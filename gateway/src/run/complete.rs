//! Completion: the arena and the client's shape in, the response's text out. Nulls propagate as GraphQL has it; a value that was lost
//! is told once for each cause, at the first position where the client misses it, with how many more there are.
//!
//! GraphQL specification, "Handling Execution Errors". The answer is written in one walk, into one buffer.

use std::sync::atomic::Ordering;

use raccordo_connector_api::FailureKind;
use raccordo_connector_api::reply::write_string;
use raccordo_schema::mapping::Name;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use super::arena::{Arena, Place, ROOT};
use crate::code::Code;
use crate::graph::Graph;
use crate::operation::Introspected;
use crate::plan::{ClientField, ClientFields, ClientObject, ClientValue, Plan};

/// Bytes that are reserved for an answer before it is known how long it gets.
const MOST_RESERVED: usize = 1024 * 1024;

/// What stands before the data.
const DATA: &[u8] = b"{\"data\":";

/// A whole answer.
pub struct Answer {
    /// The response as JSON: `data`, and `errors` where there are any.
    pub body: Vec<u8>,
    /// The codes of its errors, in order.
    pub codes: Vec<Code>,
    /// Whether `data` is null as a whole.
    pub is_null: bool,
}

/// A value that may not be null is: the object or list around it takes the null.
struct Propagates;

#[derive(Clone, Copy)]
enum Segment<'p> {
    Key(&'p Name),
    Index(u32),
}

/// Positions lost for one cause.
struct Affected {
    path: Vec<Value>,
    count: u64,
    /// How many causes were met before this one.
    rank: usize,
}

struct Completing<'p> {
    answer: &'p ClientObject,
    arena: &'p Arena,
    introspection: &'p Introspected,
    out: Vec<u8>,
    /// Bytes of data that may be written, and whether more would be.
    most: usize,
    is_over: bool,
    path: Vec<Segment<'p>>,
    lost: FxHashMap<u32, Affected>,
    /// Values that nobody explains, by the coordinate that doesn't allow them.
    wrong: Vec<(Wrong, Name, Name, Affected)>,
    graph: &'p Graph,
}

/// What a field can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Null,
    Type,
}

/// What an answer is written with, beside the plan and what was fetched.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) graph: &'a Graph,
    pub(super) introspection: &'a Introspected,
    /// Bytes that its data may have.
    pub(super) most: usize,
}

/// Writes the answer.
pub(super) fn complete(plan: &Plan, arena: &Arena, told: Told<'_>) -> Answer {
    let Told { graph, introspection, most } = told;
    let mut completing = Completing {
        answer: &plan.answer,
        arena,
        introspection,
        most,
        is_over: false,
        out: Vec::with_capacity(plan.answer_bytes.load(Ordering::Relaxed).clamp(4096, MOST_RESERVED)),
        path: Vec::new(),
        lost: FxHashMap::default(),
        wrong: Vec::new(),
        graph,
    };
    completing.out.extend_from_slice(DATA);
    let start = completing.out.len();
    let root = completing.object(&plan.answer, arena.cell(ROOT));
    if completing.is_over || completing.out.len() - start > most {
        return too_long(most);
    }
    let is_null = root.is_err();
    if is_null {
        completing.null_from(start);
    }
    let (errors, codes) = completing.errors(graph);
    let mut body = completing.out;
    if !errors.is_empty() {
        body.extend_from_slice(b",\"errors\":");
        body.extend_from_slice(Value::Array(errors).to_string().as_bytes());
    }
    body.push(b'}');
    plan.answer_bytes.store(body.len() + body.len() / 16, Ordering::Relaxed);
    Answer { body, codes, is_null }
}

/// Instead of an answer that is over its limit.
fn too_long(most: usize) -> Answer {
    let code = Code::REQUEST_LIMIT_EXCEEDED;
    let message =
        format!("the answer's data has more than {most} bytes; ask for less at once, as by smaller pages");
    let body = json!({ "data": null, "errors": [error(code, message, None, None, None)] });
    Answer { body: body.to_string().into_bytes(), codes: vec![code], is_null: true }
}

impl<'p> Completing<'p> {
    fn object(&mut self, shape: &'p ClientObject, place: Place) -> Result<(), Propagates> {
        let Place::Object { start, type_id } = place else { return Err(Propagates) };
        let Some(fields) = shape.fields(type_id) else { return Err(Propagates) };
        if self.is_too_long() {
            return Err(Propagates);
        }
        self.out.push(b'{');
        for (index, field) in fields.fields.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&field.key_json);
            if self.leaf(field, start) {
                continue;
            }
            self.path.push(Segment::Key(&field.key));
            let written = self.field(fields, field, start);
            self.path.pop();
            written?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Writes a single leaf, if it is there: most of an answer.
    #[inline]
    fn leaf(&mut self, field: &ClientField, object: u32) -> bool {
        let (ClientValue::Leaf(slot), [_]) = (&field.value, &*field.non_null) else { return false };
        let json = self.arena.json(self.arena.cell(object + slot));
        if let Some(json) = json {
            self.out.extend_from_slice(json);
        }
        json.is_some()
    }

    fn field(
        &mut self,
        parent: &'p ClientFields,
        field: &'p ClientField,
        object: u32,
    ) -> Result<(), Propagates> {
        match &field.value {
            ClientValue::TypeName => {
                write_string(&mut self.out, &parent.type_name);
                Ok(())
            }
            ClientValue::Introspection => {
                let found = self.introspection.iter().find(|(key, _)| *key == field.key);
                self.out.extend_from_slice(found.map_or(b"null", |(_, json)| json));
                Ok(())
            }
            ClientValue::Leaf(slot) | ClientValue::Object(slot, _) => {
                let place = self.arena.cell(object + slot);
                self.value(parent, field, place, 0)
            }
        }
    }

    /// Writes a value, or a null in its place; propagates where null isn't allowed.
    fn value(
        &mut self,
        parent: &'p ClientFields,
        field: &'p ClientField,
        place: Place,
        level: usize,
    ) -> Result<(), Propagates> {
        let start = self.out.len();
        let non_null = field.non_null.get(level).copied().unwrap_or(false);
        let explained = match self.written(parent, field, place, level) {
            Written::Yes => return Ok(()),
            Written::Null => false,
            Written::Explained => true,
        };
        if non_null {
            if !explained {
                self.unexplained(Wrong::Null, parent, field);
            }
            self.out.truncate(start);
            return Err(Propagates);
        }
        self.null_from(start);
        Ok(())
    }

    fn written(
        &mut self,
        parent: &'p ClientFields,
        field: &'p ClientField,
        place: Place,
        level: usize,
    ) -> Written {
        let is_list = level + 1 < field.non_null.len();
        match (place, &field.value) {
            (Place::Failed(problem), _) => {
                self.lose(problem);
                Written::Explained
            }
            (Place::List { start, length }, _) if is_list => self.list(parent, field, start, length, level),
            (Place::Leaf { .. }, ClientValue::Leaf(_)) => {
                self.out.extend_from_slice(self.arena.json(place).unwrap_or(b"null"));
                Written::Yes
            }
            (Place::Object { type_id, .. }, ClientValue::Object(_, shape)) => {
                if shape.fields(type_id).is_none() {
                    return self.of_no_type(parent, field, type_id);
                }
                match self.object(shape, place) {
                    Ok(()) => Written::Yes,
                    Err(Propagates) => Written::Explained,
                }
            }
            _ => Written::Null,
        }
    }

    /// An object of a type that clients don't see is null, and nothing is told of it; one of a type that it can't have is told.
    fn of_no_type(&mut self, parent: &'p ClientFields, field: &'p ClientField, type_id: u32) -> Written {
        let name = self.graph.types().name(type_id);
        if name.is_some_and(|name| self.graph.api_type(name).is_none()) {
            return Written::Null;
        }
        self.unexplained(Wrong::Type, parent, field);
        Written::Explained
    }

    fn list(
        &mut self,
        parent: &'p ClientFields,
        field: &'p ClientField,
        start: u32,
        length: u32,
        level: usize,
    ) -> Written {
        self.out.push(b'[');
        for index in 0..length {
            if index > 0 {
                self.out.push(b',');
            }
            if self.is_too_long() {
                return Written::Explained;
            }
            self.path.push(Segment::Index(index));
            let written = self.value(parent, field, self.arena.cell(start + index), level + 1);
            self.path.pop();
            if written.is_err() {
                return Written::Explained;
            }
        }
        self.out.push(b']');
        Written::Yes
    }

    /// Whether the answer is over its limit: then nothing more is written, and nothing of it leaves.
    fn is_too_long(&mut self) -> bool {
        self.is_over |= self.out.len() > self.most + DATA.len();
        self.is_over
    }

    fn null_from(&mut self, start: usize) {
        self.out.truncate(start);
        self.out.extend_from_slice(b"null");
    }

    fn lose(&mut self, problem: u32) {
        match self.lost.get_mut(&problem) {
            Some(affected) => affected.count += 1,
            None => {
                let affected = self.first();
                self.lost.insert(problem, affected);
            }
        }
    }

    fn unexplained(&mut self, wrong: Wrong, parent: &'p ClientFields, field: &'p ClientField) {
        let same = |entry: &&mut (Wrong, Name, Name, Affected)| {
            entry.0 == wrong && entry.1 == parent.type_name && entry.2 == field.name
        };
        match self.wrong.iter_mut().find(same) {
            Some((_, _, _, affected)) => affected.count += 1,
            None => {
                let affected = self.first();
                let (type_name, name) = (Name::clone(&parent.type_name), Name::clone(&field.name));
                self.wrong.push((wrong, type_name, name, affected));
            }
        }
    }

    /// The response key of what stands in a slot of the root.
    fn root_field(&self, slot: u32) -> Option<&'p Name> {
        let Place::Object { type_id, .. } = self.arena.cell(ROOT) else { return None };
        let holds = |field: &&ClientField| match &field.value {
            ClientValue::Leaf(own) | ClientValue::Object(own, _) => *own == slot,
            ClientValue::TypeName | ClientValue::Introspection => false,
        };
        self.answer.fields(type_id)?.fields.iter().find(holds).map(|field| &field.key)
    }

    /// The position that is being written, as the first that a cause left empty.
    fn first(&self) -> Affected {
        let position = self.path.iter().map(|segment| match segment {
            Segment::Key(key) => Value::from(&***key),
            Segment::Index(index) => Value::from(*index),
        });
        Affected { path: position.collect(), count: 1, rank: self.lost.len() + self.wrong.len() }
    }

    /// The errors in the order in which the answer meets their first positions, whichever source was faster; then those without one.
    fn errors(&mut self, graph: &Graph) -> (Vec<Value>, Vec<Code>) {
        let mut told = Vec::new();
        let rank = |affected: Option<&Affected>| affected.map_or(usize::MAX, |affected| affected.rank);
        for (index, lost) in self.arena.lost().iter().enumerate() {
            let failure = &lost.problem.failure;
            let affected = self.lost.remove(&(index as u32));
            let incomplete = lost.problem.incomplete.and_then(|slot| self.root_field(slot));
            // What the client doesn't miss it isn't told, except that a source said something went wrong, or that a list lacks a part.
            if affected.is_none() && incomplete.is_none() && failure.kind != FailureKind::Refused {
                continue;
            }
            let source =
                lost.source.and_then(|source| graph.sources().get(source)).map(|source| &*source.name);
            let code = Code::from(failure.kind);
            let coordinate = failure.coordinate.as_ref().map(|(ty, field)| format!("{ty}.{field}"));
            let rank = rank(affected.as_ref());
            let mut error = error(code, message(failure, source), source, coordinate, affected);
            tell_members(&mut error, failure.members.as_deref());
            if let Some(key) = incomplete {
                tell_incomplete(&mut error, key, source);
            }
            told.push((rank, error, code));
        }
        for (wrong, type_name, field, affected) in std::mem::take(&mut self.wrong) {
            let code = Code::SOURCE_MALFORMED_RESPONSE;
            let message = match wrong {
                Wrong::Null => can_not_be_null(&type_name, &field),
                Wrong::Type => {
                    format!("`{type_name}.{field}` can't be of the type that its source says it is")
                }
            };
            let rank = affected.rank;
            let coordinate = Some(format!("{type_name}.{field}"));
            told.push((rank, error(code, message, None, coordinate, Some(affected)), code));
        }
        told.sort_by_key(|(rank, _, _)| *rank);
        told.into_iter().map(|(_, error, code)| (error, code)).unzip()
    }
}

/// How writing a value went.
enum Written {
    /// It stands in the answer.
    Yes,
    /// There is none.
    Null,
    /// There is none, and the errors say why.
    Explained,
}

fn can_not_be_null(ty: &str, field: &str) -> String {
    format!("`{ty}.{field}` can't be null, and no source has a value for it")
}

pub(super) fn message(failure: &raccordo_connector_api::Failure, source: Option<&str>) -> String {
    if let (None, Some((ty, field))) = (source, &failure.coordinate) {
        return can_not_be_null(ty, field);
    }
    let source = source.unwrap_or("?");
    match failure.kind {
        FailureKind::BadInput => failure.detail.clone(),
        FailureKind::Internal => format!("a fault of the gateway while asking the source `{source}`"),
        FailureKind::Unreachable => format!("the source `{source}` can't be reached"),
        FailureKind::TimedOut => format!("the source `{source}` did not answer in time"),
        FailureKind::OverLimit => format!("the answer of the source `{source}` is over a limit"),
        FailureKind::Refused => format!("the source `{source}` refused, or answered with an error"),
        FailureKind::Malformed => match &failure.coordinate {
            Some((ty, field)) => {
                format!("the source `{source}` answered what `{ty}.{field}` can't be: {}", failure.detail)
            }
            None => format!("the answer of the source `{source}` can't be read"),
        },
    }
}

/// Of a source with members: those that could have been asked, whichever of them it was.
fn tell_members(error: &mut Value, members: Option<&[Name]>) {
    if let (Some(members), Some(extensions)) =
        (members, error.get_mut("extensions").and_then(Value::as_object_mut))
    {
        extensions.insert("members".into(), members.iter().map(|name| Value::from(&**name)).collect());
    }
}

/// A list, page or count that stands in the answer, and lacks what a part of its source would have given.
fn tell_incomplete(error: &mut Value, key: &str, source: Option<&str>) {
    let Some(error) = error.as_object_mut() else { return };
    let text =
        format!("`{key}` is incomplete: part of the source `{}` did not answer", source.unwrap_or("?"));
    error.insert("message".into(), text.into());
    error.insert("path".into(), vec![Value::from(key)].into());
    if let Some(extensions) = error.get_mut("extensions").and_then(Value::as_object_mut) {
        extensions.insert("incomplete".into(), true.into());
    }
}

fn error(
    code: Code,
    message: String,
    source: Option<&str>,
    coordinate: Option<String>,
    affected: Option<Affected>,
) -> Value {
    let mut extensions = Map::new();
    extensions.insert("code".into(), code.name.into());
    if let Some(source) = source {
        extensions.insert("source".into(), source.into());
    }
    if let Some(coordinate) = coordinate {
        extensions.insert("coordinate".into(), coordinate.into());
    }
    let mut error = Map::new();
    error.insert("message".into(), message.into());
    if let Some(affected) = affected {
        error.insert("path".into(), Value::Array(affected.path));
        extensions.insert("affected".into(), affected.count.into());
    }
    error.insert("extensions".into(), json!(extensions));
    Value::Object(error)
}
