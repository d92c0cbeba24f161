//! Costs by `@cost` and `@listSize`: estimated on what is asked with its values, recorded, told, enforced on both sides of the maximum.

use raccordo::operation::{Limits, Settings};
use raccordo_config::{CostMode, CostSettings};
use raccordo_schema::compose::{SourceSdl, compose};
use serde_json::{Value, json};

use crate::kit::Bench;

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", { name: "@cost", as: "@peso" }, "@listSize"])
"#;

const SDL: &str = r#"
type Query {
  uno: A
  molti: [A!]!
  fissi: [A] @listSize(assumedSize: 3)
  primi(first: Int, last: Int): [A] @listSize(slicingArguments: ["first", "last"])
  liberi(first: Int, last: Int): [A] @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false, assumedSize: 7)
  pagine(first: Int = 4): Pagina @listSize(slicingArguments: ["first"], sizedFields: ["nodes", "edges"])
  griglia: [[A]]
  cerca(testo: String @peso(weight: 5), filtro: Filtro): A
  caro: Int @peso(weight: 20)
  gratis: A @peso(weight: 0)
  nodo: Nodo
  cosa: Cosa
  numeri: [Int]
  codici: [Codice]
}
type Mutation { crea: A }
input Filtro { testo: String @peso(weight: 2) altri: [Filtro!] }
type A { a: A x: Int y: Int @peso(weight: 3) figli(first: Int!): [A] @listSize(slicingArguments: ["first"]) }
type Pagina { nodes: [A] edges: [A] altri: [A] }
interface Nodo { x: Int figli: [A] }
type B implements Nodo @peso(weight: 4) { x: Int figli: [A] @listSize(assumedSize: 1) z: Int @peso(weight: 6) }
type C implements Nodo { x: Int figli: [A] @listSize(assumedSize: 9) }
union Cosa = A | B
scalar Codice @peso(weight: 2)
"#;

fn bench(mode: CostMode, max: u64, report: bool) -> Bench {
    let cost = CostSettings { mode, max, list_size: 10, report };
    let data = json!({ "Query": { "uno": { "x": 1 } } });
    let settings = |_: &_| Settings { cost, ..Limits::default().into() };
    Bench::reading(LINK, &[("a", SDL, data)], settings)
}

fn cost(bench: &Bench, query: &str, variables: Value) -> u64 {
    let answer = bench.ask_with(query, variables);
    assert!(answer.is_ok(), "{query}: {:?}", answer.err());
    bench.trail.records.lock().unwrap().pop().unwrap().cost.unwrap()
}

#[test]
fn operations_cost_what_the_specification_says() {
    let bench = bench(CostMode::Measure, 1, false);
    for (query, expected) in [
        ("{ __typename }", 0),
        ("{ __schema { types { name } } }", 0),
        ("{ uno { x } }", 1),
        ("{ uno { x y } }", 4),
        ("{ uno { a { a { x } } } }", 3),
        // One answer's field is one, however often it is selected.
        ("{ uno { x } uno { y } ...f } fragment f on Query { uno { y } }", 4),
        ("{ a: uno { x } b: uno { x } }", 2),
        ("{ molti { x } }", 10),
        ("{ molti { a { x } } }", 20),
        ("{ fissi { y } }", 12),
        ("{ primi(first: 5) { x } }", 5),
        ("{ primi(last: 0) { y } }", 0),
        ("{ liberi(first: 5, last: 8) { x } }", 8),
        ("{ liberi { x } }", 7),
        ("{ liberi(first: -5) { x } }", 7),
        ("{ liberi(first: null) { x } }", 7),
        // The page, and the lists of it that the argument bounds; another list has the usual length.
        ("{ pagine { nodes { x } } }", 5),
        ("{ pagine(first: 2) { nodes { x } edges { y } altri { x } } }", 1 + 2 + 2 * 4 + 10),
        ("{ molti { figli(first: 2) { figli(first: 3) { y } } } }", 10 * (1 + 2 * (1 + 3 * 4))),
        ("{ griglia { x } }", 100),
        ("{ cerca { x } }", 1),
        ("{ cerca(testo: \"a\") { x } }", 6),
        ("{ cerca(testo: null) { x } }", 1),
        ("{ cerca(filtro: { testo: \"a\", altri: [{ testo: \"b\" }, {}] }) { x } }", 1 + 3 + 3 + 1),
        ("{ caro }", 20),
        ("{ gratis { a { x } } }", 1),
        ("{ numeri }", 0),
        ("{ codici }", 20),
        ("mutation { crea { x } }", 11),
        ("{ uno @skip(if: true) { y } caro @include(if: false) }", 0),
    ] {
        assert_eq!(cost(&bench, query, json!({})), expected, "{query}");
    }
}

