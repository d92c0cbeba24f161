//! Running: a cleared plan in, an answer out. Each step starts when the steps it waits for are done, and only then.

mod arena;
mod complete;
mod inputs;
pub mod stream;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use raccordo_connector_api::{
    Cursors, Failure, FailureKind, Fetch, Meter, Origin, Reply, Representations, TypeNames, Value,
};
use raccordo_policy::Cleared;
use tokio::time::Instant;

use crate::graph::{Graph, GraphSource};
use crate::operation::Introspected;
use crate::plan::{Plan, Step};

pub use complete::Answer;

use arena::{Arena, ROOT, Target};

/// What a run needs beside its plan.
pub struct Context<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// The request's values, in the order of its variables.
    pub values: Vec<Value>,
    /// Answers to introspection.
    pub introspection: Introspected,
    /// Who asks.
    pub origin: Arc<Origin>,
    /// Seals cursors.
    pub cursors: Arc<dyn Cursors>,
    /// When the caller stops waiting.
    pub deadline: Instant,
}

/// What one step cost, for the trail and for whoever watches.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// Index of the source in the graph.
    pub source: usize,
    /// Calls made.
    pub calls: u64,
    /// Bytes that came.
    pub bytes: u64,
    /// Records read.
    pub rows: u64,
    /// Entities asked for; none for root fields.
    pub keys: usize,
    /// What went wrong, wholly or in part.
    pub failure: Option<FailureKind>,
    /// How long it took.
    pub took: Duration,
}

/// A step under way.
struct Flight {
    index: usize,
    targets: Vec<(Target, u32)>,
    meter: Arc<Meter>,
    keys: usize,
    started: Instant,
    outcome: Result<Reply, Failure>,
}

impl Flight {
    /// The first step's, when its reply is there.
    fn landed(outcome: Result<Reply, Failure>) -> Self {
        let (meter, started) = (Arc::default(), Instant::now());
        Self { index: 0, targets: vec![(ROOT, 0)], meter, keys: 0, started, outcome }
    }
}

/// Runs a plan.
pub async fn run(plan: &Cleared<Arc<Plan>>, context: Context<'_>) -> (Answer, Vec<StepReport>) {
    drive(plan, context, None).await
}

/// Runs a plan whose first step brought its reply already, as the event of a subscription does, or failed.
async fn drive(
    plan: &Cleared<Arc<Plan>>,
    context: Context<'_>,
    event: Option<Result<Reply, Failure>>,
) -> (Answer, Vec<StepReport>) {
    let plan = plan.plan();
    let mut values = context.values.clone();
    values.extend(plan.constants.iter().cloned());
    let values: Arc<[Value]> = values.into();
    let mut arena = Arena::new(plan.width, plan.root_type, Arc::clone(context.graph.concrete()));
    let mut waits: Vec<usize> = plan.steps.iter().map(|step| step.waits).collect();
    let mut ready: Vec<usize> = (0..plan.steps.len()).filter(|index| waits.get(*index) == Some(&0)).collect();
    let mut flights = FuturesUnordered::new();
    let mut reports = Vec::with_capacity(plan.steps.len());
    if let (Some(outcome), Some(step)) = (event, plan.steps.first()) {
        ready.retain(|index| *index != 0);
        reports.push(land(&context, step, Flight::landed(outcome), &mut arena));
        release(plan, step, &mut waits, &mut ready);
    }
    loop {
        while let Some(index) = ready.pop() {
            let Some(step) = plan.steps.get(index) else { continue };
            match prepare(&plan.types, step, &mut arena) {
                Some((representations, targets)) => {
                    flights.push(fly(&context, step, index, representations, targets, &values));
                }
                None => release(plan, step, &mut waits, &mut ready),
            }
        }
        let Some(flight) = flights.next().await else { break };
        let Some(step) = plan.steps.get(flight.index) else { continue };
        reports.push(land(&context, step, flight, &mut arena));
        release(plan, step, &mut waits, &mut ready);
    }
    (complete::complete(plan, &arena, context.graph, &context.introspection), reports)
}

