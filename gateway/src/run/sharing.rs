//! Fetches under way that others may share: the same questions, with the same values, of the same entities, under one permit.
//!
//! A question enters; the outcome of its own fetch, or of one that was under way already, leaves. Nothing is kept once a fetch is over, and
//! nothing is shared between two permits. Whoever waits drives the fetch: when the caller who began it goes away, the others have it
//! still; when all are gone, it ends.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use raccordo_connector_api::{Asked, Fetch, Representations, Value};
use raccordo_policy::Permit;

use super::Outcomes;

/// The fetches under way, and of which sources they are shared.
pub struct Flights {
    /// By the source's index in the graph.
    shared: Box<[bool]>,
    under_way: Mutex<HashMap<Arc<Question>, (u64, UnderWay)>>,
    next: AtomicU64,
}

type UnderWay = WeakShared<BoxFuture<'static, Outcomes>>;

/// What makes two fetches one.
struct Question {
    permit: Arc<Permit>,
    values: Arc<[Value]>,
    parts: Vec<Part>,
}

/// A question of the plan, and the entities it is asked of.
type Part = (Arc<Asked>, Representations);

impl Flights {
    /// None yet. `shared` says of each source, by its index in the graph, whether its fetches are shared.
    pub fn new(shared: impl Into<Box<[bool]>>) -> Self {
        Self { shared: shared.into(), under_way: Mutex::default(), next: AtomicU64::new(0) }
    }

    pub(super) fn are_shared(&self, source: usize) -> bool {
        self.shared.get(source).copied().unwrap_or(false)
    }

    /// The outcome of these fetches: from others that are under way, or from `begin`.
    pub(super) async fn share<F>(
        self: &Arc<Self>,
        permit: &Arc<Permit>,
        fetches: Vec<Fetch>,
        begin: impl FnOnce(Vec<Fetch>) -> F,
    ) -> Outcomes
    where
        F: Future<Output = Outcomes> + Send + 'static,
    {
        let question = Arc::new(Question::of(permit, &fetches));
        self.find_or_begin(question, || begin(fetches)).await
    }

    fn find_or_begin<F>(
        self: &Arc<Self>,
        question: Arc<Question>,
        begin: impl FnOnce() -> F,
    ) -> Shared<BoxFuture<'static, Outcomes>>
    where
        F: Future<Output = Outcomes> + Send + 'static,
    {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let found = under_way.get(&question).and_then(|(_, fetch)| fetch.upgrade());
        found.unwrap_or_else(|| {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let leave = Leave { flights: Arc::clone(self), question: Arc::clone(&question), number };
            let fetch = begin();
            let fetch = async move {
                let leave = leave;
                let outcomes = fetch.await;
                drop(leave);
                outcomes
            };
            let fetch = fetch.boxed().shared();
            if let Some(weak) = fetch.downgrade() {
                under_way.insert(question, (number, weak));
            }
            fetch
        })
    }
}

/// Takes a fetch out when it is over, or nobody wants it any more.
struct Leave {
    flights: Arc<Flights>,
    question: Arc<Question>,
    number: u64,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut under_way = self.flights.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // Another may stand there already, where all who shared this one went away.
        if under_way.get(&self.question).is_some_and(|(number, _)| *number == self.number) {
            under_way.remove(&self.question);
        }
    }
}

impl Question {
    fn of(permit: &Arc<Permit>, fetches: &[Fetch]) -> Self {
        let parts = fetches.iter().map(|fetch| (Arc::clone(&fetch.asked), fetch.representations.clone()));
        let values = fetches.first().map_or_else(|| [].into(), |fetch| Arc::clone(&fetch.values));
        Self { permit: Arc::clone(permit), values, parts: parts.collect() }
    }
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        let alike = |(own, other): (&Part, &Part)| Arc::ptr_eq(&own.0, &other.0) && own.1.is_same(&other.1);
        self.permit == other.permit
            && self.parts.len() == other.parts.len()
            && self.parts.iter().zip(&other.parts).all(alike)
            && are_same(&self.values, &other.values)
    }
}

impl Eq for Question {}

impl Hash for Question {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.permit.hash(state);
        for (asked, rows) in &self.parts {
            Arc::as_ptr(asked).cast::<()>().hash(state);
            state.write(rows.text());
        }
        self.values.iter().for_each(|value| hash_value(value, state));
    }
}

fn are_same(values: &[Value], others: &[Value]) -> bool {
    values.len() == others.len() && values.iter().zip(others).all(|(value, other)| is_same(value, other))
}

/// A field of an input object.
type Entry = (Arc<str>, Value);

/// Equal, where a float is itself whatever it is.
fn is_same(value: &Value, other: &Value) -> bool {
    match (value, other) {
        (Value::Float(value), Value::Float(other)) => value.to_bits() == other.to_bits(),
        (Value::List(values), Value::List(others)) => are_same(values, others),
        (Value::Object(fields), Value::Object(others)) => {
            let same = |(own, other): (&Entry, &Entry)| own.0 == other.0 && is_same(&own.1, &other.1);
            fields.len() == others.len() && fields.iter().zip(others).all(same)
        }
        (value, other) => value == other,
    }
}

fn hash_value<H: Hasher>(value: &Value, state: &mut H) {
    std::mem::discriminant(value).hash(state);
    match value {
        Value::Null => {}
        Value::Bool(bool) => bool.hash(state),
        Value::Int(int) => int.hash(state),
        Value::Float(float) => float.to_bits().hash(state),
        Value::Text(text) | Value::Enum(text) => text.hash(state),
        Value::List(items) => items.iter().for_each(|item| hash_value(item, state)),
        Value::Object(fields) => {
            for (name, value) in fields {
                name.hash(state);
                hash_value(value, state);
            }
        }
    }
}
