//! Enters: the server's base. Leaves: its CapabilityStatement (`/metadata`): what it can search, by what.

use serde_json::{Value, json};

use super::shelf::Kind;

/// The statement.
pub(super) fn statement(base: &str) -> Value {
    let resources: Vec<Value> = Kind::ALL.into_iter().map(resource).collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-09-30",
        "kind": "instance",
        "software": { "name": "ASL del distretto di esempio" },
        "implementation": { "description": "Dati inventati", "url": base },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{ "mode": "server", "resource": resources }],
    })
}

fn resource(kind: Kind) -> Value {
    let own: &[(&str, &str)] = match kind {
        Kind::Patient => &[("identifier", "token"), ("birthdate", "date")],
        Kind::EpisodeOfCare => &[("patient", "reference"), ("status", "token"), ("date", "date")],
        Kind::ServiceRequest => {
            &[("patient", "reference"), ("subject", "reference"), ("status", "token"), ("authored", "date")]
        }
        Kind::CarePlan => {
            &[("patient", "reference"), ("subject", "reference"), ("status", "token"), ("date", "date")]
        }
    };
    let params: Vec<Value> = [("_id", "token")]
        .iter()
        .chain(own)
        .map(|(name, kind)| json!({ "name": name, "type": kind }))
        .collect();
    json!({
        "type": kind.name(),
        "interaction": [{ "code": "read" }, { "code": "search-type" }],
        "searchParam": params,
    })
}
