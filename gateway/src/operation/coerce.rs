//! An argument's value, from its literal and the request's variables, by its declared type.
//!
//! GraphQL specification, "Input Coercion". Validation has already refused what can't be coerced.

use std::sync::Arc;

use apollo_compiler::ast;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::ExtendedType;
use raccordo_connector_api::Value;

use crate::graph::Graph;

/// The value of a literal; `None` when it is a variable that isn't given.
pub(super) fn literal(
    graph: &Graph,
    ty: &ast::Type,
    value: &ast::Value,
    variables: &JsonMap,
) -> Option<Value> {
    match value {
        ast::Value::Variable(name) => variables.get(name.as_str()).map(|json| from_json(graph, ty, json)),
        ast::Value::Null => Some(Value::Null),
        ast::Value::List(items) => {
            let item_type = item_type(ty);
            let items =
                items.iter().map(|item| literal(graph, item_type, item, variables).unwrap_or(Value::Null));
            Some(Value::List(items.collect()))
        }
        single if ty.is_list() => {
            literal(graph, item_type(ty), single, variables).map(|item| Value::List(vec![item]))
        }
        ast::Value::Object(fields) => Some(object(
            graph,
            ty,
            |name| {
                let (_, value) = fields.iter().find(|(own, _)| own == name)?;
                Some(Entry::Literal(value))
            },
            fields.iter().map(|(name, _)| name.as_str()),
            variables,
        )),
        ast::Value::Enum(name) => Some(Value::Enum(name.as_str().into())),
        ast::Value::String(text) => Some(Value::Text(text.as_str().into())),
        ast::Value::Boolean(bool) => Some(Value::Bool(*bool)),
        ast::Value::Int(int) => Some(number(ty, int.as_str())),
        ast::Value::Float(float) => Some(number(ty, float.as_str())),
    }
}

enum Entry<'a> {
    Literal(&'a ast::Value),
    Json(&'a JsonValue),
}

/// An input object with its declared fields in order and their defaults; a custom scalar's object as it came.
fn object<'a, 'n>(
    graph: &Graph,
    ty: &ast::Type,
    entry: impl Fn(&str) -> Option<Entry<'a>>,
    names: impl Iterator<Item = &'n str>,
    variables: &JsonMap,
) -> Value {
    let coerce = |ty: &ast::Type, entry: Entry<'_>| match entry {
        Entry::Literal(value) => literal(graph, ty, value, variables),
        Entry::Json(json) => Some(from_json(graph, ty, json)),
    };
    let Some(ExtendedType::InputObject(input)) = graph.api_schema().types.get(ty.inner_named_type()) else {
        let pairs = names.filter_map(|name| Some((Arc::from(name), coerce(ty, entry(name)?)?)));
        return Value::Object(pairs.collect());
    };
    let fields = input.fields.iter().filter_map(|(name, field)| {
        let given = entry(name.as_str()).and_then(|entry| coerce(&field.ty, entry));
        let default = || literal(graph, &field.ty, field.default_value.as_deref()?, variables);
        Some((Arc::from(name.as_str()), given.or_else(default)?))
    });
    Value::Object(fields.collect())
}

/// The value of coerced JSON.
pub(super) fn from_json(graph: &Graph, ty: &ast::Type, json: &JsonValue) -> Value {
    match json {
        JsonValue::Null => Value::Null,
        JsonValue::Array(items) => {
            let item_type = item_type(ty);
            Value::List(items.iter().map(|item| from_json(graph, item_type, item)).collect())
        }
        single if ty.is_list() => Value::List(vec![from_json(graph, item_type(ty), single)]),
        JsonValue::Bool(bool) => Value::Bool(*bool),
        JsonValue::Number(int) => number(ty, &int.to_string()),
        JsonValue::String(text) => match graph.api_schema().types.get(ty.inner_named_type()) {
            Some(ExtendedType::Enum(_)) => Value::Enum(text.as_str().into()),
            _ => Value::Text(text.as_str().into()),
        },
        JsonValue::Object(fields) => object(
            graph,
            ty,
            |name| fields.get(name).map(Entry::Json),
            fields.keys().map(|name| name.as_str()),
            &JsonMap::new(),
        ),
    }
}

/// The type of a list's items; of a custom scalar's list, the scalar itself.
pub(super) fn item_type(ty: &ast::Type) -> &ast::Type {
    match ty {
        ast::Type::List(item) | ast::Type::NonNullList(item) => item,
        named => named,
    }
}

fn number(ty: &ast::Type, text: &str) -> Value {
    let float = || text.parse().map_or(Value::Null, Value::Float);
    match ty.inner_named_type().as_str() {
        "ID" => Value::Text(text.into()),
        "Float" => float(),
        _ => text.parse().map_or_else(|_| float(), Value::Int),
    }
}
