//! Enters: the number of a record. Leaves: its FHIR R4 resource, whole or with the elements that were asked for.

use serde_json::{Map, Value, json};

use super::search::{HL7, OID};
use super::shelf::Kind;
use crate::district::District;
use crate::district::codice_fiscale::Sesso;
use crate::district::sanita::Dialect;

/// When every record was last changed, for the server: the district's reference day.
const LAST_UPDATED: &str = "2026-09-30T06:00:00Z";
const CARE_SYSTEM: &str = "https://raccordo.example/codici/assistenza-domiciliare";

/// The resource; `None` when there is no such record. `elements` empty means whole.
pub(super) fn resource(district: &District, kind: Kind, number: usize, elements: &[String]) -> Option<Value> {
    let whole = match kind {
        Kind::Patient => patient(district, number),
        Kind::EpisodeOfCare => episode(district, number),
        Kind::ServiceRequest => request(district, number),
        Kind::CarePlan => plan(district, number),
    }?;
    Some(if elements.is_empty() { whole } else { subset(whole, elements) })
}

fn patient(district: &District, number: usize) -> Option<Value> {
    let paziente = district.sanita.pazienti.get(number)?;
    let persona = district.persone.get(paziente.persona)?;
    let systems: &[&str] = match paziente.dialect {
        Dialect::Hl7 => &[HL7],
        Dialect::Oid => &[OID],
        Dialect::Both => &[HL7, OID],
    };
    let mut identifiers: Vec<Value> = systems
        .iter()
        .map(|system| json!({ "use": "official", "system": system, "value": persona.codice_fiscale }))
        .collect();
    identifiers
        .push(json!({ "system": "http://hl7.it/sid/fls", "value": format!("08010{:07}", number + 1) }));
    Some(json!({
        "resourceType": "Patient",
        "id": paziente.id,
        "meta": { "lastUpdated": LAST_UPDATED },
        "identifier": identifiers,
        "active": true,
        "name": [{ "use": "official", "family": persona.cognome, "given": [persona.nome] }],
        "gender": if persona.sesso == Sesso::F { "female" } else { "male" },
        "birthDate": persona.data_nascita,
        "generalPractitioner": [{
            "identifier": { "value": paziente.medico },
            "display": format!("Medico di medicina generale {}", paziente.medico),
        }],
    }))
}

/// The reference to the patient of that number.
fn reference(district: &District, patient: usize) -> Option<Value> {
    let paziente = district.sanita.pazienti.get(patient)?;
    Some(json!({ "reference": format!("Patient/{}", paziente.id) }))
}

fn episode(district: &District, number: usize) -> Option<Value> {
    let episodio = district.sanita.episodi.get(number)?;
    let (code, display) = episodio.tipo;
    let mut period = json!({ "start": episodio.dal });
    if let (Some(al), Some(period)) = (episodio.al, period.as_object_mut()) {
        period.insert("end".to_owned(), json!(al));
    }
    Some(json!({
        "resourceType": "EpisodeOfCare",
        "id": episodio.id,
        "meta": { "lastUpdated": LAST_UPDATED },
        "status": episodio.status,
        "type": [{ "coding": [{ "system": CARE_SYSTEM, "code": code, "display": display }] }],
        "patient": reference(district, episodio.paziente)?,
        "managingOrganization": { "display": "Distretto Valli Taro e Ceno" },
        "period": period,
    }))
}

fn request(district: &District, number: usize) -> Option<Value> {
    let accesso = district.sanita.accessi.get(number)?;
    Some(json!({
        "resourceType": "ServiceRequest",
        "id": accesso.id,
        "meta": { "lastUpdated": LAST_UPDATED },
        "status": accesso.status,
        "intent": "order",
        "code": { "text": accesso.richiesta },
        "subject": reference(district, accesso.paziente)?,
        "authoredOn": accesso.data,
        "performer": [{ "display": "Punto unico di accesso, Casa della Comunità" }],
    }))
}

fn plan(district: &District, number: usize) -> Option<Value> {
    let piano = district.sanita.piani.get(number)?;
    Some(json!({
        "resourceType": "CarePlan",
        "id": piano.id,
        "meta": { "lastUpdated": LAST_UPDATED },
        "status": piano.status,
        "intent": "plan",
        "title": piano.titolo,
        "subject": reference(district, piano.paziente)?,
        "period": { "start": piano.dal, "end": piano.revisione },
    }))
}

/// The elements asked for, with what a resource can't be without, marked as a subset (FHIR R4, section 3.1.1.5.11).
fn subset(whole: Value, elements: &[String]) -> Value {
    let Value::Object(members) = whole else { return whole };
    let kept =
        |name: &str| matches!(name, "resourceType" | "id") || elements.iter().any(|wanted| wanted == name);
    let mut sparse: Map<String, Value> = members.into_iter().filter(|(name, _)| kept(name)).collect();
    let tag =
        json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED" });
    sparse.insert("meta".to_owned(), json!({ "lastUpdated": LAST_UPDATED, "tag": [tag] }));
    Value::Object(sparse)
}
