//! Graphs in `tests/compose/`: one folder each, one file a source. What composition gives must be what stands in the folder:
//! `supergraph.graphql.txt` for a good graph (without the join specification's definitions, the same for all), `diagnostics.txt` for
//! warnings and mistakes. Adding a test is adding a folder; `RACCORDO_BLESS=1` writes what was found.

#![expect(clippy::unwrap_used, reason = "a test that can't read its own files has failed")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use raccordo_schema::Diagnostic;
use raccordo_schema::compose::{SourceSdl, Supergraph, compose};

/// A source's name, its file's name and its text.
type File = (String, String, String);

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compose");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() > 30, "the graphs are gone");
    folders
}

fn sources(folder: &Path) -> Vec<File> {
    let mut files: Vec<File> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "graphql"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name.clone(), format!("{name}.graphql"), std::fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn composed(files: &[File]) -> Result<Supergraph, Vec<Diagnostic>> {
    let sources: Vec<SourceSdl<'_>> =
        files.iter().map(|(name, file, sdl)| SourceSdl { name, url: None, file, sdl }).collect();
    compose(&sources)
}

fn printed(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().fold(String::new(), |mut text, diagnostic| {
        writeln!(text, "{diagnostic}").unwrap();
        text
    })
}

/// Compares with a file of the folder, which is absent when nothing is expected.
fn compare(path: &Path, found: &str, wrong: &mut String) {
    if std::env::var_os("RACCORDO_BLESS").is_some() {
        if found.is_empty() {
            let _ = std::fs::remove_file(path);
        } else {
            std::fs::write(path, found).unwrap();
        }
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected != found {
        writeln!(wrong, "{}\n--- expected\n{expected}--- found\n{found}", path.display()).unwrap();
    }
}

fn without_definitions(sdl: &str) -> String {
    let (schema, rest) = sdl.split_once("directive @join__directive").unwrap();
    let start = rest.find("enum join__Graph").unwrap();
    format!("{schema}{}", &rest[start..])
}

#[test]
fn every_graph_gives_what_its_folder_says() {
    let mut wrong = String::new();
    for folder in folders() {
        let (supergraph, diagnostics) = match composed(&sources(&folder)) {
            Ok(supergraph) => (without_definitions(supergraph.sdl()), printed(supergraph.warnings())),
            Err(found) => (String::new(), printed(&found)),
        };
        let good = folder.file_name().unwrap().to_str().unwrap().starts_with("good_");
        assert_eq!(good, !supergraph.is_empty(), "{}: {diagnostics}", folder.display());
        compare(&folder.join("supergraph.graphql.txt"), &supergraph, &mut wrong);
        compare(&folder.join("diagnostics.txt"), &diagnostics, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_order_of_the_sources_changes_nothing() {
    for folder in folders() {
        let mut files = sources(&folder);
        let one = composed(&files).map(|s| s.sdl().to_owned());
        files.reverse();
        let other = composed(&files).map(|s| s.sdl().to_owned());
        assert_eq!(one, other, "{}", folder.display());
    }
}

#[test]
fn names_that_collide_in_the_supergraph_are_told_apart() {
    let sdl =
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@shareable\"])
        type Query { x: Int @shareable }";
    let names = ["a-b", "a_b", "1a"];
    let sources: Vec<SourceSdl<'_>> = names
        .iter()
        .map(|name| SourceSdl { name, url: Some("http://x.example/\"q\""), file: name, sdl })
        .collect();
    let supergraph = compose(&sources).unwrap();
    for line in [
        "_1A @join__graph(name: \"1a\", url: \"http://x.example/\\\"q\\\"\")",
        "A_B @join__graph(name: \"a-b\",",
        "A_B_1 @join__graph(name: \"a_b\",",
    ] {
        assert!(supergraph.sdl().contains(line), "{line} in {}", supergraph.sdl());
    }
}

#[test]
fn what_is_printed_is_read_by_the_gateways_parser() {
    for folder in folders() {
        if let Ok(supergraph) = composed(&sources(&folder)) {
            let read = apollo_compiler::Schema::parse_and_validate(supergraph.sdl(), "supergraph.graphql");
            assert!(read.is_ok(), "{}: {}", folder.display(), read.unwrap_err());
        }
    }
}

/// Apollo's readers refuse a supergraph where a type other than a scalar says of no source that it is there.
#[test]
fn every_type_says_where_it_comes_from() {
    for folder in folders() {
        let Ok(supergraph) = composed(&sources(&folder)) else { continue };
        let schema =
            apollo_compiler::Schema::parse_and_validate(supergraph.sdl(), "supergraph.graphql").unwrap();
        for (name, def) in schema.types.iter().filter(|(_, def)| !def.is_built_in() && !def.is_scalar()) {
            let of_join = ["join__", "link__"].iter().any(|prefix| name.starts_with(prefix));
            assert!(of_join || def.directives().has("join__type"), "{}: {name}", folder.display());
        }
    }
}

#[test]
fn no_sources_are_told_that_there_is_no_query() {
    let found = compose(&[]).unwrap_err();
    assert_eq!(found.iter().map(|d| d.rule).collect::<Vec<_>>(), ["NO_QUERIES"]);
}
