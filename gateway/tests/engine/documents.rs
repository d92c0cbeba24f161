//! Registered operations and documents that are named by their digest: which text is meant, what is refused, what is kept, what the
//! trail calls it.

use raccordo::graph::Graph;
use raccordo::operation::{Documents, Limits, Settings};
use raccordo::request::{Reference, Refusal, Request};
use raccordo_config::{Operations, Registered, RegisteredOperation};
use raccordo_schema::{Diagnostic, Location};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::kit::{Bench, LINK};

const SDL: &str = "type Query { n(x: Int, s: String): Int } type Mutation { m: Int }";
const NAMED: &str = "query Numero($x: Int) { n(x: $x) }";

fn operations(registered: Registered, documents: &[(&str, &str)]) -> Operations {
    let document = |(id, text): &(&str, &str)| RegisteredOperation {
        id: (*id).into(),
        name: (*id == "senza").then(|| "SenzaNome".into()),
        text: (*text).into(),
        at: Location { file: "m.json".into(), line: 3, column: 5 },
    };
    let documents = documents.iter().map(document).collect();
    Operations { registered, documents, apq_bytes: Some(64 * 1024) }
}

fn read(graph: &Graph, operations: &Operations) -> Result<Documents, Vec<Diagnostic>> {
    Documents::read(graph, &Limits::default(), operations)
}

fn bench(operations: &Operations) -> Bench {
    let data = json!({ "Query": { "n": 1 }, "Mutation": { "m": 2 } });
    Bench::reading(LINK, &[("a", SDL, data)], |graph| Settings {
        documents: read(graph, operations).unwrap(),
        ..Limits::default().into()
    })
}

