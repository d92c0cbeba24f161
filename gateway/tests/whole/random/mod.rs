//! Random graphs split at random over sources, random queries, random data: the gateway's answers compared with those that the whole
//! graph gives by itself.
//!
//! A seed makes a graph (`make`, `place`, `features`), its data (`data`) and its queries (`query`). Each source is played in memory
//! from its own SDL alone (`played`); the whole is executed by apollo-compiler's executor, which knows no sources (`oracle`). Data must
//! be the same to the order of its fields; there must be errors where the whole has errors, and at places that are null. A case that
//! differs is made small (`shrink`) and told: the sources' SDL, the query, its variables, both answers.
//!
//! `cargo nextest run -p raccordo --test whole random` asks some thousands of cases. More, with a line of progress every few seconds
//! (stop it with Ctrl-C):
//!
//! ```sh
//! RACCORDO_RANDOM_CASES=100000 cargo test --release -p raccordo --test whole random -- --nocapture
//! ```
//!
//! `RACCORDO_RANDOM_SEED=n` starts with that graph's seed (and `RACCORDO_RANDOM_CASES=1` ends after its graph), `RACCORDO_RANDOM_DIFFERENCES=n` goes on until so many differences
//! are told, `RACCORDO_RANDOM_SHRINK=0` tells them as they are, `RACCORDO_RANDOM_SHOW=1` prints every question to a source and its answer.

#![expect(
    clippy::print_stderr,
    reason = "a long run says how far it is, and what differs as soon as it does"
)]

mod data;
mod dice;
mod features;
mod make;
mod model;
mod oracle;
mod place;
mod played;
mod print;
mod query;
mod shrink;
mod trial;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use shrink::Case;
use tokio::runtime::Runtime;
use trial::{Trial, Unserved};

/// Cases of an ordinary run.
const CASES: usize = 3_000;
/// Graphs of which most must compose.
const GRAPHS: u64 = 300;
/// Queries of each graph.
const QUERIES: u64 = 24;

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[derive(Default)]
struct Tally {
    graphs: usize,
    uncomposed: usize,
    asked: usize,
    invalid: usize,
    told: Vec<String>,
}

impl Tally {
    fn line(&self, since: Instant) -> String {
        format!(
            "{} cases, {} differences, {} graphs ({} more did not compose), {} invalid queries, {:?}",
            self.asked,
            self.told.len(),
            self.graphs,
            self.uncomposed,
            self.invalid,
            since.elapsed()
        )
    }
}

#[test]
fn random_graphs_answer_as_wholes() {
    let cases = setting("RACCORDO_RANDOM_CASES", CASES);
    let most = setting("RACCORDO_RANDOM_DIFFERENCES", 1);
    if std::env::var_os("RACCORDO_RANDOM_SHOW").is_some() {
        drop(tracing_subscriber::fmt().with_test_writer().try_init());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut tally, since) = (Tally::default(), Instant::now());
    let mut shown = Instant::now();
    let mut seed = setting("RACCORDO_RANDOM_SEED", 0) as u64;
    while tally.asked < cases && tally.told.len() < most {
        graph_of(seed, &runtime, &mut tally);
        seed += 1;
        if shown.elapsed() > Duration::from_secs(5) {
            shown = Instant::now();
            eprintln!("seed {seed}: {}", tally.line(since));
        }
    }
    eprintln!("{}", tally.line(since));
    assert!(tally.told.is_empty(), "{}", tally.told.join("\n=====\n"));
}

/// Graphs that don't compose are thrown away: what is left must be most of them.
#[test]
fn most_random_graphs_compose() {
    let (mut good, mut rules) = (0, BTreeMap::<String, usize>::new());
    for seed in 0..GRAPHS {
        match trial::composed(&make::graph(seed)) {
            Ok(_) => good += 1,
            Err(wrong) => {
                for diagnostic in wrong.iter().take(1) {
                    *rules.entry(diagnostic.rule.to_string()).or_default() += 1;
                }
                if std::env::var_os("RACCORDO_RANDOM_SHOW").is_some() {
                    wrong.iter().for_each(|diagnostic| eprintln!("seed {seed}: {diagnostic}"));
                }
            }
        }
    }
    assert!(good * 100 > GRAPHS * 60, "{good} of {GRAPHS} compose; {rules:?}");
}

fn graph_of(seed: u64, runtime: &Runtime, tally: &mut Tally) {
    let graph = make::graph(seed);
    let trial = match Trial::new(graph.clone()) {
        Ok(trial) => trial,
        Err(Unserved::Uncomposed) => {
            tally.uncomposed += 1;
            return;
        }
        Err(Unserved::Wrong(why)) => {
            let sdl: Vec<String> = graph.sources.iter().map(|source| graph.federated(source)).collect();
            tally.told.push(format!("seed {seed}: {why}\n{}", sdl.join("\n---\n")));
            return;
        }
    };
    tally.graphs += 1;
    for number in 0..QUERIES {
        let Some(asked) = query::asked(trial.api(), seed * 1_000 + number) else { continue };
        match trial.run(runtime, &asked) {
            None => tally.invalid += 1,
            Some(Ok(())) => tally.asked += 1,
            Some(Err(difference)) => {
                tally.asked += 1;
                let case = Case { graph: trial.world.graph.clone(), asked, difference };
                let told = match setting("RACCORDO_RANDOM_SHRINK", 1) {
                    0 => case.told(),
                    _ => shrink::shrunk(runtime, case).told(),
                };
                eprintln!("=====\n{told}");
                tally.told.push(told);
                // One of a graph is enough.
                return;
            }
        }
    }
}
