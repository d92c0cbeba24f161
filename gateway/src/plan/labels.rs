//! Progressive overrides: which of the graph's labels hold, drawn once for each request.
//!
//! `@override(from: "a", label: "percent(25)")` moves a field to its new source for a quarter of the requests (Federation 2.7). A label of
//! another form never holds: nobody here decides on it.

use std::sync::Arc;

use raccordo_schema::mapping::Name;

/// Which labels hold, in the order of [`crate::graph::Graph::labels`].
pub type Active = Arc<[bool]>;

/// The labels of a graph, each with the percentage of requests for which it holds.
pub struct Labels {
    percentages: Box<[f64]>,
    none: Active,
}

impl Labels {
    /// Reads a graph's labels.
    pub fn new(labels: &[Name]) -> Self {
        Self {
            percentages: labels.iter().map(|label| percentage(label)).collect(),
            none: labels.iter().map(|_| false).collect(),
        }
    }

    /// Draws for one request. Where no randomness is to be had, no label holds: every field stays where it was.
    pub fn draw(&self) -> Active {
        let mut bytes = [0; 4];
        if self.percentages.is_empty() || getrandom::fill(&mut bytes).is_err() {
            return Arc::clone(&self.none);
        }
        self.at(f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0) * 100.0)
    }

    /// The labels that hold for a draw between 0 and 100, 100 not included.
    pub fn at(&self, drawn: f64) -> Active {
        self.percentages.iter().map(|percentage| drawn < *percentage).collect()
    }
}

fn percentage(label: &str) -> f64 {
    let inside = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')'));
    let number = inside.and_then(|number| number.trim().parse::<f64>().ok());
    number.filter(|number| (0.0..=100.0).contains(number)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_holds_for_its_part_of_the_draws() {
        let labels = Labels::new(&["percent(25)".into(), "percent(0.5)".into(), "solo-interni".into()]);
        assert_eq!(&*labels.at(0.4), [true, true, false]);
        assert_eq!(&*labels.at(24.9), [true, false, false]);
        assert_eq!(&*labels.at(25.0), [false, false, false]);
    }

    #[test]
    fn all_and_nothing_are_exact() {
        let labels = Labels::new(&["percent(100)".into(), "percent(0)".into(), "percent(101)".into()]);
        for _ in 0..1_000 {
            assert_eq!(&*labels.draw(), [true, false, false]);
        }
    }
}
