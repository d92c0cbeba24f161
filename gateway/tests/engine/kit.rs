//! A federated graph in memory: SDL and JSON data of each source in, a gateway over them out. The sources answer in GraphQL's
//! response format, computed from the data by nothing but the question they get, so that a wrong plan gives a wrong answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use raccordo::cursors::SealedCursors;
use raccordo::graph::{Graph, GraphSource};
use raccordo::operation::{Limits, Settings};
use raccordo::own::States;
use raccordo::pipeline::Gateway;
use raccordo::request::{Refusal, Request};
use raccordo::trail::{Record, Trail, TrailError};
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{Connector, Failure, Fetch, Field, Output, Reply, Selection, What};
use raccordo_policy::Caller;
use raccordo_schema::catalogue::Catalogue;
use raccordo_schema::compose::{SourceSdl, compose};
use serde_json::{Map, Value, json};

/// Federation's link, as every test source wants it.
pub(crate) const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@interfaceObject", "@inaccessible", "@override"])
"#;

/// A source in memory.
pub(crate) struct Memory {
    data: Value,
    pub(crate) down: AtomicBool,
    pub(crate) calls: AtomicUsize,
    /// Another source, that must have been asked before this one answers.
    pub(crate) after: OnceLock<Arc<Memory>>,
    /// What it was asked, as text: fields and how many entities.
    pub(crate) asked: Mutex<Vec<String>>,
}

/// A gateway over sources in memory.
pub(crate) struct Bench {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) sources: BTreeMap<String, Arc<Memory>>,
    pub(crate) trail: Arc<MemoryTrail>,
}

#[derive(Default)]
pub(crate) struct MemoryTrail {
    pub(crate) records: Mutex<Vec<Record>>,
    pub(crate) broken: AtomicBool,
}

impl Trail for MemoryTrail {
    fn record(&self, record: &Record) -> Result<(), TrailError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(TrailError("the disk is full".into()));
        }
        self.records.lock().unwrap().push(record.clone());
        Ok(())
    }
}

impl Bench {
    /// Composes the sources, each with its name, SDL (without the link) and data.
    pub(crate) fn new(sources: &[(&str, &str, Value)]) -> Self {
        Self::with_limits(sources, Limits::default())
    }

    pub(crate) fn with_limits(sources: &[(&str, &str, Value)], limits: Limits) -> Self {
        Self::reading(LINK, sources, |_| limits.into())
    }

