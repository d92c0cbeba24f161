//! What `check --live` says of a database that isn't as its SDL says, and what is still answered.

use raccordo_schema::Diagnostic;
use serde_json::json;

use crate::support::{Database, all, mariadb, postgres};

const SDL: &str = r#"
type Query {
  voci(nome: String, eta: Int, first: Int, after: String): Voci! @connect(sql: { table: "voci" }
    filter: [{ arg: "nome", column: "nome" }, { arg: "eta", column: "eta" }], order: { column: "nome" }, page: { first: "first", after: "after" })
  perse: [Voce!]! @connect(sql: { table: "voce" })
  contate: [Conto!]! @connect(sql: { query: "SELECT nome, COUNT(*) AS quante FROM voci GROUP BY nome" })
  rotte: [Conto!]! @connect(sql: { query: "SELECT nome FROM nessuna" })
}
type Voci { nodes: [Voce!]! pageInfo: PageInfo! }
type Voce @key(fields: "id") @connect(sql: { table: "voci" }) {
  id: ID! nome: String persa: String @from(column: "Nome_") data: Date @from(column: "eta")
  figlie: [Figlia!]! @connect(sql: { table: "figlie", key: ["madre"] })
}
type Figlia { nome: String }
type Conto { nome: String quante: Int troppe: Int }
"#;

const SCRIPT: &str = "CREATE TABLE voci (id INTEGER, nome VARCHAR(20), eta INTEGER); INSERT INTO voci VALUES (1, 'a', 2), (2, 'b', 3);
CREATE TABLE figlie (madre INTEGER, nome VARCHAR(20)); INSERT INTO figlie VALUES (1, 'c'); CREATE INDEX per_nome ON voci (nome);";

async fn told(database: &Database) -> Vec<String> {
    let found = database.connector.examine().await.unwrap();
    found.iter().map(|one: &Diagnostic| format!("{} {} {}", one.at.line, one.rule, one.message)).collect()
}

#[tokio::test]
async fn what_is_missing_is_told_at_its_place() {
    for database in all(SDL, SCRIPT).await {
        let mut found = told(&database).await;
        found.retain(|one| !one.contains("SQL_ACCOUNT_WRITES"));
        let typed = "20 SQL_TYPE `Voce.data`: the column `eta` of `voci` is of type `";
        let missing = "20 SQL_COLUMN_MISSING `Voce.persa`: `voci` has no column `Nome_`";
        let has = |text: &str| found.iter().any(|one| one.starts_with(text));
        assert!(has(missing), "{}: {found:#?}", database.name);
        assert_eq!(has(typed), database.name != "SQLite", "{}: {found:#?}", database.name);
        for expected in [
            "19 SQL_KEY_NOT_UNIQUE `Voce`: no unique index of `voci` says that the key's columns are unique",
            "19 SQL_INDEX `Voce`: records are found by key by `id` of `voci`, which no index begins with",
            "21 SQL_INDEX `Voce.figlie`: records are found by key by `madre` of `figlie`, which no index begins with",
            "12 SQL_INDEX `Query.voci`: records are filtered by `eta` of `voci`, which no index begins with",
            "14 SQL_TABLE_MISSING `Query.perse`: there is no table or view `voce` that this account may read",
            "24 SQL_COLUMN_MISSING `Conto.troppe`: `the query of Query.contate` has no column `troppe`",
            "16 SQL_TABLE_MISSING `Query.rotte`: its query can't be run",
        ] {
            assert!(has(expected), "{}: `{expected}` isn't among {found:#?}", database.name);
        }
        let once: std::collections::BTreeSet<&String> = found.iter().collect();
        assert_eq!(once.len(), found.len(), "{}: {found:#?}", database.name);
        assert!(!found.iter().any(|one| one.contains("put in order")), "{}: {found:#?}", database.name);
    }
}

#[tokio::test]
async fn a_lost_column_costs_its_own_field() {
    for database in all(SDL, SCRIPT).await {
        let got = database.roots("voci { nodes { id nome persa figlie { nome } } }").await;
        let voce = |id: &str, nome: &str, figlie| json!({ "id": id, "nome": nome, "persa": "<Malformed Voce.persa>", "figlie": figlie });
        let expected = json!([voce("1", "a", json!([{ "nome": "c" }])), voce("2", "b", json!([]))]);
        assert_eq!(got["voci"]["nodes"], expected, "{}", database.name);
        let got = database.entities("Voce", "persa nome", &[json!({ "id": "2" })]).await;
        assert_eq!(got, json!([{ "persa": "<Malformed Voce.persa>", "nome": "b" }]), "{}", database.name);
    }
}

const GOOD: &str = r#"
type Query { voci: [Voce!]! @connect(sql: { table: "voci" }, order: { column: "nome" }) }
type Voce @key(fields: "id") @connect(sql: { table: "voci" }) { id: ID! nome: String }
"#;

#[tokio::test]
async fn an_account_that_can_write_is_told() {
    let script =
        "CREATE TABLE voci (id INTEGER PRIMARY KEY, nome VARCHAR(20)); CREATE INDEX per_nome ON voci (nome);";
    let own = [
        (
            postgres(GOOD, &format!("{script} CREATE ROLE lettore LOGIN; GRANT SELECT ON voci TO lettore;")),
            "postgres@",
        ),
        (
            mariadb(GOOD, &format!("{script} CREATE USER lettore; GRANT SELECT ON prova.* TO lettore;")),
            "root@",
        ),
    ];
    for (database, owner) in own {
        let writes = told(&database).await;
        assert!(
            writes.iter().any(|one| one.contains("SQL_ACCOUNT_WRITES")),
            "{}: {writes:#?}",
            database.name
        );
        let connector =
            crate::support::connect(&database.url.replace(owner, "lettore@"), &crate::support::mapping(GOOD));
        assert_eq!(connector.examine().await.unwrap(), [], "{}", database.name);
    }
}
