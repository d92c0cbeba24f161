//! Joins across sources: what is fetched, how often, and what comes out.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::kit::Bench;

fn district() -> Bench {
    Bench::new(&[
        (
            "anagrafe",
            "type Query { persone: [Persona!]! persona(id: ID!): Persona }
             type Persona @key(fields: \"id\") { id: ID! nome: String quartiere: Quartiere! }
             type Quartiere @key(fields: \"id\") { id: ID! cap: String! }",
            json!({
                "Query": { "persone": [
                    { "id": "1", "nome": "Ada", "quartiere": { "id": "q1", "cap": "43043" } },
                    { "id": "2", "nome": "Bea \"la\" seconda", "quartiere": { "id": "q1", "cap": "43043" } },
                    { "id": "3", "nome": null, "quartiere": { "id": "q2", "cap": "43041" } },
                ], "persona": { "id": "2", "nome": "Bea", "quartiere": { "id": "q1", "cap": "43043" } } },
            }),
        ),
        (
            "asl",
            "type Persona @key(fields: \"id\") { id: ID! episodi: [Episodio!] }
             type Episodio { codice: String! aperto: Boolean! }",
            json!({ "Persona": [
                { "id": "1", "episodi": [{ "codice": "ADI", "aperto": true }, { "codice": "UVM", "aperto": false }] },
                { "id": "2", "episodi": [] },
            ] }),
        ),
        (
            "servizi",
            "type Quartiere @key(fields: \"id\") { id: ID! cap: String! @external servizi: [String!] @requires(fields: \"cap\") chiede: String @requires(fields: \"cap\") }",
            json!({ "Quartiere": [
                { "id": "q1", "servizi": ["mensa"], "chiede": { "$given": "cap" } },
                { "id": "q2", "servizi": [], "chiede": { "$given": "cap" } },
            ] }),
        ),
    ])
}

#[test]
fn one_call_each_source_joined_by_key() {
    let bench = district();
    let answer = bench.ask("{ persone { nome quartiere { servizi chiede } episodi { codice aperto } } }");
    assert_eq!(
        answer,
        json!({ "data": { "persone": [
            { "nome": "Ada", "quartiere": { "servizi": ["mensa"], "chiede": "43043" },
              "episodi": [{ "codice": "ADI", "aperto": true }, { "codice": "UVM", "aperto": false }] },
            { "nome": "Bea \"la\" seconda", "quartiere": { "servizi": ["mensa"], "chiede": "43043" }, "episodi": [] },
            { "nome": null, "quartiere": { "servizi": [], "chiede": "43041" }, "episodi": null },
        ] } })
    );
    assert_eq!(bench.calls(), [("anagrafe", 1), ("asl", 1), ("servizi", 1)].into());
    assert_eq!(bench.asked("servizi"), ["{chiede servizi} x 2"], "distinct keys only");
    assert_eq!(bench.asked("asl"), ["{episodi {aperto codice}} x 3"]);
}

#[test]
fn only_what_is_asked_is_fetched() {
    let bench = district();
    bench.ask("{ persone { nome } }");
    assert_eq!(bench.calls(), [("anagrafe", 1)].into());
    assert_eq!(bench.asked("anagrafe"), ["{persone {nome}}"]);
}

#[test]
fn aliases_and_order_are_the_clients() {
    let bench = district();
    let answer = bench.ask(
        "{ b: persone { e: episodi { c: codice } id n: nome } __typename a: persona(id: \"2\") { id } }",
    );
    let text = answer["data"]["b"][0].to_string();
    assert_eq!(text, r#"{"e":[{"c":"ADI"},{"c":"UVM"}],"id":"1","n":"Ada"}"#);
    assert_eq!(answer["data"].as_object().unwrap().keys().collect::<Vec<_>>(), ["b", "__typename", "a"]);
    assert_eq!(answer["data"]["__typename"], "Query");
}

#[test]
fn a_source_that_is_down_costs_its_own_fields() {
    let bench = district();
    bench.sources["asl"].down.store(true, Ordering::Relaxed);
    let answer = bench.ask("{ persone { nome episodi { codice } } }");
    assert_eq!(answer["data"]["persone"][0], json!({ "nome": "Ada", "episodi": null }));
    assert_eq!(
        answer["errors"],
        json!([{
            "message": "the source `asl` can't be reached",
            "path": ["persone", 0, "episodi"],
            "extensions": { "code": "SOURCE_UNAVAILABLE", "source": "asl", "affected": 3 }
        }])
    );
    let records = bench.trail.records.lock().unwrap();
    assert_eq!(records[0].codes, ["SOURCE_UNAVAILABLE"]);
    assert_eq!(records[0].asked.len(), 2);
}

#[test]
fn what_depends_on_a_lost_input_is_lost_for_the_same_reason() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { cose: [Cosa!]! } type Cosa @key(fields: \"id\") { id: ID! peso: Int }",
            json!({ "Query": { "cose": [{ "id": "1", "peso": { "$error": true } }, { "id": "2", "peso": 5 }, { "id": "3", "peso": null }] } }),
        ),
        (
            "b",
            "type Cosa @key(fields: \"id\") { id: ID! peso: Int @external costo: Int @requires(fields: \"peso\") }",
            json!({ "Cosa": [{ "id": "2", "costo": { "$given": "peso" } }, { "id": "3", "costo": 0 }] }),
        ),
    ]);
    let answer = bench.ask("{ cose { id costo } }");
    assert_eq!(
        answer["data"]["cose"],
        json!([{ "id": "1", "costo": null }, { "id": "2", "costo": 5 }, { "id": "3", "costo": 0 }])
    );
    assert_eq!(answer["errors"][0]["path"], json!(["cose", 0, "costo"]));
    assert_eq!(answer["errors"][0]["extensions"]["source"], "a");
    assert!(!answer.to_string().contains("secret"), "the partner's own words stay inside");
}

