//! One whole graph against its sources: random queries over every graph that composition's tests compose and over those in `graphs`, answered by the gateway
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

/// The graphs that composition's tests compose, and those in `graphs` that are of interest for planning alone.
fn good_graphs() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let composed = folders(&here.join("../schema/tests/compose"));
    let good = composed.into_iter().filter(|path| name_of(path).starts_with("good_"));
    good.chain(folders(&here.join("tests/whole/graphs"))).collect()
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
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
    let composed = compose(&sources).unwrap_or_else(|wrong| {
        let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        panic!("{}: {}", name_of(folder), told.join("\n"))
    });
    composed.sdl().to_owned()
}

#[test]
fn every_answer_is_the_one_that_the_whole_graph_gives() {
    let mut asked = 0;
    let mut wrong: Vec<(String, u64)> = Vec::new();
    for folder in good_graphs() {
        let name = name_of(&folder);
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
