//! What `raccordo check` says of a source of kind `sql`: each mistake at the user's own directive, all at once, and no address.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::sync::Arc;

use raccordo_connector_api::{SettingValue, Settings, Source};
use raccordo_schema::{Location, read_source};

const LINKS: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from"])
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
"#;

/// The mistakes as `line rule: message`, of an SDL that begins on line 5.
fn mistakes(url: &str, sdl: &str) -> Vec<String> {
    let mapping = Arc::new(read_source("prova", "prova.graphql", &format!("{LINKS}{sdl}")).unwrap());
    let at = Location { file: "raccordo.yaml".into(), line: 3, column: 5 };
    let settings = Settings::new(at.clone()).with("url", SettingValue::Text(url.into()), at);
    let source = Source { name: "prova", settings: &settings, mapping: &mapping };
    let found = raccordo_connector_sql::KIND.check(source).err().unwrap_or_default();
    found.iter().map(|one| format!("{} {}: {}", one.at.line, one.rule, one.message)).collect()
}

const GOOD: &str = r#"
type Query { voci(nome: String, first: Int, after: String): Voci! @connect(
  sql: { table: "voci" }, filter: [{ arg: "nome", column: "nome", op: PREFIX }], page: { first: "first", after: "after", size: 10 }) }
type Voci { nodes: [Voce!]! pageInfo: PageInfo! }
type Voce @key(fields: "id") @connect(sql: { table: "voci" }) { id: ID! nome: String }
"#;

#[test]
fn a_good_source_passes_on_every_database() {
    for url in [
        "sqlite:data/voci.db",
        "postgres://u:p@localhost/voci",
        "postgresql://u@localhost:5433/voci?sslmode=require",
        "postgres:///voci?host=/run/postgresql&user=u",
        "mysql://u:p@localhost:3307/voci?ssl-mode=VERIFY_CA&ssl-ca=/etc/ca.pem",
        "mariadb://u@localhost/voci?socket=/run/mysqld/mysqld.sock",
    ] {
        assert_eq!(mistakes(url, GOOD), [""; 0], "{url}");
    }
}

#[test]
fn every_mistake_of_the_mapping_is_told_at_its_directive() {
    let sdl = r#"
type Query {
  voci(eta: Int, first: Int, after: String): Voci!
    @connect(sql: { table: "voci", namespace: "storico" }, filter: [{ arg: "eta", column: "eta" }], page: { first: "first", after: "after" })
  senza: [Libera!]!
    @connect(sql: { table: "a\u0000b" })
}
type Voci { nodes: [Libera!]! pageInfo: PageInfo! }
type Libera { nome: String
  nomi: [String!] }
type Padre @key(fields: "id") { id: ID!
  figli(first: Int): [Libera!]! @connect(sql: { table: "figli", key: ["padre"] }, page: { first: "first", size: 5 }) }
type Doppia @key(fields: "elenco")
  @connect(sql: { table: "doppie" }) { elenco: [ID!]! }
"#;
    assert_eq!(
        mistakes("sqlite:data/voci.db", sdl),
        [
            "14 SQL_LIST: `Libera.nomi` is a list of values, which a column can't hold",
            "16 SQL_PAGE: `Padre.figli` is paged, and `Libera` has no resolvable `@key`",
            "16 SQL_PAGE: `page: { size: }` on `Padre.figli`: the records of a relation come in one call for each batch",
            "18 KEY_COLUMNS: `elenco` of the `@key` of `Doppia` isn't a column of its table",
            "18 SQL_LIST: `Doppia.elenco` is a list of values, which a column can't hold",
            "8 SQL_NAMESPACE: `sql: { namespace: \"storico\" }` on `Query.voci`: SQLite has no schemas",
            "8 SQL_PAGE: `Query.voci` is paged, and `Libera` has no resolvable `@key`",
            "10 SQL_NAME: `sql:` on `Query.senza` names a table or column with a NUL in it",
        ]
    );
}

#[test]
fn a_bad_address_is_told_without_its_text() {
    for url in [
        "mssql://sa:segreto@localhost/x",
        "sqlserver://sa:segreto@localhost/x",
        "oracle://sa:segreto@localhost/x",
        "mysql://root:segreto@localhost",
        "mysql://localhost/segreto",
        "mysql://root:segreto@localhost/x?charset=latin1",
        "mysql://root:segreto@localhost/x?ssl-mode=segreto",
        "sqlite::memory:",
        "postgres://u:segreto@localhost:porta/x",
        "sqlite:x?mode=segreto",
    ] {
        let found = mistakes(url, GOOD);
        assert!(found.len() == 1 && found[0].starts_with("3 SETTING_INVALID"), "{url}: {found:?}");
        assert!(!found[0].contains("segreto"), "{found:?}");
    }
}

#[test]
fn sql_server_is_told_how_it_joins() {
    let found = mistakes("mssql://sa@localhost/x", GOOD);
    assert_eq!(
        found,
        [
            "3 SETTING_INVALID: `url` is of SQL Server, which this kind doesn't speak by itself: docs/kinds/sql.md says how it joins"
        ]
    );
}

#[test]
fn a_query_is_one_select_whose_arguments_are_bound() {
    let told = |query: &str| {
        let sdl = format!(
            "type Query {{ voci(anno: Int): [Voce!]! @connect(sql: {{ query: \"{query}\" }}, filter: {{ arg: \"anno\", column: \"a\" }}) }} type Voce {{ a: Int }}"
        );
        mistakes("sqlite:data/voci.db", &sdl)
    };
    assert_eq!(told("with x as (select 1 as a) select a from x where a > {$args.anno}"), [""; 0]);
    for (query, why) in [
        ("delete from voci", "the query doesn't begin with `SELECT` or `WITH`"),
        ("select 1; select 2", "the query has several statements"),
        ("select 1) as r; (select 2", "the query has several statements"),
        ("select 1) as r, (select 2", "the query's parentheses don't close"),
        ("select {$args.mese}", "`{$args.mese}` names no argument of the field"),
    ] {
        assert_eq!(
            told(query),
            [format!("5 SQL_QUERY: `sql: {{ query: }}` on `Query.voci`: {why}")],
            "{query}"
        );
    }
}
