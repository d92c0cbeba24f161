//! The story of a subscription: read, decide, plan, clear, open, record, and then for each event run and answer; at the end record again.
//!
//! The first record is kept before the first event leaves: without it there is no stream. The last one tells what all of it cost.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::{BoxStream, unfold};
use raccordo_connector_api::Operation as Root;
use raccordo_policy::Caller;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::{Answered, Gateway, OpenRecord, fault, origin};
use crate::code::Code;
use crate::graph::Graph;
use crate::known::Read;
use crate::operation::{Operation, Valid};
use crate::request::{Refusal, Request};
use crate::run::StepReport;
use crate::run::stream::{self, Happened, Lasting};
use crate::trail::{Asked, Record, Streamed, Trail, TrailError};

/// Events that may wait for a client when nothing else is configured.
const WAITING: usize = 64;
/// How many codes the last record lists.
const MAX_CODES: usize = 32;

/// The answers of a subscription, one for each event. A refusal is the last of them: what ended the stream before its time. Dropping
/// it ends the subscription.
pub type Answers = BoxStream<'static, Result<Answered, Refusal>>;

/// What a request is answered with.
pub enum Told {
    /// One answer.
    Once(Answered),
    /// As many as there are events.
    Stream(Answers),
}

/// What subscriptions may take of the gateway.
pub(super) struct Streams {
    /// Of each source of the graph: what may be open together.
    of_source: Vec<Arc<Semaphore>>,
    waiting: usize,
}

impl Streams {
    pub(super) fn of(graph: &Graph) -> Self {
        let most = |streams: usize| Arc::new(Semaphore::new(streams.min(Semaphore::MAX_PERMITS)));
        let of_source = graph.sources().iter().map(|source| most(source.limits.streams)).collect();
        Self { of_source, waiting: WAITING }
    }
}

/// A subscription where one answer is expected.
pub(super) fn not_once() -> Refusal {
    Refusal::new(
        Code::OPERATION_RESOLUTION_FAILURE,
        "a subscription is answered by a stream: accept `text/event-stream`, or open a WebSocket of the subprotocol `graphql-transport-ws`",
    )
}

impl Gateway {
    /// With so many events of one subscription that may wait for its client.
    #[must_use]
    pub fn with_waiting_events(mut self, waiting: usize) -> Self {
        self.streams.waiting = waiting;
        self
    }

    /// As [`Gateway::answer`], for a client that takes a stream too.
    ///
    /// # Errors
    /// [`Refusal`]: safe to tell.
    pub async fn open(&self, caller: &Caller, trace: &Arc<str>, request: &Request) -> Result<Told, Refusal> {
        let mut open = OpenRecord { record: Some(Record::open(trace, caller)), trail: self.trail.as_ref() };
        let Some(record) = &mut open.record else {
            return Err(fault(trace, &TrailError("the record was closed before its request".into())));
        };
        let deadline = Instant::now() + self.timeout;
        let told = match self.read(request) {
            Err(refusal) => Err(refusal),
            Ok(Read { operation, digest }) => {
                record.read(&operation, digest);
                match operation.root {
                    Root::Subscription => match self.subscribe(caller, operation, record).await {
                        Ok(subscription) => return self.begin(open, subscription),
                        Err(refusal) => Err(refusal),
                    },
                    Root::Query | Root::Mutation => self.once(caller, operation, record, deadline).await,
                }
            }
        };
        open.close(&told).map_err(|error| fault(trace, &error))?;
        told.map(|answer| Told::Once(Answered { body: answer.body, codes: answer.codes }))
    }

    /// Everything up to the stream of the source.
    async fn subscribe(
        &self,
        caller: &Caller,
        operation: Arc<Valid<Operation>>,
        record: &mut Record,
    ) -> Result<Opened, Refusal> {
        let (permitted, cleared) = self.clear(caller, operation, record).await?;
        let Some(step) = cleared.plan().steps.first() else { return Err(nothing_asked()) };
        let places = self.streams.of_source.get(step.source);
        let place = places.and_then(|places| Arc::clone(places).try_acquire_owned().ok());
        let place = place.ok_or_else(too_many)?;
        let lasting = Lasting {
            graph: Arc::clone(&self.graph),
            values: permitted.operation().values.clone(),
            origin: Arc::new(origin(caller, &record.trace)),
            cursors: Arc::clone(&self.cursors),
            timeout: self.timeout,
            answer_bytes: self.answer_bytes,
            waiting: self.streams.waiting,
        };
        let stream = stream::open(&cleared, lasting).await;
        let stream = stream.map_err(|not| Refusal::new(Code::from(not.failure.kind), not.message))?;
        Ok(Opened { stream, place })
    }

