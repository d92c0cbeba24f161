//! The GraphQL specification's execution, place by place, over canned sources: what comes of nulls, leaves, values of variables, order.

use serde_json::{Value, json};

use crate::kit::Bench;

fn one(sdl: &str, data: Value) -> Bench {
    Bench::new(&[("a", sdl, data)])
}

/// The data of `{ l }` for a type and what the source says of it, and the path of the only error.
fn list(ty: &str, said: Value) -> (Value, Value) {
    let bench = one(&format!("type Query {{ l: {ty} }}"), json!({ "Query": { "l": said } }));
    let answer = bench.ask("{ l }");
    (answer["data"].clone(), answer["errors"][0]["path"].clone())
}

#[test]
fn a_null_in_a_list_goes_as_far_as_its_type_says() {
    let (good, within, hole) = (json!([[1], [2, 3]]), json!([[1], [2, null]]), json!([[1], null]));
    for (ty, said, expected, path) in [
        ("[[Int]]", &within, json!({ "l": within }), json!(null)),
        ("[[Int]]", &hole, json!({ "l": hole }), json!(null)),
        ("[[Int!]]", &within, json!({ "l": [[1], null] }), json!(["l", 1, 1])),
        ("[[Int!]!]", &within, json!({ "l": null }), json!(["l", 1, 1])),
        ("[[Int!]!]!", &within, json!(null), json!(["l", 1, 1])),
        ("[[Int]!]", &within, json!({ "l": within }), json!(null)),
        ("[[Int]!]", &hole, json!({ "l": null }), json!(["l", 1])),
        ("[[Int]!]!", &hole, json!(null), json!(["l", 1])),
        ("[[Int]]!", &hole, json!({ "l": hole }), json!(null)),
        ("[[Int!]!]!", &good, json!({ "l": good }), json!(null)),
    ] {
        assert_eq!(list(ty, said.clone()), (expected, path), "{ty} {said}");
    }
}

#[test]
fn what_is_no_list_where_one_is_due_is_an_error() {
    for (ty, said) in
        [("[Int]", json!(1)), ("Int", json!([1])), ("[[Int]]", json!([1])), ("[Int]", json!([[1]]))]
    {
        let (data, path) = list(ty, said.clone());
        assert!(path.is_array(), "{ty} {said}: {data}");
        assert!(!data.to_string().contains('1'), "{ty} {said}: {data}");
    }
}

/// What a leaf of a type becomes; nothing where it is refused.
fn leaf(ty: &str, said: Value) -> Option<Value> {
    let sdl = format!("scalar Altro enum Stato {{ APERTO CHIUSO }} type Query {{ v: {ty} }}");
    let answer = one(&sdl, json!({ "Query": { "v": said } })).ask("{ v }");
    if answer["errors"].is_null() {
        return Some(answer["data"]["v"].clone());
    }
    assert_eq!(answer["data"], json!({ "v": null }), "{ty} {said}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SOURCE_MALFORMED_RESPONSE", "{ty} {said}");
    assert_eq!(answer["errors"][0]["path"], json!(["v"]), "{ty} {said}");
    None
}

#[test]
fn leaves_are_what_their_types_say_or_errors() {
    for (ty, said, expected) in [
        ("Int", json!(-2_147_483_648_i64), Some(json!(-2_147_483_648_i64))),
        ("Int", json!(2_147_483_648_i64), None),
        ("Int", json!(1.5), None),
        ("Int", json!("1"), None),
        ("Int", json!(true), None),
        ("Float", json!(1.5), Some(json!(1.5))),
        ("Float", json!(3), Some(json!(3))),
        ("Float", json!("1.5"), None),
        ("String", json!(""), Some(json!(""))),
        ("String", json!({}), None),
        ("Boolean", json!(false), Some(json!(false))),
        ("Boolean", json!(0), None),
        ("ID", json!("7"), Some(json!("7"))),
        ("ID", json!(7), Some(json!("7"))),
        ("ID", json!(7.5), None),
        ("ID", json!([]), None),
        ("Stato", json!("APERTO"), Some(json!("APERTO"))),
        ("Stato", json!("aperto"), None),
        ("Stato", json!(0), None),
        ("Altro", json!({ "a": [1, null, { "b": 1.25 }] }), Some(json!({ "a": [1, null, { "b": 1.25 }] }))),
        ("Altro", json!([[]]), Some(json!([[]]))),
    ] {
        assert_eq!(leaf(ty, said.clone()), expected, "{ty} {said}");
    }
}

