//! Running: a cleared plan in, an answer out. Each call starts when the calls it waits for are done, and only then.

mod arena;
mod complete;
mod inputs;
mod patience;
mod sharing;
pub mod stream;

use std::sync::Arc;
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use raccordo_connector_api::{
    Cell, Connector, Cursors, Failure, FailureKind, Fetch, MemberCost, Meter, Operation, Origin, Reply,
    Settled, Value, What,
};
use raccordo_policy::{Cleared, Permit};
use rustc_hash::FxHashSet;
use tokio::time::Instant;

use crate::graph::{Graph, GraphSource};
use crate::operation::Introspected;
use crate::plan::{Call, Lookup, Plan, Step};

pub use complete::Answer;
pub use sharing::Flights;

use arena::{Arena, Layouts, ROOT, Target};
use inputs::Rows;
use patience::{Patience, RanOut};

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
    /// Bytes that the answer's data may have.
    pub answer_bytes: usize,
    /// Fetches that other requests make at the same time.
    pub flights: Option<&'a Arc<Flights>>,
}

/// What one call cost, for the trail and for whoever watches.
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
    /// Of a source with members: what each of them cost.
    pub members: Vec<MemberCost>,
    /// How long it took.
    pub took: Duration,
}

/// What came of the questions of one call, in order. Shared by all who asked them together.
type Outcomes = Arc<[Outcome]>;

/// What came of one question.
struct Outcome {
    reply: Result<Settled, Failure>,
    /// Calls, bytes and records.
    cost: (u64, u64, u64),
    members: Vec<MemberCost>,
}

/// A question of a call with the objects that it is for, by step, and the row of each.
struct Part<'p> {
    lookup: &'p Lookup,
    placed: Vec<Vec<(Target, u32)>>,
    keys: usize,
}

/// Calls of a plan that became ready together, made as one.
struct Departure<'p> {
    source: usize,
    calls: Vec<usize>,
    parts: Vec<Part<'p>>,
    fetches: Vec<Fetch>,
}

/// What came of it.
struct Flight<'p> {
    source: usize,
    calls: Vec<usize>,
    parts: Vec<Part<'p>>,
    started: Instant,
    outcomes: Outcomes,
}

impl<'p> Flight<'p> {
    /// The first call's, when the reply to its one question is there.
    fn landed(call: &'p Call, reply: Result<Reply, Failure>) -> Self {
        let one = |lookup| Part { lookup, placed: vec![vec![(ROOT, 0)]], keys: 0 };
        let outcome = Outcome { reply: reply.map(Reply::settled), cost: (0, 0, 0), members: Vec::new() };
        let parts = call.lookups.first().map(one).into_iter().collect();
        let outcomes = [outcome].into();
        Self { source: call.source, calls: vec![0], parts, started: Instant::now(), outcomes }
    }
}

/// Runs a plan.
pub async fn run(plan: &Cleared<Arc<Plan>>, context: Context<'_>) -> (Answer, Vec<StepReport>) {
    drive(plan, context, None).await
}

/// Runs a plan whose first call brought its reply already, as the event of a subscription does, or failed.
async fn drive(
    plan: &Cleared<Arc<Plan>>,
    context: Context<'_>,
    event: Option<Result<Reply, Failure>>,
) -> (Answer, Vec<StepReport>) {
    let (permit, plan) = (plan.permit(), plan.plan());
    let values: Arc<[Value]> = context.values.iter().chain(&plan.constants).cloned().collect();
    let flights = context.flights.filter(|_| is_query(plan));
    let mut arena = Arena::new(plan.width, plan.root_type, Arc::clone(context.graph.concrete()));
    let mut waits: Vec<usize> = plan.calls.iter().map(|call| call.waits).collect();
    let mut ready: Vec<usize> = (0..waits.len()).filter(|index| waits.get(*index) == Some(&0)).collect();
    let mut patience = Patience::of(plan, context.graph, context.deadline);
    let mut under_way = FuturesUnordered::new();
    let mut reports = Vec::with_capacity(plan.calls.len());
    if let (Some(reply), Some(call)) = (event, plan.calls.first()) {
        ready.retain(|index| *index != 0);
        reports.push(land(&context, plan, &Flight::landed(call, reply), &mut arena));
        release(plan, &[0], &mut waits, &mut ready, &mut patience);
    }
    loop {
        for departure in depart(&context, plan, &values, &mut arena, &mut waits, &mut ready, &mut patience) {
            under_way.push(fly(&context, departure, permit, flights));
        }
        let mut flight = match patience.bounds(&mut ready, under_way.next()).await {
            Ok(Some(flight)) => flight,
            Ok(None) => break,
            Err(RanOut) => continue,
        };
        let mut has_yielded = false;
        loop {
            reports.push(land(&context, plan, &flight, &mut arena));
            release(plan, &flight.calls, &mut waits, &mut ready, &mut patience);
            // What came at the same time is taken in before anything is asked: what becomes ready together goes together.
            let next = under_way.next().now_or_never().flatten();
            flight = match next {
                Some(flight) => flight,
                None if !has_yielded && may_be_joined(plan, &waits, &ready) => {
                    has_yielded = true;
                    tokio::task::yield_now().await;
                    match under_way.next().now_or_never().flatten() {
                        Some(flight) => flight,
                        None => break,
                    }
                }
                None => break,
            };
        }
    }
    for (step, target, problem) in arena.take_losses() {
        if let Some(step) = plan.steps.get(step) {
            arena.lose(target, problem, step.asked.selection());
        }
    }
    let told = complete::Told {
        graph: context.graph,
        introspection: &context.introspection,
        most: context.answer_bytes,
    };
    (complete::complete(plan, &arena, told), reports)
}

