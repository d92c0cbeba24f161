//! Lifting: the operation as a tree of fields and type conditions, its arguments replaced by numbered variables, its fragments
//! resolved, its `@skip` and `@include` decided. Two requests that differ only in values have the same lifted form.
//!
//! Conditions are decided here and not carried into the plan: a condition's two outcomes are two operations
//! (`docs/decisions/0011-conditions-are-decided-first.md`).

use std::fmt::Write as _;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast;
use apollo_compiler::executable as exe;
use apollo_compiler::response::{JsonMap, JsonValue};
use raccordo_connector_api::{Operation as Root, Value};
use raccordo_schema::mapping::Name;
use rustc_hash::FxHashMap;

use super::{canonical, coerce};
use crate::code::Code;
use crate::graph::Graph;
use crate::request::Refusal;

/// The lifted form.
#[derive(Debug, Clone)]
pub struct Lifted {
    /// What is selected of the root type.
    pub selections: Selections,
    /// The declared types of the variables `$v0`, `$v1`, …
    pub variable_types: Vec<Arc<str>>,
}

/// Selections in the client's order.
pub type Selections = Vec<Item>;

/// A field, or selections under a type condition.
#[derive(Debug, Clone)]
pub enum Item {
    /// A field.
    Field {
        /// The response key.
        key: Name,
        /// The field.
        name: Name,
        /// Its arguments, by variable.
        arguments: Vec<(Name, u32)>,
        /// What is selected below; `None` for a leaf.
        below: Option<Selections>,
    },
    /// A type condition.
    On {
        /// The type.
        type_name: Name,
        /// What is selected under it.
        below: Selections,
    },
}

/// A lifted form together with its values.
pub(super) struct Lift {
    lifted: Lifted,
    values: Vec<Value>,
    introspects: bool,
}

impl Lift {
    pub(super) fn into_parts(self) -> (Lifted, Vec<Value>) {
        (self.lifted, self.values)
    }

    pub(super) fn introspects(&self) -> bool {
        self.introspects
    }
}

struct Lifting<'a> {
    graph: &'a Graph,
    document: &'a ExecutableDocument,
    variables: &'a JsonMap,
    seen: FxHashMap<(&'a ast::Type, &'a ast::Value), u32>,
    values: Vec<Value>,
    types: Vec<Arc<str>>,
    introspects: bool,
    unusable: Option<Refusal>,
}

pub(super) fn lift(
    graph: &Graph,
    document: &ExecutableDocument,
    operation: &exe::Operation,
    variables: &JsonMap,
) -> Result<Lift, Refusal> {
    let mut lifting = Lifting {
        graph,
        document,
        variables,
        seen: FxHashMap::default(),
        values: Vec::new(),
        types: Vec::new(),
        introspects: false,
        unusable: None,
    };
    let selections = lifting.set(&operation.selection_set);
    let Lifting { values, types, introspects, unusable, .. } = lifting;
    if let Some(refusal) = unusable {
        return Err(refusal);
    }
    Ok(Lift { lifted: Lifted { selections, variable_types: types }, values, introspects })
}

