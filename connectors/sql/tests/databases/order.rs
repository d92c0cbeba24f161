//! Orders and pages: descending, with nulls and equals, over every make of column; pages for each parent.

use raccordo_connector_api::Limits;
use serde_json::{Value, json};

use crate::support::{Database, all};

const SDL: &str = r#"
type Query {
  perPunti(first: Int, after: String): Voci! @connect(sql: { table: "voci" }, order: [{ column: "punti", descending: true }], page: { first: "first", after: "after" })
  perGiorno(first: Int, after: String): Voci! @connect(sql: { table: "voci" }, order: [{ column: "giorno" }], page: { first: "first", after: "after" })
  perPeso(first: Int, after: String): Voci! @connect(sql: { table: "voci" }, order: [{ column: "peso" }, { column: "nome", descending: true }], page: { first: "first", after: "after" })
  perPrezzo(first: Int, after: String): Voci! @connect(sql: { table: "voci" }, order: [{ column: "prezzo" }], page: { first: "first", after: "after" })
}
type Voci { edges: [VoceEdge!]! nodes: [Voce!]! pageInfo: PageInfo! totalCount: Int }
type VoceEdge { node: Voce! cursor: String! }
type Voce @key(fields: "id") @connect(sql: { table: "voci" }) { id: ID! nome: String punti: Int gruppo: ID }
type Gruppo @key(fields: "id") {
  id: ID!
  voci(first: Int, after: String, puntiMin: Int): Voci!
    @connect(sql: { table: "voci", key: ["gruppo"] }, order: [{ column: "punti", descending: true }], page: { first: "first", after: "after" }, filter: [{ arg: "puntiMin", column: "punti", op: GE }], batch: { maxSize: 2 })
}
"#;

const SCRIPT: &str = r#"
CREATE TABLE voci (id INTEGER PRIMARY KEY, nome VARCHAR(9), punti INTEGER, giorno DATE, peso REAL, prezzo NUMERIC(8, 2), gruppo CHAR(2));
INSERT INTO voci VALUES
  (1, 'uno', 5, '2026-01-01', 0.1, 10.50, 'A'), (2, 'due', NULL, NULL, 0.1, NULL, 'A'), (3, 'tre', 5, '2026-01-01', 0.2, 9.99, 'A'),
  (4, 'quattro', 9, '2025-01-01', NULL, 10.50, 'B'), (5, 'cinque', NULL, '2026-03-01', 0.1, 100, 'B'), (6, 'sei', 1, NULL, 3, NULL, 'A');
"#;

/// Each page alone, and all of them one after the other.
async fn walk(database: &Database, field: &str, size: usize) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), Value::Null);
    for _ in 0..10 {
        let text = format!(
            "{field}(first: {size}, after: {after}) {{ edges {{ node {{ id }} cursor }} pageInfo {{ hasNextPage endCursor }} }}"
        );
        let got = database.roots(&text).await;
        let edges = got[field]["edges"].as_array().unwrap();
        ids.extend(edges.iter().map(|edge| edge["node"]["id"].as_str().unwrap().to_owned()));
        after = got[field]["pageInfo"]["endCursor"].clone();
        if got[field]["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
    }
    ids
}

#[tokio::test]
async fn pages_follow_each_other_whatever_the_order() {
    for database in all(SDL, SCRIPT).await {
        for field in ["perPunti", "perGiorno", "perPeso", "perPrezzo"] {
            let whole = walk(&database, field, 100).await;
            assert_eq!(whole.len(), 6, "{} {field}", database.name);
            for size in 1..=6 {
                assert_eq!(walk(&database, field, size).await, whole, "{} {field} by {size}", database.name);
            }
        }
        let known = |ids: Vec<String>| {
            ids.into_iter().filter(|id| !["2", "5"].contains(&id.as_str())).collect::<Vec<_>>()
        };
        assert_eq!(known(walk(&database, "perPunti", 100).await), ["4", "1", "3", "6"], "{}", database.name);
    }
}

