//! The mapping that the example district ships: every field says which elements it reads, and calls are what the formula says.

use serde_json::{Value, json};

use crate::kit::{Manners, OID, asking_by, code, episode};

const SDL: &str = include_str!("../../../../config/district/sources/asl.graphql");

fn district(people: usize) -> Vec<Value> {
    let patient = |number: usize| {
        json!({ "resourceType": "Patient", "id": format!("p{number}"),
            "identifier": [{ "system": OID, "value": code(number) }],
            "generalPractitioner": [{ "display": format!("Medico {number}") }] })
    };
    let episode = |number: usize| {
        let mut episode = episode(&format!("e{number}"), &format!("p{number}"), "active", "2026-01-01");
        episode["type"] =
            json!([{ "coding": [{ "code": "ADI", "display": "Assistenza domiciliare integrata" }] }]);
        episode["managingOrganization"] = json!({ "display": "Distretto" });
        episode
    };
    (0..people).map(patient).chain((0..people).map(episode)).collect()
}

#[tokio::test]
async fn calls_are_batches_of_keys_and_batches_of_patients() {
    for (people, patients, episodes) in [(1, 1, 1), (50, 1, 1), (51, 2, 2), (5_000, 100, 100)] {
        let asking = asking_by(SDL, district(people), Manners::Good, 100).await;
        let codes: Vec<String> = (0..people).map(code).collect();
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        let text = "codiceFiscale medicoCurante episodi { id stato codice tipo dal al ente }";
        let reply = asking.people(&codes, text).await.unwrap();
        let rows = reply.as_array().unwrap();
        assert_eq!(rows.len(), people);
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(row["codiceFiscale"], json!(codes[number]));
            assert_eq!(row["medicoCurante"], json!(format!("Medico {number}")));
            let episode = json!({ "id": format!("e{number}"), "stato": "ATTIVO", "codice": "ADI", "dal": "2026-01-01", "al": null,
                "tipo": "Assistenza domiciliare integrata", "ente": "Distretto" });
            assert_eq!(row["episodi"], json!([episode]));
        }
        let received = asking.server.received();
        let of = |what: &str| received.iter().filter(|request| request.what() == what).collect::<Vec<_>>();
        let (of_patients, of_episodes) = (of("POST Patient/_search"), of("POST EpisodeOfCare/_search"));
        assert_eq!(
            (of_patients.len(), of_episodes.len(), received.len()),
            (patients, episodes, patients + episodes)
        );
        for (requests, elements) in [
            (of_patients, "id,generalPractitioner,identifier"),
            (of_episodes, "id,managingOrganization,patient,period,status,type"),
        ] {
            assert!(
                requests.iter().all(|request| request.param("_elements") == Some(elements)),
                "{elements}"
            );
        }
    }
}

#[tokio::test]
async fn the_other_relations_ask_for_their_own_elements() {
    let asking = asking_by(SDL, district(1), Manners::Good, 100).await;
    let text = "accessiPua { id richiesta stato data } pianiAssistenziali { id titolo dal revisione }";
    let reply = asking.people(&[&code(0)], text).await.unwrap();
    assert_eq!(reply, json!([{ "accessiPua": [], "pianiAssistenziali": [] }]));
    let received = asking.server.received_sorted();
    assert_eq!(received[1].param("_elements"), Some("id,period,subject,title"));
    assert_eq!(received[1].param("status"), Some("active"));
    assert_eq!(received[2].param("_elements"), Some("id,authoredOn,code,status,subject"));
}
