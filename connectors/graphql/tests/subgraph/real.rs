//! The kind against a Federation subgraph that it did not write: async-graphql behind axum, on loopback.

use super::support::{
    COORDINATE, FERMATA, LINEA, connect, connect_with, entities, leaf, object, on, roots, rows, selection,
    serve, text, with,
};
use async_graphql::{Context, EmptySubscription, Enum, Error, ID, Interface, Object, Schema, SimpleObject};
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use raccordo_connector_api::{Leaf, ObjectAt, Operation, Value};
use serde_json::json;

#[derive(Clone, SimpleObject)]
struct Coordinate {
    lat: f64,
    lon: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum Stato {
    Attiva,
    Sospesa,
}

#[derive(Clone)]
struct Fermata {
    id: ID,
}

#[Object]
impl Fermata {
    async fn id(&self) -> &ID {
        &self.id
    }
    async fn nome(&self) -> String {
        format!("Fermata \"{}\" à", *self.id)
    }
    async fn cap(&self) -> Option<&str> {
        (*self.id != "f-2").then_some("43041")
    }
    async fn stato(&self) -> Stato {
        if *self.id == "f-2" { Stato::Sospesa } else { Stato::Attiva }
    }
    async fn coordinate(&self) -> Coordinate {
        Coordinate { lat: 44.5, lon: 9.75 }
    }
    async fn attesa(&self) -> async_graphql::Result<Option<i32>> {
        if *self.id == "f-2" { Err(Error::new("segreto del partner")) } else { Ok(Some(7)) }
    }
}

#[derive(Clone)]
struct Linea {
    id: ID,
}

#[Object]
impl Linea {
    async fn id(&self) -> &ID {
        &self.id
    }
    async fn nome(&self) -> String {
        format!("Linea {}", *self.id)
    }
    async fn fermate(&self, first: i32) -> Vec<Fermata> {
        (1..=first).map(|number| Fermata { id: format!("f-{number}").into() }).collect()
    }
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "&ID"), field(name = "nome", ty = "String"))]
enum Luogo {
    Fermata(Fermata),
    Linea(Linea),
}

#[derive(async_graphql::InputObject)]
struct Dove {
    comune: String,
    raggio: Option<f64>,
}

struct Query;

