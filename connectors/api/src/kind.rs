//! What a kind of source implements: settings, checking, connecting, fetching.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use raccordo_schema::Diagnostic;
use raccordo_schema::mapping::{Name, SourceMapping};

use crate::{Asked, Events, Failure, Fetch, Key, Reply, Settings};

/// A kind of source: `sql`, `fhir`, …
pub trait Kind: Send + Sync {
    /// As the configuration writes it.
    fn name(&self) -> &'static str;

    /// The keys of a source's entry that belong to this kind, beside those every source has. They drive checking,
    /// the published JSON Schema and the documentation.
    fn keys(&self) -> &'static [Key];

    /// Checks a source's settings and mapping, opening nothing.
    ///
    /// # Errors
    /// Every mistake at once.
    fn check(&self, source: Source<'_>) -> Result<Arc<dyn Checked>, Vec<Diagnostic>>;

    /// Whether [`Kind::inspect`] can say what is at this address, by its form alone.
    fn inspects(&self, url: &str) -> bool {
        let _ = url;
        false
    }

    /// A first annotated SDL, from what the system at an address says of itself: idiomatic names, keys found, what looks personal marked.
    /// It passes `raccordo check` as it is. Called inside the tokio runtime; reads no record.
    ///
    /// # Errors
    /// Why there is none: the address can't be read, or nobody answers there. Neither tells the address, which may hold a password.
    fn inspect<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<String, Failure>> {
        let _ = url;
        let refused = Failure::bad_input(format!("kind `{}` can't say what is at an address", self.name()));
        std::future::ready(Err(refused)).boxed()
    }
}

/// What a kind checks.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The source's name.
    pub name: &'a str,
    /// Its settings, already of the declared types.
    pub settings: &'a Settings,
    /// Its mapping.
    pub mapping: &'a Arc<SourceMapping>,
}

/// A checked source, ready to be connected.
pub trait Checked: Send + Sync {
    /// Makes the connector. Connections open at their first use, so a source that is down doesn't keep the gateway from starting.
    /// Called inside the tokio runtime.
    ///
    /// # Errors
    /// What can't be made at all: a certificate that can't be read.
    fn open(&self) -> Result<Arc<dyn Connector>, Failure>;
}

/// Speaks to one source.
pub trait Connector: Send + Sync {
    /// Asks the source.
    ///
    /// Dropping the future cancels what is under way. Answers rows, with absent ones null, before `fetch.deadline`.
    ///
    /// # Errors
    /// One of the outcomes of [`crate::FailureKind`], for the whole fetch. A single value that doesn't fit becomes
    /// [`crate::Cell::Failed`] in the reply instead.
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>>;

    /// Opens a stream of replies: one for each event of a subscription, whose only root field `fetch.asked` has.
    ///
    /// Completes once the source has taken the subscription, before `fetch.deadline`, which bounds nothing after that; counts one call.
    /// What the stream owes is told at [`Events`]. A kind whose sources send no events leaves this as it is.
    ///
    /// # Errors
    /// One of the outcomes, when there is no stream.
    fn subscribe<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Events, Failure>> {
        let refused = Failure::internal(format!(
            "a source of this kind sends no events, and was asked for `{}`",
            fetch.asked.selection().type_name
        ));
        std::future::ready(Err(refused)).boxed()
    }

    /// Asks several questions that became ready together: all of entities, all of one request. For each the outcome that
    /// [`Connector::fetch`] would have. A kind that can puts them in one call; by default each is one of its own, in parallel.
    fn fetch_together<'a>(&'a self, fetches: &'a [Fetch]) -> BoxFuture<'a, Vec<Result<Reply, Failure>>> {
        Box::pin(join_all(fetches.iter().map(|fetch| self.fetch(fetch))))
    }

    /// Whether [`Connector::fetch_together`] is one call. Then a question may wait a while for another, to be asked with it.
    fn joins(&self) -> bool {
        false
    }

    /// How old what the connector keeps is, where it keeps what a source holds: the kind `sheet` does. No call is made.
    fn standing(&self) -> Option<Standing> {
        None
    }

    /// The systems that together are this source, each with what speaks to it. None for a source that is one system.
    fn members(&self) -> Vec<(Name, &'static str, Arc<dyn Connector>)> {
        Vec::new()
    }

    /// Of a source with members: whom of them a question goes to, in words. For `raccordo plan`.
    fn asks_members(&self, _asked: &Asked) -> Option<String> {
        None
    }

    /// Whether the source answers at all: one cheap call that asks for no record.
    ///
    /// # Errors
    /// Why not.
    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>>;

    /// What the source hasn't, or has otherwise than its mapping says: for `check --live`. Asks for no record; by default finds nothing.
    ///
    /// # Errors
    /// When it can't be known.
    fn examine(&self) -> BoxFuture<'_, Result<Vec<Diagnostic>, Failure>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }
}

/// How old what a connector keeps is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// When the source changed it last, RFC 3339 in UTC; of several files the oldest.
    pub as_of: String,
    /// Since when there is a newer version that can't be served, RFC 3339 in UTC: what is served is the one before it.
    pub refused_since: Option<String>,
    /// Records that aren't served because they don't fit what is declared.
    pub left_out: u64,
}