/// Whether a call that is ready may be joined by one that waits for a single other: worth one look at what else has come by now.
fn may_be_joined(plan: &Plan, waits: &[usize], ready: &[usize]) -> bool {
    let sources: FxHashSet<usize> =
        ready.iter().filter_map(|index| Some(plan.calls.get(*index)?.source)).collect();
    let waiting = plan.calls.iter().zip(waits).filter(|(_, waits)| **waits == 1);
    waiting.into_iter().any(|(call, _)| sources.contains(&call.source))
}

/// Everything that is ready, as calls to be made: one for each source, of those that can go together.
fn depart<'p>(
    context: &Context<'_>,
    plan: &'p Plan,
    values: &Arc<[Value]>,
    arena: &mut Arena,
    waits: &mut [usize],
    ready: &mut Vec<usize>,
    patience: &mut Patience,
) -> Vec<Departure<'p>> {
    let mut departures: Vec<Departure<'p>> = Vec::with_capacity(ready.len());
    loop {
        let Some(index) = ready.pop() else {
            ready.extend(patience.let_go(plan));
            if ready.is_empty() {
                break;
            }
            continue;
        };
        let Some(call) = plan.calls.get(index) else { continue };
        if patience.holds(index, call) {
            continue;
        }
        let (parts, fetches) = prepare(context, plan, call, values, arena);
        if fetches.is_empty() {
            // Nothing is to be asked: no call is made.
            release(plan, &[index], waits, ready, patience);
            continue;
        }
        let together = departures.iter_mut().find(|other| {
            other.source == call.source && of_entities(&other.fetches) && of_entities(&fetches)
        });
        match together {
            Some(departure) => {
                departure.calls.push(index);
                departure.parts.extend(parts);
                departure.fetches.extend(fetches);
            }
            None => departures.push(Departure { source: call.source, calls: vec![index], parts, fetches }),
        }
    }
    departures
}

fn of_entities(fetches: &[Fetch]) -> bool {
    fetches.iter().all(|fetch| matches!(fetch.asked.what, What::Entities { .. }))
}

/// Whether nothing but queries is asked. What a mutation reads afterwards must not be older than what it wrote.
fn is_query(plan: &Plan) -> bool {
    let reads = |step: &Step| match &step.asked.what {
        What::Roots { operation, .. } => *operation == Operation::Query,
        What::Entities { .. } => true,
    };
    plan.steps.iter().all(reads)
}

/// Finds what a call is for: its questions that have something to ask, and what they ask.
fn prepare<'p>(
    context: &Context<'_>,
    plan: &'p Plan,
    call: &'p Call,
    values: &Arc<[Value]>,
    arena: &mut Arena,
) -> (Vec<Part<'p>>, Vec<Fetch>) {
    let (mut parts, mut fetches) = (Vec::with_capacity(call.lookups.len()), Vec::new());
    let Some(source) = context.graph.sources().get(call.source) else { return (parts, fetches) };
    for lookup in &call.lookups {
        let mut rows = Rows::new(&lookup.types);
        let mut placed = Vec::with_capacity(lookup.steps.len());
        for step in lookup.steps.iter().filter_map(|place| plan.steps.get(place.step)) {
            let targets = arena.targets(&step.path);
            placed.push(match &step.entities {
                None => targets.into_iter().map(|target| (target, 0)).collect(),
                Some(entities) => rows.gather(arena, &plan.types, step, entities, targets),
            });
        }
        let first = lookup.steps.first().and_then(|place| plan.steps.get(place.step));
        let Some(step) = first.filter(|_| placed.iter().any(|placed| !placed.is_empty())) else { continue };
        let representations = rows.into_representations();
        parts.push(Part { lookup, placed, keys: representations.len() });
        fetches.push(Fetch {
            asked: Arc::clone(&step.asked),
            values: Arc::clone(values),
            representations,
            deadline: context.deadline.min(Instant::now() + source.timeout),
            limits: source.limits,
            origin: Arc::clone(&context.origin),
            cursors: Arc::clone(&context.cursors),
            meter: Arc::new(Meter::default()),
        });
    }
    (parts, fetches)
}