fn echo() -> Bench {
    one(
        "scalar Altro
         enum Stato { APERTO CHIUSO }
         input Dato { n: Int! stato: Stato = CHIUSO altri: [Dato!] }
         type Query { eco(i: Int, f: Float, s: String, b: Boolean, id: ID, e: Stato, a: Altro, d: Dato, ll: [[Int!]], ds: [Dato]): String }",
        json!({ "Query": { "eco": { "$arguments": true } } }),
    )
}

/// What the source gets for an argument whose value is a variable's; nothing where the request is refused.
fn sent(bench: &Bench, argument: &str, ty: &str, value: Value) -> Option<Value> {
    let query = format!("query($v: {ty}) {{ eco({argument}: $v) }}");
    match bench.ask_with(&query, json!({ "v": value.clone() })) {
        Ok(answer) => {
            let told: Value = serde_json::from_str(answer["data"]["eco"].as_str().unwrap()).unwrap();
            Some(told[argument].clone())
        }
        Err(refusal) => {
            assert_eq!(refusal.code().name, "BAD_USER_INPUT", "{argument} {value}");
            assert!(!refusal.to_json().to_string().contains("segreto"), "{argument} {value}");
            None
        }
    }
}

#[test]
fn variables_are_coerced_or_refused() {
    let bench = echo();
    for (argument, ty, value, expected) in [
        ("i", "Int", json!(2_147_483_647), Some(json!(2_147_483_647))),
        ("i", "Int", json!(2_147_483_648_i64), None),
        ("i", "Int", json!(1.5), None),
        ("i", "Int", json!("segreto"), None),
        ("f", "Float", json!(1), Some(json!(1.0))),
        ("f", "Float", json!("segreto"), None),
        ("s", "String", json!(1), None),
        ("b", "Boolean", json!("segreto"), None),
        ("id", "ID", json!(4), Some(json!("4"))),
        ("id", "ID", json!(4.5), None),
        ("e", "Stato", json!("APERTO"), Some(json!("APERTO"))),
        ("e", "Stato", json!("segreto"), None),
        ("a", "Altro", json!({ "x": ["y", null] }), Some(json!({ "x": ["y", null] }))),
        ("d", "Dato", json!({ "n": 1 }), Some(json!({ "n": 1, "stato": "CHIUSO" }))),
        ("d", "Dato", json!({ "n": 1, "stato": null }), Some(json!({ "n": 1, "stato": null }))),
        ("d", "Dato", json!({ "stato": "APERTO" }), None),
        ("d", "Dato", json!({ "n": null }), None),
        ("d", "Dato", json!({ "n": 1, "segreto": 2 }), None),
        ("d", "Dato", json!("segreto"), None),
        (
            "d",
            "Dato",
            json!({ "n": 1, "altri": { "n": 2 } }),
            Some(json!({ "n": 1, "stato": "CHIUSO", "altri": [{ "n": 2, "stato": "CHIUSO" }] })),
        ),
        ("ll", "[[Int!]]", json!([[1], null, []]), Some(json!([[1], null, []]))),
        ("ll", "[[Int!]]", json!([[null]]), None),
        ("ll", "[[Int!]]", json!(3), Some(json!([[3]]))),
        ("ds", "[Dato]", json!({ "n": 1 }), Some(json!([{ "n": 1, "stato": "CHIUSO" }]))),
        ("i", "Int!", json!(null), None),
        ("i", "Int", json!(null), Some(json!(null))),
    ] {
        assert_eq!(sent(&bench, argument, ty, value.clone()), expected, "{argument}: {ty} = {value}");
    }
}

