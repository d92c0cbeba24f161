//! References between resources: from a search parameter to the element that holds the reference, and from a reference's text
//! to the id it means. FHIR R4 §2.3.0 (References), §3.1.1.4.11 (reference parameters).
//!
//! A reference that doesn't clearly mean a resource of this server of the wanted type means nothing here.

use serde_json::Value;
use url::Url;

/// Where R4's reference parameters look when it isn't the element of their own name. Taken from R4's `search-parameters.json`:
/// resource, parameter, path.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("Appointment", "actor", "participant.actor"),
    ("Appointment", "location", "participant.actor"),
    ("Appointment", "patient", "participant.actor"),
    ("Appointment", "practitioner", "participant.actor"),
    ("Appointment", "supporting-info", "supportingInformation"),
    ("AppointmentResponse", "location", "actor"),
    ("AppointmentResponse", "patient", "actor"),
    ("AppointmentResponse", "practitioner", "actor"),
    ("CarePlan", "condition", "addresses"),
    ("CareTeam", "participant", "participant.member"),
    ("Consent", "consentor", "performer"),
    ("Coverage", "patient", "beneficiary"),
    ("Device", "organization", "owner"),
    ("Encounter", "diagnosis", "diagnosis.condition"),
    ("Encounter", "location", "location.location"),
    ("Encounter", "participant", "participant.individual"),
    ("Encounter", "practitioner", "participant.individual"),
    ("EnrollmentRequest", "patient", "candidate"),
    ("EnrollmentRequest", "subject", "candidate"),
    ("EpisodeOfCare", "condition", "diagnosis.condition"),
    ("EpisodeOfCare", "incoming-referral", "referralRequest"),
    ("EpisodeOfCare", "organization", "managingOrganization"),
    ("Group", "member", "member.entity"),
    ("HealthcareService", "organization", "providedBy"),
    ("Immunization", "performer", "performer.actor"),
    ("Location", "organization", "managingOrganization"),
    ("Location", "partof", "partOf"),
    ("MedicationAdministration", "performer", "performer.actor"),
    ("MedicationDispense", "performer", "performer.actor"),
    ("MedicationRequest", "intended-performer", "performer"),
    ("Organization", "partof", "partOf"),
    ("Patient", "organization", "managingOrganization"),
    ("Person", "organization", "managingOrganization"),
    ("Person", "patient", "link.target"),
    ("PractitionerRole", "service", "healthcareService"),
    ("Procedure", "performer", "performer.actor"),
    ("Provenance", "patient", "target"),
    ("ResearchSubject", "patient", "individual"),
    ("SupplyRequest", "subject", "deliverTo"),
    ("Task", "patient", "for"),
    ("Task", "subject", "for"),
];

/// The resources whose parameter `patient` looks into `subject`; in all others not named above it looks into `patient`.
const PATIENT_IS_SUBJECT: &[&str] = &[
    "Account",
    "Basic",
    "CarePlan",
    "CareTeam",
    "ChargeItem",
    "ClinicalImpression",
    "Communication",
    "CommunicationRequest",
    "Composition",
    "Condition",
    "Contract",
    "DeviceRequest",
    "DeviceUseStatement",
    "DiagnosticReport",
    "DocumentManifest",
    "DocumentReference",
    "Encounter",
    "Flag",
    "Goal",
    "GuidanceResponse",
    "ImagingStudy",
    "Invoice",
    "List",
    "MeasureReport",
    "Media",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Procedure",
    "QuestionnaireResponse",
    "RequestGroup",
    "RiskAssessment",
    "ServiceRequest",
    "Specimen",
];

/// The path of the element that a reference parameter looks into: `patient` of an `EpisodeOfCare` is `patient`, of a `CarePlan` `subject`.
pub(crate) fn element_path(resource: &str, param: &str) -> Vec<String> {
    let named = ELSEWHERE.iter().find(|(of, name, _)| *of == resource && *name == param);
    match named {
        Some((_, _, path)) => path.split('.').map(str::to_owned).collect(),
        None if param == "patient" && PATIENT_IS_SUBJECT.contains(&resource) => vec!["subject".to_owned()],
        None => vec![camel_case(param)],
    }
}

