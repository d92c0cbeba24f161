//! What an operation is estimated to cost, from its lifted form and its values, before anything is planned or asked.
//!
//! IBM, "GraphQL Cost Directives Specification", with the defaults that are usual: a value of an object type, an interface or a union
//! costs 1, a leaf nothing, an input object 1, a mutation 10 besides. A list costs its length times what an item does; the length is
//! what `@listSize` says, from an argument where it names one. Where a value may have several types, the dearest counts.

use apollo_compiler::ast;
use indexmap::IndexMap;
use raccordo_config::{CostMode, CostSettings};
use raccordo_connector_api::{Operation as Root, Value};
use raccordo_schema::catalogue::{Costs, FieldCost, ListSize};
use raccordo_schema::mapping::Name;
use rustc_hash::FxBuildHasher;

use super::coerce;
use super::lift::{Item, Lifted, Selections};
use crate::code::Code;
use crate::graph::Graph;
use crate::request::{Cost, Refusal, RequestError};

/// What a value with selections, or an input object, costs where nothing else is said.
const COMPOSITE: f64 = 1.0;
/// What a mutation costs beside its fields.
const MUTATION: f64 = 10.0;

/// Estimates an operation; `None` where nobody wants to know.
///
/// # Errors
/// Where costs are enforced: `COST_ESTIMATED_TOO_EXPENSIVE`; `BAD_USER_INPUT` for a list that none, or several, of its arguments bound.
pub(super) fn estimate(
    graph: &Graph,
    settings: &CostSettings,
    root: Root,
    lifted: &Lifted,
    values: &[Value],
) -> Result<Option<Cost>, Refusal> {
    if settings.mode == CostMode::Off {
        return Ok(None);
    }
    let (base, kind) = match root {
        Root::Query => (0.0, ast::OperationType::Query),
        Root::Mutation => (MUTATION, ast::OperationType::Mutation),
        Root::Subscription => (0.0, ast::OperationType::Subscription),
    };
    let list_size = settings.list_size as f64;
    let mut estimating = Estimating { graph, costs: graph.costs(), values, list_size, unbounded: None };
    let type_name = graph.root_type(kind).unwrap_or_default();
    let total = base + estimating.set(type_name, &[&lifted.selections], &[], Some(0.0));
    let is_enforced = settings.mode == CostMode::Enforce;
    if let Some(refusal) = estimating.unbounded.take().filter(|_| is_enforced) {
        return Err(refusal);
    }
    // A float that is too large for an integer becomes the largest.
    let cost = Cost { estimated: total.ceil() as u64, max: settings.max };
    match is_enforced && cost.estimated > cost.max {
        true => Err(too_expensive(cost)),
        false => Ok(Some(cost)),
    }
}

fn too_expensive(cost: Cost) -> Refusal {
    let message = format!(
        "the operation is estimated to cost {}; at most {} is allowed: ask for fewer or shorter lists at once",
        cost.estimated, cost.max
    );
    let error = RequestError::new(Code::COST_ESTIMATED_TOO_EXPENSIVE, message);
    Refusal { errors: vec![RequestError { cost: Some(cost), ..error }] }
}

struct Estimating<'a> {
    graph: &'a Graph,
    costs: &'a Costs,
    values: &'a [Value],
    list_size: f64,
    /// The first list that isn't bounded as its `@listSize` wants.
    unbounded: Option<Refusal>,
}

/// A list below, and its length: a path of fields that leads to it.
type Sized<'a> = (&'a [Name], f64);

/// A field as it is selected on one object type: its name, its arguments, and every selection below it.
struct Field<'a> {
    name: &'a Name,
    arguments: &'a [(Name, u32)],
    below: Vec<&'a Selections>,
}

type Fields<'a> = IndexMap<&'a Name, Field<'a>, FxBuildHasher>;