    /// The first record, and from then on the events.
    fn begin(&self, mut open: OpenRecord<'_>, opened: Opened) -> Result<Told, Refusal> {
        let Some(mut record) = open.record.take() else { return Err(too_many()) };
        record.streamed = Some(Streamed::Opened);
        record.took = record.at.elapsed().unwrap_or_default();
        self.trail.record(&record).map_err(|error| fault(&record.trace, &error))?;
        let sums = Sums {
            graph: Arc::clone(&self.graph),
            trail: Arc::clone(&self.trail),
            record,
            asked: BTreeMap::new(),
            events: 0,
        };
        let subscription = Subscription { stream: opened.stream, sums, is_over: false, _place: opened.place };
        Ok(Told::Stream(unfold(subscription, Subscription::next).boxed()))
    }
}

/// A source's stream, open.
struct Opened {
    stream: stream::Stream,
    place: OwnedSemaphorePermit,
}

fn nothing_asked() -> Refusal {
    Refusal::new(Code::BAD_USER_INPUT, "`@skip` and `@include` leave nothing of the subscription to ask for")
}

fn too_many() -> Refusal {
    Refusal::new(
        Code::SOURCE_LIMIT_EXCEEDED,
        "as many subscriptions to the source are open as may be; try again later",
    )
}

/// A subscription under way.
struct Subscription {
    stream: stream::Stream,
    sums: Sums,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

impl Subscription {
    async fn next(mut self) -> Option<(Result<Answered, Refusal>, Self)> {
        if self.is_over {
            return None;
        }
        let told = match self.stream.next().await {
            None => {
                self.sums.end(&self.stream);
                return None;
            }
            Some(Happened::Event(answer, reports)) => {
                self.sums.event(&answer.codes, &reports);
                return Some((Ok(Answered { body: answer.body, codes: answer.codes }), self));
            }
            Some(Happened::Broken(kind, message)) => Refusal::new(Code::from(kind), message),
            Some(Happened::TooSlow) => Refusal::new(
                Code::REQUEST_LIMIT_EXCEEDED,
                "events come faster than the client takes them, and more are waiting than may; subscribe again",
            ),
        };
        self.is_over = true;
        self.sums.note(told.code());
        self.sums.end(&self.stream);
        Some((Err(told), self))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.sums.record.abandoned |= !self.sums.is_told();
        self.sums.end(&self.stream);
    }
}

/// What the last record tells.
struct Sums {
    graph: Arc<Graph>,
    trail: Arc<dyn Trail>,
    record: Record,
    /// By source.
    asked: BTreeMap<usize, Asked>,
    events: u64,
}

impl Sums {
    fn event(&mut self, codes: &[Code], reports: &[StepReport]) {
        self.events += 1;
        codes.iter().for_each(|code| self.note(*code));
        for report in reports.iter().filter(|report| report.calls > 0) {
            let asked = Asked::new("".into(), report.calls, report.keys, report.rows, report.failure);
            self.add(report.source, asked.with_members(&report.members));
        }
    }

    fn note(&mut self, code: Code) {
        let codes = &mut self.record.codes;
        if codes.len() < MAX_CODES && !codes.contains(&code.name) {
            codes.push(code.name);
        }
    }

    fn add(&mut self, source: usize, more: Asked) {
        let Some(name) = self.graph.sources().get(source).map(|source| Arc::clone(&source.name)) else {
            return;
        };
        let none = || Asked::new(name, 0, 0, 0, None);
        let sum = self.asked.entry(source).or_insert_with(none);
        sum.calls += more.calls;
        sum.keys += more.keys;
        sum.rows += more.rows;
        sum.failure = sum.failure.or(more.failure);
        sum.add_members(more.members);
    }

    fn is_told(&self) -> bool {
        matches!(self.record.streamed, Some(Streamed::Ended { .. }))
    }

    /// Writes the last record, once.
    fn end(&mut self, stream: &stream::Stream) {
        if self.is_told() {
            return;
        }
        let (calls, _, rows) = stream.meter().read();
        self.add(stream.source(), Asked::new("".into(), calls, 0, rows, None));
        self.record.asked = std::mem::take(&mut self.asked).into_values().collect();
        self.record.streamed = Some(Streamed::Ended { events: self.events });
        self.record.took = self.record.at.elapsed().unwrap_or_default();
        if let Err(error) = self.trail.record(&self.record) {
            let _told_by_the_log = fault(&self.record.trace, &error);
        }
    }
}
