//! The district on partners that this project did not write: its tables in PostgreSQL instead of SQLite, its FHIR resources in Medplum
//! instead of the demo's own server. Every scenario of a district that is well answers the same over them, and in as many calls.

use raccordo_demo::{
    district::DEFAULT_RESIDENTS,
    partners::{anagrafe, database, sociale},
};
use raccordo_tests::{
    call,
    real::{FhirOptions, FhirServer, Postgres},
    scenario::{Scenario, read_folder},
};
use serde_json::{Value, json};

use crate::{
    kit::{Serving, Whole},
    scenarios::{differences, exchange_all, folder},
};

/// Entries in one page of Medplum: as many as the demo's own server gives.
const PAGE: u32 = 100;

#[test]
fn every_scenario_answers_the_same_over_postgresql() {
    let whole = Whole::of(DEFAULT_RESIDENTS);
    let postgres = Postgres::start().unwrap();
    let tables = [anagrafe::tables(&whole.district), sociale::tables(&whole.district)];
    for tables in tables {
        postgres.load(&database::script(&tables)).unwrap();
    }
    let url = postgres.url();
    let serving =
        whole.serve_with(&configuration(&[("RACCORDO_ANAGRAFE_URL", &url), ("RACCORDO_SOCIALE_URL", &url)]));
    same(&whole, &serving);
}

#[test]
fn every_scenario_answers_the_same_over_medplum() {
    let whole = Whole::of(DEFAULT_RESIDENTS);
    let options = FhirOptions { page_size: PAGE.try_into().unwrap(), ..FhirOptions::default() };
    let medplum = FhirServer::start_with(&resources(&whole), options).unwrap();
    let serving = whole.serve_with(&configuration(&[("RACCORDO_ASL_URL", medplum.url())]));
    same(&whole, &serving);
}

/// The shipped configuration with some partners elsewhere.
fn configuration(elsewhere: &[(&str, &str)]) -> String {
    let shipped = include_str!("../../../config/district/raccordo.yaml").to_owned();
    elsewhere.iter().fold(shipped, |text, (name, url)| {
        let variable = format!("${{env.{name}}}");
        assert!(text.contains(&variable), "the shipped configuration names no `{variable}`");
        text.replace(&variable, url)
    })
}

/// Asks every scenario in which nobody misbehaves and nothing is configured otherwise.
fn same(whole: &Whole, serving: &Serving) {
    let is_plain = |scenario: &Scenario| {
        let behave = scenario.exchanges.iter().all(|exchange| exchange.partners.is_empty());
        scenario.configuration.is_none() && behave
    };
    let scenarios: Vec<Scenario> = read_folder(&folder()).unwrap().into_iter().filter(is_plain).collect();
    assert!(scenarios.len() > 20, "only {} scenarios were found", scenarios.len());
    let differ = |scenario: &Scenario| match exchange_all(whole, serving, scenario) {
        Ok(all) => differences(scenario, &all),
        Err(problem) => vec![format!("{}: {problem}", scenario.name)],
    };
    let wrong: Vec<String> = scenarios.iter().flat_map(differ).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// All resources of the demo's own server, as it gives them page by page.
fn resources(whole: &Whole) -> Value {
    let mut entries = Vec::new();
    for kind in ["Patient", "EpisodeOfCare", "ServiceRequest", "CarePlan"] {
        let mut next = Some(format!("{}/{kind}?_count={PAGE}", whole.partners.asl.url()));
        while let Some(url) = next {
            let page: Value = serde_json::from_str(&call::get(&url, &[]).unwrap().body).unwrap();
            entries.extend(page["entry"].as_array().into_iter().flatten().cloned());
            let links = page["link"].as_array().into_iter().flatten();
            let link = links.into_iter().find(|link| link["relation"] == "next");
            next = link.and_then(|link| link["url"].as_str()).map(str::to_owned);
        }
    }
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entries })
}
