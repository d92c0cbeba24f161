//! Relations: the parents' distinct values, one call for each; or many parents in one call, joined by what records carry.

use raccordo_connector_api::Limits;
use serde_json::json;

use crate::api::Api;

#[tokio::test]
async fn parents_in_one_place_cost_one_call_a_page() {
    let api = Api::start(0).await;
    let keys: Vec<_> = (0..50)
        .map(|n| json!({ "id": format!("034006-{n:02}"), "cap": if n < 49 { "43043" } else { "43041" } }))
        .collect();
    let fetch = api.ask().entities("Quartiere", "id servizi { id }", &keys).unwrap();
    let reply = api.reply(&fetch).await.unwrap();
    let of = |cap: &str| json!([{ "id": format!("{cap}-0") }, { "id": format!("{cap}-1") }, { "id": format!("{cap}-2") }]);
    assert_eq!(reply[0], json!({ "id": "034006-00", "servizi": of("43043") }));
    assert_eq!(reply[48]["servizi"], of("43043"));
    assert_eq!(reply[49]["servizi"], of("43041"));
    let asked = |cap: &str, page: usize| format!("GET /hsds/near?postcode={cap}&page={page}&per_page=2");
    assert_eq!(api.requests(), [asked("43041", 1), asked("43041", 2), asked("43043", 1), asked("43043", 2)]);
    assert_eq!(fetch.meter.read().0, 4);
}

#[tokio::test]
async fn a_parent_without_the_value_asks_nothing() {
    let api = Api::start(0).await;
    let keys = [json!({ "id": "1", "cap": null }), json!({ "id": "2", "cap": "43043" })];
    let reply = api.entities("Quartiere", "servizi(first: 1) { id }", &keys).await.unwrap();
    assert_eq!(reply, json!([{ "servizi": [] }, { "servizi": [{ "id": "43043-0" }] }]));
    assert_eq!(api.requests(), ["GET /hsds/near?postcode=43043&page=1&per_page=1"]);
}

#[tokio::test]
async fn codici_fiscali_go_in_bodies_and_records_go_to_whom_they_name() {
    let api = Api::start(0).await;
    let codes = [(2, "RSSNNA80A02F205P"), (1, "RSSNNA80A01F205K"), (3, "RSSNNA80A03F205R")];
    let keys: Vec<_> = codes.iter().map(|(_, code)| json!({ "codiceFiscale": code })).collect();
    let reply = api.entities("Persona", "codiceFiscale visite { giorno }", &keys).await;
    let requests = api.requests();
    assert_eq!(requests.len(), 2);
    assert!(
        requests.iter().all(|request| request.starts_with("POST /hsds/visits {\"codes\":[\"RSSNNA80A0")),
        "{requests:?}"
    );
    let reply = reply.unwrap();
    let days =
        |n: usize| (0..n).map(|n| json!({ "giorno": format!("2026-01-0{}", n + 1) })).collect::<Vec<_>>();
    for (index, (n, code)) in codes.into_iter().enumerate() {
        assert_eq!(reply[index], json!({ "codiceFiscale": code, "visite": days(n) }));
    }
    let reply = api.entities("Persona", "visite(first: 1) { giorno }", &keys).await.unwrap();
    assert_eq!(reply, json!([{ "visite": days(1) }, { "visite": days(1) }, { "visite": days(1) }]));
}

#[tokio::test]
async fn relations_hang_below_records_too() {
    let api = Api::start(4).await;
    let reply = api
        .roots("servizi { nodes { id organizzazione { nome vicini { id organizzazione { id } } } } }")
        .await
        .unwrap();
    let nodes = reply["servizi"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4);
    for (n, node) in nodes.iter().enumerate() {
        let at = format!("o-{}", n % 2);
        let near: Vec<_> =
            (0..3).map(|n| json!({ "id": format!("{at}-{n}"), "organizzazione": null })).collect();
        assert_eq!(node["organizzazione"], json!({ "nome": format!("Ente {at}"), "vicini": near }));
    }
    // One page of services, two of the neighbours of each of two organisations.
    assert_eq!(api.requests().len(), 5);
}

#[tokio::test]
async fn aliases_of_one_question_are_asked_once() {
    let api = Api::start(0).await;
    let keys = [json!({ "id": "1", "cap": "43043" })];
    let reply = api.entities("Quartiere", "a: servizi { id } b: servizi { nome }", &keys).await.unwrap();
    assert_eq!(reply[0]["a"].as_array().unwrap().len(), 3);
    assert_eq!(reply[0]["b"][0], json!({ "nome": "qui" }));
    assert_eq!(api.requests().len(), 2);
}

#[tokio::test]
async fn a_relation_over_a_limit_costs_its_own_field() {
    let api = Api::start(0).await;
    let keys = [json!({ "id": "1", "cap": "43043" })];
    let ask = |pages| {
        let ask = api.ask().limits(Limits { pages, ..Limits::default() });
        ask.entities("Quartiere", "id servizi { id }", &keys).unwrap()
    };
    assert_eq!(api.reply(&ask(2)).await.unwrap()[0]["servizi"].as_array().unwrap().len(), 3);
    let lost = json!([{ "id": "1", "servizi": "<OverLimit Quartiere.servizi>" }]);
    assert_eq!(api.reply(&ask(1)).await.unwrap(), lost);
}
