//! What stands between the gateway and each source: whether it is suspended, how many ask it together, how often it is asked again, when it is
//! left alone. Fetches enter; their replies, or why they weren't made, leave.
//!
//! Where nothing is configured a fetch goes straight to its connector: one look at a flag, no lock, nothing allocated. What writes is never
//! asked again.

mod breaker;
mod budget;
mod standing;
mod turns;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use raccordo_config::{Suspension, Traffic};
use raccordo_connector_api::{
    Connector, Events, Failure, FailureKind, Fetch, Operation, Reply, What, jitter,
};
use tokio::time::Instant;

use breaker::Breaker;
use budget::Budget;
pub use standing::{Served, Standing};
use turns::Turns;

/// How often files that suspend sources are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A connector behind what is configured of its source's traffic.
pub struct Guarded {
    inner: Arc<dyn Connector>,
    standing: Arc<Standing>,
    file: Option<PathBuf>,
    /// Nothing is configured but, maybe, a suspension.
    is_plain: bool,
    retry: Retry,
    breaker: Option<Breaker>,
    turns: Option<Turns>,
}

/// How a source that isn't there is asked again.
struct Retry {
    most: u32,
    pause: Duration,
    heeded: Duration,
    try_timeout: Option<Duration>,
    budget: Budget,
}

type Outcome = Result<Reply, Failure>;

impl Guarded {
    /// A connector whose source is called so. A file that suspends it is looked for at once.
    pub fn new(inner: Arc<dyn Connector>, traffic: &Traffic, suspension: &Suspension) -> Self {
        let standing = Arc::new(Standing::default());
        standing.suspend(suspension.suspended);
        let breaker = traffic
            .breaker_failures
            .map(|failures| Breaker::new(failures, traffic.breaker_pause, Arc::clone(&standing)));
        let turns = traffic.concurrency.map(|most| Turns::new(most, traffic.queue, traffic.queue_timeout));
        let is_plain = traffic.retries == 0 && breaker.is_none() && turns.is_none();
        let retry = Retry {
            most: traffic.retries,
            pause: traffic.retry_pause,
            heeded: traffic.retry_after,
            try_timeout: traffic.try_timeout.filter(|_| traffic.retries > 0),
            budget: Budget::new(traffic.retry_percent),
        };
        let guarded =
            Self { inner, standing, file: suspension.file.clone(), is_plain, retry, breaker, turns };
        guarded.look();
        guarded
    }

    /// How the source is served now.
    pub fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// Suspends the source, or releases it; a file that suspends it counts besides. Whether that was another word than before.
    pub fn suspend(&self, suspended: bool) -> bool {
        self.standing.suspend(suspended) != suspended
    }

    /// Looks whether the file is there by which the partner suspends the source.
    fn look(&self) {
        if let Some(file) = &self.file {
            // What can't be told is taken for a suspension: the folder may be one that went away.
            let there = file.try_exists().unwrap_or(true);
            if self.standing.suspend_by_file(there) != there {
                tracing::warn!(target: "raccordo::source", suspended = there, "a source's partner decided anew");
            }
        }
    }

    async fn ask(&self, fetches: &[Fetch]) -> Vec<Outcome> {
        let all = |failure: Failure| fetches.iter().map(|_| Err(failure.clone())).collect();
        let deadline = fetches.iter().map(|fetch| fetch.deadline).min().unwrap_or_else(Instant::now);
        let _turn = match &self.turns {
            None => None,
            Some(turns) => match turns.wait(deadline).await {
                Ok(turn) => Some(turn),
                Err(failure) => return all(failure),
            },
        };
        let mut outcomes = match self.once(fetches).await {
            Ok(outcomes) => outcomes,
            Err(failure) => return all(failure),
        };
        self.retry.budget.earn();
        if !fetches.iter().all(only_reads) {
            return outcomes;
        }
        for tried in 0..self.retry.most {
            let again: Vec<usize> =
                (0..fetches.len()).filter(|index| is_away(outcomes.get(*index))).collect();
            let Some(pause) =
                self.pause(tried, &again, &outcomes).filter(|pause| Instant::now() + *pause < deadline)
            else {
                break;
            };
            if again.is_empty() || !self.retry.budget.spend() {
                break;
            }
            tokio::time::sleep(pause).await;
            let some: Vec<Fetch> = again.iter().filter_map(|index| fetches.get(*index)).cloned().collect();
            some.iter().for_each(|fetch| fetch.meter.forget_rows());
            let Ok(anew) = self.once(&some).await else { break };
            for (index, outcome) in again.into_iter().zip(anew) {
                if let Some(place) = outcomes.get_mut(index) {
                    *place = outcome;
                }
            }
        }
        outcomes
    }

