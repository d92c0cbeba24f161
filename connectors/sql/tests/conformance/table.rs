//! The suite's graph over one table `schede`, and the SQL that fills it on either database.

use raccordo_connector_api::conformance::Record;
use raccordo_connector_api::{SettingValue, Settings};
use raccordo_schema::Location;

pub(crate) const BATCH: usize = 40;
pub(crate) const PAGE: usize = 4;

/// The suite's graph in the words of kind `sql`.
pub(crate) const SDL: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from"])

scalar Date

type Query {
  schede(gruppo: ID, numeroMin: Int, first: Int, after: String): SchedaConnection!
    @connect(
      sql: { table: "schede" }
      filter: [{ arg: "gruppo", column: "gruppo" }, { arg: "numeroMin", column: "numero", op: GE }]
      page: { first: "first", after: "after", size: 4 }
    )
  scheda(id: ID): Scheda @connect(sql: { table: "schede" }, filter: [{ arg: "id", column: "cod" }])
}

type SchedaConnection { nodes: [Scheda!]! edges: [SchedaEdge!]! pageInfo: PageInfo! }
type SchedaEdge { node: Scheda! cursor: String! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }

type Scheda @key(fields: "id") @connect(sql: { table: "schede", key: ["cod"] }, batch: { maxSize: 40 }) {
  id: ID! @from(column: "cod")
  nome: String
  numero: Int
  dal: Date @from(column: "data_dal")
  gruppo: ID
}

type Gruppo @key(fields: "id") {
  id: ID!
  schede(first: Int): [Scheda!]! @connect(sql: { table: "schede", key: ["gruppo"] }, page: { first: "first" })
}
"#;

/// The statements that make and fill the table. A text among the numbers makes the column one of texts, as a maker would have it.
pub(crate) fn script(records: &[Record], date: &str) -> String {
    let all_numbers =
        records.iter().all(|record| record.numero.as_ref().is_none_or(|text| text.parse::<i64>().is_ok()));
    let number = if all_numbers { "INTEGER" } else { "VARCHAR(20)" };
    let mut sql = format!(
        "CREATE TABLE schede (cod CHAR(6), nome TEXT, numero {number}, data_dal {date}, gruppo VARCHAR(8));\n"
    );
    for record in records {
        let texts = [
            Some(&record.id),
            record.nome.as_ref(),
            record.numero.as_ref(),
            record.dal.as_ref(),
            Some(&record.gruppo),
        ];
        let quoted = texts
            .map(|text| text.map_or("NULL".to_owned(), |text| format!("'{}'", text.replace('\'', "''"))));
        sql.push_str(&format!("INSERT INTO schede VALUES ({});\n", quoted.join(", ")));
    }
    sql
}

/// The settings that reach a database.
pub(crate) fn settings(url: &str) -> Settings {
    let at = Location::file("raccordo.yaml");
    Settings::new(at.clone())
        .with("url", SettingValue::Text(url.into()), at.clone())
        .with("pool", SettingValue::Integer(2), at.clone())
        .with("connect_timeout_ms", SettingValue::Integer(5_000), at)
}
