//! Enters: the residents and quartieri. Leaves: what the transport cooperative keeps: trips of persons, stops and minibuses of
//! quartieri.

use serde::Serialize;

use super::comuni::Quartiere;
use super::day::{Day, REFERENCE};
use super::persone::Persona;
use super::prng::Prng;

/// A trip of one person.
#[derive(Clone, Serialize)]
pub struct Corsa {
    /// Its number.
    pub id: String,
    /// Who travels.
    pub codice_fiscale: String,
    /// When.
    pub data: Day,
    /// Where to.
    pub destinazione: &'static str,
    /// Why: an index into the cooperative's list, as its enum writes it.
    pub motivo: Motivo,
    /// An index into `Trasporti::pulmini`.
    pub pulmino: usize,
    /// Kilometres.
    pub km: u32,
}

/// Why somebody is taken somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Motivo {
    /// A medical visit.
    #[default]
    Visita,
    /// A course of treatment.
    Terapia,
    /// A day centre.
    CentroDiurno,
    /// Shopping, offices.
    Commissione,
}

/// A stop.
#[derive(Clone, Serialize)]
pub struct Fermata {
    /// Its number.
    pub id: String,
    /// The quartiere's id.
    pub quartiere: &'static str,
    /// Where.
    pub nome: String,
    /// `MO,WE` style days in Italian: `lun, gio`.
    pub giorni: &'static str,
}

/// A minibus.
#[derive(Clone, Serialize)]
pub struct Pulmino {
    /// Its number.
    pub id: String,
    /// The quartiere it starts from.
    pub quartiere: &'static str,
    /// Its name.
    pub nome: String,
    /// Seats.
    pub posti: u32,
    /// Fitted for wheelchairs.
    pub attrezzato: bool,
}

/// Everything in the cooperative's system.
#[derive(Clone, Default, Serialize)]
pub struct Trasporti {
    /// Trips, in the order of the residents.
    pub corse: Vec<Corsa>,
    /// Stops.
    pub fermate: Vec<Fermata>,
    /// Minibuses.
    pub pulmini: Vec<Pulmino>,
}

const DESTINAZIONI: [&str; 5] = [
    "Ospedale di Borgo Val di Taro",
    "Ospedale di Fidenza",
    "Casa della Comunità",
    "Centro diurno",
    "Municipio",
];

/// What the cooperative keeps of these residents and quartieri.
pub fn trasporti(persone: &[Persona], quartieri: &[Quartiere]) -> Trasporti {
    let mut all = Trasporti::default();
    for (serial, quartiere) in quartieri.iter().enumerate() {
        lines(&mut all, serial as u64, quartiere);
    }
    for (index, persona) in persone.iter().enumerate() {
        let mut prng = Prng::of("corsa", index as u64);
        let share = if persona.eta >= 70 { 30 } else { 2 };
        if index == 0 || prng.chance(share) {
            trips(&mut all, &mut prng, persona);
        }
    }
    all
}

fn lines(all: &mut Trasporti, serial: u64, quartiere: &Quartiere) {
    let mut prng = Prng::of("linea", serial);
    for stop in 1..=prng.between(1, 3) {
        all.fermate.push(Fermata {
            id: format!("f{:03}", all.fermate.len() + 1),
            quartiere: quartiere.id,
            nome: format!("{} {stop}", quartiere.nome),
            giorni: prng.pick(&["lun, gio", "mar, ven", "ogni giorno feriale"]),
        });
    }
    for _ in 0..prng.between(1, 2) {
        let id = all.pulmini.len() + 1;
        all.pulmini.push(Pulmino {
            id: format!("m{id:02}"),
            quartiere: quartiere.id,
            nome: format!("Pulmino {id}"),
            posti: prng.pick(&[6, 8, 8]),
            attrezzato: prng.chance(50),
        });
    }
}

fn trips(all: &mut Trasporti, prng: &mut Prng, persona: &Persona) {
    let pulmini = u32::try_from(all.pulmini.len()).unwrap_or(1);
    for _ in 0..prng.between(1, 4) {
        all.corse.push(Corsa {
            id: format!("t{:06}", all.corse.len() + 1),
            codice_fiscale: persona.codice_fiscale.clone(),
            data: REFERENCE.minus(prng.between(1, 240)),
            destinazione: prng.pick(&DESTINAZIONI),
            motivo: prng.pick(&[Motivo::Visita, Motivo::Terapia, Motivo::CentroDiurno, Motivo::Commissione]),
            pulmino: prng.below(pulmini) as usize,
            km: prng.between(2, 64),
        });
    }
}
