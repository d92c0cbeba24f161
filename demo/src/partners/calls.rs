//! Enters: one note for every request that a partner received. Leaves: how many there were, in all and of each kind.
//! Never keeps what was asked, only its kind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counters of one partner; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    requests: u64,
    kinds: BTreeMap<String, u64>,
}

impl Calls {
    /// Requests received over HTTP, refused and failed ones included.
    pub fn total(&self) -> u64 {
        self.lock().requests
    }

    /// Requests of one kind, as `kinds` names them: `POST Patient/_search`, `GET /services`, `_entities`.
    pub fn of(&self, kind: &str) -> u64 {
        self.lock().kinds.get(kind).copied().unwrap_or(0)
    }

    /// Every kind that was received, with its number.
    pub fn kinds(&self) -> BTreeMap<String, u64> {
        self.lock().kinds.clone()
    }

    /// Back to zero.
    pub fn forget(&self) {
        *self.lock() = Counted::default();
    }

    pub(crate) fn request(&self, kind: String) {
        let mut counted = self.lock();
        counted.requests += 1;
        *counted.kinds.entry(kind).or_default() += 1;
    }

    /// What a request turned out to be once its body was read: counted beside its path, not as a request of its own.
    pub(crate) fn detail(&self, kind: &str) {
        *self.lock().kinds.entry(kind.to_owned()).or_default() += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
