//! From the planner's draft to our [`Plan`]: a graph of steps whose every name has become a slot.

use std::sync::Arc;

use apollo_compiler::ast::{self, OperationType};
use apollo_compiler::schema::ExtendedType;
use raccordo_connector_api::leaf::EnumValues;
use raccordo_connector_api::{
    Argument, Asked, Field, Leaf, Operation as Root, Output, Selection, Value, What,
};
use raccordo_schema::mapping::Name;

use super::client;
use super::disjoint::disjoint;
use super::entities::compile_entities;
use super::planner::{Draft, DraftItem, DraftPath, DraftStep, DraftValue};
use super::shape::{self, Aliases, Renames, Shape};
use super::{Locate, Plan, PlanError, Step};
use crate::graph::{Graph, GraphSource};
use crate::operation::Operation;

/// Compiles a draft for an operation.
///
/// # Errors
/// What the draft names and the graph doesn't have: a fault of ours or the planner's.
pub(super) fn compile(graph: &Graph, operation: &Operation, draft: &Draft) -> Result<Plan, PlanError> {
    let (shape, aliases) = shape::whole(&operation.lifted.selections, &draft.steps);
    let root_name = root_name(graph, operation.root)?;
    let mut constants = Constants { first: operation.values.len() as u32, values: Vec::new() };
    let mut steps = Vec::with_capacity(draft.steps.len());
    for (index, step) in draft.steps.iter().enumerate() {
        let then = draft.steps.iter().enumerate().filter(|(_, child)| child.parents.contains(&index));
        steps.push(compile_step(
            graph,
            step,
            (&shape, &aliases),
            then.map(|(child, _)| child).collect(),
            &mut constants,
        )?);
    }
    Ok(Plan {
        steps,
        width: shape.width(),
        root_type: graph.types().id(root_name),
        answer: client::compile(graph, root_name, &[&operation.lifted.selections], &shape),
        constants: constants.values,
        types: Arc::clone(graph.types()),
    })
}

fn root_name(graph: &Graph, root: Root) -> Result<&str, PlanError> {
    let kind = match root {
        Root::Query => OperationType::Query,
        Root::Mutation => OperationType::Mutation,
        Root::Subscription => OperationType::Subscription,
    };
    graph.root_type(kind).ok_or(PlanError::Inconsistent("a root type that doesn't exist"))
}

/// Values that the plan itself brings: defaults of arguments, for sources that have no GraphQL of their own.
struct Constants {
    first: u32,
    values: Vec<Value>,
}

impl Constants {
    fn add(&mut self, value: Value) -> u32 {
        self.values.push(value);
        self.first + self.values.len() as u32 - 1
    }
}

struct Compiling<'a> {
    graph: &'a Graph,
    source: &'a GraphSource,
    constants: &'a mut Constants,
}

fn compile_step(
    graph: &Graph,
    step: &DraftStep,
    (root, aliases): (&Shape, &Aliases),
    then: Vec<usize>,
    constants: &mut Constants,
) -> Result<Step, PlanError> {
    let (source_index, source) =
        graph.source(&step.source).ok_or(PlanError::Inconsistent("a source that isn't configured"))?;
    let (path, shape) = locate(graph, &step.path, root, aliases)?;
    let mut compiling = Compiling { graph, source, constants };
    let renames = Renames::new(&step.renames);
    let (what, entities) = match &step.requires {
        None => {
            let operation = if step.writes { Root::Mutation } else { Root::Query };
            let selection =
                compiling.selection(root_name(graph, operation)?, &step.output, shape, &renames)?;
            (What::Roots { operation, selection }, None)
        }
        Some(requires) => {
            let selection = compiling.entity_selection(&step.output, shape, &renames)?;
            let entities = compile_entities(graph, requires, &step.input_types, (shape, aliases))?;
            (What::Entities { types: entities.types.clone(), selection }, Some(entities))
        }
    };
    Ok(Step {
        source: source_index,
        asked: Arc::new(Asked::new(what, Arc::clone(graph.types()))),
        path,
        path_names: step.path.clone().into_iter().filter_map(key_of).collect(),
        entities,
        waits: step.parents.len(),
        then,
    })
}

fn key_of(segment: DraftPath) -> Option<Name> {
    match segment {
        DraftPath::Key(key) => Some(key.into()),
        DraftPath::Types(_) => None,
    }
}

