//! Entities by key: one call a key, or one for many; joined by what records carry.

use raccordo_connector_api::{FailureKind, Limits};
use serde_json::{Value, json};

use crate::api::Api;

fn ids(prefix: &str, numbers: impl IntoIterator<Item = usize>) -> Vec<Value> {
    numbers.into_iter().map(|n| json!({ "id": format!("{prefix}-{n}") })).collect()
}

#[tokio::test]
async fn one_call_for_each_key_and_null_for_what_is_absent() {
    let api = Api::start(5).await;
    let reply = api.entities("Servizio", "__typename nome posti", &ids("s", [3, 9, 0])).await.unwrap();
    let of = |n: usize| json!({ "__typename": "Servizio", "nome": format!("Servizio {n}"), "posti": n });
    assert_eq!(reply, json!([of(3), null, of(0)]));
    assert_eq!(
        api.requests(),
        ["GET /hsds/services/s-0", "GET /hsds/services/s-3", "GET /hsds/services/s-9"]
    );
}

#[tokio::test]
async fn batches_hold_as_many_keys_as_they_may_and_join_by_key_not_by_position() {
    let api = Api::start(0).await;
    let fetch = api.ask().entities("Organizzazione", "nome", &ids("o", [1, 9, 2, 3])).unwrap();
    let name = |n: usize| json!({ "nome": format!("Ente o-{n}") });
    assert_eq!(api.reply(&fetch).await.unwrap(), json!([name(1), null, name(2), name(3)]));
    assert_eq!(
        api.requests(),
        ["GET /hsds/organizations?ids=o-1,o-9,o-2", "GET /hsds/organizations?ids=o-3"]
    );
    assert_eq!(fetch.meter.read().0, 2);
}

#[tokio::test]
async fn calls_are_the_keys_by_the_batch_rounded_up() {
    let api = Api::start(0).await;
    for (keys, calls) in [(0, 0), (1, 1), (3, 1), (4, 2), (50, 17), (5_000, 1_667)] {
        let fetch = api.ask().entities("Organizzazione", "nome", &ids("o", 10..10 + keys)).unwrap();
        let reply = api.reply(&fetch).await.unwrap();
        assert_eq!(reply.as_array().unwrap().len(), keys);
        assert_eq!(fetch.meter.read().0, calls);
        assert_eq!(api.requests().len() as u64, calls);
    }
}

#[tokio::test]
async fn a_key_alone_still_asks_whether_the_entity_is_there() {
    let api = Api::start(1).await;
    assert_eq!(
        api.entities("Servizio", "id", &ids("s", [0, 7])).await.unwrap(),
        json!([{ "id": "s-0" }, null])
    );
    assert_eq!(api.requests().len(), 2);
    // A stub has nothing to ask: others know whether it is there.
    let keys = [json!({ "id": "1", "cap": "43043" })];
    assert_eq!(
        api.entities("Quartiere", "__typename id cap", &keys).await.unwrap()[0]["cap"],
        json!("43043")
    );
    assert!(api.requests().is_empty());
}

#[tokio::test]
async fn records_of_other_keys_are_never_anybodys() {
    let api = Api::start(0).await;
    for id in ["stranger", "keyless", "two", "text"] {
        let failure = api.entities("Strano", "nome", &[json!({ "id": id })]).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Malformed, "{id}");
        let (of, _) = failure.coordinate.unwrap();
        assert_eq!(&*of, "Strano");
    }
    assert_eq!(api.entities("Strano", "nome", &[json!({ "id": "null" })]).await.unwrap(), json!([null]));
}

#[tokio::test]
async fn one_entity_lost_leaves_the_others() {
    let api = Api::start(2).await;
    let reply =
        api.entities("Strano", "nome", &[json!({ "id": "two" }), json!({ "id": "null" })]).await.unwrap();
    assert_eq!(reply, json!(["<Malformed Strano.id>", null]));
}

#[tokio::test]
async fn the_limit_of_rows_counts_all_calls_together() {
    let api = Api::start(5).await;
    let ask = |rows| {
        api.ask()
            .limits(Limits { rows, ..Limits::default() })
            .entities("Servizio", "nome", &ids("s", 0..5))
            .unwrap()
    };
    let good = api.reply(&ask(5)).await.unwrap();
    assert_eq!(good[4]["nome"], json!("Servizio 4"));
    let reply = api.reply(&ask(4)).await.unwrap();
    assert!(reply.as_array().unwrap().contains(&json!("<OverLimit>")), "{reply}");
}
