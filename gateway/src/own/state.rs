//! The state of each source: what fetches and probes have found, and since when. No call is made to read it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use raccordo_connector_api::{Connector, FailureKind, Standing};
use raccordo_schema::mapping::Name;

/// How often every source is asked whether it answers.
const PROBE_EVERY: Duration = Duration::from_secs(15);
/// How long a source may take to say so.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// The state of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceState {
    /// It answered the last time it was asked.
    pub reachable: bool,
    /// Since when it is so.
    pub since: SystemTime,
}

impl SourceState {
    /// `since` as RFC 3339 in UTC, to the second.
    pub fn since_text(&self) -> String {
        let seconds = self.since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil(days as i64);
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }
}

/// The date of a day counted from 1970-01-01: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The states of all sources.
#[derive(Debug)]
pub struct States {
    kinds: BTreeMap<String, String>,
    /// Of each source the names and kinds of its members, in declared order.
    members: BTreeMap<String, Vec<(String, String)>>,
    found: Mutex<HashMap<String, SourceState>>,
    standings: Mutex<HashMap<String, Standing>>,
}

impl States {
    /// Sources by name and kind, of which nothing is known yet.
    pub fn new(sources: impl IntoIterator<Item = (Name, Name)>) -> Self {
        let kinds = sources.into_iter().map(|(name, kind)| (name.to_string(), kind.to_string())).collect();
        Self { kinds, members: BTreeMap::new(), found: Mutex::default(), standings: Mutex::default() }
    }

    /// The same, where a source has these members, by name and kind.
    #[must_use]
    pub fn with_members(mut self, source: &str, members: impl IntoIterator<Item = (Name, Name)>) -> Self {
        let members = members.into_iter().map(|(name, kind)| (name.to_string(), kind.to_string()));
        self.members.insert(source.to_owned(), members.collect());
        self
    }

    /// Names and kinds of a source's members, in declared order; none of a source that is one system.
    pub fn members(&self, source: &str) -> &[(String, String)] {
        self.members.get(source).map_or(&[], Vec::as_slice)
    }

    /// What a member's state is known by.
    pub fn member_key(source: &str, member: &str) -> String {
        format!("{source}/{member}")
    }

    /// Notes what asking a member found. Its source is there as long as one of its members is, as far as is known.
    pub fn note_member(&self, source: &str, member: &str, failure: Option<FailureKind>) {
        self.note(&Self::member_key(source, member), failure);
        let keys: Vec<String> =
            self.members(source).iter().map(|(name, _)| Self::member_key(source, name)).collect();
        let states = self.of(&keys);
        let all_gone = keys.iter().all(|key| states.get(key).is_some_and(|state| !state.reachable));
        self.note(source, all_gone.then_some(FailureKind::Unreachable));
    }

    /// Names and kinds, by name.
    pub fn names(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.kinds.iter().map(|(name, kind)| (name.clone(), kind.clone()))
    }

    /// The states of these sources; none of those that were never asked.
    pub fn of(&self, names: &[String]) -> HashMap<String, SourceState> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().filter_map(|name| Some((name.clone(), *found.get(name)?))).collect()
    }

    /// How old what a source's connector keeps was at the last probe; none of a source of which nothing is kept.
    pub fn standing(&self, name: &str) -> Option<Standing> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Notes what asking a source found. Whoever refuses, or answers something unexpected, is there.
    pub fn note(&self, name: &str, failure: Option<FailureKind>) {
        let reachable = !matches!(failure, Some(FailureKind::Unreachable | FailureKind::TimedOut));
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let state =
            found.entry(name.to_owned()).or_insert(SourceState { reachable, since: SystemTime::now() });
        if state.reachable != reachable {
            *state = SourceState { reachable, since: SystemTime::now() };
        }
    }

    /// Asks one source whether it answers, and notes it.
    pub async fn probe(&self, name: &str, connector: &dyn Connector) -> Option<FailureKind> {
        let members = connector.members();
        if !members.is_empty() {
            let probes = members.iter().map(|(member, _, connector)| async move {
                self.note_member(name, member, probed(connector.as_ref()).await);
            });
            futures::future::join_all(probes).await;
            let is_there = self.of(&[name.to_owned()]).get(name).is_some_and(|state| state.reachable);
            return (!is_there).then_some(FailureKind::Unreachable);
        }
        let failure = probed(connector).await;
        self.note(name, failure);
        if let Some(standing) = connector.standing() {
            let mut standings = self.standings.lock().unwrap_or_else(PoisonError::into_inner);
            standings.insert(name.to_owned(), standing);
        }
        failure
    }

    /// Asks every source again and again, until dropped.
    pub async fn watch(self: Arc<Self>, sources: Vec<(Name, Arc<dyn Connector>)>) {
        let mut ticks = tokio::time::interval(PROBE_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let probes = sources.iter().map(|(name, connector)| self.probe(name, connector.as_ref()));
            futures::future::join_all(probes).await;
        }
    }
}

async fn probed(connector: &dyn Connector) -> Option<FailureKind> {
    match tokio::time::timeout(PROBE_TIMEOUT, connector.probe()).await {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure.kind),
        Err(_) => Some(FailureKind::TimedOut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_when_is_told_in_utc() {
        let at = |seconds| {
            SourceState { reachable: true, since: UNIX_EPOCH + Duration::from_secs(seconds) }.since_text()
        };
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(at(1_795_305_599), "2026-11-21T23:59:59Z");
    }

    #[test]
    fn a_source_is_there_as_long_as_a_member_is() {
        let members = [("x".into(), "sql".into()), ("y".into(), "http".into())];
        let states = States::new([("a".into(), "sql".into())]).with_members("a", members);
        let of = |name: &str| states.of(&[name.to_owned()]).get(name).map(|state| state.reachable);
        states.note_member("a", "x", Some(FailureKind::TimedOut));
        assert_eq!((of("a"), of("a/x"), of("a/y")), (Some(true), Some(false), None));
        states.note_member("a", "y", Some(FailureKind::Unreachable));
        assert_eq!((of("a"), of("a/y")), (Some(false), Some(false)));
        states.note_member("a", "x", None);
        assert_eq!((of("a"), of("a/x")), (Some(true), Some(true)));
    }

    #[test]
    fn a_state_keeps_its_beginning_until_it_changes() {
        let states = States::new([("a".into(), "sql".into())]);
        let of = || states.of(&["a".into()]).get("a").copied();
        assert_eq!(of(), None);
        states.note("a", None);
        let first = of();
        states.note("a", Some(FailureKind::Malformed));
        assert_eq!(of(), first, "whoever answers nonsense is there");
        states.note("a", Some(FailureKind::Unreachable));
        assert!(!of().unwrap().reachable);
    }
}
