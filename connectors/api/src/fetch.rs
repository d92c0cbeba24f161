//! One question to one source in one request: what is asked, with its values, its deadline, its limits and who asks.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use raccordo_schema::mapping::Name;
use tokio::time::Instant;

use crate::{Argument, Asked, Cursors, FailureKind, Limits, Representations, Value};

/// What a connector gets. Plain data: nothing in it refers to the client's document.
pub struct Fetch {
    /// The question, shared between requests.
    pub asked: Arc<Asked>,
    /// The values that [`Argument::value`] indexes.
    pub values: Arc<[Value]>,
    /// The keys and required inputs, for entities: distinct, in order. Empty for roots.
    pub representations: Representations,
    /// When the caller stops waiting. A connector gives up by itself by then.
    pub deadline: Instant,
    /// What the fetch may cost.
    pub limits: Limits,
    /// Who asks and why, for the partner's own log.
    pub origin: Arc<Origin>,
    /// Seals and opens cursors.
    pub cursors: Arc<dyn Cursors>,
    /// Counts what the fetch cost.
    pub meter: Arc<Meter>,
}

impl Fetch {
    /// The value of an argument.
    pub fn value(&self, argument: &Argument) -> &Value {
        self.values.get(argument.value as usize).unwrap_or(&Value::Null)
    }

    /// The value of a field's argument by name; `None` when it isn't given. Null counts as given.
    pub fn argument<'a>(&'a self, field: &crate::Field, name: &str) -> Option<&'a Value> {
        field.arguments.iter().find(|argument| *argument.name == *name).map(|argument| self.value(argument))
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch")
            .field("asked", &self.asked)
            .field("representations", &self.representations.len())
            .finish_non_exhaustive()
    }
}

/// Who asks and why, as far as a partner may be told.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The caller's organisation.
    pub organisation: Option<Arc<str>>,
    /// The purpose's id.
    pub purpose: Option<Arc<str>>,
    /// The request's trace id (W3C, 32 hexadecimal digits).
    pub trace: Option<Arc<str>>,
}

/// What a fetch cost: calls made to the partner, bytes that came, records read. A connector counts each call *before* it is made.
#[derive(Debug, Default)]
pub struct Meter {
    calls: AtomicU64,
    bytes: AtomicU64,
    rows: AtomicU64,
    /// Where the fetch is one of several that are counted together.
    whole: Option<Arc<Meter>>,
    members: Mutex<Vec<MemberCost>>,
}

/// What one member of a source cost, of all that a fetch did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberCost {
    /// The member.
    pub member: Name,
    /// Calls made to it.
    pub calls: u64,
    /// Entities asked of it.
    pub keys: usize,
    /// Records that came.
    pub rows: u64,
    /// What went wrong, wholly or in part.
    pub failure: Option<FailureKind>,
}

impl Meter {
    /// A meter of a part, which counts for the whole too.
    pub fn part_of(whole: &Arc<Meter>) -> Self {
        Self { whole: Some(Arc::clone(whole)), ..Self::default() }
    }

    /// One call more.
    pub fn call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(whole) = &self.whole {
            whole.call();
        }
    }

    /// So many bytes more.
    pub fn bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if let Some(whole) = &self.whole {
            whole.bytes(bytes);
        }
    }

    /// So many records more; returns the total, that of the whole where this is a part: the limit is one for all.
    pub fn rows(&self, rows: usize) -> u64 {
        let own = self.rows.fetch_add(rows as u64, Ordering::Relaxed) + rows as u64;
        self.whole.as_ref().map_or(own, |whole| whole.rows(rows))
    }

    /// Calls, bytes and records so far.
    pub fn read(&self) -> (u64, u64, u64) {
        (
            self.calls.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
            self.rows.load(Ordering::Relaxed),
        )
    }

    /// Notes what a member cost.
    pub fn member(&self, cost: MemberCost) {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).push(cost);
    }

    /// What each member cost; none for a source that is one system. Each is told once.
    pub fn take_members(&self) -> Vec<MemberCost> {
        std::mem::take(&mut self.members.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