#[Object]
impl Query {
    async fn linee(&self, first: i32) -> Vec<Linea> {
        (1..=first).map(|number| Linea { id: format!("l-{number}").into() }).collect()
    }
    async fn luoghi(&self) -> Vec<Luogo> {
        vec![Luogo::Fermata(Fermata { id: "f-1".into() }), Luogo::Linea(Linea { id: "l-1".into() })]
    }
    async fn eco(&self, dove: Dove) -> String {
        format!("{} {:?}", dove.comune, dove.raggio)
    }
    async fn autorizzazione(&self, context: &Context<'_>) -> Option<String> {
        context.data::<Option<String>>().ok().cloned().flatten()
    }
    async fn guasto(&self) -> async_graphql::Result<String> {
        Err(Error::new("segreto del partner"))
    }
    async fn permesso(&self) -> async_graphql::Result<Option<String>> {
        Err(Error::new("segreto del partner"))
    }
    #[graphql(entity)]
    async fn fermata_by_id(&self, id: ID) -> Option<Fermata> {
        id.starts_with("f-").then_some(Fermata { id })
    }
    #[graphql(entity)]
    async fn linea_by_id(&self, id: ID) -> Option<Linea> {
        id.starts_with("l-").then_some(Linea { id })
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn segnala(&self, testo: String) -> String {
        format!("segnalato: {testo}")
    }
}

type Subgraph = Schema<Query, Mutation, EmptySubscription>;

async fn answer(
    State(schema): State<Subgraph>,
    headers: HeaderMap,
    body: bytes::Bytes,
) -> axum::Json<async_graphql::Response> {
    let request: async_graphql::Request = serde_json::from_slice(&body).unwrap();
    let authorization = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    axum::Json(schema.execute(request.data(authorization)).await)
}

async fn subgraph() -> String {
    let schema = Schema::build(Query, Mutation, EmptySubscription).enable_federation().finish();
    serve(Router::new().route("/graphql", post(answer)).with_state(schema)).await
}

#[tokio::test]
async fn root_fields_with_arguments_nested_lists_and_aliases() {
    let fermate = selection(
        "Fermata",
        Some(FERMATA),
        3,
        vec![
            leaf("id", 0, Leaf::Id),
            text("nome", 1),
            object(
                "coordinate",
                2,
                0,
                selection(
                    "Coordinate",
                    Some(COORDINATE),
                    2,
                    vec![leaf("lat", 0, Leaf::Float), leaf("lon", 1, Leaf::Float)],
                ),
            ),
        ],
    );
    let linee = selection(
        "Linea",
        Some(LINEA),
        2,
        vec![leaf("id", 0, Leaf::Id), with(object("fermate", 1, 1, fermate), &[("first", "Int!", 1)])],
    );
    let mut field = with(object("linee", 0, 1, linee), &[("first", "Int!", 0)]);
    field.key = "tutte".into();
    let fetch = roots(Operation::Query, 1, vec![field], vec![Value::Int(2), Value::Int(1)]);
    let reply = connect(&subgraph().await).fetch(&fetch).await.unwrap();
    let fermata =
        json!({ "id": "f-1", "nome": "Fermata \"f-1\" à", "coordinate": { "lat": 44.5, "lon": 9.75 } });
    assert_eq!(
        rows(&fetch, &reply),
        json!([{ "tutte": [{ "id": "l-1", "fermate": [fermata] }, { "id": "l-2", "fermate": [fermata] }] }])
    );
    assert_eq!(fetch.meter.read().0, 1);
}

#[tokio::test]
async fn input_objects_and_text_that_looks_like_graphql_are_values() {
    let field = with(text("eco", 0), &[("dove", "Dove!", 0)]);
    let dove = Value::Object(vec![
        ("comune".into(), Value::Text("\"}) { evil }\\".into())),
        ("raggio".into(), Value::Float(2.5)),
    ]);
    let fetch = roots(Operation::Query, 1, vec![field], vec![dove]);
    let reply = connect(&subgraph().await).fetch(&fetch).await.unwrap();
    assert_eq!(rows(&fetch, &reply), json!([{ "eco": "\"}) { evil }\\ Some(2.5)" }]));
}

#[tokio::test]
async fn entities_come_in_order_and_absent_ones_are_null() {
    let fields = vec![leaf("id", 0, Leaf::Id), text("cap", 2)];
    let ids = [(FERMATA, "f-3"), (FERMATA, "nessuna"), (FERMATA, "f-1"), (FERMATA, "f-2")];
    let fetch = entities(selection("Fermata", Some(FERMATA), 3, fields), &ids);
    let reply = connect(&subgraph().await).fetch(&fetch).await.unwrap();
    assert_eq!(
        rows(&fetch, &reply),
        json!([{ "id": "f-3", "cap": "43041" }, null, { "id": "f-1", "cap": "43041" }, { "id": "f-2", "cap": null }])
    );
    assert_eq!(fetch.meter.read().0, 1, "one call for all of them");
}

#[tokio::test]
async fn entities_of_several_types_and_abstract_lists_know_their_types() {
    let fields = || vec![text("__typename", 9), on(text("cap", 0), FERMATA), text("nome", 1)];
    let both = entities(selection("_Entity", None, 2, fields()), &[(FERMATA, "f-1"), (LINEA, "l-1")]);
    let connector = connect(&subgraph().await);
    let reply = connector.fetch(&both).await.unwrap();
    let expected = json!([{ "cap": "43041", "nome": "Fermata \"f-1\" à" }, { "nome": "Linea l-1" }]);
    assert_eq!(rows(&both, &reply), expected);
    let types: Vec<u32> = reply.rows().iter().map(|row| type_of(*row)).collect();
    assert_eq!(types, [FERMATA, LINEA]);

    let luoghi = object("luoghi", 0, 1, selection("Luogo", None, 2, fields()));
    let fetch = roots(Operation::Query, 1, vec![luoghi], Vec::new());
    let reply = connector.fetch(&fetch).await.unwrap();
    assert_eq!(rows(&fetch, &reply), json!([{ "luoghi": expected }]));
}

fn type_of(row: raccordo_connector_api::Cell) -> u32 {
    match row {
        raccordo_connector_api::Cell::Object(ObjectAt { type_id, .. }) => type_id,
        other => panic!("{other:?} isn't an object"),
    }
}

#[tokio::test]
async fn a_partner_s_errors_are_placed_where_they_point_and_their_text_is_dropped() {
    let fields = vec![leaf("id", 0, Leaf::Id), leaf("attesa", 1, Leaf::Int)];
    let fetch =
        entities(selection("Fermata", Some(FERMATA), 2, fields), &[(FERMATA, "f-1"), (FERMATA, "f-2")]);
    let connector = connect(&subgraph().await);
    let reply = connector.fetch(&fetch).await.unwrap();
    assert_eq!(
        rows(&fetch, &reply),
        json!([{ "id": "f-1", "attesa": 7 }, { "id": "f-2", "attesa": "[lost]" }])
    );
    let problems = reply.problems();
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].failure.coordinate.as_ref().map(|(owner, field)| (&**owner, &**field)),
        Some(("Fermata", "attesa"))
    );
    assert!(!format!("{problems:?}").contains("segreto"));

    // A nullable root field alone is lost; a non-null one takes the whole answer, as GraphQL has it.
    let some = roots(
        Operation::Query,
        2,
        vec![text("permesso", 0), with(text("eco", 1), &[("dove", "Dove!", 0)])],
        vec![Value::Object(vec![("comune".into(), Value::Text("Bore".into()))])],
    );
    let reply = connector.fetch(&some).await.unwrap();
    assert_eq!(rows(&some, &reply), json!([{ "permesso": "[lost]", "eco": "Bore None" }]));
    let whole =
        connector.fetch(&roots(Operation::Query, 1, vec![text("guasto", 0)], Vec::new())).await.unwrap_err();
    assert_eq!(whole.kind, raccordo_connector_api::FailureKind::Refused);
    assert!(!format!("{whole:?}").contains("segreto"));
}

