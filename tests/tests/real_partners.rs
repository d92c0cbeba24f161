//! Every real partner starts, answers as its kind does, says what it was asked, and ends with its value.

#![expect(clippy::unwrap_used, reason = "a partner that misbehaves fails its test")]

use std::net::TcpStream;

use raccordo_tests::call::{authority, get, post};
use raccordo_tests::real::{AuditStatus, FhirOptions, FhirServer, Postgres, RealError, Subgraph, audit};
use raccordo_tests::scenario;
use serde_json::{Value, json};

#[test]
fn postgres_runs_sql_and_says_what_is_wrong_with_it() {
    let server = Postgres::start().unwrap();
    server.load("create table vie (id int primary key); insert into vie values (1), (2);").unwrap();
    server.load("do $$ begin assert (select count(*) from vie) = 2; end $$").unwrap();
    let refused = server.load("insert into vie values (1)").unwrap_err();
    assert!(matches!(&refused, RealError::Failed { said, .. } if said.contains("vie_pkey")), "{refused}");
}

#[test]
fn postgres_servers_are_apart_and_end_with_their_value() {
    let first = Postgres::start().unwrap();
    let mut second = Postgres::start().unwrap();
    first.load("create table solo_qui (id int)").unwrap();
    assert!(second.load("select * from solo_qui").is_err());
    assert!(TcpStream::connect(address(&second.url())).is_ok());
    second.stop();
    assert!(TcpStream::connect(address(&second.url())).is_err());
    first.load("select * from solo_qui").unwrap();
    let url = first.url();
    let gone = address(&url);
    drop(first);
    assert!(TcpStream::connect(gone).is_err());
}

#[test]
fn the_fhir_server_searches_by_post_and_gives_only_the_elements_asked() {
    let mut server = FhirServer::start(&patients(3)).unwrap();
    let codes =
        "http%3A%2F%2Fhl7.it%2Fsid%2FcodiceFiscale%7CCF0%2Chttp%3A%2F%2Fhl7.it%2Fsid%2FcodiceFiscale%7CCF2";
    let body = format!("identifier={codes}&_elements=identifier");
    let bundle = call(
        &format!("{}/Patient/_search", server.url()),
        Some(("application/x-www-form-urlencoded", &body)),
    );
    let found: Vec<_> = entries(&bundle).iter().map(|one| one["resource"]["id"].as_str().unwrap()).collect();
    assert_eq!(found, ["p0", "p2"]);
    assert!(entries(&bundle).iter().all(|one| one["resource"].get("name").is_none()));

    let requests = server.take_requests().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].method.as_str(), requests[0].url.as_str()), ("POST", "/fhir/R4/Patient/_search"));
    assert_eq!(requests[0].body, body);
    assert_eq!(server.take_requests().unwrap(), []);
}

#[test]
fn the_fhir_server_pages_behind_an_opaque_link_until_there_is_none() {
    let options = FhirOptions { page_size: 2.try_into().unwrap(), ..FhirOptions::default() };
    let server = FhirServer::start_with(&patients(5), options).unwrap();
    let mut url = format!("{}/Patient?_sort=family", server.url());
    let mut sizes = Vec::new();
    loop {
        let page = call(&url, None);
        assert_eq!(page["total"], 5);
        sizes.push(entries(&page).len());
        let Some(next) = page["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next")
        else {
            break;
        };
        next["url"].as_str().unwrap().clone_into(&mut url);
        assert!(url.contains("_cursor=") && !url.contains("family"));
    }
    assert_eq!(sizes, [2, 2, 1]);
    assert!(call(&format!("{}/Patient?_summary=count", server.url()), None).get("entry").is_none());
    assert_eq!(call(&format!("{}/Patient/nessuno", server.url()), None)["resourceType"], "OperationOutcome");
}

#[test]
fn a_fhir_server_may_ignore_elements() {
    let options = FhirOptions { ignores_elements: true, ..FhirOptions::default() };
    let server = FhirServer::start_with(&patients(1), options).unwrap();
    let bundle = call(&format!("{}/Patient?_elements=identifier", server.url()), None);
    assert_eq!(entries(&bundle)[0]["resource"]["name"][0]["family"], "Cognome0");
}