    /// With a link of their own, and requests read as it is said of the graph.
    pub(crate) fn reading(
        link: &str,
        sources: &[(&str, &str, Value)],
        settings: impl FnOnce(&Graph) -> Settings,
    ) -> Self {
        let sdls: Vec<String> = sources.iter().map(|(_, sdl, _)| format!("{link}{sdl}")).collect();
        let inputs: Vec<SourceSdl<'_>> = sources
            .iter()
            .zip(&sdls)
            .map(|((name, _, _), sdl)| SourceSdl { name, url: None, file: "test.graphql", sdl })
            .collect();
        let supergraph = compose(&inputs).unwrap_or_else(|wrong| {
            panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        let data = sources.iter().map(|(name, _, data)| (*name, data.clone()));
        Self::serve_reading(supergraph.sdl(), data, settings)
    }

    pub(crate) fn serve_reading<'n>(
        supergraph: &str,
        sources: impl Iterator<Item = (&'n str, Value)>,
        settings: impl FnOnce(&Graph) -> Settings,
    ) -> Self {
        let catalogue = Catalogue::from_supergraph(supergraph).unwrap();
        let sources: BTreeMap<String, Arc<Memory>> = sources
            .map(|(name, data)| {
                let memory = Memory {
                    data,
                    down: AtomicBool::new(false),
                    calls: AtomicUsize::new(0),
                    after: OnceLock::new(),
                    asked: Mutex::default(),
                };
                (name.to_owned(), Arc::new(memory))
            })
            .collect();
        let entries = sources
            .iter()
            .map(|(name, memory)| GraphSource {
                name: name.as_str().into(),
                kind: "memory".into(),
                connector: Arc::clone(memory) as Arc<dyn Connector>,
                mapping: None,
                timeout: Duration::from_secs(5),
                limits: raccordo_connector_api::Limits::default(),
            })
            .collect();
        let graph = Graph::new(&catalogue, entries, Arc::new(States::new([])), true).unwrap();
        let trail = Arc::new(MemoryTrail::default());
        let reading = settings(&graph);
        let gateway = Gateway::new(
            Arc::new(graph),
            raccordo_policy::open(true, "127.0.0.1:0".parse().unwrap()).unwrap(),
            Arc::clone(&trail) as Arc<dyn Trail>,
            Arc::new(SealedCursors::draw().unwrap()),
            reading,
            Duration::from_secs(10),
        );
        Self { gateway: Arc::new(gateway), sources, trail }
    }

    /// The same, where answers' data may have so many bytes.
    pub(crate) fn with_answer_bytes(self, bytes: usize) -> Self {
        let gateway = Arc::into_inner(self.gateway).expect("nobody else has it yet");
        Self { gateway: Arc::new(gateway.with_answer_bytes(bytes)), ..self }
    }

    /// Asks, and gives the response.
    pub(crate) fn ask(&self, query: &str) -> Value {
        self.ask_with(query, json!({})).unwrap_or_else(|refusal| refusal.to_json())
    }

    pub(crate) fn ask_with(&self, query: &str, variables: Value) -> Result<Value, Refusal> {
        let Value::Object(variables) = variables else { panic!("variables are an object") };
        self.send(Request { query: query.into(), variables, may_write: true, ..Request::default() })
    }

    pub(crate) fn send(&self, request: Request) -> Result<Value, Refusal> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answered =
            runtime.block_on(self.gateway.answer(&Caller::anonymous(), &"trace".into(), &request))?;
        Ok(serde_json::from_slice(&answered.body).expect("the answer is JSON"))
    }

    /// How often each source was called, and forgets it.
    pub(crate) fn calls(&self) -> BTreeMap<&str, usize> {
        self.sources
            .iter()
            .map(|(name, memory)| (name.as_str(), memory.calls.swap(0, Ordering::Relaxed)))
            .filter(|(_, calls)| *calls > 0)
            .collect()
    }

    pub(crate) fn asked(&self, source: &str) -> Vec<String> {
        std::mem::take(&mut *self.sources[source].asked.lock().unwrap())
    }
}

impl Connector for Memory {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            self.asked_by(fetch).await;
            self.reply(fetch)
        })
    }

    fn fetch_together<'a>(&'a self, fetches: &'a [Fetch]) -> BoxFuture<'a, Vec<Result<Reply, Failure>>> {
        Box::pin(async move {
            if let Some(first) = fetches.first() {
                self.asked_by(first).await;
            }
            fetches.iter().map(|fetch| self.reply(fetch)).collect()
        })
    }

    fn joins(&self) -> bool {
        true
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

impl Memory {
    /// One call.
    async fn asked_by(&self, fetch: &Fetch) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        fetch.meter.call();
        while self.after.get().is_some_and(|other| other.calls.load(Ordering::Relaxed) == 0) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn reply(&self, fetch: &Fetch) -> Result<Reply, Failure> {
        if self.down.load(Ordering::Relaxed) {
            return Err(Failure::unreachable("switched off by the test"));
        }
        let mut errors = Vec::new();
        let answer = Answering { fetch, errors: &mut errors, data: &self.data };
        let (data, text) = answer.answer();
        self.asked.lock().unwrap().push(text);
        let mut response = json!({ "data": data });
        if !errors.is_empty() {
            response["errors"] = Value::Array(errors);
        }
        read_response(response.to_string().into(), &fetch.asked, fetch.representations.len())
    }
}

struct Answering<'a> {
    fetch: &'a Fetch,
    errors: &'a mut Vec<Value>,
    data: &'a Value,
}

