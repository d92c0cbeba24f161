//! A source in async-graphql that knows the names of stops, and counts how often it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{EmptySubscription, ID, Object, Schema, SimpleObject};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use tokio::net::TcpListener;

pub(crate) const SDL: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

type Query {
  fermate: [Fermata!]!
}

type Mutation {
  rinomina(id: ID!, nome: String!): Fermata
}

type Fermata @key(fields: "id") {
  id: ID! @shareable
  nome: String
}
"#;

#[derive(SimpleObject)]
struct Fermata {
    id: ID,
    nome: Option<String>,
}

fn stop(id: ID) -> Fermata {
    Fermata { nome: Some(format!("Fermata {}", *id)), id }
}

struct Query;

#[Object]
impl Query {
    async fn fermate(&self) -> Vec<Fermata> {
        vec![stop("s1".into()), stop("s2".into())]
    }
    /// The third stop isn't in the archive.
    #[graphql(entity)]
    async fn fermata_by_id(&self, id: ID) -> Option<Fermata> {
        (*id != "s3").then(|| stop(id))
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn rinomina(&self, id: ID, nome: String) -> Fermata {
        Fermata { id, nome: Some(nome) }
    }
}

/// A running source.
pub(crate) struct Territory {
    pub(crate) url: String,
    calls: Arc<AtomicUsize>,
}

impl Territory {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let schema = Schema::build(Query, Mutation, EmptySubscription).enable_federation().finish();
        let app = Router::new().route("/graphql", post(answer)).with_state((schema, Arc::clone(&calls)));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, calls }
    }

    /// The calls since the last time.
    pub(crate) fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }
}

async fn answer(
    State((schema, calls)): State<(Schema<Query, Mutation, EmptySubscription>, Arc<AtomicUsize>)>,
    Json(request): Json<async_graphql::Request>,
) -> Json<async_graphql::Response> {
    calls.fetch_add(1, Ordering::SeqCst);
    Json(schema.execute(request).await)
}
