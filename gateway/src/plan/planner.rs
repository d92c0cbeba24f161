//! The only file that knows the query planner, crate `hive-router-query-planner`. A lifted operation enters as text, a [`Draft`]
//! of our own types leaves: the planner's graph of fetches before it is flattened into waves.
//!
//! The planner has panics and can be slow: it is called on a blocking thread, under `catch_unwind`, with a deadline.
//! Its finished plan and its `Display` are never used.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use apollo_compiler::{Name, Node, ast};
use graphql_tools::parser::{parse_query, parse_schema};
use hive_router_query_planner::ast::normalization::normalize_operation;
use hive_router_query_planner::ast::selection_item::SelectionItem;
use hive_router_query_planner::ast::selection_set::SelectionSet;
use hive_router_query_planner::ast::value::Value;
use hive_router_query_planner::graph::Graph;
use hive_router_query_planner::graph::PlannerOverrideContext;
use hive_router_query_planner::planner::best::find_best_combination;
use hive_router_query_planner::planner::fetch::fetch_graph::build_fetch_graph_from_query_tree;
use hive_router_query_planner::planner::plan_nodes::{
    FetchNode, FetchNodePathSegment, FetchRewrite, FlattenNodePathSegment, PlanNode,
};
use hive_router_query_planner::planner::walker::walk_operation;
use hive_router_query_planner::planner::{QueryPlannerOptions, add_variables_to_fetch_steps};
use hive_router_query_planner::state::supergraph_state::{OperationKind, SupergraphState};
use hive_router_query_planner::utils::cancellation::{CancellationError, CancellationToken};
use thiserror::Error;

/// Fetches and what each waits for.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) steps: Vec<DraftStep>,
}

/// One fetch.
#[derive(Debug)]
pub(crate) struct DraftStep {
    /// The source, by its name in the supergraph.
    pub(crate) source: String,
    /// It fetches fields of the mutation type.
    pub(crate) writes: bool,
    /// Where in the answer it goes.
    pub(crate) path: Vec<DraftPath>,
    /// The representations' selection, for entities.
    pub(crate) requires: Option<Vec<DraftItem>>,
    /// What is asked.
    pub(crate) output: Vec<DraftItem>,
    /// Types that the representations get instead of their own: (types they have, type they get).
    pub(crate) input_types: Vec<(Vec<String>, String)>,
    /// Response keys that mean another: (path of keys and types, the key meant).
    pub(crate) renames: Vec<(Vec<DraftPath>, String)>,
    /// The steps it waits for, by index.
    pub(crate) parents: Vec<usize>,
}

/// A segment of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DraftPath {
    Key(String),
    Types(Vec<String>),
}

/// A field or a type condition.
#[derive(Debug, Clone)]
pub(crate) enum DraftItem {
    Field { name: String, alias: Option<String>, arguments: Vec<(String, DraftValue)>, below: Vec<DraftItem> },
    On { type_name: String, below: Vec<DraftItem> },
}

/// The value of an argument.
#[derive(Debug, Clone)]
pub(crate) enum DraftValue {
    /// A variable of the lifted operation.
    Variable(u32),
    /// A constant of the graph itself: `@requires(fields: "prezzo(valuta: EUR)")`.
    Constant(ast::Value),
}

/// Why there is no plan.
#[derive(Debug, Error)]
pub(crate) enum PlannerError {
    #[error("the supergraph can't be read by the planner: {0}")]
    Supergraph(String),
    #[error("planning took longer than it may")]
    TooLong,
    #[error("the planner failed: {0}")]
    Failed(String),
    #[error("the planner's output isn't understood: {0}")]
    Unknown(&'static str),
}

/// A planner over one supergraph.
pub(crate) struct Planner {
    supergraph: SupergraphState,
    graph: Graph,
}

impl Planner {
    /// Reads a supergraph.
    pub(crate) fn new(supergraph_sdl: &str) -> Result<Self, PlannerError> {
        guarded(|| {
            let document = parse_schema::<String>(supergraph_sdl)
                .map_err(|error| PlannerError::Supergraph(error.to_string()))?
                .into_static();
            let supergraph = SupergraphState::new(&document);
            let graph = Graph::graph_from_supergraph_state(&supergraph)
                .map_err(|error| PlannerError::Supergraph(error.to_string()))?;
            Ok(Self { supergraph, graph })
        })
    }

    /// Plans an operation that is valid and lifted: its arguments are the variables `$v0`, `$v1`, … and it has no conditions.
    /// Blocks for as long as `deadline` allows.
    pub(crate) fn plan(&self, operation: &str, deadline: Duration) -> Result<Draft, PlannerError> {
        let cancel = CancellationToken::with_timeout(deadline);
        guarded(|| self.draft(operation, &cancel))
    }

