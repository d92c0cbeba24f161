//! The story of one request: read, decide, plan, clear, run, record, answer. Each stage takes only what the one before it makes.
//! A subscription's story begins in the same way; `pipeline/stream.rs` tells how it goes on.

mod stream;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use moka::future::Cache;
use raccordo_connector_api::{Cursors, Operation as Root, Origin};
use raccordo_policy::{Caller, Cleared, PermitClass, Permitted, Policy};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::code::Code;
use crate::graph::Graph;
use crate::known::{Known, Read, Text};
use crate::operation::{self, Examined, Operation, Settings, Valid};
use crate::plan::{self, Active, Labels, Plan, PlanError};
use crate::request::{Cost, Refusal, Request};
use crate::run::{self, Answer, Context, Flights, StepReport};
use crate::trail::{Asked, Record, Trail, TrailError};

use stream::Streams;
pub use stream::{Answers, Told};

/// What all prepared operations together may weigh, in bytes, roughly.
const PREPARED: u64 = 256 * 1024 * 1024;
/// What a prepared operation is taken to weigh: for each byte of its text, and besides.
const WEIGHT: (u32, u32) = (64, 4096);
/// How long planning one operation may take.
const PLANNING: Duration = Duration::from_secs(5);
/// Bytes of data that an answer may have, unless it is said.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// How many operations are planned at a time.
const PLANNERS: usize = 2;

/// A gateway: a graph, a policy, a trail.
pub struct Gateway {
    graph: Arc<Graph>,
    policy: Policy,
    trail: Arc<dyn Trail>,
    cursors: Arc<dyn Cursors>,
    reading: Settings,
    timeout: Duration,
    answer_bytes: usize,
    labels: Labels,
    prepared: Cache<(PermitClass, Arc<str>, Active), Arc<Plan>>,
    planners: Arc<Semaphore>,
    streams: Streams,
    flights: Option<Arc<Flights>>,
    known: Option<Known>,
}

/// What leaves.
#[derive(Debug)]
pub struct Answered {
    /// The whole response: `data`, and `errors` where there are any.
    pub body: Vec<u8>,
    /// The codes of its errors.
    pub codes: Vec<Code>,
}

impl Gateway {
    /// A gateway over a graph. `reading` says how requests are read; limits alone will do. `timeout` bounds a request from its arrival to its answer.
    pub fn new(
        graph: Arc<Graph>,
        policy: Policy,
        trail: Arc<dyn Trail>,
        cursors: Arc<dyn Cursors>,
        reading: impl Into<Settings>,
        timeout: Duration,
    ) -> Self {
        let prepared = Cache::builder()
            .weigher(|(_, text, _): &(PermitClass, Arc<str>, Active), _| {
                (text.len() as u32).saturating_mul(WEIGHT.0).saturating_add(WEIGHT.1)
            })
            .max_capacity(PREPARED)
            .build();
        let streams = Streams::of(&graph);
        let labels = Labels::new(graph.labels());
        Self {
            graph,
            policy,
            trail,
            cursors,
            reading: reading.into(),
            timeout,
            answer_bytes: ANSWER_BYTES,
            labels,
            prepared,
            planners: Arc::new(Semaphore::new(PLANNERS)),
            streams,
            flights: None,
            known: Known::draw(),
        }
    }

    /// The same, where identical fetches that are under way for several requests of one permit are made once. `shared` says it of each
    /// source, by its index in the graph.
    #[must_use]
    pub fn sharing(self, shared: impl Into<Box<[bool]>>) -> Self {
        Self { flights: Some(Arc::new(Flights::new(shared))), ..self }
    }

    /// With so many bytes of data that an answer may have, instead of 64 MiB.
    #[must_use]
    pub fn with_answer_bytes(self, answer_bytes: usize) -> Self {
        Self { answer_bytes, ..self }
    }

    /// The graph that is served.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Answers a request, or refuses it whole. Either way the trail has its record first; without the record there is no answer.
    /// A request whose caller went away has a record too.
    ///
    /// # Errors
    /// [`Refusal`]: safe to tell.
    pub async fn answer(
        &self,
        caller: &Caller,
        trace: &Arc<str>,
        request: &Request,
    ) -> Result<Answered, Refusal> {
        let mut open = OpenRecord { record: Some(Record::open(trace, caller)), trail: self.trail.as_ref() };
        let told = match &mut open.record {
            Some(record) => self.told(caller, request, record).await,
            None => Err(fault(trace, &TrailError("the record was closed before its request".into()))),
        };
        open.close(&told).map_err(|error| fault(trace, &error))?;
        told.map(|answer| Answered { body: answer.body, codes: answer.codes })
    }