#[test]
fn the_subgraph_answers_entities_by_position_with_errors_of_their_own() {
    let mut subgraph = Subgraph::start().unwrap();
    let answer = ask(
        &subgraph,
        &json!({
            "query": "query($r: [_Any!]!) { _entities(representations: $r) { ... on Persona { tariffa corse(stato: SVOLTA) { id } } } }",
            "variables": { "r": [
                { "__typename": "Persona", "codiceFiscale": "RSSMRA50A01Z999X", "eta": 76 },
                { "__typename": "Persona", "codiceFiscale": "NESSUNO00A00Z999" },
                { "__typename": "Persona", "codiceFiscale": "GUASTO00A00Z999X" },
            ] },
        }),
    );
    assert_eq!(
        answer["data"]["_entities"],
        json!([{ "tariffa": 1.5, "corse": [{ "id": "1" }] }, null, null])
    );
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    // Mercurius writes the position as a string: what speaks to subgraphs must bear it.
    assert_eq!(answer["errors"][0]["path"], json!(["_entities", "2"]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SCHEDA_ILLEGGIBILE");
    assert_eq!(subgraph.take_requests().unwrap().len(), 1);
}

#[test]
fn the_subgraph_serves_its_sdl_interfaces_unions_and_mutations() {
    let subgraph = Subgraph::start().unwrap();
    let answer = ask(
        &subgraph,
        &json!({ "query": "{ _service { sdl } mezzi { __typename posti } cerca(testo: \"2026-03-02\") { __typename } guasto }" }),
    );
    assert_eq!(answer["data"]["_service"]["sdl"], Subgraph::SDL);
    assert_eq!(answer["data"]["mezzi"][1], json!({ "__typename": "Auto", "posti": 4 }));
    assert_eq!(answer["data"]["cerca"], json!([{ "__typename": "Corsa" }]));
    assert_eq!(answer["errors"][0]["path"], json!(["guasto"]));
    let mutation = "mutation { prenota(input: { passeggero: \"X\", targa: \"AA111AA\", giorno: \"2026-05-05\" }) { id stato } }";
    let booked = ask(&subgraph, &json!({ "query": mutation }));
    assert_eq!(booked["data"]["prenota"], json!({ "id": "4", "stato": "PRENOTATA" }));
}

#[test]
fn the_audit_tells_musts_from_shoulds() {
    let subgraph = Subgraph::start().unwrap();
    let results = audit(subgraph.url()).unwrap();
    assert!(results.len() > 50, "only {} audits ran", results.len());
    assert!(results.iter().any(|one| one.status == AuditStatus::Ok && one.name.starts_with("MUST")));
    assert!(results.iter().any(|one| one.status == AuditStatus::Warn && !one.reason.is_empty()));
}

#[test]
fn the_audit_of_nothing_is_not_a_pass() {
    let mut subgraph = Subgraph::start().unwrap();
    subgraph.stop();
    let passed =
        audit(subgraph.url()).is_ok_and(|results| results.iter().any(|one| one.status == AuditStatus::Ok));
    assert!(!passed);
}

fn patients(count: usize) -> Value {
    let patient = |index| {
        json!({ "resource": {
            "resourceType": "Patient",
            "id": format!("p{index}"),
            "identifier": [{ "system": "http://hl7.it/sid/codiceFiscale", "value": format!("CF{index}") }],
            "name": [{ "family": format!("Cognome{index}") }],
        } })
    };
    json!({ "resourceType": "Bundle", "type": "collection", "entry": (0..count).map(patient).collect::<Vec<_>>() })
}

fn entries(bundle: &Value) -> &Vec<Value> {
    bundle["entry"].as_array().unwrap()
}

fn ask(subgraph: &Subgraph, request: &Value) -> Value {
    call(subgraph.url(), Some(("application/json", &request.to_string())))
}

fn address(url: &str) -> &str {
    authority(url).unwrap()
}

fn call(url: &str, body: Option<(&str, &str)>) -> Value {
    let reply = match body {
        None => get(url, &[]),
        Some((kind, body)) => post(url, &[("content-type", kind)], body),
    };
    serde_json::from_str(&reply.unwrap().body).unwrap()
}

#[test]
fn a_scenario_is_asked_of_a_running_endpoint() {
    let subgraph = Subgraph::start().unwrap();
    let text = "```graphql\nquery($id: ID!) { corsa(id: $id) { giorno stato } }\n```\n```json variables\n{ \"id\": 1 }\n```\n\
                ```json answer\n{ \"data\": { \"corsa\": { \"giorno\": \"…\", \"stato\": \"SVOLTA\" } } }\n```\n";
    let right = scenario::parse("001", text).unwrap();
    assert_eq!(scenario::ask(subgraph.url(), &right.exchanges[0]), None);
    let wrong = scenario::parse("002", &text.replace("SVOLTA", "PRENOTATA")).unwrap();
    let difference = scenario::ask(subgraph.url(), &wrong.exchanges[0]).unwrap();
    assert_eq!(difference, "answer.data.corsa.stato: `\"PRENOTATA\"` was expected, `\"SVOLTA\"` came");
}