fn locate<'s>(
    graph: &Graph,
    path: &[DraftPath],
    root: &'s Shape,
    aliases: &Aliases,
) -> Result<(Vec<Locate>, &'s Shape), PlanError> {
    let mut shape = root;
    let mut located = Vec::with_capacity(path.len());
    for segment in path {
        match segment {
            DraftPath::Key(key) => {
                let (slot, below) = shape
                    .brought(key, aliases)
                    .ok_or(PlanError::Inconsistent("a path that no step brings"))?;
                located.push(Locate::Slot(slot));
                shape = below;
            }
            DraftPath::Types(names) => {
                located.push(Locate::Types(type_set(graph, names.iter().map(String::as_str))))
            }
        }
    }
    Ok((located, shape))
}

/// The concrete types of these types, and the types themselves: an interface object is of its interface's type until it is known better.
pub(super) fn type_set<'n>(graph: &Graph, names: impl Iterator<Item = &'n str>) -> Arc<[u32]> {
    let mut ids: Vec<u32> =
        names.flat_map(|name| graph.possible(name).iter().copied().chain(graph.types().id(name))).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into()
}

/// The type conditions that hold: the types that satisfy all of them, and the innermost as it is spelled.
#[derive(Clone, Default)]
struct Under {
    ids: Option<Arc<[u32]>>,
    names: Arc<[Name]>,
}

impl Under {
    fn and(&self, graph: &Graph, type_name: &str) -> Self {
        let own = type_set(graph, std::iter::once(type_name));
        let ids = match &self.ids {
            None => own,
            Some(outer) => outer.iter().copied().filter(|id| own.binary_search(id).is_ok()).collect(),
        };
        Self { ids: Some(ids), names: [Name::from(type_name)].into() }
    }
}

