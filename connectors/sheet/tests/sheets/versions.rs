//! New versions: picked up, refused when they are broken or have less, never half read; several files as one table.

use raccordo_connector_api::{FailureKind, SettingValue};
use serde_json::json;

use crate::kit::{Sheets, connect, settings};

const SDL: &str = r#"
type Query { attivita: [Attivita!]! @connect(sheet: { file: "a.csv" }) }
type Attivita @key(fields: "codice") @connect(sheet: { file: "a.csv" }) { codice: ID!, nome: String, as: DateTime @from(meta: AS_OF) }
"#;

#[tokio::test]
async fn a_change_is_picked_up() {
    let sheets = Sheets::new(SDL, &[("a.csv", b"codice,nome\n1,uno\n")], &[]);
    let before = sheets.ask("attivita { nome as }").await;
    assert_eq!(before["attivita"][0]["nome"], "uno");
    assert_eq!(
        before["attivita"][0]["as"].as_str(),
        Some(sheets.connector.standing().unwrap().as_of.as_str())
    );
    sheets.put("a.csv", b"codice,nome\n1,due\n");
    assert_eq!(sheets.ask("attivita { nome }").await, json!({ "attivita": [{ "nome": "due" }] }));
}

#[tokio::test]
async fn a_broken_version_keeps_the_one_before_it() {
    let good = b"codice,nome\n1,uno\n";
    let sheets = Sheets::new(SDL, &[("a.csv", good)], &[]);
    sheets.ask("attivita { nome }").await;
    let as_of = sheets.connector.standing().unwrap().as_of;
    for broken in [
        &b"codice,nome\n2,\"due\n"[..],
        b"altro,ancora\n1,2\n",
        b"codice,nome,Nome\n2,due,tre\n",
        b"codice\n2\n",
        b"\0\0\0",
        b"",
        b"PK\x03\x04 cut off",
        b"<html>login</html>",
    ] {
        sheets.put("a.csv", broken);
        assert_eq!(sheets.ask("attivita { nome }").await, json!({ "attivita": [{ "nome": "uno" }] }));
        let standing = sheets.connector.standing().unwrap();
        assert!(standing.refused_since.is_some(), "{:?}", String::from_utf8_lossy(broken));
        assert_eq!(standing.as_of, as_of, "the age is that of what is served");
        sheets.connector.probe().await.unwrap();
    }
    std::fs::remove_file(sheets.folder.path().join("a.csv")).unwrap();
    assert_eq!(sheets.ask("attivita { nome }").await, json!({ "attivita": [{ "nome": "uno" }] }));
    sheets.put("a.csv", b"codice,nome\n1,due\n");
    assert_eq!(sheets.ask("attivita { nome }").await, json!({ "attivita": [{ "nome": "due" }] }));
    assert_eq!(sheets.connector.standing().unwrap().refused_since, None);
}

#[tokio::test]
async fn a_first_version_may_lack_a_column_that_is_not_a_key() {
    let sheets = Sheets::new(SDL, &[("a.csv", b"codice\n1\n")], &[]);
    let got = sheets.ask("attivita { codice nome }").await;
    assert_eq!(got, json!({ "attivita": [{ "codice": "1", "nome": "<Malformed Attivita.nome>" }] }));
    let sheets = Sheets::new(SDL, &[("a.csv", b"nome\nuno\n")], &[]);
    let failure = sheets.try_ask("attivita { nome }").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed);
    assert!(failure.detail.contains("no `codice`"), "{failure}");
}

#[tokio::test]
async fn what_was_written_a_moment_ago_waits() {
    let sheets = Sheets::new(
        SDL,
        &[("a.csv", b"codice,nome\n1,uno\n")],
        &[("settle_ms", SettingValue::Integer(600_000))],
    );
    assert_eq!(
        sheets.ask("attivita { nome }").await,
        json!({ "attivita": [{ "nome": "uno" }] }),
        "the first waits for nothing"
    );
    // A program writes the beginning of the new version into the file itself.
    std::fs::write(sheets.folder.path().join("a.csv"), b"codice,nome\n1,d").unwrap();
    assert_eq!(sheets.ask("attivita { nome }").await, json!({ "attivita": [{ "nome": "uno" }] }));
    assert_eq!(sheets.connector.standing().unwrap().refused_since, None, "waiting is no refusal");
}

