//! Configurations in `tests/configs/`: each is loaded, and what comes out must be what stands beside it in the `.txt` file:
//! `good` with what was understood, or every mistake. Adding a test is adding a file; `RACCORDO_BLESS=1` writes what was found.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't read its own files has failed"
)]

#[path = "support/kinds.rs"]
mod kinds;
#[path = "support/validate.rs"]
mod validate;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use kinds::kinds;
use raccordo_config::{Checked, OwnSource, for_supergraph, json_schema, load, load_with_own, reference};
use raccordo_schema::Diagnostic;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs")
}

fn environment(name: &str) -> Option<String> {
    match name {
        "URL" => Some("https://segreto.example/graphql".to_owned()),
        "PORT" => Some("4001".to_owned()),
        "WRONG" => Some("parola-segreta".to_owned()),
        _ => None,
    }
}

fn told(found: &[Diagnostic]) -> String {
    found
        .iter()
        .map(|diagnostic| format!("{diagnostic}\n").replace(&format!("{}/", folder().display()), ""))
        .collect()
}

fn understood(checked: &Checked) -> String {
    let mut text = format!("good\nlisten {}\n", checked.listen());
    for source in checked.sources() {
        let (name, kind) = (source.name(), source.kind());
        writeln!(text, "source {name} {kind} {:?} {:?}", source.timeout(), source.limits()).unwrap();
    }
    writeln!(text, "{:?}", checked.limits()).unwrap();
    let (log, cors) = (checked.log(), checked.cors_origins());
    writeln!(
        text,
        "log {log} cors {cors:?} introspection {} explorer {}",
        checked.introspection(),
        checked.explorer()
    )
    .unwrap();
    let operations = checked.operations();
    writeln!(text, "operations {:?} apq {:?}", operations.registered, operations.apq_bytes).unwrap();
    for operation in &operations.documents {
        let (id, name, at) = (&operation.id, operation.name.as_deref(), &operation.at);
        let at = at.to_string().replace(&format!("{}/", folder().display()), "");
        writeln!(text, "operation {id} {name:?} {at} {:?}", operation.text).unwrap();
    }
    writeln!(text, "{:?}", checked.cost()).unwrap();
    writeln!(text, "types {}", checked.catalogue().api_schema().types.len()).unwrap();
    text + &told(checked.warnings())
}

#[test]
fn every_file_gets_its_verdict() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() > 8);
    let mut wrong = String::new();
    for path in files {
        let found = match load(&path, &environment, &kinds()) {
            Ok(checked) => understood(&checked),
            Err(found) => told(&found),
        };
        assert!(!found.contains("segret"), "a value of the environment was told: {found}");
        let expected_path = path.with_extension("txt");
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

/// What the tables refuse (`wrong_table_*`), the printed JSON Schema refuses too; what is good fits it.
#[test]
fn the_json_schema_judges_alike() {
    let schema = json_schema(&kinds());
    let mut judged = [0, 0];
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let expected = std::fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
        if path.extension().is_none_or(|extension| extension != "yaml")
            || expected.contains("YAML_SYNTAX")
            || expected.contains("FILE_UNREADABLE")
        {
            continue;
        }
        let document = validate::json_of_yaml(&std::fs::read_to_string(&path).unwrap());
        let wrong = validate::first_mistake(&schema, &document, "");
        if expected.starts_with("good") {
            assert_eq!(wrong, None, "{}", path.display());
            judged[0] += 1;
        } else if path.file_name().unwrap().to_str().unwrap().starts_with("wrong_table") {
            assert!(wrong.is_some(), "{} should be refused", path.display());
            judged[1] += 1;
        }
    }
    assert!(judged[0] >= 2 && judged[1] >= 3, "{judged:?}");
}

/// The district that ships is good by both.
#[test]
fn the_district_is_good() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("district/raccordo.yaml");
    let environment = |name: &str| {
        let sql = ["ANAGRAFE", "SOCIALE", "UNIONE"].iter().any(|sql| name.contains(sql));
        name.ends_with("_URL").then(|| if sql { "sqlite:x.db" } else { "https://x.example" }.to_owned())
    };
    match load(&path, &environment, &kinds()) {
        Ok(checked) => assert_eq!(checked.sources().len(), 6),
        Err(found) => panic!("{}", told(&found)),
    }
    let document = validate::json_of_yaml(&std::fs::read_to_string(&path).unwrap());
    assert_eq!(validate::first_mistake(&json_schema(&kinds()), &document, ""), None);
}