impl<'a> Lifting<'a> {
    fn set(&mut self, set: &'a exe::SelectionSet) -> Selections {
        let mut items = Vec::with_capacity(set.selections.len());
        for selection in &set.selections {
            if !self.included(selection.directives()) {
                continue;
            }
            match selection {
                exe::Selection::Field(field) => {
                    let field = self.field(field);
                    items.push(field);
                }
                exe::Selection::InlineFragment(fragment) => {
                    let below = self.set(&fragment.selection_set);
                    self.under(&set.ty, &fragment.selection_set.ty, below, &mut items);
                }
                exe::Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        let below = self.set(&fragment.selection_set);
                        self.under(&set.ty, &fragment.selection_set.ty, below, &mut items);
                    }
                }
            }
        }
        items
    }

    /// A condition on the very type it stands under adds nothing, and goes.
    fn under(&self, parent: &exe::NamedType, on: &exe::NamedType, below: Selections, items: &mut Selections) {
        match (below.is_empty(), parent == on) {
            (true, _) => {}
            (false, true) => items.extend(below),
            (false, false) => items.push(Item::On { type_name: on.as_str().into(), below }),
        }
    }

    fn field(&mut self, field: &'a exe::Field) -> Item {
        let name: Name = field.name.as_str().into();
        let key: Name = field.response_key().as_str().into();
        if matches!(&*name, "__schema" | "__type") {
            self.introspects = true;
            return Item::Field { key, name, arguments: Vec::new(), below: None };
        }
        let mut arguments = Vec::with_capacity(field.arguments.len());
        for definition in &field.definition.arguments {
            let Some(argument) = field.arguments.iter().find(|argument| argument.name == definition.name)
            else {
                continue;
            };
            if let Some(variable) = self.variable(&definition.ty, &argument.value) {
                arguments.push((Name::from(definition.name.as_str()), variable));
            }
        }
        let is_leaf = field.selection_set.selections.is_empty();
        let below = (!is_leaf).then(|| self.set(&field.selection_set));
        Item::Field { key, name, arguments, below }
    }

    /// The variable that stands for a value. Equal values of one type share one, so that fields which could be merged still can.
    /// A variable that isn't given leaves its argument out.
    fn variable(&mut self, ty: &'a ast::Type, value: &'a ast::Value) -> Option<u32> {
        if let Some(index) = self.seen.get(&(ty, value)) {
            return Some(*index);
        }
        let mut bound = coerce::literal(self.graph, ty, value, self.variables)?;
        if self.graph.is_connected() && !canonical::make(&mut bound, ty.inner_named_type()) {
            let message = format!(
                "an argument of type `{}` isn't {}",
                ty.inner_named_type(),
                canonical::expected(ty.inner_named_type())
            );
            self.unusable = Some(Refusal::new(Code::BAD_USER_INPUT, message));
        }
        let index = self.values.len() as u32;
        self.seen.insert((ty, value), index);
        self.values.push(bound);
        self.types.push(ty.to_string().into());
        Some(index)
    }

    /// GraphQL specification, "CollectFields".
    fn included(&self, directives: &ast::DirectiveList) -> bool {
        let condition = |name: &str| -> Option<bool> {
            let value = directives.get(name)?.specified_argument_by_name("if")?;
            match &**value {
                ast::Value::Boolean(bool) => Some(*bool),
                ast::Value::Variable(name) => self.variables.get(name.as_str()).and_then(JsonValue::as_bool),
                _ => None,
            }
        };
        condition("skip") != Some(true) && condition("include") != Some(false)
    }
}

impl Lifted {
    /// The lifted form as GraphQL text.
    pub fn print(&self, root: Root) -> String {
        let mut out = String::with_capacity(512);
        out.push_str(match root {
            Root::Query => "query",
            Root::Mutation => "mutation",
            Root::Subscription => "subscription",
        });
        for (index, ty) in self.variable_types.iter().enumerate() {
            let _ = write!(out, "{}$v{index}: {ty}", if index == 0 { "(" } else { ", " });
        }
        if !self.variable_types.is_empty() {
            out.push(')');
        }
        print_items(&mut out, &self.selections);
        out
    }
}

fn print_items(out: &mut String, items: &Selections) {
    out.push('{');
    let start = out.len();
    for item in items {
        match item {
            Item::Field { key, name, arguments, below } => {
                if key != name {
                    let _ = write!(out, "{key}:");
                }
                out.push_str(name);
                for (index, (argument, variable)) in arguments.iter().enumerate() {
                    let _ = write!(out, "{}{argument}:$v{variable}", if index == 0 { '(' } else { ',' });
                }
                if !arguments.is_empty() {
                    out.push(')');
                }
                match below {
                    Some(below) => print_items(out, below),
                    None => out.push(' '),
                }
            }
            Item::On { type_name, below } => {
                let _ = write!(out, "... on {type_name}");
                print_items(out, below);
            }
        }
    }
    // A selection that conditions emptied still asks for an object.
    if out.len() == start {
        out.push_str("__typename");
    }
    out.push('}');
}
