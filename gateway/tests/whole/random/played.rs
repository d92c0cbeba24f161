//! A source played in memory: the gateway's document and variables in, a GraphQL response out. The document is validated against the
//! source's own schema, and executed by apollo-compiler's executor; the source gives only what its schema says that it can.
//! What it must never be asked (an external field that nothing provides, a requirement without its inputs) is noted as a cheat.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use futures::future::BoxFuture;
use raccordo_connector_api::document::Document;
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{Connector, Failure, Fetch, Reply, What};
use serde_json::{Map, Value, json};

use super::data::{Out, RECORDS, Record, World};
use super::model::{Part, Pick, Piece, Role, Source};

/// One source of a world.
pub(crate) struct Played {
    world: Arc<World>,
    at: usize,
    schema: Valid<Schema>,
}

impl Played {
    pub(crate) fn new(world: &Arc<World>, at: usize) -> Result<Self, String> {
        let sdl = world.graph.served(&world.graph.sources[at]);
        let schema = Schema::parse_and_validate(&sdl, "source.graphql");
        let schema = schema.map_err(|wrong| format!("{}\n{sdl}", wrong.errors))?;
        Ok(Self { world: Arc::clone(world), at, schema })
    }

    fn source(&self) -> &Source {
        &self.world.graph.sources[self.at]
    }

    fn answer(&self, body: &[u8]) -> Value {
        let body: Value = serde_json::from_slice(body).expect("a body is JSON");
        let text = body["query"].as_str().expect("a body has its document");
        let document = match ExecutableDocument::parse_and_validate(&self.schema, text, "document.graphql") {
            Ok(document) => document,
            Err(wrong) => return self.refuse(format!("an invalid document: {text}\n{}", wrong.errors)),
        };
        let variables = serde_json::from_value(body["variables"].clone()).expect("variables are an object");
        let keyword = document.operations.iter().next().map(|operation| operation.operation_type);
        let root = match keyword {
            Some(apollo_compiler::ast::OperationType::Mutation) => "Mutation",
            _ => "Query",
        };
        let root = Shown::root(self, root);
        let executed = Execution::new(&self.schema, &document).raw_variable_values(&variables);
        match executed.execute_sync(&root) {
            Ok(response) => serde_json::to_value(&response).expect("a response is JSON"),
            Err(wrong) => self.refuse(format!("unusable values for {text}: {}", wrong.message())),
        }
    }

    fn refuse(&self, why: String) -> Value {
        self.world.cheat(format!("{} got {why}", self.source().name));
        json!({ "errors": [{ "message": why }], "data": null })
    }

    /// The record that a representation means.
    fn entity<'a>(&'a self, given: &Value) -> Result<ResolvedValue<'a>, String> {
        let Some(given) = given.as_object() else { return Err(format!("no object: {given}")) };
        let name = given.get("__typename").and_then(Value::as_str).unwrap_or_default();
        let piece = self.source().types.get(name).ok_or_else(|| format!("unknown type `{name}`"))?;
        let whole: Vec<&Vec<Pick>> = piece
            .keys
            .iter()
            .filter(|(key, resolvable)| *resolvable && projected(&self.world, given, key).is_some())
            .map(|(key, _)| key)
            .collect();
        if whole.is_empty() {
            return Err(format!("no whole key: {}", json!(given)));
        }
        let types = self.world.graph.possible(name).into_iter();
        let found = types
            .flat_map(|ty| (0..RECORDS).map(move |index| Record { ty: ty.clone(), index }))
            .find(|record| whole.iter().all(|key| self.is_meant(record, given, key)));
        let found = found.filter(|record| !self.world.is_forgotten(self.at, record));
        Ok(match found {
            None => ResolvedValue::null(),
            Some(record) => {
                let shown = Shown {
                    played: self,
                    name: self.name_of(name, &record),
                    record,
                    given: None,
                    provided: &[],
                };
                ResolvedValue::object(Shown { given: Some(given.clone()), ..shown })
            }
        })
    }

    fn is_meant(&self, record: &Record, given: &Map<String, Value>, key: &[Pick]) -> bool {
        let own = self.world.inputs(record, key).map(|own| own.to_string());
        own == projected(&self.world, given, key).map(|given| given.to_string())
    }

    /// What the source calls a record where it declares a type.
    fn name_of(&self, declared: &str, record: &Record) -> String {
        let piece = self.source().types.get(declared);
        let is_object = piece.is_some_and(|piece| piece.interface_object);
        if is_object { declared.to_owned() } else { record.ty.clone() }
    }
}

/// Of what was given, what a field set names; nothing where something is missing.
fn projected(world: &World, given: &Map<String, Value>, picks: &[Pick]) -> Option<Value> {
    let ty = given.get("__typename").and_then(Value::as_str);
    let mut out = Map::new();
    for pick in picks {
        // Only of the type that the object says it is.
        let applies = pick.on.is_none() || ty.is_some_and(|ty| world.is_of(pick.on.as_deref(), ty));
        if applies {
            out.insert(pick.name.clone(), projected_value(world, given.get(&pick.name)?, &pick.below)?);
        }
    }
    Some(Value::Object(out))
}

