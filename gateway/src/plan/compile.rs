//! From what a search found to our [`Plan`]: a graph of steps whose every name has become a slot.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use apollo_compiler::ast::{self, OperationType};
use raccordo_connector_api::{Asked, Operation as Root, Selection, Value, What};
use raccordo_schema::mapping::Name;

use super::client;
use super::entities::compile_entities;
use super::federation::{Federation, TypeId};
use super::search::Search;
use super::search::steps::{Step as Found, StepId};
use super::search::wanted::SpotId;
use super::selection::Selecting;
use super::{Locate, Plan, PlanError, Step};
use crate::graph::Graph;
use crate::operation::Operation;

/// Compiles what was found for an operation.
///
/// # Errors
/// What was found and doesn't fit the graph: a fault of ours.
pub(super) fn compile(
    graph: &Graph,
    federation: &Federation,
    operation: &Operation,
    (search, root): (&Search<'_>, SpotId),
) -> Result<Plan, PlanError> {
    let mut compiling = Compiling {
        graph,
        federation,
        search,
        root,
        operation: operation.root,
        constants: Constants { first: operation.values.len() as u32, values: Vec::new() },
    };
    let mut steps = Vec::with_capacity(search.steps.len());
    for (id, step) in search.steps.iter() {
        steps.push(compiling.step(id, step)?);
    }
    Ok(Plan {
        calls: super::joined::join(&steps),
        steps,
        width: search.spots[root].width,
        root_type: search.spots[root].possible.first().copied(),
        answer: client::compile(graph, search, root),
        constants: compiling.constants.values,
        types: Arc::clone(graph.types()),
        answer_bytes: AtomicUsize::new(0),
    })
}

/// The number of a root type.
pub(super) fn root_type(graph: &Graph, root: Root) -> Result<TypeId, PlanError> {
    let kind = match root {
        Root::Query => OperationType::Query,
        Root::Mutation => OperationType::Mutation,
        Root::Subscription => OperationType::Subscription,
    };
    let id = graph.root_type(kind).and_then(|name| graph.types().id(name));
    id.ok_or(PlanError::Inconsistent("a root type that doesn't exist"))
}

/// Values that the plan itself brings: constants of field sets, and defaults of arguments, for sources that have no GraphQL of their own.
pub(super) struct Constants {
    first: u32,
    values: Vec<Value>,
}

impl Constants {
    pub(super) fn add(&mut self, value: Value) -> u32 {
        self.values.push(value);
        self.first + self.values.len() as u32 - 1
    }
}

struct Compiling<'a> {
    graph: &'a Graph,
    federation: &'a Federation,
    search: &'a Search<'a>,
    root: SpotId,
    operation: Root,
    constants: Constants,
}

impl Compiling<'_> {
    fn step(&mut self, id: StepId, step: &Found) -> Result<Step, PlanError> {
        let source = usize::from(step.source);
        let connected = self.graph.sources().get(source).is_some_and(|source| source.mapping.is_some());
        let mut selecting = Selecting {
            graph: self.graph,
            federation: self.federation,
            search: self.search,
            source: step.source,
            connected,
            constants: &mut self.constants,
        };
        let (what, entities) = match step.root {
            Some(home) => {
                let operation = if step.spot == self.root { self.operation } else { Root::Query };
                let selection = selecting.home(home, step.spot)?;
                (What::Roots { operation, selection }, None)
            }
            None => {
                let selection: Selection = selecting.entities(step)?;
                let entities = compile_entities(self.graph, self.search, step)?;
                (What::Entities { types: entities.types.clone(), selection }, Some(entities))
            }
        };
        let (path, path_names) = self.path(step);
        let then = self.search.steps.iter().filter(|(_, child)| child.parents.contains(&id));
        Ok(Step {
            source,
            asked: Arc::new(Asked::new(what, Arc::clone(self.graph.types()))),
            path,
            path_names,
            entities,
            waits: step.parents.len(),
            then: then.map(|(id, _)| id.index()).collect(),
        })
    }

    /// The slots from the root to a step's position, with the types that lead there, and the same in words.
    fn path(&self, step: &Found) -> (Vec<Locate>, Vec<Name>) {
        let (mut path, mut names) = (Vec::new(), Vec::new());
        let mut at = step.spot;
        let mut above = step.above.iter().rev();
        while let Some(want) = self.search.spots[at].from {
            let want = &self.search.wants[want];
            path.push(Locate::Slot(want.slot));
            if let Some(Some(types)) = above.next() {
                path.push(Locate::Types(types.as_slice().into()));
            }
            names.push(Name::clone(&want.key));
            at = want.spot;
        }
        path.reverse();
        names.reverse();
        (path, names)
    }
}

/// How many lists are around a type.
pub(super) fn list_depth(ty: &ast::Type) -> u8 {
    match ty {
        ast::Type::List(item) | ast::Type::NonNullList(item) => list_depth(item).saturating_add(1),
        _ => 0,
    }
}
