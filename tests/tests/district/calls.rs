//! The calls that each sample query costs, for neighbourhoods of 1, 50 and 5,000 residents, as the design's formula has them:
//! the sum over steps of max(pages, distinct keys / batch limit rounded up). What is expected is computed from the district's own
//! data and from the limits that its schemas declare; it is compared with the trail and with what the partners counted themselves.

use std::collections::{BTreeMap, BTreeSet};

use raccordo_demo::{
    district::{
        DEFAULT_RESIDENTS,
        comuni::{FIFTY, FIVE_THOUSAND, ONE, Quartiere},
        persone::Persona,
    },
    partners::{Calls, Partners},
};
use serde_json::{Value, json};

use crate::kit::{Serving, Whole};

/// Keys in one call to a database: what kind `sql` takes where a schema says nothing, as do all of the district's here.
const SQL_BATCH: usize = 500;
/// Keys in one search of the ASL: `batch: { maxSize: 50 }` in `asl.graphql`, and what kind `fhir` takes for relations.
const FHIR_BATCH: usize = 50;
/// Entries in one page of the ASL, however many are asked for.
const FHIR_PAGE: usize = 100;
/// Services in one page: `page: { size: 100 }` in `terzosettore.graphql`.
const HSDS_PAGE: usize = 100;

/// Calls by source.
type Expected = BTreeMap<&'static str, u64>;

/// One step's calls: max(pages, distinct keys / batch limit rounded up); none without keys.
fn step(pages: usize, keys: usize, batch: usize) -> u64 {
    if keys == 0 { 0 } else { pages.max(keys.div_ceil(batch)) as u64 }
}

#[test]
fn a_neighbourhood_with_its_residents() {
    let whole = Whole::of(DEFAULT_RESIDENTS);
    let serving = whole.serve_shipped();
    let query = include_str!("../../../config/district/queries/quartiere.graphql");
    for (id, residents) in [(ONE, 1), (FIFTY, 50), (FIVE_THOUSAND, 5_000)] {
        let people = residents_of(&whole, id, 0);
        assert_eq!(people.len(), residents);
        let patients = patients(&whole, &people);
        let expected = Expected::from([
            // The neighbourhood, then its page of residents.
            ("anagrafe", 1 + step(1, 1, SQL_BATCH)),
            ("sociale", step(1, residents, SQL_BATCH)),
            // Patients by codice fiscale, then their episodes.
            ("asl", step(1, residents, FHIR_BATCH) + step(1, patients.len(), FHIR_BATCH)),
            ("terzosettore", services_calls(&whole, &[quartiere(&whole, id)])),
            // Trips of all residents and stops of the neighbourhood, asked together: a subgraph takes any number of keys in one call.
            ("trasporti", 1),
        ]);
        let answer = asked(&whole, &serving, query, json!({ "id": id, "quanti": residents }), &expected);
        let nodes = &answer["data"]["quartiere"]["residenti"]["nodes"];
        assert_eq!(nodes.as_array().unwrap().len(), residents);
        let with_episodes = nodes.as_array().unwrap().iter().filter(|node| !node["episodi"].is_null());
        assert_eq!(with_episodes.count(), patients.len());
    }
}

#[test]
fn the_old_of_a_neighbourhood() {
    let whole = Whole::of(DEFAULT_RESIDENTS);
    let serving = whole.serve_shipped();
    let shipped = include_str!("../../../config/district/queries/anziani.graphql");
    for (id, residents) in [(ONE, 1), (FIFTY, 50), (FIVE_THOUSAND, 5_000)] {
        let people = residents_of(&whole, id, 0);
        let query = shipped.replace("first: 25", &format!("first: {residents}"));
        assert_ne!(query, shipped);
        let variables = json!({ "quartiere": id, "etaMin": 0 });
        let answer = asked(&whole, &serving, &query, variables, &old(&whole, &people));
        assert_eq!(answer["data"]["residenti"]["nodes"].as_array().unwrap().len(), residents);
    }
    // As it ships: twenty-five at most, of seventy-five and more.
    let mut people = residents_of(&whole, FIFTY, 75);
    people.truncate(25);
    let answer = asked(&whole, &serving, shipped, json!({}), &old(&whole, &people));
    assert_eq!(answer["data"]["residenti"]["nodes"].as_array().unwrap().len(), people.len());
}

fn old(whole: &Whole, people: &[&Persona]) -> Expected {
    let keys: BTreeSet<&str> = people.iter().map(|one| one.codice_fiscale.as_str()).collect();
    let files = whole.district.sociale.cartelle.iter();
    let files = files.filter(|cartella| keys.contains(cartella.codice_fiscale.as_str())).count();
    let patients = patients(whole, people).len();
    Expected::from([
        // The page of residents, then the household of each.
        ("anagrafe", 1 + step(1, people.len(), SQL_BATCH)),
        // Files by person; who follows them and what is done, by file.
        ("sociale", step(1, people.len(), SQL_BATCH) + 2 * step(1, files, SQL_BATCH)),
        // Patients, their episodes, their plans.
        ("asl", step(1, people.len(), FHIR_BATCH) + 2 * step(1, patients, FHIR_BATCH)),
    ])
}

