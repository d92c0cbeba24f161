//! Every comparison, over every make of column, with values that would be taken for patterns or for SQL.

use raccordo_connector_api::FailureKind;
use serde_json::{Value, json};

use crate::support::all;

const SDL: &str = r#"
type Query {
  voci(
    nome: String, nomeNon: String, inizio: String, dentro: String, nomi: [String!], id: ID, ids: [ID!]
    punti: Int, puntiNon: Int, sotto: Int, finoA: Int, sopra: Int, almeno: Int, punteggio: Float, dal: Date, alle: DateTime, aperta: Boolean, stato: String
  ): [Voce!]!
    @connect(sql: { table: "voci" }, filter: [
      { arg: "nome", column: "nome" }, { arg: "nomeNon", column: "nome", op: NE }, { arg: "inizio", column: "nome", op: PREFIX }
      { arg: "dentro", column: "nome", op: CONTAINS }, { arg: "nomi", column: "nome", op: IN }, { arg: "id", column: "id" }, { arg: "ids", column: "id", op: IN }
      { arg: "punti", column: "punti" }, { arg: "puntiNon", column: "punti", op: NE }, { arg: "sotto", column: "punti", op: LT }
      { arg: "finoA", column: "punti", op: LE }, { arg: "sopra", column: "punti", op: GT }, { arg: "almeno", column: "punti", op: GE }
      { arg: "punteggio", column: "punti", op: GT }, { arg: "dal", column: "dal", op: GE }, { arg: "alle", column: "alle", op: LE }
      { arg: "aperta", column: "aperta" }, { arg: "stato", column: "dal", op: LT }
    ])
}
type Voce @key(fields: "id") @connect(sql: { table: "voci" }) { id: ID! }
"#;

fn script(boolean: &str, instant: &str) -> String {
    format!(
        "CREATE TABLE voci (id INTEGER PRIMARY KEY, nome TEXT, punti INTEGER, dal DATE, alle {instant}, aperta {boolean});
         INSERT INTO voci VALUES (1, '100% _vero\\', 1, '2026-01-01', '2026-01-01T10:00:00Z', true),
           (2, '1000 lire', 2, '2026-02-01', '2026-02-01T10:00:00Z', false), (3, 'Àncora', 3, '2026-03-01', '2026-03-01T10:00:00Z', true),
           (4, NULL, NULL, NULL, NULL, NULL);"
    )
}

const CASES: &[(&str, &[&str])] = &[
    ("nome: \"Àncora\"", &["3"]),
    ("nome: \"' OR '1'='1\"", &[]),
    ("nome: \"\\u0000\"", &[]),
    ("nomeNon: \"Àncora\"", &["1", "2"]),
    ("inizio: \"100\"", &["1", "2"]),
    ("inizio: \"100%\"", &["1"]),
    ("inizio: \"àn\"", &[]),
    ("inizio: \"Àn\"", &["3"]),
    ("inizio: \"\"", &["1", "2", "3"]),
    ("dentro: \"% _\"", &["1"]),
    ("dentro: \"vero\\\\\"", &["1"]),
    ("dentro: \"0\"", &["1", "2"]),
    ("nomi: [\"Àncora\", \"1000 lire\", \"x\"]", &["2", "3"]),
    ("nomi: []", &[]),
    ("nomi: null", &["1", "2", "3", "4"]),
    ("id: \"2\"", &["2"]),
    ("id: \"due\"", &[]),
    ("ids: [\"3\", \"due\", \"1\"]", &["1", "3"]),
    ("punti: 2", &["2"]),
    ("puntiNon: 2", &["1", "3"]),
    ("sotto: 2", &["1"]),
    ("finoA: 2", &["1", "2"]),
    ("sopra: 2", &["3"]),
    ("almeno: 2", &["2", "3"]),
    ("punteggio: 1.5", &["2", "3"]),
    ("dal: \"2026-02-01\"", &["2", "3"]),
    ("alle: \"2026-02-01T10:00:00Z\"", &["1", "2"]),
    ("aperta: true", &["1", "3"]),
    ("aperta: false, almeno: 1", &["2"]),
];

#[tokio::test]
async fn every_comparison_finds_what_it_says() {
    let databases = [
        crate::support::sqlite(SDL, &script("BOOLEAN", "TEXT")).await,
        crate::support::postgres(SDL, &script("BOOLEAN", "TIMESTAMPTZ")),
        crate::support::mariadb(SDL, &script("BOOLEAN", "TIMESTAMP NULL")),
        crate::support::mariadb(SDL, &script("BIT", "DATETIME")),
    ];
    for database in databases {
        for (arguments, expected) in CASES {
            let got = database.roots(&format!("voci({arguments}) {{ id }}")).await;
            let ids: Vec<Value> = expected.iter().map(|id| json!({ "id": id })).collect();
            assert_eq!(got, json!({ "voci": ids }), "{}: {arguments}", database.name);
        }
    }
}

#[tokio::test]
async fn what_has_no_order_with_a_column_is_the_callers_mistake() {
    let [_, postgres, mariadb] = all(SDL, &script("BOOLEAN", "TIMESTAMP NULL")).await;
    for database in [postgres, mariadb] {
        let failure = database.failure("voci(stato: \"segreto\") { id }").await;
        assert_eq!(failure.kind, FailureKind::BadInput, "{}", database.name);
        assert_eq!(failure.detail, "`stato` can't be put in order with the values of its column");
    }
}