impl<'a> Estimating<'a> {
    /// One value of a type with what is selected of it: of the object types that it may have, the dearest. `own` is what the value
    /// itself costs, whatever its type.
    fn set(
        &mut self,
        type_name: &str,
        groups: &[&'a Selections],
        sized: &[Sized<'a>],
        own: Option<f64>,
    ) -> f64 {
        let graph = self.graph;
        let mut most = 0.0_f64;
        for id in graph.possible(type_name) {
            let Some(concrete) = graph.types().name(*id) else { continue };
            let mut fields = Fields::default();
            for group in groups {
                collect(graph, *id, group, &mut fields);
            }
            let below: f64 = fields.values().map(|field| self.field(type_name, concrete, field, sized)).sum();
            most = most.max(own.unwrap_or_else(|| self.weight(concrete)) + below);
        }
        most
    }

    fn field(&mut self, written: &str, concrete: &str, field: &Field<'a>, sized: &[Sized<'a>]) -> f64 {
        let graph: &'a Graph = self.graph;
        if field.name.starts_with("__") {
            return 0.0;
        }
        let Some(definition) = graph.field(concrete, field.name) else { return 0.0 };
        let own = self.costs.of_field(concrete, field.name);
        let cost = own.or_else(|| self.costs.of_field(written, field.name));
        let list_size = cost.and_then(|cost| cost.list_size.as_ref());
        let length = list_size.map(|list_size| self.length(concrete, definition, field, list_size));
        // The path to a list below goes on through this field, or ends with it.
        let here = sized.iter().filter_map(|(path, length)| {
            let (first, rest) = path.split_first()?;
            (first == field.name).then_some((rest, *length))
        });
        let here: Vec<Sized<'a>> = here.collect();
        let told = here.iter().find(|(rest, _)| rest.is_empty()).map(|(_, length)| *length);
        let itself = list_size.filter(|list_size| list_size.sized.is_empty()).and(length);
        let count = self.count(&definition.ty, told.or(itself));
        let mut below: Vec<Sized<'a>> = here.into_iter().filter(|(rest, _)| !rest.is_empty()).collect();
        if let (Some(list_size), Some(length)) = (list_size, length) {
            below.extend(list_size.sized.iter().map(|path| (&**path, length)));
        }
        let type_name = definition.ty.inner_named_type().as_str();
        let weight = cost.and_then(|cost| cost.weight);
        let one = match field.below.is_empty() {
            true => weight.unwrap_or_else(|| self.weight(type_name)),
            false => self.set(type_name, &field.below, &below, weight),
        };
        let arguments = self.arguments(definition, field, cost);
        // A weight below nothing never pays for something else.
        (count * one.max(0.0) + arguments).max(0.0)
    }

    /// How many values a field of this type has, where its own list is so long.
    fn count(&self, ty: &ast::Type, length: Option<f64>) -> f64 {
        let mut count = 1.0;
        let (mut ty, mut length) = (ty, length);
        while let ast::Type::List(item) | ast::Type::NonNullList(item) = ty {
            count *= length.take().unwrap_or(self.list_size);
            ty = item;
        }
        count
    }

    fn weight(&self, type_name: &str) -> f64 {
        let usual = if self.graph.is_composite(type_name) { COMPOSITE } else { 0.0 };
        self.costs.of_type(type_name).unwrap_or(usual)
    }

    /// The length that `@listSize` gives: the largest of its arguments, else what it assumes, else what is configured.
    fn length(
        &mut self,
        type_name: &str,
        definition: &ast::FieldDefinition,
        field: &Field<'a>,
        list_size: &ListSize,
    ) -> f64 {
        let slicing = &list_size.slicing;
        let given: Vec<f64> = slicing.iter().filter_map(|path| self.given(field, path)).collect();
        let defaults = slicing.iter().filter_map(|path| self.default(definition, field, path));
        let lengths = if given.is_empty() { defaults.collect() } else { given };
        if list_size.one_required && !slicing.is_empty() && lengths.len() != 1 && self.unbounded.is_none() {
            let names: Vec<String> = slicing.iter().map(|path| format!("`{}`", path.join("."))).collect();
            let message = format!(
                "`{type_name}.{}` takes exactly one of {}, which says how long its list may be",
                field.name,
                names.join(", ")
            );
            self.unbounded = Some(Refusal::new(Code::BAD_USER_INPUT, message));
        }
        let assumed = list_size.assumed.map_or(self.list_size, |size| size as f64);
        lengths.into_iter().reduce(f64::max).unwrap_or(assumed)
    }

    /// What an argument of the operation says. A negative length says nothing.
    fn given(&self, field: &Field<'a>, path: &[Name]) -> Option<f64> {
        let (first, rest) = path.split_first()?;
        let (_, variable) = field.arguments.iter().find(|(name, _)| name == first)?;
        let value = self.values.get(*variable as usize)?;
        let value = rest.iter().try_fold(value, |value, name| member(value, name))?;
        length(value)
    }

    /// What an argument that isn't given has as its default.
    fn default(&self, definition: &ast::FieldDefinition, field: &Field<'a>, path: &[Name]) -> Option<f64> {
        let (first, rest) = path.split_first()?;
        if field.arguments.iter().any(|(name, _)| name == first) {
            return None;
        }
        let argument = definition.argument_by_name(first)?;
        let value = super::constant(self.graph, &argument.ty, argument.default_value.as_deref()?);
        let value = rest.iter().try_fold(&value, |value, name| member(value, name))?;
        length(value)
    }

    fn arguments(
        &self,
        definition: &ast::FieldDefinition,
        field: &Field<'a>,
        cost: Option<&FieldCost>,
    ) -> f64 {
        let each = field.arguments.iter().filter_map(|(name, variable)| {
            let argument = definition.argument_by_name(name)?;
            let value = self.values.get(*variable as usize)?;
            let weight = cost.and_then(|cost| cost.of_argument(name));
            Some(self.input(&argument.ty, value, weight))
        });
        each.sum()
    }

    /// A value that is sent: its own weight for each of its items, and what its fields weigh.
    fn input(&self, ty: &ast::Type, value: &Value, weight: Option<f64>) -> f64 {
        match value {
            Value::Null => 0.0,
            Value::List(items) => {
                items.iter().map(|item| self.input(coerce::item_type(ty), item, weight)).sum()
            }
            Value::Object(fields) => {
                let type_name = ty.inner_named_type();
                let below = fields.iter().filter_map(|(name, value)| {
                    let field = self.graph.input_field(type_name, name)?;
                    Some(self.input(&field.ty, value, self.costs.of_input(type_name, name)))
                });
                weight.unwrap_or(COMPOSITE) + below.sum::<f64>()
            }
            _ => weight.unwrap_or(0.0),
        }
    }
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) => fields.iter().find(|(own, _)| **own == *name).map(|(_, value)| value),
        _ => None,
    }
}

fn length(value: &Value) -> Option<f64> {
    value.as_int().filter(|length| *length >= 0).map(|length| length as f64)
}

/// The fields that apply to an object type, those with one response key together: GraphQL specification, "CollectFields".
fn collect<'a>(graph: &Graph, type_id: u32, items: &'a Selections, fields: &mut Fields<'a>) {
    for item in items {
        match item {
            Item::Field { key, name, arguments, below } => {
                let field = fields.entry(key).or_insert_with(|| Field { name, arguments, below: Vec::new() });
                field.below.extend(below);
            }
            Item::On { type_name, below } if graph.is_possible(type_name, type_id) => {
                collect(graph, type_id, below, fields);
            }
            Item::On { .. } => {}
        }
    }
}
