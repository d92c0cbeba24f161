//! The story of one request: read, decide, plan, clear, run, record, answer. Each stage takes only what the one before it makes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use moka::future::Cache;
use raccordo_connector_api::{Cursors, Origin};
use raccordo_policy::{Caller, PermitClass, Permitted, Policy};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::code::Code;
use crate::graph::Graph;
use crate::operation::{self, Limits, Operation, Valid};
use crate::plan::{self, Plan, PlanError};
use crate::request::{Refusal, Request};
use crate::run::{self, Answer, Context, StepReport};
use crate::trail::{Asked, Record, Trail, TrailError};

/// What all prepared operations together may weigh, in bytes, roughly.
const PREPARED: u64 = 256 * 1024 * 1024;
/// What a prepared operation is taken to weigh: for each byte of its text, and besides.
const WEIGHT: (u32, u32) = (64, 4096);
/// How long planning one operation may take.
const PLANNING: Duration = Duration::from_secs(5);
/// How many operations are planned at a time.
const PLANNERS: usize = 2;

/// A gateway: a graph, a policy, a trail.
pub struct Gateway {
    graph: Arc<Graph>,
    policy: Policy,
    trail: Arc<dyn Trail>,
    cursors: Arc<dyn Cursors>,
    limits: Limits,
    timeout: Duration,
    prepared: Cache<(PermitClass, Arc<str>), Arc<Plan>>,
    planners: Arc<Semaphore>,
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
    /// A gateway over a graph. `timeout` bounds a request from its arrival to its answer.
    pub fn new(
        graph: Arc<Graph>,
        policy: Policy,
        trail: Arc<dyn Trail>,
        cursors: Arc<dyn Cursors>,
        limits: Limits,
        timeout: Duration,
    ) -> Self {
        let prepared = Cache::builder()
            .weigher(|(_, text): &(PermitClass, Arc<str>), _| {
                (text.len() as u32).saturating_mul(WEIGHT.0).saturating_add(WEIGHT.1)
            })
            .max_capacity(PREPARED)
            .build();
        Self {
            graph,
            policy,
            trail,
            cursors,
            limits,
            timeout,
            prepared,
            planners: Arc::new(Semaphore::new(PLANNERS)),
        }
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
        let operation = operation::read(&self.graph, &self.limits, request)?;
        record.read(&operation);
        let permitted = self.policy.decide(caller, Arc::new(operation));
        record.permitted(&permitted);
        let plan = self.plan(&permitted, &record.trace).await?;
        let cleared = self.policy.clear(permitted.permit(), plan);
        let context = self.context(permitted.operation(), caller, &record.trace, deadline);
        let (answer, reports) = run::run(&cleared, context).await;
        record.ran(&self.graph, &reports);
        Ok(answer)
    }

    /// The prepared plan of an operation. Requests for one that isn't prepared yet wait for one preparation.
    async fn plan(
        &self,
        permitted: &Permitted<Arc<Valid<Operation>>>,
        trace: &Arc<str>,
    ) -> Result<Arc<Plan>, Refusal> {
        let operation = permitted.operation();
        let key = (permitted.permit().class().clone(), Arc::clone(&operation.text));
        let prepared = self.prepared.try_get_with(key, self.prepare(Arc::clone(operation))).await;
        prepared.map_err(|error| match &*error {
            PlanError::TooLong => Refusal::new(
                Code::PLANNING_LIMIT_EXCEEDED,
                "the operation can't be planned in the time that is allowed; ask for less at once",
            ),
            error => fault(trace, error),
        })
    }

    async fn prepare(&self, operation: Arc<Valid<Operation>>) -> Result<Arc<Plan>, PlanError> {
        let graph = Arc::clone(&self.graph);
        let closed = |_| PlanError::Ended;
        let turn = tokio::time::timeout(PLANNING, Arc::clone(&self.planners).acquire_owned());
        let turn = turn.await.map_err(|_| PlanError::TooLong)?.map_err(closed)?;
        let planning = tokio::task::spawn_blocking(move || {
            // Held until the thread is free again, however long the planner takes.
            let _turn = turn;
            plan::prepare(&graph, &operation, &[], PLANNING).map(Arc::new)
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
        let origin = Origin {
            organisation: caller.organisation().cloned(),
            purpose: None,
            trace: Some(Arc::clone(trace)),
        };
        Context {
            graph: &self.graph,
            values: operation.values.clone(),
            introspection: operation.introspection.clone(),
            origin: Arc::new(origin),
            cursors: Arc::clone(&self.cursors),
            deadline,
        }
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
            asked: Vec::new(),
            codes: Vec::new(),
            refused: false,
            abandoned: false,
            took: Duration::ZERO,
        }
    }

    fn read(&mut self, operation: &Operation) {
        let digest = Sha256::digest(operation.text.as_bytes());
        self.operation = Some(digest.iter().map(|byte| format!("{byte:02x}")).collect());
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
                Some(Asked::new(name, report.calls, report.keys, report.rows, report.failure))
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
    }
}
