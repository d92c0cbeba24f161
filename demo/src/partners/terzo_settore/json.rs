//! Enters: services, organisations, places of the district. Leaves: the same in the shape of Open Referral HSDS 3.1.

use serde_json::{Value, json};

use crate::district::terzo_settore::{Organizzazione, Sede, Servizio, TERMS, TerzoSettore};

/// The only taxonomy: the casellario's codes.
pub(super) const TAXONOMY: &str = "casellario";

/// A service with its organisation; with `full` also its places, hours, terms and capacity.
pub(super) fn service(all: &TerzoSettore, servizio: &Servizio, full: bool) -> Value {
    let mut json = json!({
        "id": servizio.id,
        "name": servizio.nome,
        "description": servizio.descrizione,
        "status": servizio.stato,
        "url": format!("https://terzosettore.example/servizi/{}", servizio.id),
        "last_modified": servizio.aggiornato,
        "organization": all.organizzazioni.get(servizio.organizzazione).map(organization),
    });
    let Some(members) = json.as_object_mut().filter(|_| full) else { return json };
    members.insert("service_at_locations".to_owned(), json!([at_location(all, servizio, false)]));
    members.insert("attributes".to_owned(), attributes(servizio));
    if let Some(posti) = servizio.posti {
        let capacity = json!({
            "id": format!("cap-{}", servizio.id),
            "unit": { "id": "posti", "name": "posti" },
            "available": posti,
            "updated": servizio.aggiornato,
        });
        members.insert("service_capacity".to_owned(), json!([capacity]));
    }
    json
}

/// An organisation.
pub(super) fn organization(organizzazione: &Organizzazione) -> Value {
    json!({
        "id": organizzazione.id,
        "name": organizzazione.nome,
        "description": organizzazione.descrizione,
        "legal_status": organizzazione.sezione,
        "year_incorporated": organizzazione.anno,
        "website": format!("https://terzosettore.example/enti/{}", organizzazione.id),
        "email": format!("{}@terzosettore.example", organizzazione.id),
    })
}

/// A service at its place; with `full` the service stands in it too.
pub(super) fn at_location(all: &TerzoSettore, servizio: &Servizio, full: bool) -> Value {
    let mut json = json!({
        "id": format!("sal-{}", servizio.id),
        "location": all.sedi.get(servizio.sede).map(location),
        "schedules": [schedule(servizio)],
    });
    if let Some(members) = json.as_object_mut().filter(|_| full) {
        members.insert("service".to_owned(), service(all, servizio, false));
    }
    json
}

fn location(sede: &Sede) -> Value {
    let address = json!({
        "id": format!("adr-{}", sede.id),
        "address_1": sede.indirizzo,
        "city": sede.comune,
        "state_province": "PR",
        "postal_code": sede.cap,
        "country": "IT",
        "address_type": "physical",
    });
    json!({ "id": sede.id, "location_type": "physical", "name": sede.nome, "addresses": [address] })
}

fn schedule(servizio: &Servizio) -> Value {
    let (opens, closes) = servizio.orario;
    json!({
        "id": format!("sch-{}", servizio.id),
        "freq": "WEEKLY",
        "byday": servizio.giorni,
        "opens_at": format!("{opens:02}:00:00"),
        "closes_at": format!("{closes:02}:00:00"),
    })
}

fn attributes(servizio: &Servizio) -> Value {
    json!([{
        "id": format!("att-{}", servizio.id),
        "link_entity": "service",
        "taxonomy_term": term(servizio.termine),
    }])
}

/// A term of the taxonomy, by its number.
pub(super) fn term(number: usize) -> Option<Value> {
    let (code, name, description) = TERMS.get(number)?;
    Some(json!({
        "id": code,
        "code": code,
        "name": name,
        "description": description,
        "taxonomy_detail": taxonomy(),
    }))
}

/// The taxonomy.
pub(super) fn taxonomy() -> Value {
    json!({
        "id": TAXONOMY,
        "name": "Casellario dell'assistenza",
        "description": "Codici delle prestazioni del casellario dell'assistenza (SIUSS).",
    })
}
