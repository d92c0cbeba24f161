//! The whole: partners and gateway in one process, asked over HTTP as a client asks.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use raccordo_demo::district::sanita::Paziente;
use raccordo_demo::district::{DEFAULT_RESIDENTS, District, comuni};
use raccordo_demo::gateway::{Listening, shipped};
use raccordo_demo::partners::{Addresses, Behaviour, FREE, Partners};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::kit::{RESIDENTS, client, json as send};

struct Whole {
    district: Arc<District>,
    partners: Partners,
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

async fn whole(residents: usize) -> Whole {
    client();
    let district = Arc::new(District::of(residents));
    let partners = Partners::start(&district, Addresses::default()).await.unwrap();
    let listening = Listening::open(&shipped(), &partners, Some(FREE)).await.unwrap();
    let address = listening.address();
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(listening.serve(async {
        let _ = stopped.await;
    }));
    Whole { district, partners, address, _stop: stop }
}

impl Whole {
    async fn ask(&self, query: &str, variables: Value) -> Value {
        let url = format!("http://{}/graphql", self.address);
        send(client().post(url).json(&json!({ "query": query, "variables": variables }))).await.1
    }
}

const QUARTIERE: &str = include_str!("../../../config/district/queries/quartiere.graphql");
const ANZIANI: &str = include_str!("../../../config/district/queries/anziani.graphql");
const SERVIZI: &str = include_str!("../../../config/district/queries/servizi.graphql");

/// Keys that one FHIR call takes, by the shipped SDL and the kind's own measure.
const FHIR_BATCH: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn one_call_brings_what_five_systems_hold_in_as_few_calls_as_their_limits_allow() {
    let whole = whole(DEFAULT_RESIDENTS).await;
    for (quartiere, residents) in [(comuni::ONE, 1), (comuni::FIFTY, 50), (comuni::FIVE_THOUSAND, 5_000)] {
        let before = whole.calls();
        let answer = whole.ask(QUARTIERE, json!({ "id": quartiere, "quanti": residents })).await;
        assert_eq!(answer["errors"], Value::Null);
        let nodes = answer["data"]["quartiere"]["residenti"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), residents);
        whole.holds_what_the_partners_hold(quartiere, nodes);
        let patients = whole.patients(quartiere);
        let expected = [residents.div_ceil(FHIR_BATCH), patients.div_ceil(FHIR_BATCH), 1, 1];
        let made: Vec<usize> =
            whole.calls().iter().zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(
            made, expected,
            "patients, episodes, services, the cooperative's entities, for {residents}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_query_has_an_answer_without_errors() {
    let whole = whole(RESIDENTS).await;
    for query in [QUARTIERE, ANZIANI, SERVIZI, UNIONE] {
        let answer = whole.ask(query, json!({})).await;
        assert_eq!(answer["errors"], Value::Null);
    }
    let answer = whole.ask(ANZIANI, json!({})).await;
    let old = whole.district.residenti(comuni::FIFTY).filter(|persona| persona.eta >= 75).count();
    assert_eq!(answer["data"]["residenti"]["nodes"].as_array().unwrap().len(), old);
    let answer = whole.ask(SERVIZI, json!({})).await;
    for quartiere in answer["data"]["quartieri"].as_array().unwrap() {
        let all = &whole.district.terzo_settore;
        let there = all.servizi.iter().filter(|servizio| quartiere["cap"] == all.sedi[servizio.sede].cap);
        let names: Vec<&str> = there.map(|servizio| servizio.nome.as_str()).collect();
        let told: Vec<&Value> = quartiere["servizi"].as_array().unwrap().iter().map(|s| &s["nome"]).collect();
        assert_eq!(told, names);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_queries_wait_in_the_explorer_the_widest_first() {
    let whole = whole(1).await;
    let (_, samples) = send(client().get(format!("http://{}/explorer/samples.json", whole.address))).await;
    let told = |member: &str| {
        samples.as_array().unwrap().iter().map(|s| text(&s[member]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told("name"), ["quartiere", "anziani", "servizi", "unione"]);
    assert_eq!(told("query"), [QUARTIERE, ANZIANI, SERVIZI, UNIONE]);
    assert!(told("title").iter().all(|title| title.len() > 20 && !title.starts_with('#')));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_is_down_costs_its_own_fields_and_no_others() {
    let whole = whole(RESIDENTS).await;
    let ask = async || whole.ask(QUARTIERE, json!({})).await;
    let healthy = ask().await;
    for (partner, field) in [
        (&whole.partners.asl, "episodi"),
        (&whole.partners.trasporti, "trasporti"),
        (&whole.partners.terzo_settore, "servizi"),
    ] {
        partner.behave(Behaviour::Down);
        let answer = ask().await;
        partner.behave(Behaviour::Faithful);
        let errors = answer["errors"].as_array().unwrap();
        assert!(errors.iter().all(|error| error["extensions"]["source"] == partner.name()), "{errors:?}");
        let (told, known) = (&answer["data"]["quartiere"], &healthy["data"]["quartiere"]);
        let first = |quartiere: &Value, field: &str| quartiere["residenti"]["nodes"][0][field].clone();
        assert!(told[field].is_null() && first(told, field).is_null());
        assert_eq!(first(told, "codiceFiscale"), first(known, "codiceFiscale"));
        assert_eq!(first(told, "cartelle"), first(known, "cartelle"));
    }
    assert_eq!(ask().await, healthy);
}

impl Whole {
    /// Requests for patients, episodes, services, entities. Those that only ask whether a partner is there are not among them.
    fn calls(&self) -> [usize; 4] {
        let (asl, services) = (self.partners.asl.calls(), self.partners.terzo_settore.calls());
        let of = [
            asl.of("POST Patient/_search"),
            asl.of("POST EpisodeOfCare/_search") + asl.of("GET page"),
            services.of("GET /services"),
            self.partners.trasporti.calls().of("_entities"),
        ];
        of.map(|calls| calls as usize)
    }

    /// How many of a quartiere's residents the ASL knows.
    fn patients(&self, quartiere: &str) -> usize {
        let of = |paziente: &&Paziente| self.district.persone[paziente.persona].quartiere == quartiere;
        self.district.sanita.pazienti.iter().filter(of).count()
    }

    /// Every person's records in the answer are exactly those that the partners were filled from.
    fn holds_what_the_partners_hold(&self, quartiere: &str, nodes: &[Value]) {
        let told = |field: &'static str, of: &'static str| {
            let mut pairs = Vec::new();
            for node in nodes {
                let records = node[field].as_array().into_iter().flatten();
                pairs.extend(
                    records.map(|record| format!("{} {}", text(&node["codiceFiscale"]), text(&record[of]))),
                );
            }
            pairs.sort();
            pairs
        };
        let people: HashSet<&str> =
            self.district.residenti(quartiere).map(|persona| persona.codice_fiscale.as_str()).collect();
        let kept = |pairs: &mut dyn Iterator<Item = (&str, String)>| {
            let there = pairs.filter(|(code, _)| people.contains(code));
            let mut pairs: Vec<String> = there.map(|(code, value)| format!("{code} {value}")).collect();
            pairs.sort();
            pairs
        };
        let District { sociale, sanita, trasporti, persone, .. } = &*self.district;
        let files = &mut sociale.cartelle.iter().map(|c| (c.codice_fiscale.as_str(), c.numero.clone()));
        assert_eq!(told("cartelle", "numero"), kept(files));
        let trips = &mut trasporti.corse.iter().map(|c| (c.codice_fiscale.as_str(), c.data.to_string()));
        assert_eq!(told("trasporti", "data"), kept(trips));
        let code = |paziente: usize| persone[sanita.pazienti[paziente].persona].codice_fiscale.as_str();
        let episodes = &mut sanita.episodi.iter().map(|e| (code(e.paziente), e.dal.to_string()));
        assert_eq!(told("episodi", "dal"), kept(episodes));
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

const UNIONE: &str = include_str!("../../../config/district/queries/unione.graphql");

/// Text 004: seven registers of two suppliers are one list, each comune sees its own, and what a register doesn't give is stated.
#[tokio::test(flavor = "multi_thread")]
async fn seven_comuni_are_one_source() {
    let whole = whole(RESIDENTS).await;
    let mut expected: Vec<(&str, &str, u32)> = whole
        .district
        .accessi
        .iter()
        .filter(|accesso| accesso.data.starts_with("2025"))
        .map(|accesso| (&*accesso.data, accesso.comune.istat, accesso.numero))
        .collect();
    expected.sort_by_key(|(data, comune, numero)| (*data, *numero, *comune));
    let answer = whole.ask(UNIONE, json!({ "quanti": 1_000 })).await;
    assert_eq!(answer["errors"], Value::Null);
    assert_eq!(accessi(&answer), expected);
    let own = whole.ask(UNIONE, json!({ "quanti": 1_000, "comuni": ["034005", "034046"] })).await;
    expected.retain(|(_, comune, _)| ["034005", "034046"].contains(comune));
    assert_eq!(accessi(&own), expected);
    let page = &own["data"]["accessi"]["nodes"][0];
    let of = |registro: &str, comune: &str| page["registro"] == registro && page["comuneIstat"] == comune;
    assert!(of("bore", "034005") || of("varsi", "034046"), "{page}");
    // Varsi's register is no register any more.
    std::fs::write(whole.partners.unione[6].path(), b"non e' un registro").unwrap();
    let answer = whole.ask(UNIONE, json!({ "quanti": 1_000, "comuni": ["034005", "034046"] })).await;
    expected.retain(|(_, comune, _)| *comune == "034005");
    assert_eq!(accessi(&answer), expected);
    let error = &answer["errors"][0];
    assert_eq!(
        (error["path"][0].as_str(), &error["extensions"]["incomplete"]),
        (Some("accessi"), &json!(true))
    );
    assert_eq!(error["extensions"]["members"], json!(["bore", "varsi"]), "those that the client chose");
    let state =
        whole.ask("{ fonte(nome: \"unione\") { raggiungibile membri { nome tipo } } }", json!({})).await;
    let fonte = &state["data"]["fonte"];
    assert_eq!(
        (&fonte["membri"][6], &fonte["raggiungibile"]),
        (&json!({ "nome": "varsi", "tipo": "sql" }), &json!(true))
    );
}

fn accessi(answer: &Value) -> Vec<(&str, &str, u32)> {
    answer["data"]["accessi"]["nodes"].as_array().unwrap().iter().map(accesso).collect()
}

fn accesso(node: &Value) -> (&str, &str, u32) {
    let text = |name: &str| node[name].as_str().unwrap_or_default();
    (text("data"), text("comuneIstat"), node["numero"].as_u64().unwrap_or_default() as u32)
}
