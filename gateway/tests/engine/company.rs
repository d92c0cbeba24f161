//! A call that nothing waits for goes with a later one to its source: for how long, and what never waits.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kit::Bench;

/// Products by their number, their price elsewhere, and a store that has what needs no price and what does.
fn shop() -> Bench {
    Bench::new(&[
        (
            "catalogo",
            "type Query { prodotti: [Prodotto] } type Mutation { rivedi: Prodotto } type Prodotto @key(fields: \"id\") { id: ID! nome: String }",
            json!({
                "Query": { "prodotti": [{ "__typename": "Prodotto", "id": "1", "nome": "a" }, { "__typename": "Prodotto", "id": "2", "nome": "b" }] },
                "Mutation": { "rivedi": { "__typename": "Prodotto", "id": "1", "nome": "a" } },
            }),
        ),
        (
            "listino",
            "type Prodotto @key(fields: \"id\") { id: ID! prezzo: Int }",
            json!({ "Prodotto": [{ "id": "1", "prezzo": 10 }, { "id": "2", "prezzo": 20 }] }),
        ),
        (
            "deposito",
            "type Prodotto @key(fields: \"id\") { id: ID! prezzo: Int @external pronto: Boolean spedizione: Int @requires(fields: \"prezzo\") }",
            json!({ "Prodotto": [{ "id": "1", "pronto": true, "spedizione": 1 }, { "id": "2", "pronto": false, "spedizione": 2 }] }),
        ),
    ])
}

const BOTH: &str = "{ prodotti { pronto spedizione } }";

fn both() -> Value {
    let rows = json!([{ "pronto": true, "spedizione": 1 }, { "pronto": false, "spedizione": 2 }]);
    json!({ "data": { "prodotti": rows } })
}

#[test]
fn a_source_is_asked_once_where_half_can_wait_for_the_other() {
    let bench = shop();
    assert_eq!(bench.ask(BOTH), both());
    assert_eq!(bench.calls(), [("catalogo", 1), ("deposito", 1), ("listino", 1)].into());
}

#[test]
fn what_waits_isnt_lost_with_what_it_waited_for() {
    let bench = shop();
    bench.sources["listino"].down.store(true, std::sync::atomic::Ordering::Relaxed);
    let answer = bench.ask(BOTH);
    let rows = json!([{ "pronto": true, "spedizione": null }, { "pronto": false, "spedizione": null }]);
    assert_eq!(answer["data"]["prodotti"], rows);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    assert_eq!(bench.calls(), [("catalogo", 1), ("deposito", 1), ("listino", 1)].into());
}

/// The price list answers only once the store was asked: a call that waited for it without end would lose both.
#[test]
fn patience_ends_before_the_request_does() {
    let bench = shop();
    let store = Arc::clone(&bench.sources["deposito"]);
    assert!(bench.sources["listino"].after.set(store).is_ok());
    assert_eq!(bench.ask(BOTH), both());
    assert_eq!(bench.calls(), [("catalogo", 1), ("deposito", 2), ("listino", 1)].into());
}

/// The same behind a mutation: what is read after it is read at once.
#[test]
fn mutations_wait_for_nothing() {
    let bench = shop();
    let answer = bench.ask("mutation { rivedi { pronto spedizione } }");
    assert_eq!(answer, json!({ "data": { "rivedi": { "pronto": true, "spedizione": 1 } } }));
    assert_eq!(bench.calls(), [("catalogo", 1), ("deposito", 2), ("listino", 1)].into());
}
