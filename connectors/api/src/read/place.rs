//! Where a response's errors point: the reply and its errors' paths in, what was lost marked in the reply. An error's own text never
//! leaves the response.

use raccordo_schema::mapping::Name;

use super::response::field_of;
use crate::{Asked, Cell, Failure, FailureKind, Field, ObjectAt, Reply, Selection, What};

/// A path of an error.
pub(super) type Path = Vec<Segment>;

/// A step of a path.
#[derive(PartialEq, Clone)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

/// An error of the source, whatever it says.
pub(super) fn refused() -> Failure {
    Failure::new(FailureKind::Refused, "the source answered with errors")
}

/// The path of an error; empty where it has none.
pub(super) fn path_of(error: &serde_json::Value) -> Path {
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

/// Marks what each error's path points at as lost: the first null on the way, or the value itself.
pub(super) fn place(reply: &mut Reply, asked: &Asked, errors: &[Path]) {
    let mut all_placed = true;
    for path in errors {
        all_placed &= match (&asked.what, path.as_slice()) {
            (_, []) => false,
            (What::Roots { .. }, path) => place_one(reply, asked.selection(), 0, path).is_some(),
            (What::Entities { .. }, [_, Segment::Index(row), rest @ ..]) => {
                place_one(reply, asked.selection(), *row, rest).is_some()
            }
            (What::Entities { .. }, [_, rest @ ..]) => place_in_any(reply, asked.selection(), rest),
        };
    }
    // An error whose place can't be found loses what is null at the root: nothing else can be meant.
    if !all_placed {
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
        if field.slot < selection.width && matches!(reply.slot(object, field.slot), Cell::Null | Cell::Absent)
        {
            reply.set(object, field.slot, failed);
        }
    }
}

/// Whether an object lacks a field that objects of its type were asked for.
pub(super) fn lacks(reply: &Reply, selection: &Selection, object: ObjectAt, field: &Field) -> bool {
    field.slot < selection.width
        && field.applies_to(object.type_id)
        && reply.slot(object, field.slot) == Cell::Absent
}

/// Marks the fields that are missing, here and below, as lost: a null is told by a null, never by silence.
pub(super) fn lose_missing(reply: &mut Reply, asked: &Asked, cell: Cell, selection: &Selection) {
    match cell {
        Cell::List { .. } => {
            for item in reply.items(cell).to_vec() {
                lose_missing(reply, asked, item, selection);
            }
        }
        Cell::Object(object) if object.type_id != ObjectAt::UNTYPED => {
            let type_name = asked.types.name(object.type_id).unwrap_or(&selection.type_name);
            for field in selection.fields_of(object.type_id) {
                if lacks(reply, selection, object, field) {
                    let failure = Failure::malformed("the field is missing");
                    let lost = reply.failed(failure.at(type_name, &field.name));
                    reply.set(object, field.slot, lost);
                } else if let Some(below) = field.selection() {
                    lose_missing(reply, asked, reply.slot(object, field.slot), below);
                }
            }
        }
        _ => {}
    }
}

/// An error that doesn't say of which entity it is (async-graphql 7 leaves the index out): what is null on its path is lost in each of
/// them; where nothing is, the entities that are null are. A null with an error is never told as plain absence.
fn place_in_any(reply: &mut Reply, selection: &Selection, path: &[Segment]) -> bool {
    let (objects, nulls): (Vec<usize>, Vec<usize>) =
        (0..reply.rows().len()).partition(|row| matches!(reply.rows().get(*row), Some(Cell::Object(_))));
    let mut lose = |row: usize| place_one(reply, selection, row, path) == Some(true);
    let placed = objects.into_iter().filter(|row| lose(*row)).count();
    match placed {
        0 => nulls.into_iter().filter(|row| lose(*row)).count() > 0,
        _ => true,
    }
}

/// Whether a value was lost there; `None` where the path leads nowhere.
fn place_one(reply: &mut Reply, selection: &Selection, row: usize, path: &[Segment]) -> Option<bool> {
    let mut cell = reply.rows().get(row).copied()?;
    if cell == Cell::Null {
        let failed = reply.failed(refused());
        reply.set_row(row, failed);
        return Some(true);
    }
    let mut selection = Some(selection);
    let mut place: Option<(u32, Option<(&Name, &Name)>)> = None;
    for segment in path {
        let next = match (segment, cell) {
            (Segment::Key(key), Cell::Object(object)) => {
                let parent = selection?;
                let mut hint = 0;
                let field = field_of(parent, key.as_bytes(), object.type_id, &mut hint)?;
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
    let (at, coordinate) = place?;
    let failure = match coordinate {
        Some((type_name, field)) => refused().at(type_name, field),
        None => refused(),
    };
    let failed = reply.failed(failure);
    // What is missing or unreadable where the source says it failed is lost for that reason.
    let lost = matches!(cell, Cell::Null | Cell::Absent | Cell::Failed(_));
    if lost {
        reply.set(ObjectAt { start: at, type_id: ObjectAt::UNTYPED }, 0, failed);
    }
    Some(lost)
}
