//! What a prepared operation allocates: counted by the allocator while requests are answered from sources that give canned bytes. Rows
//! and fields cost cells and copied bytes, and no allocation each; only what grows by doubling may grow with them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected fails")]

use std::alloc::System;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use raccordo::cursors::SealedCursors;
use raccordo::graph::{Graph, GraphSource};
use raccordo::operation::Limits;
use raccordo::own::States;
use raccordo::pipeline::Gateway;
use raccordo::request::Request;
use raccordo::trail::LogTrail;
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{Connector, Failure, Fetch, Reply};
use raccordo_policy::Caller;
use raccordo_schema::catalogue::Catalogue;
use raccordo_schema::compose::{SourceSdl, compose};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::Runtime;

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Rows of the smaller request; the larger one has ten times as many.
const ROWS: usize = 300;
/// Fields of the smaller request; the larger one has ten times as many.
const FIELDS: usize = 20;
/// Allocations that ten times as much may cost more: vectors that double, a few times each.
const DOUBLINGS: usize = 60;

/// A source that answers everything with the same bytes.
struct Canned(Bytes);

impl Connector for Canned {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        Box::pin(async move {
            fetch.meter.call();
            let rows = fetch.representations.len().max(1);
            read_response(self.0.clone(), &fetch.asked, rows)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

/// A gateway over things of one source, joined with what another has of them: so many rows, so many fields in each source.
fn gateway(rows: usize, fields: usize) -> Gateway {
    let names = |letter: char| (0..fields).map(move |number| format!("{letter}{number}"));
    let declared = |letter| names(letter).fold(String::new(), |text, name| format!("{text} {name}: String"));
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])";
    let sdls = [
        format!(
            "{link} type Query {{ cose: [Cosa!]! }} type Cosa @key(fields: \"id\") {{ id: ID! {} }}",
            declared('a')
        ),
        format!("{link} type Cosa @key(fields: \"id\") {{ id: ID! {} }}", declared('b')),
    ];
    let (mut cose, mut entities) = (String::new(), String::new());
    for row in 0..rows {
        let comma = if row > 0 { "," } else { "" };
        let _ = write!(cose, "{comma}{{\"id\":\"id{row}\"{}}}", values(names('a'), row));
        let _ = write!(entities, "{comma}{{\"__typename\":\"Cosa\"{}}}", values(names('b'), row));
    }
    let canned = [
        format!("{{\"data\":{{\"cose\":[{cose}]}}}}"),
        format!("{{\"data\":{{\"_entities\":[{entities}]}}}}"),
    ];
    let inputs: Vec<SourceSdl<'_>> = ["uno", "due"]
        .into_iter()
        .zip(&sdls)
        .map(|(name, sdl)| SourceSdl { name, url: None, file: name, sdl })
        .collect();
    let supergraph = compose(&inputs).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let catalogue = Catalogue::from_supergraph(supergraph.sdl()).unwrap();
    let sources = ["uno", "due"].into_iter().zip(canned).map(|(name, canned)| GraphSource {
        name: name.into(),
        kind: "canned".into(),
        connector: Arc::new(Canned(canned.into())),
        mapping: None,
        timeout: Duration::from_secs(60),
        limits: raccordo_connector_api::Limits::default(),
    });
    let graph = Graph::new(&catalogue, sources.collect(), Arc::new(States::new([])), true).unwrap();
    let policy = raccordo_policy::open(true, "127.0.0.1:0".parse().unwrap()).unwrap();
    let cursors = Arc::new(SealedCursors::draw().unwrap());
    let limits = Limits::default();
    Gateway::new(Arc::new(graph), policy, Arc::new(LogTrail), cursors, limits, Duration::from_secs(60))
}

fn values(names: impl Iterator<Item = String>, row: usize) -> String {
    names.fold(String::new(), |text, name| format!("{text},\"{name}\":\"{name} di {row}\""))
}

fn request(fields: usize) -> Request {
    let fields = (0..fields).fold(String::new(), |text, number| format!("{text} a{number} b{number}"));
    Request { query: format!("{{ cose {{ id {fields} }} }}"), ..Request::default() }
}

/// How many allocations the answer to a prepared request takes, growth included.
fn allocations(runtime: &Runtime, rows: usize, fields: usize) -> usize {
    let (gateway, request) = (gateway(rows, fields), request(fields));
    let (caller, trace) = (Caller::anonymous(), "trace".into());
    let ask = || {
        let answered = runtime.block_on(gateway.answer(&caller, &trace, &request)).unwrap();
        let text = String::from_utf8(answered.body.to_vec()).unwrap();
        assert!(!text.contains("\"errors\""), "{text}");
        let last = format!("\"b{0}\":\"b{0} di {1}\"", fields - 1, rows - 1);
        assert!(text.contains(&last), "the answer has the last field of the last row");
    };
    // Prepared, and the length of its answer known.
    (0..3).for_each(|_| ask());
    let region = Region::new(COUNTING);
    let answered = runtime.block_on(gateway.answer(&caller, &trace, &request));
    let counted = region.change();
    drop(answered.unwrap());
    counted.allocations + counted.reallocations
}

#[test]
fn a_prepared_operation_costs_no_allocation_for_a_row_or_a_field() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let few = allocations(&runtime, ROWS, FIELDS);
    let more_rows = allocations(&runtime, ROWS * 10, FIELDS);
    let more_fields = allocations(&runtime, ROWS, FIELDS * 10);
    eprintln!(
        "{ROWS} rows of {FIELDS} fields in two sources: {few} allocations; ten times the rows: {more_rows}; ten times the fields: {more_fields}"
    );
    assert!(more_rows < few + DOUBLINGS, "{few} became {more_rows} with {} rows more", ROWS * 9);
    assert!(more_fields < few + DOUBLINGS, "{few} became {more_fields} with {} fields more", FIELDS * 9);
}
