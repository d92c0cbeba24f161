//! Servers that misbehave: each outcome is told apart, nothing is attributed to anybody by mistake, and no error holds a value.

use std::time::Duration;

use raccordo_connector_api::FailureKind::{self, Malformed, OverLimit, Refused, TimedOut, Unreachable};
use raccordo_connector_api::Limits;
use serde_json::json;

use crate::kit::{Manners, ROSSI, SDL, VERDI, asking, asking_of, assert_discreet, connect, mapping, people};

async fn of_people(manners: Manners) -> Result<serde_json::Value, FailureKind> {
    asking(manners).await.people(&[ROSSI, VERDI], "cognome").await
}

async fn of_roots(manners: Manners) -> Result<serde_json::Value, FailureKind> {
    asking(manners).await.roots("episodi { nodes { id } }").await
}

#[tokio::test]
async fn whatever_goes_wrong_is_told_apart() {
    for (manners, expected) in [
        (Manners::Status(400), Refused),
        (Manners::Status(401), Refused),
        (Manners::Status(403), Refused),
        (Manners::Status(404), Refused),
        (Manners::Status(429), Unreachable),
        (Manners::Status(500), Unreachable),
        (Manners::Status(503), Unreachable),
        (Manners::Status(302), Malformed),
        (Manners::Text("<html>ciao</html>"), Malformed),
        (Manners::Text("{}"), Malformed),
        (Manners::Text(r#"{"resourceType":"OperationOutcome"}"#), Malformed),
        (Manners::Text(r#"{"resourceType":"Patient","id":"p1"}"#), Malformed),
        (Manners::WrongType, Malformed),
        (Manners::Half, Malformed),
        (Manners::ForeignNext, Malformed),
        (Manners::Endless, OverLimit),
        (Manners::Loop, OverLimit),
    ] {
        assert_eq!(of_people(manners).await, Err(expected), "{manners:?}");
        assert_eq!(of_roots(manners).await, Err(expected), "{manners:?}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_no_fields_fault() {
    for manners in [Manners::Text("<html>ciao</html>"), Manners::WrongType, Manners::Half] {
        let asking = asking(manners).await;
        let fetch = asking.ask.entities("Persona", "cognome", &[json!({ "codiceFiscale": VERDI })]).unwrap();
        let failure = asking.connector.fetch(&fetch).await.unwrap_err();
        assert_eq!((failure.kind, failure.coordinate), (Malformed, None), "{manners:?}");
    }
}

#[tokio::test]
async fn a_server_that_ignores_the_key_gives_nobody_to_anybody() {
    let asking = asking(Manners::IgnoresKeys).await;
    let fetch = asking.ask.entities("Persona", "cognome", &[json!({ "codiceFiscale": VERDI })]).unwrap();
    let failure = asking.connector.fetch(&fetch).await.unwrap_err();
    assert_eq!(failure.kind, Malformed);
    assert_eq!(failure.coordinate, Some(("Persona".into(), "codiceFiscale".into())));
    assert!(failure.detail.contains("`identifier`"), "{}", failure.detail);
    assert_eq!(asking.calls().len(), 1, "the first page is enough");
    let one = asking.roots(&format!("paziente(codiceFiscale: \"{VERDI}\") {{ cognome }}")).await;
    assert_eq!(one, Err(Malformed));
    let list = asking.roots(&format!("pazienti(codici: [\"{VERDI}\"]) {{ cognome }}")).await;
    assert_eq!(list, Err(Malformed));
}

#[tokio::test]
async fn a_server_that_ignores_the_reference_gives_nothing_to_anybody() {
    let asking = asking_of(people(), Manners::IgnoresKeys, 100).await;
    let all = asking.people(&[ROSSI, VERDI], "cognome").await;
    assert_eq!(all, Err(Malformed), "a third patient came");
    let only: Vec<_> = people().into_iter().filter(|r| r["id"] != "p2" && r["id"] != "p3").collect();
    let asking = asking_of(only, Manners::IgnoresKeys, 100).await;
    let reply = asking.people(&[ROSSI], "cognome episodi { id }").await.unwrap();
    assert_eq!(reply, json!([{ "cognome": "Rossi", "episodi": "<Malformed Persona.episodi>" }]));
}

#[tokio::test]
async fn a_filter_that_the_server_says_it_ignored_is_a_failure() {
    let asking = asking(Manners::IgnoresStatus).await;
    assert_eq!(asking.roots("episodi(stato: [FINITO]) { nodes { id } }").await, Err(Malformed));
    assert!(asking.roots("episodi { nodes { id } }").await.is_ok());
    let reply = asking.people(&[ROSSI], "episodi(stato: FINITO) { id }").await.unwrap();
    assert_eq!(reply, json!([{ "episodi": "<Malformed Persona.episodi>" }]));
}

#[tokio::test]
async fn a_server_that_does_not_page_must_not_look_complete() {
    assert_eq!(of_roots(Manners::NoNext).await, Err(Malformed));
    let asking = asking_of(people(), Manners::NoNext, 100).await;
    assert!(asking.roots("episodi { nodes { id } }").await.is_ok());
}

#[tokio::test]
async fn included_resources_and_outcomes_are_no_data() {
    let reply = of_people(Manners::Includes).await.unwrap();
    assert_eq!(reply, json!([{ "cognome": "Rossi" }, { "cognome": "Verdi" }]));
}

#[tokio::test]
async fn pages_have_a_limit() {
    let mut asking = asking(Manners::Good).await;
    let text = "episodi { nodes { id } }";
    asking.ask = asking.ask.limits(Limits { pages: 1, ..Limits::default() });
    assert_eq!(asking.roots(text).await, Err(OverLimit));
    asking.ask = asking.ask.limits(Limits { pages: 2, ..Limits::default() });
    assert!(asking.roots(text).await.is_ok());
}

#[tokio::test]
async fn a_link_that_leads_back_is_followed_once() {
    let asking = asking(Manners::Loop).await;
    assert_eq!(asking.roots("episodi { nodes { id } }").await, Err(OverLimit));
    assert_eq!(asking.calls(), ["POST EpisodeOfCare/_search", "GET EpisodeOfCare"]);
}

#[tokio::test]
async fn replies_have_a_limit() {
    let mut asking = asking(Manners::Good).await;
    asking.ask = asking.ask.limits(Limits { reply_bytes: 100, ..Limits::default() });
    assert_eq!(asking.people(&[ROSSI], "cognome").await, Err(OverLimit));
}

#[tokio::test]
async fn a_silent_server_is_late_and_an_absent_one_unreachable() {
    let mut silent = asking(Manners::Silent).await;
    silent.ask = silent.ask.patience(Duration::from_millis(50));
    assert_eq!(silent.people(&[ROSSI], "cognome").await, Err(TimedOut));
    let mapping = mapping(SDL);
    let nobody = connect(&mapping, "http://127.0.0.1:9/r4");
    assert_eq!(nobody.probe().await.unwrap_err().kind, Unreachable);
    let fetch = raccordo_connector_api::conformance::Ask::new(&mapping).roots("piani { id }").unwrap();
    assert_eq!(nobody.fetch(&fetch).await.unwrap_err().kind, Unreachable);
}

#[tokio::test]
async fn a_probe_wants_a_capability_statement() {
    assert!(asking(Manners::Good).await.connector.probe().await.is_ok());
    for (manners, expected) in [
        (Manners::Status(503), Unreachable),
        (Manners::Text("{}"), Malformed),
        (Manners::Status(404), Refused),
    ] {
        assert_eq!(asking(manners).await.connector.probe().await.unwrap_err().kind, expected);
    }
}

#[tokio::test]
async fn of_an_outcome_only_codes_are_told() {
    let asking = asking(Manners::Status(400)).await;
    let fetch = asking.ask.entities("Persona", "cognome", &[json!({ "codiceFiscale": ROSSI })]).unwrap();
    let failure = asking.connector.fetch(&fetch).await.unwrap_err();
    assert!(failure.detail.ends_with("(issues: not-supported)"), "{}", failure.detail);
    assert_discreet(&failure.to_string());
    assert_discreet(&format!("{failure:?}"));
}

#[tokio::test]
async fn a_self_link_need_not_repeat_what_the_matches_prove() {
    let asking = asking_of(people(), Manners::Discreet, 100).await;
    let reply = asking.people(&[ROSSI], "cognome episodi { id }").await.unwrap();
    assert_eq!(reply, json!([{ "cognome": "Rossi", "episodi": [{ "id": "e1" }, { "id": "e2" }] }]));
    let one = asking.roots(&format!("paziente(codiceFiscale: \"{VERDI}\") {{ cognome }}")).await;
    assert_eq!(one, Ok(json!({ "paziente": { "cognome": "Verdi" } })));
    assert_eq!(asking.roots("episodi(stato: [FINITO]) { nodes { id } }").await, Err(Malformed));
}

#[tokio::test]
async fn next_links_may_be_relative() {
    let reply = of_roots(Manners::RelativeNext).await.unwrap();
    let ids: Vec<_> = (1..5).map(|number| json!({ "id": format!("e{number}") })).collect();
    assert_eq!(reply, json!({ "episodi": { "nodes": ids } }));
}

#[tokio::test]
async fn a_user_and_password_go_with_every_call_and_into_no_reference() {
    let mapping = mapping(SDL);
    let asking = asking(Manners::AbsoluteReferences).await;
    let url = asking.server.url.replace("http://", "http://ente:segreto@");
    let connector = connect(&mapping, &url);
    let fetch =
        asking.ask.entities("Persona", "episodi { id }", &[json!({ "codiceFiscale": VERDI })]).unwrap();
    let reply = connector.fetch(&fetch).await.unwrap();
    assert_eq!(
        raccordo_connector_api::conformance::render(&fetch, &reply),
        json!([{ "episodi": [{ "id": "e3" }] }])
    );
    let fetch = asking.ask.roots("episodi { nodes { id } }").unwrap();
    connector.fetch(&fetch).await.unwrap();
    let received = asking.server.received();
    assert_eq!(received.len(), 4, "two steps, two pages");
    assert!(received.iter().all(|request| request.authorization == "Basic ZW50ZTpzZWdyZXRv"));
}
