//! Enters: the name-value pairs of a FHIR search. Leaves: the numbers of the records that match, and how they are wanted.
//! FHIR R4, section 3.1.1. What it doesn't know it ignores and says so, or refuses under `Prefer: handling=strict`.

use std::collections::BTreeSet;

use super::outcome::Outcome;
use super::shelf::{Kind, Record, Shelves};
use crate::district::sanita::Dialect;

/// Identifier systems of the codice fiscale: the national guide's and the OID.
pub(super) const HL7: &str = "http://hl7.it/sid/codiceFiscale";
pub(super) const OID: &str = "urn:oid:2.16.840.1.113883.2.9.4.3.2";

/// Most values that one parameter takes.
const MOST_VALUES: usize = 1_000;
/// Entries of a page when nobody says how many, and at most.
const PAGE: usize = 50;
pub(super) const MOST_PER_PAGE: usize = 100;

/// A search, understood.
pub(super) struct Search {
    pub(super) hits: Vec<usize>,
    pub(super) wanted: Wanted,
    /// The pairs that had an effect: what the `self` link repeats.
    pub(super) applied: Vec<(String, String)>,
    /// The names that had none.
    pub(super) ignored: Vec<String>,
}

/// How the hits are wanted.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) kind: Kind,
    /// Entries of a page; 0 asks for the total only.
    pub(super) count: usize,
    /// Top-level elements; empty means all.
    pub(super) elements: Vec<String>,
}

enum Condition {
    Among(BTreeSet<usize>),
    Status(Vec<String>),
    Date(Prefix, String),
}

