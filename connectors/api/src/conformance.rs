//! The suite that every kind passes: what a source holds and how it misbehaves go in, the outcomes the contract promises must come out.
//! Nothing here opens a socket or a file: the kind's own test runs the source, the real one where it starts in seconds.
//!
//! A test of a kind implements [`Harness`]: an SDL over the suite's small graph and a source that holds the suite's [`Record`]s. Then it runs
//! all cases at once with [`run`], or one test for each with [`crate::conformance_tests`]:
//!
//! ```ignore
//! raccordo_connector_api::conformance_tests!(Sqlite::new());
//! ```
//!
//! The suite's graph, which the SDL maps with the kind's own `@connect` and `@from`:
//!
//! ```graphql
//! type Query {
//!   # Filtered by equality and by "at least"; an argument that is null or left out narrows nothing.
//!   schede(gruppo: ID, numeroMin: Int, first: Int, after: String): SchedaConnection!
//!   scheda(id: ID): Scheda
//! }
//! type SchedaConnection { nodes: [Scheda!]! edges: [SchedaEdge!]! pageInfo: PageInfo! }
//! type SchedaEdge { node: Scheda! cursor: String! }
//! type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
//! type Scheda @key(fields: "id") { id: ID! nome: String numero: Int dal: Date gruppo: ID }
//! # Found by nothing but its key, unless the kind needs more.
//! type Gruppo @key(fields: "id") { id: ID! schede(first: Int): [Scheda!]! }
//! ```
//!
//! [`Ask`] makes a [`crate::Fetch`] from a few words of GraphQL and [`render()`] makes JSON of a [`crate::Reply`], for a kind's further tests.

pub mod ask;
mod cases;
mod data;
pub mod render;
mod selection;

use std::sync::Arc;

use futures::future::BoxFuture;
use raccordo_schema::mapping::SourceMapping;
use raccordo_schema::read_source;

pub use ask::{Ask, AskError, PlainCursors};
pub use cases::CASES;
pub use data::{Record, records};
pub use render::render;

use crate::{Connector, Kind, Settings, Source};

/// What a kind's test gives the suite.
pub trait Harness: Send + Sync {
    /// The kind.
    fn kind(&self) -> &dyn Kind;

    /// The suite's graph in the kind's words, for a source named `prova`.
    fn sdl(&self) -> String;

    /// How many keys of `Scheda` go in one call: what the SDL's `batch:` says, or the kind's own number.
    fn batch(&self) -> usize;

    /// How many records one call for `schede` brings at most, where the SDL's `page: { size: }` says it.
    fn page_size(&self) -> Option<usize>;

    /// Why a case doesn't apply to this kind, or `None` when it does. Names are those of [`CASES`].
    fn exempt(&self, case: &str) -> Option<&'static str>;

    /// Starts a source that holds these records, in this order.
    fn start<'a>(&'a self, records: &'a [Record]) -> BoxFuture<'a, Result<Box<dyn Running>, String>>;
}

/// A source that runs until it is dropped.
pub trait Running: Send + Sync {
    /// The settings that reach it.
    fn settings(&self) -> Settings;

    /// The same, at an address where nobody answers.
    fn nowhere(&self) -> Settings;

    /// From now on reading this field of `Scheda` is an error at the source, so that what isn't asked is seen not to be read.
    fn withhold<'a>(&'a self, field: &'a str) -> BoxFuture<'a, Result<(), String>>;

    /// From now on the source takes questions and doesn't answer.
    fn silence(&self) -> BoxFuture<'_, Result<(), String>>;

    /// The source answers again.
    fn speak(&self) -> BoxFuture<'_, Result<(), String>>;
}

/// One promise of the contract.
pub struct Case {
    /// Its name, in words with underscores.
    pub name: &'static str,
    /// Tries it: the broken promise in words, when it is broken.
    pub run: for<'a> fn(&'a dyn Harness) -> BoxFuture<'a, Result<(), String>>,
}

