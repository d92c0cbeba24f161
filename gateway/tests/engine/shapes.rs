//! Shapes: abstract types, lists of lists, conditions, null propagation, nested keys.

use serde_json::json;

use crate::kit::Bench;

#[test]
fn interfaces_and_unions_across_sources() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { risultati: [Risultato] nodi: [Nodo!]! }
             union Risultato = Libro | Rivista
             interface Nodo { id: ID! }
             type Libro implements Nodo @key(fields: \"id\") { id: ID! titolo: String }
             type Rivista implements Nodo @key(fields: \"id\") { id: ID! numero: Int }",
            json!({ "Query": {
                "risultati": [{ "__typename": "Libro", "id": "1", "titolo": "Uno" }, { "__typename": "Rivista", "id": "2", "numero": 4 }, null],
                "nodi": [{ "__typename": "Rivista", "id": "2", "numero": 4 }, { "__typename": "Libro", "id": "1", "titolo": "Uno" }],
            } }),
        ),
        (
            "b",
            "type Libro @key(fields: \"id\") { id: ID! prezzo: Int } type Rivista @key(fields: \"id\") { id: ID! prezzo: Int editore: Editore } type Editore { nome: String! }",
            json!({ "Libro": [{ "id": "1", "prezzo": 10 }], "Rivista": [{ "id": "2", "prezzo": 3, "editore": { "nome": "E" } }] }),
        ),
    ]);
    let answer = bench.ask(
        "{ risultati { __typename ... on Libro { titolo prezzo } ... on Rivista { numero prezzo editore { nome } } }
           nodi { id ... on Libro { prezzo } } }",
    );
    assert_eq!(
        answer,
        json!({ "data": {
            "risultati": [
                { "__typename": "Libro", "titolo": "Uno", "prezzo": 10 },
                { "__typename": "Rivista", "numero": 4, "prezzo": 3, "editore": { "nome": "E" } },
                null
            ],
            "nodi": [{ "id": "2" }, { "id": "1", "prezzo": 10 }]
        } })
    );
}

#[test]
fn interface_objects_get_their_type_from_who_knows_it() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { media: [Media!]! }
             interface Media @key(fields: \"id\") { id: ID! }
             type Film implements Media @key(fields: \"id\") { id: ID! regista: String }",
            json!({ "Query": { "media": [{ "__typename": "Film", "id": "1", "regista": "R" }] }, "Media": [{ "__typename": "Film", "id": "1", "regista": "R" }], "Film": [{ "id": "1", "regista": "R" }] }),
        ),
        (
            "b",
            "type Query { visti: [Media!]! } type Media @interfaceObject @key(fields: \"id\") { id: ID! voto: Int }",
            json!({ "Query": { "visti": [{ "id": "1", "voto": 8 }] }, "Media": [{ "id": "1", "voto": 8 }] }),
        ),
    ]);
    assert_eq!(
        bench.ask("{ media { __typename id voto ... on Film { regista } } }"),
        json!({ "data": { "media": [{ "__typename": "Film", "id": "1", "voto": 8, "regista": "R" }] } })
    );
    assert_eq!(bench.ask("{ visti { voto } }"), json!({ "data": { "visti": [{ "voto": 8 }] } }));
    assert_eq!(bench.calls(), [("a", 1), ("b", 2)].into());
    assert_eq!(
        bench.ask("{ visti { __typename voto ... on Film { regista } } }"),
        json!({ "data": { "visti": [{ "__typename": "Film", "voto": 8, "regista": "R" }] } })
    );
}

#[test]
fn conditions_are_decided_before_anything_is_planned() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { cosa: Cosa } type Cosa @key(fields: \"id\") { id: ID! x: Int }",
            json!({ "Query": { "cosa": { "id": "1", "x": 1 } } }),
        ),
        (
            "b",
            "type Cosa @key(fields: \"id\") { id: ID! y: Int }",
            json!({ "Cosa": [{ "id": "1", "y": 2 }] }),
        ),
    ]);
    let query = "query($c: Boolean!) { cosa { x y @include(if: $c) ... @skip(if: $c) { z: x } } }";
    let with = |c: bool| bench.ask_with(query, json!({ "c": c })).unwrap();
    assert_eq!(with(true), json!({ "data": { "cosa": { "x": 1, "y": 2 } } }));
    assert_eq!(bench.calls(), [("a", 1), ("b", 1)].into());
    assert_eq!(with(false), json!({ "data": { "cosa": { "x": 1, "z": 1 } } }));
    assert_eq!(bench.calls(), [("a", 1)].into());
    assert_eq!(bench.ask("{ cosa { x @skip(if: true) } }"), json!({ "data": { "cosa": {} } }));
    assert_eq!(bench.ask("{ cosa @skip(if: true) { x } }"), json!({ "data": {} }));
}

