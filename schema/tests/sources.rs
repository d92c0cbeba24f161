//! Source files in `tests/sources/`: each is read and checked for the kind its first line names (`# kind: sql`),
//! and what is found must be what stands beside it in the `.txt` file. Adding a test is adding a file;
//! `RACCORDO_BLESS=1` writes what was found.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't read its own files has failed"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "graphql"))
        .collect();
    files.sort();
    files
}

fn verdict(path: &Path) -> String {
    let sdl = std::fs::read_to_string(path).unwrap();
    let kind = sdl
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# kind: "))
        .expect("the first line names the kind");
    let file = path.file_name().unwrap().to_str().unwrap();
    let found = match raccordo_schema::read_source("prova", file, &sdl) {
        Ok(mapping) => raccordo_schema::check_kind(&mapping, kind),
        Err(found) => found,
    };
    let mut text = String::new();
    for diagnostic in &found {
        writeln!(text, "{diagnostic}").unwrap();
    }
    if text.is_empty() { "good\n".to_owned() } else { text }
}

#[test]
fn every_file_gets_its_verdict() {
    let files = files("sources");
    assert!(files.len() > 10);
    let mut wrong = String::new();
    for path in files {
        let (expected_path, found) = (path.with_extension("txt"), verdict(&path));
        if std::env::var_os("RACCORDO_BLESS").is_some() {
            std::fs::write(&expected_path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if expected != found {
            writeln!(wrong, "{}\n--- expected\n{expected}--- found\n{found}", path.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What composes is read: a source's own checks refuse nothing that the graph could serve.
#[test]
fn what_composes_is_read() {
    let compose = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compose");
    let mut read = 0;
    for case in std::fs::read_dir(compose).unwrap().map(|entry| entry.unwrap().path()) {
        if !case.file_name().unwrap().to_str().unwrap().starts_with("good_") {
            continue;
        }
        for file in std::fs::read_dir(&case).unwrap().map(|entry| entry.unwrap().path()) {
            let sdl = std::fs::read_to_string(&file).unwrap();
            // Composition looks at marks only; its own files don't say where records are.
            if file.extension().is_some_and(|extension| extension == "graphql")
                && !sdl.contains("raccordo.example/connect")
            {
                let found = raccordo_schema::read_source("prova", "f", &sdl);
                assert!(found.is_ok(), "{}: {found:?}", file.display());
                read += 1;
            }
        }
    }
    assert!(read > 20, "{read}");
}

/// Text cut short anywhere, or with a line missing, is read or refused; nothing else happens.
#[test]
fn broken_text_is_refused_and_no_more() {
    for path in files("sources") {
        let sdl = std::fs::read_to_string(path).unwrap();
        let cuts = sdl.char_indices().map(|(at, _)| at).step_by(11);
        let short = cuts.filter_map(|at| sdl.get(..at)).map(str::to_owned);
        let lines: Vec<&str> = sdl.lines().collect();
        let missing = (0..lines.len()).map(|gone| {
            lines
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != gone)
                .map(|(_, line)| format!("{line}\n"))
                .collect()
        });
        for text in short.chain(missing) {
            if let Ok(mapping) = raccordo_schema::read_source("prova", "f", &text) {
                for kind in ["graphql", "sql", "fhir", "http"] {
                    raccordo_schema::check_kind(&mapping, kind);
                }
            }
        }
    }
}

#[test]
fn files_of_other_editors_are_read() {
    let sdl = "\u{feff}type Query {\r\n  a: Int\r\n  b: Boh\r\n}\r\n";
    let found = raccordo_schema::read_source("prova", "f", sdl).unwrap_err();
    let told: Vec<_> = found.iter().map(|diagnostic| (diagnostic.rule, diagnostic.at.to_string())).collect();
    assert_eq!(told, [("INVALID_GRAPHQL", "f:3:6".to_owned())]);
}
