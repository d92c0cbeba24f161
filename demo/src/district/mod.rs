//! Enters: a number of residents. Leaves: the same invented district, whoever asks and whenever: people, social files, care,
//! services, transport. Never a real person, never a clock, never a file.

pub mod accessi;
pub mod codice_fiscale;
pub mod comuni;
pub mod day;
pub mod names;
pub mod persone;
pub mod prng;
pub mod sanita;
pub mod sociale;
pub mod terzo_settore;
pub mod trasporti;

use serde::Serialize;

/// How many people the demo's district has when nothing else is said.
pub const DEFAULT_RESIDENTS: usize = 7_000;
/// The most it takes: the whole district's population.
pub const MOST_RESIDENTS: usize = 60_000;

/// All that the partners keep, before each takes its part.
#[derive(Clone, Serialize)]
pub struct District {
    /// Neighbourhoods.
    pub quartieri: Vec<comuni::Quartiere>,
    /// Households.
    pub nuclei: Vec<persone::Nucleo>,
    /// Residents, quartiere after quartiere.
    pub persone: Vec<persone::Persona>,
    /// The ambito's social files.
    pub sociale: sociale::Sociale,
    /// The ASL's records.
    pub sanita: sanita::Sanita,
    /// The third sector's services.
    pub terzo_settore: terzo_settore::TerzoSettore,
    /// The cooperative's transport.
    pub trasporti: trasporti::Trasporti,
    /// What the seven comuni write down at their segretariato sociale.
    pub accessi: Vec<accessi::Accesso>,
}

impl District {
    /// The district with so many residents. Takes some 10 µs a resident.
    pub fn of(residents: usize) -> Self {
        let quartieri = comuni::quartieri(residents);
        let (nuclei, persone) = persone::popolazione(&quartieri);
        let sociale = sociale::sociale(&persone);
        let sanita = sanita::sanita(&persone);
        let trasporti = trasporti::trasporti(&persone, &quartieri);
        Self {
            quartieri,
            nuclei,
            persone,
            sociale,
            sanita,
            terzo_settore: terzo_settore::terzo_settore(),
            trasporti,
            accessi: accessi::accessi(),
        }
    }

    /// The residents of one quartiere; none when it isn't of this district.
    pub fn residenti<'a>(&'a self, quartiere: &'a str) -> impl Iterator<Item = &'a persone::Persona> {
        self.persone.iter().filter(move |persona| persona.quartiere == quartiere)
    }
}
