//! Operations that are made to hurt, each beside its nearest neighbour that is answered; and `@defer`, which is harmless.

use raccordo::operation::Limits;
use serde_json::{Value, json};

use crate::kit::Bench;

const SDL: &str = "
  type Query { a: A l(x: [Int], i: I): Int n: Node list: [A] }
  type Mutation { m: A }
  input I { i: I x: Int = 1 }
  interface Node { x: Int }
  type A implements Node { a: A x: Int list: [A] }
  type B implements Node { x: Int }
  type C implements Node { x: Int }";

fn bench(limits: Limits) -> Bench {
    let data = json!({ "Query": { "a": { "x": 1, "a": null }, "l": 1, "n": null, "list": [] }, "Mutation": { "m": { "x": 1 } } });
    Bench::with_limits(&[("a", SDL, data)], limits)
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

fn repeat(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

#[test]
fn root_fields_are_limited_on_both_sides() {
    let bench = bench(Limits { root_fields: 3, ..Limits::default() });
    assert_eq!(code(&bench.ask("{ p: l q: l ...f } fragment f on Query { r: l }")), "none");
    assert_eq!(
        code(&bench.ask("{ p: l q: l ...f } fragment f on Query { r: l s: l }")),
        "REQUEST_LIMIT_EXCEEDED"
    );
    assert_eq!(code(&bench.ask("{ ...f ...f } fragment f on Query { r: l s: l }")), "REQUEST_LIMIT_EXCEEDED");
    assert_eq!(code(&bench.ask("{ a { p: x q: x r: x s: x } }")), "none", "those below are no root fields");
}

#[test]
fn directives_are_limited_on_both_sides() {
    let bench = bench(Limits { directives: 3, ..Limits::default() });
    let skip = "@skip(if: false)";
    assert_eq!(
        code(&bench.ask(&format!("{{ a {skip} {{ ...f {skip} }} }} fragment f on A {{ x {skip} }}"))),
        "none"
    );
    for over in [
        format!("{{ a {skip} {{ ...f {skip} }} }} fragment f on A {{ x {skip} y: x {skip} }}"),
        format!("{{ a {{ ...f {skip} ...f {skip} }} }} fragment f on A {{ x {skip} }}"),
        "query @a @b @c @d { l }".to_owned(),
        "query($v: Int @a @b @c @d) { l }".to_owned(),
        "{ ... @a @b @c @d { l } }".to_owned(),
        "{ ...f } fragment f on Query @a @b @c @d { l }".to_owned(),
    ] {
        assert_eq!(code(&bench.ask(&over)), "REQUEST_LIMIT_EXCEEDED", "{over}");
    }
}

#[test]
fn abstract_types_count_for_each_type_that_they_may_be() {
    let bench = bench(Limits { selections: 10, ..Limits::default() });
    // `n` is one field, each of its selections three.
    assert_eq!(code(&bench.ask("{ n { p: x q: x r: x } }")), "none");
    assert_eq!(code(&bench.ask("{ n { p: x q: x r: x s: x } }")), "REQUEST_LIMIT_EXCEEDED");
    assert_eq!(code(&bench.ask("{ a { p: x q: x r: x s: x } }")), "none");
}

/// Validation looks at every fragment anew for each operation: a quarter of a million fields would be looked at here.
#[test]
fn what_validation_would_look_at_is_bounded_before_it_looks() {
    let bench = bench(Limits { tokens: 5_000, ..Limits::default() });
    let document = |operations: usize, fields: usize| {
        let fields = repeat(fields, |_| "l ".into());
        repeat(operations, |index| format!("query q{index} {{ ...f }} "))
            + &format!("fragment f on Query {{ {fields} }}")
    };
    // At most 20,000 fields: 40 operations with 499 and the spread.
    let ask = |text: &str| {
        let request = raccordo::request::Request {
            query: text.into(),
            operation_name: Some("q0".into()),
            ..Default::default()
        };
        bench.send(request).map_err(|refusal| refusal.errors[0].message.clone())
    };
    let near = ask(&document(40, 499)).unwrap_err();
    assert!(near.contains("root fields"), "{near}");
    let over = ask(&document(40, 500)).unwrap_err();
    assert!(over.contains("with their fragments, select more than 20000 fields"), "{over}");
}

#[test]
fn nesting_of_literals_types_and_fragments_is_bounded() {
    let bench = bench(Limits::default());
    // The document may be nested 224 deep: 20 fields times 8, and 64.
    for (head, open, middle, close, tail) in [
        ("{ l(x: ", "[", "1", "]", ") }"),
        ("{ l(i: ", "{ i: ", "null", "}", ") }"),
        ("query($v: ", "[", "Int", "]", ") { l }"),
        ("", "{ ... ", "{ l }", "}", ""),
    ] {
        let nested =
            |depth: usize| format!("{head}{}{middle}{}{tail}", open.repeat(depth), close.repeat(depth));
        assert!(!code(&bench.ask(&nested(100))).contains("LIMIT"), "{}", nested(100));
        for depth in [230, 6_000] {
            let over = bench.ask(&nested(depth));
            assert!(
                matches!(code(&over), "MAX_DEPTH_LIMIT" | "REQUEST_LIMIT_EXCEEDED"),
                "{depth} {head}: {over}"
            );
        }
        let unclosed = format!("{head}{}", open.repeat(6_000));
        assert!(code(&bench.ask(&unclosed)).contains("LIMIT"), "{head}");
    }
    // At the largest depth that can be configured the stack still holds.
    let deep = self::bench(Limits { depth: 40, ..Limits::default() });
    assert_eq!(
        code(&deep.ask(&format!("{{ l(i: {}null{}) }}", "{ i: ".repeat(380), "}".repeat(380)))),
        "none"
    );
    assert_eq!(code(&deep.ask(&format!("{}x{}", "{ a ".repeat(39) + "{", "}".repeat(40)))), "none");
    assert_eq!(
        code(&deep.ask(&format!("{}x{}", "{ a ".repeat(40) + "{", "}".repeat(41)))),
        "MAX_DEPTH_LIMIT"
    );
}

/// Every literal is compared with the others to share variables: by hash, not each with each.
#[test]
fn thousands_of_different_literals_are_lifted() {
    let bench = bench(Limits { root_fields: 10_000, aliases: 10_000, tokens: 60_000, ..Limits::default() });
    let text = format!("{{ {} }}", repeat(3_000, |index| format!("p{index}: l(x: [{index}]) ")));
    let answer = bench.ask(&text);
    assert_eq!(answer["data"].as_object().unwrap().len(), 3_000);
}

#[test]
fn introspection_that_multiplies_is_refused_and_the_usual_one_is_not() {
    let types = repeat(300, |index| format!("type T{index} implements Node {{ x: Int }} "));
    let sdl = format!("type Query {{ n: Node }} interface Node {{ x: Int }} {types}");
    let bench = Bench::new(&[("a", &sdl, Value::Null)]);
    let ask = |query: &str| bench.ask(query);
    let reference =
        "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
    let input = format!("name description defaultValue type {{ {reference} }}");
    let usual = format!(
        "{{ __schema {{ queryType {{ name }} mutationType {{ name }} types {{ kind name description specifiedByURL
           fields(includeDeprecated: true) {{ name description isDeprecated deprecationReason args {{ {input} }} type {{ {reference} }} }}
           inputFields {{ {input} }} interfaces {{ {reference} }} possibleTypes {{ {reference} }}
           enumValues {{ name description isDeprecated deprecationReason }} }}
           directives {{ name description locations args {{ {input} }} }} }} }}"
    );
    assert_eq!(code(&ask(&usual)), "none");
    assert_eq!(code(&ask("{ __schema { types { interfaces { name } } } }")), "none");
    for over in [
        // 300 types, each with an interface that 300 types have.
        "{ __schema { types { interfaces { possibleTypes { name } } } } }".to_owned(),
        format!(
            "query($n: String! = \"Node\") {{ {} }}",
            repeat(90, |index| format!(
                "n{index}: __type(name: $n) {{ possibleTypes {{ interfaces {{ name kind }} }} }} "
            ))
        ),
        format!("{{ {} }}", repeat(90, |index| format!("s{index}: __schema {{ types {{ ...f }} }} ")))
            + "fragment f on __Type { name kind fields { name type { name } } interfaces { name } }",
        format!("{{ __schema {{ {} }} }}", repeat(400, |index| format!("t{index}: types {{ name kind }} "))),
    ] {
        assert_eq!(code(&ask(&over)), "REQUEST_LIMIT_EXCEEDED", "{over}");
    }
    assert_eq!(
        code(&ask("{ __type(name: \"Node\") { possibleTypes { name interfaces { name } } } }")),
        "none"
    );
}

