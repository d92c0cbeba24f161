//! The suite that every kind passes, over a small JSON API: pages of cards, cards by their ids, cards of groups.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use futures::FutureExt;
use futures::future::BoxFuture;
use raccordo_connector_api::conformance::{Harness, Record, Running};
use raccordo_connector_api::{Kind, Settings};
use serde_json::{Value, json};

use crate::api::settings;

const SDL: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://raccordo.example/connect/v0.1", import: ["@connect", "@from"])
scalar Date
type Query {
  schede(gruppo: ID, numeroMin: Int, first: Int, after: String): SchedaConnection!
    @connect(
      http: { get: "/schede", select: ".items" }
      filter: [{ arg: "gruppo", param: "group" }, { arg: "numeroMin", param: "min" }]
      page: { first: "first", after: "after", size: 3, numberParam: "page", sizeParam: "size", totalPages: ".pages" }
    )
  scheda(id: ID): Scheda @connect(http: { get: "/schede/{$args.id}" })
}
type SchedaConnection { nodes: [Scheda!]! edges: [SchedaEdge!]! pageInfo: PageInfo! }
type SchedaEdge { node: Scheda! cursor: String! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Scheda @key(fields: "id")
  @connect(http: { get: "/by-id", query: [{ name: "ids", value: "{$batch.id}" }] }, batch: { maxSize: 20 }) {
  id: ID!
  nome: String @from(jq: ".name")
  numero: Int @from(jq: ".number")
  dal: Date @from(jq: ".since")
  gruppo: ID @from(jq: ".group")
}
type Gruppo @key(fields: "id") {
  id: ID!
  schede(first: Int): [Scheda!]!
    @connect(
      http: { get: "/by-group", query: [{ name: "groups", value: "{$batch.id}" }], joinBy: ".group" }
      page: { first: "first" }
    )
}
"#;

struct Cards;

struct Server {
    url: String,
    silent: Arc<AtomicBool>,
}

struct Held {
    cards: Vec<Value>,
    silent: Arc<AtomicBool>,
}

type Parameters = Query<HashMap<String, String>>;

impl Harness for Cards {
    fn kind(&self) -> &dyn Kind {
        raccordo_connector_http::KIND
    }

    fn sdl(&self) -> String {
        SDL.to_owned()
    }

    fn batch(&self) -> usize {
        20
    }

    fn page_size(&self) -> Option<usize> {
        Some(3)
    }

    fn exempt(&self, case: &str) -> Option<&'static str> {
        (case == "what_is_not_asked_is_not_read")
            .then_some("a JSON API sends whole records: nothing in HTTP asks for some members")
    }

    fn start<'a>(&'a self, records: &'a [Record]) -> BoxFuture<'a, Result<Box<dyn Running>, String>> {
        async move {
            let silent = Arc::new(AtomicBool::new(false));
            let held = Arc::new(Held { cards: records.iter().map(card).collect(), silent: silent.clone() });
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let routes = Router::new()
                .route("/", get(async || "cards"))
                .route("/schede", get(list))
                .route("/schede/{id}", get(one))
                .route("/by-id", get(by_id))
                .route("/by-group", get(by_group))
                .with_state(held);
            tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
            Ok(Box::new(Server { url, silent }) as Box<dyn Running>)
        }
        .boxed()
    }
}

fn card(record: &Record) -> Value {
    let number =
        record.numero.as_ref().map(|digits| digits.parse::<i64>().map_or(json!(digits), Value::from));
    json!({ "id": record.id, "name": record.nome, "number": number, "since": record.dal, "group": record.gruppo, "note": "n".repeat(200) })
}

/// The cards, or never.
async fn cards(held: &Held, of: impl Fn(&Value) -> bool) -> Vec<Value> {
    if held.silent.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    held.cards.iter().filter(|card| of(card)).cloned().collect()
}

async fn list(State(held): State<Arc<Held>>, Query(parameters): Parameters) -> Json<Value> {
    let number = |name: &str| parameters.get(name).map(|text| text.parse::<i64>().unwrap());
    let group = parameters.get("group");
    let fits = |card: &Value| {
        group.is_none_or(|group| card["group"] == **group)
            && number("min").is_none_or(|min| card["number"].as_i64().is_some_and(|number| number >= min))
    };
    let all = cards(&held, fits).await;
    let (page, size) = (number("page").unwrap() as usize, number("size").unwrap() as usize);
    let items: Vec<&Value> = all.iter().skip((page - 1) * size).take(size).collect();
    Json(json!({ "pages": all.len().div_ceil(size), "items": items }))
}

async fn one(State(held): State<Arc<Held>>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    cards(&held, |card| card["id"] == *id).await.pop().map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn by_id(State(held): State<Arc<Held>>, Query(parameters): Parameters) -> Json<Vec<Value>> {
    let ids: Vec<&str> = parameters["ids"].split(',').collect();
    Json(cards(&held, |card| ids.contains(&card["id"].as_str().unwrap())).await)
}

async fn by_group(State(held): State<Arc<Held>>, Query(parameters): Parameters) -> Json<Vec<Value>> {
    let groups: Vec<&str> = parameters["groups"].split(',').collect();
    Json(cards(&held, |card| groups.contains(&card["group"].as_str().unwrap())).await)
}

impl Running for Server {
    fn settings(&self) -> Settings {
        settings(&self.url)
    }

    fn nowhere(&self) -> Settings {
        settings("http://127.0.0.1:9")
    }

    fn withhold<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), String>> {
        async { Err("a JSON API sends whole records".to_owned()) }.boxed()
    }

    fn silence(&self) -> BoxFuture<'_, Result<(), String>> {
        async {
            self.silent.store(true, Ordering::Relaxed);
            Ok(())
        }
        .boxed()
    }

    fn speak(&self) -> BoxFuture<'_, Result<(), String>> {
        async {
            self.silent.store(false, Ordering::Relaxed);
            Ok(())
        }
        .boxed()
    }
}

raccordo_connector_api::conformance_tests!(Cards);
