//! Enters: the residents. Leaves: what the ASL knows of them: who is its patient and under which identifier system, home-care
//! episodes (ADI), accesses to the single point of access (PUA), care plans (PAI).

use serde::Serialize;

use super::day::{Day, REFERENCE};
use super::persone::Persona;
use super::prng::Prng;

/// How the ASL recorded a patient's codice fiscale: two systems are in use, and its archives hold both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Dialect {
    /// `http://hl7.it/sid/codiceFiscale`.
    Hl7,
    /// `urn:oid:2.16.840.1.113883.2.9.4.3.2`.
    Oid,
    /// Both.
    Both,
}

/// A patient of the ASL.
#[derive(Clone, Serialize)]
pub struct Paziente {
    /// Logical id on the server.
    pub id: String,
    /// Which of the residents: an index into `District::persone`.
    pub persona: usize,
    /// Identifier systems.
    pub dialect: Dialect,
    /// The general practitioner's code.
    pub medico: String,
}

/// A period of home care.
#[derive(Clone, Serialize)]
pub struct Episodio {
    /// Logical id.
    pub id: String,
    /// An index into `Sanita::pazienti`.
    pub paziente: usize,
    /// FHIR status: `active`, `onhold`, `waitlist`, `finished`.
    pub status: &'static str,
    /// Kind of care, code and words.
    pub tipo: (&'static str, &'static str),
    /// From.
    pub dal: Day,
    /// To.
    pub al: Option<Day>,
}

/// An access to the PUA: a request that somebody brought.
#[derive(Clone, Serialize)]
pub struct AccessoPua {
    /// Logical id.
    pub id: String,
    /// An index into `Sanita::pazienti`.
    pub paziente: usize,
    /// FHIR status: `active`, `completed`, `revoked`.
    pub status: &'static str,
    /// What was asked, in words.
    pub richiesta: &'static str,
    /// When.
    pub data: Day,
}

/// An individual care plan (PAI).
#[derive(Clone, Serialize)]
pub struct Piano {
    /// Logical id.
    pub id: String,
    /// An index into `Sanita::pazienti`.
    pub paziente: usize,
    /// FHIR status: `active`, `completed`.
    pub status: &'static str,
    /// Title.
    pub titolo: &'static str,
    /// From.
    pub dal: Day,
    /// Next review.
    pub revisione: Day,
}

/// Everything in the ASL's server.
#[derive(Clone, Default, Serialize)]
pub struct Sanita {
    /// Patients, in the order of the residents; three residents in a hundred have their doctor elsewhere.
    pub pazienti: Vec<Paziente>,
    /// Episodes of home care.
    pub episodi: Vec<Episodio>,
    /// PUA accesses.
    pub accessi: Vec<AccessoPua>,
    /// Care plans.
    pub piani: Vec<Piano>,
}

const TIPI: [(&str, &str); 3] = [
    ("ADI", "Assistenza domiciliare integrata"),
    ("ADP", "Assistenza domiciliare programmata"),
    ("CPD", "Cure palliative domiciliari"),
];
const RICHIESTE: [&str; 4] = [
    "Valutazione per assistenza domiciliare",
    "Dimissione protetta",
    "Richiesta di ausili",
    "Orientamento ai servizi",
];
const TITOLI: [&str; 2] = ["Piano assistenziale individuale", "Progetto di sostegno alla domiciliarità"];

/// What the ASL knows of these residents.
pub fn sanita(persone: &[Persona]) -> Sanita {
    let mut all = Sanita::default();
    for (index, persona) in persone.iter().enumerate() {
        let mut prng = Prng::of("paziente", index as u64);
        // The first resident is always a patient with an episode, so that a quartiere of one has something to show.
        if index > 0 && prng.chance(3) {
            continue;
        }
        let paziente = all.pazienti.len();
        all.pazienti.push(Paziente {
            id: format!("p{:06}", index + 1),
            persona: index,
            dialect: [Dialect::Hl7, Dialect::Oid, Dialect::Both]
                .get(index % 3)
                .copied()
                .unwrap_or(Dialect::Both),
            medico: format!("MMG-{:03}", prng.between(1, 14)),
        });
        let share = care_share(persona.eta);
        if index == 0 || prng.chance(share) {
            care(&mut all, &mut prng, paziente);
        }
    }
    all
}

/// How many in a hundred have known home care, by age.
fn care_share(eta: u32) -> u32 {
    match eta {
        0..=64 => 3,
        65..=79 => 15,
        _ => 45,
    }
}

fn care(all: &mut Sanita, prng: &mut Prng, paziente: usize) {
    for _ in 0..prng.pick(&[1, 1, 1, 2, 3]) {
        let status = prng.pick(&["active", "active", "finished", "finished", "onhold", "waitlist"]);
        let oldest = if status == "waitlist" { 60 } else { 1_500 };
        let dal = REFERENCE.minus(prng.between(30, oldest));
        all.episodi.push(Episodio {
            id: format!("e{:06}", all.episodi.len() + 1),
            paziente,
            status,
            tipo: prng.pick(&TIPI),
            dal,
            al: (status == "finished").then(|| dal.plus(28)),
        });
        all.accessi.push(AccessoPua {
            id: format!("r{:06}", all.accessi.len() + 1),
            paziente,
            status: if status == "waitlist" { "active" } else { "completed" },
            richiesta: prng.pick(&RICHIESTE),
            data: dal.minus(prng.between(3, 25)),
        });
        if status == "active" && prng.chance(70) {
            let id = format!("c{:06}", all.piani.len() + 1);
            let piano = Piano {
                id,
                paziente,
                status,
                titolo: prng.pick(&TITOLI),
                dal: dal.plus(5),
                revisione: dal.plus(185),
            };
            all.piani.push(piano);
        }
    }
}