#[tokio::test]
async fn mutations_are_sent_as_mutations() {
    let fetch = roots(
        Operation::Mutation,
        1,
        vec![with(text("segnala", 0), &[("testo", "String!", 0)])],
        vec![Value::Text("buca".into())],
    );
    let reply = connect(&subgraph().await).fetch(&fetch).await.unwrap();
    assert_eq!(rows(&fetch, &reply), json!([{ "segnala": "segnalato: buca" }]));
}

#[tokio::test]
async fn the_configured_authorization_goes_with_every_call() {
    let url = subgraph().await;
    for (secret, expected) in [(Some("Bearer abc"), json!("Bearer abc")), (None, json!(null))] {
        let fetch = roots(Operation::Query, 1, vec![text("autorizzazione", 0)], Vec::new());
        let reply = connect_with(&url, secret).fetch(&fetch).await.unwrap();
        assert_eq!(rows(&fetch, &reply), json!([{ "autorizzazione": expected }]));
    }
}

#[tokio::test]
async fn five_thousand_entities_are_one_call() {
    let ids: Vec<String> = (0..5_000).map(|number| format!("f-{number}")).collect();
    let keys: Vec<(u32, &str)> = ids.iter().map(|id| (FERMATA, id.as_str())).collect();
    let fields = vec![leaf("id", 0, Leaf::Id), leaf("stato", 1, Leaf::Custom("Stato".into()))];
    let fetch = entities(selection("Fermata", Some(FERMATA), 2, fields), &keys);
    let reply = connect(&subgraph().await).fetch(&fetch).await.unwrap();
    let found = rows(&fetch, &reply);
    assert_eq!(found.as_array().map(Vec::len), Some(5_000));
    assert_eq!(found[4_999], json!({ "id": "f-4999", "stato": "ATTIVA" }));
    assert_eq!(fetch.meter.read().0, 1);
}

#[tokio::test]
async fn a_probe_asks_for_the_type_name_alone() {
    connect(&subgraph().await).probe().await.unwrap();
}