#[derive(Clone, Copy)]
enum Prefix {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// Runs a search.
pub(super) fn search(
    shelves: &Shelves,
    kind: Kind,
    pairs: &[(String, String)],
    strict: bool,
) -> Result<Search, Outcome> {
    let mut wanted = Wanted { kind, count: PAGE, elements: Vec::new() };
    let (mut conditions, mut applied, mut ignored) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in pairs {
        if shape(&mut wanted, name, value)? {
            applied.push((name.clone(), value.clone()));
        } else if let Some(condition) = condition(shelves, kind, name, value)? {
            conditions.push(condition);
            applied.push((name.clone(), value.clone()));
        } else if strict {
            return Err(Outcome::invalid(format!("unknown search parameter {name} for {}", kind.name())));
        } else {
            ignored.push(name.clone());
        }
    }
    Ok(Search { hits: matching(shelves, kind, &conditions), wanted, applied, ignored })
}

/// Parameters of the result; false when it is none of them.
fn shape(wanted: &mut Wanted, name: &str, value: &str) -> Result<bool, Outcome> {
    match name {
        "_count" => {
            let count: usize =
                value.parse().map_err(|_| Outcome::invalid("_count must be a whole number".to_owned()))?;
            wanted.count = count.min(MOST_PER_PAGE);
        }
        "_elements" => wanted.elements = value.split(',').map(|name| name.trim().to_owned()).collect(),
        "_summary" if value == "count" => wanted.count = 0,
        // The total is always accurate, the order always that of the ids, the format always JSON.
        "_total" | "_format" => {}
        "_sort" if value == "_id" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// A parameter that narrows; `None` when this type doesn't have it.
fn condition(shelves: &Shelves, kind: Kind, name: &str, value: &str) -> Result<Option<Condition>, Outcome> {
    if name.contains(':') {
        return Err(Outcome::unsupported(format!("modifier of {name} is not supported")));
    }
    let values: Vec<&str> = value.split(',').collect();
    if values.len() > MOST_VALUES {
        return Err(Outcome::too_costly(format!("{name} takes at most {MOST_VALUES} values")));
    }
    let shelf = shelves.of_kind(kind);
    let among = |patients: BTreeSet<usize>| Condition::Among(shelf.of_patients(&patients));
    let condition = match (kind, name) {
        (_, "_id") => Condition::Among(values.iter().filter_map(|id| shelf.by_id(id)).collect()),
        (Kind::Patient, "identifier") => among(identified(shelves, &values)),
        (Kind::Patient, "birthdate") => date(value)?,
        (Kind::Patient, _) => return Ok(None),
        (_, "patient.identifier" | "subject.identifier") => among(identified(shelves, &values)),
        (_, "patient") | (Kind::ServiceRequest | Kind::CarePlan, "subject") => {
            among(referred(shelves, &values))
        }
        (_, "status") => Condition::Status(values.into_iter().map(str::to_owned).collect()),
        (Kind::EpisodeOfCare | Kind::CarePlan, "date") | (Kind::ServiceRequest, "authored") => date(value)?,
        _ => return Ok(None),
    };
    Ok(Some(condition))
}

/// Patients by token: `system|value`, `value` under any system; `|value` means no system, and nobody has that.
fn identified(shelves: &Shelves, tokens: &[&str]) -> BTreeSet<usize> {
    let patient = |token: &&str| {
        let (system, code) =
            token.rsplit_once('|').map_or((None, *token), |(system, code)| (Some(system), code));
        let (patient, dialect) = shelves.by_code(code)?;
        let held = match system {
            None => true,
            Some(HL7) => dialect != Dialect::Oid,
            Some(OID) => dialect != Dialect::Hl7,
            Some(_) => false,
        };
        held.then_some(patient)
    };
    tokens.iter().filter_map(patient).collect()
}

/// Patients by reference: `Patient/p1`, `p1`, `http://…/Patient/p1`.
fn referred(shelves: &Shelves, references: &[&str]) -> BTreeSet<usize> {
    let patients = shelves.of_kind(Kind::Patient);
    let patient = |reference: &&str| match reference.rsplit_once('/') {
        None => patients.by_id(reference),
        Some((before, id)) if before.ends_with("Patient") => patients.by_id(id),
        Some(_) => None,
    };
    references.iter().filter_map(patient).collect()
}

fn date(value: &str) -> Result<Condition, Outcome> {
    let (prefix, day) = match value.get(..2) {
        Some("eq") => (Prefix::Eq, value.get(2..)),
        Some("ne") => (Prefix::Ne, value.get(2..)),
        Some("gt") => (Prefix::Gt, value.get(2..)),
        Some("ge") => (Prefix::Ge, value.get(2..)),
        Some("lt") => (Prefix::Lt, value.get(2..)),
        Some("le") => (Prefix::Le, value.get(2..)),
        _ => (Prefix::Eq, Some(value)),
    };
    let day = day
        .and_then(|rest| rest.get(..10))
        .filter(|day| day.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
    let day = day.ok_or_else(|| Outcome::invalid("a date must be written YYYY-MM-DD".to_owned()))?;
    Ok(Condition::Date(prefix, day.to_owned()))
}

fn matching(shelves: &Shelves, kind: Kind, conditions: &[Condition]) -> Vec<usize> {
    let records = &shelves.of_kind(kind).records;
    let smallest = conditions.iter().filter_map(|condition| match condition {
        Condition::Among(numbers) => Some(numbers),
        _ => None,
    });
    let holds = |number: &usize| {
        let Some(record) = records.get(*number) else { return false };
        conditions.iter().all(|condition| condition.holds(*number, record))
    };
    match smallest.min_by_key(|numbers| numbers.len()) {
        Some(numbers) => numbers.iter().copied().filter(holds).collect(),
        None => (0..records.len()).filter(holds).collect(),
    }
}

impl Condition {
    fn holds(&self, number: usize, record: &Record) -> bool {
        match self {
            Self::Among(numbers) => numbers.contains(&number),
            // A token with a system matches by its code: these statuses have one system each.
            Self::Status(values) => values.iter().any(|v| v.rsplit('|').next() == Some(record.status)),
            Self::Date(prefix, day) => {
                let from = record.from.to_string();
                let to = record.to.map_or_else(|| "9999-12-31".to_owned(), |to| to.to_string());
                match prefix {
                    Prefix::Eq => from == *day && to == *day,
                    Prefix::Ne => from != *day || to != *day,
                    Prefix::Gt => to > *day,
                    Prefix::Ge => to >= *day,
                    Prefix::Lt => from < *day,
                    Prefix::Le => from <= *day,
                }
            }
        }
    }
}
