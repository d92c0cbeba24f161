//! The whole graph answering by itself: a query over the API schema in, the response out, by apollo-compiler's executor over the whole
//! data. It knows no source. What clients may not see is null.
//!
//! It could not be async-graphql's dynamic schema: 7.2 leaves a failed field out of its object, without a null and without going up to what may
//! be null; it takes no union as a condition, merges no lists of lists that are asked twice, and fails where a variable isn't given.
//! apollo-compiler 1.33 differs from the specification in two places, which the tests keep away from: a variable that isn't given is null
//! in an input object (`query`), and a failure goes up by the type of the selected field, be it an interface's (`make`).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Map, Value, json};

use super::data::{Out, Record, World};
use super::model::Role;
use super::played::leaf;

/// What a valid document must be answered with; an error where its variables can't be used.
pub(crate) fn expected(
    world: &Arc<World>,
    api: &Valid<Schema>,
    document: &Valid<ExecutableDocument>,
    variables: &Map<String, Value>,
) -> Result<Value, String> {
    world.count.store(0, Ordering::Relaxed);
    let operation = document.operations.iter().next().ok_or("no operation")?;
    let variables = serde_json::from_value(json!(variables)).map_err(|error| error.to_string())?;
    let root = Record { ty: operation.object_type().to_string(), index: 0 };
    let execution = Execution::new(api, document).raw_variable_values(&variables);
    let response = execution.execute_sync(&Whole { world, api, record: root });
    let response = response.map_err(|wrong| wrong.message().to_string())?;
    let response = serde_json::to_value(&response).map_err(|error| error.to_string())?;
    world.count.store(0, Ordering::Relaxed);
    Ok(response)
}

struct Whole<'w> {
    world: &'w World,
    api: &'w Schema,
    record: Record,
}

impl ObjectValue for Whole<'_> {
    fn type_name(&self) -> &str {
        &self.record.ty
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = serde_json::to_value(info.arguments()).expect("arguments are JSON");
        let Value::Object(arguments) = arguments else { return Err(self.unknown_field_error(info)) };
        let field = info.field_name();
        let def = self.world.graph.types.get(&self.record.ty).and_then(|ty| ty.fields.get(field));
        if def.is_some_and(|def| def.role == Role::Count) {
            let count = self.world.count.fetch_add(1, Ordering::Relaxed) + 1;
            return Ok(ResolvedValue::leaf(count as i64));
        }
        self.shown(self.world.value(&self.record, field, &arguments))
    }
}

impl<'w> Whole<'w> {
    fn shown<'a>(&'a self, out: Out) -> Result<ResolvedValue<'a>, FieldError> {
        Ok(match out {
            Out::Null => ResolvedValue::null(),
            Out::Fault => return Err(FieldError { message: "a fault of the data".into() }),
            Out::Leaf(value) => ResolvedValue::leaf(leaf(value)),
            Out::Record(record) if !self.api.types.contains_key(record.ty.as_str()) => ResolvedValue::null(),
            Out::Record(record) => ResolvedValue::object(Whole { world: self.world, api: self.api, record }),
            Out::List(items) => {
                let items: Result<Vec<_>, _> = items.into_iter().map(|item| self.shown(item)).collect();
                ResolvedValue::list(items?)
            }
        })
    }
}