#[tokio::test]
async fn each_parent_has_its_own_page_and_goes_on_from_it() {
    for database in all(SDL, SCRIPT).await {
        let groups = ["B", "C", "A"].map(|id| json!({ "id": id }));
        let text =
            "voci(first: 2, puntiMin: 0) { nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } }";
        let fetch = database.ask.entities("Gruppo", text, &groups).unwrap();
        let got = database.answer(&fetch).await;
        assert_eq!(fetch.meter.read().0, 2, "{}", database.name);
        let two = database.ask.entities("Gruppo", text, &groups[..2]).unwrap();
        database.answer(&two).await;
        assert_eq!(two.meter.read().0, 1, "{}", database.name);
        let nodes = |at: usize| got[at]["voci"]["nodes"].clone();
        let next = |at: usize| got[at]["voci"]["pageInfo"]["hasNextPage"].clone();
        assert_eq!([nodes(0), next(0)], [json!([{ "id": "4" }]), json!(false)], "{}", database.name);
        assert_eq!([nodes(1), next(1)], [json!([]), json!(false)], "{}", database.name);
        assert_eq!(
            [nodes(2), next(2)],
            [json!([{ "id": "1" }, { "id": "3" }]), json!(true)],
            "{}",
            database.name
        );

        // What shows that more follow isn't a row that is brought.
        let ask = database.ask.clone().limits(Limits { rows: 2, ..Limits::default() });
        let fetch = ask.entities("Gruppo", text, &groups[2..]).unwrap();
        assert_eq!(database.answer(&fetch).await[0]["voci"], got[2]["voci"], "{}", database.name);

        let cursor = &got[2]["voci"]["pageInfo"]["endCursor"];
        let text = format!(
            "voci(first: 2, puntiMin: 0, after: {cursor}) {{ nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage }} }}"
        );
        let got = database.entities("Gruppo", &text, &groups[2..]).await;
        let page = json!({ "nodes": [{ "id": "6" }], "pageInfo": { "hasNextPage": false, "hasPreviousPage": true } });
        assert_eq!(got, json!([{ "voci": page }]), "{}", database.name);

        let text = format!("perPunti(after: {cursor}) {{ nodes {{ id }} }}");
        let failure = database.failure(&text).await;
        assert_eq!(failure.kind, raccordo_connector_api::FailureKind::BadInput, "{}", database.name);
    }
}

#[tokio::test]
async fn counts_are_asked_for_where_they_are_wanted() {
    for database in all(SDL, SCRIPT).await {
        let fetch = database
            .ask
            .roots("perPunti(first: 1) { totalCount nodes { id } } perPeso(first: 1) { nodes { id } }")
            .unwrap();
        let got = database.answer(&fetch).await;
        assert_eq!(got["perPunti"]["totalCount"], json!(6), "{}", database.name);
        assert_eq!(fetch.meter.read().0, 3, "{}", database.name);

        let groups = ["B", "C", "A"].map(|id| json!({ "id": id }));
        let fetch = database
            .ask
            .entities("Gruppo", "voci(first: 1, puntiMin: 5) { totalCount nodes { id } }", &groups)
            .unwrap();
        let got = database.answer(&fetch).await;
        let counts: Vec<&Value> = (0..3).map(|at| &got[at]["voci"]["totalCount"]).collect();
        assert_eq!(counts, [&json!(1), &json!(0), &json!(2)], "{}", database.name);
        // Two batches of keys, each for records and for counts.
        assert_eq!(fetch.meter.read().0, 4, "{}", database.name);
        // Where nothing else is asked, no record is read.
        let fetch = database.ask.entities("Gruppo", "voci { totalCount }", &groups[2..]).unwrap();
        assert_eq!(
            database.answer(&fetch).await,
            json!([{ "voci": { "totalCount": 4 } }]),
            "{}",
            database.name
        );
        let all = database.ask.roots("perPunti { totalCount }").unwrap();
        assert_eq!(
            database.answer(&all).await,
            json!({ "perPunti": { "totalCount": 6 } }),
            "{}",
            database.name
        );
        assert_eq!(
            [fetch.meter.read().0, all.meter.read().0, all.meter.read().2],
            [1, 1, 0],
            "{}",
            database.name
        );
    }
}
