//! One access token for all calls to a source: kept while it is good, renewed before it ends, asked for once however many calls wait.
//!
//! A call's deadline enters; a header's value leaves, or why there is none. The token is in memory only, and in no `Debug`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use raccordo_connector_api::Failure;
use reqwest::header::HeaderValue;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tokio::time::{Instant, timeout_at};

use super::grant::Grant;

/// A token is renewed so long before it ends, or a fifth of its life, whichever is less.
const EARLY: Duration = Duration::from_secs(60);
/// For so long a failure is every call's: the endpoint isn't asked anew by each.
const REST: Duration = Duration::from_secs(1);
/// How long renewing early may take, while calls go on with the token that is still good.
const RENEWING: Duration = Duration::from_secs(15);
/// After a token that was renewed upon a 401 was refused again, so long no other is asked for.
const STUBBORN: Duration = Duration::from_secs(10);

/// A token as a call carries it.
#[derive(Clone)]
pub(crate) struct Bearer {
    pub(crate) value: HeaderValue,
    /// Which of those that were granted it is.
    number: u64,
}

/// Tokens of one source.
pub(crate) struct Tokens {
    grant: Grant,
    state: Mutex<State>,
    /// Whoever asks the endpoint has it.
    turn: Arc<Turn<()>>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    failed: Option<(Failure, Instant)>,
    /// How often the endpoint was asked, to an end.
    asked: u64,
}

struct Held {
    bearer: Bearer,
    renew_at: Instant,
    ends_at: Instant,
    /// Asked for because another was refused, at this time.
    forced: Option<Instant>,
}

impl Tokens {
    /// None yet.
    pub(crate) fn new(grant: Grant) -> Self {
        Self { grant, state: Mutex::default(), turn: Arc::default() }
    }

    /// The token that is good now; asked for where there is none.
    ///
    /// # Errors
    /// Those of [`Grant::ask`]; `TimedOut` when another call asks for too long.
    pub(crate) async fn bearer(self: &Arc<Self>, deadline: Instant) -> Result<Bearer, Failure> {
        let now = Instant::now();
        let (good, due, seen) = {
            let state = self.state();
            let held = state.held.as_ref().filter(|held| now < held.ends_at);
            (held.map(|held| held.bearer.clone()), held.is_some_and(|held| now >= held.renew_at), state.asked)
        };
        match good {
            Some(bearer) => {
                if due {
                    self.renew_early();
                }
                Ok(bearer)
            }
            None => self.wait(None, seen, deadline).await,
        }
    }

    /// Another token than the one that the source refused with 401; none where the refused one was such already.
    ///
    /// # Errors
    /// As of [`Tokens::bearer`].
    pub(crate) async fn renewed(
        self: &Arc<Self>,
        refused: &Bearer,
        deadline: Instant,
    ) -> Result<Option<Bearer>, Failure> {
        let seen = {
            let state = self.state();
            match state.held.as_ref() {
                Some(held) if held.bearer.number != refused.number => return Ok(Some(held.bearer.clone())),
                Some(held) if held.forced.is_some_and(|at| at.elapsed() < STUBBORN) => return Ok(None),
                _ => state.asked,
            }
        };
        self.wait(Some(refused.number), seen, deadline).await.map(Some)
    }

    /// Waits for the turn; by then another call may have brought what is wanted, or failed to.
    async fn wait(
        self: &Arc<Self>,
        refused: Option<u64>,
        seen: u64,
        deadline: Instant,
    ) -> Result<Bearer, Failure> {
        let late = |_| Failure::timed_out("no access token before the deadline");
        let turn = timeout_at(deadline, Arc::clone(&self.turn).lock_owned()).await.map_err(late)?;
        let now = Instant::now();
        {
            let state = self.state();
            let other = |held: &&Held| now < held.ends_at && Some(held.bearer.number) != refused;
            if let Some(held) = state.held.as_ref().filter(other) {
                return Ok(held.bearer.clone());
            }
            let failed = state.failed.as_ref().filter(|(_, until)| state.asked != seen || now < *until);
            if let Some((failure, _)) = failed {
                return Err(failure.clone());
            }
        }
        self.ask(turn, refused.is_some(), deadline).await
    }

    async fn ask(
        &self,
        turn: OwnedMutexGuard<()>,
        forced: bool,
        deadline: Instant,
    ) -> Result<Bearer, Failure> {
        let granted = self.grant.ask(deadline).await;
        let now = Instant::now();
        let mut state = self.state();
        state.asked += 1;
        let outcome = match granted {
            Ok(granted) => {
                let bearer = Bearer { value: granted.value, number: state.asked };
                let early = EARLY.min(granted.life / 5);
                state.failed = None;
                state.held = Some(Held {
                    bearer: bearer.clone(),
                    renew_at: now + granted.life - early,
                    ends_at: now + granted.life,
                    forced: forced.then_some(now),
                });
                Ok(bearer)
            }
            Err(failure) => {
                state.failed = Some((failure.clone(), now + REST));
                if let Some(held) = &mut state.held {
                    held.renew_at = now + REST;
                }
                Err(failure)
            }
        };
        drop(state);
        drop(turn);
        outcome
    }

    /// Asks for the next token while calls go on with the one that is still good. Nothing happens where that is under way.
    fn renew_early(self: &Arc<Self>) {
        let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() else { return };
        let tokens = Arc::clone(self);
        tokio::spawn(async move {
            let renewed = tokens.ask(turn, false, Instant::now() + RENEWING).await;
            if let Err(failure) = renewed {
                tracing::warn!(target: "raccordo::source", kind = %failure.kind, detail = %failure.detail, "an access token can't be renewed yet");
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
