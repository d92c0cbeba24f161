//! Root fields: single records, lists, connections with cursors over opaque pages.

use raccordo_connector_api::FailureKind;
use serde_json::{Value, json};

use crate::kit::{Asking, BIANCHI, HL7, Manners, OID, ROSSI, VERDI, asking, asking_of, episode, people};

#[tokio::test]
async fn a_single_record_by_key() {
    let asking = asking(Manners::Good).await;
    let reply = asking
        .roots(&format!(
            "paziente(codiceFiscale: \"{}\") {{ cognome episodi {{ id }} }}",
            ROSSI.to_lowercase()
        ))
        .await;
    assert_eq!(
        reply.unwrap(),
        json!({ "paziente": { "cognome": "Rossi", "episodi": [{ "id": "e1" }, { "id": "e2" }] } })
    );
    let received = asking.server.received();
    let sought = format!("{HL7}|{ROSSI},{OID}|{ROSSI}");
    assert_eq!(received[0].param("identifier"), Some(sought.as_str()));
    assert!(received.iter().all(|request| request.query.is_empty()));
    let nobody = asking.roots("paziente(codiceFiscale: \"MSSMRA80A01Z999I\") { cognome }").await;
    assert_eq!(nobody.unwrap(), json!({ "paziente": null }));
}

#[tokio::test]
async fn a_key_that_is_none_is_the_callers_mistake() {
    let asking = asking(Manners::Good).await;
    assert_eq!(
        asking.roots("paziente(codiceFiscale: \"abc\") { cognome }").await,
        Err(FailureKind::BadInput)
    );
    assert_eq!(asking.calls(), [""; 0]);
}

#[tokio::test]
async fn a_list_goes_to_the_last_page() {
    let asking = asking(Manners::Good).await;
    let reply = asking
        .roots(&format!("pazienti(codici: [\"{ROSSI}\", \"{VERDI}\", \"{BIANCHI}\"]) {{ codiceFiscale }}"))
        .await;
    let people: Vec<Value> =
        [ROSSI, VERDI, BIANCHI].iter().map(|code| json!({ "codiceFiscale": code })).collect();
    assert_eq!(reply.unwrap(), json!({ "pazienti": people }));
    assert_eq!(asking.calls(), ["POST Patient/_search", "GET Patient"]);
}

#[tokio::test]
async fn an_empty_list_of_values_matches_nothing_and_is_not_asked() {
    let asking = asking(Manners::Good).await;
    assert_eq!(asking.roots("pazienti(codici: []) { cognome }").await.unwrap(), json!({ "pazienti": [] }));
    let reply = asking.roots("episodi(stato: []) { nodes { id } pageInfo { hasNextPage } }").await.unwrap();
    assert_eq!(reply, json!({ "episodi": { "nodes": [], "pageInfo": { "hasNextPage": false } } }));
    assert_eq!(asking.calls(), [""; 0]);
    assert_eq!(asking.roots("episodi(testo: \" \") { nodes { id } }").await, Err(FailureKind::BadInput));
    assert_eq!(asking.roots("episodi(stato: [ALTRO]) { nodes { id } }").await, Err(FailureKind::BadInput));
}

#[tokio::test]
async fn arguments_become_parameters() {
    let asking = asking(Manners::Good).await;
    let text = "episodi(stato: [ATTIVO, FINITO], dal: \"2026-01-15\", testo: \"a,b|c$d\\\\e&f\", first: 1) { nodes { id } }";
    assert_eq!(asking.roots(text).await.unwrap(), json!({ "episodi": { "nodes": [{ "id": "e3" }] } }));
    let received = asking.server.received();
    let sent = |name: &str| received[0].param(name);
    assert_eq!(sent("status"), Some("active,onhold,finished"));
    assert_eq!(sent("date"), Some("ge2026-01-15"));
    assert_eq!(sent("type"), Some(r"a\,b\|c\$d\\e&f"));
    assert_eq!((sent("_sort"), sent("_count"), sent("_elements")), (Some("-date"), Some("1"), Some("id")));
    assert_eq!(sent("_total"), None);
}

