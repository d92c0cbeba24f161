//! The answer while it grows: all cells of all replies in one vector, leaves as spans of the buffers they came in.
//! A step's rows are put into the objects they belong to by slot.

use std::sync::Arc;

use bytes::Bytes;
use raccordo_connector_api::{Cell, Failure, FailureKind, Field, ObjectAt, Problem, Reply, Selection};

use crate::plan::{Locate, Step};

/// A cell of the arena. As [`Cell`], with the buffer that a leaf is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Absent,
    Null,
    Leaf { buffer: u16, start: u32, length: u32 },
    Object { start: u32, type_id: u32 },
    List { start: u32, length: u32 },
    Failed(u32),
}

/// An object that a step is for: the cell that holds it.
pub(super) type Target = u32;

/// A problem and the source it is from.
pub(super) struct Lost {
    pub(super) source: usize,
    pub(super) problem: Problem,
}

pub(super) struct Arena {
    cells: Vec<Place>,
    buffers: Vec<Bytes>,
    lost: Vec<Lost>,
    concrete: Arc<[bool]>,
}

/// The cell that holds the root object.
pub(super) const ROOT: Target = 0;

impl Arena {
    /// An answer with an empty root. `concrete` says of each type number whether it is an object type.
    pub(super) fn new(width: u32, root_type: Option<u32>, concrete: Arc<[bool]>) -> Self {
        let mut cells = Vec::with_capacity(width as usize + 1);
        cells.push(Place::Object { start: 1, type_id: root_type.unwrap_or(ObjectAt::UNTYPED) });
        cells.resize(width as usize + 1, Place::Absent);
        Self { cells, buffers: Vec::new(), lost: Vec::new(), concrete }
    }

    pub(super) fn cell(&self, at: u32) -> Place {
        self.cells.get(at as usize).copied().unwrap_or(Place::Absent)
    }

    pub(super) fn json(&self, place: Place) -> Option<&[u8]> {
        match place {
            Place::Leaf { buffer, start, length } => {
                self.buffers.get(buffer as usize)?.get(start as usize..start as usize + length as usize)
            }
            _ => None,
        }
    }

    pub(super) fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// The objects at the end of a path. Lists on the way are entered, nulls and lost values passed by.
    pub(super) fn targets(&self, path: &[Locate]) -> Vec<Target> {
        let mut targets = vec![ROOT];
        for locate in path {
            let mut next = Vec::with_capacity(targets.len());
            for target in targets {
                match (locate, self.cell(target)) {
                    (Locate::Slot(slot), Place::Object { start, .. }) => {
                        self.objects(start + slot, &mut next)
                    }
                    (Locate::Types(types), Place::Object { type_id, .. })
                        if type_id == ObjectAt::UNTYPED || types.binary_search(&type_id).is_ok() =>
                    {
                        next.push(target);
                    }
                    _ => {}
                }
            }
            targets = next;
        }
        targets
    }

    fn objects(&self, at: u32, into: &mut Vec<Target>) {
        match self.cell(at) {
            Place::Object { .. } => into.push(at),
            Place::List { start, length } => {
                (start..start + length).for_each(|item| self.objects(item, into))
            }
            _ => {}
        }
    }

    /// Takes a reply over: its buffers, its cells moved to where they are now, its problems.
    pub(super) fn absorb(&mut self, step: &Step, reply: Reply, targets: &[(Target, u32)]) {
        let (lent, text, cells, rows, problems) = reply.into_parts();
        let moved = Moved {
            cells: self.cells.len() as u32,
            lent: self.buffers.len() as u16,
            text: self.buffers.len() as u16 + 1,
            lost: self.lost.len() as u32,
        };
        self.buffers.push(lent);
        self.buffers.push(Bytes::from(text));
        self.lost.extend(problems.into_iter().map(|problem| Lost { source: step.source, problem }));
        self.cells.extend(cells.iter().map(|cell| moved.place(*cell)));
        let selection = step.asked.selection();
        let mut given = vec![false; rows.len()];
        for (target, row) in targets {
            let mut place = rows.get(*row as usize).map_or(Place::Null, |cell| moved.place(*cell));
            // A row may serve several objects. Each gets its own, since later steps may write into it.
            if let Some(given) = given.get_mut(*row as usize) {
                if *given {
                    place = self.copy(place, selection);
                }
                *given = true;
            }
            self.merge(*target, place, selection, step.source);
        }
    }

    /// A copy of an object or list with all that is below it.
    fn copy(&mut self, place: Place, selection: &Selection) -> Place {
        match place {
            Place::Object { start, type_id } => {
                let to = self.cells.len() as u32;
                self.cells.resize(self.cells.len() + selection.width as usize, Place::Absent);
                for field in present(selection, type_id) {
                    let value = self.cell(start + field.slot);
                    let value = match field.selection() {
                        Some(below) => self.copy(value, below),
                        None => value,
                    };
                    self.put(to + field.slot, value);
                }
                Place::Object { start: to, type_id }
            }
            Place::List { start, length } => {
                let items: Vec<Place> =
                    (start..start + length).map(|at| self.copy(self.cell(at), selection)).collect();
                let start = self.cells.len() as u32;
                self.cells.extend(items);
                Place::List { start, length }
            }
            leaf => leaf,
        }
    }