#[test]
fn a_variable_that_is_not_given_leaves_its_argument_out_or_to_its_default() {
    let bench = one(
        "type Query { eco(x: Int = 7, y: Int, l: [Int]): String }",
        json!({ "Query": { "eco": { "$arguments": true } } }),
    );
    let told = |query: &str| {
        let answer = bench.ask(query);
        let text = answer["data"]["eco"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        let mut told: Value = serde_json::from_str(&text).unwrap();
        // Whether a default is sent or left to the source to apply is the gateway's affair.
        if told.get("x").is_none() {
            told["x"] = json!(7);
        }
        told
    };
    assert_eq!(told("query($v: Int) { eco(x: $v, y: $v) }"), json!({ "x": 7 }));
    assert_eq!(told("query($v: Int = 3) { eco(x: $v, y: $v) }"), json!({ "x": 3, "y": 3 }));
    assert_eq!(told("query($v: Int = null) { eco(x: $v, y: $v) }"), json!({ "x": null, "y": null }));
    assert_eq!(told("query($v: Int) { eco(l: [1, $v]) }"), json!({ "l": [1, null], "x": 7 }));
}

#[test]
fn conditions_by_variables_decide_on_fragments_and_fields_alike() {
    let bench = one(
        "type Query { a: A } type A { x: Int y: Int z: Int }",
        json!({ "Query": { "a": { "x": 1, "y": 2, "z": 3 } } }),
    );
    let query = "query($s: Boolean! = false, $i: Boolean = true) {
        a { x @skip(if: $s) @include(if: $i) ...f @include(if: $i) ... @skip(if: $s) { z } }
    } fragment f on A { y @skip(if: $s) }";
    let with = |variables| bench.ask_with(query, variables).unwrap()["data"]["a"].clone();
    assert_eq!(with(json!({})), json!({ "x": 1, "y": 2, "z": 3 }));
    assert_eq!(with(json!({ "s": true })), json!({}));
    assert_eq!(with(json!({ "i": false })), json!({ "z": 3 }));
    assert_eq!(with(json!({ "s": true, "i": true })), json!({}));
    assert!(bench.ask_with(query, json!({ "s": null })).is_err());
    assert!(bench.ask_with(query, json!({ "s": "true" })).is_err());
}

#[test]
fn fields_stand_in_the_order_in_which_the_query_first_names_them() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { p: P } interface P { id: ID! } type L implements P @key(fields: \"id\") { id: ID! x: Int }",
            json!({ "Query": { "p": { "__typename": "L", "id": "1", "x": 1 } } }),
        ),
        (
            "b",
            "type L @key(fields: \"id\") { id: ID! y: Int z: Int w: L }",
            json!({ "L": [{ "id": "1", "y": 2, "z": 3, "w": { "id": "1", "z": 3, "y": 2 } }] }),
        ),
    ]);
    for (query, expected) in [
        ("{ p { ... on L { z } id ... on L { y x z } } }", r#"{"p":{"z":3,"id":"1","y":2,"x":1}}"#),
        (
            "{ p { id ...f } } fragment f on L { y ... on P { id t: __typename } x }",
            r#"{"p":{"id":"1","y":2,"t":"L","x":1}}"#,
        ),
        ("{ p { ... on L { w { z } x w { y } } } }", r#"{"p":{"w":{"z":3,"y":2},"x":1}}"#),
        (
            "{ q: p { id } p { ... on L { y } } q: p { ... on L { x } } }",
            r#"{"q":{"id":"1","x":1},"p":{"y":2}}"#,
        ),
    ] {
        assert_eq!(bench.ask(query)["data"].to_string(), expected, "{query}");
    }
}

#[test]
fn an_error_says_which_item_by_the_client_s_own_names() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { gruppi: [[Persona]] } type Persona @key(fields: \"id\") { id: ID! }",
            json!({ "Query": { "gruppi": [[{ "id": "1" }], [{ "id": "2" }, { "id": "3" }, { "id": "2" }]] } }),
        ),
        (
            "b",
            "type Persona @key(fields: \"id\") { id: ID! amici: [Amico] nome: String! } type Amico { eta: Int! }",
            json!({ "Persona": [
                { "id": "1", "nome": "Ada", "amici": [{ "eta": 3 }, { "eta": 4 }] },
                { "id": "2", "nome": "Bea", "amici": [{ "eta": 5 }, { "eta": { "$error": true } }] },
                { "id": "3", "nome": "Cai", "amici": null },
            ] }),
        ),
    ]);
    let answer = bench.ask("{ g: gruppi { n: nome a: amici { anni: eta } } }");
    let bea = json!({ "n": "Bea", "a": [{ "anni": 5 }, null] });
    assert_eq!(
        answer["data"]["g"],
        json!([
            [{ "n": "Ada", "a": [{ "anni": 3 }, { "anni": 4 }] }],
            [bea, { "n": "Cai", "a": null }, bea]
        ])
    );
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["g", 1, 0, "a", 1, "anni"]));
    assert_eq!(answer["errors"][0]["extensions"]["affected"], 2);
}

