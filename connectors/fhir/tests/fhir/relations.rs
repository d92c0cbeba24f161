//! Relations by reference: two steps, batches of parents, filters, `first` for each parent.

use raccordo_connector_api::FailureKind;
use serde_json::json;

use crate::kit::{BIANCHI, Manners, ROSSI, VERDI, asking, asking_of, episode, people};

#[tokio::test]
async fn a_relation_is_one_step_more_in_batches_of_the_parents_that_were_found() {
    let asking = asking_of(people(), Manners::Good, 9).await;
    let codes = [ROSSI, VERDI, BIANCHI, "MSSMRA80A01Z999I"];
    let reply = asking.people(&codes, "episodi { id stato }").await.unwrap();
    assert_eq!(
        reply,
        json!([
            { "episodi": [{ "id": "e1", "stato": "ATTIVO" }, { "id": "e2", "stato": "FINITO" }] },
            { "episodi": [{ "id": "e3", "stato": "ATTIVO" }] },
            { "episodi": [{ "id": "e4", "stato": "ALTRO" }] },
            null,
        ])
    );
    let received = asking.server.received_sorted();
    let what: Vec<String> = received.iter().map(|request| request.what()).collect();
    let [patients, episodes] = ["POST Patient/_search", "POST EpisodeOfCare/_search"];
    assert_eq!(what, [patients, patients, episodes, episodes]);
    assert_eq!(received[0].param("_elements"), Some("id,identifier"));
    assert_eq!(received[2].param("patient"), Some("Patient/p1,Patient/p2"));
    assert_eq!(received[3].param("patient"), Some("Patient/p3"));
    assert_eq!(received[2].param("_elements"), Some("id,patient,status"));
}

#[tokio::test]
async fn references_may_be_absolute_versioned_or_bare() {
    for manners in [Manners::AbsoluteReferences, Manners::BareReferences] {
        let asking = asking(manners).await;
        let reply = asking.people(&[VERDI], "episodi { id }").await.unwrap();
        assert_eq!(reply, json!([{ "episodi": [{ "id": "e3" }] }]), "{manners:?}");
    }
}

#[tokio::test]
async fn arguments_filter_and_conditions_always_hold() {
    let asking = asking(Manners::Good).await;
    let text = "attivi: episodi(stato: ATTIVO) { id } finiti: episodi(stato: FINITO) { id } tutti: episodi(stato: null) { id } piani { titolo }";
    let reply = asking.people(&[ROSSI], text).await.unwrap();
    assert_eq!(
        reply,
        json!([{ "attivi": [{ "id": "e1" }], "finiti": [{ "id": "e2" }], "tutti": [{ "id": "e1" }, { "id": "e2" }],
            "piani": [{ "titolo": "PAI" }] }])
    );
    let received = asking.server.received_sorted();
    let status = |at: usize| received[at].param("status");
    assert_eq!(
        (status(1), status(2), status(3), status(4)),
        (Some("active"), None, Some("active,onhold"), Some("finished"))
    );
    assert_eq!(received[1].param("_elements"), Some("id,subject,title"));
}

#[tokio::test]
async fn first_is_of_each_parent() {
    let asking = asking_of(people(), Manners::Good, 1).await;
    let reply = asking.people(&[ROSSI, VERDI], "episodi(first: 1) { id }").await.unwrap();
    assert_eq!(reply, json!([{ "episodi": [{ "id": "e1" }] }, { "episodi": [{ "id": "e3" }] }]));
    assert_eq!(
        asking.people(&[ROSSI], "episodi(first: -1) { id }").await.unwrap(),
        json!([{ "episodi": "<BadInput Persona.episodi>" }])
    );
}

#[tokio::test]
async fn a_single_record_is_one_or_none_never_a_choice() {
    let mut resources = people();
    resources.push(json!({ "resourceType": "CarePlan", "id": "c2", "status": "revoked", "title": "Vecchio", "subject": { "reference": "Patient/p2" } }));
    resources.push(json!({ "resourceType": "CarePlan", "id": "c3", "status": "active", "title": "Nuovo", "subject": { "reference": "Patient/p2" } }));
    let asking = asking_of(resources, Manners::Good, 9).await;
    let reply = asking.people(&[ROSSI, VERDI, BIANCHI], "cognome piano { titolo }").await.unwrap();
    assert_eq!(
        reply,
        json!([
            { "cognome": "Rossi", "piano": { "titolo": "PAI" } },
            { "cognome": "Verdi", "piano": "<Malformed Persona.piano>" },
            { "cognome": "Bianchi", "piano": null },
        ])
    );
}

#[tokio::test]
async fn a_relation_that_fails_costs_itself() {
    let mut resources = people();
    resources.push(episode("e9", "p1", "active", "2026-01-01"));
    resources[8]["resourceType"] = json!("EpisodeOfCare");
    resources[8]["id"] = json!("non valido!");
    let asking = asking_of(resources, Manners::Good, 9).await;
    let reply = asking.people(&[ROSSI], "cognome episodi { id } piani { id }").await.unwrap();
    assert_eq!(
        reply,
        json!([{ "cognome": "Rossi", "episodi": "<Malformed Persona.episodi>", "piani": [{ "id": "c1" }] }])
    );
}

#[tokio::test]
async fn no_parents_are_no_call() {
    let asking = asking(Manners::Good).await;
    assert_eq!(asking.people(&["MSSMRA80A01Z999I"], "episodi { id }").await.unwrap(), json!([null]));
    assert_eq!(asking.calls(), ["POST Patient/_search"]);
}

#[tokio::test]
async fn the_limit_of_rows_holds_over_all_calls() {
    let mut asking = asking_of(people(), Manners::Good, 9).await;
    let limits = |rows| raccordo_connector_api::Limits { rows, ..Default::default() };
    asking.ask = asking.ask.limits(limits(2));
    assert_eq!(asking.people(&[ROSSI, VERDI, BIANCHI], "cognome").await, Err(FailureKind::OverLimit));
    asking.ask = asking.ask.limits(limits(3));
    assert!(asking.people(&[ROSSI, VERDI, BIANCHI], "cognome").await.is_ok());
    assert_eq!(
        asking.people(&[ROSSI], "cognome episodi { id } piani { id }").await.unwrap()[0]["piani"],
        json!("<OverLimit Persona.piani>")
    );
}