    /// How long is waited before asking again; none where the source wants to be left alone for longer than is heeded.
    fn pause(&self, tried: u32, again: &[usize], outcomes: &[Outcome]) -> Option<Duration> {
        let wanted = again.iter().filter_map(|index| outcomes.get(*index)?.as_ref().err()?.retry_after).max();
        match wanted {
            Some(wanted) if wanted > self.retry.heeded => None,
            Some(wanted) => Some(wanted.max(jitter(self.retry.pause))),
            None => Some(jitter(self.retry.pause.saturating_mul(1 << tried.min(16)))),
        }
    }

    /// Asks once, if the breaker lets it.
    async fn once(&self, fetches: &[Fetch]) -> Result<Vec<Outcome>, Failure> {
        let pass = self.breaker.as_ref().map(Breaker::enter).transpose()?;
        let until = self.retry.try_timeout.map(|timeout| Instant::now() + timeout);
        let hurried: Vec<Fetch>;
        let fetches = match until {
            None => fetches,
            Some(until) => {
                let hurry = |fetch: &Fetch| Fetch { deadline: fetch.deadline.min(until), ..fetch.clone() };
                hurried = fetches.iter().map(hurry).collect();
                &hurried
            }
        };
        let outcomes = match fetches {
            [fetch] => vec![self.inner.fetch(fetch).await],
            several => self.inner.fetch_together(several).await,
        };
        if let Some(pass) = pass {
            pass.leave(outcomes.iter().any(|outcome| is_away(Some(outcome))));
        }
        Ok(outcomes)
    }
}

fn suspended() -> Failure {
    Failure::new(FailureKind::Suspended, "the source is suspended by the configuration or by its file")
}

/// Whether the source wasn't there, rather than answered anything.
fn is_away(outcome: Option<&Outcome>) -> bool {
    let kind = outcome.and_then(|outcome| outcome.as_ref().err()).map(|failure| failure.kind);
    matches!(kind, Some(FailureKind::Unreachable | FailureKind::TimedOut))
}

fn only_reads(fetch: &Fetch) -> bool {
    match &fetch.asked.what {
        What::Roots { operation, .. } => *operation == Operation::Query,
        What::Entities { .. } => true,
    }
}

impl Connector for Guarded {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Outcome> {
        if self.standing.is_suspended() {
            return std::future::ready(Err(suspended())).boxed();
        }
        if self.is_plain {
            return self.inner.fetch(fetch);
        }
        let missing = || Err(Failure::internal("a question without an outcome"));
        async move { self.ask(std::slice::from_ref(fetch)).await.pop().unwrap_or_else(missing) }.boxed()
    }

    fn subscribe<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Events, Failure>> {
        if self.standing.is_suspended() {
            return std::future::ready(Err(suspended())).boxed();
        }
        async move {
            let events = self.inner.subscribe(fetch).await?;
            let standing = Arc::clone(&self.standing);
            // The first event after a suspension is the last item: the suspension, instead of the event.
            let told = events.scan(false, move |is_over, event| {
                let over = standing.is_suspended();
                let item = match (*is_over, over) {
                    (true, _) => None,
                    (false, true) => Some(Err(suspended())),
                    (false, false) => Some(event),
                };
                *is_over = over;
                std::future::ready(item)
            });
            Ok(told.boxed())
        }
        .boxed()
    }

    fn fetch_together<'a>(&'a self, fetches: &'a [Fetch]) -> BoxFuture<'a, Vec<Outcome>> {
        if self.standing.is_suspended() {
            return std::future::ready(fetches.iter().map(|_| Err(suspended())).collect()).boxed();
        }
        if self.is_plain {
            return self.inner.fetch_together(fetches);
        }
        self.ask(fetches).boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        match self.standing.is_suspended() {
            true => std::future::ready(Err(suspended())).boxed(),
            false => self.inner.probe(),
        }
    }
}

/// Looks for the files that suspend sources, again and again, until dropped.
pub async fn watch(sources: Vec<Arc<Guarded>>) {
    let sources: Vec<Arc<Guarded>> = sources.into_iter().filter(|source| source.file.is_some()).collect();
    if sources.is_empty() {
        return std::future::pending().await;
    }
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let looked = sources.clone();
        // A file may be on a disk that doesn't answer.
        let look = move || looked.iter().for_each(|source| source.look());
        if tokio::task::spawn_blocking(look).await.is_err() {
            tracing::error!(target: "raccordo::source", "files that suspend sources can't be looked for");
        }
    }
}

#[cfg(test)]
mod tests;
