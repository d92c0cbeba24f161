//! What the documents promise is there: links lead somewhere, commands exist, and every query that the README shows is a
//! scenario with that answer. It reads the repository's own files; the scenarios themselves are run elsewhere.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a repository that can't be read fails its test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use raccordo_tests::scenario::{blocks, read_folder};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// The Markdown files of the repository's root and of `docs`.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root(), root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|it| it == "md") {
                found.push(path);
            } else if path.is_dir() && path.starts_with(root().join("docs")) && folder != root() {
                folders.push(path);
            }
        }
    }
    found
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut checked = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with('#') {
                continue;
            }
            let path = document.parent().unwrap().join(target.split('#').next().unwrap());
            assert!(path.exists(), "`{}` links to `{target}`, which isn't there", document.display());
            checked += 1;
        }
    }
    assert!(checked > 10, "only {checked} links were found");
}

#[test]
fn every_make_command_is_a_target() {
    let makefile = read("Makefile");
    let phony = makefile.lines().find_map(|line| line.strip_prefix(".PHONY:")).unwrap();
    let targets: Vec<_> = phony.split_whitespace().collect();
    for document in ["README.md", "CONTRIBUTING.md"] {
        let text = read(document);
        let commands: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("make ")).collect();
        assert!(!commands.is_empty(), "`{document}` shows no command");
        for command in commands {
            let target = command.split_whitespace().next().unwrap();
            assert!(
                targets.contains(&target),
                "`{document}` says `make {target}`; the Makefile has {targets:?}"
            );
        }
    }
}

#[test]
fn every_query_of_the_readme_is_a_scenario_with_that_answer() {
    let scenarios = read_folder(&root().join("tests/scenarios")).unwrap();
    let shown = blocks(&read("README.md"));
    let queries: Vec<_> = shown.iter().enumerate().filter(|(_, (mark, _))| mark == "graphql").collect();
    assert!(!queries.is_empty(), "the README shows no query");
    for (index, (_, query)) in queries {
        let mut asked =
            scenarios.iter().flat_map(|one| one.exchanges.iter().map(|exchange| (&one.name, exchange)));
        let found = asked.find(|(_, exchange)| exchange.query == *query);
        let (name, exchange) =
            found.unwrap_or_else(|| panic!("no file in tests/scenarios asks this:\n{query}"));
        let (mark, answer) = shown.get(index + 1).unwrap();
        assert_eq!(mark, "json", "after a query the README shows its answer");
        let answer: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(answer, exchange.answer, "`{name}` answers otherwise than the README says");
    }
}
