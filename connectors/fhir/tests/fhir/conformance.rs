//! The suite that every kind passes, over the small server: `Scheda` is an `Observation`, `Gruppo` a `Group`.

use futures::FutureExt;
use futures::future::BoxFuture;
use raccordo_connector_api::conformance::{Harness, Record, Running};
use raccordo_connector_api::{Kind, Settings};
use serde_json::{Value, json};

use crate::kit::{Manners, Server, settings};

const SDL: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from"])
scalar Date
type Query {
  schede(gruppo: ID, numeroMin: Int, first: Int, after: String): SchedaConnection!
    @connect(
      fhir: { resource: "Observation" }
      filter: [{ arg: "gruppo", param: "subject" }, { arg: "numeroMin", param: "value-quantity", op: GE }]
      page: { first: "first", after: "after", size: 3 }
    )
  scheda(id: ID): Scheda @connect(fhir: { resource: "Observation" }, filter: [{ arg: "id", param: "identifier" }])
}
type SchedaConnection { nodes: [Scheda!]! edges: [SchedaEdge!]! pageInfo: PageInfo! }
type SchedaEdge { node: Scheda! cursor: String! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Scheda @key(fields: "id")
  @connect(fhir: { resource: "Observation", key: { param: "identifier", systems: ["urn:prova"] } }) {
  id: ID!
  nome: String @from(jq: ".code.text")
  numero: Int @from(jq: ".valueInteger")
  dal: Date @from(jq: ".effectiveDateTime")
  gruppo: ID @from(jq: ".subject.reference | ltrimstr(\"Group/\")")
}
type Gruppo @key(fields: "id") @connect(fhir: { resource: "Group", key: { param: "_id" } }) {
  id: ID!
  schede(first: Int): [Scheda!]!
    @connect(fhir: { resource: "Observation", reference: "subject" }, page: { first: "first" })
}
"#;

struct Small;

impl Harness for Small {
    fn kind(&self) -> &dyn Kind {
        raccordo_connector_fhir::KIND
    }

    fn sdl(&self) -> String {
        SDL.to_owned()
    }

    fn batch(&self) -> usize {
        50
    }

    fn page_size(&self) -> Option<usize> {
        Some(3)
    }

    fn exempt(&self, _: &str) -> Option<&'static str> {
        None
    }

    fn start<'a>(&'a self, records: &'a [Record]) -> BoxFuture<'a, Result<Box<dyn Running>, String>> {
        async move {
            let groups = ["A", "B"].map(|id| json!({ "resourceType": "Group", "id": id }));
            let resources = records.iter().enumerate().map(observation).chain(groups).collect();
            let server = Server::start(resources, Manners::Good, 1_000).await;
            Ok(Box::new(server) as Box<dyn Running>)
        }
        .boxed()
    }
}

fn observation((index, record): (usize, &Record)) -> Value {
    let number =
        record.numero.as_ref().map(|digits| digits.parse::<i64>().map_or(json!(digits), Value::from));
    json!({
        "resourceType": "Observation",
        "id": format!("o{index}"),
        "identifier": [{ "system": "urn:prova", "value": record.id }],
        "code": { "text": record.nome },
        "valueInteger": number,
        "effectiveDateTime": record.dal,
        "subject": { "reference": format!("Group/{}", record.gruppo) },
    })
}

impl Running for Server {
    fn settings(&self) -> Settings {
        settings(&self.url)
    }

    fn nowhere(&self) -> Settings {
        settings("http://127.0.0.1:9/r4")
    }

    fn withhold<'a>(&'a self, field: &'a str) -> BoxFuture<'a, Result<(), String>> {
        let element = match field {
            "nome" => Ok("code"),
            "numero" => Ok("valueInteger"),
            other => Err(format!("no element is known for `{other}`")),
        };
        let done = element.map(|element| Server::withhold(self, element));
        async { done }.boxed()
    }

    fn silence(&self) -> BoxFuture<'_, Result<(), String>> {
        Server::silence(self, true);
        async { Ok(()) }.boxed()
    }

    fn speak(&self) -> BoxFuture<'_, Result<(), String>> {
        Server::silence(self, false);
        async { Ok(()) }.boxed()
    }
}

raccordo_connector_api::conformance_tests!(Small);