#[test]
fn arguments_are_lifted_and_arrive() {
    let bench = Bench::new(&[(
        "a",
        "type Query { eco(n: Int, s: String, l: [Int!], o: In, id: ID, f: Float): String }
         input In { x: Int = 7, y: [String!] z: In }",
        json!({ "Query": { "eco": { "$arguments": true } } }),
    )]);
    let told = |query: &str, variables| {
        let answer = bench.ask_with(query, variables).unwrap();
        serde_json::from_str::<serde_json::Value>(answer["data"]["eco"].as_str().unwrap()).unwrap()
    };
    assert_eq!(
        told(
            r#"query($v: Int, $o: [String!]) { eco(n: $v, s: "x", l: 3, id: 4, f: 1, o: {y: $o, z: {x: null}}) }"#,
            json!({ "v": 9, "o": ["a"] })
        ),
        json!({ "n": 9, "s": "x", "l": [3], "id": "4", "f": 1.0, "o": { "x": 7, "y": ["a"], "z": { "x": null } } })
    );
    assert_eq!(told("query($v: Int) { eco(n: $v) }", json!({})), json!({}));
    assert_eq!(told("query($v: Int) { eco(n: $v) }", json!({ "v": null })), json!({ "n": null }));
    assert_eq!(told("query($v: Int = 3) { eco(n: $v) }", json!({})), json!({ "n": 3 }));
    let records = bench.trail.records.lock().unwrap();
    assert_eq!(records[2].operation, records[3].operation, "two values, one lifted form");
}

#[test]
fn mutations_run_one_after_the_other() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { x: Int } type Mutation { primo: Cosa secondo: Int } type Cosa @key(fields: \"id\") { id: ID! }",
            json!({ "Mutation": { "primo": { "id": "1" }, "secondo": 2 } }),
        ),
        (
            "b",
            "type Mutation { terzo: Int } type Cosa @key(fields: \"id\") { id: ID! nome: String }",
            json!({ "Mutation": { "terzo": 3 }, "Cosa": [{ "id": "1", "nome": "uno" }] }),
        ),
    ]);
    let answer = bench.ask("mutation { primo { nome } terzo secondo }");
    assert_eq!(answer, json!({ "data": { "primo": { "nome": "uno" }, "terzo": 3, "secondo": 2 } }));
    assert_eq!(bench.asked("a"), ["{primo {id}}", "{secondo}"], "in the client's order, not in one call");
}

