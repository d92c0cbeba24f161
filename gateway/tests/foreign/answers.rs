//! What is asked of two subgraphs, and what they answer together.

use serde_json::{Value, json};

use crate::registry::BROKEN;
use crate::running::{District, Gateway};

/// Each of these is asked of a gateway that composes by itself and of one that is given the supergraph.
fn both(district: &District) -> [Gateway; 2] {
    [district.serve(["--config", "raccordo.yaml"]), district.serve(["--supergraph", "supergraph.graphql"])]
}

fn data(answer: &Value) -> &Value {
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    &answer["data"]
}

#[test]
fn entities_requirements_interfaces_and_unions_come_from_both() {
    let mut district = District::start();
    let gateways = both(&district);
    district.transport.take_requests().unwrap();
    for gateway in &gateways {
        // The fare needs the age, which the registry keeps.
        let answer = gateway.ask(
            "{ persona(codiceFiscale: \"RSSMRA50A01Z999X\") { nome tariffa corse(stato: SVOLTA) { id mezzo { __typename posti ... on Pulmino { pedana } } } } }",
        );
        let ride = json!({ "id": "1", "mezzo": { "__typename": "Pulmino", "posti": 8, "pedana": true } });
        assert_eq!(data(&answer)["persona"], json!({ "nome": "Maria", "tariffa": 1.5, "corse": [ride] }));
        let requests = district.transport.take_requests().unwrap();
        let asked = requests.iter().filter(|request| request.body.contains("_entities")).count();
        assert_eq!(asked, 1, "one step is one call");

        // From the cooperative to the registry and back.
        let answer = gateway.ask("{ corse(first: 2) { giorno passeggero { nome ultimaCorsa { id } } } }");
        let passenger = json!({ "nome": "Maria", "ultimaCorsa": { "id": "2" } });
        assert_eq!(
            data(&answer)["corse"],
            json!([{ "giorno": "2026-03-02", "passeggero": passenger }, { "giorno": "2026-03-05", "passeggero": passenger }])
        );

        let answer = gateway.ask("{ mezzi { targa __typename ... on Auto { volontario } } cerca(testo: \"2026-03-02\") { __typename ... on Corsa { id } } }");
        assert_eq!(
            data(&answer),
            &json!({
                "mezzi": [{ "targa": "AA111AA", "__typename": "Pulmino" }, { "targa": "BB222BB", "__typename": "Auto", "volontario": null }],
                "cerca": [{ "__typename": "Corsa", "id": "1" }],
            })
        );
    }
}

#[test]
fn an_error_of_a_subgraph_costs_its_fields_and_no_word_of_it_is_passed_on() {
    let district = District::start();
    for gateway in &both(&district) {
        // One entity of the batch fails: the others are served. Mercurius writes the position in the path as a string.
        let answer = gateway.ask("{ persone { nome ultimaCorsa { id } } }");
        let last = |id: Option<&str>| id.map_or(Value::Null, |id| json!({ "id": id }));
        let people = [("Maria", Some("2")), ("Luigi", Some("3")), ("Guido", None), ("Anna", None)]
            .map(|(nome, id)| json!({ "nome": nome, "ultimaCorsa": last(id) }));
        assert_eq!(answer["data"]["persone"], json!(people), "{answer}");
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{answer}");
        assert_eq!(errors[0]["path"], json!(["persone", 2, "ultimaCorsa"]));
        assert_eq!(errors[0]["extensions"]["code"], "SOURCE_REJECTED");
        assert_eq!(errors[0]["extensions"]["source"], "trasporti");
        let text = answer.to_string();
        assert!(
            !text.contains("illeggibile") && !text.contains("ILLEGGIBILE") && !text.contains(BROKEN),
            "{text}"
        );

        let answer = gateway.ask("{ guasto mezzi { targa } }");
        assert_eq!(
            answer["data"],
            json!({ "guasto": null, "mezzi": [{ "targa": "AA111AA" }, { "targa": "BB222BB" }] })
        );
        assert_eq!(answer["errors"][0]["path"], json!(["guasto"]));

        // A non-null root field takes everything with it, what the registry said too.
        let answer = gateway.ask("{ guastoGrave persone { nome } }");
        assert_eq!(answer["data"], Value::Null, "{answer}");
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    }
}

#[test]
fn mutations_go_through_in_order_and_what_follows_is_joined() {
    let district = District::start();
    let [own, given] = both(&district);
    let book = |targa: &str| {
        format!(
            "prenota(input: {{ passeggero: \"VRDLGI60B02Z999Y\", targa: \"{targa}\", giorno: \"2026-05-05\" }}) {{ id stato tappe {{ luogo }} passeggero {{ nome }} }}"
        )
    };
    for (gateway, first) in [(own, 4), (given, 6)] {
        let answer = gateway.ask(&format!("mutation {{ a: {} b: {} }}", book("AA111AA"), book("BB222BB")));
        let booked = |id: i32| json!({ "id": id.to_string(), "stato": "PRENOTATA", "tappe": [], "passeggero": { "nome": "Luigi" } });
        assert_eq!(data(&answer), &json!({ "a": booked(first), "b": booked(first + 1) }));
        let answer = gateway.ask(&format!("mutation {{ {} }}", book("ZZ999ZZ")));
        assert_eq!(answer["data"], Value::Null, "`prenota` can't be null: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "SOURCE_REJECTED");
        assert!(!answer.to_string().contains("ZZ999ZZ"), "{answer}");
    }
}

#[test]
fn a_subgraph_that_is_gone_costs_its_fields() {
    let mut district = District::start();
    let gateways = both(&district);
    district.transport.stop();
    for gateway in &gateways {
        let answer =
            gateway.ask("{ persona(codiceFiscale: \"RSSMRA50A01Z999X\") { nome ultimaCorsa { id } } }");
        assert_eq!(answer["data"]["persona"], json!({ "nome": "Maria", "ultimaCorsa": null }));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "SOURCE_UNAVAILABLE");
        // Its rides can't be null: the person goes, and with her the cause is told once.
        let answer = gateway.ask("{ persona(codiceFiscale: \"RSSMRA50A01Z999X\") { nome corse { id } } }");
        assert_eq!(
            (&answer["data"], answer["errors"].as_array().unwrap().len()),
            (&json!({ "persona": null }), 1)
        );
    }
}

#[test]
fn a_plan_says_who_gets_what() {
    let district = District::start();
    district.write("tariffe.graphql", "{ persone { nome tariffa } }");
    for input in [["--config", "raccordo.yaml"], ["--supergraph", "supergraph.graphql"]] {
        let drawn = district.said(&["plan", "tariffe.graphql", input[0], input[1]]);
        let place = |text: &str| drawn.find(text).unwrap_or_else(|| panic!("no `{text}` in\n{drawn}"));
        assert!(place("anagrafe (graphql)") < place("trasporti (graphql)"), "{drawn}");
        place("for Persona by codiceFiscale, eta");
        place("{ tariffa }");
    }
}