fn release(
    plan: &Plan,
    calls: &[usize],
    waits: &mut [usize],
    ready: &mut Vec<usize>,
    patience: &mut Patience,
) {
    for child in calls.iter().filter_map(|index| plan.calls.get(*index)).flat_map(|call| &call.then) {
        if let Some(left) = waits.get_mut(*child) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                ready.push(*child);
                plan.calls.get(*child).into_iter().for_each(|call| patience.came(call));
            }
        }
    }
}

async fn fly<'p>(
    context: &Context<'_>,
    departure: Departure<'p>,
    permit: &Arc<Permit>,
    flights: Option<&Arc<Flights>>,
) -> Flight<'p> {
    let started = Instant::now();
    let Departure { source, calls, parts, fetches } = departure;
    let outcomes = match context.graph.sources().get(source) {
        None => [].into(),
        Some(GraphSource { connector, .. }) => match flights.filter(|flights| flights.are_shared(source)) {
            None => ask(connector.as_ref(), fetches).await,
            Some(flights) => {
                let connector = Arc::clone(connector);
                let begin = |fetches| async move { ask(connector.as_ref(), fetches).await };
                share(flights, permit, fetches, begin, context.deadline).await
            }
        },
    };
    Flight { source, calls, parts, started, outcomes }
}

/// Waits for fetches that may be another request's, no longer than this one may.
async fn share<F: Future<Output = Outcomes> + Send + 'static>(
    flights: &Arc<Flights>,
    permit: &Arc<Permit>,
    fetches: Vec<Fetch>,
    begin: impl FnOnce(Vec<Fetch>) -> F,
    deadline: Instant,
) -> Outcomes {
    let count = fetches.len();
    let shared = flights.share(permit, fetches, begin);
    let late = |_| {
        let late = || Failure::timed_out("no answer within the request's time");
        (0..count).map(|_| Outcome { reply: Err(late()), cost: (0, 0, 0), members: Vec::new() }).collect()
    };
    tokio::time::timeout_at(deadline + GRACE, shared).await.unwrap_or_else(late)
}

/// A connector keeps to the deadline by itself; this much later it is cut off all the same.
const GRACE: Duration = Duration::from_millis(100);

/// Asks a source: one question, or several together.
async fn ask(connector: &dyn Connector, fetches: Vec<Fetch>) -> Outcomes {
    let deadline = fetches.iter().map(|fetch| fetch.deadline).min().unwrap_or_else(Instant::now);
    let asked = async {
        match fetches.as_slice() {
            [fetch] => vec![connector.fetch(fetch).await],
            several => connector.fetch_together(several).await,
        }
    };
    let mut replies = tokio::time::timeout_at(deadline + GRACE, asked).await.unwrap_or_default().into_iter();
    let outcome = |fetch: &Fetch| {
        let late = || Err(Failure::timed_out("no answer within the source's time"));
        let reply = replies.next().unwrap_or_else(late).and_then(|reply| complete_rows(fetch, reply));
        Outcome { reply, cost: fetch.meter.read(), members: fetch.meter.take_members() }
    };
    fetches.iter().map(outcome).collect()
}

/// A reply with one row for each representation, or one root.
fn complete_rows(fetch: &Fetch, reply: Reply) -> Result<Settled, Failure> {
    let rows = match &fetch.asked.what {
        What::Roots { .. } => 1,
        What::Entities { .. } => fetch.representations.len(),
    };
    match reply.rows().len() == rows {
        true => Ok(reply.settled()),
        false => Err(Failure::malformed(format!("{rows} rows were asked for, {} came", reply.rows().len()))),
    }
}

