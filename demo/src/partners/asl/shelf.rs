//! Enters: the ASL's records. Leaves: the same records under numbers, findable by id, patient, identifier.
//! Never builds a resource: a number becomes JSON only when it is sent.

use std::collections::{BTreeSet, HashMap};

use crate::district::District;
use crate::district::day::Day;
use crate::district::sanita::Dialect;

/// The resource types served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Patient,
    EpisodeOfCare,
    ServiceRequest,
    CarePlan,
}

impl Kind {
    pub(super) const ALL: [Self; 4] =
        [Self::Patient, Self::EpisodeOfCare, Self::ServiceRequest, Self::CarePlan];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Patient => "Patient",
            Self::EpisodeOfCare => "EpisodeOfCare",
            Self::ServiceRequest => "ServiceRequest",
            Self::CarePlan => "CarePlan",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a search may ask of one record.
pub(super) struct Record {
    pub(super) id: String,
    /// A number on the shelf of patients.
    pub(super) patient: usize,
    pub(super) status: &'static str,
    pub(super) from: Day,
    pub(super) to: Option<Day>,
}

/// All records of one type.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) records: Vec<Record>,
    by_id: HashMap<String, usize>,
    by_patient: HashMap<usize, Vec<usize>>,
}

impl Shelf {
    fn of(records: impl Iterator<Item = Record>) -> Self {
        let mut shelf = Self::default();
        for (number, record) in records.enumerate() {
            shelf.by_id.insert(record.id.clone(), number);
            shelf.by_patient.entry(record.patient).or_default().push(number);
            shelf.records.push(record);
        }
        shelf
    }

    pub(super) fn by_id(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(super) fn of_patients(&self, patients: &BTreeSet<usize>) -> BTreeSet<usize> {
        patients.iter().filter_map(|patient| self.by_patient.get(patient)).flatten().copied().collect()
    }
}

/// All shelves, and the patients by codice fiscale.
pub(super) struct Shelves {
    patients: Shelf,
    episodes: Shelf,
    requests: Shelf,
    plans: Shelf,
    by_code: HashMap<String, (usize, Dialect)>,
}

impl Shelves {
    pub(super) fn of(district: &District) -> Self {
        let all = &district.sanita;
        let people = all.pazienti.iter().enumerate();
        let person = |index: usize| district.persone.get(index);
        let patients = Shelf::of(people.clone().filter_map(|(number, p)| {
            let born = person(p.persona)?.data_nascita;
            Some(Record { id: p.id.clone(), patient: number, status: "active", from: born, to: Some(born) })
        }));
        let by_code = people
            .filter_map(|(number, p)| Some((person(p.persona)?.codice_fiscale.clone(), (number, p.dialect))))
            .collect();
        let episodes = all.episodi.iter().map(|e| record(&e.id, e.paziente, e.status, e.dal, e.al));
        let requests = all.accessi.iter().map(|r| record(&r.id, r.paziente, r.status, r.data, Some(r.data)));
        let plans = all.piani.iter().map(|c| record(&c.id, c.paziente, c.status, c.dal, Some(c.revisione)));
        let (episodes, requests, plans) = (Shelf::of(episodes), Shelf::of(requests), Shelf::of(plans));
        Self { patients, episodes, requests, plans, by_code }
    }

    pub(super) fn of_kind(&self, kind: Kind) -> &Shelf {
        match kind {
            Kind::Patient => &self.patients,
            Kind::EpisodeOfCare => &self.episodes,
            Kind::ServiceRequest => &self.requests,
            Kind::CarePlan => &self.plans,
        }
    }

    /// The patient whom the archive holds under this codice fiscale, and under which systems.
    pub(super) fn by_code(&self, code: &str) -> Option<(usize, Dialect)> {
        self.by_code.get(code).copied()
    }
}

fn record(id: &str, patient: usize, status: &'static str, from: Day, to: Option<Day>) -> Record {
    Record { id: id.to_owned(), patient, status, from, to }
}