/// `care-manager` is the element `careManager`.
fn camel_case(param: &str) -> String {
    let mut words = param.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let head = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &head.into_iter().chain(letters).collect::<String>()
    })
}

/// The texts of the references at a path; lists on the way count with all their items.
pub(crate) fn references<'a>(resource: &'a Value, path: &[String]) -> Vec<&'a str> {
    let mut at = vec![resource];
    for name in path {
        at = at.into_iter().flat_map(items).filter_map(|value| value.get(name)).collect();
    }
    at.into_iter().flat_map(items).filter_map(|value| value.get("reference")?.as_str()).collect()
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        single => std::slice::from_ref(single),
    }
}

/// The id that a reference's text means, when it means a resource of this type on this server: `Patient/p1`, a version of it,
/// the absolute URL under `base` (which ends in a slash), or a bare id.
pub(crate) fn id_of<'a>(reference: &'a str, resource: &str, base: &Url) -> Option<&'a str> {
    let relative = match reference.contains("://") {
        true => reference.strip_prefix(base.as_str())?,
        false => reference,
    };
    let mut parts = relative.split('/');
    let id = match (parts.next()?, parts.next()) {
        (id, None) if relative.len() == reference.len() => id,
        (of, Some(id)) if of == resource => id,
        _ => return None,
    };
    let version = (parts.next(), parts.next(), parts.next());
    let plain = matches!(version, (None, ..) | (Some("_history"), Some(_), None));
    (plain && is_id(id)).then_some(id)
}

/// FHIR R4 §2.24.0.1: an id has 1 to 64 letters, digits, `-` and `.`; some servers also use `_`.
pub(crate) fn is_id(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_parameter_leads_to_its_element() {
        let path = |resource, param| element_path(resource, param).join(".");
        assert_eq!(path("EpisodeOfCare", "patient"), "patient");
        assert_eq!(path("CarePlan", "patient"), "subject");
        assert_eq!(path("CarePlan", "subject"), "subject");
        assert_eq!(path("Task", "patient"), "for");
        assert_eq!(path("Coverage", "patient"), "beneficiary");
        assert_eq!(path("Appointment", "patient"), "participant.actor");
        assert_eq!(path("EpisodeOfCare", "care-manager"), "careManager");
        assert_eq!(path("Procedure", "based-on"), "basedOn");
    }

    #[test]
    fn references_are_found_through_lists() {
        let resource = json!({ "participant": [
            { "actor": { "reference": "Patient/p1" } },
            { "actor": { "reference": "Location/l1" } },
            { "type": [] },
        ]});
        let path = ["participant".to_owned(), "actor".to_owned()];
        assert_eq!(references(&resource, &path), ["Patient/p1", "Location/l1"]);
        assert!(references(&resource, &["patient".to_owned()]).is_empty());
    }

    #[test]
    fn a_reference_means_a_resource_of_this_server_and_type_or_nothing() {
        let base = Url::parse("http://asl.example/fhir/r4/").unwrap();
        let id = |reference| id_of(reference, "Patient", &base);
        assert_eq!(id("Patient/p1"), Some("p1"));
        assert_eq!(id("Patient/p1/_history/2"), Some("p1"));
        assert_eq!(id("p1"), Some("p1"));
        assert_eq!(id("http://asl.example/fhir/r4/Patient/p1"), Some("p1"));
        assert_eq!(id("http://asl.example/fhir/r4/Patient/p1/_history/7"), Some("p1"));
        for other in [
            "Group/p1",
            "http://altra.example/fhir/r4/Patient/p1",
            "http://asl.example/fhir/r4x/Patient/p1",
            "http://asl.example/fhir/r4/p1",
            "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
            "#p1",
            "Patient/",
            "",
            "Patient/p1/altro",
            "Patient/p1/_history",
            "Patient?identifier=x",
        ] {
            assert_eq!(id(other), None, "{other}");
        }
    }
}
