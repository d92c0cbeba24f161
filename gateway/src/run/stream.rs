//! Running a subscription: a cleared plan in; for each event of its source an answer out, its other fields asked as a query's are.
//!
//! The source is read at its own pace into a queue with bounds, so that a slow client costs no more than these; the events in it are
//! run one after another, when the client takes them. Dropping the [`Stream`] closes the source's, at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use raccordo_connector_api::{
    Cursors, Events, Failure, FailureKind, Fetch, Meter, Origin, Reply, Representations, Value,
};
use raccordo_policy::Cleared;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::Instant;

use super::{Answer, Context, StepReport, complete, drive};
use crate::graph::{Graph, GraphSource};
use crate::plan::{Plan, Step};

/// What all waiting events of one subscription may hold together; one event alone may have more.
const WAITING_BYTES: usize = 8 * 1024 * 1024;

/// What a subscription needs beside its plan. It outlives its request, so all of it is its own.
pub struct Lasting {
    /// The graph.
    pub graph: Arc<Graph>,
    /// The request's values, in the order of its variables.
    pub values: Vec<Value>,
    /// Who asks.
    pub origin: Arc<Origin>,
    /// Seals cursors.
    pub cursors: Arc<dyn Cursors>,
    /// How long opening may take, and each event.
    pub timeout: Duration,
    /// Bytes of data that an event's answer may have.
    pub answer_bytes: usize,
    /// Events that may wait for the client.
    pub waiting: usize,
}

/// Why there is no subscription.
#[derive(Debug)]
pub struct NotOpened {
    /// Why.
    pub failure: Failure,
    /// What the caller is told of it.
    pub message: String,
}

/// What a stream brings.
pub enum Happened {
    /// An event, answered.
    Event(Answer, Vec<StepReport>),
    /// The source's stream broke, with what the caller is told. Nothing follows.
    Broken(FailureKind, String),
    /// Too many events waited for the client. Nothing follows.
    TooSlow,
}

/// A subscription under way.
pub struct Stream {
    plan: Cleared<Arc<Plan>>,
    lasting: Lasting,
    source: usize,
    meter: Arc<Meter>,
    queue: Receiver<Result<Reply, Failure>>,
    state: Arc<State>,
    is_over: bool,
}

/// What the queue's two ends share.
#[derive(Default)]
struct State {
    bytes: AtomicUsize,
    too_slow: AtomicBool,
}

/// Opens a subscription: its plan's first step, as a stream.
///
/// # Errors
/// [`NotOpened`].
pub async fn open(plan: &Cleared<Arc<Plan>>, lasting: Lasting) -> Result<Stream, NotOpened> {
    let meter = Arc::new(Meter::default());
    let step = plan.plan().steps.first().filter(|step| step.entities.is_none());
    let of_graph = step.and_then(|step| Some((step, lasting.graph.sources().get(step.source)?)));
    let Some((step, source)) = of_graph else {
        return Err(not_opened(Failure::internal("a subscription without a source"), "?"));
    };
    let opened = ask(&lasting, plan.plan(), step, source, &meter).await;
    let failure = opened.as_ref().err().map(|failure| failure.kind);
    lasting.graph.states().note(&source.name, failure);
    let events = opened.map_err(|failure| {
        let Failure { kind, detail, .. } = &failure;
        let (name, trace) = (&*source.name, lasting.origin.trace.as_deref());
        tracing::warn!(target: "raccordo::source", source = name, trace, %kind, %detail, "a subscription can't be opened");
        not_opened(failure, name)
    })?;
    let (sender, queue) = mpsc::channel(lasting.waiting.max(1));
    let state = Arc::new(State::default());
    tokio::spawn(pump(events, sender, Arc::clone(&state)));
    let (plan, source) = (plan.clone(), step.source);
    Ok(Stream { plan, lasting, source, meter, queue, state, is_over: false })
}

fn not_opened(failure: Failure, source: &str) -> NotOpened {
    NotOpened { message: complete::message(&failure, Some(source)), failure }
}

async fn ask(
    lasting: &Lasting,
    plan: &Plan,
    step: &Step,
    source: &GraphSource,
    meter: &Arc<Meter>,
) -> Result<Events, Failure> {
    let deadline = Instant::now() + lasting.timeout.min(source.timeout);
    let fetch = Fetch {
        asked: Arc::clone(&step.asked),
        values: lasting.values.iter().chain(&plan.constants).cloned().collect(),
        representations: Representations::default(),
        deadline,
        limits: source.limits,
        origin: Arc::clone(&lasting.origin),
        cursors: Arc::clone(&lasting.cursors),
        meter: Arc::clone(meter),
    };
    // As of a fetch: a connector keeps to the deadline by itself, this is for one that doesn't.
    let grace = deadline + Duration::from_millis(100);
    tokio::time::timeout_at(grace, source.connector.subscribe(&fetch))
        .await
        .unwrap_or_else(|_| Err(Failure::timed_out("no subscription within the source's time")))
}

/// Moves events from the source to the queue until one of the two ends, or the queue is full.
async fn pump(mut events: Events, queue: Sender<Result<Reply, Failure>>, state: Arc<State>) {
    loop {
        let event = tokio::select! {
            biased;
            () = queue.closed() => return,
            event = events.next() => event,
        };
        let Some(event) = event else { return };
        let bytes = event.as_ref().map_or(0, Reply::bytes);
        let waiting = state.bytes.fetch_add(bytes, Ordering::AcqRel);
        let too_many = waiting > 0 && waiting.saturating_add(bytes) > WAITING_BYTES;
        if too_many || queue.try_send(event).is_err() {
            state.too_slow.store(true, Ordering::Release);
            return;
        }
    }
}

impl Stream {
    /// What happens next; none when the source has said that nothing follows. May be dropped before it completes: the event that was
    /// being answered is lost then, no other.
    pub async fn next(&mut self) -> Option<Happened> {
        if self.is_over {
            return None;
        }
        let event = self.queue.recv().await;
        match event {
            Some(Ok(reply)) => {
                self.state.bytes.fetch_sub(reply.bytes(), Ordering::AcqRel);
                Some(self.answer(reply).await)
            }
            Some(Err(failure)) => {
                self.is_over = true;
                Some(self.broken(&failure))
            }
            None => {
                self.is_over = true;
                self.state.too_slow.load(Ordering::Acquire).then_some(Happened::TooSlow)
            }
        }
    }

    /// The source of the events: its index in the graph.
    pub fn source(&self) -> usize {
        self.source
    }

    /// What the stream itself cost so far, without what its events asked of others.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    async fn answer(&self, reply: Reply) -> Happened {
        let context = Context {
            graph: &self.lasting.graph,
            values: self.lasting.values.clone(),
            introspection: Vec::new(),
            origin: Arc::clone(&self.lasting.origin),
            cursors: Arc::clone(&self.lasting.cursors),
            deadline: Instant::now() + self.lasting.timeout,
            answer_bytes: self.lasting.answer_bytes,
            flights: None,
        };
        let (answer, reports) = drive(&self.plan, context, Some(Ok(reply))).await;
        Happened::Event(answer, reports)
    }

    fn broken(&self, failure: &Failure) -> Happened {
        let source = self.lasting.graph.sources().get(self.source).map_or("?", |source| &source.name);
        self.lasting.graph.states().note(source, Some(failure.kind));
        let (Failure { kind, detail, .. }, trace) = (failure, self.lasting.origin.trace.as_deref());
        tracing::warn!(target: "raccordo::source", source, trace, %kind, %detail, "a subscription broke");
        Happened::Broken(*kind, complete::message(failure, Some(source)))
    }
}
