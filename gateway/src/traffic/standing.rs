//! How a source is served, in one byte that every fetch looks at and `fonti` tells.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// How a source is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// It is asked.
    Yes,
    /// It failed too often, and is left alone for a while.
    Broken,
    /// One fetch tries whether it is there.
    Trying,
    /// It is suspended.
    Suspended,
}

/// The flags of one source.
#[derive(Debug, Default)]
pub struct Standing {
    by_configuration: AtomicBool,
    by_file: AtomicBool,
    breaker: AtomicU8,
}

const WHOLE: u8 = 0;
const BROKEN: u8 = 1;
const TRYING: u8 = 2;

impl Standing {
    /// How the source is served now.
    pub fn served(&self) -> Served {
        match (self.is_suspended(), self.breaker.load(Ordering::Acquire)) {
            (true, _) => Served::Suspended,
            (false, BROKEN) => Served::Broken,
            (false, TRYING) => Served::Trying,
            (false, _) => Served::Yes,
        }
    }

    /// Whether nothing may be asked.
    pub fn is_suspended(&self) -> bool {
        self.by_configuration.load(Ordering::Acquire) || self.by_file.load(Ordering::Acquire)
    }

    /// Takes the configuration's word; gives the one before.
    pub(super) fn suspend(&self, suspended: bool) -> bool {
        self.by_configuration.swap(suspended, Ordering::AcqRel)
    }

    /// Takes note whether the file is there; gives what was known.
    pub(super) fn suspend_by_file(&self, there: bool) -> bool {
        self.by_file.swap(there, Ordering::AcqRel)
    }

    pub(super) fn set_breaker(&self, served: Served) {
        let state = match served {
            Served::Broken => BROKEN,
            Served::Trying => TRYING,
            Served::Yes | Served::Suspended => WHOLE,
        };
        self.breaker.store(state, Ordering::Release);
    }
}
