//! The ASL's FHIR server.

use std::sync::Arc;

use raccordo_demo::district::District;
use raccordo_demo::district::sanita::Dialect;
use serde_json::Value;

use crate::kit::{asl, client, district, get, json};

const HL7: &str = "http://hl7.it/sid/codiceFiscale";
const OID: &str = "urn:oid:2.16.840.1.113883.2.9.4.3.2";

fn code(district: &District, dialect: Dialect) -> String {
    let paziente = district.sanita.pazienti.iter().find(|p| p.dialect == dialect).unwrap();
    district.persone[paziente.persona].codice_fiscale.clone()
}

fn matches(bundle: &Value) -> Vec<&Value> {
    let entries = bundle["entry"].as_array().unwrap();
    entries.iter().filter(|e| e["search"]["mode"] == "match").map(|e| &e["resource"]).collect()
}

fn next(bundle: &Value) -> Option<String> {
    let links = bundle["link"].as_array().unwrap();
    links.iter().find(|link| link["relation"] == "next").map(|link| link["url"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn both_identifier_systems_are_in_use_and_a_list_looks_under_both() {
    let district = district();
    let asl = asl(&district).await;
    let (hl7, oid, both) =
        (code(&district, Dialect::Hl7), code(&district, Dialect::Oid), code(&district, Dialect::Both));
    let found = async |identifier: String| {
        let form =
            client().post(format!("{}/Patient/_search", asl.url())).form(&[("identifier", identifier)]);
        matches(&json(form).await.1).len()
    };
    assert_eq!(found(format!("{HL7}|{hl7}")).await, 1);
    assert_eq!(found(format!("{OID}|{hl7}")).await, 0);
    assert_eq!(found(format!("{OID}|{oid}")).await, 1);
    assert_eq!(found(format!("{HL7}|{oid}")).await, 0);
    let all = [hl7, oid, both].map(|code| format!("{HL7}|{code},{OID}|{code}")).join(",");
    assert_eq!(found(all).await, 3, "a patient under both systems comes once");
    assert_eq!(found(format!("{HL7}|AAAAAA00A00X000A")).await, 0);
    assert_eq!(asl.calls().of("POST Patient/_search"), 6);
    assert_eq!(asl.calls().total(), 6);
}

#[tokio::test]
async fn pages_follow_opaque_links_to_the_end_and_bring_everybody_once() {
    let district = district();
    let asl = asl(&district).await;
    let (_, mut bundle) = get(format!("{}/Patient?_count=1000&_elements=birthDate", asl.url())).await;
    let mut ids = Vec::new();
    loop {
        assert_eq!(bundle["total"], district.sanita.pazienti.len());
        assert!(matches(&bundle).len() <= 100, "the server's own limit holds");
        ids.extend(matches(&bundle).iter().map(|patient| patient["id"].as_str().unwrap().to_owned()));
        let Some(url) = next(&bundle) else { break };
        assert!(!url.contains("Patient"), "opaque: {url}");
        bundle = get(url).await.1;
    }
    let expected: Vec<&str> = district.sanita.pazienti.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, expected);
    assert_eq!(asl.calls().of("GET Patient"), 1);
    assert_eq!(asl.calls().of("GET page"), expected.len().div_ceil(100) as u64 - 1);
}

#[tokio::test]
async fn elements_bring_what_was_asked_and_no_name() {
    let asl = asl(&district()).await;
    let (_, bundle) = get(format!("{}/Patient?_elements=identifier,birthDate&_count=1", asl.url())).await;
    let patient = matches(&bundle)[0].as_object().unwrap();
    let names: Vec<&str> = patient.keys().map(String::as_str).collect();
    assert_eq!(names, ["resourceType", "id", "identifier", "birthDate", "meta"]);
    assert_eq!(patient["meta"]["tag"][0]["code"], "SUBSETTED");
}

#[tokio::test]
async fn episodes_are_found_by_their_patients() {
    let district = district();
    let asl = asl(&district).await;
    let patient = |index: usize| &district.sanita.pazienti[district.sanita.episodi[index].paziente].id;
    let (first, last) = (patient(0), patient(district.sanita.episodi.len() - 1));
    let expected = |status: Option<&str>| {
        let of_them = |e: &&raccordo_demo::district::sanita::Episodio| {
            let id = &district.sanita.pazienti[e.paziente].id;
            (id == first || id == last) && status.is_none_or(|status| e.status == status)
        };
        district.sanita.episodi.iter().filter(of_them).count()
    };
    let url = format!("{}/EpisodeOfCare?patient=Patient/{first},{last}", asl.url());
    let (_, bundle) = get(url.clone()).await;
    assert_eq!(matches(&bundle).len(), expected(None));
    assert!(
        matches(&bundle).iter().all(|e| e["patient"]["reference"].as_str().unwrap().starts_with("Patient/p"))
    );
    let (_, active) = get(format!("{url}&status=active")).await;
    assert_eq!(matches(&active).len(), expected(Some("active")));
    let (_, total) = get(format!("{url}&_summary=count")).await;
    assert_eq!((total["total"].as_u64(), matches(&total).len()), (Some(expected(None) as u64), 0));
    let (_, accesses) = get(format!("{}/ServiceRequest?subject=Patient/{first}", asl.url())).await;
    assert!(!matches(&accesses).is_empty());
    let (_, open) = get(format!("{}/EpisodeOfCare?date=ge2026-10-01", asl.url())).await;
    assert!(matches(&open).iter().all(|episode| episode["period"]["end"].is_null()));
}

#[tokio::test]
async fn an_unknown_parameter_is_told_and_refused_when_handling_is_strict() {
    let asl = asl(&district()).await;
    let url = format!("{}/Patient?colour=red&_count=1", asl.url());
    let (status, lenient) = get(url.clone()).await;
    assert_eq!(status, 200);
    assert_eq!(lenient["entry"][1]["search"]["mode"], "outcome");
    assert!(!lenient["link"][0]["url"].as_str().unwrap().contains("colour"));
    let (status, outcome) = json(client().get(url).header("prefer", "handling=strict")).await;
    assert_eq!((status, outcome["resourceType"].as_str()), (400, Some("OperationOutcome")));
}

#[tokio::test]
async fn what_is_wrong_is_an_operation_outcome() {
    let asl = asl(&district()).await;
    for (path, expected) in [
        ("/Observation", 404),
        ("/Patient/nobody", 404),
        ("/Patient?_count=many", 400),
        ("/Patient?identifier:not=x", 400),
        ("/Patient?birthdate=yesterday", 400),
        ("?_getpages=0000000000000000", 410),
        ("/Patient/p000001/_history/1", 404),
    ] {
        let (status, body) = get(format!("{}{path}", asl.url())).await;
        assert_eq!((status, body["resourceType"].as_str()), (expected, Some("OperationOutcome")), "{path}");
    }
    let body = client().post(format!("{}/Patient/_search", asl.url())).json(&serde_json::json!({}));
    assert_eq!(json(body).await.0, 415);
    let many = vec!["x"; 1_001].join(",");
    let form = |value: &str| client().post(format!("{}/Patient/_search", asl.url())).form(&[("_id", value)]);
    assert_eq!(json(form(&many)).await.0, 403);
    assert_eq!(json(form(&many[2..])).await.0, 200);
}

#[tokio::test]
async fn it_reads_one_and_states_what_it_can() {
    let district = district();
    let asl = asl(&district).await;
    let reply = client().get(format!("{}/Patient/p000001", asl.url())).send().await.unwrap();
    assert!(reply.headers()["content-type"].to_str().unwrap().starts_with("application/fhir+json"));
    let patient: Value = reply.json().await.unwrap();
    assert_eq!(patient["name"][0]["family"], district.persone[0].cognome);
    let (_, statement) = get(format!("{}/metadata", asl.url())).await;
    assert_eq!(statement["fhirVersion"], "4.0.1");
    assert_eq!(asl.calls().of("GET metadata"), 1);
    assert_eq!(asl.calls().of("GET Patient/id"), 1);
    assert!(Arc::strong_count(&district) > 1);
}
