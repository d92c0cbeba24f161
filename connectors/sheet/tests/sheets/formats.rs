//! Workbooks as LibreOffice and openpyxl make them: merged titles, line breaks in headers, days, times, formulas with their results, errors, comments,
//! a million empty rows, days that count from 1904.

use serde_json::{Value, json};

use crate::files::made;
use crate::kit::Sheets;

fn sdl(sheet: &str) -> String {
    format!(
        r#"
type Query {{ attivita: [Attivita!]! @connect(sheet: {{ {sheet} }}) }}
type Attivita @key(fields: "codice") @connect(sheet: {{ {sheet} }}) {{
  codice: ID!
  nome: String @from(header: ["Nome dell'attività"])
  inizio: Date
  incontro: DateTime
  costo: Float @from(header: "Costo €")
  gratuita: Boolean
  posti: Int
  ora: String
}}
"#
    )
}

const ALL: &str = "attivita { codice nome inizio incontro costo gratuita posti ora }";

fn expected() -> Value {
    json!({ "attivita": [
        {
            "codice": "2", "nome": "Pranzo & compagnia", "inizio": "1924-02-29", "incontro": null, "costo": null,
            "gratuita": true, "posti": "<Malformed Attivita.posti>", "ora": null
        },
        {
            "codice": "A1", "nome": "Doposcuola  «Però»", "inizio": "2026-09-14", "incontro": "2026-09-14T14:30:00Z",
            "costo": 12.5, "gratuita": false, "posti": 25, "ora": "16:30"
        },
    ] })
}

#[tokio::test]
async fn an_ods_of_libreoffice() {
    for sheet in ["sheet: \"Attività 2026\"", "sheet: \"attivita 2026\"", "index: 2"] {
        let sdl = sdl(&format!("file: \"a.ods\", {sheet}"));
        let sheets = Sheets::new(&sdl, &[("a.ods", &made("libreoffice.ods"))], &[]);
        assert_eq!(sheets.ask(ALL).await, expected(), "{sheet}");
    }
}

#[tokio::test]
async fn an_xlsx_of_libreoffice() {
    let sdl = sdl("file: \"a.xlsx\", sheet: \"Attività 2026\"");
    let sheets = Sheets::new(&sdl, &[("a.xlsx", &made("libreoffice.xlsx"))], &[]);
    let mut expected = expected();
    // A time of day has its seconds, however it is shown.
    expected["attivita"][1]["ora"] = "16:30:00".into();
    assert_eq!(sheets.ask(ALL).await, expected);
}

#[tokio::test]
async fn what_a_file_is_is_seen_by_what_it_holds() {
    let sdl = sdl("file: \"a.csv\", index: 2");
    let sheets = Sheets::new(&sdl, &[("a.csv", &made("libreoffice.ods"))], &[]);
    assert_eq!(
        sheets.ask("attivita { codice }").await,
        json!({ "attivita": [{ "codice": "2" }, { "codice": "A1" }] })
    );
}

#[tokio::test]
async fn a_sheet_that_is_not_there_is_told() {
    for (sheet, told) in [
        ("sheet: \"Altro\"", "no sheet `Altro`"),
        ("index: 3", "has 2 sheets"),
        ("index: 1", "none of the first"),
    ] {
        let sdl = sdl(&format!("file: \"a.ods\", {sheet}"));
        let sheets = Sheets::new(&sdl, &[("a.ods", &made("libreoffice.ods"))], &[]);
        let failure = sheets.try_ask("attivita { codice }").await.unwrap_err();
        assert!(failure.detail.contains(told), "{failure}");
    }
}

#[tokio::test]
async fn days_may_count_from_1904_and_formulas_without_result_are_empty() {
    let sdl = r#"
type Query { righe: [Riga!]! @connect(sheet: { file: "mac.xlsx" }) }
type Riga { codice: ID, inizio: Date, numero: Date, posti: Int }
"#;
    let sheets = Sheets::new(sdl, &[("mac.xlsx", &made("mac.xlsx"))], &[]);
    let got = sheets.ask("righe { codice inizio numero posti }").await;
    let expected = json!([{ "codice": "M1", "inizio": "2026-09-14", "numero": "2026-09-14", "posti": null }]);
    assert_eq!(got["righe"], expected);
}