#[test]
fn what_is_deferred_or_streamed_comes_at_once() {
    let bench = bench(Limits::default());
    let whole = json!({ "data": { "a": { "x": 1 }, "list": [] } });
    for query in [
        "{ a { ... @defer { x } } list { x } }",
        "{ a { ...f @defer(label: \"dopo\") } list @stream(initialCount: 0, label: \"uno\") { x } } fragment f on A { x }",
        "query($on: Boolean! = true) { a { ... @defer(if: $on, label: \"l\") { x } } list @stream(if: $on) { x } }",
        "query($on: Boolean! = false) { ... @defer(if: $on) { a { x } list { x } } }",
        "{ ... @defer(label: null) { a { x } } list { x } }",
    ] {
        assert_eq!(bench.ask(query), whole, "{query}");
    }
    assert_eq!(bench.calls(), [("a", 5)].into());
    let told = bench.ask("{ __schema { directives { name locations args { name defaultValue } } } }");
    let told = told["data"]["__schema"]["directives"].as_array().unwrap();
    let defer = told.iter().find(|directive| directive["name"] == "defer").unwrap();
    assert_eq!(
        (&defer["locations"], &defer["args"]),
        (
            &json!(["FRAGMENT_SPREAD", "INLINE_FRAGMENT"]),
            &json!([{ "name": "if", "defaultValue": "true" }, { "name": "label", "defaultValue": null }])
        )
    );
    assert!(told.iter().any(|directive| directive["name"] == "stream"));
}