    fn draft(&self, operation: &str, cancel: &CancellationToken) -> Result<Draft, PlannerError> {
        let document = parse_query::<String>(operation).map_err(failed)?.into_static();
        let normalized = normalize_operation(&self.supergraph, &document, None).map_err(failed)?;
        let operation = &normalized.operation;
        // A field that is moving by percentage (`@override(label: "percent(x)")`) goes where the majority goes.
        let overrides = PlannerOverrideContext::from_percentage(50.0);
        let paths =
            walk_operation(&self.graph, &self.supergraph, &overrides, operation, cancel).map_err(failed)?;
        let tree = find_best_combination(&self.graph, paths, cancel).map_err(failed)?;
        let kind = operation.operation_kind.clone().unwrap_or(OperationKind::Query);
        let options = QueryPlannerOptions::default();
        let mut fetches = build_fetch_graph_from_query_tree(
            &self.graph,
            &self.supergraph,
            &overrides,
            tree,
            kind,
            &options,
            cancel,
        )
        .map_err(failed)?;
        add_variables_to_fetch_steps(&mut fetches, &operation.variable_definitions).map_err(failed)?;
        cancel.bail_if_cancelled().map_err(|_: CancellationError| PlannerError::TooLong)?;

        let root = fetches.root_index.ok_or(PlannerError::Unknown("a plan without a root"))?;
        let indices: Vec<_> = fetches.step_indices().filter(|index| *index != root).collect();
        let mut draft = Draft::default();
        for index in &indices {
            let step = fetches.get_step_data(*index).map_err(failed)?;
            let mut step = read_node(PlanNode::from_fetch_step(step, &self.supergraph))?;
            step.parents = fetches
                .parents_of(*index)
                .filter_map(|edge| {
                    use petgraph::visit::EdgeRef as _;
                    indices.iter().position(|parent| *parent == edge.source())
                })
                .collect();
            draft.steps.push(step);
        }
        Ok(draft)
    }
}

/// Runs the planner's code; its panics become errors. Nothing of ours is left half changed: the planner is only read.
fn guarded<T>(work: impl FnOnce() -> Result<T, PlannerError>) -> Result<T, PlannerError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(PlannerError::Failed("it panicked".into())))
}

fn failed(error: impl std::fmt::Display) -> PlannerError {
    let text = error.to_string();
    match text.contains("timed out") {
        true => PlannerError::TooLong,
        false => PlannerError::Failed(text),
    }
}

fn read_node(node: PlanNode) -> Result<DraftStep, PlannerError> {
    match node {
        PlanNode::Fetch(fetch) => read_fetch(fetch, Vec::new()),
        PlanNode::Flatten(flatten) => {
            let path = flatten
                .path
                .as_slice()
                .iter()
                .filter_map(|segment| match segment {
                    FlattenNodePathSegment::Field(key) => Some(DraftPath::Key(key.clone())),
                    FlattenNodePathSegment::TypeCondition(types) => {
                        Some(DraftPath::Types(types.iter().cloned().collect()))
                    }
                    FlattenNodePathSegment::List => None,
                })
                .collect();
            match *flatten.node {
                PlanNode::Fetch(fetch) => read_fetch(fetch, path),
                _ => Err(PlannerError::Unknown("a flattened node that isn't a fetch")),
            }
        }
        PlanNode::Subscription(_) => Err(PlannerError::Unknown("a subscription")),
        _ => Err(PlannerError::Unknown("a node that isn't a fetch")),
    }
}

fn read_fetch(fetch: FetchNode, path: Vec<DraftPath>) -> Result<DraftStep, PlannerError> {
    let document = &fetch.operation.document;
    let fragments: Vec<(&str, &str, &SelectionSet)> = document
        .fragments
        .iter()
        .map(|fragment| (fragment.name.as_str(), fragment.type_condition.as_str(), &fragment.selection_set))
        .collect();
    let mut output = read_items(&document.operation.selection_set, &fragments)?;
    if fetch.requires.is_some() {
        output = match output.pop() {
            Some(DraftItem::Field { below, name, .. }) if name == "_entities" => below,
            _ => return Err(PlannerError::Unknown("an entity fetch without `_entities`")),
        };
    }
    let requires = fetch.requires.as_ref().map(|requires| read_items(requires, &[])).transpose()?;
    Ok(DraftStep {
        source: fetch.service_name,
        writes: matches!(fetch.operation_kind, Some(OperationKind::Mutation)) && fetch.requires.is_none(),
        path,
        requires,
        output,
        input_types: read_input_types(fetch.input_rewrites.unwrap_or_default())?,
        renames: read_renames(fetch.output_rewrites.unwrap_or_default())?,
        parents: Vec::new(),
    })
}