#[test]
fn entities_without_a_key_are_not_asked_for() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { libri: [Libro!]! } type Libro @key(fields: \"isbn\") { isbn: ID titolo: String! }",
            json!({ "Query": { "libri": [{ "isbn": null, "titolo": "senza" }, { "isbn": "1", "titolo": "con" }] } }),
        ),
        (
            "b",
            "type Libro @key(fields: \"isbn\") { isbn: ID autore: String }",
            json!({ "Libro": [{ "isbn": "1", "autore": "A" }] }),
        ),
    ]);
    let answer = bench.ask("{ libri { titolo autore } }");
    assert_eq!(
        answer,
        json!({ "data": { "libri": [{ "titolo": "senza", "autore": null }, { "titolo": "con", "autore": "A" }] } })
    );
    assert_eq!(bench.asked("b"), ["{autore} x 1"]);
}

#[test]
fn required_inputs_may_have_arguments_of_their_own() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { cosa: Cosa } type Cosa @key(fields: \"id\") { id: ID! prezzo(valuta: Valuta!, iva: Int = 22): String } enum Valuta { EUR USD }",
            json!({ "Query": { "cosa": { "id": "1", "prezzo": { "$arguments": true } } }, "Cosa": [{ "id": "1", "prezzo": { "$arguments": true } }] }),
        ),
        (
            "b",
            "type Cosa @key(fields: \"id\") { id: ID! prezzo(valuta: Valuta!, iva: Int = 22): String @external etichetta: String @requires(fields: \"prezzo(valuta: USD, iva: 4)\") } enum Valuta { EUR USD }",
            json!({ "Cosa": [{ "id": "1", "etichetta": { "$given": "prezzo" } }] }),
        ),
    ]);
    let answer = bench.ask("{ cosa { prezzo(valuta: EUR) etichetta } }");
    assert_eq!(answer["data"]["cosa"]["prezzo"], r#"{"valuta":"EUR"}"#);
    assert_eq!(answer["data"]["cosa"]["etichetta"], r#"{"valuta":"USD","iva":4}"#);
}

#[test]
fn a_record_of_another_type_is_joined_to_nobody() {
    let bench = |cosa: &str, altro: &str| {
        Bench::new(&[
            (
                "a",
                "type Query { cerca: [Trovato] }
                 union Trovato = Cosa | Altro
                 type Cosa @key(fields: \"id\") { id: ID! }
                 type Altro @key(fields: \"id\") { id: ID! }",
                json!({ "Query": { "cerca": [
                    { "__typename": "Cosa", "id": "1" }, { "__typename": "Altro", "id": "1" }
                ] } }),
            ),
            (
                "b",
                "type Cosa @key(fields: \"id\") { id: ID! prezzo: Int }
                 type Altro @key(fields: \"id\") { id: ID! prezzo: Int }",
                json!({
                    "Cosa": [{ "__typename": cosa, "id": "1", "prezzo": 10 }],
                    "Altro": [{ "__typename": altro, "id": "1", "prezzo": 20 }],
                }),
            ),
        ])
    };
    let query = "{ cerca { __typename ... on Cosa { prezzo } ... on Altro { prezzo } } }";
    assert_eq!(
        bench("Cosa", "Altro").ask(query),
        json!({ "data": { "cerca": [
            { "__typename": "Cosa", "prezzo": 10 }, { "__typename": "Altro", "prezzo": 20 }
        ] } })
    );
    let answer = bench("Altro", "Cosa").ask(query);
    assert_eq!(
        answer["data"]["cerca"],
        json!([{ "__typename": "Cosa", "prezzo": null }, { "__typename": "Altro", "prezzo": null }])
    );
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SOURCE_MALFORMED_RESPONSE");
    assert_eq!(answer["errors"][0]["extensions"]["affected"], 2);
}
