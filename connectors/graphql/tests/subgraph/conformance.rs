//! The suite that every kind passes, over a subgraph in async-graphql that holds the suite's records.

use std::sync::{Arc, Mutex};

use async_graphql::connection::{Connection, Edge};
use async_graphql::{EmptyMutation, EmptySubscription, Error, ID, Json, Object, Result, Schema};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use futures::FutureExt;
use futures::future::BoxFuture;
use raccordo_connector_api::conformance::{Harness, Record, Running};
use raccordo_connector_api::{Kind, Settings};
use serde_json::Value;
use tokio::sync::watch;

use super::support::{serve, settings};

const SDL: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
scalar Date
type Query {
  schede(gruppo: ID, numeroMin: Int, first: Int, after: String): SchedaConnection!
  scheda(id: ID): Scheda
}
type SchedaConnection { nodes: [Scheda!]! edges: [SchedaEdge!]! pageInfo: PageInfo! }
type SchedaEdge { node: Scheda! cursor: String! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Scheda @key(fields: "id") { id: ID! nome: String numero: Int dal: Date gruppo: ID }
type Gruppo @key(fields: "id") { id: ID! schede(first: Int): [Scheda!]! }
"#;

/// What the subgraph holds, and which field it refuses to read.
#[derive(Clone)]
struct Store {
    records: Arc<[Record]>,
    withheld: Arc<Mutex<Option<String>>>,
}

impl Store {
    fn schede(&self, keep: impl Fn(&Record) -> bool) -> Vec<Scheda> {
        let kept = self.records.iter().filter(|record| keep(record));
        kept.map(|record| Scheda { record: record.clone(), store: self.clone() }).collect()
    }
}

#[derive(Clone)]
struct Scheda {
    record: Record,
    store: Store,
}

impl Scheda {
    fn read<T>(&self, field: &str, value: T) -> Result<T> {
        match self.store.withheld.lock().unwrap().as_deref() == Some(field) {
            true => Err(Error::new("withheld")),
            false => Ok(value),
        }
    }
}

#[Object]
impl Scheda {
    async fn id(&self) -> ID {
        ID(self.record.id.clone())
    }
    async fn nome(&self) -> Result<Option<String>> {
        self.read("nome", self.record.nome.clone())
    }
    /// A number's digits as a number, anything else as it is: the suite wants a text here once.
    async fn numero(&self) -> Result<Option<Json<Value>>> {
        let json = |text: &String| text.parse::<i64>().map_or(Value::from(text.as_str()), Value::from);
        self.read("numero", self.record.numero.as_ref().map(|text| Json(json(text))))
    }
    async fn dal(&self) -> Result<Option<String>> {
        self.read("dal", self.record.dal.clone())
    }
    async fn gruppo(&self) -> ID {
        ID(self.record.gruppo.clone())
    }
}

struct Gruppo {
    id: ID,
    store: Store,
}

#[Object]
impl Gruppo {
    async fn id(&self) -> &ID {
        &self.id
    }
    async fn schede(&self, first: Option<i32>) -> Vec<Scheda> {
        let all = self.store.schede(|record| record.gruppo == *self.id);
        all.into_iter().take(first.map_or(usize::MAX, |first| first as usize)).collect()
    }
}

struct Query {
    store: Store,
}

#[Object]
impl Query {
    async fn schede(
        &self,
        gruppo: Option<ID>,
        numero_min: Option<i64>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Connection<String, Scheda> {
        let number = |record: &Record| record.numero.as_ref().and_then(|text| text.parse::<i64>().ok());
        let all = self.store.schede(|record| {
            gruppo.as_ref().is_none_or(|gruppo| **gruppo == record.gruppo)
                && numero_min.is_none_or(|least| number(record).is_some_and(|number| number >= least))
        });
        let begin = after.as_ref().map_or(0, |after| {
            all.iter().position(|scheda| scheda.record.id == *after).map_or(all.len(), |at| at + 1)
        });
        let end = first.map_or(all.len(), |first| all.len().min(begin + first as usize));
        let mut connection = Connection::new(begin > 0, end < all.len());
        connection
            .edges
            .extend(all[begin..end].iter().map(|scheda| Edge::new(scheda.record.id.clone(), scheda.clone())));
        connection
    }
    async fn scheda(&self, id: Option<ID>) -> Option<Scheda> {
        self.store.schede(|record| id.as_ref().is_some_and(|id| **id == record.id)).into_iter().next()
    }
    #[graphql(entity)]
    async fn scheda_by_id(&self, id: ID) -> Option<Scheda> {
        self.store.schede(|record| *id == record.id).into_iter().next()
    }
    #[graphql(entity)]
    async fn gruppo_by_id(&self, id: ID) -> Option<Gruppo> {
        Some(Gruppo { id, store: self.store.clone() })
    }
}

type Subgraph = Schema<Query, EmptyMutation, EmptySubscription>;

struct Started {
    url: String,
    store: Store,
    silent: watch::Sender<bool>,
}

async fn answer(
    State((schema, silent)): State<(Subgraph, watch::Receiver<bool>)>,
    request: axum::Json<async_graphql::Request>,
) -> axum::Json<async_graphql::Response> {
    let mut silent = silent;
    silent.wait_for(|silent| !silent).await.unwrap();
    axum::Json(schema.execute(request.0).await)
}

struct AsyncGraphql;

impl Harness for AsyncGraphql {
    fn kind(&self) -> &dyn Kind {
        raccordo_connector_graphql::KIND
    }

    fn sdl(&self) -> String {
        SDL.to_owned()
    }

    fn batch(&self) -> usize {
        1_000_000
    }

    fn page_size(&self) -> Option<usize> {
        None
    }

    fn exempt(&self, case: &str) -> Option<&'static str> {
        match case {
            "batches_are_as_few_as_their_limit_allows" => Some("all entities go in one call"),
            "two_records_of_one_key_are_malformed" => Some("a subgraph resolves its keys itself"),
            "pages_bring_no_more_than_their_size" | "pages_are_limited" => Some("a subgraph pages by itself"),
            "foreign_cursors_are_refused" => Some("a subgraph's cursors are its own"),
            _ => None,
        }
    }

    fn start<'a>(&'a self, records: &'a [Record]) -> BoxFuture<'a, Result<Box<dyn Running>, String>> {
        async move {
            let store = Store { records: records.into(), withheld: Arc::default() };
            let schema = Schema::build(Query { store: store.clone() }, EmptyMutation, EmptySubscription);
            let (silent, heard) = watch::channel(false);
            let state = (schema.enable_federation().finish(), heard);
            let url = serve(Router::new().route("/graphql", post(answer)).with_state(state)).await;
            Ok(Box::new(Started { url, store, silent }) as Box<dyn Running>)
        }
        .boxed()
    }
}

impl Running for Started {
    fn settings(&self) -> Settings {
        settings(&self.url, None)
    }

    fn nowhere(&self) -> Settings {
        settings("http://127.0.0.1:9/graphql", None)
    }

    fn withhold<'a>(&'a self, field: &'a str) -> BoxFuture<'a, Result<(), String>> {
        *self.store.withheld.lock().unwrap() = Some(field.to_owned());
        async { Ok(()) }.boxed()
    }

    fn silence(&self) -> BoxFuture<'_, Result<(), String>> {
        self.silent.send_replace(true);
        async { Ok(()) }.boxed()
    }

    fn speak(&self) -> BoxFuture<'_, Result<(), String>> {
        self.silent.send_replace(false);
        async { Ok(()) }.boxed()
    }
}

raccordo_connector_api::conformance_tests!(AsyncGraphql);
