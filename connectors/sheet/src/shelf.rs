//! The versions of a source's files: looked at when one is asked for and the last look is old enough, read off the async threads, swapped whole.
//! A new version that is broken, or has less than the one before it, is refused: that one goes on, and its age is told.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use raccordo_connector_api::{Failure, Standing};
use tokio::time::Instant;

use crate::limits::Reading;
use crate::load::{Loaded, load};
use crate::model::Model;
use crate::place::{Look, Place, Stamp};
use crate::table::Table;
use crate::trouble::Broken;

/// The files of a source.
pub(crate) struct Shelf {
    looks: Arc<Looks>,
}

/// What looks are made with.
struct Looks {
    source: Arc<str>,
    place: Place,
    /// How long after one look the next comes.
    interval: Duration,
    reading: Reading,
    model: Arc<Model>,
    states: Vec<Mutex<State>>,
}

/// One version of a volume.
pub(crate) struct Version {
    pub(crate) tables: Arc<Vec<Table>>,
    /// When the files were changed last.
    pub(crate) changed: SystemTime,
    digest: u64,
    lacking: usize,
    left_out: usize,
}

#[derive(Default)]
struct State {
    version: Option<Arc<Version>>,
    /// What the last look that counts found, served or refused.
    stamp: Option<Stamp>,
    refused: Option<(SystemTime, Broken)>,
    looked: Option<Instant>,
    looking: Option<Shared<BoxFuture<'static, ()>>>,
}

impl Version {
    /// When the files were changed last, RFC 3339 in UTC.
    pub(crate) fn as_of(&self) -> String {
        text(self.changed)
    }
}

fn text(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    time.unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Shelf {
    pub(crate) fn new(
        source: Arc<str>,
        place: Place,
        interval: Duration,
        reading: Reading,
        model: Arc<Model>,
    ) -> Self {
        let states = model.volumes.iter().map(|_| Mutex::default()).collect();
        Self { looks: Arc::new(Looks { source, place, interval, reading, model, states }) }
    }

    /// How many volumes there are.
    pub(crate) fn len(&self) -> usize {
        self.looks.states.len()
    }

    /// The version of a volume that is served now. A look that is due is waited for: where there is a version already, half of the time that is left.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn volume(&self, index: usize, deadline: Instant) -> Result<Arc<Version>, Failure> {
        let (look, has_version) = {
            let mut state = self.looks.state(index)?;
            (self.looks.look(&mut state, index), state.version.is_some())
        };
        if let Some(look) = look {
            let now = Instant::now();
            let patience = deadline.saturating_duration_since(now);
            let until = if has_version { now + patience / 2 } else { deadline };
            let _ = tokio::time::timeout_at(until, look).await;
        }
        let state = self.looks.state(index)?;
        match (&state.version, &state.refused) {
            (Some(version), _) => Ok(version.clone()),
            (None, Some((_, broken))) => Err(failure(broken)),
            (None, None) => Err(Failure::timed_out("the file could not be read before the deadline")),
        }
    }

    /// How old what is served is.
    pub(crate) fn standing(&self) -> Option<Standing> {
        let mut standing: Option<Standing> = None;
        for index in 0..self.len() {
            let Ok(state) = self.looks.state(index) else { continue };
            let Some(version) = &state.version else { continue };
            let refused = state.refused.as_ref().map(|(since, _)| text(*since));
            let own = Standing {
                as_of: version.as_of(),
                refused_since: refused,
                left_out: version.left_out as u64,
            };
            standing = Some(match standing {
                None => own,
                Some(before) => Standing {
                    as_of: before.as_of.min(own.as_of),
                    refused_since: before.refused_since.into_iter().chain(own.refused_since).min(),
                    left_out: before.left_out + own.left_out,
                },
            });
        }
        standing
    }
}

impl Looks {
    fn state(&self, index: usize) -> Result<MutexGuard<'_, State>, Failure> {
        let state = self.states.get(index).ok_or_else(|| Failure::internal("a volume nobody declared"))?;
        Ok(state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The look that is under way, or begins because it is due. All who ask meanwhile share it, and it goes on when they leave.
    fn look(self: &Arc<Self>, state: &mut State, index: usize) -> Option<Shared<BoxFuture<'static, ()>>> {
        if let Some(looking) = state.looking.as_ref().filter(|looking| looking.peek().is_none()) {
            return Some(looking.clone());
        }
        if state.looked.is_some_and(|looked| looked.elapsed() < self.interval) {
            return None;
        }
        let (this, known) = (self.clone(), state.stamp.clone());
        let task = tokio::spawn(async move { this.refresh(index, known).await });
        let looking = task.map(|_| ()).boxed().shared();
        state.looking = Some(looking.clone());
        Some(looking)
    }

