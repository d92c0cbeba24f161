//! Representations: from the objects that a step is for, the distinct keys and inputs that go to its source.

use raccordo_connector_api::reply::write_string;
use raccordo_connector_api::{Representations, TypeNames};
use rustc_hash::FxHashMap;

use super::arena::{Arena, Place, Target};
use crate::plan::{Entities, Project, Step};

/// Why an object has no representation.
enum Without {
    /// A key is absent: there is nothing to ask by.
    Nothing,
    /// An input was lost: what depends on it is lost with it, for the same reason.
    Lost(u32),
}

/// The distinct representations, and for each object the row that is its.
pub(super) fn represent(
    arena: &mut Arena,
    types: &TypeNames,
    step: &Step,
    entities: &Entities,
    targets: Vec<Target>,
) -> (Representations, Vec<(Target, u32)>) {
    let selection = step.asked.selection();
    let mut rows = Representations::new(entities.types.clone());
    let mut known: FxHashMap<Box<[u8]>, u32> = FxHashMap::default();
    let mut placed = Vec::with_capacity(targets.len());
    let mut text = Vec::new();
    let mut ends = Vec::new();
    for target in targets {
        let Place::Object { start, type_id } = arena.cell(target) else { continue };
        let Some(projection) = entities.of(type_id) else {
            // The plan wants fields of this object and has no key of its type: unless another step brings them, they are lost.
            arena.cannot_ask(target, step.source, selection);
            continue;
        };
        text.clear();
        ends.clear();
        text.extend_from_slice(&projection.representation.to_le_bytes());
        let written = projection.fields.iter().try_for_each(|field| {
            let written = write_field(arena, types, start, field, &mut text);
            ends.push(text.len());
            written
        });
        match written {
            Err(Without::Nothing) => {}
            // An entity whose key is null can't be asked for, and isn't.
            Ok(()) if spans(&text, &ends).all(|value| value == b"null") => {}
            Err(Without::Lost(problem)) => arena.lose(target, problem, selection),
            Ok(()) => {
                let next = known.len() as u32;
                let row = match known.get(text.as_slice()) {
                    Some(row) => *row,
                    None => {
                        known.insert(text.as_slice().into(), next);
                        rows.push(projection.representation, spans(&text, &ends));
                        next
                    }
                };
                placed.push((target, row));
            }
        }
    }
    (rows, placed)
}

/// The texts of a row's fields; the first four bytes are the row's type.
fn spans<'t>(text: &'t [u8], ends: &'t [usize]) -> impl Iterator<Item = &'t [u8]> {
    ends.iter().scan(4, |start, end| {
        let span = text.get(*start..*end).unwrap_or_default();
        *start = *end;
        Some(span)
    })
}

fn write_field(
    arena: &Arena,
    types: &TypeNames,
    object: u32,
    field: &Project,
    out: &mut Vec<u8>,
) -> Result<(), Without> {
    match field {
        Project::TypeName => Ok(()),
        Project::Field { slot, below, .. } => {
            write_value(arena, types, arena.cell(object + slot), below.as_deref(), out)
        }
    }
}

type Below<'p> = Option<&'p [(std::sync::Arc<[u32]>, Project)]>;

fn write_value(
    arena: &Arena,
    types: &TypeNames,
    value: Place,
    below: Below<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Without> {
    match value {
        Place::Absent => Err(Without::Nothing),
        Place::Failed(problem) => Err(Without::Lost(problem)),
        Place::Null => {
            out.extend_from_slice(b"null");
            Ok(())
        }
        Place::Leaf { .. } => {
            out.extend_from_slice(arena.json(value).unwrap_or(b"null"));
            Ok(())
        }
        Place::List { start, length } => {
            out.push(b'[');
            for at in start..start + length {
                if at > start {
                    out.push(b',');
                }
                write_value(arena, types, arena.cell(at), below, out)?;
            }
            out.push(b']');
            Ok(())
        }
        Place::Object { start, type_id } => {
            write_object(arena, types, start, type_id, below.unwrap_or_default(), out)
        }
    }
}

fn write_object(
    arena: &Arena,
    types: &TypeNames,
    start: u32,
    type_id: u32,
    fields: &[(std::sync::Arc<[u32]>, Project)],
    out: &mut Vec<u8>,
) -> Result<(), Without> {
    out.push(b'{');
    let empty = out.len();
    for (on, field) in fields {
        if !on.is_empty() && on.binary_search(&type_id).is_err() {
            continue;
        }
        if out.len() > empty {
            out.push(b',');
        }
        match field {
            Project::TypeName => {
                out.extend_from_slice(b"\"__typename\":");
                write_string(out, types.name(type_id).map_or("", |name| name));
            }
            Project::Field { name, .. } => {
                write_string(out, name);
                out.push(b':');
                write_field(arena, types, start, field, out)?;
            }
        }
    }
    out.push(b'}');
    Ok(())
}
