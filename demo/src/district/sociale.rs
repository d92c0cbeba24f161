//! Enters: the residents. Leaves: the social files that the ambito keeps about some of them, with who took charge and what is
//! done. Codes are the casellario's (SIUSS); areas are ISTAT's.

use serde::Serialize;

use super::day::{Day, REFERENCE};
use super::persone::Persona;
use super::prng::Prng;

/// A social file (cartella sociale).
#[derive(Clone, Serialize)]
pub struct Cartella {
    /// Year and number: `2024/00117`.
    pub numero: String,
    /// Whose it is.
    pub codice_fiscale: String,
    /// When it was opened.
    pub apertura: Day,
    /// When it was closed.
    pub chiusura: Option<Day>,
    /// The maker's letter: `A` open, `P` in charge, `S` reported, `R` reopened, `C` closed.
    pub stato: &'static str,
    /// The maker's code of the user area: `FAM`, `DIS`, `DIP`, `ANZ`, `IMM`, `POV`, `MUL`.
    pub area: &'static str,
    /// The territorial office.
    pub polo: &'static str,
}

/// A taking in charge (presa in carico).
#[derive(Clone, Serialize)]
pub struct Presa {
    /// Its number.
    pub id: String,
    /// The file.
    pub cartella: String,
    /// The responsible service.
    pub servizio: &'static str,
    /// The responsible operator's code.
    pub operatore: String,
    /// From.
    pub dal: Day,
    /// To.
    pub al: Option<Day>,
    /// `S` social, `SS` social and health together.
    pub tipo: &'static str,
}

/// What is done for a person (intervento).
#[derive(Clone, Serialize)]
pub struct Intervento {
    /// Its number.
    pub id: String,
    /// The file.
    pub cartella: String,
    /// Casellario code: `A2.07`.
    pub casellario: &'static str,
    /// What it is, in words.
    pub descrizione: &'static str,
    /// `ATT` active, `SOS` suspended, `ATS` waiting, `FIN` ended.
    pub stato: &'static str,
    /// From.
    pub dal: Day,
    /// To.
    pub al: Option<Day>,
    /// Hours or euros a month.
    pub quantita: u32,
    /// `ORE` or `EUR`.
    pub unita: &'static str,
}

/// Everything in the ambito's system.
#[derive(Clone, Default, Serialize)]
pub struct Sociale {
    /// Files, in the order of the residents.
    pub cartelle: Vec<Cartella>,
    /// Takings in charge.
    pub prese: Vec<Presa>,
    /// Measures.
    pub interventi: Vec<Intervento>,
}

/// Area, responsible service and its measures: code, words, unit.
type Area = (&'static str, &'static str, &'static [(&'static str, &'static str, &'static str)]);

const ANZIANI: Area = (
    "ANZ",
    "Servizio anziani",
    &[
        ("A2.07", "Servizio di assistenza domiciliare (SAD)", "ORE"),
        ("A2.08", "Assistenza domiciliare integrata (ADI)", "ORE"),
        ("A1.16", "Contributo per il trasporto", "EUR"),
        ("A2.01", "Mensa sociale", "ORE"),
    ],
);
const DISABILI: Area = (
    "DIS",
    "Servizio disabilità adulti",
    &[
        ("A2.02", "Sostegno socio-educativo", "ORE"),
        ("A3.01", "Struttura semiresidenziale", "ORE"),
        ("A1.11", "Sostegno alla domiciliarità", "EUR"),
    ],
);
const FAMIGLIA: Area = (
    "FAM",
    "Servizio tutela minori e famiglie",
    &[
        ("A2.11", "Sostegno scolastico", "ORE"),
        ("A1.07", "Contributo per le rette dei nidi", "EUR"),
        ("A2.12", "Mensa scolastica", "EUR"),
    ],
);
const POVERTA: Area = (
    "POV",
    "Servizio adulti e inclusione",
    &[
        ("A1.04", "Integrazione del reddito", "EUR"),
        ("A1.05", "Contributo per l'alloggio", "EUR"),
        ("A1.18", "Inserimento lavorativo", "EUR"),
        ("A1.06", "Buoni spesa", "EUR"),
    ],
);

const POLI: [&str; 2] = ["Polo Valtaro", "Polo Valceno"];

/// The files of those who have one: more of the old, some of the rest.
pub fn sociale(persone: &[Persona]) -> Sociale {
    let mut all = Sociale::default();
    for (index, persona) in persone.iter().enumerate() {
        let mut prng = Prng::of("cartella", index as u64);
        let share = if persona.eta >= 75 { 32 } else { 8 };
        if prng.chance(share) {
            open(&mut all, &mut prng, persona);
            if prng.chance(6) {
                open(&mut all, &mut prng, persona);
            }
        }
    }
    all
}

fn area_of(prng: &mut Prng, eta: u32) -> Area {
    match eta {
        0..=17 => FAMIGLIA,
        18..=64 if prng.chance(35) => DISABILI,
        18..=64 => POVERTA,
        _ => ANZIANI,
    }
}

fn open(all: &mut Sociale, prng: &mut Prng, persona: &Persona) {
    let (area, servizio, misure) = area_of(prng, persona.eta);
    let apertura = REFERENCE.minus(prng.between(20, 2_400));
    let numero = format!("{}/{:05}", apertura.parts().0, all.cartelle.len() + 1);
    let chiusura = prng.chance(25).then(|| apertura.plus(19));
    let open_states = ["P", "P", "P", "A", "S", "R"];
    let stato = if chiusura.is_some() { "C" } else { prng.pick(&open_states) };
    all.cartelle.push(Cartella {
        numero: numero.clone(),
        codice_fiscale: persona.codice_fiscale.clone(),
        apertura,
        chiusura,
        stato,
        area,
        polo: prng.pick(&POLI),
    });
    if !matches!(stato, "A" | "S") {
        take_charge(all, prng, &numero, servizio, (apertura, chiusura));
        measures(all, prng, &numero, misure, (apertura, chiusura));
    }
}

fn take_charge(
    all: &mut Sociale,
    prng: &mut Prng,
    numero: &str,
    servizio: &'static str,
    span: (Day, Option<Day>),
) {
    let tipo = if prng.chance(30) { "SS" } else { "S" };
    all.prese.push(Presa {
        id: format!("P{:06}", all.prese.len() + 1),
        cartella: numero.to_owned(),
        servizio,
        operatore: format!("AS-{:02}", prng.between(1, 12)),
        dal: span.0.plus(7),
        al: span.1,
        tipo,
    });
}

fn measures(
    all: &mut Sociale,
    prng: &mut Prng,
    numero: &str,
    misure: &[(&'static str, &'static str, &'static str)],
    (apertura, chiusura): (Day, Option<Day>),
) {
    for _ in 0..prng.between(1, 2) {
        let (casellario, descrizione, unita) = prng.pick(misure);
        let running = prng.pick(&["ATT", "ATT", "ATT", "SOS", "ATS"]);
        all.interventi.push(Intervento {
            id: format!("I{:06}", all.interventi.len() + 1),
            cartella: numero.to_owned(),
            casellario,
            descrizione,
            stato: if chiusura.is_some() { "FIN" } else { running },
            dal: apertura.plus(10),
            al: chiusura,
            quantita: if unita == "ORE" { prng.between(2, 40) } else { prng.between(4, 60) * 10 },
            unita,
        });
    }
}
