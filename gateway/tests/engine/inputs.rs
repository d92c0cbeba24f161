//! What goes to a source and what mustn't: required inputs that are lost or aren't there, and interface objects of which only some are
//! wanted.

use serde_json::{Value, json};

use crate::kit::Bench;

/// `costo` requires the weights of a thing's parts, which a third source knows, though not of all.
fn parts(weight: &str) -> Bench {
    let pezzo = |id: &str| json!({ "id": id });
    Bench::new(&[
        (
            "a",
            "type Query { cose: [Cosa!]! } type Cosa @key(fields: \"id\") { id: ID! pezzi: [Pezzo!] }
             type Pezzo @key(fields: \"id\") { id: ID! }",
            json!({ "Query": { "cose": [
                { "id": "1", "pezzi": [pezzo("p1"), pezzo("p2")] }, { "id": "2", "pezzi": [pezzo("p1")] }
            ] } }),
        ),
        (
            "b",
            &format!(
                "type Cosa @key(fields: \"id\") {{ id: ID! pezzi: [Pezzo!] @external nota: String
                   costo: Dato @requires(fields: \"pezzi {{ id peso }}\") }}
                 type Pezzo @key(fields: \"id\") {{ id: ID! peso: {weight} @external }} scalar Dato"
            ),
            json!({ "Cosa": [
                { "id": "1", "costo": { "$given": "pezzi" }, "nota": "n" },
                { "id": "2", "costo": { "$given": "pezzi" }, "nota": "n" },
            ] }),
        ),
        (
            "c",
            &format!("type Pezzo @key(fields: \"id\") {{ id: ID! peso: {weight} }}"),
            json!({ "Pezzo": [{ "id": "p1", "peso": 5 }] }),
        ),
    ])
}

#[test]
fn what_a_source_does_not_know_of_a_nested_input_is_null_there() {
    let answer = parts("Int").ask("{ cose { costo nota } }");
    assert_eq!(
        answer,
        json!({ "data": { "cose": [
            { "costo": [{ "id": "p1", "peso": 5 }, { "id": "p2", "peso": null }], "nota": "n" },
            { "costo": [{ "id": "p1", "peso": 5 }], "nota": "n" },
        ] } })
    );
}

#[test]
fn a_nested_input_that_can_not_be_null_and_is_not_there_is_told() {
    let answer = parts("Int!").ask("{ cose { costo nota } }");
    assert_eq!(
        answer,
        json!({
            "data": { "cose": [
                { "costo": null, "nota": "n" },
                { "costo": [{ "id": "p1", "peso": 5 }], "nota": "n" },
            ] },
            "errors": [{
                "message": "`Pezzo.peso` can't be null, and no source has a value for it",
                "path": ["cose", 0, "costo"],
                "extensions": {
                    "code": "SOURCE_MALFORMED_RESPONSE", "coordinate": "Pezzo.peso", "affected": 1
                }
            }]
        })
    );
}

/// `costo` requires a weight of a record that its source doesn't know.
fn unknown(weight: &str) -> Value {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { cosa: Cosa } type Cosa @key(fields: \"id\") { id: ID! }",
            json!({ "Query": { "cosa": { "id": "1" } } }),
        ),
        (
            "b",
            &format!(
                "type Cosa @key(fields: \"id\") {{ id: ID! peso: {weight} @external costo: Dato @requires(fields: \"peso\") }}
                 scalar Dato"
            ),
            json!({ "Cosa": [{ "id": "1", "costo": [1] }] }),
        ),
        ("c", &format!("type Cosa @key(fields: \"id\") {{ id: ID! peso: {weight} }}"), json!({ "Cosa": [] })),
    ]);
    bench.ask("{ cosa { costo } }")
}

#[test]
fn an_input_of_a_record_that_is_not_there_is_null_or_told() {
    assert_eq!(unknown("Int"), json!({ "data": { "cosa": { "costo": [1] } } }));
    let answer = unknown("Int!");
    assert_eq!(answer["data"], json!({ "cosa": { "costo": null } }));
    assert_eq!(answer["errors"][0]["path"], json!(["cosa", "costo"]));
    assert_eq!(answer["errors"][0]["extensions"]["coordinate"], "Cosa.peso");
}

#[test]
fn an_input_that_fails_costs_only_what_requires_it() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { cosa: Cosa }
             type Cosa @key(fields: \"id\") { id: ID! b: Int e: Int @external q1: Int @requires(fields: \"e\") }",
            json!({
                "Query": { "cosa": { "id": "1", "b": { "$error": true } } },
                "Cosa": [{ "id": "1", "b": { "$error": true }, "q1": { "$given": "e" } }],
            }),
        ),
        (
            "b",
            "type Cosa @key(fields: \"id\") { id: ID! e: Int b: Int @external q0: Int @requires(fields: \"b\") }",
            json!({ "Cosa": [{ "id": "1", "e": 7, "q0": 1 }] }),
        ),
    ]);
    let answer = bench.ask("{ cosa { q0 q1 } }");
    assert_eq!(answer["data"], json!({ "cosa": { "q0": null, "q1": 7 } }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    assert_eq!(answer["errors"][0]["path"], json!(["cosa", "q0"]));
    assert_eq!(bench.asked("b"), ["{e} x 1"], "what `q0` requires isn't there");
}

fn media() -> Bench {
    Bench::new(&[
        (
            "a",
            "type Query { media: [Media!]! } interface Media @key(fields: \"id\") { id: ID! }
             type Film implements Media @key(fields: \"id\") { id: ID! }
             type Libro implements Media @key(fields: \"id\") { id: ID! }",
            json!({
                "Query": { "media": [{ "__typename": "Film", "id": "1" }, { "__typename": "Libro", "id": "2" }] },
                "Media": [{ "__typename": "Film", "id": "1" }, { "__typename": "Libro", "id": "2" }],
                "Film": [{ "id": "1" }], "Libro": [{ "id": "2" }],
            }),
        ),
        (
            "b",
            "type Query { visti: [Media!]! }
             type Media @interfaceObject @key(fields: \"id\") { id: ID! voto: Int scheda: Scheda } type Scheda { nota: String }",
            json!({
                "Query": { "visti": [
                    { "id": "1", "voto": 8, "scheda": { "nota": "f" } }, { "id": "2", "voto": 3, "scheda": { "nota": "l" } }
                ] },
                "Media": [
                    { "id": "1", "voto": 8, "scheda": { "nota": "f" } }, { "id": "2", "voto": 3, "scheda": { "nota": "l" } }
                ],
            }),
        ),
    ])
}

#[test]
fn an_interface_object_is_asked_for_no_more_types_than_are_wanted() {
    let bench = media();
    assert_eq!(
        bench.ask("{ visti { ... on Film { voto scheda { nota } } } }"),
        json!({ "data": { "visti": [{ "voto": 8, "scheda": { "nota": "f" } }, {}] } })
    );
    assert_eq!(bench.asked("b"), ["{visti {id}}", "{scheda {nota} voto} x 1"]);
    assert_eq!(bench.asked("a"), ["{} x 2"]);
}

#[test]
fn an_interface_object_is_asked_at_once_for_what_is_wanted_of_all() {
    let bench = media();
    let answer = bench.ask("{ visti { voto scheda { nota } ... on Film { v: voto } } }");
    assert_eq!(
        answer["data"]["visti"],
        json!([{ "voto": 8, "scheda": { "nota": "f" }, "v": 8 }, { "voto": 3, "scheda": { "nota": "l" } }])
    );
    assert_eq!(bench.calls(), [("a", 1), ("b", 1)].into());
    bench.ask("{ visti { ... on Film { voto } ... on Libro { voto } } }");
    assert_eq!(bench.calls(), [("a", 1), ("b", 1)].into(), "all its types are wanted");
    bench.ask("{ visti { voto scheda { nota } } }");
    assert_eq!(bench.calls(), [("b", 1)].into());
}

#[test]
fn records_of_known_types_are_asked_of_an_interface_object_for_what_is_wanted_of_each() {
    let bench = media();
    assert_eq!(
        bench.ask("{ media { scheda { nota } ... on Film { voto } } }"),
        json!({ "data": { "media": [{ "scheda": { "nota": "f" }, "voto": 8 }, { "scheda": { "nota": "l" } }] } })
    );
    let mut asked = bench.asked("b");
    asked.sort();
    assert_eq!(asked, ["{scheda {nota}} x 2", "{voto} x 1"]);
}
