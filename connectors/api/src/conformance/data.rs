//! The records that the suite puts into a source. Synthetic, and awkward where sources trip: quotes, wildcards, letters beyond ASCII, nulls.

use serde_json::{Value, json};

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The key.
    pub id: String,
    /// A text.
    pub nome: Option<String>,
    /// A whole number's digits; in one case a text that isn't a number, to be held as a text where the number is expected.
    pub numero: Option<String>,
    /// A day, `YYYY-MM-DD`.
    pub dal: Option<String>,
    /// `A` or `B`.
    pub gruppo: String,
}

/// So many records: keys `S00001` and on, numbers from 1, every second one in group `B`, every fifth without name, number and day.
pub fn records(count: usize) -> Vec<Record> {
    (1..=count).map(record).collect()
}

fn record(number: usize) -> Record {
    let known = !number.is_multiple_of(5);
    let nome = match number {
        1 => "D'Angelo \"il %_\\ Vecchio\"".to_owned(),
        2 => "Niccolò Però; DROP TABLE schede --".to_owned(),
        _ => format!("Nome {number}"),
    };
    Record {
        id: format!("S{number:05}"),
        nome: known.then_some(nome),
        numero: known.then(|| number.to_string()),
        dal: known
            .then(|| format!("20{:02}-{:02}-{:02}", number % 90 + 10, number % 12 + 1, number % 28 + 1)),
        gruppo: if number.is_multiple_of(2) { "B" } else { "A" }.to_owned(),
    }
}

impl Record {
    /// The record as the graph answers `id nome numero dal gruppo`.
    pub(crate) fn json(&self) -> Value {
        let numero = self.numero.as_ref().and_then(|digits| digits.parse::<i64>().ok());
        json!({ "id": self.id, "nome": self.nome, "numero": numero, "dal": self.dal, "gruppo": self.gruppo })
    }

    /// The record's key as a representation.
    pub(crate) fn key(&self) -> Value {
        json!({ "id": self.id })
    }
}
