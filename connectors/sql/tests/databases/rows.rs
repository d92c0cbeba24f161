//! Objects inside a row, what the gateway knows of a record, inputs from elsewhere, and several questions at once.

use raccordo_connector_api::{FailureKind, Limits};
use serde_json::{Value, json};

use crate::support::all;

const SDL: &str = r#"
type Query {
  persone: [Persona!]! @connect(sql: { table: "persone" })
  persona(nome: String): Persona @connect(sql: { table: "persone" }, filter: [{ arg: "nome", column: "nome" }])
  pagine(first: Int, after: String): Pagine! @connect(sql: { table: "persone" }, page: { first: "first", after: "after" })
}
type Pagine { nodes: [Persona!]! edges: [Bordo!]! pageInfo: PageInfo! }
type Bordo { node: Persona! cursor: String! }
type Persona @key(fields: "id") @connect(sql: { table: "persone" }) {
  id: ID!
  nome: String
  residenza: Residenza
  medico: Medico
  reddito: Int @external
  fascia: [Fascia!]! @connect(sql: { table: "fasce", key: ["persona"] })
  fonte: String! @from(meta: SOURCE)
  membro: String @from(meta: MEMBER)
  lettaIl: DateTime! @from(meta: AS_OF)
}
type Residenza { via: String civico: String @from(column: "numero") zona: Zona }
type Zona { codice: ID @from(column: "cod_zona") }
type Medico @key(fields: "codice") { codice: ID! @from(column: "cod_medico") pazienti: [Persona!]! @connect(sql: { table: "persone", key: ["cod_medico"] }) }
type Fascia { nome: String }
"#;

const SCRIPT: &str = r#"
CREATE TABLE persone (id INTEGER PRIMARY KEY, nome TEXT, via TEXT, numero TEXT, cod_zona TEXT, cod_medico INTEGER);
INSERT INTO persone VALUES (1, 'Ada', 'Roma', '1', 'Z1', 70), (2, 'Bice', NULL, NULL, NULL, NULL), (3, 'Carla', 'Dante', NULL, NULL, 70);
CREATE TABLE fasce (persona INTEGER, nome TEXT);
INSERT INTO fasce VALUES (1, 'prima'), (3, 'terza');
"#;

#[tokio::test]
async fn a_row_holds_objects_and_leads_to_relations() {
    for database in all(SDL, SCRIPT).await {
        let text = "persone { residenza { via civico zona { codice } } medico { codice pazienti { nome } } fonte membro }";
        let fetch = database.ask.roots(text).unwrap();
        let got = database.answer(&fetch).await;
        let both_patients = json!([{ "nome": "Ada" }, { "nome": "Carla" }]);
        let medico = json!({ "codice": "70", "pazienti": both_patients });
        assert_eq!(
            got,
            json!({ "persone": [
                { "residenza": { "via": "Roma", "civico": "1", "zona": { "codice": "Z1" } }, "medico": medico, "fonte": "prova", "membro": null },
                { "residenza": null, "medico": null, "fonte": "prova", "membro": null },
                { "residenza": { "via": "Dante", "civico": null, "zona": null }, "medico": medico, "fonte": "prova", "membro": null },
            ] }),
            "{}",
            database.name
        );
        assert_eq!(fetch.meter.read().0, 2, "{}", database.name);

        let got = database.roots("persona(nome: \"Ada\") { lettaIl }").await;
        let read = got["persona"]["lettaIl"].as_str().unwrap();
        assert!(read.len() == 20 && read.ends_with('Z'), "{}: {read}", database.name);
    }
}

#[tokio::test]
async fn what_a_representation_brings_is_not_read_again() {
    for database in all(SDL, SCRIPT).await {
        let keys = [
            json!({ "id": "3", "reddito": 900 }),
            json!({ "id": "2", "reddito": null }),
            json!({ "id": "9", "reddito": 1 }),
        ];
        let got = database.entities("Persona", "nome reddito fascia { nome }", &keys).await;
        let expected = json!([
            { "nome": "Carla", "reddito": 900, "fascia": [{ "nome": "terza" }] },
            { "nome": "Bice", "reddito": null, "fascia": [] },
            null,
        ]);
        assert_eq!(got, expected, "{}", database.name);
        // A stub needs no call of its own.
        let fetch = database
            .ask
            .entities(
                "Medico",
                "codice pazienti { nome }",
                &[json!({ "codice": "70" }), json!({ "codice": "71" })],
            )
            .unwrap();
        let got = database.answer(&fetch).await;
        let patients = json!([{ "nome": "Ada" }, { "nome": "Carla" }]);
        assert_eq!(
            got,
            json!([{ "codice": "70", "pazienti": patients }, { "codice": "71", "pazienti": [] }]),
            "{}",
            database.name
        );
        assert_eq!(fetch.meter.read().0, 1, "{}", database.name);
        let fetch = database.ask.entities("Medico", "codice", &[json!({ "codice": "70" })]).unwrap();
        assert_eq!(database.answer(&fetch).await, json!([{ "codice": "70" }]), "{}", database.name);
        assert_eq!(fetch.meter.read().0, 0, "{}", database.name);
    }
}

#[tokio::test]
async fn root_fields_fail_each_for_itself() {
    for database in all(SDL, SCRIPT).await {
        let got = database.roots("persone { id } pagine(after: \"x\") { nodes { id } } persona { id }").await;
        let ids: Vec<Value> = ["1", "2", "3"].map(|id| json!({ "id": id })).to_vec();
        let expected = json!({ "persone": ids, "pagine": "<BadInput Query.pagine>", "persona": "<Malformed Query.persona>" });
        assert_eq!(got, expected, "{}", database.name);
        let failure = database.failure("pagine(after: \"x\") { nodes { id } }").await;
        assert_eq!(failure.kind, FailureKind::BadInput, "{}", database.name);
    }
}

#[tokio::test]
async fn what_shows_that_more_follow_is_neither_counted_nor_followed() {
    for database in all(SDL, SCRIPT).await {
        let ask = database.ask.clone().limits(Limits { rows: 3, ..Limits::default() });
        let text = "pagine(first: 2) { edges { cursor node { nome } } nodes { id fascia { nome } } pageInfo { hasNextPage } }";
        let fetch = ask.roots(text).unwrap();
        let got = database.answer(&fetch).await;
        let nodes = json!([{ "id": "1", "fascia": [{ "nome": "prima" }] }, { "id": "2", "fascia": [] }]);
        assert_eq!(got["pagine"]["nodes"], nodes, "{}", database.name);
        assert_eq!(got["pagine"]["edges"][1]["node"], json!({ "nome": "Bice" }), "{}", database.name);
        let (calls, _, rows) = fetch.meter.read();
        assert_eq!((calls, rows), (2, 3), "{}", database.name);
    }
}