#[test]
fn what_is_deferred_wrongly_is_refused() {
    let bench = bench(Limits::default());
    for query in [
        "{ a @defer { x } }",
        "query @defer { a { x } }",
        "{ a { ... @defer(if: 1) { x } } }",
        "{ a { ... @defer(if: null) { x } } }",
        "{ a { ... @defer(label: 1) { x } } }",
        "{ a { ... @defer(when: true) { x } } }",
        "{ a { ... @defer @defer { x } } }",
        "query($l: String) { a { ... @defer(label: $l) { x } } }",
        "{ a { ... @defer(label: \"l\") { x } ... @defer(label: \"l\") { x } } }",
        "{ a { ... @defer(label: \"l\") { x } } list @stream(label: \"l\") { x } }",
        "{ list { ... @stream { x } } }",
        "{ a @stream { x } }",
        "{ list @stream(initialCount: \"1\") { x } }",
        "mutation { ... @defer { m { x } } }",
        "mutation { ... @defer(if: false) { m { x } } }",
        "mutation($on: Boolean!) { ...f @defer(if: $on) } fragment f on Mutation { m { x } }",
    ] {
        let refused = bench.ask(query);
        assert_eq!(code(&refused), "GRAPHQL_VALIDATION_FAILED", "{query}: {refused}");
        assert!(refused["errors"][0]["locations"][0]["line"] == 1, "{query}: {refused}");
    }
    let near = bench.ask("mutation { m { ... @defer { x } } }");
    assert_eq!(near, json!({ "data": { "m": { "x": 1 } } }), "below the root it may be");
    let named =
        bench.ask("{ a { ... @defer(label: \"RSSMRA\") { x } ... @defer(label: \"RSSMRA\") { x } } }");
    assert!(!named.to_string().contains("RSSMRA"), "{named}");
}

/// An answer is written up to its limit; over it nothing of it leaves, wherever the limit is met.
#[test]
fn answers_are_bounded() {
    let bench = |bytes| {
        let data = json!({ "Query": {
            "nomi": ["uno", "due", "tre"],
            "strade": [{ "nome": "Via A" }, { "nome": "Via B" }],
        } });
        let sdl = "type Query { nomi: [String] strade: [Strada] } type Strada { nome: String }";
        Bench::new(&[("a", sdl, data)]).with_answer_bytes(bytes)
    };
    for query in ["{ nomi }", "{ strade { nome } }", "{ strade { n: nome } nomi }"] {
        let whole = bench(1000).ask(query);
        let bytes = whole["data"].to_string().len();
        assert_eq!(bench(bytes).ask(query), whole, "{query}");
        for most in [bytes - 1, 20, 1] {
            let refused = bench(most).ask(query);
            assert_eq!(refused["data"], json!(null), "{query} {most}");
            assert_eq!(refused["errors"][0]["extensions"]["code"], "REQUEST_LIMIT_EXCEEDED");
            assert_eq!(refused["errors"].as_array().unwrap().len(), 1);
        }
    }
}
