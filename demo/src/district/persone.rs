//! Enters: the quartieri and how many live in each. Leaves: households and the people in them, each with a codice fiscale of
//! its own. Never a real person: every birthplace code begins with `X`.

use std::collections::HashSet;

use serde::Serialize;

use super::codice_fiscale::{Sesso, codice_fiscale, with_omocodia};
use super::comuni::Quartiere;
use super::day::{Day, REFERENCE};
use super::names::{CITTADINANZE, COGNOMI, NOMI_F, NOMI_M, VIE};
use super::prng::Prng;

/// A resident. No `Debug`: what is personal stays out of logs even when it is invented.
#[derive(Clone, Serialize)]
pub struct Persona {
    /// Sixteen characters, unique in the district.
    pub codice_fiscale: String,
    /// Surname.
    pub cognome: &'static str,
    /// Given name.
    pub nome: &'static str,
    /// Birth date.
    pub data_nascita: Day,
    /// Sex.
    pub sesso: Sesso,
    /// Citizenship, a country's Italian name.
    pub cittadinanza: &'static str,
    /// Age in whole years as of the reference day.
    pub eta: u32,
    /// The quartiere's id.
    pub quartiere: &'static str,
    /// The household's code.
    pub nucleo: String,
    /// ANPR code of the tie to the head of the household: `1` head, `2` spouse, `3` child, `6` parent.
    pub legame: &'static str,
    /// Street and number.
    pub indirizzo: String,
    /// Since when resident.
    pub residente_dal: Day,
}

/// A household of the registry.
#[derive(Clone, Serialize)]
pub struct Nucleo {
    /// Its code: `N-034006-000001`.
    pub codice: String,
    /// `UNIPERSONALE`, `COPPIA` or `FAMIGLIA`.
    pub tipo: &'static str,
    /// The quartiere's id.
    pub quartiere: &'static str,
    /// Street and number.
    pub indirizzo: String,
    /// How many people.
    pub componenti: u32,
}

/// Households and people of all quartieri, quartiere after quartiere.
pub fn popolazione(quartieri: &[Quartiere]) -> (Vec<Nucleo>, Vec<Persona>) {
    let mut nuclei = Vec::new();
    let mut persone = Vec::with_capacity(quartieri.iter().map(|q| q.residenti).sum());
    let mut taken = HashSet::new();
    for quartiere in quartieri {
        let mut left = quartiere.residenti;
        while left > 0 {
            let serial = nuclei.len() as u64 + 1;
            let (nucleo, members) = household(quartiere, serial, left);
            left = left.saturating_sub(members.len());
            nuclei.push(nucleo);
            persone.extend(members.into_iter().map(|persona| with_own_code(persona, &mut taken)));
        }
    }
    (nuclei, persone)
}

/// One household of at most `room` people.
fn household(quartiere: &Quartiere, serial: u64, room: usize) -> (Nucleo, Vec<Persona>) {
    let mut prng = Prng::of("nucleo", serial);
    let wanted = prng.pick(&[1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5]);
    let legami = ties(&mut prng, wanted).into_iter().take(room);
    let head_age = match (quartiere.residenti, wanted) {
        // Whoever is left alone in a hamlet is old.
        (1, _) => 86,
        (_, 1 | 2) => prng.between(24, 97).max(prng.between(24, 93)),
        _ => prng.between(28, 58),
    };
    let indirizzo = format!("{} {}", prng.pick(&VIE), prng.between(1, 120));
    let surnames = (prng.pick(&COGNOMI), prng.pick(&COGNOMI));
    let codice = format!("N-{}-{serial:06}", quartiere.comune.istat);
    let members: Vec<Persona> = legami
        .map(|legame| {
            let age = age_of(&mut prng, legame, head_age);
            let cognome = if matches!(legame, "1" | "3") { surnames.0 } else { surnames.1 };
            person(&mut prng, quartiere, cognome, age, (legame, &codice, &indirizzo))
        })
        .collect();
    let tipo = match members.len() {
        1 => "UNIPERSONALE",
        2 => "COPPIA",
        _ => "FAMIGLIA",
    };
    let componenti = u32::try_from(members.len()).unwrap_or(u32::MAX);
    (Nucleo { codice, tipo, quartiere: quartiere.id, indirizzo, componenti }, members)
}

/// The ties in a household of so many: the head, then who lives with her.
fn ties(prng: &mut Prng, size: usize) -> Vec<&'static str> {
    let second = if prng.chance(80) { "2" } else { "3" };
    let last = if prng.chance(15) { "6" } else { "3" };
    ["1", second, "3", last, "3"].into_iter().take(size).collect()
}

fn age_of(prng: &mut Prng, legame: &str, head_age: u32) -> u32 {
    match legame {
        "2" => (head_age + 5).saturating_sub(prng.below(10)).max(21),
        "3" => head_age.saturating_sub(prng.between(22, 40)),
        "6" => (head_age + prng.between(22, 36)).min(101),
        _ => head_age,
    }
}

fn person(
    prng: &mut Prng,
    quartiere: &Quartiere,
    cognome: &'static str,
    age: u32,
    (legame, nucleo, indirizzo): (&'static str, &str, &str),
) -> Persona {
    let sesso = if prng.chance(51) { Sesso::F } else { Sesso::M };
    let nome = if sesso == Sesso::F { prng.pick(&NOMI_F) } else { prng.pick(&NOMI_M) };
    let data_nascita = REFERENCE.minus(age * 365 + age / 4 + prng.between(1, 363));
    let eta = data_nascita.years_to(REFERENCE);
    // X001 to X040: birthplaces that no comune has, a few of them, as in any valley.
    let luogo = format!("X{:03}", prng.between(1, 40));
    Persona {
        codice_fiscale: codice_fiscale(cognome, nome, data_nascita, sesso, &luogo),
        cognome,
        nome,
        data_nascita,
        sesso,
        cittadinanza: if prng.chance(10) { prng.pick(&CITTADINANZE) } else { "Italia" },
        eta,
        quartiere: quartiere.id,
        nucleo: nucleo.to_owned(),
        legame,
        indirizzo: indirizzo.to_owned(),
        residente_dal: REFERENCE.minus(prng.below((eta * 365).min(9_000) + 1)),
    }
}

/// Two persons never share a code: the second gets omocodia, and one in two hundred has it anyway, from a namesake elsewhere.
fn with_own_code(mut persona: Persona, taken: &mut HashSet<String>) -> Persona {
    let base = persona.codice_fiscale.clone();
    let namesake = Prng::of(&base, 0).below(200) == 0;
    for places in usize::from(namesake)..=7 {
        let code = if places == 0 { base.clone() } else { with_omocodia(&base, places) };
        if taken.insert(code.clone()) {
            persona.codice_fiscale = code;
            break;
        }
    }
    persona
}
