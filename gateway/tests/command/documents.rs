//! Every `raccordo` command that a document shows is asked for its help: the subcommand is there, and so is each of its options.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::raccordo;

const DOCUMENTS: [&str; 6] =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "config", "docs", "docs/kinds"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Markdown files that people read to use the command.
fn documents() -> Vec<PathBuf> {
    let below = |path: PathBuf| match path.is_dir() {
        true => fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect(),
        false => vec![path],
    };
    let all = DOCUMENTS.iter().flat_map(|name| below(root().join(name)));
    all.filter(|path| path.extension().is_some_and(|it| it == "md")).collect()
}

/// What a document says to type: lines of `sh` blocks, and what stands between backticks.
fn commands(text: &str) -> Vec<String> {
    let between = text.split('`').map(str::trim);
    let lines = between.flat_map(str::lines).map(str::trim);
    lines.filter(|line| line.starts_with("raccordo ")).map(str::to_owned).collect()
}

#[test]
fn every_command_in_the_documents_exists() {
    let mut asked = 0;
    for document in documents() {
        for command in commands(&fs::read_to_string(&document).unwrap()) {
            let typed = command.split_whitespace().skip(1);
            let words: Vec<&str> =
                typed.clone().take_while(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())).collect();
            let told = raccordo(&root(), &[words.as_slice(), &["--help"]].concat());
            assert_eq!(told.code, Some(0), "`{}` says `{command}`\n{}", document.display(), told.err);
            assert!(
                !told.out.contains("Comes with a later version"),
                "`{command}` is refused by this version"
            );
            for option in typed.filter(|word| word.starts_with("--")) {
                assert!(
                    told.out.contains(option),
                    "`{}` says `{command}`: no `{option}`",
                    document.display()
                );
            }
            asked += 1;
        }
    }
    assert!(asked > 10, "only {asked} commands were found");
}