impl Answering<'_> {
    fn answer(mut self) -> (Value, String) {
        match &self.fetch.asked.what {
            What::Roots { selection, .. } => {
                let root = self.data[&*selection.type_name].clone();
                (self.object(selection, &root, &Value::Null, &mut Vec::new()), names(selection))
            }
            What::Entities { selection, .. } => {
                let count = self.fetch.representations.len();
                let rows: Vec<Value> = (0..count).map(|row| self.entity(selection, row)).collect();
                (json!({ "_entities": rows }), format!("{} x {}", names(selection), count))
            }
        }
    }

    /// The first record of the representation's type that agrees with it in all fields that the record has.
    fn entity(&mut self, selection: &Selection, row: usize) -> Value {
        let ty = self.fetch.representations.type_of(row).unwrap();
        let given: Map<String, Value> = ty
            .fields
            .iter()
            .map(|name| {
                let json = self.fetch.representations.json(row, name).unwrap();
                (name.to_string(), serde_json::from_slice(json).expect("representations are JSON"))
            })
            .collect();
        let given = Value::Object(given);
        let records = self.data[&*ty.name].as_array().cloned().unwrap_or_default();
        let found = records.into_iter().find(|record| agrees(record, &given));
        match found {
            None => Value::Null,
            Some(mut record) => {
                if record.get("__typename").is_none() {
                    record["__typename"] = json!(&*ty.name);
                }
                self.object(selection, &record, &given, &mut vec![json!("_entities"), json!(row)])
            }
        }
    }

    fn object(
        &mut self,
        selection: &Selection,
        record: &Value,
        given: &Value,
        path: &mut Vec<Value>,
    ) -> Value {
        let type_name = record.get("__typename").and_then(Value::as_str).unwrap_or(&selection.type_name);
        let type_id = self.fetch.asked.types.id(type_name).expect("the type is in the graph");
        let mut out = Map::new();
        for field in selection.fields_of(type_id) {
            if &*field.name == "__typename" {
                out.insert(field.key.to_string(), json!(type_name));
                continue;
            }
            path.push(json!(&*field.key));
            let value = self.field(field, &record[&*field.name], given, path);
            path.pop();
            out.insert(field.key.to_string(), value);
        }
        Value::Object(out)
    }

    fn field(&mut self, field: &Field, value: &Value, given: &Value, path: &mut Vec<Value>) -> Value {
        // `{"$given": "x"}` is a value computed from what the gateway sent; `{"$arguments": true}` tells the arguments;
        // `{"$error": true}` fails.
        if let Some(name) = value.get("$given").and_then(Value::as_str) {
            return given[name].clone();
        }
        if value.get("$arguments").is_some() {
            let arguments: Map<String, Value> = field
                .arguments
                .iter()
                .map(|argument| (argument.name.to_string(), self.fetch.value(argument).to_json()))
                .collect();
            return json!(Value::Object(arguments).to_string());
        }
        if value.get("$error").is_some() {
            self.errors.push(json!({ "message": "secret words of the partner", "path": path }));
            return Value::Null;
        }
        self.shaped(field, value, given, path)
    }

    fn shaped(&mut self, field: &Field, value: &Value, given: &Value, path: &mut Vec<Value>) -> Value {
        match (value, &field.output) {
            (Value::Array(items), Output::Object(_)) => {
                let mut out = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    path.push(json!(index));
                    out.push(self.shaped(field, item, given, path));
                    path.pop();
                }
                Value::Array(out)
            }
            (Value::Object(_), Output::Object(selection)) => self.object(selection, value, given, path),
            (leaf, _) => leaf.clone(),
        }
    }
}

fn agrees(record: &Value, given: &Value) -> bool {
    match (record, given) {
        (Value::Object(record), Value::Object(given)) => {
            given.iter().all(|(name, value)| record.get(name).is_none_or(|own| agrees(own, value)))
        }
        (record, given) => record == given,
    }
}

fn names(selection: &Selection) -> String {
    let fields = selection.fields.iter().filter(|field| &*field.name != "__typename");
    let mut texts: Vec<String> = fields
        .map(|field| match &field.output {
            Output::Leaf(_) => field.name.to_string(),
            Output::Object(below) => format!("{} {}", field.name, names(below)),
        })
        .collect();
    texts.sort();
    format!("{{{}}}", texts.join(" "))
}