/// The example of each kind is good by both.
#[test]
fn the_examples_are_good() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for name in kinds().iter().map(|kind| kind.name()).chain(["members"]) {
        let path = examples.join(name).join("raccordo.yaml");
        let environment = |name: &str| name.ends_with("_TOKEN").then(|| "segreto".to_owned());
        match load(&path, &environment, &kinds()) {
            Ok(checked) => assert_eq!(checked.warnings(), []),
            Err(found) => panic!("{}", told(&found)),
        }
        let document = validate::json_of_yaml(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(
            validate::first_mistake(&json_schema(&kinds()), &document, ""),
            None,
            "{}",
            path.display()
        );
    }
}

/// The table that people read is the table that checks.
#[test]
fn the_reference_is_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("<!-- keys -->\n").unwrap();
    let (printed, after) = rest.split_once("<!-- end of keys -->").unwrap();
    if std::env::var_os("RACCORDO_BLESS").is_some() {
        let text = format!("{before}<!-- keys -->\n{}<!-- end of keys -->{after}", reference(&[]));
        std::fs::write(&path, text).unwrap();
    } else {
        assert_eq!(printed, reference(&[]), "RACCORDO_BLESS=1 writes it anew");
    }
}

#[test]
fn a_missing_file_is_told() {
    let found = load(&folder().join("manca.yaml"), &environment, &kinds()).unwrap_err();
    assert_eq!(
        told(&found),
        "error[FILE_UNREADABLE]: the file `manca.yaml` can't be read: it doesn't exist\n  --> manca.yaml\n  help: files are looked for beside the configuration\n"
    );
}

#[test]
fn listening_elsewhere_is_checked_again() {
    let checked = load(&folder().join("good_small.yaml"), &environment, &kinds()).unwrap();
    let elsewhere = checked.clone().with_listen("127.0.0.1:5000".parse().unwrap()).unwrap();
    assert_eq!(elsewhere.listen().port(), 5000);
    assert_eq!(
        checked.with_listen("0.0.0.0:5000".parse().unwrap()).unwrap_err().rule,
        "ACCESS_BEYOND_LOOPBACK"
    );
}

#[test]
fn the_gateways_own_source_is_composed_in() {
    let own = [OwnSource { name: "raccordo", sdl: "type Query { fonti: [String!]! }" }];
    let checked = load_with_own(&folder().join("good_small.yaml"), &environment, &kinds(), &own).unwrap();
    assert!(checked.catalogue().api_sdl().contains("fonti"));
    assert_eq!(checked.sources().len(), 1, "only configured sources are connected by kinds");
}

#[test]
fn a_supergraph_alone_is_a_configuration() {
    let composed = load(&folder().join("good_small.yaml"), &environment, &kinds()).unwrap();
    let local = "127.0.0.1:4000".parse().unwrap();
    let checked = for_supergraph("s.graphql", composed.supergraph(), local, &kinds()).unwrap();
    assert_eq!(checked.sources().len(), 1);
    assert_eq!((checked.limits(), checked.log()), (composed.limits(), "info"));
    let rules = |sdl: &str, listen: &str| {
        let found = for_supergraph("s.graphql", sdl, listen.parse().unwrap(), &kinds()).unwrap_err();
        found.iter().map(|diagnostic| (diagnostic.rule, diagnostic.at.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(
        rules(composed.supergraph(), "0.0.0.0:4000"),
        [("ACCESS_BEYOND_LOOPBACK", "--listen".to_owned())]
    );
    assert_eq!(rules("type Query { a: Int }", "127.0.0.1:1"), [("NOT_A_SUPERGRAPH", "s.graphql".to_owned())]);
    let nowhere = composed.supergraph().replace("https://trasporti.example/graphql", "");
    assert_eq!(rules(&nowhere, "127.0.0.1:1"), [("SUBGRAPH_URL", "s.graphql".to_owned())]);
}
