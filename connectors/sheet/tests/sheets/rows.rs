//! Values as people write them: typed, canonical, in lists; and what becomes of those that don't fit.

use raccordo_connector_api::{FailureKind, SettingValue};
use serde_json::{Value, json};

use crate::kit::{Sheets, word};

const SDL: &str = r#"
type Query {
  persone(cognome: String, natoDal: Date, gruppi: [String!], attiva: Boolean, quotaMin: Float, stato: Stato, first: Int, after: String): PersonaConnection!
    @connect(
      sheet: { file: "p.csv" }
      filter: [
        { arg: "cognome", column: "Cognome", op: PREFIX }
        { arg: "natoDal", column: "Nato il", op: GE }
        { arg: "gruppi", column: "Gruppi", op: IN }
        { arg: "attiva", column: "Attiva" }
        { arg: "quotaMin", column: "Quota", op: GE }
        { arg: "stato", column: "Stato" }
      ]
      order: [{ column: "Cognome" }, { column: "Quota", descending: true }]
      page: { first: "first", after: "after" }
    )
}
type Persona @key(fields: "codiceFiscale") @connect(sheet: { file: "p.csv" }) {
  codiceFiscale: CodiceFiscale!
  cognome: String
  natoIl: Date
  quota: Float
  figli: Int
  attiva: Boolean
  stato: Stato
  gruppi: [String!] @from(split: ",")
  comune: Comune @from(header: "Cod. comune")
}
type Comune @key(fields: "istat") @connect(sheet: { file: "comuni.csv" }) {
  istat: ID!
  nome: String
  persone(first: Int): [Persona!]! @connect(sheet: { file: "p.csv", key: ["Cod. comune"] }, page: { first: "first" })
}
enum Stato { ATTIVO @code(is: ["in carico"]) ALTRO @code(otherwise: true) }
type PersonaConnection { nodes: [Persona!]! edges: [PersonaEdge!]! pageInfo: PageInfo! totalCount: Int }
type PersonaEdge { node: Persona! cursor: String! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
"#;

const PEOPLE: &str = "\
Elenco delle persone;;;;;;;;
Codice fiscale;Cognome;Nato il;Quota;Figli;Attiva;Stato;Gruppi;Cod. comune;Note riservate
rssmra80a01z999y;Èlia;1/1/1980;1.234,50;2;sì;In  Carico;coro, teatro ;034006;da non leggere
VRDLCU52H45Z999N;d'Ànna;05-06-1952;;;NO;chissà;;034003;
BNCGNN15D12Z999V;Elia;12.04.2015;7;0;x;;teatro;999;
;Totale;;;;;;;;
;;;;;;;;;solo una nota
";

const COMUNI: &str = "istat,nome\n034003,Bedonia\n034006,Borgo Val di Taro\n";

fn people(text: &str, more: &[(&'static str, SettingValue)]) -> Sheets {
    Sheets::new(SDL, &[("p.csv", text.as_bytes()), ("comuni.csv", COMUNI.as_bytes())], more)
}

const ALL: &str = "codiceFiscale cognome natoIl quota figli attiva stato gruppi comune { istat nome }";

#[tokio::test]
async fn values_are_typed_and_canonical() {
    let sheets = people(PEOPLE, &[]);
    let got = sheets.ask(&format!("persone {{ totalCount nodes {{ {ALL} }} }}")).await;
    let expected = json!({ "totalCount": 3, "nodes": [
        { "codiceFiscale": "VRDLCU52H45Z999N", "cognome": "d'Ànna", "natoIl": "1952-06-05", "quota": null, "figli": null,
          "attiva": false, "stato": "ALTRO", "gruppi": null, "comune": { "istat": "034003", "nome": "Bedonia" } },
        { "codiceFiscale": "BNCGNN15D12Z999V", "cognome": "Elia", "natoIl": "2015-04-12", "quota": 7.0, "figli": 0,
          "attiva": true, "stato": null, "gruppi": ["teatro"], "comune": null },
        { "codiceFiscale": "RSSMRA80A01Z999Y", "cognome": "Èlia", "natoIl": "1980-01-01", "quota": 1234.5, "figli": 2,
          "attiva": true, "stato": "ATTIVO", "gruppi": ["coro", "teatro"],
          "comune": { "istat": "034006", "nome": "Borgo Val di Taro" } },
    ] });
    assert_eq!(got["persone"], expected);
}

#[tokio::test]
async fn filters_narrow() {
    let sheets = people(PEOPLE, &[]);
    for (arguments, expected) in [
        ("cognome: \"E\"", vec!["Elia"]),
        ("natoDal: \"1980-01-01\"", vec!["Elia", "Èlia"]),
        ("gruppi: [\"coro\"]", vec!["Èlia"]),
        ("gruppi: []", vec![]),
        ("attiva: false", vec!["d'Ànna"]),
        ("quotaMin: 7", vec!["Elia", "Èlia"]),
        ("stato: ALTRO", vec!["d'Ànna"]),
        ("cognome: null", vec!["d'Ànna", "Elia", "Èlia"]),
    ] {
        let got = sheets.ask(&format!("persone({arguments}) {{ nodes {{ cognome }} }}")).await;
        let names: Vec<&str> = got["persone"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["cognome"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected, "{arguments}");
    }
}

#[tokio::test]
async fn entities_and_what_belongs_to_them() {
    let sheets = people(PEOPLE, &[]);
    let keys = [json!({ "istat": "034006" }), json!({ "istat": "x" })];
    let got = sheets.entities("Comune", "nome persone(first: 5) { cognome comune { nome } }", &keys).await;
    let expected = json!([
        { "nome": "Borgo Val di Taro", "persone": [{ "cognome": "Èlia", "comune": { "nome": "Borgo Val di Taro" } }] },
        null,
    ]);
    assert_eq!(got, expected);
    let got = sheets.entities("Persona", "cognome", &[json!({ "codiceFiscale": "rssMRA80a01z999y" })]).await;
    assert_eq!(got, json!([{ "cognome": "Èlia" }]), "a key has one canonical form");
}

#[tokio::test]
async fn pages_go_on_after_rows_that_are_equal_in_the_order() {
    let sdl = r#"
type Query { righe(first: Int, after: String): RigaConnection! @connect(sheet: { file: "r.csv" }, order: [{ column: "gruppo" }], page: { first: "first", after: "after" }) }
type Riga { gruppo: String, nome: String }
type RigaConnection { nodes: [Riga!]! pageInfo: PageInfo! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
"#;
    let sheets = Sheets::new(sdl, &[("r.csv", b"gruppo,nome\nb,1\na,2\nb,3\nb,4\na,5\n,6\n,7\n")], &[]);
    let (mut names, mut after) = (String::new(), Value::Null);
    for _ in 0..7 {
        let got = sheets
            .ask(&format!("righe(first: 1, after: {after}) {{ nodes {{ nome }} pageInfo {{ endCursor }} }}"))
            .await;
        names.push_str(got["righe"]["nodes"][0]["nome"].as_str().unwrap());
        after = got["righe"]["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(names, "2513467");
}

const BAD: &str = "\
Codice fiscale;Cognome;Nato il;Quota;Figli;Attiva;Stato;Gruppi;Cod. comune
RSSMRA80A01Z999Y;Rossi;1/1/80;1.234;due;forse;;;
VRDLCU52H45Z999N;Verdi;5/6/1952;;;;;;
";

#[tokio::test]
async fn a_value_that_does_not_fit_is_lost_alone() {
    let sheets = people(BAD, &[]);
    let got = sheets.ask("persone(cognome: \"Rossi\") { nodes { cognome natoIl quota figli attiva } }").await;
    let expected = json!({
        "cognome": "Rossi", "natoIl": "<Malformed Persona.natoIl>", "quota": "<Malformed Persona.quota>",
        "figli": "<Malformed Persona.figli>", "attiva": "<Malformed Persona.attiva>"
    });
    assert_eq!(got["persone"]["nodes"][0], expected);
    assert_eq!(sheets.connector.standing().unwrap().left_out, 0);
}

#[tokio::test]
async fn or_its_row_is_left_out_and_counted() {
    let sheets = people(BAD, &[("bad_rows", word("leave_out"))]);
    let got = sheets.ask("persone { totalCount nodes { cognome } }").await;
    assert_eq!(got["persone"], json!({ "totalCount": 1, "nodes": [{ "cognome": "Verdi" }] }));
    assert_eq!(sheets.connector.standing().unwrap().left_out, 1);
    let got = sheets.entities("Persona", "cognome", &[json!({ "codiceFiscale": "RSSMRA80A01Z999Y" })]).await;
    assert_eq!(got, json!([null]));
}

#[tokio::test]
async fn or_the_whole_version_is_refused_and_told_by_place() {
    let sheets = people(BAD, &[("bad_rows", word("refuse"))]);
    let failure = sheets.try_ask("persone { nodes { cognome } }").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed);
    for told in [
        "4 values",
        "`p.csv`, row 2, column C (`natoIl`): a date whose year has two digits",
        "row 2, column E (`figli`): not a whole number",
        "row 2, column F (`attiva`): neither yes nor no",
        "row 2, column D (`quota`): a number that can be read in two ways",
    ] {
        assert!(failure.detail.contains(told), "{told}: {failure}");
    }
    for value in ["Rossi", "RSSMRA", "1/1/80", "1.234", "forse", "due;"] {
        assert!(!failure.detail.contains(value), "{value}: {failure}");
    }
}

#[tokio::test]
async fn a_number_is_read_as_the_others_of_its_column() {
    for (numbers, setting, expected) in [
        ("1.234|12,5", None, json!([1234.0, 12.5])),
        ("1.234|12.5", None, json!([1.234, 12.5])),
        ("1.234|5", None, json!(["<Malformed R.n>", 5.0])),
        ("1.234|5", Some("comma"), json!([1234.0, 5.0])),
        ("1.234|5", Some("point"), json!([1.234, 5.0])),
        ("1.234|1,5|1.5", None, json!(["<Malformed R.n>", 1.5, 1.5])),
        ("12,5", Some("point"), json!(["<Malformed R.n>"])),
    ] {
        let sdl =
            "type Query { r: [R!]! @connect(sheet: { file: \"r.csv\" }) }\ntype R { n: Float, t: String }";
        let lines: String = numbers.split('|').map(|number| format!("{number};x\n")).collect();
        let more: Vec<_> = setting.map(|sign| ("decimal", word(sign))).into_iter().collect();
        let sheets = Sheets::new(sdl, &[("r.csv", format!("n;t\n{lines}").as_bytes())], &more);
        let got = sheets.ask("r { n }").await;
        let got: Value = got["r"].as_array().unwrap().iter().map(|row| row["n"].clone()).collect();
        assert_eq!(got, expected, "{numbers} {setting:?}");
    }
}

#[tokio::test]
async fn a_row_with_too_many_cells_is_not_trusted() {
    let sdl = "type Query { r: [R!]! @connect(sheet: { file: \"r.csv\" }) }\ntype R { a: String, b: String }";
    let sheets = Sheets::new(sdl, &[("r.csv", b"a,b\n1,2\nuno, due,3\n4,5,,\n6\n")], &[]);
    let expected = json!({ "r": [{ "a": "1", "b": "2" }, { "a": "4", "b": "5" }, { "a": "6", "b": null }] });
    assert_eq!(sheets.ask("r { a b }").await, expected);
    assert_eq!(sheets.connector.standing().unwrap().left_out, 1);
}

#[tokio::test]
async fn encodings_and_separators_are_found() {
    let sdl = "type Query { r: [R!]! @connect(sheet: { file: \"r.csv\" }) }\ntype R { citta: String @from(header: \"Città\"), nota: String }";
    for text in [
        "Città;Nota\nForlì;a, b\n".as_bytes(),
        b"\xef\xbb\xbfCitt\xc3\xa0\tNota\r\nForl\xc3\xac\ta, b\r\n",
        b"Citt\xe0|Nota\nForl\xec|a, b\n",
        b"sep=;\r\nCitt\xe0;Nota\r\nForl\xec;\"a, b\"\r\n",
        b"Citt\xc3\xa0,Nota\nForl\xc3\xac,\"a, b\"\n",
    ] {
        let sheets = Sheets::new(sdl, &[("r.csv", text)], &[]);
        assert_eq!(
            sheets.ask("r { citta nota }").await,
            json!({ "r": [{ "citta": "Forlì", "nota": "a, b" }] })
        );
    }
    let sheets =
        Sheets::new(sdl, &[("r.csv", b"Citt\xc3\xa0;Nota\nForl\xec;x\n")], &[("encoding", word("utf-8"))]);
    assert_eq!(
        sheets.ask("r { citta nota }").await,
        json!({ "r": [{ "citta": "<Malformed R.citta>", "nota": "x" }] })
    );
}
