//! The sections `traffic` of the file and of a source in; how the source is called out. A source's own words count before those for all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::reader::Map;

/// How a source is called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests that ask the same at the same time share one call.
    pub shares_in_flight: bool,
    /// How often what only reads is asked again.
    pub retries: u32,
    /// How long is waited before that, doubled each time.
    pub retry_pause: Duration,
    /// The longest `Retry-After` that is heeded.
    pub retry_after: Duration,
    /// Of a hundred fetches so many may be asked again.
    pub retry_percent: u32,
    /// How long one try may take; none: all the time that the fetch has.
    pub try_timeout: Option<Duration>,
    /// After so many failures one after another the source is left alone; none: never.
    pub breaker_failures: Option<u32>,
    /// For how long.
    pub breaker_pause: Duration,
    /// Fetches under way together; none: any number.
    pub concurrency: Option<usize>,
    /// Fetches that may wait for their turn.
    pub queue: usize,
    /// How long one may wait.
    pub queue_timeout: Duration,
}

/// Whether a source is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suspension {
    /// The configuration says so.
    pub suspended: bool,
    /// It is while this file is there.
    pub file: Option<PathBuf>,
}

/// Reads how a source is called. `all` is the file's `traffic: { all }`, `own` the source's `traffic`.
pub(crate) fn traffic(all: Option<&Map>, own: Option<&Map>) -> Traffic {
    let given = |name: &str| own.filter(|own| own.gives(name)).or(all);
    let number = |name: &str| given(name).map_or(0, |of| of.number(name));
    let small = |name: &str| u32::try_from(number(name)).unwrap_or(u32::MAX);
    let millis = |name: &str| Duration::from_millis(number(name) as u64);
    Traffic {
        shares_in_flight: given("share_in_flight")
            .and_then(|of| of.values.flag("share_in_flight"))
            .unwrap_or(false),
        retries: small("retries"),
        retry_pause: millis("retry_pause_ms"),
        retry_after: millis("retry_after_ms"),
        retry_percent: small("retry_percent"),
        try_timeout: Some(millis("try_timeout_ms")).filter(|timeout| !timeout.is_zero()),
        breaker_failures: Some(small("breaker_failures")).filter(|failures| *failures > 0),
        breaker_pause: millis("breaker_pause_ms"),
        concurrency: Some(number("concurrency")).filter(|most| *most > 0),
        queue: number("queue"),
        queue_timeout: millis("queue_timeout_ms"),
    }
}

/// Reads whether a source is left alone.
pub(crate) fn suspension(entry: &Map, folder: &Path) -> Suspension {
    Suspension {
        suspended: entry.values.flag("suspended").unwrap_or(false),
        file: entry.values.text("suspend_file").map(|file| folder.join(file)),
    }
}
