//! Answers against the data that the district was made from, value by value: for every resident of a neighbourhood of 5,000, for
//! pages that follow each other, for many callers at once.

use std::collections::{BTreeMap, HashMap};

use raccordo_demo::district::{
    DEFAULT_RESIDENTS, District,
    comuni::{FIFTY, FIVE_THOUSAND},
    persone::Persona,
};
use serde_json::{Value, json};

use crate::kit::Whole;

/// What the partners know of one person, as the query of `everything` brings it.
fn known(district: &District, number: usize, persona: &Persona) -> Value {
    let code = &persona.codice_fiscale;
    let files = district.sociale.cartelle.iter().filter(|file| file.codice_fiscale == *code);
    let files: BTreeMap<&str, Value> = files
        .map(|file| {
            let helped = district.sociale.interventi.iter().filter(|one| one.cartella == file.numero);
            (file.numero.as_str(), json!({ "numero": file.numero, "interventi": helped.count() }))
        })
        .collect();
    let patient = district.sanita.pazienti.iter().position(|paziente| paziente.persona == number);
    let episodes = patient.map(|patient| {
        let own = district.sanita.episodi.iter().filter(|episodio| episodio.paziente == patient);
        own.map(|e| json!({ "id": e.id, "codice": e.tipo.0, "dal": e.dal, "al": e.al })).collect::<Vec<_>>()
    });
    let rides = district.trasporti.corse.iter().filter(|corsa| corsa.codice_fiscale == *code);
    json!({
        "codiceFiscale": code,
        "cognome": persona.cognome,
        "nome": persona.nome,
        "eta": persona.eta,
        "nucleo": persona.nucleo,
        "cartelle": files.into_values().collect::<Vec<_>>(),
        "episodi": episodes,
        "trasporti": rides.map(|ride| json!({ "id": ride.id, "km": ride.km })).collect::<Vec<_>>(),
    })
}

/// A node of the answer in the form of `known`: lists without an order of their own by their ids.
fn told(node: &Value) -> Value {
    let sorted = |list: &Value, by: &str| {
        let mut items = list.as_array().cloned();
        items.iter_mut().for_each(|items| items.sort_by_key(|item| item[by].as_str().map(str::to_owned)));
        json!(items)
    };
    let mut told = node.clone();
    told["nucleo"] = node["nucleo"]["codice"].clone();
    told["episodi"] = sorted(&node["episodi"], "id");
    told["cartelle"] = sorted(&node["cartelle"], "numero");
    for file in told["cartelle"].as_array_mut().unwrap() {
        file["interventi"] = json!(file["interventi"].as_array().unwrap().len());
    }
    told
}

const NODE: &str = "codiceFiscale cognome nome eta nucleo { codice } cartelle { numero interventi { id } } \
                    episodi { id codice dal al } trasporti { id km }";

#[test]
fn everything_about_five_thousand_people_is_theirs() {
    let whole = Whole::of(DEFAULT_RESIDENTS);
    let serving = whole.serve_shipped();
    let query = format!(
        "{{ quartiere(id: \"{FIVE_THOUSAND}\") {{ residenti(first: 5000) {{ nodes {{ {NODE} }} }} }} }}"
    );
    let answer = serving.ask(&query, json!({}));
    assert_eq!(answer["errors"], Value::Null);
    let numbers: HashMap<&str, usize> = whole
        .district
        .persone
        .iter()
        .enumerate()
        .map(|(at, one)| (one.codice_fiscale.as_str(), at))
        .collect();
    let nodes = answer["data"]["quartiere"]["residenti"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 5_000);
    let (mut with_files, mut with_rides) = (0, 0);
    for node in nodes {
        let number = numbers[node["codiceFiscale"].as_str().unwrap()];
        let persona = &whole.district.persone[number];
        assert_eq!(persona.quartiere, FIVE_THOUSAND);
        let node = told(node);
        assert_eq!(node, known(&whole.district, number, persona));
        with_files += usize::from(node["cartelle"] != json!([]));
        with_rides += usize::from(node["trasporti"] != json!([]));
    }
    assert!(with_files > 100 && with_rides > 100, "{with_files} with files, {with_rides} with rides");
}

#[test]
fn pages_bring_everyone_once() {
    let whole = Whole::of(DEFAULT_RESIDENTS);
    let serving = whole.serve_shipped();
    let query = "query($after: String) { residenti(etaMin: 30, etaMax: 60, first: 333, after: $after) { nodes { codiceFiscale } pageInfo { hasNextPage endCursor } } }";
    let (mut after, mut came) = (Value::Null, Vec::new());
    loop {
        let answer = serving.ask(query, json!({ "after": after }));
        let page = &answer["data"]["residenti"];
        let nodes = page["nodes"].as_array().unwrap();
        came.extend(nodes.iter().map(|node| node["codiceFiscale"].as_str().unwrap().to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        assert_eq!(nodes.len(), 333);
        after = page["pageInfo"]["endCursor"].clone();
    }
    let people = whole.district.persone.iter().filter(|persona| (30..=60).contains(&persona.eta));
    let mut expected: Vec<String> = people.map(|persona| persona.codice_fiscale.clone()).collect();
    expected.sort();
    assert_eq!(came, expected);
}

#[test]
fn callers_at_once_get_each_their_own() {
    let whole = Whole::of(200);
    let serving = whole.serve_shipped();
    let query = format!("query($code: CodiceFiscale!) {{ persona(codiceFiscale: $code) {{ {NODE} }} }}");
    let district = &whole.district;
    let people: Vec<(usize, &Persona)> =
        district.persone.iter().enumerate().filter(|(_, one)| one.quartiere == FIFTY).collect();
    std::thread::scope(|scope| {
        for (number, persona) in &people {
            let (serving, query) = (&serving, &query);
            scope.spawn(move || {
                for _ in 0..4 {
                    let answer = serving.ask(query, json!({ "code": persona.codice_fiscale }));
                    assert_eq!(told(&answer["data"]["persona"]), known(district, *number, persona));
                }
            });
        }
    });
    assert_eq!(serving.take_records().len(), people.len() * 4);
}