/// Finds what a step is for. `None` when that is nothing: no call is made then.
fn prepare(
    types: &TypeNames,
    step: &Step,
    arena: &mut Arena,
) -> Option<(Representations, Vec<(Target, u32)>)> {
    let targets = arena.targets(&step.path);
    let made = match &step.entities {
        None => (Representations::default(), targets.into_iter().map(|target| (target, 0)).collect()),
        Some(entities) => inputs::represent(arena, types, step, entities, targets),
    };
    (!made.1.is_empty()).then_some(made)
}

fn release(plan: &Plan, step: &Step, waits: &mut [usize], ready: &mut Vec<usize>) {
    for child in step.then.iter().filter(|child| **child < plan.steps.len()) {
        if let Some(left) = waits.get_mut(*child) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                ready.push(*child);
            }
        }
    }
}

async fn fly(
    context: &Context<'_>,
    step: &Step,
    index: usize,
    representations: Representations,
    targets: Vec<(Target, u32)>,
    values: &Arc<[Value]>,
) -> Flight {
    let started = Instant::now();
    let meter = Arc::new(Meter::default());
    let keys = representations.len();
    let outcome = match context.graph.sources().get(step.source) {
        Some(source) => ask(context, source, step, representations, values, &meter).await,
        None => Err(Failure::internal("a step without a source")),
    };
    Flight { index, targets, meter, keys, started, outcome }
}

async fn ask(
    context: &Context<'_>,
    source: &GraphSource,
    step: &Step,
    representations: Representations,
    values: &Arc<[Value]>,
    meter: &Arc<Meter>,
) -> Result<Reply, Failure> {
    let deadline = context.deadline.min(Instant::now() + source.timeout);
    let rows = if step.entities.is_some() { representations.len() } else { 1 };
    let fetch = Fetch {
        asked: Arc::clone(&step.asked),
        values: Arc::clone(values),
        representations,
        deadline,
        limits: source.limits,
        origin: Arc::clone(&context.origin),
        cursors: Arc::clone(&context.cursors),
        meter: Arc::clone(meter),
    };
    // A connector keeps to the deadline by itself; this is for one that doesn't.
    let grace = deadline + Duration::from_millis(100);
    let reply = tokio::time::timeout_at(grace, source.connector.fetch(&fetch))
        .await
        .unwrap_or_else(|_| Err(Failure::timed_out("no answer within the source's time")))?;
    match reply.rows().len() == rows {
        true => Ok(reply),
        false => Err(Failure::malformed(format!("{rows} rows were asked for, {} came", reply.rows().len()))),
    }
}

/// What went wrong in a fetch, wholly or in part: that the source wasn't there before anything else.
fn what_failed(outcome: &Result<Reply, Failure>) -> Option<FailureKind> {
    let problems = match outcome {
        Err(failure) => return Some(failure.kind),
        Ok(reply) => reply.problems(),
    };
    let mut kinds = problems.iter().map(|problem| problem.failure.kind);
    let absent = |kind: &FailureKind| matches!(kind, FailureKind::Unreachable | FailureKind::TimedOut);
    kinds.clone().find(absent).or_else(|| kinds.next())
}

fn land(context: &Context<'_>, step: &Step, flight: Flight, arena: &mut Arena) -> StepReport {
    let (calls, bytes, rows) = flight.meter.read();
    let failure = what_failed(&flight.outcome);
    let graph = context.graph;
    let source = graph.sources().get(step.source).map_or("", |source| &source.name);
    // An argument that can't be used says nothing of the source.
    if calls > 0 {
        graph.states().note(source, failure);
    }
    let trace = context.origin.trace.as_deref();
    match flight.outcome {
        Ok(reply) => {
            for Failure { kind, detail, .. } in reply.problems().iter().map(|problem| &problem.failure) {
                tracing::warn!(target: "raccordo::source", source, trace, %kind, %detail, "a source failed in part");
            }
            arena.absorb(step, reply, &flight.targets);
        }
        Err(failure) => {
            let Failure { kind, detail, .. } = &failure;
            // An argument that can't be used is the caller's, who is told.
            if *kind != FailureKind::BadInput {
                tracing::warn!(target: "raccordo::source", source, trace, %kind, %detail, "a source failed");
            }
            arena.fail(step, failure, &flight.targets);
        }
    }
    StepReport {
        source: step.source,
        calls,
        bytes,
        rows,
        keys: flight.keys,
        failure,
        took: flight.started.elapsed(),
    }
}
