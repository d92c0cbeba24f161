//! Introspection: counted, then answered from the schema that clients see. No source is asked.
//!
//! Counted first, because lists of the schema multiply: `types { interfaces { possibleTypes { name } } }` over an interface of 1,500 types
//! is two million values, from a line of text.

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::Schema;
use apollo_compiler::ast;
use apollo_compiler::executable as exe;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use rustc_hash::FxHashMap;

use super::Introspected;
use crate::code::Code;
use crate::graph::Graph;
use crate::request::Refusal;

/// Values that an answer may have for each thing that the schema has: the usual whole introspection needs fewer than twenty.
const FOR_EACH: usize = 60;
/// Values that an answer may have however small the schema is.
const AT_LEAST: usize = 20_000;

/// Answers the introspection of a valid operation.
///
/// # Errors
/// `GRAPHQL_VALIDATION_FAILED` where it is switched off, `REQUEST_LIMIT_EXCEEDED` where the answer would be too large.
pub(super) fn introspect(
    graph: &Graph,
    document: &Valid<ExecutableDocument>,
    operation: &exe::Operation,
    variables: &JsonMap,
) -> Result<Introspected, Refusal> {
    let refuse = |message: String| Refusal::new(Code::GRAPHQL_VALIDATION_FAILED, message);
    if !graph.may_introspect() {
        return Err(refuse(
            "introspection is switched off; ask the gateway's operator for the schema".into(),
        ));
    }
    apollo_compiler::introspection::check_max_depth(document, operation)
        .map_err(|error| refuse(error.message().to_string()))?;
    bound(graph, document, operation)?;
    let response = apollo_compiler::introspection::partial_execute(
        graph.api_schema(),
        graph.implementers(),
        document,
        operation,
        Valid::assume_valid_ref(variables),
    )
    .map_err(|error| refuse(error.message().to_string()))?;
    let data = response.data.unwrap_or_default();
    data.iter()
        .map(|(key, value)| {
            let json = serde_json::to_vec(value)
                .map_err(|_| Refusal::new(Code::INTERNAL_SERVER_ERROR, "introspection can't be written"))?;
            Ok((Arc::from(key.as_str()), json))
        })
        .collect()
}

fn bound(graph: &Graph, document: &ExecutableDocument, operation: &exe::Operation) -> Result<(), Refusal> {
    let schema = graph.api_schema();
    let most = things(schema).saturating_mul(FOR_EACH).max(AT_LEAST);
    let mut counting = Counting { graph, document, most, known: FxHashMap::default() };
    match counting.set(&operation.selection_set, Node::Root) {
        count if count > most => Err(Refusal::new(
            Code::REQUEST_LIMIT_EXCEEDED,
            format!("the answer to this introspection would have more than {most} values"),
        )),
        _ => Ok(()),
    }
}

/// How many types, fields, arguments and values a schema has.
fn things(schema: &Schema) -> usize {
    let of_type = |ty: &ExtendedType| match ty {
        ExtendedType::Object(object) => object.fields.values().map(|field| 1 + field.arguments.len()).sum(),
        ExtendedType::Interface(interface) => {
            interface.fields.values().map(|field| 1 + field.arguments.len()).sum()
        }
        ExtendedType::Union(union_) => union_.members.len(),
        ExtendedType::Enum(definition) => definition.values.len(),
        ExtendedType::InputObject(input) => input.fields.len(),
        ExtendedType::Scalar(_) => 0,
    };
    schema.types.values().map(|ty| 1_usize + of_type(ty)).sum::<usize>() + schema.directive_definitions.len()
}

