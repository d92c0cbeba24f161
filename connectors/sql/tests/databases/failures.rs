//! How each database fails, and what is told of it: names of tables and columns, never values or addresses.

use std::sync::Arc;

use raccordo_connector_api::FailureKind;
use raccordo_connector_api::conformance::Ask;
use serde_json::json;

use crate::support::{all, connect, mapping, mariadb, postgres, sqlite};

const SDL: &str = r#"
type Query {
  voci(nome: String): [Voce!]! @connect(sql: { table: "voci" }, filter: [{ arg: "nome", column: "nome" }])
  perse(nome: String): [Voce!]! @connect(sql: { table: "perse" }, filter: [{ arg: "nome", column: "nome" }])
}
type Voce @key(fields: "id") @connect(sql: { table: "voci" }) { id: ID! nome: String persa: String @from(column: "colonna_persa") }
"#;
const SCRIPT: &str =
    "CREATE TABLE voci (id INTEGER PRIMARY KEY, nome TEXT); INSERT INTO voci VALUES (1, 'segreto');";

#[tokio::test]
async fn a_missing_table_or_column_is_named() {
    for database in all(SDL, SCRIPT).await {
        let failure = database.failure("perse(nome: \"segreto\") { id }").await;
        assert_eq!(failure.kind, FailureKind::Malformed, "{}", database.name);
        assert!(failure.detail.contains("perse") && !failure.to_string().contains("segreto"), "{failure}");
        let failure = database.failure("voci(nome: \"segreto\") { persa }").await;
        assert_eq!(failure.kind, FailureKind::Malformed, "{}", database.name);
        assert!(
            failure.detail.contains("colonna_persa") && !failure.to_string().contains("segreto"),
            "{failure}"
        );
        let got = database.roots("voci { nome }").await;
        assert_eq!(got, json!({ "voci": [{ "nome": "segreto" }] }), "{}", database.name);
    }
}

#[tokio::test]
async fn who_may_not_read_is_refused() {
    let script = format!("{SCRIPT} CREATE ROLE ospite LOGIN; CREATE ROLE nessuno NOLOGIN;");
    let database = postgres(SDL, &script);
    let mapping = mapping(SDL);
    let ask = Ask::new(&mapping);
    for role in ["ospite", "nessuno"] {
        let connector = connect(&database.url.replace("postgres@", &format!("{role}@")), &mapping);
        let failure = connector.fetch(&ask.roots("voci { id }").unwrap()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused, "{role}: {failure}");
        assert!(!failure.to_string().contains(role), "{failure}");
    }
    let connector = connect(&format!("{}a", database.url), &mapping);
    let failure = connector.fetch(&ask.roots("voci { id }").unwrap()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
}

#[tokio::test]
async fn a_session_is_read_only() {
    let script = format!(
        "{SCRIPT} CREATE FUNCTION scrivi() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO voci VALUES (2, 'x'); RETURN 'x'; END $$;
         CREATE VIEW perse AS SELECT 1 AS id, scrivi() AS nome;"
    );
    let database = postgres(SDL, &script);
    let failure = database.failure("perse { nome }").await;
    assert_eq!(failure.kind, FailureKind::Refused, "{failure}");
    assert_eq!(database.roots("voci { id }").await, json!({ "voci": [{ "id": "1" }] }));
}

#[tokio::test]
async fn a_server_that_goes_and_comes_back_is_noticed() {
    let mut database = postgres(SDL, SCRIPT);
    assert_eq!(database.roots("voci { id }").await, json!({ "voci": [{ "id": "1" }] }));
    // The sessions end, the server stays: the next question opens another.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'raccordo';";
    database.server.as_ref().unwrap().load(end).unwrap();
    assert_eq!(database.roots("voci { id }").await, json!({ "voci": [{ "id": "1" }] }));
    if let Some(server) = &mut database.server {
        server.stop();
    }
    assert_eq!(database.failure("voci { id }").await.kind, FailureKind::Unreachable);
    assert_eq!(database.connector.probe().await.unwrap_err().kind, FailureKind::Unreachable);
}

#[tokio::test]
async fn a_table_that_changes_is_read_as_it_is_now() {
    let database = postgres(SDL, SCRIPT);
    let answer = json!({ "voci": [{ "id": "1", "nome": "7" }] });
    database.server.as_ref().unwrap().load("UPDATE voci SET nome = '7'").unwrap();
    assert_eq!(database.roots("voci(nome: \"7\") { id nome }").await, answer);
    database
        .server
        .as_ref()
        .unwrap()
        .load("ALTER TABLE voci ALTER nome TYPE integer USING nome::integer")
        .unwrap();
    let failure = database.failure("voci(nome: \"7\") { id nome }").await;
    assert_eq!(failure.kind, FailureKind::Malformed, "{failure}");
    assert_eq!(database.roots("voci(nome: \"7\") { id nome }").await, answer);
    database.server.as_ref().unwrap().load("ALTER TABLE voci ALTER nome TYPE bigint").unwrap();
    assert_eq!(database.roots("voci(nome: \"7\") { id nome }").await, answer);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_malformed() {
    let database = sqlite(SDL, SCRIPT).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nota.txt");
    std::fs::write(
        &path,
        "questa non è una base di dati, ma un testo abbastanza lungo da parerlo".repeat(20),
    )
    .unwrap();
    let mapping: Arc<_> = mapping(SDL);
    let connector = connect(&format!("sqlite:{}", path.display()), &mapping);
    let failure = connector.fetch(&database.ask.roots("voci { id }").unwrap()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed, "{failure}");
    assert_eq!(connector.probe().await.unwrap_err().kind, FailureKind::Malformed);
}

#[tokio::test]
async fn a_long_statement_ends_with_its_deadline() {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 1 AS id, CAST(count(*) AS TEXT) AS nome FROM n";
    let asleep = "SELECT 1 AS id, CAST(SLEEP(600) AS CHAR) AS nome";
    let (script, other) = (
        format!("{SCRIPT} CREATE VIEW perse AS {endless};"),
        format!("{SCRIPT} CREATE VIEW perse AS {asleep};"),
    );
    for database in [sqlite(SDL, &script).await, postgres(SDL, &script), mariadb(SDL, &other)] {
        let ask = database.ask.clone().patience(std::time::Duration::from_millis(300));
        let fetch = ask.roots("perse { nome }").unwrap();
        let failure = database.connector.fetch(&fetch).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::TimedOut, "{}: {failure}", database.name);
        let got = database.roots("voci { id }").await;
        assert_eq!(got, json!({ "voci": [{ "id": "1" }] }), "{}", database.name);
    }
}