    async fn refresh(self: Arc<Self>, index: usize, known: Option<Stamp>) {
        let file = self.model.volumes.get(index).and_then(|volume| volume.file.clone());
        let look = self.place.look(file.as_deref(), known, self.reading.limits).await;
        let name = file.as_deref().unwrap_or("url").to_owned();
        match look {
            Ok(Look::New { files, stamp, changed }) => {
                let digest = digest(&files);
                let known = self.states.get(index).and_then(|state| {
                    let state = state.lock().unwrap_or_else(PoisonError::into_inner);
                    state.version.clone().filter(|version| version.digest == digest)
                });
                let made = match known {
                    Some(version) => Ok(Version { tables: version.tables.clone(), changed, ..*version }),
                    None => self.clone().read(index, files, changed, digest).await,
                };
                self.settle(index, &name, Some(stamp), made);
            }
            Ok(Look::Same | Look::NotYet) => self.looked(index),
            Err(broken) => self.settle(index, &name, None, Err(broken)),
        }
    }

    /// Reads files on a blocking thread. A library that panics has met a file that it can't read.
    async fn read(
        self: Arc<Self>,
        index: usize,
        files: Vec<(String, bytes::Bytes)>,
        changed: SystemTime,
        digest: u64,
    ) -> Result<Version, Broken> {
        let work = move || {
            let specs =
                self.model.volumes.get(index).map(|volume| volume.tables.as_slice()).unwrap_or_default();
            let Loaded { tables, troubles, missing } = load(&files, specs, &self.reading)?;
            let (rows, bytes): (Vec<usize>, Vec<usize>) =
                tables.iter().map(|table| (table.rows, table.bytes())).unzip();
            let (rows, bytes) = (rows.iter().sum::<usize>(), bytes.iter().sum::<usize>());
            let source = &*self.source;
            tracing::info!(
                source,
                rows,
                bytes,
                left_out = troubles.left_out,
                as_of = text(changed),
                "a sheet was read"
            );
            if troubles.count() > 0 {
                tracing::warn!(
                    source,
                    values = troubles.count(),
                    left_out = troubles.left_out,
                    "in a sheet values don't fit: {troubles}"
                );
            }
            if !missing.is_empty() {
                tracing::warn!(source, "a sheet lacks declared columns: {}", missing.join(", "));
            }
            let (lacking, left_out) = (missing.len(), troubles.left_out);
            Ok(Version { tables: Arc::new(tables), changed, digest, lacking, left_out })
        };
        let unreadable = || Broken::Malformed("the file can't be read".to_owned());
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(unreadable()))
    }

    fn looked(&self, index: usize) {
        if let Ok(mut state) = self.state(index) {
            state.looked = Some(Instant::now());
            state.looking = None;
            // What couldn't be reached a moment ago is there again, and is what is served.
            if state.refused.as_ref().is_some_and(|(_, broken)| broken.passes()) && state.version.is_some() {
                state.refused = None;
            }
        }
    }

    /// Takes a new version, or refuses it.
    fn settle(&self, index: usize, name: &str, stamp: Option<Stamp>, made: Result<Version, Broken>) {
        let Ok(mut state) = self.state(index) else { return };
        let made = made.and_then(|version| match &state.version {
            Some(before) if version.lacking > before.lacking => Err(Broken::Malformed(
                "the new version lacks columns that the one before it has: put them back, or take them out of the SDL"
                    .to_owned(),
            )),
            _ => Ok(version),
        });
        match made {
            Ok(version) => {
                state.version = Some(Arc::new(version));
                state.refused = None;
                state.stamp = stamp;
            }
            // A version that is known to be broken stays refused for that, whether or not it can be reached meanwhile.
            Err(broken)
                if broken.passes() && state.refused.as_ref().is_some_and(|(_, before)| !before.passes()) => {}
            Err(broken) => {
                let known = state.refused.as_ref().is_some_and(|(_, before)| *before == broken);
                let as_of = state.version.as_ref().map(|version| version.as_of());
                if !known && broken != Broken::Moving {
                    let served = as_of.as_deref().unwrap_or("nothing");
                    tracing::warn!(
                        source = &*self.source,
                        file = name,
                        served,
                        "a sheet is refused: {broken}"
                    );
                }
                let since = state.refused.as_ref().map_or_else(SystemTime::now, |(since, _)| *since);
                state.refused = Some((since, broken));
                if stamp.is_some() {
                    state.stamp = stamp;
                }
            }
        }
        state.looked = Some(Instant::now());
        state.looking = None;
    }
}

fn digest(files: &[(String, bytes::Bytes)]) -> u64 {
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    hasher.finish()
}

/// The outcome of the contract.
fn failure(broken: &Broken) -> Failure {
    let detail = broken.to_string();
    match broken {
        Broken::Unreachable(_) | Broken::Moving => Failure::unreachable(detail),
        Broken::Refused(_) => Failure::refused(detail),
        Broken::TimedOut(_) => Failure::timed_out(detail),
        Broken::Malformed(_) => Failure::malformed(detail),
        Broken::OverLimit(_) => Failure::over_limit(detail),
    }
}
