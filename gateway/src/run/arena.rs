//! The answer while it grows: all cells of all replies in one vector, leaves as spans of the buffers they came in.
//! A step's rows are put into the objects they belong to by slot.

use std::sync::Arc;

use bytes::Bytes;
use raccordo_connector_api::{Cell, Failure, FailureKind, Field, ObjectAt, Problem, Selection, Settled};
use raccordo_schema::mapping::Name;

use crate::plan::Locate;

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
    /// None where no source is at fault more than another.
    pub(super) source: Option<usize>,
    pub(super) problem: Problem,
}

pub(super) struct Arena {
    cells: Vec<Place>,
    buffers: Vec<Bytes>,
    lost: Vec<Lost>,
    /// What steps would have brought, to be told once everybody brought what there is: a step, its object, the problem.
    losses: Vec<(usize, Target, u32)>,
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
        Self { cells, buffers: Vec::new(), lost: Vec::new(), losses: Vec::new(), concrete }
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
        let (mut targets, mut next) = (vec![ROOT], Vec::new());
        for locate in path {
            next.clear();
            for target in targets.drain(..) {
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
            std::mem::swap(&mut targets, &mut next);
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

    /// Takes a reply in: its buffers, its problems, and the cells below its rows. Rows themselves are read where they are.
    pub(super) fn absorb(&mut self, source: usize, reply: &Settled, selection: &Selection) -> Moved {
        let moved = Moved {
            cells: self.cells.len() as u32,
            lent: self.buffers.len() as u16,
            text: self.buffers.len() as u16 + 1,
            lost: self.lost.len() as u32,
        };
        self.buffers.push(reply.lent.clone());
        self.buffers.push(reply.text.clone());
        let lost =
            reply.problems.iter().map(|problem| Lost { source: Some(source), problem: problem.clone() });
        self.lost.extend(lost);
        if selection.fields.iter().any(|field| field.selection().is_some() || field.list_depth > 0) {
            self.cells.extend(reply.cells.iter().map(|cell| moved.place(*cell)));
        }
        moved
    }

    /// Puts the rows of an absorbed reply into the objects that a step is for. Where objects that share a row may differ later
    /// (`apart`), all but the first get copies of what is below it.
    pub(super) fn put_rows(
        &mut self,
        reply: &Settled,
        moved: &Moved,
        layouts: Layouts<'_>,
        source: usize,
        targets: &[(Target, u32)],
        given: &mut [bool],
    ) {
        for (target, row) in targets {
            let place = reply.rows.get(*row as usize).map_or(Place::Null, |cell| moved.place(*cell));
            let is_given =
                given.get_mut(*row as usize).is_some_and(|given| std::mem::replace(given, layouts.apart));
            let Place::Object { start, type_id } = place else {
                self.merge(*target, place, layouts.to, source);
                continue;
            };
            if self.is_other(*target, type_id) {
                self.merge(*target, place, layouts.to, source);
                continue;
            }
            let Place::Object { start: to, type_id: known } = self.cell(*target) else { continue };
            self.learn(*target, to, known, type_id);
            for (field, own) in layouts.from.fields.iter().zip(&layouts.to.fields) {
                if !is_present(field, layouts.from, type_id) {
                    continue;
                }
                let cell = reply.cells.get((start - moved.cells + field.slot) as usize);
                let mut value = cell.map_or(Place::Absent, |cell| moved.place(*cell));
                if let (Some(below), Some(own_below)) = (field.selection(), own.selection())
                    && (is_given || !layouts.same)
                {
                    value = self.copy(value, below, own_below);
                }
                if let (Place::Failed(problem), Some(_)) = (value, own.selection()) {
                    self.losses.push((layouts.step, *target, problem));
                }
                self.merge_slot(to + own.slot, value, own.selection(), source);
            }
        }
    }

    /// A record of a type is for an object of another.
    fn is_other(&self, target: Target, from_type: u32) -> bool {
        match self.cell(target) {
            Place::Object { type_id, .. } => {
                type_id != from_type && self.is_concrete(type_id) && self.is_concrete(from_type)
            }
            _ => false,
        }
    }

    /// An object whose type isn't known yet has the type of its record.
    fn learn(&mut self, target: Target, start: u32, type_id: u32, from_type: u32) {
        if !self.is_concrete(type_id) && from_type != ObjectAt::UNTYPED {
            self.put(target, Place::Object { start, type_id: from_type });
        }
    }

    /// A copy of an object or list with all that is below it, laid out as `to` has it.
    fn copy(&mut self, place: Place, from: &Selection, to: &Selection) -> Place {
        match place {
            Place::Object { start, type_id } => {
                let copied = self.cells.len() as u32;
                self.cells.resize(self.cells.len() + to.width as usize, Place::Absent);
                for (field, own) in from.fields.iter().zip(&to.fields) {
                    if !is_present(field, from, type_id) {
                        continue;
                    }
                    let value = self.cell(start + field.slot);
                    let value = match (field.selection(), own.selection()) {
                        (Some(below), Some(own_below)) => self.copy(value, below, own_below),
                        _ => value,
                    };
                    self.put(copied + own.slot, value);
                }
                Place::Object { start: copied, type_id }
            }
            Place::List { start, length } => {
                let copied = self.cells.len() as u32;
                self.cells.resize(self.cells.len() + length as usize, Place::Absent);
                for index in 0..length {
                    let item = self.copy(self.cell(start + index), from, to);
                    self.put(copied + index, item);
                }
                Place::List { start: copied, length }
            }
            leaf => leaf,
        }
    }

    /// Merges a record into an object: what the object doesn't have yet is taken, nested objects and lists are merged in turn.
    /// A record of another type is nobody's: what it would have brought is lost.
    fn merge(&mut self, target: Target, row: Place, selection: &Selection, source: usize) {
        match (self.cell(target), row) {
            (Place::Object { .. }, Place::Object { type_id, .. }) if self.is_other(target, type_id) => {
                let problem = self.not_alike(source, selection);
                self.lose(target, problem, selection);
            }
            (Place::Object { start, type_id }, Place::Object { start: from, type_id: from_type }) => {
                self.learn(target, start, type_id, from_type);
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
            lost.source == Some(source)
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
            self.lost.push(Lost { source: Some(source), problem: Failure::malformed(detail).into() });
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
            (_, Place::Failed(problem), Some(below)) => self.lose_below(at, problem, below),
            // Which item is which can't be told: nothing is joined.
            (Place::List { start, length }, Place::List { .. }, Some(below)) => {
                let problem = self.not_alike(source, below);
                (start..start + length).for_each(|item| self.lose(item, problem, below));
            }
            _ => {}
        }
    }

    /// The number of a failure: one for what failed together.
    pub(super) fn problem(&mut self, source: usize, failure: &Failure) -> u32 {
        let same = |lost: &Lost| {
            let other = &lost.problem.failure;
            let alike = other.kind == failure.kind
                && other.detail == failure.detail
                && lost.problem.incomplete.is_none();
            lost.source == Some(source) && alike && other.coordinate.is_none() && failure.coordinate.is_none()
        };
        let index = self.lost.iter().position(same).unwrap_or_else(|| {
            self.lost.push(Lost { source: Some(source), problem: failure.clone().into() });
            self.lost.len() - 1
        });
        index as u32
    }

    /// An object that a step wants fields of, and that it can't ask for: a fault of the plan, told rather than left null.
    pub(super) fn cannot_ask(&mut self, target: Target, source: usize, selection: &Selection) {
        let same =
            |lost: &Lost| lost.source == Some(source) && lost.problem.failure.kind == FailureKind::Internal;
        let index = self.lost.iter().position(same).unwrap_or_else(|| {
            let failure =
                Failure::internal(format!("the plan has no key to ask for every `{}`", selection.type_name));
            self.lost.push(Lost { source: Some(source), problem: failure.into() });
            self.lost.len() - 1
        });
        self.lose(target, index as u32, selection);
    }

    /// The problem of a field that can't be null, is required elsewhere, and that no source has a value for: one for all of them.
    pub(super) fn absent(&mut self, ty: &Name, field: &Name) -> u32 {
        let failure = Failure::malformed("what is required isn't there").at(ty, field);
        let same =
            |lost: &Lost| lost.source.is_none() && lost.problem.failure.coordinate == failure.coordinate;
        let index = self.lost.iter().position(same).unwrap_or_else(|| {
            self.lost.push(Lost { source: None, problem: failure.clone().into() });
            self.lost.len() - 1
        });
        index as u32
    }

    /// Marks what a selection would have brought to an object as lost, where nothing is there.
    pub(super) fn lose(&mut self, target: Target, problem: u32, selection: &Selection) {
        let Place::Object { start, type_id } = self.cell(target) else { return };
        for field in present(selection, type_id) {
            match (self.cell(start + field.slot), field.selection()) {
                (Place::Absent, _) => self.put(start + field.slot, Place::Failed(problem)),
                (_, Some(below)) => self.lose_below(start + field.slot, problem, below),
                (_, None) => {}
            }
        }
    }

    /// The same of the objects at a place, which another step brought.
    fn lose_below(&mut self, at: u32, problem: u32, selection: &Selection) {
        match self.cell(at) {
            Place::Object { .. } => self.lose(at, problem, selection),
            Place::List { start, length } => {
                (start..start + length).for_each(|item| self.lose_below(item, problem, selection));
            }
            _ => {}
        }
    }

    /// As [`Arena::lose`], and once more at the end: what another step brings until then may lack what this one would have brought.
    pub(super) fn lose_step(&mut self, step: usize, target: Target, problem: u32, selection: &Selection) {
        self.lose(target, problem, selection);
        self.losses.push((step, target, problem));
    }

    /// What was lost by steps, for the last time.
    pub(super) fn take_losses(&mut self) -> Vec<(usize, Target, u32)> {
        std::mem::take(&mut self.losses)
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
    selection.fields.iter().filter(move |field| is_present(field, selection, type_id))
}

fn is_present(field: &Field, selection: &Selection, type_id: u32) -> bool {
    field.slot < selection.width && (type_id == ObjectAt::UNTYPED || field.applies_to(type_id))
}

/// How the rows of a reply are laid out, and how the objects that they are for: two selections that ask the same.
#[derive(Clone, Copy)]
pub(super) struct Layouts<'s> {
    pub(super) from: &'s Selection,
    pub(super) to: &'s Selection,
    /// The step that the objects are of.
    pub(super) step: usize,
    /// They are laid out alike.
    pub(super) same: bool,
    /// Objects that share a row may differ later.
    pub(super) apart: bool,
}

impl Moved {
    /// The first of the reply's problems.
    pub(super) fn first_problem(&self) -> u32 {
        self.lost
    }
}

/// Where the parts of a reply have come to be.
pub(super) struct Moved {
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
