//! Refusals and limits, each on both sides; introspection; the trail.

use std::sync::atomic::Ordering;

use raccordo::operation::Limits;
use serde_json::{Value, json};

use crate::kit::Bench;

const SDL: &str = "type Query { a: A n(x: Int!): Int } type A { a: A x: Int }";

fn bench(limits: Limits) -> Bench {
    Bench::with_limits(&[("a", SDL, json!({ "Query": { "a": { "a": null, "x": 1 }, "n": 1 } }))], limits)
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

#[test]
fn depth_is_limited_on_both_sides() {
    let bench = bench(Limits { depth: 4, ..Limits::default() });
    assert_eq!(code(&bench.ask("{ a { a { a { x } } } }")), "none");
    assert_eq!(code(&bench.ask("{ a { a { a { a { x } } } } }")), "MAX_DEPTH_LIMIT");
    assert_eq!(
        code(&bench.ask("{ ...f } fragment f on Query { a { a { a { a { x } } } } }")),
        "MAX_DEPTH_LIMIT"
    );
}

#[test]
fn aliases_are_limited_on_both_sides() {
    let bench = bench(Limits { aliases: 3, ..Limits::default() });
    assert_eq!(code(&bench.ask("{ a { p: x q: x r: x } }")), "none");
    assert_eq!(code(&bench.ask("{ a { p: x q: x r: x s: x } }")), "MAX_ALIASES_LIMIT");
    assert_eq!(
        code(&bench.ask("{ a { ...f } b: a { ...f } } fragment f on A { p: x q: x }")),
        "MAX_ALIASES_LIMIT"
    );
}

#[test]
fn tokens_are_limited_on_both_sides() {
    // White space counts, as the parser counts it: `{a{x}}` has six tokens, and the end of the text is one.
    let bench = bench(Limits { tokens: 7, ..Limits::default() });
    assert_eq!(code(&bench.ask("{a{x}}")), "none");
    assert_eq!(code(&bench.ask("{a{x }}")), "REQUEST_LIMIT_EXCEEDED");
}

#[test]
fn doubling_fragments_are_counted_before_they_are_expanded() {
    let bench = bench(Limits { selections: 1_000, ..Limits::default() });
    let doubling = |steps: usize| {
        let mut text = "{ a { ...f0 } }".to_owned();
        for step in 0..steps {
            text += &format!(" fragment f{step} on A {{ ...f{0} ...f{0} }}", step + 1);
        }
        text + &format!(" fragment f{steps} on A {{ x }}")
    };
    assert_eq!(code(&bench.ask(&doubling(8))), "none");
    assert_eq!(code(&bench.ask(&doubling(30))), "REQUEST_LIMIT_EXCEEDED");
}

#[test]
fn fragments_that_spread_themselves_are_refused() {
    let bench = bench(Limits::default());
    assert_eq!(
        code(&bench.ask("{ a { ...f } } fragment f on A { a { ...f } }")),
        "GRAPHQL_VALIDATION_FAILED"
    );
}

#[test]
fn mistakes_have_their_codes() {
    let bench = bench(Limits::default());
    for (query, expected) in [
        ("{ a {", "GRAPHQL_PARSE_FAILED"),
        ("{ boh }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ n(x: \"tre\") }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { n(x: 1) } query B { n(x: 1) }", "OPERATION_RESOLUTION_FAILURE"),
        ("fragment f on Query { n(x: 1) }", "OPERATION_RESOLUTION_FAILURE"),
        ("query($x: Int!) { n(x: $x) }", "BAD_USER_INPUT"),
    ] {
        assert_eq!(code(&bench.ask(query)), expected, "{query}");
    }
    let answer = bench.ask("{ a { boh } }");
    let places: Vec<&Value> =
        answer["errors"].as_array().unwrap().iter().map(|error| &error["locations"][0]).collect();
    assert!(places.contains(&&json!({ "line": 1, "column": 7 })), "{answer}");
}

#[test]
fn introspection_and_meta_fields_need_no_source() {
    let bench = bench(Limits::default());
    let answer = bench.ask("{ __typename t: __type(name: \"A\") { name } __schema { queryType { name } } }");
    assert_eq!(
        answer,
        json!({ "data": { "__typename": "Query", "t": { "name": "A" }, "__schema": { "queryType": { "name": "Query" } } } })
    );
    assert!(bench.calls().is_empty());
    let mixed = bench.ask("{ a { x } __schema { queryType { name } } }");
    assert_eq!(mixed["data"]["a"]["x"], 1);
    assert_eq!(mixed["data"]["__schema"]["queryType"]["name"], "Query");
    assert_eq!(bench.calls(), [("a", 1)].into());
}

#[test]
fn without_a_trail_there_is_no_answer() {
    let bench = bench(Limits::default());
    bench.trail.broken.store(true, Ordering::Relaxed);
    let answer = bench.ask("{ a { x } }");
    assert_eq!(code(&answer), "INTERNAL_SERVER_ERROR");
    assert_eq!(answer.get("data"), None);
    assert_eq!(answer["errors"][0]["extensions"]["fault"], "trace");
}

#[test]
fn refusals_are_in_the_trail_too() {
    let bench = bench(Limits::default());
    bench.ask("{ boh }");
    let records = bench.trail.records.lock().unwrap();
    assert!(records[0].refused && records[0].operation.is_none());
    assert_eq!(records[0].codes, ["GRAPHQL_VALIDATION_FAILED"]);
}

#[test]
fn a_request_whose_caller_went_away_has_its_record() {
    let bench = bench(Limits::default());
    let request =
        raccordo::request::Request { query: "{ a { x } }".into(), may_write: true, ..Default::default() };
    let caller = raccordo_policy::Caller::anonymous();
    let trace = "trace".into();
    let answering = bench.gateway.answer(&caller, &trace, &request);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut answering = Box::pin(answering);
        assert!(futures::poll!(&mut answering).is_pending(), "planning is on another thread");
    });
    let records = bench.trail.records.lock().unwrap();
    assert!(records[0].abandoned && !records[0].refused);
}

#[test]
fn a_refusal_repeats_no_text_of_the_document_but_names() {
    let bench = bench(Limits::default());
    for query in [
        "{ a { x } \"RSSMRA80A01H501U\" }",
        "{ a(x: [\"RSSMRA80A01H501U\" }",
        "{ a(id: \"RSSMRA80A01H501U\") { x } }",
        "query($x: Int = \"RSSMRA80A01H501U\") { a { x } }",
        "query { a { x @skip(if: \"RSSMRA80A01H501U\") } }",
        "{ a { x } \"RSSMRA80A01H501U",
        "{ a { x } } \"\"\"RSSMRA80A01H501U\"\"\"",
    ] {
        let answer = bench.ask(query);
        assert!(answer["errors"][0]["message"].is_string(), "{query}");
        assert!(!answer.to_string().contains("RSSMRA"), "{answer}");
    }
}