async fn page(asking: &Asking, first: usize, after: Option<&str>) -> (Vec<String>, Vec<String>, bool) {
    let after = after.map(|cursor| format!(", after: \"{cursor}\"")).unwrap_or_default();
    let text = format!(
        "episodi(first: {first}{after}) {{ edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage hasPreviousPage }} }}"
    );
    let reply = asking.roots(&text).await.unwrap();
    let edges = reply["episodi"]["edges"].as_array().unwrap().clone();
    let texts = |pointer: &str| {
        edges.iter().map(|edge| edge.pointer(pointer).unwrap().as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(reply["episodi"]["pageInfo"]["hasPreviousPage"], json!(!after.is_empty()));
    (texts("/node/id"), texts("/cursor"), reply["episodi"]["pageInfo"]["hasNextPage"] == true)
}

fn many() -> Vec<Value> {
    (0..7).map(|number| episode(&format!("e{number}"), "p1", "active", "2026-01-01")).collect()
}

#[tokio::test]
async fn any_cursor_leads_on_whatever_the_pages_of_the_server() {
    for (first, size) in [(1, 3), (2, 3), (3, 3), (5, 3), (7, 3), (9, 3), (3, 1), (2, 100)] {
        let asking = asking_of(many(), Manners::Good, size).await;
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let (found, cursors, has_next) = page(&asking, first, after.as_deref()).await;
            assert!(found.len() <= first);
            ids.extend(found);
            if !has_next {
                break;
            }
            after = cursors.last().cloned();
        }
        assert_eq!(ids, ["e0", "e1", "e2", "e3", "e4", "e5", "e6"], "first: {first}, pages of {size}");
        let (_, cursors, _) = page(&asking, 7, None).await;
        for (index, cursor) in cursors.iter().enumerate() {
            let (found, _, _) = page(&asking, 2, Some(cursor)).await;
            let expected: Vec<String> = (index + 1..7).take(2).map(|number| format!("e{number}")).collect();
            assert_eq!(found, expected, "after {index}, pages of {size}");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_search_only() {
    let asking = asking_of(many(), Manners::Good, 3).await;
    let (_, cursors, _) = page(&asking, 2, None).await;
    let other = format!("episodi(stato: [ATTIVO], first: 2, after: \"{}\") {{ nodes {{ id }} }}", cursors[0]);
    assert_eq!(asking.roots(&other).await, Err(FailureKind::BadInput));
    assert_eq!(
        asking.roots("episodi(first: 2, after: \"zz\") { nodes { id } }").await,
        Err(FailureKind::BadInput)
    );
}

#[tokio::test]
async fn an_expired_cursor_is_told() {
    let asking = asking_of(many(), Manners::GonePages, 3).await;
    let (_, cursors, _) = page(&asking, 3, None).await;
    let text = format!("episodi(first: 2, after: \"{}\") {{ nodes {{ id }} }}", cursors[2]);
    assert_eq!(asking.roots(&text).await, Err(FailureKind::BadInput));
    assert_eq!(asking.roots("episodi { nodes { id } }").await, Err(FailureKind::Refused));
}

#[tokio::test]
async fn a_page_of_none_brings_no_record() {
    let asking = asking(Manners::Good).await;
    let page = |filter: &str| {
        format!("episodi(first: 0{filter}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }}")
    };
    let expected = |has_next| json!({ "episodi": { "nodes": [], "pageInfo": { "hasNextPage": has_next, "endCursor": null } } });
    assert_eq!(asking.roots(&page("")).await.unwrap(), expected(true));
    let received = asking.server.received();
    assert_eq!((received.len(), received[0].param("_summary")), (1, Some("count")));
    assert_eq!(asking.roots(&page(", dal: \"2030-01-01\"")).await.unwrap(), expected(false));
}

#[tokio::test]
async fn a_plain_list_takes_first_and_stops() {
    let plans = |count: usize| {
        (0..count).map(|n| json!({ "resourceType": "CarePlan", "id": format!("c{n}") })).collect::<Vec<_>>()
    };
    let asking = asking_of(plans(5), Manners::Good, 2).await;
    let reply = asking.roots("piani(first: 3) { id }").await.unwrap();
    assert_eq!(reply, json!({ "piani": [{ "id": "c0" }, { "id": "c1" }, { "id": "c2" }] }));
    assert_eq!(asking.calls(), ["POST CarePlan/_search", "GET CarePlan"]);
    assert_eq!(asking.roots("piani(first: 0) { id }").await.unwrap(), json!({ "piani": [] }));
    assert_eq!(asking.calls(), [""; 0]);
    assert_eq!(asking.roots("piani { id }").await.unwrap()["piani"].as_array().unwrap().len(), 5);
    assert_eq!(asking.calls().len(), 3);
}

#[tokio::test]
async fn one_root_field_that_fails_costs_itself_when_others_are_asked() {
    let asking = asking(Manners::Good).await;
    let reply = asking.roots("paziente(codiceFiscale: \"abc\") { cognome } piani { titolo }").await.unwrap();
    assert_eq!(reply, json!({ "paziente": "<BadInput Query.paziente>", "piani": [{ "titolo": "PAI" }] }));
}

#[tokio::test]
async fn both_views_of_a_connection_get_their_own_fields() {
    let asking = asking_of(people(), Manners::Good, 9).await;
    let reply =
        asking.roots("episodi(first: 1) { nodes { id } edges { node { stato dal } } }").await.unwrap();
    assert_eq!(
        reply,
        json!({ "episodi": { "nodes": [{ "id": "e1" }], "edges": [{ "node": { "stato": "ATTIVO", "dal": "2026-01-01" } }] } })
    );
    assert_eq!(asking.server.received()[0].param("_elements"), Some("id,period,status"));
}