    /// Merges a row into an object: what the object doesn't have yet is taken, nested objects and lists are merged in turn.
    /// A record of another type is nobody's: what it would have brought is lost.
    fn merge(&mut self, target: Target, row: Place, selection: &Selection, source: usize) {
        match (self.cell(target), row) {
            (Place::Object { type_id, .. }, Place::Object { type_id: from_type, .. })
                if type_id != from_type && self.is_concrete(type_id) && self.is_concrete(from_type) =>
            {
                let problem = self.not_alike(source, selection);
                self.lose(target, problem, selection);
            }
            (Place::Object { start, type_id }, Place::Object { start: from, type_id: from_type }) => {
                if !self.is_concrete(type_id) && from_type != ObjectAt::UNTYPED {
                    self.put(target, Place::Object { start, type_id: from_type });
                }
                for field in present(selection, from_type) {
                    let value = self.cell(from + field.slot);
                    self.merge_slot(start + field.slot, value, field.selection(), source);
                }
            }
            (Place::Object { .. }, Place::Failed(problem)) => self.lose(target, problem, selection),
            _ => {}
        }
    }

    /// The problem of a source's records that don't fit the objects they are for: one for all of them.
    fn not_alike(&mut self, source: usize, selection: &Selection) -> u32 {
        let same = |lost: &Lost| {
            lost.source == source
                && matches!(
                    &lost.problem.failure,
                    Failure { kind: FailureKind::Malformed, coordinate: None, .. }
                )
        };
        let index = self.lost.iter().position(same).unwrap_or_else(|| {
            let detail = format!(
                "what came for `{}` is of another type, or a list of another length, than what is there",
                selection.type_name
            );
            self.lost.push(Lost { source, problem: Problem { failure: Failure::malformed(detail) } });
            self.lost.len() - 1
        });
        index as u32
    }

    fn merge_slot(&mut self, at: u32, value: Place, below: Option<&Selection>, source: usize) {
        match (self.cell(at), value, below) {
            (_, Place::Absent, _) => {}
            (Place::Absent | Place::Failed(_), value, _) => self.put(at, value),
            (Place::Object { .. }, value @ Place::Object { .. }, Some(below)) => {
                self.merge(at, value, below, source);
            }
            (Place::List { start, length }, Place::List { start: from, length: from_length }, Some(_))
                if length == from_length =>
            {
                for index in 0..length {
                    self.merge_slot(start + index, self.cell(from + index), below, source);
                }
            }
            // Which item is which can't be told: nothing is joined.
            (Place::List { start, length }, Place::List { .. }, Some(below)) => {
                let problem = self.not_alike(source, below);
                (start..start + length).for_each(|item| self.lose(item, problem, below));
            }
            _ => {}
        }
    }

    /// A step failed whole: what it would have brought is lost.
    pub(super) fn fail(&mut self, step: &Step, failure: Failure, targets: &[(Target, u32)]) {
        self.lost.push(Lost { source: step.source, problem: Problem { failure } });
        let problem = self.lost.len() as u32 - 1;
        for (target, _) in targets {
            self.lose(*target, problem, step.asked.selection());
        }
    }

    /// An object that a step wants fields of, and that it can't ask for: a fault of the plan, told rather than left null.
    pub(super) fn cannot_ask(&mut self, target: Target, source: usize, selection: &Selection) {
        let same = |lost: &Lost| lost.source == source && lost.problem.failure.kind == FailureKind::Internal;
        let index = self.lost.iter().position(same).unwrap_or_else(|| {
            let failure =
                Failure::internal(format!("the plan has no key to ask for every `{}`", selection.type_name));
            self.lost.push(Lost { source, problem: Problem { failure } });
            self.lost.len() - 1
        });
        self.lose(target, index as u32, selection);
    }

    /// Marks what a selection would have brought to an object as lost, where nothing is there.
    pub(super) fn lose(&mut self, target: Target, problem: u32, selection: &Selection) {
        let Place::Object { start, type_id } = self.cell(target) else { return };
        for field in present(selection, type_id) {
            if self.cell(start + field.slot) == Place::Absent {
                self.put(start + field.slot, Place::Failed(problem));
            }
        }
    }

    fn is_concrete(&self, type_id: u32) -> bool {
        self.concrete.get(type_id as usize).copied().unwrap_or(false)
    }

    fn put(&mut self, at: u32, place: Place) {
        if let Some(cell) = self.cells.get_mut(at as usize) {
            *cell = place;
        }
    }
}

/// The fields with a slot that an object of this type has.
fn present(selection: &Selection, type_id: u32) -> impl Iterator<Item = &Field> {
    selection
        .fields
        .iter()
        .filter(move |field| field.slot < selection.width)
        .filter(move |field| type_id == ObjectAt::UNTYPED || field.applies_to(type_id))
}

struct Moved {
    cells: u32,
    lent: u16,
    text: u16,
    lost: u32,
}

impl Moved {
    fn place(&self, cell: Cell) -> Place {
        match cell {
            Cell::Absent => Place::Absent,
            Cell::Null => Place::Null,
            Cell::Lent { start, length } => Place::Leaf { buffer: self.lent, start, length },
            Cell::Text { start, length } => Place::Leaf { buffer: self.text, start, length },
            Cell::Object(ObjectAt { start, type_id }) => Place::Object { start: start + self.cells, type_id },
            Cell::List { start, length } => Place::List { start: start + self.cells, length },
            Cell::Failed(problem) => Place::Failed(problem + self.lost),
        }
    }
}
