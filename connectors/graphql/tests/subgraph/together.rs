//! Questions that go together: one call, one document, an outcome for each.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use raccordo_connector_api::{Connector, Failure, FailureKind, Fetch, Limits, Reply};
use serde_json::{Value, json};

use crate::support::{FERMATA, LINEA, connect, entities, rows, selection, serve, text};

/// A subgraph that answers everything with this, and the bodies it got.
async fn answering(answer: Value) -> (Arc<dyn Connector>, Arc<Mutex<Vec<Value>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    let handle = move |body: String| async move {
        kept.lock().unwrap().push(serde_json::from_str(&body).unwrap());
        ([("content-type", "application/json")], answer.to_string())
    };
    (connect(&serve(Router::new().route("/graphql", post(handle))).await), asked)
}

fn two() -> Vec<Fetch> {
    let of = |type_id, name: &str, rows: &[(u32, &str)]| {
        entities(selection(name, Some(type_id), 1, vec![text("nome", 0)]), rows)
    };
    vec![of(FERMATA, "Fermata", &[(FERMATA, "f1"), (FERMATA, "f2")]), of(LINEA, "Linea", &[(LINEA, "l1")])]
}

async fn ask(answer: Value, fetches: &[Fetch]) -> (Vec<Result<Reply, Failure>>, Vec<Value>) {
    let (connector, asked) = answering(answer).await;
    let outcomes = connector.fetch_together(fetches).await;
    let asked = asked.lock().unwrap().clone();
    (outcomes, asked)
}

fn told(fetches: &[Fetch], outcomes: &[Result<Reply, Failure>]) -> Vec<Value> {
    let one = |(fetch, outcome): (&Fetch, &Result<Reply, Failure>)| match outcome {
        Ok(reply) => rows(fetch, reply),
        Err(failure) => json!(format!("{:?}", failure.kind)),
    };
    fetches.iter().zip(outcomes).map(one).collect()
}

#[tokio::test]
async fn two_questions_are_one_call_with_a_lookup_each() {
    let fetches = two();
    let answer = json!({ "data": { "_1": [{ "nome": "L" }], "_0": [{ "nome": "A" }, null] } });
    let (outcomes, asked) = ask(answer, &fetches).await;
    assert_eq!(told(&fetches, &outcomes), [json!([{ "nome": "A" }, null]), json!([{ "nome": "L" }])]);
    assert_eq!(
        asked,
        [json!({
            "query": "query($r0:[_Any!]!,$r1:[_Any!]!){_0:_entities(representations:$r0){...on Fermata{nome}}_1:_entities(representations:$r1){...on Linea{nome}}}",
            "variables": {
                "r0": [{ "__typename": "Fermata", "id": "f1" }, { "__typename": "Fermata", "id": "f2" }],
                "r1": [{ "__typename": "Linea", "id": "l1" }],
            },
        })]
    );
    let calls: u64 = fetches.iter().map(|fetch| fetch.meter.read().0).sum();
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn an_error_belongs_to_its_own_question() {
    let fetches = two();
    let answer = json!({
        "data": { "_0": [{ "nome": null }, { "nome": null }], "_1": [{ "nome": null }] },
        "errors": [{ "message": "segreto", "path": ["_0", 1, "nome"] }],
    });
    let expected = [json!([{ "nome": null }, { "nome": "[lost]" }]), json!([{ "nome": null }])];
    assert_eq!(told(&fetches, &ask(answer, &fetches).await.0), expected);

    let answer = json!({
        "data": { "_0": [{ "nome": "A" }, { "nome": "B" }], "_1": null },
        "errors": [{ "message": "segreto", "path": ["_1"] }],
    });
    let expected = [json!([{ "nome": "A" }, { "nome": "B" }]), json!("Refused")];
    assert_eq!(told(&fetches, &ask(answer, &fetches).await.0), expected);
}

#[tokio::test]
async fn another_number_of_entities_loses_its_own_question() {
    let fetches = two();
    let answer = json!({ "data": { "_0": [{ "nome": "A" }], "_1": [{ "nome": "L" }] } });
    let expected = [json!("Malformed"), json!([{ "nome": "L" }])];
    assert_eq!(told(&fetches, &ask(answer, &fetches).await.0), expected);
    let answer = json!({ "data": { "_1": [{ "nome": "L" }] } });
    let expected = [json!("Malformed"), json!([{ "nome": "L" }])];
    assert_eq!(told(&fetches, &ask(answer, &fetches).await.0), expected);
}

#[tokio::test]
async fn what_is_wrong_with_the_whole_is_wrong_with_each() {
    let fetches = two();
    for (answer, kind) in [
        (json!({ "errors": [{ "message": "segreto" }] }), FailureKind::Refused),
        (json!({ "data": null }), FailureKind::Malformed),
        (json!([]), FailureKind::Malformed),
    ] {
        let (outcomes, _) = ask(answer, &fetches).await;
        let kinds: Vec<FailureKind> = outcomes.into_iter().map(|outcome| outcome.unwrap_err().kind).collect();
        assert_eq!(kinds, [kind, kind]);
    }
}

#[tokio::test]
async fn a_question_with_too_many_keys_is_not_sent_with_the_others() {
    let mut fetches = two();
    for fetch in &mut fetches {
        fetch.limits = Limits { rows: 1, ..fetch.limits };
    }
    let (outcomes, asked) =
        ask(json!({ "data": { "_entities": [], "_0": [{ "nome": "L" }] } }), &fetches).await;
    assert_eq!(told(&fetches, &outcomes)[0], json!("OverLimit"));
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].to_string().contains("f1"), "{}", asked[0]);
}