/// Tries one case by its name. A case that the kind is exempt from passes.
///
/// # Errors
/// The broken promise, or a name that no case has.
pub async fn run_case(harness: &dyn Harness, name: &str) -> Result<(), String> {
    let case = CASES
        .iter()
        .find(|case| case.name == name)
        .ok_or_else(|| format!("the suite has no case `{name}`"))?;
    match harness.exempt(name) {
        Some(_) => Ok(()),
        None => (case.run)(harness).await.map_err(|broken| format!("{name}: {broken}")),
    }
}

/// Tries every case.
///
/// # Errors
/// Every broken promise, each by its case's name.
pub async fn run(harness: &dyn Harness) -> Result<(), Vec<String>> {
    let mut broken = Vec::new();
    for case in CASES {
        broken.extend(run_case(harness, case.name).await.err());
    }
    if broken.is_empty() { Ok(()) } else { Err(broken) }
}

/// A started source with a connector to it.
pub(crate) struct Stage {
    pub(crate) running: Box<dyn Running>,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) mapping: Arc<SourceMapping>,
    pub(crate) ask: Ask,
}

impl Stage {
    /// Starts a source and connects to it.
    pub(crate) async fn set(harness: &dyn Harness, records: &[Record]) -> Result<Self, String> {
        let running = harness.start(records).await?;
        let read = read_source("prova", "prova.graphql", &harness.sdl());
        let mapping = Arc::new(read.map_err(|found| listed("the harness's SDL can't be read", &found))?);
        let connector = connect(harness, &running.settings(), &mapping)?;
        Ok(Self { running, connector, ask: Ask::new(&mapping), mapping })
    }
}

/// A connector with these settings.
pub(crate) fn connect(
    harness: &dyn Harness,
    settings: &Settings,
    mapping: &Arc<SourceMapping>,
) -> Result<Arc<dyn Connector>, String> {
    let checked = harness.kind().check(Source { name: "prova", settings, mapping });
    let checked = checked.map_err(|found| listed("the harness's source isn't accepted", &found))?;
    checked.open().map_err(|failure| format!("the source can't be opened: {failure}"))
}

fn listed(what: &str, found: &[raccordo_schema::Diagnostic]) -> String {
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    format!("{what}:\n{}", found.join("\n"))
}

/// One test for each case of the suite, each with a harness of its own. The test's crate needs `tokio`.
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr) => {
        $crate::conformance_tests!(@each $harness;
            entities_come_by_key_in_the_order_asked, absent_keys_are_null, nulls_are_null, texts_come_whole,
            batches_are_as_few_as_their_limit_allows, one_fifty_and_five_thousand_keys, two_records_of_one_key_are_malformed,
            what_is_not_asked_is_not_read, filters_narrow_and_null_does_not, a_single_record_is_found_or_null,
            pages_lead_to_the_last_record, pages_bring_no_more_than_their_size, foreign_cursors_are_refused,
            records_of_a_parent_come_in_batches, one_wrong_value_is_lost_alone, rows_are_limited, pages_are_limited,
            bytes_are_limited, nobody_there_is_unreachable, silence_is_a_timeout, a_passed_deadline_makes_no_call,
            a_cancelled_question_leaves_the_source_usable, a_probe_asks_whether_anybody_answers);
    };
    (@each $harness:expr; $($case:ident),+) => {
        $(
            #[tokio::test]
            async fn $case() {
                let outcome = $crate::conformance::run_case(&$harness, stringify!($case)).await;
                assert_eq!(outcome, Ok(()));
            }
        )+

        #[test]
        fn every_case_of_the_suite_is_a_test() {
            let tests = [$(stringify!($case)),+];
            let cases: Vec<&str> = $crate::conformance::CASES.iter().map(|case| case.name).collect();
            assert_eq!(tests.as_slice(), cases);
        }
    };
}
