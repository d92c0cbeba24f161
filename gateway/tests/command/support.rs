//! A folder with a configuration, a subgraph on loopback, and the command's words.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use tempfile::TempDir;
use tokio::net::TcpListener;

const SDL: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

type Query {
  linee(comune: String): [Linea!]!
}

type Linea @key(fields: "id") {
  id: ID!
  nome: String!
  comune: String
}
"#;

#[derive(SimpleObject)]
struct Linea {
    id: ID,
    nome: String,
    comune: Option<String>,
}

struct Query;

#[Object]
impl Query {
    async fn linee(&self, comune: Option<String>) -> Vec<Linea> {
        vec![Linea { id: "l-1".into(), nome: "Linea 1".into(), comune }]
    }
    #[graphql(entity)]
    async fn linea_by_id(&self, id: ID) -> Linea {
        Linea { nome: format!("Linea {}", *id), id, comune: None }
    }
}

type Subgraph = Schema<Query, EmptyMutation, EmptySubscription>;

/// A subgraph that runs as long as its value lives.
pub(crate) struct Partner {
    pub(crate) url: String,
    _runtime: tokio::runtime::Runtime,
}

impl Partner {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
        let app = Router::new().route("/graphql", post(answer)).with_state(schema);
        runtime.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, _runtime: runtime }
    }
}

async fn answer(
    State(schema): State<Subgraph>,
    Json(request): Json<async_graphql::Request>,
) -> Json<async_graphql::Response> {
    Json(schema.execute(request).await)
}

/// An address where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A folder with a configuration of one subgraph.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    pub(crate) fn with(url: &str) -> Self {
        let folder = Self { folder: tempfile::tempdir().unwrap() };
        folder.write("trasporti.graphql", SDL);
        folder.write(
            "raccordo.yaml",
            &format!(
                "listen: 127.0.0.1:0\naccess: open\nsources:\n  trasporti:\n    kind: graphql\n    schema: trasporti.graphql\n    url: \"{url}\"\n"
            ),
        );
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }
}

/// What a command printed and ended with.
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Types a command in a folder.
pub(crate) fn raccordo(folder: &Path, words: &[&str]) -> Told {
    let output =
        Command::new(env!("CARGO_BIN_EXE_raccordo")).args(words).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Told { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}
