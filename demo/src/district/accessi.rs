//! Leaves: what the seven comuni of the Unione write down at their segretariato sociale: who came isn't said, only when, how, for what and
//! what it cost. Two small comuni have very few: cells that a published table must not show.

use serde::Serialize;

use super::comuni::{COMUNI, Comune};
use super::prng::Prng;

/// One access to the segretariato sociale.
#[derive(Debug, Clone, Serialize)]
pub struct Accesso {
    /// The comune whose register it stands in.
    pub comune: Comune,
    /// Its number in that register, from 1: other comuni have the same.
    pub numero: u32,
    /// The day, as `2025-03-09`.
    pub data: String,
    /// `S` at the desk, `T` by telephone, `D` at home.
    pub canale: &'static str,
    /// The area of need, as the social files code it.
    pub area: &'static str,
    /// What it led to cost, in euro.
    pub costo: u32,
}

/// How many accesses each comune has, in the order of [`COMUNI`].
pub const HOW_MANY: [u32; 7] = [140, 4, 320, 38, 21, 2, 47];

const AREAS: [&str; 5] = ["ANZ", "FAM", "DIS", "POV", "IMM"];

/// All accesses, comune after comune.
pub fn accessi() -> Vec<Accesso> {
    let of = |(comune, count): (Comune, u32)| (1..=count).map(move |numero| accesso(comune, numero));
    COMUNI.into_iter().zip(HOW_MANY).flat_map(of).collect()
}

fn accesso(comune: Comune, numero: u32) -> Accesso {
    let istat: u64 = comune.istat.parse().unwrap_or_default();
    let mut stream = Prng::of("accessi", istat * 1_000 + u64::from(numero));
    let (year, month, day) = (stream.between(2023, 2025), stream.between(1, 12), stream.between(1, 28));
    Accesso {
        comune,
        numero,
        data: format!("{year:04}-{month:02}-{day:02}"),
        canale: stream.pick(&["S", "S", "T", "D"]),
        area: stream.pick(&AREAS),
        costo: stream.between(0, 40) * 25,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comune_has_its_own_and_they_are_the_same_each_time() {
        let all = accessi();
        assert_eq!(all.len() as u32, HOW_MANY.iter().sum::<u32>());
        for (comune, count) in COMUNI.iter().zip(HOW_MANY) {
            let own = all.iter().filter(|accesso| accesso.comune.istat == comune.istat);
            assert_eq!(own.count() as u32, count);
        }
        assert!(
            all.iter().zip(accessi()).all(|(one, other)| one.data == other.data && one.area == other.area)
        );
    }
}
