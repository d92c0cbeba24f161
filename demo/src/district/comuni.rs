//! Enters: a number of residents. Leaves: the district's comuni and how many people live in each invented quartiere.
//! The comuni, their ISTAT codes and CAPs are the real ones of the Unione Valli Taro e Ceno; quartieri are invented,
//! and so are the CAPs 43943 and 43944, which no place has.

use serde::Serialize;

/// A comune of the Unione.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Comune {
    /// Six figures.
    pub istat: &'static str,
    /// Its name.
    pub nome: &'static str,
    /// Its postal code.
    pub cap: &'static str,
}

/// A neighbourhood, invented.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Quartiere {
    /// ISTAT code of the comune and two figures: `034006-02`.
    pub id: &'static str,
    /// Its name.
    pub nome: &'static str,
    /// Its postal code.
    pub cap: &'static str,
    /// The comune it belongs to.
    pub comune: Comune,
    /// How many people live there.
    pub residenti: usize,
}

/// The only comune that has people so far.
pub const BORGOTARO: Comune = Comune { istat: "034006", nome: "Borgo Val di Taro", cap: "43043" };

/// The seven comuni of the Unione. Services stand in all of them; people live in Borgo Val di Taro.
pub const COMUNI: [Comune; 7] = [
    Comune { istat: "034003", nome: "Bedonia", cap: "43041" },
    Comune { istat: "034005", nome: "Bore", cap: "43030" },
    BORGOTARO,
    Comune { istat: "034011", nome: "Compiano", cap: "43053" },
    Comune { istat: "034028", nome: "Pellegrino Parmense", cap: "43047" },
    Comune { istat: "034040", nome: "Tornolo", cap: "43059" },
    Comune { istat: "034046", nome: "Varsi", cap: "43049" },
];

/// The quartiere where exactly one person lives.
pub const ONE: &str = "034006-01";
/// The quartiere of 50 people, when the district has 51 or more.
pub const FIFTY: &str = "034006-02";
/// The quartiere of 5,000 people, when the district has 5,051 or more.
pub const FIVE_THOUSAND: &str = "034006-03";

const NAMED: [(&str, &str, &str); 5] = [
    (ONE, "Case Alte", "43944"),
    (FIFTY, "Molino Vecchio", "43943"),
    (FIVE_THOUSAND, "San Rocco", "43043"),
    ("034006-04", "Borgo Nuovo", "43043"),
    ("034006-05", "Ponte Lungo", "43943"),
];

/// The quartieri of a district of so many residents: one of 1, one of 50, one of 5,000, and the rest halved between two.
/// A smaller district fills them in that order.
pub fn quartieri(residents: usize) -> Vec<Quartiere> {
    let mut left = residents;
    let mut quartieri = Vec::with_capacity(NAMED.len());
    for ((id, nome, cap), wanted) in NAMED.into_iter().zip([1, 50, 5_000, residents, residents]) {
        let share = if id == "034006-04" { left.div_ceil(2) } else { left };
        let residenti = wanted.min(share);
        left -= residenti;
        quartieri.push(Quartiere { id, nome, cap, comune: BORGOTARO, residenti });
    }
    quartieri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_lives_somewhere_and_the_three_sizes_are_exact() {
        for residents in [0, 1, 50, 51, 52, 5_051, 5_052, 7_000, 60_000] {
            let total: usize = quartieri(residents).iter().map(|q| q.residenti).sum();
            assert_eq!(total, residents);
        }
        let sizes: Vec<usize> = quartieri(7_000).iter().map(|q| q.residenti).collect();
        assert_eq!(sizes, [1, 50, 5_000, 975, 974]);
    }
}
