//! The graphs of `tests/compose/`, composed here and elsewhere.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use raccordo_tests::real::ToCompose;

use crate::compare::{composer, differences, ours};

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compose");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() > 40, "the graphs are gone");
    folders
}

pub(crate) fn sources(folder: &Path) -> Vec<ToCompose> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "graphql"));
    let name = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files
        .iter()
        .map(|path| ToCompose { name: name(path), sdl: std::fs::read_to_string(path).unwrap() })
        .collect()
}

/// Why the two differ, and what differs. A line before the blank one begins with `why: `.
fn written(folder: &Path) -> (String, BTreeSet<String>) {
    let text = std::fs::read_to_string(folder.join("elsewhere.txt")).unwrap_or_default();
    let (why, rest) = text.split_once("\n\n").unwrap_or_default();
    (why.to_owned(), rest.lines().map(str::to_owned).collect())
}

fn bless(folder: &Path, why: &str, found: &BTreeSet<String>) {
    let path = folder.join("elsewhere.txt");
    if found.is_empty() {
        let _ = std::fs::remove_file(path);
    } else {
        let why = if why.is_empty() { "why: " } else { why };
        let lines: Vec<&str> = found.iter().map(String::as_str).collect();
        std::fs::write(path, format!("{why}\n\n{}\n", lines.join("\n"))).unwrap();
    }
}

#[test]
fn every_graph_composes_alike_or_says_why_not() {
    let mut composer = composer();
    let graphs: Vec<(PathBuf, Vec<ToCompose>)> =
        folders().into_iter().map(|folder| (folder.clone(), sources(&folder))).collect();
    graphs.iter().for_each(|(_, graph)| composer.ask(graph).unwrap());
    let other = std::env::var_os("RACCORDO_COMPOSER").is_some();
    let mut wrong = String::new();
    for (folder, graph) in &graphs {
        let theirs = composer.answer().unwrap();
        let found = differences(&ours(graph), &theirs);
        let (why, expected) = written(folder);
        if std::env::var_os("RACCORDO_BLESS").is_some() && !other {
            bless(folder, &why, &found);
        }
        let said = why.strip_prefix("why: ").is_some_and(|why| why.trim().len() > 20);
        if other || found != expected || !found.is_empty() && !said {
            writeln!(
                wrong,
                "{}\n{why}\n--- expected\n{expected:#?}\n--- found\n{found:#?}\n--- elsewhere {theirs:?}",
                folder.display()
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
