//! The cooperative's subgraph.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Definition, Document, FieldDefinition};
use raccordo_demo::district::comuni;
use serde_json::{Value, json};

use crate::kit::{client, cooperative, district, json as send};

async fn ask(url: &str, query: &str, variables: Value) -> Value {
    let (status, body) =
        send(client().post(url).json(&json!({ "query": query, "variables": variables }))).await;
    assert_eq!((status, &body["errors"]), (200, &Value::Null));
    body["data"].clone()
}

const ENTITIES: &str = "query($of: [_Any!]!, $dal: Date) { _entities(representations: $of) {
  __typename
  ... on Persona { codiceFiscale trasporti(dal: $dal) { id data motivo km pulmino { nome } } }
  ... on Quartiere { id fermate { nome } pulmini { id posti } }
} }";

#[tokio::test]
async fn entities_come_in_the_order_they_were_asked() {
    let district = district();
    let subgraph = cooperative(&district).await;
    let code = &district.persone[0].codice_fiscale;
    let of = json!([
        { "__typename": "Quartiere", "id": comuni::FIFTY },
        { "__typename": "Persona", "codiceFiscale": code },
        { "__typename": "Persona", "codiceFiscale": "AAAAAA00A00X000A" },
    ]);
    let data = ask(subgraph.url(), ENTITIES, json!({ "of": of })).await;
    let entities = data["_entities"].as_array().unwrap();
    assert_eq!(entities.len(), 3);
    assert!(!entities[0]["fermate"].as_array().unwrap().is_empty());
    let trips = district.trasporti.corse.iter().filter(|corsa| corsa.codice_fiscale == *code).count();
    assert_eq!(entities[1]["trasporti"].as_array().unwrap().len(), trips);
    assert_eq!(entities[2]["trasporti"], json!([]), "whom it doesn't know has no trips");
    let data = ask(subgraph.url(), ENTITIES, json!({ "of": of, "dal": "2027-01-01" })).await;
    assert_eq!(data["_entities"][1]["trasporti"], json!([]));
    assert_eq!((subgraph.calls().of("_entities"), subgraph.calls().total()), (2, 2));
}

#[tokio::test]
async fn it_tells_its_schema_and_the_shipped_file_says_the_same() {
    let subgraph = cooperative(&district()).await;
    let data = ask(subgraph.url(), "{ _service { sdl } }", json!({})).await;
    let served = fields(data["_service"]["sdl"].as_str().unwrap());
    let shipped = fields(include_str!("../../../config/district/sources/trasporti.graphql"));
    assert!(served.len() > 20);
    assert_eq!(served, shipped);
    assert_eq!(subgraph.calls().of("_service"), 1);
}

/// `Type.field(arguments): Type` of every object type and `Enum.VALUE`: what a client can tell apart.
fn fields(sdl: &str) -> BTreeSet<String> {
    let document = Document::parse(sdl, "trasporti.graphql").unwrap();
    let mut found = BTreeSet::new();
    for definition in &document.definitions {
        match definition {
            Definition::ObjectTypeDefinition(object) => {
                let own = object.fields.iter().filter(|field| !field.name.starts_with('_'));
                found.extend(own.map(|field| format!("{}.{}", object.name, shape(field))));
            }
            Definition::EnumTypeDefinition(values) => {
                found.extend(values.values.iter().map(|value| format!("{}.{}", values.name, value.value)));
            }
            _ => {}
        }
    }
    found
}

fn shape(field: &FieldDefinition) -> String {
    let arguments: Vec<String> = field.arguments.iter().map(|a| format!("{}: {}", a.name, a.ty)).collect();
    format!("{}({}): {}", field.name, arguments.join(", "), field.ty)
}

#[tokio::test]
async fn it_answers_an_ordinary_query() {
    let district = district();
    let subgraph = cooperative(&district).await;
    let data = ask(subgraph.url(), "{ pulmini { id nome attrezzato } }", json!({})).await;
    assert_eq!(data["pulmini"].as_array().unwrap().len(), district.trasporti.pulmini.len());
    let (_, refused) = send(client().post(subgraph.url()).json(&json!({ "query": "{ nothing }" }))).await;
    assert!(refused["errors"].is_array());
}
