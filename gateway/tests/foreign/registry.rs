//! A registry as a team writes one with async-graphql: persons by codice fiscale, with the age that the cooperative's fares need.

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, SimpleObject, scalar};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Its SDL, as its source's schema file holds it.
pub(crate) const SDL: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

scalar CodiceFiscale

type Query {
  persone: [Persona!]!
  persona(codiceFiscale: CodiceFiscale!): Persona
}

type Persona @key(fields: "codiceFiscale") {
  codiceFiscale: CodiceFiscale!
  nome: String!
  eta: Int
}
"#;

/// The codice fiscale whose file the cooperative can't read.
pub(crate) const BROKEN: &str = "GUASTO00A00Z999X";

const PEOPLE: [(&str, &str, Option<i32>); 4] = [
    ("RSSMRA50A01Z999X", "Maria", Some(76)),
    ("VRDLGI60B02Z999Y", "Luigi", Some(66)),
    (BROKEN, "Guido", Some(40)),
    ("NRENNA90C03Z999W", "Anna", None),
];

#[derive(Serialize, Deserialize, Clone)]
struct CodiceFiscale(String);
scalar!(CodiceFiscale);

#[derive(SimpleObject)]
struct Persona {
    codice_fiscale: CodiceFiscale,
    nome: &'static str,
    eta: Option<i32>,
}

fn person(&(code, nome, eta): &(&str, &'static str, Option<i32>)) -> Persona {
    Persona { codice_fiscale: CodiceFiscale(code.to_owned()), nome, eta }
}

struct Query;

#[Object]
impl Query {
    async fn persone(&self) -> Vec<Persona> {
        PEOPLE.iter().map(person).collect()
    }
    async fn persona(&self, codice_fiscale: CodiceFiscale) -> Option<Persona> {
        PEOPLE.iter().find(|one| one.0 == codice_fiscale.0).map(person)
    }
    #[graphql(entity)]
    async fn persona_by_code(&self, codice_fiscale: CodiceFiscale) -> Option<Persona> {
        PEOPLE.iter().find(|one| one.0 == codice_fiscale.0).map(person)
    }
}

type Subgraph = Schema<Query, EmptyMutation, EmptySubscription>;

/// A registry that runs as long as its value lives.
pub(crate) struct Registry {
    pub(crate) url: String,
    _runtime: Runtime,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
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
