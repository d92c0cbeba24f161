//! Random graphs, composed here and elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use raccordo_tests::real::{ComposedElsewhere, ToCompose};

use crate::compare::{Ours, composer, differences, ours};
use crate::graph::graph;
use crate::known::{Case, why};

/// How many graphs are composed when nothing else is said.
const GRAPHS: u64 = 400;

/// How many graphs the other composer is given at a time.
const BATCH: u64 = 100;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn random_graphs_compose_alike() {
    let (first, count) = (number("RACCORDO_SEED", 1), number("RACCORDO_GRAPHS", GRAPHS));
    let mut composer = composer();
    let (mut good, mut wrong) = (0, BTreeMap::<u64, String>::new());
    let mut known = BTreeMap::<&str, u64>::new();
    let mut kinds = BTreeMap::<String, (u64, u64)>::new();
    for start in (first..first + count).step_by(usize::try_from(BATCH).unwrap()) {
        let seeds = start..(start + BATCH).min(first + count);
        let graphs: Vec<(u64, Vec<ToCompose>)> = seeds.map(|seed| (seed, graph(seed))).collect();
        graphs.iter().for_each(|(_, sources)| composer.ask(sources).unwrap());
        for (seed, sources) in &graphs {
            let here = ours(sources);
            good += u64::from(matches!(here, Ours::Good { .. }));
            let theirs = composer.answer().unwrap();
            let all = differences(&here, &theirs);
            let unknown = |line: &&String| {
                let why = why(&Case { line, all: &all, sources, theirs: &theirs });
                *known.entry(why.unwrap_or_default()).or_insert(0) += 1;
                why.is_none()
            };
            let found: BTreeSet<String> = all.iter().filter(unknown).cloned().collect();
            if !found.is_empty() {
                let kind: BTreeSet<String> = found.iter().map(|line| masked(line)).collect();
                let kind = kind.into_iter().collect::<Vec<_>>().join(" + ");
                kinds.entry(kind.chars().take(200).collect()).or_insert((0, *seed)).0 += 1;
                wrong.insert(*seed, told(sources, &found, &here, &theirs));
            }
        }
    }
    let mut summary = format!("{good} of {count} compose; {} differ\n", wrong.len());
    for (kind, (times, seed)) in &kinds {
        writeln!(summary, "{times} (seed {seed}): {kind}").unwrap();
    }
    println!("{summary}{known:#?}");
    let examples: Vec<String> =
        wrong.iter().take(6).map(|(seed, text)| format!("== seed {seed}\n{text}")).collect();
    assert!(wrong.is_empty(), "{summary}\n{}", examples.join("\n"));
    assert!(good * 4 > count, "too few graphs compose to compare facts: {summary}");
}

/// A line without the numbers in its names, for counting.
fn masked(line: &str) -> String {
    line.chars().filter(|c| !c.is_ascii_digit()).take(90).collect()
}

fn told(sources: &[ToCompose], found: &BTreeSet<String>, ours: &Ours, theirs: &ComposedElsewhere) -> String {
    let mut text = String::new();
    found.iter().for_each(|line| writeln!(text, "  {line}").unwrap());
    if let Ours::Refused(all) = ours {
        all.iter().for_each(|(_, said)| writeln!(text, "  here: {said}").unwrap());
    }
    if let ComposedElsewhere::Refused(all) = theirs {
        all.iter().for_each(|(code, said)| writeln!(text, "  elsewhere: {code}: {said}").unwrap());
    }
    for source in sources {
        writeln!(text, "# {}\n{}", source.name, source.sdl).unwrap();
    }
    text
}