fn projected_value(world: &World, given: &Value, below: &[Pick]) -> Option<Value> {
    match given {
        Value::Array(items) => items.iter().map(|item| projected_value(world, item, below)).collect(),
        Value::Object(given) if !below.is_empty() => projected(world, given, below),
        other => Some(other.clone()),
    }
}

impl Connector for Played {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            fetch.meter.call();
            let of_entities = matches!(fetch.asked.what, What::Entities { .. });
            let document = Document::of(&fetch.asked);
            let body = document.body(&fetch.values, of_entities.then_some(&fetch.representations));
            let response = self.answer(&body);
            if std::env::var_os("RACCORDO_RANDOM_SHOW").is_some() {
                eprintln!("{}: {}\n  -> {response}", self.source().name, String::from_utf8_lossy(&body));
            }
            let rows = if of_entities { fetch.representations.len() } else { 1 };
            read_response(response.to_string().into(), &fetch.asked, rows)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

/// A record as a source shows it.
struct Shown<'a> {
    played: &'a Played,
    name: String,
    record: Record,
    /// What the gateway sent of it.
    given: Option<Map<String, Value>>,
    /// External fields that the way here provides.
    provided: &'a [Pick],
}

impl<'a> Shown<'a> {
    fn root(played: &'a Played, name: &str) -> Self {
        let record = Record { ty: name.to_owned(), index: 0 };
        Self { played, name: name.to_owned(), record, given: None, provided: &[] }
    }

    fn error(&self, what: &str, field: &str) -> FieldError {
        let told = format!("{}: {what}: `{}.{field}`", self.played.source().name, self.name);
        self.played.world.cheat(told.clone());
        FieldError { message: told }
    }

    fn piece(&self) -> Option<&'a Piece> {
        self.played.source().types.get(&self.name)
    }

    /// External, but a key: known.
    fn is_key(&self, field: &str) -> bool {
        self.piece()
            .is_some_and(|piece| piece.keys.iter().any(|(key, _)| key.iter().any(|pick| pick.name == field)))
    }

    /// What the way here provides of a field.
    fn provides(&self, field: &str) -> Option<&'a Pick> {
        let is_of = |pick: &Pick| self.played.world.is_of(pick.on.as_deref(), &self.record.ty);
        self.provided.iter().find(|pick| pick.name == field && is_of(pick))
    }

    fn out(&self, part: &Part, field: &str, arguments: &Map<String, Value>) -> Result<Out, FieldError> {
        let world = &self.played.world;
        let provided = self.provides(field).is_some();
        if part.external && !provided && !self.is_key(field) {
            return Err(self.error("external", field));
        }
        if part.stale {
            return Err(self.error("overridden", field));
        }
        let role = world.graph.types.get(&self.record.ty).and_then(|ty| ty.fields.get(field));
        match role.map(|def| &def.role) {
            Some(Role::Count) => {
                let count = world.count.fetch_add(1, Ordering::Relaxed) + 1;
                Ok(Out::Leaf(json!(count)))
            }
            Some(Role::Requires(picks)) if !part.external => {
                let given = self.given.as_ref().and_then(|given| projected(world, given, picks));
                let given = given.ok_or_else(|| self.error("without its inputs", field))?;
                Ok(world.computed(&self.record, field, arguments, &given))
            }
            _ => Ok(world.value(&self.record, field, arguments)),
        }
    }
}

impl ObjectValue for Shown<'_> {
    fn type_name(&self) -> &str {
        &self.name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let field = info.field_name();
        let arguments = serde_json::to_value(info.arguments()).expect("arguments are JSON");
        let Value::Object(arguments) = arguments else { return Err(self.unknown_field_error(info)) };
        if field == "_entities" {
            let given = arguments.get("representations").and_then(Value::as_array).cloned();
            let found = given
                .unwrap_or_default()
                .into_iter()
                .map(|given| self.played.entity(&given).map_err(|why| self.error(&why, field)));
            let found: Result<Vec<ResolvedValue<'a>>, FieldError> = found.collect();
            return Ok(ResolvedValue::list(found?));
        }
        let part = self.piece().and_then(|piece| piece.fields.get(field));
        let Some(part) = part else { return Err(self.unknown_field_error(info)) };
        let out = self.out(part, field, &arguments)?;
        let below = self.provides(field).map(|pick| pick.below.as_slice());
        let provided = if part.provides.is_empty() { below.unwrap_or_default() } else { &part.provides };
        resolved(self.played, part.ty.inner(), out, provided)
    }
}

fn resolved<'a>(
    played: &'a Played,
    declared: &str,
    out: Out,
    provided: &'a [Pick],
) -> Result<ResolvedValue<'a>, FieldError> {
    Ok(match out {
        Out::Null => ResolvedValue::null(),
        Out::Fault => return Err(FieldError { message: "a fault of the data".into() }),
        Out::Leaf(value) => ResolvedValue::leaf(leaf(value)),
        Out::Record(record) => {
            let name = played.name_of(declared, &record);
            ResolvedValue::object(Shown { played, name, record, given: None, provided })
        }
        Out::List(items) => {
            let items: Result<Vec<_>, _> =
                items.into_iter().map(|item| resolved(played, declared, item, provided)).collect();
            ResolvedValue::list(items?)
        }
    })
}

/// The same value for apollo-compiler.
pub(crate) fn leaf(value: Value) -> apollo_compiler::response::JsonValue {
    value.into()
}
