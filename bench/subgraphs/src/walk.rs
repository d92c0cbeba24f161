//! A request's body enters; the answer leaves, worked out by walking the operation over a world, a function that says what
//! each field of each object holds. It is slow and plain: each body is walked once.

use apollo_compiler::ast::Value as Literal;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Map, Value, json};

/// What a field of an object holds, given the field's arguments.
pub(crate) type World = fn(&Object, &Field, &Map<String, Value>) -> Held;

/// An object: its type, its key, and what a gateway sent of it, if it was asked for by `_entities`.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) key: u64,
    pub(crate) sent: Option<Map<String, Value>>,
}

impl Object {
    pub(crate) fn new(name: &str, key: u64) -> Self {
        Self { name: name.to_owned(), key, sent: None }
    }
}

/// What a field holds.
pub(crate) enum Held {
    Leaf(Value),
    One(Object),
    Many(Vec<Object>),
    /// The world has no such thing: the request is answered with an error.
    Wrong(String),
}

/// The answer to a body, as the value of `data`, or why it is no right request.
pub(crate) fn answer(schema: &Valid<Schema>, body: &[u8], world: World) -> Result<Value, String> {
    let body: Value =
        serde_json::from_slice(body).map_err(|error| format!("the body is no JSON: {error}"))?;
    let text = body.get("query").and_then(Value::as_str).ok_or("the body has no `query`")?;
    let document = ExecutableDocument::parse_and_validate(schema, text, "query.graphql")
        .map_err(|found| found.errors.to_string())?;
    let named = body.get("operationName").and_then(Value::as_str);
    let operation = document.operations.get(named).map_err(|_| "no operation is named like that")?;
    let mut variables = Map::new();
    for variable in &operation.variables {
        let sent = body.get("variables").and_then(|all| all.get(variable.name.as_str())).cloned();
        let value = sent.or_else(|| variable.default_value.as_ref().map(|it| plain(it, &Map::new())));
        variables.extend(value.map(|value| (variable.name.to_string(), value)));
    }
    let walk = Walk { schema, document: &document, variables, world };
    let root = Object::new(operation.object_type().as_str(), 0);
    walk.object(&root, &[&operation.selection_set]).map(Value::Object)
}

struct Walk<'d> {
    schema: &'d Valid<Schema>,
    document: &'d Valid<ExecutableDocument>,
    variables: Map<String, Value>,
    world: World,
}

impl<'d> Walk<'d> {
    fn object(&self, object: &Object, sets: &[&'d SelectionSet]) -> Result<Map<String, Value>, String> {
        let mut grouped: Vec<(&'d str, Vec<&'d Field>)> = Vec::new();
        for set in sets {
            self.collect(&object.name, set, &mut grouped);
        }
        let mut told = Map::with_capacity(grouped.len());
        for (key, fields) in &grouped {
            told.insert((*key).to_owned(), self.field(object, fields)?);
        }
        Ok(told)
    }

    /// The fields that apply to a type, by response key, in the order in which they come.
    fn collect(&self, name: &str, set: &'d SelectionSet, grouped: &mut Vec<(&'d str, Vec<&'d Field>)>) {
        for selection in set.selections.iter().filter(|selection| self.is_wanted(selection)) {
            let inner = match selection {
                Selection::Field(field) => {
                    let key = field.response_key().as_str();
                    match grouped.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, fields)) => fields.push(field),
                        None => grouped.push((key, vec![field])),
                    }
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    inline.type_condition.as_ref().map(|on| (on, &inline.selection_set)).or_else(|| {
                        self.collect(name, &inline.selection_set, grouped);
                        None
                    })
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    fragment.map(|fragment| (fragment.type_condition(), &fragment.selection_set))
                }
            };
            if let Some((on, set)) = inner
                && (on == name || self.schema.is_subtype(on, name))
            {
                self.collect(name, set, grouped);
            }
        }
    }

    fn is_wanted(&self, selection: &Selection) -> bool {
        let holds = |directive: &str, otherwise: bool| {
            let found = selection.directives().get(directive);
            let condition = found.and_then(|it| it.specified_argument_by_name("if"));
            condition.map_or(otherwise, |it| plain(it, &self.variables) == json!(true))
        };
        holds("include", true) && !holds("skip", false)
    }

    fn field(&self, object: &Object, fields: &[&'d Field]) -> Result<Value, String> {
        let Some(field) = fields.first() else { return Ok(Value::Null) };
        let mut arguments = Map::new();
        for definition in &field.definition.arguments {
            let given = field.argument_by_name(&definition.name).ok();
            arguments.extend(given.map(|it| (definition.name.to_string(), plain(it, &self.variables))));
        }
        let sets: Vec<_> = fields.iter().map(|field| &field.selection_set).collect();
        let held = match field.name.as_str() {
            "__typename" => Held::Leaf(json!(object.name)),
            "_entities" => Held::Many(entities(&arguments)?),
            _ => (self.world)(object, field, &arguments),
        };
        match held {
            Held::Leaf(value) => Ok(value),
            Held::One(object) => self.object(&object, &sets).map(Value::Object),
            Held::Many(objects) => {
                let walked = objects.iter().map(|one| self.object(one, &sets).map(Value::Object));
                walked.collect::<Result<_, _>>().map(Value::Array)
            }
            Held::Wrong(why) => Err(why),
        }
    }
}

/// The objects that representations name. Every key of both worlds is one number, in a field `id` or `upc`.
fn entities(arguments: &Map<String, Value>) -> Result<Vec<Object>, String> {
    let sent = arguments.get("representations").and_then(Value::as_array);
    sent.into_iter().flatten().map(entity).collect()
}

fn entity(sent: &Value) -> Result<Object, String> {
    let wrong =
        || format!("`{sent}` is no representation: expected `__typename` and a numeric `id` or `upc`");
    let sent = sent.as_object().ok_or_else(wrong)?;
    let name = sent.get("__typename").and_then(Value::as_str).ok_or_else(wrong)?;
    let key = sent.get("id").or_else(|| sent.get("upc")).and_then(Value::as_str);
    let key = key.and_then(|key| key.parse().ok()).ok_or_else(wrong)?;
    Ok(Object { name: name.to_owned(), key, sent: Some(sent.clone()) })
}

/// A literal as JSON, its variables replaced.
fn plain(literal: &Literal, variables: &Map<String, Value>) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Enum(name) => json!(name.as_str()),
        Literal::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or_default(),
        Literal::String(text) => json!(text),
        Literal::Float(number) => number.try_to_f64().map_or(Value::Null, |number| json!(number)),
        Literal::Int(number) => number.as_str().parse::<i64>().map_or(Value::Null, |number| json!(number)),
        Literal::Boolean(holds) => json!(holds),
        Literal::List(items) => items.iter().map(|item| plain(item, variables)).collect(),
        Literal::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.to_string(), plain(value, variables)));
            Value::Object(fields.collect())
        }
    }
}