fn read_items(
    set: &SelectionSet,
    fragments: &[(&str, &str, &SelectionSet)],
) -> Result<Vec<DraftItem>, PlannerError> {
    set.items.iter().map(|item| read_item(item, fragments)).collect()
}

fn read_item(
    item: &SelectionItem,
    fragments: &[(&str, &str, &SelectionSet)],
) -> Result<DraftItem, PlannerError> {
    match item {
        SelectionItem::Field(field) => {
            let mut arguments = Vec::new();
            for (name, value) in field.arguments.iter().flatten() {
                match value {
                    Value::Variable(variable) if variable == "representations" => {}
                    Value::Variable(variable) => match variable.strip_prefix('v').map(str::parse) {
                        Some(Ok(index)) => arguments.push((name.clone(), DraftValue::Variable(index))),
                        _ => return Err(PlannerError::Unknown("a variable that isn't ours")),
                    },
                    constant => {
                        arguments.push((name.clone(), DraftValue::Constant(read_constant(constant)?)))
                    }
                }
            }
            let below = read_items(&field.selections, fragments)?;
            Ok(DraftItem::Field { name: field.name.clone(), alias: field.alias.clone(), arguments, below })
        }
        SelectionItem::InlineFragment(fragment) => Ok(DraftItem::On {
            type_name: fragment.type_condition.clone(),
            below: read_items(&fragment.selections, fragments)?,
        }),
        SelectionItem::FragmentSpread(name) => {
            let (_, type_name, set) = fragments
                .iter()
                .find(|(own, _, _)| own == name)
                .ok_or(PlannerError::Unknown("a fragment that isn't defined"))?;
            Ok(DraftItem::On { type_name: (*type_name).to_owned(), below: read_items(set, fragments)? })
        }
    }
}

fn read_constant(value: &Value) -> Result<ast::Value, PlannerError> {
    let name = |text: &str| Name::new(text).map_err(|_| PlannerError::Unknown("a name that isn't one"));
    Ok(match value {
        Value::Variable(_) => return Err(PlannerError::Unknown("a variable inside a constant")),
        Value::Null => ast::Value::Null,
        Value::Boolean(bool) => ast::Value::Boolean(*bool),
        Value::Int(int) => ast::Value::Int(ast::IntValue::new_parsed(&int.to_string())),
        Value::Float(float) => ast::Value::Float((*float).into()),
        Value::String(text) => ast::Value::String(text.clone()),
        Value::Enum(value) => ast::Value::Enum(name(value)?),
        Value::List(items) => ast::Value::List(
            items.iter().map(|item| read_constant(item).map(Node::new)).collect::<Result<_, _>>()?,
        ),
        Value::Object(fields) => ast::Value::Object(
            fields
                .iter()
                .map(|(key, value)| Ok((name(key)?, Node::new(read_constant(value)?))))
                .collect::<Result<_, PlannerError>>()?,
        ),
    })
}

/// Every input rewrite must be the setting of `__typename` on representations; another is an error.
fn read_input_types(rewrites: Vec<FetchRewrite>) -> Result<Vec<(Vec<String>, String)>, PlannerError> {
    let read = |rewrite| match rewrite {
        FetchRewrite::ValueSetter(setter) => match setter.path.as_slice() {
            [FetchNodePathSegment::TypenameEquals(types), FetchNodePathSegment::Key(key)]
                if key == "__typename" =>
            {
                Ok((types.iter().cloned().collect(), setter.set_value_to))
            }
            _ => Err(PlannerError::Unknown("an input rewrite of another shape")),
        },
        FetchRewrite::KeyRenamer(_) => Err(PlannerError::Unknown("an input rewrite that renames")),
    };
    rewrites.into_iter().map(read).collect()
}

/// Every output rewrite must be a renaming; another is an error.
fn read_renames(rewrites: Vec<FetchRewrite>) -> Result<Vec<(Vec<DraftPath>, String)>, PlannerError> {
    let read = |rewrite| match rewrite {
        FetchRewrite::KeyRenamer(renamer) => {
            let path = renamer.path.into_iter().map(|segment| match segment {
                FetchNodePathSegment::Key(key) => DraftPath::Key(key),
                FetchNodePathSegment::TypenameEquals(types) => DraftPath::Types(types.into_iter().collect()),
            });
            Ok((path.collect(), renamer.rename_key_to))
        }
        FetchRewrite::ValueSetter(_) => Err(PlannerError::Unknown("an output rewrite that sets a value")),
    };
    rewrites.into_iter().map(read).collect()
}