#[tokio::test]
async fn between_two_looks_nobody_looks() {
    let sheets = Sheets::new(
        SDL,
        &[("a.csv", b"codice,nome\n1,uno\n")],
        &[("poll_ms", SettingValue::Integer(3_600_000))],
    );
    sheets.ask("attivita { nome }").await;
    sheets.put("a.csv", b"codice,nome\n1,due\n");
    assert_eq!(sheets.ask("attivita { nome }").await, json!({ "attivita": [{ "nome": "uno" }] }));
}

#[tokio::test]
async fn files_that_match_are_one_table() {
    let sdl = SDL.replace("a.csv", "iscritti-*.csv");
    let files: [(&str, &[u8]); 5] = [
        ("iscritti-2025.csv", b"codice;nome\n1;uno\n"),
        ("iscritti-2026.csv", b"Elenco\n\nNome,Codice\ndue,2\n"),
        ("altri.csv", b"codice;nome\n3;tre\n"),
        (".iscritti-x.csv", b"codice;nome\n4;quattro\n"),
        ("~$iscritti-y.csv", b"codice;nome\n5;cinque\n"),
    ];
    let sheets = Sheets::new(&sdl, &files, &[]);
    let one_and_two =
        json!({ "attivita": [{ "codice": "1", "nome": "uno" }, { "codice": "2", "nome": "due" }] });
    assert_eq!(sheets.ask("attivita { codice nome }").await, one_and_two);
    sheets.put("iscritti-2027.csv", b"codice;nome\n0;zero\n");
    assert_eq!(sheets.ask("attivita { codice }").await["attivita"].as_array().unwrap().len(), 3);
    sheets.put("iscritti-2024.csv", b"senza;intestazione\n");
    assert_eq!(sheets.ask("attivita { codice }").await["attivita"].as_array().unwrap().len(), 3);
    assert!(sheets.connector.standing().unwrap().refused_since.is_some());
}

#[tokio::test]
async fn a_folder_or_a_file_may_be_the_address() {
    let sdl = SDL.replace("{ file: \"a.csv\" }", "{}");
    let sheets = Sheets::new(
        &sdl,
        &[("a.csv", b"codice,nome\n1,uno\n"), ("b.tsv", b"codice\tnome\n2\tdue\n"), ("leggimi.md", b"x")],
        &[],
    );
    assert_eq!(
        sheets.ask("attivita { codice }").await,
        json!({ "attivita": [{ "codice": "1" }, { "codice": "2" }] })
    );
    let url = format!("file:{}/a.csv", sheets.folder.path().display());
    let connector = connect(&settings(&url, &[]), &sheets.mapping);
    let got = crate::kit::ask(&connector, &sheets.mapping, "attivita { codice }").await.unwrap();
    assert_eq!(got, json!({ "attivita": [{ "codice": "1" }] }));
}

#[tokio::test]
async fn two_rows_of_one_key_are_told_and_refused_to_whoever_asks() {
    let sheets = Sheets::new(SDL, &[("a.csv", b"codice,nome\n1,uno\n1,altro\n2,due\n")], &[]);
    let got =
        sheets.entities("Attivita", "nome", &[json!({ "codice": "1" }), json!({ "codice": "2" })]).await;
    assert_eq!(got, json!(["<Malformed Attivita.codice>", { "nome": "due" }]));
    let strict = Sheets::new(
        SDL,
        &[("a.csv", b"codice,nome\n1,uno\n1,altro\n")],
        &[("bad_rows", crate::kit::word("refuse"))],
    );
    let failure = strict.try_ask("attivita { nome }").await.unwrap_err();
    assert!(
        failure.detail.contains("row 3, column A (`codice`): a key that an earlier row has already"),
        "{failure}"
    );
}
