//! A kind's harness in; the same, with the records spread over several members of one source, out: so that a source of members of any
//! kind passes the suite that its kind does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, try_join_all};
use raccordo_connector_api::conformance::{Harness, Record, Running};
use raccordo_connector_api::{Checked, Key, Kind, SettingValue, Settings, Source};
use raccordo_schema::{Diagnostic, Location};

use crate::{CheckedMembers, Member, Whole, check};

/// The key of the settings that says which members are meant.
const MEMBERS: &str = "members";

type Registry = Arc<Mutex<HashMap<String, Vec<Settings>>>>;

/// A harness whose source has so many members.
pub struct InMembers<H> {
    kind: Split<H>,
    count: usize,
}

impl<H: Harness + 'static> InMembers<H> {
    /// Spreads a harness's records over `count` members, one after the other.
    pub fn new(inner: H, count: usize) -> Self {
        Self { kind: Split { inner: Arc::new(inner), registry: Registry::default() }, count: count.max(1) }
    }
}

struct Split<H> {
    inner: Arc<H>,
    registry: Registry,
}

impl<H> Split<H> {
    fn register(&self, settings: Vec<Settings>) -> Settings {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let id = registry.len().to_string();
        registry.insert(id.clone(), settings);
        let at = Location::file("raccordo.yaml");
        Settings::new(at.clone()).with(MEMBERS, SettingValue::Text(id.into()), at)
    }
}

impl<H: Harness> Kind for Split<H> {
    fn name(&self) -> &'static str {
        self.inner.kind().name()
    }

    fn keys(&self) -> &'static [Key] {
        self.inner.kind().keys()
    }

    fn check(&self, source: Source<'_>) -> Result<Arc<dyn Checked>, Vec<Diagnostic>> {
        let id = source.settings.text(MEMBERS).unwrap_or_default();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let settings = registry.get(id).cloned().unwrap_or_default();
        let mut members = Vec::new();
        for (index, settings) in settings.iter().enumerate() {
            let checked = self.inner.kind().check(Source { settings, ..source })?;
            members.push(Member {
                name: format!("m{index}").into(),
                kind: self.name(),
                serves: Vec::new(),
                timeout: Duration::from_secs(60),
                mapping: Arc::clone(source.mapping),
                checked,
                at: settings.entry_at(),
            });
        }
        let whole = Whole {
            source: source.name.into(),
            mapping: Arc::clone(source.mapping),
            route_by: None,
            broadcast: true,
            parallel: 8,
            keepers_key: None,
            at: source.settings.entry_at(),
        };
        let found = check(&whole, &members, None);
        match found.is_empty() {
            true => Ok(Arc::new(CheckedMembers { whole, members, locator: None })),
            false => Err(found),
        }
    }
}

impl<H: Harness + 'static> Harness for InMembers<H> {
    fn kind(&self) -> &dyn Kind {
        &self.kind
    }

    fn sdl(&self) -> String {
        self.kind.inner.sdl()
    }

    fn batch(&self) -> usize {
        self.kind.inner.batch()
    }

    fn page_size(&self) -> Option<usize> {
        self.kind.inner.page_size()
    }

    fn exempt(&self, case: &str) -> Option<&'static str> {
        let counted = "the suite counts the calls to one system, and each member is asked";
        match case {
            _ if self.count == 1 => self.kind.inner.exempt(case),
            "batches_are_as_few_as_their_limit_allows" | "one_fifty_and_five_thousand_keys" => Some(counted),
            "pages_bring_no_more_than_their_size" | "pages_are_limited" => Some(counted),
            "two_records_of_one_key_are_malformed" => {
                Some("of two members that have a record the first is asked for it")
            }
            _ => self.kind.inner.exempt(case),
        }
    }

    fn start<'a>(&'a self, records: &'a [Record]) -> BoxFuture<'a, Result<Box<dyn Running>, String>> {
        Box::pin(async move {
            let size = records.len().div_ceil(self.count).max(1);
            let parts =
                (0..self.count).map(|index| records.iter().skip(index * size).take(size).cloned().collect());
            let parts: Vec<Vec<Record>> = parts.collect();
            let running = try_join_all(parts.iter().map(|part| self.kind.inner.start(part))).await?;
            let settings = self.kind.register(running.iter().map(|running| running.settings()).collect());
            let nowhere = self.kind.register(running.iter().map(|running| running.nowhere()).collect());
            Ok(Box::new(Several { running, settings, nowhere }) as Box<dyn Running>)
        })
    }
}

struct Several {
    running: Vec<Box<dyn Running>>,
    settings: Settings,
    nowhere: Settings,
}

impl Running for Several {
    fn settings(&self) -> Settings {
        self.settings.clone()
    }

    fn nowhere(&self) -> Settings {
        self.nowhere.clone()
    }

    fn withhold<'a>(&'a self, field: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            try_join_all(self.running.iter().map(|running| running.withhold(field))).await.map(|_| ())
        })
    }

    fn silence(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            try_join_all(self.running.iter().map(|running| running.silence())).await.map(|_| ())
        })
    }

    fn speak(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(
            async move { try_join_all(self.running.iter().map(|running| running.speak())).await.map(|_| ()) },
        )
    }
}