fn usual(registered: Registered) -> Bench {
    bench(&operations(registered, &[("numero", NAMED), ("senza", "{ n }"), ("scrive", "mutation { m }")]))
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Asks with a text, a reference, or both.
fn ask(bench: &Bench, query: &str, reference: Option<Reference>) -> Result<Value, String> {
    let request = Request { query: query.into(), reference, may_write: true, ..Request::default() };
    told(bench.send(request))
}

fn told(answer: Result<Value, Refusal>) -> Result<Value, String> {
    answer.map(|answer| answer["data"].clone()).map_err(|refusal| refusal.code().name.to_owned())
}

fn id(id: &str) -> Option<Reference> {
    Some(Reference::Id(id.into()))
}

fn sha(text: &str) -> Option<Reference> {
    Some(Reference::Digest(digest(text)))
}

#[test]
fn a_registered_operation_is_asked_for_by_its_id_or_its_digest() {
    let bench = usual(Registered::Allow);
    let whole = Ok(json!({ "n": 1 }));
    for reference in [
        id("numero"),
        Some(Reference::Digest("numero".into())),
        sha(NAMED),
        id(&format!("sha256:{}", digest(NAMED))),
    ] {
        assert_eq!(ask(&bench, "", reference), whole);
    }
    assert_eq!(ask(&bench, "{ n }", None), whole, "others are answered too");
    assert_eq!(ask(&bench, "", id("altro")), Err("PERSISTED_QUERY_NOT_FOUND".into()));
    assert_eq!(ask(&bench, "", sha("{ altro }")), Err("PERSISTED_QUERY_NOT_FOUND".into()));
}

#[test]
fn where_registration_is_required_nothing_else_is_answered() {
    let bench = usual(Registered::Required);
    let whole = Ok(json!({ "n": 1 }));
    for (query, reference) in
        [("", id("numero")), ("", sha(NAMED)), (NAMED, None), (NAMED, sha(NAMED)), ("{ n }", None)]
    {
        assert_eq!(ask(&bench, query, reference), whole, "{query}");
    }
    let near = [
        ("query Numero($x: Int) {  n(x: $x) }", None),
        ("{ __typename }", None),
        ("{ __schema { queryType { name } } }", None),
        ("", id("altro")),
        ("", sha("{ n(x: 1) }")),
        ("{ n(x: 1) }", sha("{ n(x: 1) }")),
        ("{ n(x: 1) }", Some(Reference::Digest("numero".into()))),
    ];
    for (query, reference) in near {
        assert_eq!(ask(&bench, query, reference), Err("OPERATION_NOT_REGISTERED".into()), "{query}");
    }
    assert_eq!(bench.calls(), [("a", 5)].into());
}

#[test]
fn the_trail_names_registered_operations_and_no_others() {
    let bench = usual(Registered::Allow);
    let named = |query: &str, reference| {
        ask(&bench, query, reference).unwrap();
        bench.trail.records.lock().unwrap().pop().unwrap().name
    };
    assert_eq!(named("", id("numero")).as_deref(), Some("Numero"));
    assert_eq!(
        named("", id("senza")).as_deref(),
        Some("SenzaNome"),
        "the manifest's name, where the operation has none"
    );
    assert_eq!(named("", id("scrive")), None);
    assert_eq!(named("query RSSMRA { n }", None), None, "a name of the client's is not recorded");
    assert_eq!(named("query RSSMRA { n }", sha("query RSSMRA { n }")), None);
    assert_eq!(named("", sha("query RSSMRA { n }")), None);
}

#[test]
fn a_registered_mutation_is_not_run_by_get() {
    let bench = usual(Registered::Required);
    let request = |may_write| Request { reference: id("scrive"), may_write, ..Request::default() };
    assert_eq!(told(bench.send(request(false))), Err("OPERATION_RESOLUTION_FAILURE".into()));
    assert_eq!(told(bench.send(request(true))), Ok(json!({ "m": 2 })));
}

#[test]
fn a_document_that_was_sent_can_be_named_by_its_digest() {
    let bench = usual(Registered::Allow);
    let text = "query($x: Int) { n(x: $x) }";
    assert_eq!(ask(&bench, "", sha(text)), Err("PERSISTED_QUERY_NOT_FOUND".into()));
    assert_eq!(ask(&bench, text, None), Ok(json!({ "n": 1 })));
    assert_eq!(
        ask(&bench, "", sha(text)),
        Err("PERSISTED_QUERY_NOT_FOUND".into()),
        "only with its digest is it kept"
    );
    assert_eq!(ask(&bench, text, sha(text)), Ok(json!({ "n": 1 })));
    assert_eq!(ask(&bench, "", sha(text)), Ok(json!({ "n": 1 })));
    let upper = Some(Reference::Digest(digest(text).to_uppercase()));
    assert_eq!(ask(&bench, "", upper), Ok(json!({ "n": 1 })));
    for other in [digest("{ n }"), "00".to_owned(), digest(text)[1..].to_owned()] {
        let reference = Some(Reference::Digest(other));
        assert_eq!(ask(&bench, text, reference), Err("BAD_USER_INPUT".into()));
    }
}

/// Who reads the store learns of no person, and nobody fills it with what can't be asked.
#[test]
fn what_holds_values_or_is_wrong_is_not_kept() {
    let bench = usual(Registered::Allow);
    for (text, answer) in [
        ("{ n(s: \"RSSMRA80A01H501U\") }", Ok(json!({ "n": 1 }))),
        ("{ n(x: 123456789) }", Ok(json!({ "n": 1 }))),
        ("{ boh }", Err("GRAPHQL_VALIDATION_FAILED".to_owned())),
        ("{ n", Err("GRAPHQL_PARSE_FAILED".to_owned())),
    ] {
        assert_eq!(ask(&bench, text, sha(text)), answer);
        assert_eq!(ask(&bench, "", sha(text)), Err("PERSISTED_QUERY_NOT_FOUND".into()), "{text}");
    }
    let near = "{ n(x: 12345678) }";
    assert_eq!(ask(&bench, near, sha(near)), Ok(json!({ "n": 1 })));
    assert_eq!(ask(&bench, "", sha(near)), Ok(json!({ "n": 1 })));
}

#[test]
fn what_is_kept_is_bounded() {
    let bench = usual(Registered::Allow);
    let text =
        |index: usize| format!("{{ {} }}", (0..20).map(|n| format!("f{index}_{n}: n ")).collect::<String>());
    // 2,000 documents of some 300 bytes are ten times what may be kept.
    for index in 0..2_000 {
        assert!(ask(&bench, &text(index), sha(&text(index))).is_ok());
    }
    let kept = (0..2_000).filter(|index| ask(&bench, "", sha(&text(*index))).is_ok()).count();
    assert!((1..1_000).contains(&kept), "{kept} are kept");
}

#[test]
fn without_automatic_persisted_queries_clients_are_told_to_stop_trying() {
    let bench = bench(&Operations { apq_bytes: None, ..operations(Registered::Allow, &[("numero", NAMED)]) });
    let request = Request { reference: sha("{ n }"), ..Request::default() };
    let refusal = bench.send(request).unwrap_err();
    assert_eq!(
        (refusal.code().name, refusal.errors[0].message.as_str()),
        ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotSupported")
    );
    assert_eq!(ask(&bench, "{ n }", sha("{ n }")), Ok(json!({ "n": 1 })), "with the document it is answered");
    assert_eq!(ask(&bench, "", id("numero")), Ok(json!({ "n": 1 })));
}

#[test]
fn every_mistake_in_registered_operations_is_told_at_once() {
    let operations = operations(
        Registered::Allow,
        &[
            ("buona", "{ n }"),
            ("sintassi", "{ n"),
            ("campo", "query A { boh } query B { n(y: 1) }"),
            ("profonda", &format!("{{ ...f }} fragment f on Query {{ {} }}", "n ".repeat(101))),
            ("vuota", "fragment f on Query { n }"),
        ],
    );
    let told = std::cell::RefCell::new(Vec::new());
    let _bench = Bench::reading(LINK, &[("a", SDL, Value::Null)], |graph| {
        told.replace(read(graph, &operations).err().unwrap());
        Limits::default().into()
    });
    let told: Vec<String> = told.take().iter().map(ToString::to_string).collect();
    let about = |name: &str| told.iter().filter(|told| told.contains(&format!("`{name}`"))).count();
    assert_eq!(["buona", "sintassi", "campo", "profonda", "vuota"].map(about), [0, 1, 2, 1, 1], "{told:#?}");
    assert!(told.iter().all(|told| told.contains("m.json:3:5")), "{told:#?}");
    assert!(told.iter().any(|told| told.contains("line 1, column 11")), "{told:#?}");
}