#[test]
fn what_fails_in_a_non_null_chain_takes_the_nearest_that_may_be_null() {
    let sdl = |root: &str, middle: &str| {
        format!(
            "type Query {{ a: A{root} altro: Int }} type A {{ b: B{middle} x: Int }} type B {{ c: Int! }}"
        )
    };
    let data = json!({ "Query": { "a": { "x": 1, "b": { "c": { "$error": true } } }, "altro": 5 } });
    for (root, middle, expected) in [
        ("", "", json!({ "a": { "x": 1, "b": null }, "altro": 5 })),
        ("", "!", json!({ "a": null, "altro": 5 })),
        ("!", "", json!({ "a": { "x": 1, "b": null }, "altro": 5 })),
        ("!", "!", json!(null)),
    ] {
        let answer = one(&sdl(root, middle), data.clone()).ask("{ a { x b { c } } altro }");
        assert_eq!(answer["data"], expected, "{root}/{middle}");
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
        assert_eq!(answer["errors"][0]["path"].as_array().unwrap()[0], "a");
    }
}

#[test]
fn each_mutation_is_whole_before_the_next_begins() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { x: Int } type Mutation { primo: Cosa terzo: Cosa! } type Cosa @key(fields: \"id\") { id: ID! }",
            json!({ "Mutation": { "primo": { "id": "1" }, "terzo": { "$error": true } } }),
        ),
        (
            "b",
            "type Mutation { secondo: Cosa quarto: Int } type Cosa @key(fields: \"id\") { id: ID! nome: String }",
            json!({ "Mutation": { "secondo": { "id": "2", "nome": "due" }, "quarto": 4 },
                    "Cosa": [{ "id": "1", "nome": "uno" }] }),
        ),
    ]);
    let answer = bench.ask("mutation { p: primo { nome } secondo { nome } quarto q: quarto }");
    assert_eq!(
        answer["data"].to_string(),
        r#"{"p":{"nome":"uno"},"secondo":{"nome":"due"},"quarto":4,"q":4}"#
    );
    assert_eq!(bench.asked("a"), ["{primo {id}}"]);
    assert_eq!(
        bench.asked("b"),
        ["{nome} x 1", "{quarto quarto secondo {nome}}"],
        "what follows in one source, in one call"
    );
    let answer = bench.ask("mutation { terzo { id } quarto }");
    assert_eq!(answer["data"], json!(null), "{answer}");
}

#[test]
fn interfaces_of_interfaces_and_unions_are_conditions_too() {
    let bench = one(
        "type Query { n: [Nodo] u: [U] }
         interface Nodo { id: ID! }
         interface Bene implements Nodo { id: ID! prezzo: Int }
         type Libro implements Bene & Nodo { id: ID! prezzo: Int pagine: Int }
         type Foto implements Nodo { id: ID! lato: Int }
         union U = Libro | Foto
         union V = Foto",
        json!({ "Query": {
            "n": [{ "__typename": "Libro", "id": "1", "prezzo": 2, "pagine": 3 }, { "__typename": "Foto", "id": "2", "lato": 4 }],
            "u": [{ "__typename": "Foto", "id": "2", "lato": 4 }, null, { "__typename": "Libro", "id": "1", "prezzo": 2, "pagine": 3 }],
        } }),
    );
    assert_eq!(
        bench.ask("{ n { ... on Bene { prezzo } ... on U { ... on Foto { lato } } ... on V { t: __typename } } u { ... on Nodo { id } ... on Bene { ... on Libro { pagine } } } }"),
        json!({ "data": {
            "n": [{ "prezzo": 2 }, { "lato": 4, "t": "Foto" }],
            "u": [{ "id": "2" }, null, { "id": "1", "pagine": 3 }],
        } })
    );
}

#[test]
fn a_nested_key_that_the_client_names_twice_is_sent_once() {
    let bench = Bench::new(&[
        (
            "a",
            "type Query { cosa: Cosa } type Cosa @key(fields: \"id\") { id: ID! sede: Sede } type Sede { via: Via! } type Via @key(fields: \"id\") { id: ID! nome: String }",
            json!({ "Query": { "cosa": { "id": "1", "sede": { "via": { "id": "v", "nome": "Emilia" } } } } }),
        ),
        (
            "b",
            "scalar Altro type Cosa @key(fields: \"id\") { id: ID! sede: Sede @external costo: Altro @requires(fields: \"sede { via { id } }\") }
             type Sede { via: Via! @external } type Via @key(fields: \"id\", resolvable: false) { id: ID! }",
            json!({ "Cosa": [{ "id": "1", "costo": { "$given": "sede" } }] }),
        ),
    ]);
    let answer = bench.ask("{ cosa { sede { p: via { nome } via { nome } } costo } }");
    assert_eq!(answer["data"]["cosa"]["costo"], json!({ "via": { "id": "v" } }), "{answer}");
}
