//! Entities by key: batches, joins, what is sent and what is not.

use serde_json::json;

use crate::kit::{BIANCHI, HL7, Manners, OID, ROSSI, VERDI, asking, asking_of, people};

#[tokio::test]
async fn keys_go_in_batches_in_the_body_and_are_joined_by_value() {
    let asking = asking(Manners::Good).await;
    let missing = "MSSMRA80A01Z999I";
    let codes = [BIANCHI, missing, VERDI, ROSSI];
    let reply = asking.people(&codes, "codiceFiscale cognome").await.unwrap();
    assert_eq!(
        reply,
        json!([
            { "codiceFiscale": BIANCHI, "cognome": "Bianchi" },
            null,
            { "codiceFiscale": VERDI, "cognome": "Verdi" },
            { "codiceFiscale": ROSSI, "cognome": "Rossi" },
        ])
    );
    let received = asking.server.received_sorted();
    assert_eq!(received.len(), 2, "four keys in batches of two");
    for request in &received {
        assert_eq!((request.what().as_str(), request.query.as_str()), ("POST Patient/_search", ""));
        assert_eq!(
            (request.accept.as_str(), request.prefer.as_str()),
            ("application/fhir+json", "handling=strict")
        );
        assert_eq!(request.param("_elements"), Some("id,identifier,name"));
        assert_eq!(request.param("_count"), Some("3"));
    }
    let sought = format!("{HL7}|{BIANCHI},{OID}|{BIANCHI},{HL7}|{missing},{OID}|{missing}");
    assert_eq!(received[0].param("identifier"), Some(sought.as_str()));
}

#[tokio::test]
async fn values_are_read_by_jq_and_checked_against_their_types() {
    let mut resources = people();
    resources[0]["birthDate"] = json!("1980");
    resources[0]["active"] = json!("yes");
    let asking = asking_of(resources, Manners::Good, 9).await;
    let reply =
        asking.people(&[ROSSI, VERDI], "nomi nascita attivo contatti { tipo valore } tutto").await.unwrap();
    assert_eq!(
        reply[0],
        json!({ "nomi": ["A", "B"], "nascita": "<Malformed Persona.nascita>", "attivo": "<Malformed Persona.attivo>",
            "contatti": [{ "tipo": "phone", "valore": "0525" }], "tutto": reply[0]["tutto"] })
    );
    assert_eq!((&reply[1]["nascita"], &reply[1]["attivo"]), (&json!("1980-01-01"), &json!(true)));
    let received = asking.server.received();
    assert_eq!(received[0].param("_elements"), Some("id,active,birthDate,gender,identifier,name,telecom"));
}

#[tokio::test]
async fn a_list_that_is_not_there_is_empty_and_a_value_that_is_not_there_null() {
    let mut resources = people();
    resources[0] =
        json!({ "resourceType": "Patient", "id": "p1", "identifier": [{ "system": HL7, "value": ROSSI }] });
    let asking = asking_of(resources, Manners::Good, 9).await;
    let reply = asking.people(&[ROSSI], "nomi cognome contatti { tipo }").await.unwrap();
    assert_eq!(reply, json!([{ "nomi": [], "cognome": null, "contatti": [] }]));
}

#[tokio::test]
async fn keys_that_can_be_nobodys_are_not_asked() {
    let asking = asking(Manners::Good).await;
    let keys = [
        json!({ "codiceFiscale": "" }),
        json!({ "codiceFiscale": null }),
        json!({ "codiceFiscale": "x,y|z" }),
    ];
    let fetch = asking.ask.entities("Persona", "cognome", &keys).unwrap();
    assert_eq!(asking.fetch(fetch).await.unwrap(), json!([null, null, null]));
    assert_eq!(asking.calls(), [""; 0]);
}

#[tokio::test]
async fn one_key_with_several_representations_is_asked_once() {
    let asking = asking(Manners::Good).await;
    let reply = asking.people(&[ROSSI, VERDI, &ROSSI.to_lowercase()], "cognome").await.unwrap();
    assert_eq!(reply, json!([{ "cognome": "Rossi" }, { "cognome": "Verdi" }, { "cognome": "Rossi" }]));
    assert_eq!(asking.calls().len(), 1);
}

#[tokio::test]
async fn a_key_that_two_patients_carry_is_nobodys_and_the_rest_is_served() {
    let mut resources = people();
    resources[2]["identifier"] = resources[0]["identifier"].clone();
    let asking = asking_of(resources, Manners::Good, 9).await;
    let reply = asking.people(&[ROSSI, VERDI], "cognome").await.unwrap();
    assert_eq!(reply, json!(["<Malformed Persona.codiceFiscale>", { "cognome": "Verdi" }]));
}

#[tokio::test]
async fn the_same_patient_twice_is_one() {
    let mut resources = people();
    resources.push(resources[0].clone());
    let asking = asking_of(resources, Manners::Good, 1).await;
    assert_eq!(asking.people(&[ROSSI], "cognome").await.unwrap(), json!([{ "cognome": "Rossi" }]));
    let calls = asking.server.received();
    assert_eq!(calls.iter().map(|call| call.method.as_str()).collect::<Vec<_>>(), ["POST", "GET"]);
}

#[tokio::test]
async fn entities_are_found_by_id_too() {
    let asking = asking(Manners::Good).await;
    let keys = [json!({ "id": "e3" }), json!({ "id": "e9" }), json!({ "id": "e1" })];
    let fetch = asking.ask.entities("Episodio", "__typename id stato dal fonte aggiornato", &keys).unwrap();
    let at = "2026-09-30T06:00:00Z";
    assert_eq!(
        asking.fetch(fetch).await.unwrap(),
        json!([
            { "__typename": "Episodio", "id": "e3", "stato": "ATTIVO", "dal": "2026-02-01", "fonte": "asl", "aggiornato": at },
            null,
            { "__typename": "Episodio", "id": "e1", "stato": "ATTIVO", "dal": "2026-01-01", "fonte": "asl", "aggiornato": at },
        ])
    );
    let received = asking.server.received();
    assert_eq!(received[0].param("_id"), Some("e3,e9,e1"));
    assert_eq!(received[0].param("_elements"), Some("id,meta,period,status"));
}

#[tokio::test]
async fn no_keys_are_no_call() {
    let asking = asking(Manners::Good).await;
    assert_eq!(asking.people(&[], "cognome").await.unwrap(), json!([]));
    assert_eq!(asking.calls(), [""; 0]);
}