    async fn told(&self, caller: &Caller, request: &Request, record: &mut Record) -> Result<Answer, Refusal> {
        let deadline = Instant::now() + self.timeout;
        let Read { operation, digest } = self.read(request)?;
        record.read(&operation, digest);
        match operation.root {
            Root::Subscription => Err(stream::not_once()),
            Root::Query | Root::Mutation => self.once(caller, operation, record, deadline).await,
        }
    }

    /// The operation of a request. A text that is known isn't examined again.
    fn read(&self, request: &Request) -> Result<Read, Refusal> {
        let resolved = operation::resolve(&self.reading, request)?;
        let known = self.known.as_ref().and_then(|known| Some((known, known.digest(&resolved, request)?)));
        match known.as_ref().and_then(|(known, digest)| known.find(digest)) {
            Some(Text::Operation(read)) if request.may_write || read.operation.root == Root::Query => {
                Ok(read)
            }
            Some(Text::Document(examined)) => self.finish(&examined, request),
            _ => {
                let examined = operation::examine(&self.graph, &self.reading, &resolved, request)?;
                let read = self.finish(&examined, request)?;
                if let Some((known, digest)) = known {
                    known.keep(digest, Text::of(examined, &read), resolved.text().len());
                }
                Ok(read)
            }
        }
    }

    fn finish(&self, examined: &Examined, request: &Request) -> Result<Read, Refusal> {
        operation::finish(&self.graph, &self.reading, examined, request).map(Read::new)
    }

    /// An operation with one answer.
    async fn once(
        &self,
        caller: &Caller,
        operation: Arc<Valid<Operation>>,
        record: &mut Record,
        deadline: Instant,
    ) -> Result<Answer, Refusal> {
        let (permitted, cleared) = self.clear(caller, operation, record).await?;
        let context = self.context(permitted.operation(), caller, &record.trace, deadline);
        let (mut answer, reports) = run::run(&cleared, context).await;
        if let Some(cost) = permitted.operation().cost.filter(|_| self.reading.cost.report) {
            tell_cost(&mut answer.body, cost);
        }
        record.ran(&self.graph, &reports);
        Ok(answer)
    }

    /// Decides on an operation, plans what is permitted, and decides on the plan.
    async fn clear(
        &self,
        caller: &Caller,
        operation: Arc<Valid<Operation>>,
        record: &mut Record,
    ) -> Result<(Permitted<Arc<Valid<Operation>>>, Cleared<Arc<Plan>>), Refusal> {
        let permitted = self.policy.decide(caller, operation);
        record.permitted(&permitted);
        let plan = self.plan(&permitted, &record.trace).await?;
        let cleared = self.policy.clear(permitted.permit(), plan);
        Ok((permitted, cleared))
    }

    /// The prepared plan of an operation. Requests for one that isn't prepared yet wait for one preparation.
    async fn plan(
        &self,
        permitted: &Permitted<Arc<Valid<Operation>>>,
        trace: &Arc<str>,
    ) -> Result<Arc<Plan>, Refusal> {
        let operation = permitted.operation();
        let active = self.labels.draw();
        let key = (permitted.permit().class().clone(), Arc::clone(&operation.text), Arc::clone(&active));
        let prepared = self.prepared.try_get_with(key, self.prepare(Arc::clone(operation), active)).await;
        prepared.map_err(|error| match &*error {
            PlanError::TooLong => Refusal::new(
                Code::PLANNING_LIMIT_EXCEEDED,
                "the operation can't be planned in the time that is allowed; ask for less at once",
            ),
            error => fault(trace, error),
        })
    }

    async fn prepare(
        &self,
        operation: Arc<Valid<Operation>>,
        active: Active,
    ) -> Result<Arc<Plan>, PlanError> {
        let graph = Arc::clone(&self.graph);
        let closed = |_| PlanError::Ended;
        let turn = tokio::time::timeout(PLANNING, Arc::clone(&self.planners).acquire_owned());
        let turn = turn.await.map_err(|_| PlanError::TooLong)?.map_err(closed)?;
        let planning = tokio::task::spawn_blocking(move || {
            // Held until the thread is free again, however long the planner takes.
            let _turn = turn;
            plan::prepare(&graph, &operation, &active, PLANNING).map(Arc::new)
        });
        match tokio::time::timeout(PLANNING + Duration::from_millis(200), planning).await {
            Err(_) => Err(PlanError::TooLong),
            Ok(Err(_)) => Err(PlanError::Ended),
            Ok(Ok(planned)) => planned,
        }
    }

