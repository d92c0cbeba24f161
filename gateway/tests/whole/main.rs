//! One whole graph against its sources: random queries over every graph that composition's tests compose, answered by the gateway
//! over sources in memory, compared with a plain walk over the same data that knows nothing of sources.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails, and says what it met"
)]

mod ask;
mod queries;
mod random;
mod source;
mod world;

use std::path::{Path, PathBuf};

use raccordo_schema::compose::{SourceSdl, compose};
use serde_json::{Value, json};

use crate::ask::Bench;
use crate::queries::Queries;

/// Queries for each graph.
const QUERIES: u64 = 150;

fn good_graphs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/tests/compose");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("good_"))
        .collect();
    folders.sort();
    folders
}

fn supergraph(folder: &Path) -> String {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "graphql"))
        .map(|path| {
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    let sources: Vec<SourceSdl<'_>> =
        files.iter().map(|(name, sdl)| SourceSdl { name, url: None, file: name, sdl }).collect();
    compose(&sources).expect("the graph composes").sdl().to_owned()
}

#[test]
fn every_answer_is_the_one_that_the_whole_graph_gives() {
    let mut asked = 0;
    let mut wrong: Vec<(String, u64)> = Vec::new();
    for folder in good_graphs() {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let bench = Bench::new(&supergraph(&folder));
        for seed in 0..QUERIES {
            let Some(query) = Queries::new(bench.api(), seed).query() else { continue };
            let Some(expected) = bench.expected(&query) else { continue };
            asked += 1;
            let answer = bench.ask(&query);
            if answer == json!({ "data": expected }) {
                continue;
            }
            eprintln!("{name} {seed}: {query}\n  answer   {answer}\n  expected {}", Value::Object(expected));
            wrong.push((name.clone(), seed));
        }
    }
    assert!(wrong.is_empty(), "wrong of {asked} answers: {wrong:?}");
    assert!(asked > 2_000, "only {asked} queries were asked");
}
