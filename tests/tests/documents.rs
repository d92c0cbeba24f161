//! What the documents promise is there: links and paths lead somewhere, commands exist, examples are good and shown as they are, and
//! every query that the README shows is a scenario with that answer. It reads the repository's own files; the scenarios themselves,
//! and the commands of `raccordo`, are run elsewhere.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a repository that can't be read fails its test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use raccordo_config::{OwnSource, load_with_own, reference, report};
use raccordo_connector_api::Kind;
use raccordo_connectors::kinds;
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

/// A page of `docs/kinds` with a kind's settings as the table that checks them says.
fn with_settings(kind: &'static dyn Kind, page: &str) -> String {
    let prefix = format!("sources.NAME ({}).", kind.name());
    let all = reference(&[kind]);
    let rows: String = all
        .lines()
        .filter(|line| line.contains(&prefix))
        .map(|line| line.replacen(&prefix, "", 1) + "\n")
        .collect();
    assert!(!rows.is_empty(), "`{}` has no settings", kind.name());
    let (before, rest) = page.split_once("<!-- keys -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of keys -->").unwrap();
    let head = "| key | value | default | what |\n|---|---|---|---|\n";
    format!("{before}<!-- keys -->\n{head}{rows}<!-- end of keys -->{after}")
}

/// Each kind has a page, whose example is the files that ship and whose settings are the table that checks them.
#[test]
fn every_kind_has_its_page() {
    for kind in kinds() {
        let page = format!("docs/kinds/{}.md", kind.name());
        let text = read(&page);
        if std::env::var_os("RACCORDO_BLESS").is_some() {
            fs::write(root().join(&page), with_settings(kind, &text)).unwrap();
        } else {
            assert_eq!(text, with_settings(kind, &text), "`{page}`: RACCORDO_BLESS=1 writes it anew");
        }
        let folder = format!("config/examples/{}", kind.name());
        let shown: Vec<(String, String)> = blocks(&text)
            .into_iter()
            .filter_map(|(mark, block)| Some((mark.split_once(' ')?.1.to_owned(), block)))
            .collect();
        // Folders hold data to try the example with.
        let entries = fs::read_dir(root().join(&folder)).unwrap().map(|entry| entry.unwrap().path());
        for entry in entries.filter(|entry| entry.is_file()) {
            let file = format!("{folder}/{}", entry.file_name().unwrap().to_str().unwrap());
            let block = shown.iter().find(|(path, _)| *path == file);
            let (_, block) = block.unwrap_or_else(|| panic!("`{page}` doesn't show `{file}`"));
            assert_eq!(*block, read(&file), "`{page}` shows another `{file}`");
        }
    }
}

/// The examples pass the check that `raccordo check` makes, with the kinds and the own source of the real command.
#[test]
fn every_example_is_good() {
    let mut checked = 0;
    let own = OwnSource { name: raccordo::own::NAME, sdl: raccordo::own::SDL };
    for entry in fs::read_dir(root().join("config/examples")).unwrap() {
        let file = entry.unwrap().path().join("raccordo.yaml");
        let secret = |_: &str| Some("segreto".to_owned());
        match load_with_own(&file, &secret, &kinds(), &[own]) {
            Ok(good) => assert_eq!(report(good.warnings()), "good\n", "`{}`", file.display()),
            Err(found) => panic!("`{}`:\n{}", file.display(), report(&found)),
        }
        checked += 1;
    }
    assert_eq!(checked, kinds().len() + 1, "an example for each kind, and one of members");
}

/// The example of members is shown as it is.
#[test]
fn members_are_shown_as_they_ship() {
    let shown = blocks(&read("docs/sources.md"));
    let marked: Vec<_> =
        shown.iter().filter_map(|(mark, block)| Some((mark.split_once(' ')?.1, block))).collect();
    assert!(marked.len() >= 3);
    for (file, block) in marked {
        assert_eq!(*block, read(file), "`docs/sources.md` shows another `{file}`");
    }
}

/// Paths that documents name between backticks are there; decisions may tell of what was, or is to come.
#[test]
fn every_named_path_exists() {
    let tops: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| format!("{}/", entry.file_name().to_str().unwrap()))
        .filter(|name| !name.starts_with('.') && name != "target/")
        .collect();
    let mut checked = 0;
    let decisions = root().join("docs/decisions");
    for document in documents().into_iter().filter(|path| !path.starts_with(&decisions)) {
        let text = fs::read_to_string(&document).unwrap();
        for named in text.split('`').skip(1).step_by(2) {
            let is_path =
                tops.iter().any(|top| named.starts_with(top)) && !named.contains([' ', '*', '…', '\n']);
            let made = ["web/dist", "web/node_modules", "tests/real/node_modules", "NNN"];
            if is_path && !made.iter().any(|made| named.contains(made)) {
                assert!(
                    root().join(named).exists(),
                    "`{}` names `{named}`, which isn't there",
                    document.display()
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "only {checked} paths were found");
}
