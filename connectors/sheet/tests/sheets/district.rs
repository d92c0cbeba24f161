//! The example that ships, asked.

use std::path::Path;

use serde_json::json;

use crate::kit::{ask, connect, settings, word};
use raccordo_schema::read_source;

#[tokio::test]
async fn the_example_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/examples/sheet");
    let sdl = std::fs::read_to_string(folder.join("associazione.graphql")).unwrap();
    let mapping = read_source("associazione", "associazione.graphql", &sdl).unwrap().into();
    let url = format!("file:{}", folder.join("fogli").display());
    let more = [("decimal", word("comma")), ("bad_rows", word("leave_out"))];
    let connector = connect(&settings(&url, &more), &mapping);
    let question = "attivita(dal: \"2026-09-01\") { totalCount nodes { codice nome dataInizio costo gratuita stato giorni luogo { sede } iscritti { cognome dataNascita } } }";
    let got = ask(&connector, &mapping, question).await.unwrap();
    let expected = json!({ "attivita": { "totalCount": 2, "nodes": [
        { "codice": "D02", "nome": "Aiuto nei compiti", "dataInizio": "2026-09-15", "costo": null, "gratuita": true,
          "stato": "APERTA", "giorni": ["martedì", "mercoledì", "venerdì"], "luogo": { "sede": "Oratorio" }, "iscritti": [] },
        { "codice": "D01", "nome": "Ginnastica dolce", "dataInizio": "2026-10-05", "costo": 12.5, "gratuita": false,
          "stato": "APERTA", "giorni": ["lunedì", "giovedì"], "luogo": { "sede": "Palestra comunale" },
          "iscritti": [{ "cognome": "Rossi", "dataNascita": "1980-01-01" }] },
    ] } });
    assert_eq!(got, expected);
    let got =
        ask(&connector, &mapping, "iscritti(attivita: \"D01\") { cognome attivita { nome } }").await.unwrap();
    assert_eq!(
        got,
        json!({ "iscritti": [{ "cognome": "Rossi", "attivita": { "nome": "Ginnastica dolce" } }] })
    );
}