    fn context(
        &self,
        operation: &Operation,
        caller: &Caller,
        trace: &Arc<str>,
        deadline: Instant,
    ) -> Context<'_> {
        Context {
            graph: &self.graph,
            values: operation.values.clone(),
            introspection: operation.introspection.clone(),
            origin: Arc::new(origin(caller, trace)),
            cursors: Arc::clone(&self.cursors),
            deadline,
            answer_bytes: self.answer_bytes,
            flights: self.flights.as_ref(),
        }
    }
}

/// Who asks, as far as a partner may be told.
fn origin(caller: &Caller, trace: &Arc<str>) -> Origin {
    Origin { organisation: caller.organisation().cloned(), purpose: None, trace: Some(Arc::clone(trace)) }
}

/// Adds `extensions.cost` to a response: an object, which its last byte closes.
fn tell_cost(body: &mut Vec<u8>, cost: Cost) {
    if body.last() == Some(&b'}') {
        body.pop();
        body.extend_from_slice(format!(r#","extensions":{{"cost":{}}}}}"#, cost.to_json()).as_bytes());
    }
}

/// A fault of ours: logged, and told only by the id it is logged under.
fn fault(trace: &Arc<str>, error: &dyn std::error::Error) -> Refusal {
    tracing::error!(target: "raccordo::fault", fault = %trace, %error, "a request failed by a fault of the gateway");
    let mut refusal = Refusal::new(
        Code::INTERNAL_SERVER_ERROR,
        "a fault of the gateway; its operator finds it under the id in `extensions.fault`",
    );
    if let Some(first) = refusal.errors.first_mut() {
        first.fault = Some(trace.to_string());
    }
    refusal
}

/// A record that is written whatever becomes of its request.
struct OpenRecord<'t> {
    record: Option<Record>,
    trail: &'t dyn Trail,
}

impl OpenRecord<'_> {
    fn close(mut self, told: &Result<Answer, Refusal>) -> Result<(), TrailError> {
        match self.record.take() {
            Some(mut record) => {
                record.close(told);
                self.trail.record(&record)
            }
            None => Ok(()),
        }
    }
}

impl Drop for OpenRecord<'_> {
    fn drop(&mut self) {
        let Some(mut record) = self.record.take() else { return };
        record.abandoned = true;
        record.took = record.at.elapsed().unwrap_or_default();
        if let Err(error) = self.trail.record(&record) {
            let _told_by_the_log = fault(&record.trace, &error);
        }
    }
}

impl Record {
    fn open(trace: &Arc<str>, caller: &Caller) -> Self {
        Self {
            at: SystemTime::now(),
            trace: Arc::clone(trace),
            organisation: caller.organisation().cloned(),
            permit: None,
            operation: None,
            name: None,
            cost: None,
            asked: Vec::new(),
            codes: Vec::new(),
            refused: false,
            streamed: None,
            abandoned: false,
            took: Duration::ZERO,
        }
    }

    fn read(&mut self, operation: &Operation, digest: Arc<str>) {
        self.operation = Some(digest);
        self.name = operation.name.clone();
        self.cost = operation.cost.map(|cost| cost.estimated);
    }

    fn permitted<T>(&mut self, permitted: &Permitted<T>) {
        self.permit = Some(Arc::clone(&permitted.permit().class().decisions));
    }

    fn ran(&mut self, graph: &Graph, reports: &[StepReport]) {
        self.asked = reports
            .iter()
            .filter_map(|report| {
                let source = graph.sources().get(report.source)?;
                let name = Arc::clone(&source.name);
                let asked = Asked::new(name, report.calls, report.keys, report.rows, report.failure);
                Some(asked.with_members(&report.members))
            })
            .collect();
    }

    fn close(&mut self, told: &Result<Answer, Refusal>) {
        self.took = self.at.elapsed().unwrap_or_default();
        self.refused = told.is_err();
        self.codes = match told {
            Ok(answer) => answer.codes.iter().map(|code| code.name).collect(),
            Err(refusal) => refusal.errors.iter().map(|error| error.code.name).collect(),
        };
        let refused = told.as_ref().err().and_then(|refusal| refusal.errors.first()?.cost);
        self.cost = self.cost.or(refused.map(|cost| cost.estimated));
    }
}