impl Compiling<'_> {
    fn selection(
        &mut self,
        type_name: &str,
        items: &[DraftItem],
        shape: &Shape,
        renames: &Renames<'_>,
    ) -> Result<Selection, PlanError> {
        let is_object = self.graph.is_object(type_name);
        let mut fields = Vec::new();
        if !is_object {
            fields.push(type_name_field());
        }
        self.fields(&mut fields, type_name, items, shape, renames, &Under::default())?;
        let types = type_set(self.graph, std::iter::once(type_name));
        let fields = disjoint(fields, &type_name.into(), &types);
        Ok(Selection {
            type_name: type_name.into(),
            type_id: self.graph.types().id(type_name).filter(|_| is_object),
            width: shape.width(),
            fields,
        })
    }

    /// The selection on entities: every field under its type's condition, as `_entities` wants it.
    fn entity_selection(
        &mut self,
        items: &[DraftItem],
        shape: &Shape,
        renames: &Renames<'_>,
    ) -> Result<Selection, PlanError> {
        let conditions: Vec<&String> = items
            .iter()
            .filter_map(|item| match item {
                DraftItem::On { type_name, .. } => Some(type_name),
                DraftItem::Field { .. } => None,
            })
            .collect();
        let only = match conditions.as_slice() {
            [first, rest @ ..] if rest.iter().all(|other| other == first) => Some(*first),
            _ => None,
        };
        let object = only.filter(|name| self.graph.is_object(name));
        let mut fields = Vec::new();
        if object.is_none() {
            fields.push(type_name_field());
        }
        self.fields(
            &mut fields,
            only.map_or("_Entity", |only| only),
            items,
            shape,
            renames,
            &Under::default(),
        )?;
        // Every field of an entity stands under its type's condition, so there are no types beside those.
        let type_name = Name::from(only.map_or("_Entity", |only| only));
        let fields = disjoint(fields, &type_name, &[]);
        Ok(Selection {
            type_name,
            type_id: object.and_then(|name| self.graph.types().id(name)),
            width: shape.width(),
            fields,
        })
    }

    fn fields(
        &mut self,
        into: &mut Vec<Field>,
        parent: &str,
        items: &[DraftItem],
        shape: &Shape,
        renames: &Renames<'_>,
        under: &Under,
    ) -> Result<(), PlanError> {
        for item in items {
            match item {
                DraftItem::On { type_name, below } => {
                    self.fields(into, type_name, below, shape, renames, &under.and(self.graph, type_name))?;
                }
                // The type of an object is asked once, under the plain key.
                DraftItem::Field { name, .. } if name == "__typename" => {
                    if !into.iter().any(|field| &*field.name == "__typename") {
                        into.insert(0, type_name_field());
                    }
                }
                DraftItem::Field { name, alias, arguments, below } => {
                    let key = alias.as_deref().unwrap_or(name);
                    let place = shape.slot(renames.meaning(key));
                    let (slot, below_shape) =
                        place.ok_or(PlanError::Inconsistent("a field without a slot"))?;
                    let field =
                        self.field(parent, name, key, slot, arguments, below, below_shape, renames, under)?;
                    merge(into, field);
                }
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one call, and each of them is part of what a field is")]
    fn field(
        &mut self,
        parent: &str,
        name: &str,
        key: &str,
        slot: u32,
        arguments: &[(String, DraftValue)],
        below: &[DraftItem],
        below_shape: &Shape,
        renames: &Renames<'_>,
        under: &Under,
    ) -> Result<Field, PlanError> {
        let graph = self.graph;
        let definition =
            graph.field(parent, name).ok_or(PlanError::Inconsistent("a field that isn't in the graph"))?;
        let named = definition.ty.inner_named_type().as_str();
        let output = match graph.is_composite(named) {
            true => {
                Output::Object(Box::new(self.selection(named, below, below_shape, &renames.below(key))?))
            }
            false => Output::Leaf(leaf(graph, named, self.source.mapping.is_some())),
        };
        Ok(Field {
            name: name.into(),
            key: key.into(),
            slot,
            on: under.ids.clone(),
            on_names: Arc::clone(&under.names),
            arguments: self.arguments(definition, arguments),
            list_depth: list_depth(&definition.ty),
            output,
        })
    }

    fn arguments(
        &mut self,
        definition: &ast::FieldDefinition,
        given: &[(String, DraftValue)],
    ) -> Vec<Argument> {
        let mut arguments = Vec::new();
        for argument in &definition.arguments {
            let value = given.iter().find(|(name, _)| name == argument.name.as_str());
            let value = value.map(|(_, value)| match value {
                DraftValue::Variable(index) => *index,
                DraftValue::Constant(value) => {
                    self.constants.add(crate::operation::constant(self.graph, &argument.ty, value))
                }
            });
            let value = value.or_else(|| self.default(argument));
            if let Some(value) = value {
                let type_text = argument.ty.to_string().into();
                arguments.push(Argument { name: argument.name.as_str().into(), type_text, value });
            }
        }
        arguments
    }

    /// A connected source has no GraphQL server that would fill in a default.
    fn default(&mut self, argument: &ast::InputValueDefinition) -> Option<u32> {
        self.source.mapping.as_ref()?;
        let value = argument.default_value.as_ref()?;
        Some(self.constants.add(crate::operation::constant(self.graph, &argument.ty, value)))
    }
}

fn type_name_field() -> Field {
    Field {
        name: "__typename".into(),
        key: "__typename".into(),
        slot: u32::MAX,
        on: None,
        on_names: [].into(),
        arguments: Vec::new(),
        list_depth: 0,
        output: Output::Leaf(Leaf::String),
    }
}

/// A key that is asked twice for the same types is asked once, for all that is wanted below it.
fn merge(fields: &mut Vec<Field>, field: Field) {
    let same = fields.iter_mut().find(|other| other.key == field.key && other.on == field.on);
    match same.map(|same| (&mut same.output, field.output.clone())) {
        Some((Output::Object(into), Output::Object(more))) => {
            for field in more.fields {
                match &*field.name {
                    "__typename" if into.fields.iter().any(|own| &*own.name == "__typename") => {}
                    "__typename" => into.fields.insert(0, field),
                    _ => merge(&mut into.fields, field),
                }
            }
        }
        Some(_) => {}
        None => fields.push(field),
    }
}

fn list_depth(ty: &ast::Type) -> u8 {
    match ty {
        ast::Type::List(item) | ast::Type::NonNullList(item) => list_depth(item).saturating_add(1),
        _ => 0,
    }
}

/// Domain scalars are checked in sources that we connect; a subgraph's scalars are its own affair.
fn leaf(graph: &Graph, named: &str, connected: bool) -> Leaf {
    match (named, graph.api_type(named)) {
        ("Int", _) => Leaf::Int,
        ("Float", _) => Leaf::Float,
        ("String", _) => Leaf::String,
        ("Boolean", _) => Leaf::Boolean,
        ("ID", _) => Leaf::Id,
        ("CodiceFiscale", _) if connected => Leaf::CodiceFiscale,
        ("Date", _) if connected => Leaf::Date,
        ("DateTime", _) if connected => Leaf::DateTime,
        (_, Some(ExtendedType::Enum(definition))) => Leaf::Enum(Arc::new(EnumValues {
            name: named.into(),
            values: definition.values.keys().map(|value| value.as_str().into()).collect(),
        })),
        _ => Leaf::Custom(named.into()),
    }
}
