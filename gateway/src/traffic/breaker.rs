//! A circuit breaker: after so many failures one after another a source is left alone for a while; then one fetch tries whether it is there.
//!
//! A fetch asks to enter and says how it went. One that goes away without a word, because its caller did, counts for nothing; if it was the
//! one that tries, the next may.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use raccordo_connector_api::Failure;
use tokio::time::Instant;

use super::standing::{Served, Standing};

/// The breaker of one source.
pub(super) struct Breaker {
    most: u32,
    pause: Duration,
    state: Mutex<State>,
    standing: Arc<Standing>,
}

enum State {
    /// So many failed one after another.
    Whole(u32),
    /// Nobody asks until then.
    Broken(Instant),
    /// One asks.
    Trying,
}

/// Leave to ask once.
pub(super) struct Pass<'b> {
    breaker: &'b Breaker,
    tries: bool,
    is_over: bool,
}

impl Breaker {
    pub(super) fn new(most: u32, pause: Duration, standing: Arc<Standing>) -> Self {
        Self { most, pause, state: Mutex::new(State::Whole(0)), standing }
    }

    /// Leave to ask.
    ///
    /// # Errors
    /// `Unreachable`, while the source is left alone.
    pub(super) fn enter(&self) -> Result<Pass<'_>, Failure> {
        let mut state = self.state();
        let tries = match &*state {
            State::Whole(_) => false,
            State::Broken(until) if Instant::now() >= *until => true,
            State::Broken(_) | State::Trying => {
                return Err(Failure::unreachable(format!(
                    "left alone after {} failures one after another (`breaker_failures`)",
                    self.most
                )));
            }
        };
        if tries {
            self.become_(&mut state, State::Trying);
        }
        Ok(Pass { breaker: self, tries, is_over: false })
    }

    fn failed(&self, tries: bool) {
        let mut state = self.state();
        let count = match &*state {
            State::Whole(count) => count.saturating_add(1),
            _ if tries => self.most,
            // It was on its way when others broke the circuit.
            _ => return,
        };
        let next = match count >= self.most {
            true => State::Broken(Instant::now() + self.pause),
            false => State::Whole(count),
        };
        self.become_(&mut state, next);
    }

    fn answered(&self, tries: bool) {
        let mut state = self.state();
        if tries || matches!(&*state, State::Whole(_)) {
            self.become_(&mut state, State::Whole(0));
        }
    }

    fn become_(&self, state: &mut State, next: State) {
        self.standing.set_breaker(match next {
            State::Whole(_) => Served::Yes,
            State::Broken(_) => Served::Broken,
            State::Trying => Served::Trying,
        });
        *state = next;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// How it went: whether the source was away.
    pub(super) fn leave(mut self, away: bool) {
        self.is_over = true;
        match away {
            true => self.breaker.failed(self.tries),
            false => self.breaker.answered(self.tries),
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.tries && !self.is_over {
            let mut state = self.breaker.state();
            self.breaker.become_(&mut state, State::Broken(Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker(most: u32, pause: Duration) -> (Breaker, Arc<Standing>) {
        let standing = Arc::new(Standing::default());
        (Breaker::new(most, pause, Arc::clone(&standing)), standing)
    }

    const NEVER: Duration = Duration::from_secs(3600);

    fn ask(breaker: &Breaker, away: bool) -> bool {
        breaker.enter().map(|pass| pass.leave(away)).is_ok()
    }

    #[test]
    fn it_breaks_at_the_limit_and_not_before() {
        let (breaker, standing) = breaker(3, NEVER);
        for away in [true, true, false, true, true] {
            assert!(ask(&breaker, away));
            assert_eq!(standing.served(), Served::Yes);
        }
        assert!(ask(&breaker, true));
        assert_eq!(standing.served(), Served::Broken);
        assert!(!ask(&breaker, false));
    }

    #[test]
    fn one_fetch_tries_and_decides() {
        let (breaker, standing) = breaker(1, Duration::ZERO);
        ask(&breaker, true);
        assert_eq!(standing.served(), Served::Broken);
        let pass = breaker.enter().ok().unwrap();
        assert_eq!(standing.served(), Served::Trying);
        assert!(breaker.enter().is_err(), "one at a time");
        pass.leave(true);
        assert_eq!(standing.served(), Served::Broken);
        // Whoever tried went away: the next tries.
        drop(breaker.enter().ok().unwrap());
        assert!(ask(&breaker, false));
        assert_eq!(standing.served(), Served::Yes);
        assert!(ask(&breaker, false));
    }

    #[test]
    fn what_was_on_its_way_when_others_broke_it_changes_nothing() {
        let (breaker, standing) = breaker(1, NEVER);
        let (slow, quick) = (breaker.enter().ok().unwrap(), breaker.enter().ok().unwrap());
        quick.leave(true);
        slow.leave(false);
        assert_eq!(standing.served(), Served::Broken);
    }
}
