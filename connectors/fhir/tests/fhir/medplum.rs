//! A FHIR server that this project did not write: Medplum's router over its own search.

use std::num::NonZeroU32;

use raccordo_connector_api::FailureKind;
use raccordo_connector_api::conformance::{Ask, render};
use raccordo_tests::real::{FhirOptions, FhirServer};
use serde_json::{Value, json};

use crate::kit::{BIANCHI, ROSSI, SDL, VERDI, connect, mapping, people};

fn bundle() -> Value {
    let mut resources = people();
    // Medplum checks what it is given: an episode's patient, a plan's intent.
    for resource in &mut resources {
        if resource["resourceType"] == "CarePlan" {
            resource["intent"] = json!("plan");
        }
    }
    // Token search is case-sensitive here, as the standard leaves it: codes are stored in their canonical form.
    resources[1]["identifier"][1]["value"] = json!(VERDI);
    let entry: Vec<Value> = resources.into_iter().map(|resource| json!({ "resource": resource })).collect();
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entry })
}

#[tokio::test]
async fn medplum_may_answer_whole_resources() {
    let options = FhirOptions { ignores_elements: true, ..FhirOptions::default() };
    let server = FhirServer::start_with(&bundle(), options).unwrap();
    let mapping = mapping(SDL);
    let connector = connect(&mapping, server.url());
    let fetch = Ask::new(&mapping).entities(
        "Persona",
        "cognome episodi { id }",
        &[json!({ "codiceFiscale": VERDI })],
    );
    let fetch = fetch.unwrap();
    let reply = connector.fetch(&fetch).await.unwrap();
    assert_eq!(render(&fetch, &reply), json!([{ "cognome": "Verdi", "episodi": [{ "id": "e3" }] }]));
}

#[tokio::test]
async fn medplum_answers_entities_relations_pages_and_counts() {
    let options = FhirOptions { page_size: NonZeroU32::new(2).unwrap(), ..FhirOptions::default() };
    let mut server = FhirServer::start_with(&bundle(), options).unwrap();
    let mapping = mapping(SDL);
    let connector = connect(&mapping, server.url());
    connector.probe().await.unwrap();
    let ask = Ask::new(&mapping);
    let keys: Vec<Value> = [BIANCHI, "MSSMRA80A01Z999I", ROSSI, VERDI]
        .iter()
        .map(|code| json!({ "codiceFiscale": code }))
        .collect();
    let fetch = ask
        .entities(
            "Persona",
            "codiceFiscale cognome episodi(stato: ATTIVO) { id dal } piani { titolo }",
            &keys,
        )
        .unwrap();
    server.take_requests().unwrap();
    let reply = connector.fetch(&fetch).await.unwrap();
    assert_eq!(
        render(&fetch, &reply),
        json!([
            { "codiceFiscale": BIANCHI, "cognome": "Bianchi", "episodi": [], "piani": [] },
            null,
            { "codiceFiscale": ROSSI, "cognome": "Rossi", "episodi": [{ "id": "e1", "dal": "2026-01-01" }], "piani": [{ "titolo": "PAI" }] },
            { "codiceFiscale": VERDI, "cognome": "Verdi", "episodi": [{ "id": "e3", "dal": "2026-02-01" }], "piani": [] },
        ])
    );
    let requests = server.take_requests().unwrap();
    // Two batches of keys, two of episodes' patients, one of plans'.
    assert_eq!(requests.len(), 5);
    assert!(requests.iter().all(|request| !request.url.contains("Z999")), "no key in a URL");

    let text = "episodi(first: 3) { nodes { id } edges { cursor } pageInfo { hasNextPage } }";
    let fetch = ask.roots(text).unwrap();
    let reply = connector.fetch(&fetch).await.unwrap();
    let page = render(&fetch, &reply);
    assert_eq!(page["episodi"]["pageInfo"]["hasNextPage"], json!(true));
    let cursor = page["episodi"]["edges"][2]["cursor"].as_str().unwrap();
    let fetch = ask
        .roots(&format!(
            "episodi(first: 3, after: \"{cursor}\") {{ nodes {{ id }} pageInfo {{ hasNextPage }} }}"
        ))
        .unwrap();
    let reply = connector.fetch(&fetch).await.unwrap();
    let rest = render(&fetch, &reply);
    assert_eq!(
        (rest["episodi"]["nodes"].as_array().unwrap().len(), &rest["episodi"]["pageInfo"]["hasNextPage"]),
        (1, &json!(false))
    );
    let fetch = ask.roots("episodi(first: 0, stato: [FINITO]) { pageInfo { hasNextPage } }").unwrap();
    let reply = connector.fetch(&fetch).await.unwrap();
    assert_eq!(render(&fetch, &reply), json!({ "episodi": { "pageInfo": { "hasNextPage": true } } }));

    server.stop();
    let failure = connector.fetch(&fetch).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
}