#[test]
fn the_services_of_every_neighbourhood() {
    let whole = Whole::of(DEFAULT_RESIDENTS);
    let serving = whole.serve_shipped();
    let query = include_str!("../../../config/district/queries/servizi.graphql");
    let quartieri: Vec<&Quartiere> = whole.district.quartieri.iter().collect();
    let expected = Expected::from([
        ("anagrafe", 1),
        ("terzosettore", services_calls(&whole, &quartieri)),
        // Stops and minibuses are fields of one step.
        ("trasporti", 1),
    ]);
    let answer = asked(&whole, &serving, query, json!({}), &expected);
    assert_eq!(answer["data"]["quartieri"].as_array().unwrap().len(), quartieri.len());
}

/// Asks, and compares the trail and the partners' counters with what is expected.
fn asked(whole: &Whole, serving: &Serving, query: &str, variables: Value, expected: &Expected) -> Value {
    let Partners { asl, terzo_settore, trasporti, .. } = &whole.partners;
    for partner in [asl, terzo_settore, trasporti] {
        partner.calls().forget();
    }
    serving.take_records();
    let answer = serving.ask(query, variables.clone());
    assert_eq!(answer["errors"], Value::Null);
    let mut trail = BTreeMap::new();
    for asked in serving.take_records().iter().flat_map(|record| &record.asked) {
        *trail.entry(asked.source.to_string()).or_insert(0) += asked.calls;
    }
    let expected: BTreeMap<String, u64> = expected
        .iter()
        .filter(|(_, calls)| **calls > 0)
        .map(|(name, calls)| ((*name).to_owned(), *calls))
        .collect();
    assert_eq!(trail, expected, "the trail, for {variables}");
    let counted = [
        ("asl", data_calls(asl.calls(), &["GET metadata"])),
        ("terzosettore", data_calls(terzo_settore.calls(), &["GET /"])),
        ("trasporti", trasporti.calls().of("_entities")),
    ];
    for (name, calls) in counted {
        assert_eq!(calls, expected.get(name).copied().unwrap_or(0), "what `{name}` counted, for {variables}");
    }
    answer
}

/// Requests for data: all but those by which the gateway asks whether a partner is there.
fn data_calls(calls: &Calls, probes: &[&str]) -> u64 {
    calls.total() - probes.iter().map(|probe| calls.of(probe)).sum::<u64>()
}

fn quartiere<'w>(whole: &'w Whole, id: &str) -> &'w Quartiere {
    whole.district.quartieri.iter().find(|quartiere| quartiere.id == id).unwrap()
}

/// The residents of a neighbourhood from an age on, in the order of the registry's pages.
fn residents_of<'w>(whole: &'w Whole, id: &'static str, eta_min: u32) -> Vec<&'w Persona> {
    let mut people: Vec<&Persona> =
        whole.district.residenti(id).filter(|persona| persona.eta >= eta_min).collect();
    people.sort_by(|one, other| one.codice_fiscale.cmp(&other.codice_fiscale));
    people
}

/// Those whom the ASL knows; no fifty of them have more records of one kind than a page holds, so that each batch is one page.
fn patients<'w>(whole: &'w Whole, people: &[&'w Persona]) -> Vec<&'w Persona> {
    let sanita = &whole.district.sanita;
    let persone = &whole.district.persone;
    let known: BTreeMap<&str, usize> = sanita
        .pazienti
        .iter()
        .enumerate()
        .map(|(number, paziente)| (persone[paziente.persona].codice_fiscale.as_str(), number))
        .collect();
    let patients: Vec<_> =
        people.iter().copied().filter(|one| known.contains_key(one.codice_fiscale.as_str())).collect();
    let of_patient = |number: usize| {
        let episodes = sanita.episodi.iter().filter(|episodio| episodio.paziente == number).count();
        let plans =
            sanita.piani.iter().filter(|piano| piano.paziente == number && piano.status == "active").count();
        episodes.max(plans)
    };
    for batch in patients.chunks(FHIR_BATCH) {
        let records: usize = batch.iter().map(|one| of_patient(known[one.codice_fiscale.as_str()])).sum();
        assert!(records < FHIR_PAGE, "{records} records in one batch: the pages must be counted too");
    }
    patients
}

/// A key of `Quartiere.servizi` is a postal code, and one call carries one key: its pages.
fn services_calls(whole: &Whole, quartieri: &[&Quartiere]) -> u64 {
    let caps: BTreeSet<&str> = quartieri.iter().map(|quartiere| quartiere.cap).collect();
    let all = &whole.district.terzo_settore;
    let pages = caps.iter().map(|cap| {
        let services = all.servizi.iter().filter(|servizio| all.sedi[servizio.sede].cap == *cap).count();
        services.div_ceil(HSDS_PAGE).max(1)
    });
    step(pages.sum(), caps.len(), 1)
}
