//! Plans: a valid operation in, a graph of steps out. A step starts when its own inputs are there; it waits for nothing else.
//!
//! Plans are prepared once for a lifted operation and kept; they hold no value of any request.

mod client;
mod compile;
pub mod draw;
mod entities;
mod federation;
mod joined;
mod labels;
mod search;
mod selection;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use raccordo_connector_api::{Asked, RepresentationType, TypeNames, Value};
use raccordo_schema::mapping::Name;
use thiserror::Error;

use crate::graph::Graph;
use crate::operation::Operation;

pub use client::{ClientField, ClientFields, ClientObject, ClientValue};
pub(crate) use federation::Federation;
use federation::Rules;
pub use joined::{Call, Lookup, Place};
pub use labels::{Active, Labels};

/// A prepared operation.
#[derive(Debug)]
pub struct Plan {
    /// The steps. Empty when introspection and `__typename` answer everything.
    pub steps: Vec<Step>,
    /// The calls that make them: steps that can go together do.
    pub calls: Vec<Call>,
    /// Slots of the root object.
    pub width: u32,
    /// The root type's number.
    pub root_type: Option<u32>,
    /// How the answer is written.
    pub answer: ClientObject,
    /// Values that follow the request's own: defaults.
    pub constants: Vec<Value>,
    /// The graph's types.
    pub types: Arc<TypeNames>,
    /// About how many bytes an answer has: as many as the last one. So much is reserved for the next.
    pub answer_bytes: AtomicUsize,
}

/// One fetch of a plan.
#[derive(Debug)]
pub struct Step {
    /// Index of the source in the graph.
    pub source: usize,
    /// What is asked.
    pub asked: Arc<Asked>,
    /// How the objects it is for are found, from the root.
    pub path: Vec<Locate>,
    /// The same in the client's response keys, for people.
    pub path_names: Vec<Name>,
    /// How representations are made; `None` for root fields.
    pub entities: Option<Entities>,
    /// How many steps it waits for.
    pub waits: usize,
    /// The steps that wait for it.
    pub then: Vec<usize>,
}

/// A segment of the way to a step's objects. Lists on the way are entered.
#[derive(Debug, Clone)]
pub enum Locate {
    /// Into a slot.
    Slot(u32),
    /// Only objects of these types.
    Types(Arc<[u32]>),
}

/// How representations are made.
#[derive(Debug)]
pub struct Entities {
    /// What they look like.
    pub types: Vec<RepresentationType>,
    /// By the concrete type of an object, ascending.
    pub by_type: Vec<(u32, Projection)>,
}

impl Entities {
    /// The projection of objects of a type.
    pub fn of(&self, type_id: u32) -> Option<&Projection> {
        let index = self.by_type.binary_search_by_key(&type_id, |(id, _)| *id).ok()?;
        self.by_type.get(index).map(|(_, projection)| projection)
    }
}

/// What of an object goes into its representation.
#[derive(Debug)]
pub struct Projection {
    /// Index of the representation's type.
    pub representation: u32,
    /// The fields, in its order: those of the key first.
    pub fields: Vec<Project>,
    /// How many of them are the key's.
    pub keys: usize,
}

/// What of nested objects: each for these types or, where empty, for all.
pub type Nested = Vec<(Arc<[u32]>, Project)>;

/// A field of a representation.
#[derive(Debug)]
pub enum Project {
    /// The name of the object's type. In nested objects only.
    TypeName,
    /// A slot, under the name that the source expects.
    Field {
        /// The name.
        name: Name,
        /// The slot.
        slot: u32,
        /// What it means that nothing is there.
        absent: Absent,
        /// For objects: what of them.
        below: Option<Nested>,
    },
}

/// What it means that a field of a representation isn't there, though nothing failed: its source doesn't know the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absent {
    /// It is of the key: there is nothing to ask by.
    Unasked,
    /// It may be null, and is.
    Null,
    /// This type's field can't be null: what requires it is lost.
    Lost(Name),
}

impl Project {
    fn name(&self) -> Option<Name> {
        match self {
            Self::TypeName => None,
            Self::Field { name, .. } => Some(Name::clone(name)),
        }
    }

    fn extend(&mut self, more: Option<Nested>) {
        if let (Self::Field { below: Some(own), .. }, Some(more)) = (self, more) {
            own.extend(more);
        }
    }
}

/// Why an operation has no plan.
#[derive(Debug, Error)]
pub enum PlanError {
    /// Planning took too long.
    #[error("the operation can't be planned in the time that is allowed")]
    TooLong,
    /// No source brings a field: the supergraph promises what its sources don't have.
    #[error("no way leads to the field `{0}`; compose the supergraph again and see what satisfiability says")]
    Unreachable(String),
    /// The plan and the graph don't fit: a fault of ours.
    #[error("the plan doesn't fit the graph: {0}")]
    Inconsistent(&'static str),
    /// The thread that planned is gone.
    #[error("planning ended before its time")]
    Ended,
}

/// Plans an operation. `active` says which labels of progressive overrides hold, in the order of [`Graph::labels`]. Blocks: call it
/// where blocking is allowed.
///
/// # Errors
/// See [`PlanError`].
pub fn prepare(
    graph: &Graph,
    operation: &Operation,
    active: &[bool],
    deadline: Duration,
) -> Result<Plan, PlanError> {
    let root = (operation.root, compile::root_type(graph, operation.root)?);
    let federation = graph.federation();
    let selections = &operation.lifted.selections;
    let find = |rules| search::search(graph, federation, rules, root, selections, deadline);
    let found = match find(Rules { active, keys_known: false }) {
        Err(PlanError::Unreachable(_)) => find(Rules { active, keys_known: true })?,
        found => found?,
    };
    compile::compile(graph, federation, operation, (&found.0, found.1))
}
