//! What a search makes: steps, and the selections of their fetches. A selection at a position is that position's home in the step.

use std::sync::Arc;

use super::reach::Provided;
use super::table::Id;
use super::wanted::{SpotId, WantId};
use crate::plan::federation::{SetItem, Source, TypeId};

/// The number of a step.
pub(crate) type StepId = Id<Step>;
/// The number of a selection.
pub(crate) type NodeId = Id<Node>;
/// The number of a home.
pub(crate) type HomeId = Id<Home>;

/// One fetch.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) source: Source,
    /// The position of the objects that it is for.
    pub(crate) spot: SpotId,
    /// On the way there: the types of the objects that lead to them, where not all do.
    pub(crate) above: Vec<Option<Vec<TypeId>>>,
    /// The steps that it waits for, ascending.
    pub(crate) parents: Vec<StepId>,
    /// Root fields: the home on the root type.
    pub(crate) root: Option<HomeId>,
    /// Entities, by the type by which the source is entered.
    pub(crate) entities: Vec<Entity>,
}

/// Entities of one type of the source.
#[derive(Debug)]
pub(crate) struct Entity {
    /// The type's name in the source: an object type, or an interface.
    pub(crate) ty: TypeId,
    /// The types that the objects may have when they are asked for, ascending.
    pub(crate) types: Vec<TypeId>,
    /// The key, and what is required.
    pub(crate) inputs: Vec<SetItem>,
    /// How many of them are the key's.
    pub(crate) key: usize,
    pub(crate) home: HomeId,
}

/// The selection on objects at one position of a fetch.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) fields: Vec<NodeField>,
}

/// A selected field.
#[derive(Debug)]
pub(crate) struct NodeField {
    pub(crate) want: WantId,
    /// The types of the objects it is asked of, ascending.
    pub(crate) types: Vec<TypeId>,
    /// The home below, for objects.
    pub(crate) below: Option<HomeId>,
}

/// A position's selection in a step.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) step: StepId,
    pub(crate) node: NodeId,
    pub(crate) place: Place,
    /// It is asked only of objects whose required inputs are there: nothing that wants less is selected in it.
    pub(crate) requires: bool,
}

/// Where an object is held, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) source: Source,
    /// The type it has there.
    pub(crate) ty: TypeId,
    /// That is an interface object: of which type the object is isn't known there.
    pub(crate) untyped: bool,
    /// The types it may have, ascending.
    pub(crate) possible: Arc<[TypeId]>,
    /// What was provided on the way.
    pub(crate) provided: Provided,
}