/// What a selection of introspection is about.
#[derive(Clone, Copy)]
enum Node<'a> {
    Root,
    Schema,
    /// A type, wrapped so many times in lists and non-nulls.
    Type(&'a str, usize),
    Field(&'a ast::FieldDefinition),
    Input(&'a ast::Type),
    Directive(&'a ast::DirectiveDefinition),
    /// It has nothing below.
    Leaf,
}

struct Counting<'a> {
    graph: &'a Graph,
    document: &'a ExecutableDocument,
    most: usize,
    /// Of a selection on a type.
    known: FxHashMap<(*const exe::SelectionSet, &'a str, usize), usize>,
}

impl<'a> Counting<'a> {
    /// How many values a selection brings; any number above the limit once it is passed.
    fn set(&mut self, set: &'a exe::SelectionSet, node: Node<'a>) -> usize {
        let key = match node {
            Node::Type(name, wraps) => Some((std::ptr::from_ref(set), name, wraps)),
            _ => None,
        };
        if let Some(known) = key.and_then(|key| self.known.get(&key)) {
            return *known;
        }
        let mut count = 1_usize;
        for selection in &set.selections {
            let more = match selection {
                exe::Selection::Field(field) => self.field(field, node),
                exe::Selection::InlineFragment(fragment) => self.set(&fragment.selection_set, node),
                exe::Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    fragment.map_or(0, |fragment| self.set(&fragment.selection_set, node))
                }
            };
            count = count.saturating_add(more);
            if count > self.most {
                return count;
            }
        }
        if let Some(key) = key {
            self.known.insert(key, count);
        }
        count
    }

    fn field(&mut self, field: &'a exe::Field, node: Node<'a>) -> usize {
        let mut count = 1_usize;
        let set = &field.selection_set;
        if set.selections.is_empty() {
            return count;
        }
        for below in self.below(field, node) {
            count = count.saturating_add(self.set(set, below));
            if count > self.most {
                break;
            }
        }
        count
    }

    /// What stands below a field: the GraphQL specification's "Schema Introspection Schema".
    fn below(&self, field: &'a exe::Field, node: Node<'a>) -> Vec<Node<'a>> {
        let schema: &'a Schema = self.graph.api_schema();
        let whole = |ty: &'a ast::Type| Node::Type(ty.inner_named_type(), wraps(ty));
        match (node, field.name.as_str()) {
            (Node::Root, "__schema") => vec![Node::Schema],
            (Node::Root, "__type") => {
                let name = field.specified_argument_by_name("name").and_then(|name| name.as_str());
                // By a variable any type may be meant: the largest is counted.
                let named = name.map(|name| schema.types.get_key_value(name).map(|(name, _)| name.as_str()));
                let named = named.unwrap_or_else(|| largest(schema));
                named.map(|name| Node::Type(name, 0)).into_iter().collect()
            }
            (Node::Schema, "types") => schema.types.keys().map(|name| Node::Type(name.as_str(), 0)).collect(),
            (Node::Schema, "directives") => {
                schema.directive_definitions.values().map(|directive| Node::Directive(directive)).collect()
            }
            (Node::Schema, "queryType") => self.root(ast::OperationType::Query),
            (Node::Schema, "mutationType") => self.root(ast::OperationType::Mutation),
            (Node::Schema, "subscriptionType") => self.root(ast::OperationType::Subscription),
            (Node::Type(name, wraps @ 1..), "ofType") => vec![Node::Type(name, wraps - 1)],
            (Node::Type(name, 0), part) => self.of_type(name, part),
            (Node::Field(field), "args") => {
                field.arguments.iter().map(|argument| Node::Input(&argument.ty)).collect()
            }
            (Node::Field(field), "type") => vec![whole(&field.ty)],
            (Node::Input(ty), "type") => vec![whole(ty)],
            (Node::Directive(directive), "args") => {
                directive.arguments.iter().map(|argument| Node::Input(&argument.ty)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn root(&self, operation: ast::OperationType) -> Vec<Node<'a>> {
        let name = self.graph.api_schema().root_operation(operation);
        name.map(|name| Node::Type(name.as_str(), 0)).into_iter().collect()
    }

    fn of_type(&self, name: &str, part: &str) -> Vec<Node<'a>> {
        let schema: &'a Schema = self.graph.api_schema();
        let types = |names: &mut dyn Iterator<Item = &'a apollo_compiler::Name>| {
            names.map(|name| Node::Type(name.as_str(), 0)).collect()
        };
        match (schema.types.get(name), part) {
            (Some(ExtendedType::Object(object)), "fields") => {
                object.fields.values().map(|field| Node::Field(field)).collect()
            }
            (Some(ExtendedType::Interface(interface)), "fields") => {
                interface.fields.values().map(|field| Node::Field(field)).collect()
            }
            (Some(ExtendedType::Object(object)), "interfaces") => {
                types(&mut object.implements_interfaces.iter().map(|name| &name.name))
            }
            (Some(ExtendedType::Interface(interface)), "interfaces") => {
                types(&mut interface.implements_interfaces.iter().map(|name| &name.name))
            }
            (Some(ExtendedType::Interface(_)), "possibleTypes") => {
                let implementers = self.graph.implementers().get(name);
                implementers.map(|all| types(&mut all.objects.iter())).unwrap_or_default()
            }
            (Some(ExtendedType::Union(union_)), "possibleTypes") => {
                types(&mut union_.members.iter().map(|name| &name.name))
            }
            (Some(ExtendedType::InputObject(input)), "inputFields") => {
                input.fields.values().map(|field| Node::Input(&field.ty)).collect()
            }
            (Some(ExtendedType::Enum(definition)), "enumValues") => vec![Node::Leaf; definition.values.len()],
            _ => Vec::new(),
        }
    }
}

/// How many times a type is wrapped.
fn wraps(ty: &ast::Type) -> usize {
    match ty {
        ast::Type::Named(_) => 0,
        ast::Type::NonNullNamed(_) => 1,
        ast::Type::List(item) => 1 + wraps(item),
        ast::Type::NonNullList(item) => 2 + wraps(item),
    }
}

fn largest(schema: &Schema) -> Option<&str> {
    let size = |ty: &ExtendedType| match ty {
        ExtendedType::Object(object) => object.fields.len() + object.implements_interfaces.len(),
        ExtendedType::Interface(interface) => interface.fields.len() + schema.types.len(),
        ExtendedType::Union(union_) => union_.members.len(),
        ExtendedType::Enum(definition) => definition.values.len(),
        ExtendedType::InputObject(input) => input.fields.len(),
        ExtendedType::Scalar(_) => 0,
    };
    schema.types.values().max_by_key(|ty| size(ty)).map(|ty| ty.name().as_str())
}