#[test]
fn nulls_propagate_to_the_nearest_place_that_allows_them() {
    let bench = Bench::new(&[(
        "a",
        "type Query { a: A b: [A] c: [A!] d: A! }
         type A { x: Int! }",
        json!({ "Query": {
            "a": { "x": null }, "b": [{ "x": 1 }, { "x": null }], "c": [{ "x": 1 }, { "x": null }], "d": { "x": null }
        } }),
    )]);
    let answer = bench.ask("{ a { x } b { x } c { x } }");
    assert_eq!(answer["data"], json!({ "a": null, "b": [{ "x": 1 }, null], "c": null }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "one error for one coordinate");
    assert_eq!(answer["errors"][0]["extensions"]["affected"], 3);
    assert_eq!(bench.ask("{ d { x } }")["data"], json!(null));
}

#[test]
fn lists_of_lists_and_custom_scalars_come_as_they_are() {
    let bench = Bench::new(&[(
        "a",
        "scalar Json type Query { m: [[Int!]]! n: [[A!]!]! j: Json s: String } type A { x: Int }",
        json!({ "Query": { "m": [[1, 2], null, []], "n": [[{ "x": 1 }], []], "j": { "a": [1.5, "è\n"] }, "s": "tab\t\u{1F600}" } }),
    )]);
    assert_eq!(
        bench.ask("{ m n { x } j s }"),
        json!({ "data": { "m": [[1, 2], null, []], "n": [[{ "x": 1 }], []], "j": { "a": [1.5, "è\n"] }, "s": "tab\t\u{1F600}" } })
    );
}

#[test]
fn shareable_values_are_merged_from_two_sources() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { p: P } type P @key(fields: \"id\") { id: ID! dim: Dim } type Dim { w: Int @shareable h: Int }",
            json!({ "Query": { "p": { "id": "1", "dim": { "w": 1, "h": 2 } } } , "P": [{ "id": "1", "dim": { "w": 1, "h": 2 } }]}),
        ),
        (
            "b",
            "type P @key(fields: \"id\") { id: ID! dim: Dim @shareable } type Dim { w: Int @shareable d: Int }",
            json!({ "P": [{ "id": "1", "dim": { "w": 1, "d": 3 } }] }),
        ),
    ].map(|(n, s, d)| (n, s.replace("dim: Dim }", "dim: Dim @shareable }").leak() as &str, d)));
    assert_eq!(
        bench.ask("{ p { dim { w h d } } }"),
        json!({ "data": { "p": { "dim": { "w": 1, "h": 2, "d": 3 } } } })
    );
}

#[test]
fn compound_and_nested_keys() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { us: [U!]! } type U @key(fields: \"id org { id }\") { id: ID! org: Org! } type Org { id: ID! @shareable }",
            json!({ "Query": { "us": [{ "id": "1", "org": { "id": "x" } }, { "id": "1", "org": { "id": "y" } }] } }),
        ),
        (
            "b",
            "type U @key(fields: \"id org { id }\") { id: ID! org: Org! nome: String } type Org { id: ID! @shareable }",
            json!({ "U": [{ "id": "1", "org": { "id": "y" }, "nome": "Y" }, { "id": "1", "org": { "id": "x" }, "nome": "X" }] }),
        ),
    ]);
    assert_eq!(bench.ask("{ us { nome } }"), json!({ "data": { "us": [{ "nome": "X" }, { "nome": "Y" }] } }));
}

#[test]
fn a_key_that_two_conditions_ask_is_read_as_one() {
    let bench = Bench::new(&[(
        "a",
        "type Query { p: P o: O }
         interface P { simile: P }
         type L implements P { simile: L id: ID x: Int y: Int }
         type M implements P { simile: M id: ID }
         type O { l: [L!] }",
        json!({ "Query": {
            "p": { "__typename": "L", "id": "1", "x": 1, "simile": { "__typename": "L", "id": "2", "x": 2, "y": 3, "simile": { "__typename": "L", "id": "3", "y": 4 } } },
            "o": { "l": [{ "id": "1", "x": 1, "y": 2, "simile": { "id": "9", "x": 9 } }] },
        } }),
    )]);
    assert_eq!(
        bench.ask("{ p { simile { ... on L { id } simile { ... on L { id } } } ... on L { simile { x y simile { y } } } ... on M { simile { id } } } }"),
        json!({ "data": { "p": { "simile": { "id": "2", "simile": { "id": "3", "y": 4 }, "x": 2, "y": 3 } } } })
    );
    assert_eq!(
        bench.ask("{ o { l { x ... on P { simile { ... on L { id } } } simile { x } ... on L { y } } } }"),
        json!({ "data": { "o": { "l": [{ "x": 1, "simile": { "id": "9", "x": 9 }, "y": 2 }] } } })
    );
}

#[test]
fn a_type_that_clients_do_not_see_is_null_and_one_that_cannot_be_is_an_error() {
    let answer = |type_name: &str| {
        Bench::new(&[(
            "a",
            "type Query { cerca: [Trovato] libro: Libro interno: Interno @inaccessible }
             union Trovato = Cosa | Interno
             type Cosa { id: ID! } type Libro { id: ID! } type Interno @inaccessible { id: ID! }",
            json!({ "Query": { "cerca": [{ "__typename": "Cosa", "id": "1" }, { "__typename": type_name, "id": "2" }] } }),
        )])
        .ask("{ cerca { __typename ... on Cosa { id } } }")
    };
    let cosa = |id: &str| json!({ "__typename": "Cosa", "id": id });
    assert_eq!(answer("Cosa"), json!({ "data": { "cerca": [cosa("1"), cosa("2")] } }));
    assert_eq!(answer("Interno"), json!({ "data": { "cerca": [cosa("1"), null] } }));
    for type_name in ["Libro", "Trovato"] {
        let told = answer(type_name);
        assert_eq!(told["data"], json!({ "cerca": [cosa("1"), null] }), "{type_name}");
        assert_eq!(told["errors"][0]["path"], json!(["cerca", 1]), "{type_name}");
        assert_eq!(told["errors"][0]["extensions"]["code"], "SOURCE_MALFORMED_RESPONSE", "{type_name}");
    }
}