/// What went wrong in a call, wholly or in part: that the source wasn't there before anything else.
fn what_failed(outcomes: &[Outcome]) -> Option<FailureKind> {
    let kinds = outcomes.iter().flat_map(|outcome| match &outcome.reply {
        Err(failure) => std::slice::from_ref(failure).iter().map(kind_of).collect::<Vec<_>>(),
        Ok(reply) => reply.problems.iter().map(|problem| kind_of(&problem.failure)).collect(),
    });
    let mut kinds = kinds.peekable();
    let first = kinds.peek().copied();
    let absent = |kind: &FailureKind| matches!(kind, FailureKind::Unreachable | FailureKind::TimedOut);
    kinds.find(absent).or(first)
}

fn kind_of(failure: &Failure) -> FailureKind {
    failure.kind
}

fn land(context: &Context<'_>, plan: &Plan, flight: &Flight<'_>, arena: &mut Arena) -> StepReport {
    let costs = flight.outcomes.iter().map(|outcome| outcome.cost);
    let (calls, bytes, rows) =
        costs.fold((0, 0, 0), |sum, cost| (sum.0 + cost.0, sum.1 + cost.1, sum.2 + cost.2));
    let failure = what_failed(&flight.outcomes);
    let source = context.graph.sources().get(flight.source).map_or("", |source| &source.name);
    // An argument that can't be used says nothing of the source.
    let members: Vec<MemberCost> =
        flight.outcomes.iter().flat_map(|outcome| &outcome.members).cloned().collect();
    if calls > 0 && members.is_empty() {
        context.graph.states().note(source, failure);
    }
    members.iter().filter(|cost| cost.calls > 0).for_each(|cost| {
        context.graph.states().note_member(source, &cost.member, cost.failure);
    });
    for (part, outcome) in flight.parts.iter().zip(flight.outcomes.iter()) {
        match &outcome.reply {
            Ok(reply) => {
                reply.problems.iter().for_each(|problem| log(context, source, &problem.failure, "in part"));
                take(plan, flight.source, part, reply, arena);
            }
            Err(failure) => {
                // An argument that can't be used is the caller's, who is told.
                if failure.kind != FailureKind::BadInput {
                    log(context, source, failure, "whole");
                }
                lose(plan, flight.source, part, failure, arena);
            }
        }
    }
    let keys = flight.parts.iter().map(|part| part.keys).sum();
    StepReport {
        source: flight.source,
        calls,
        bytes,
        rows,
        keys,
        failure,
        members,
        took: flight.started.elapsed(),
    }
}

fn log(context: &Context<'_>, source: &str, failure: &Failure, how_far: &str) {
    let (Failure { kind, detail, .. }, trace) = (failure, context.origin.trace.as_deref());
    tracing::warn!(target: "raccordo::source", source, trace, %kind, %detail, how_far, "a source failed");
}

/// Puts a reply where each step of its question wants it.
fn take(plan: &Plan, source: usize, part: &Part<'_>, reply: &Settled, arena: &mut Arena) {
    let mut steps = part.lookup.steps.iter().zip(&part.placed).filter_map(|(place, placed)| {
        let step = plan.steps.get(place.step)?;
        Some((place, step.asked.selection(), placed))
    });
    let Some((_, from, _)) = steps.clone().next() else { return };
    let moved = arena.absorb(source, reply, from);
    let mut given = vec![false; reply.rows.len()];
    let is_null_whole = part.lookup.types.is_empty() && matches!(reply.rows.first(), Some(Cell::Null));
    steps.by_ref().for_each(|(place, to, placed)| {
        let (step, same, apart) = (place.step, place.is_same_layout, place.is_written_below);
        let layouts = Layouts { from, to, step, same, apart };
        arena.put_rows(reply, &moved, layouts, source, placed, &mut given);
        // `data` as a whole is null, for the reason that the reply gives.
        if is_null_whole && !reply.problems.is_empty() {
            let problem = moved.first_problem();
            placed.iter().for_each(|(target, _)| arena.lose_step(step, *target, problem, to));
        }
    });
}

/// A question failed whole: what it would have brought is lost, for one reason.
fn lose(plan: &Plan, source: usize, part: &Part<'_>, failure: &Failure, arena: &mut Arena) {
    let problem = arena.problem(source, failure);
    for (place, placed) in part.lookup.steps.iter().zip(&part.placed) {
        let Some(step) = plan.steps.get(place.step) else { continue };
        placed
            .iter()
            .for_each(|(target, _)| arena.lose_step(place.step, *target, problem, step.asked.selection()));
    }
}