#[test]
fn of_what_a_value_may_be_the_dearest_counts() {
    let bench = bench(CostMode::Measure, 1, false);
    for (query, expected) in [
        // A B costs 4 and has one child; a C costs 1 and has nine.
        ("{ nodo { figli { x } } }", 1 + 9),
        ("{ nodo { ... on B { z figli { x } } } }", 4 + 6 + 1),
        ("{ nodo { ... on B { z } ... on C { x } } }", 4 + 6),
        ("{ nodo { figli { x } ... on B { z } } }", 4 + 1 + 6),
        ("{ nodo { figli { x } ... on B { z figli { y } } } }", 4 + 6 + 1 + 3),
        ("{ nodo { figli { x } ... on C { figli { y } } } }", 1 + 9 * 4),
        ("{ cosa { ... on A { y } ... on B { z } } }", 4 + 6),
        ("{ cosa { ... on A { y y } } }", 4),
        ("{ cosa { ... on Nodo { figli { x } } } }", 4 + 1),
    ] {
        assert_eq!(cost(&bench, query, json!({})), expected, "{query}");
    }
}

#[test]
fn variables_decide_how_long_lists_are() {
    let bench = bench(CostMode::Measure, 1, false);
    let query = "query($n: Int, $m: Int, $on: Boolean = true) { liberi(first: $n) @include(if: $on) { x } pagine(first: $m) { nodes { x } } }";
    for (variables, expected) in [
        (json!({ "n": 100 }), 100 + 1 + 4),
        (json!({ "n": 100, "on": false }), 1 + 4),
        (json!({}), 7 + 1 + 4),
        (json!({ "n": 2, "m": 30 }), 2 + 1 + 30),
    ] {
        assert_eq!(cost(&bench, query, variables.clone()), expected, "{variables}");
    }
    // So many that no number holds it.
    let mut deep = "x".to_owned();
    for _ in 0..18 {
        deep = format!("figli(first: 2147483647) {{ {deep} }}");
    }
    assert_eq!(cost(&bench, &format!("{{ uno {{ {deep} }} }}"), json!({})), u64::MAX);
}

/// Other composers let paths through that ours refuses.
#[test]
fn a_size_may_stand_in_an_input_object_and_mean_a_list_further_below() {
    let sdl = format!(
        "{LINK} type Query {{
           pagine(page: Page = {{ first: 4 }}, first: Int): Pagina @listSize(slicingArguments: [\"first\"], sizedFields: [\"nodes\"])
           profonde(first: Int = 5): Fuori @listSize(slicingArguments: [\"first\"], sizedFields: [\"liste\"])
         }}
         input Page {{ first: Int }} type Fuori {{ liste: [A] pagina: Pagina }}
         type Pagina {{ nodes: [A] altri: [A] }} type A {{ x: Int }}"
    );
    let sdl = compose(&[SourceSdl { name: "a", url: None, file: "test.graphql", sdl: &sdl }]).unwrap();
    let sdl =
        sdl.sdl().replacen("[\"first\"]", "[\"page.first\"]", 1).replace("[\"liste\"]", "[\"pagina.nodes\"]");
    let cost_settings = CostSettings { mode: CostMode::Measure, max: 1, list_size: 10, report: false };
    let settings = |_: &_| Settings { cost: cost_settings, ..Limits::default().into() };
    let bench = Bench::serve_reading(&sdl, [("a", json!({ "Query": {} }))].into_iter(), settings);
    for (query, expected) in [
        ("{ pagine { nodes { x } } }", 1 + 4),
        ("{ pagine(page: { first: 2 }) { nodes { x } altri { x } } }", 1 + 1 + 2 + 10),
        ("{ profonde(first: 3) { pagina { nodes { x } altri { x } } } }", 1 + 1 + 3 + 10),
        ("{ profonde { liste { x } pagina { nodes { x } } } }", 1 + 10 + 1 + 5),
    ] {
        assert_eq!(cost(&bench, query, json!({})), expected, "{query}");
    }
}

#[test]
fn what_is_enforced_is_refused_above_the_maximum_and_not_at_it() {
    let bench = bench(CostMode::Enforce, 5, false);
    let ask = |query: &str| bench.ask_with(query, json!({})).map_err(|refusal| refusal.to_json());
    assert!(ask("{ primi(first: 5) { x } }").is_ok());
    let refused = ask("{ primi(first: 6) { x } }").unwrap_err();
    assert_eq!(
        refused["errors"][0]["extensions"],
        json!({ "code": "COST_ESTIMATED_TOO_EXPENSIVE", "cost": { "estimated": 6, "max": 5 } })
    );
    let record = bench.trail.records.lock().unwrap().pop().unwrap();
    assert_eq!((record.cost, record.refused), (Some(6), true), "the record says what it would have cost");
    for query in ["{ primi { x } }", "{ primi(first: 1, last: 1) { x } }", "{ primi(first: null) { x } }"] {
        let refused = ask(query).unwrap_err();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{query}");
    }
    assert_eq!(bench.calls(), [("a", 1)].into(), "nothing is asked for what is refused");
}

#[test]
fn answers_tell_their_cost_where_that_is_configured() {
    let told = |mode, report| bench(mode, 1, report).ask("{ uno { x } }");
    let data = json!({ "uno": { "x": 1 } });
    assert_eq!(told(CostMode::Measure, false), json!({ "data": data }));
    assert_eq!(told(CostMode::Off, true), json!({ "data": data }));
    let cost = json!({ "cost": { "estimated": 1, "max": 1 } });
    assert_eq!(told(CostMode::Enforce, true), json!({ "data": data, "extensions": cost }));
    let failing = bench(CostMode::Measure, 1, true).ask("{ molti { x } }");
    assert_eq!(failing["extensions"]["cost"]["estimated"], 10, "beside errors too: {failing}");
}
