//! Identical fetches under way are one: who shares, who doesn't, and what becomes of the others when one goes away.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use raccordo::cursors::SealedCursors;
use raccordo::graph::{Graph, GraphSource};
use raccordo::operation::Limits;
use raccordo::own::States;
use raccordo::pipeline::Gateway;
use raccordo::request::Request;
use raccordo::trail::Trail;
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{Connector, Failure, Fetch, Reply};
use raccordo_policy::Caller;
use raccordo_schema::catalogue::Catalogue;
use raccordo_schema::compose::{SourceSdl, compose};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::kit::{LINK, MemoryTrail};

/// A source that answers when it is let.
struct Gated {
    calls: AtomicUsize,
    down: AtomicBool,
    gate: Semaphore,
}

impl Connector for Gated {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            fetch.meter.call();
            self.calls.fetch_add(1, Ordering::Relaxed);
            self.gate.acquire().await.unwrap().forget();
            if self.down.load(Ordering::Relaxed) {
                return Err(Failure::unreachable("switched off by the test"));
            }
            let selection = fetch.asked.selection();
            let data: serde_json::Map<String, Value> = selection
                .fields
                .iter()
                .map(|field| {
                    let given =
                        field.arguments.first().map_or(Value::Null, |given| fetch.value(given).to_json());
                    (field.key.to_string(), given)
                })
                .collect();
            read_response(json!({ "data": data }).to_string().into(), &fetch.asked, 1)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

struct Stage {
    gateway: Gateway,
    source: Arc<Gated>,
    trail: Arc<MemoryTrail>,
}

impl Stage {
    /// A gateway over a gated source, its operations prepared.
    async fn new(shared: bool) -> Self {
        let sdl = format!(
            "{LINK}type Query {{ eco(x: String): String }} type Mutation {{ scrivi(x: String): String }}"
        );
        let supergraph = compose(&[SourceSdl { name: "a", url: None, file: "a.graphql", sdl: &sdl }])
            .unwrap_or_else(|_| panic!("it composes"));
        let catalogue = Catalogue::from_supergraph(supergraph.sdl()).unwrap();
        let source = Arc::new(Gated {
            calls: AtomicUsize::new(0),
            down: AtomicBool::new(false),
            gate: Semaphore::new(2),
        });
        let entry = GraphSource {
            name: "a".into(),
            kind: "memory".into(),
            connector: Arc::clone(&source) as Arc<dyn Connector>,
            mapping: None,
            timeout: Duration::from_secs(60),
            limits: raccordo_connector_api::Limits::default(),
        };
        let graph = Graph::new(&catalogue, vec![entry], Arc::new(States::new([])), true).unwrap();
        let trail = Arc::new(MemoryTrail::default());
        let gateway = Gateway::new(
            Arc::new(graph),
            raccordo_policy::open(true, "127.0.0.1:0".parse().unwrap()).unwrap(),
            Arc::clone(&trail) as Arc<dyn Trail>,
            Arc::new(SealedCursors::draw().unwrap()),
            Limits::default(),
            Duration::from_secs(60),
        );
        let gateway = if shared { gateway.sharing(vec![true]) } else { gateway };
        let stage = Self { gateway, source, trail };
        stage.ask(QUERY, "prima").await;
        stage.ask(MUTATION, "prima").await;
        stage.source.calls.store(0, Ordering::Relaxed);
        stage.trail.records.lock().unwrap().clear();
        stage
    }

    async fn ask(&self, query: &str, x: &str) -> Value {
        let Value::Object(variables) = json!({ "x": x }) else { panic!("variables are an object") };
        let request = Request { query: query.into(), variables, may_write: true, ..Request::default() };
        let answered = self.gateway.answer(&Caller::anonymous(), &"trace".into(), &request).await;
        let answered = answered.unwrap_or_else(|_| panic!("it is answered"));
        serde_json::from_slice(&answered.body).unwrap()
    }

    /// Two callers at once; how many calls were under way before any was answered, and both answers.
    async fn two(&self, one: (&str, &str), other: (&str, &str)) -> (usize, Value, Value) {
        let under_way = async {
            let calls = self.source.calls.load(Ordering::Relaxed);
            self.source.gate.add_permits(2);
            calls
        };
        // Polled in this order: both callers wait for the source when the gate opens.
        let (one, other, calls) =
            tokio::join!(biased; self.ask(one.0, one.1), self.ask(other.0, other.1), under_way);
        (calls, one, other)
    }
}

const QUERY: &str = "query($x: String) { eco(x: $x) }";
const MUTATION: &str = "mutation($x: String) { scrivi(x: $x) }";

#[tokio::test]
async fn two_who_ask_the_same_at_once_share_a_call_and_have_a_record_each() {
    let stage = Stage::new(true).await;
    let (calls, one, other) = stage.two((QUERY, "uguale"), (QUERY, "uguale")).await;
    assert_eq!((calls, &one), (1, &json!({ "data": { "eco": "uguale" } })));
    assert_eq!(one, other);
    let records = stage.trail.records.lock().unwrap();
    let asked: Vec<u64> =
        records.iter().flat_map(|record| record.asked.iter().map(|asked| asked.calls)).collect();
    assert_eq!(asked, [1, 1]);
}

#[tokio::test]
async fn other_values_are_other_questions() {
    let stage = Stage::new(true).await;
    let (calls, one, other) = stage.two((QUERY, "uno"), (QUERY, "due")).await;
    assert_eq!((calls, &one["data"]["eco"], &other["data"]["eco"]), (2, &json!("uno"), &json!("due")));
}

#[tokio::test]
async fn nothing_is_shared_until_it_is_configured_and_no_mutation_ever() {
    assert_eq!(Stage::new(false).await.two((QUERY, "x"), (QUERY, "x")).await.0, 2);
    assert_eq!(Stage::new(true).await.two((MUTATION, "x"), (MUTATION, "x")).await.0, 2);
}

#[tokio::test]
async fn nothing_is_kept_once_it_is_answered() {
    let stage = Stage::new(true).await;
    stage.source.gate.add_permits(2);
    stage.ask(QUERY, "x").await;
    stage.ask(QUERY, "x").await;
    assert_eq!(stage.source.calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_failure_is_shared_too() {
    let stage = Stage::new(true).await;
    stage.source.down.store(true, Ordering::Relaxed);
    let (calls, one, other) = stage.two((QUERY, "x"), (QUERY, "x")).await;
    assert_eq!((calls, &one["errors"][0]["extensions"]["code"]), (1, &json!("SOURCE_UNAVAILABLE")));
    assert_eq!(one, other);
}

#[tokio::test]
async fn the_others_have_their_answer_when_the_first_goes_away() {
    let stage = Stage::new(true).await;
    let mut other = pin!(stage.ask(QUERY, "x"));
    {
        let mut first = pin!(stage.ask(QUERY, "x"));
        assert!(futures::poll!(first.as_mut()).is_pending());
        assert!(futures::poll!(other.as_mut()).is_pending());
    }
    stage.source.gate.add_permits(1);
    assert_eq!(other.await, json!({ "data": { "eco": "x" } }));
    assert_eq!(stage.source.calls.load(Ordering::Relaxed), 1);
    // When all of them go, the call goes with them, and the next one begins anew.
    {
        let mut alone = pin!(stage.ask(QUERY, "x"));
        assert!(futures::poll!(alone.as_mut()).is_pending());
    }
    stage.source.gate.add_permits(1);
    stage.ask(QUERY, "x").await;
    assert_eq!(stage.source.calls.load(Ordering::Relaxed), 3);
}
