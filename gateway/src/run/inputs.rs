//! Representations: from the objects that a step is for, the distinct keys and inputs that go to its source.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, OnceLock};

use raccordo_connector_api::reply::write_string;
use raccordo_connector_api::{RepresentationType, Representations, TypeNames};
use raccordo_schema::mapping::Name;
use rustc_hash::FxSeededState;

use super::arena::{Arena, Place, Target};
use crate::plan::{Absent, Entities, Project, Step};

/// Why an object has no representation.
enum Without<'p> {
    /// A key is absent: there is nothing to ask by.
    Nothing,
    /// An input was lost: what depends on it is lost with it, for the same reason.
    Lost(u32),
    /// An input isn't there, and this type's field can't be null: what depends on it is lost.
    Absent(&'p Name, &'p Name),
}

/// The distinct representations of one question while they are gathered, from the objects of all the steps that it is for.
pub(super) struct Rows {
    rows: Representations,
    /// By hash, open addressing: the number of a row and one, or 0 where there is none. Its size is a power of two.
    table: Vec<u32>,
    seeds: FxSeededState,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Rows {
    pub(super) fn new(types: &Arc<[RepresentationType]>) -> Self {
        Self {
            rows: Representations::new(Arc::clone(types)),
            table: Vec::new(),
            // Keys come from sources: where they fall in the table isn't for anyone to choose.
            seeds: FxSeededState::with_seed(seed()),
            text: Vec::new(),
            ends: Vec::new(),
        }
    }

    pub(super) fn into_representations(self) -> Representations {
        self.rows
    }

    /// Gathers the representations of a step's objects; each object with the row that is its.
    pub(super) fn gather(
        &mut self,
        arena: &mut Arena,
        types: &TypeNames,
        step: &Step,
        entities: &Entities,
        targets: Vec<Target>,
    ) -> Vec<(Target, u32)> {
        let selection = step.asked.selection();
        self.reserve(targets.len());
        let mut placed = Vec::with_capacity(targets.len());
        for target in targets {
            let Place::Object { start, type_id } = arena.cell(target) else { continue };
            let Some(projection) = entities.of(type_id) else {
                // The plan wants fields of this object and has no key of its type: unless another step brings them, they are lost.
                arena.cannot_ask(target, step.source, selection);
                continue;
            };
            self.text.clear();
            self.ends.clear();
            let written = projection.fields.iter().try_for_each(|field| {
                let written = write_field(arena, types, start, field, &mut self.text);
                self.ends.push(self.text.len());
                written
            });
            match written {
                Err(Without::Nothing) => {}
                // An entity whose key is null can't be asked for, and isn't.
                Ok(())
                    if spans(&self.text, &self.ends).take(projection.keys).all(|value| value == b"null") => {}
                Err(Without::Absent(ty, field)) => {
                    let problem = arena.absent(ty, field);
                    arena.lose(target, problem, selection);
                }
                Err(Without::Lost(problem)) => arena.lose(target, problem, selection),
                Ok(()) => placed.push((target, self.row(projection.representation))),
            }
        }
        placed
    }

    /// The row with the text at hand: one that is there already, or a new one.
    fn row(&mut self, representation: u32) -> u32 {
        let mut hasher = self.seeds.build_hasher();
        hasher.write_u32(representation);
        hasher.write(&self.text);
        let mask = self.table.len().wrapping_sub(1);
        let mut at = hasher.finish() as usize & mask;
        loop {
            match self.table.get(at).copied() {
                Some(row @ 1..) if self.is_row(row - 1, representation) => return row - 1,
                Some(1..) => at = (at + 1) & mask,
                _ => break,
            }
        }
        let row = self.rows.len() as u32;
        self.rows.push(representation, spans(&self.text, &self.ends));
        if let Some(place) = self.table.get_mut(at) {
            *place = row + 1;
        }
        row
    }

    fn is_row(&self, row: u32, representation: u32) -> bool {
        self.rows.type_index(row as usize) == Some(representation)
            && self.rows.values(row as usize).eq(spans(&self.text, &self.ends))
    }

    /// Makes room for so many rows more: the table stays at most half full.
    fn reserve(&mut self, more: usize) {
        let size = ((self.rows.len() + more) * 2).next_power_of_two().max(16);
        if size <= self.table.len() {
            return;
        }
        self.table.clear();
        self.table.resize(size, 0);
        for row in 0..self.rows.len() {
            let mut hasher = self.seeds.build_hasher();
            hasher.write_u32(self.rows.type_index(row).unwrap_or_default());
            self.text.clear();
            self.rows.values(row).for_each(|value| self.text.extend_from_slice(value));
            hasher.write(&self.text);
            let mut at = hasher.finish() as usize & (size - 1);
            while self.table.get(at).is_some_and(|place| *place != 0) {
                at = (at + 1) & (size - 1);
            }
            if let Some(place) = self.table.get_mut(at) {
                *place = row as u32 + 1;
            }
        }
    }
}

/// What this process hashes with: drawn once.
fn seed() -> usize {
    static SEED: OnceLock<usize> = OnceLock::new();
    *SEED.get_or_init(|| RandomState::new().hash_one(0_u8) as usize)
}

/// The texts of a row's fields.
fn spans<'t>(text: &'t [u8], ends: &'t [usize]) -> impl Iterator<Item = &'t [u8]> {
    ends.iter().scan(0, |start, end| {
        let span = text.get(*start..*end).unwrap_or_default();
        *start = *end;
        Some(span)
    })
}

fn write_field<'p>(
    arena: &Arena,
    types: &TypeNames,
    object: u32,
    field: &'p Project,
    out: &mut Vec<u8>,
) -> Result<(), Without<'p>> {
    let Project::Field { name, slot, absent, below } = field else { return Ok(()) };
    match (arena.cell(object + slot), absent) {
        (Place::Absent, Absent::Unasked) => Err(Without::Nothing),
        (Place::Absent, Absent::Lost(ty)) => Err(Without::Absent(ty, name)),
        (value, _) => write_value(arena, types, value, below.as_deref(), out),
    }
}

type Below<'p> = Option<&'p [(std::sync::Arc<[u32]>, Project)]>;

fn write_value<'p>(
    arena: &Arena,
    types: &TypeNames,
    value: Place,
    below: Below<'p>,
    out: &mut Vec<u8>,
) -> Result<(), Without<'p>> {
    match value {
        Place::Failed(problem) => Err(Without::Lost(problem)),
        Place::Absent | Place::Null => {
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

fn write_object<'p>(
    arena: &Arena,
    types: &TypeNames,
    start: u32,
    type_id: u32,
    fields: &'p [(std::sync::Arc<[u32]>, Project)],
    out: &mut Vec<u8>,
) -> Result<(), Without<'p>> {
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
