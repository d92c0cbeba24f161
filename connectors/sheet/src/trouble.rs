//! What is wrong with a file, or with single cells of it: told with sheet, row, column and rule, never with a value.

use std::fmt;

use thiserror::Error;

/// Why a file, or a new version of it, can't be served.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It isn't there, or can't be opened.
    #[error("{0}")]
    Unreachable(String),
    /// The server wants other credentials, or forbids it.
    #[error("{0}")]
    Refused(String),
    /// No answer in time.
    #[error("{0}")]
    TimedOut(String),
    /// It isn't what it should be.
    #[error("{0}")]
    Malformed(String),
    /// It is larger than a limit.
    #[error("{0}")]
    OverLimit(String),
    /// It changed while it was read: the next look may succeed.
    #[error("the file is being written")]
    Moving,
}

impl Broken {
    /// Whether another look at the same file may find something else.
    pub(crate) fn passes(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::TimedOut(_) | Self::Moving | Self::Refused(_))
    }
}

/// What a cell breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub(crate) enum Rule {
    /// A key is empty.
    #[error("the key is empty")]
    KeyEmpty,
    /// Not a whole number.
    #[error("not a whole number of 32 bits")]
    Whole,
    /// Not a number.
    #[error("not a number")]
    Number,
    /// `1.234`: a thousand and more, or one and a bit.
    #[error("a number that can be read in two ways: say `decimal: comma` or `decimal: point`")]
    TwoWays,
    /// Not a date.
    #[error("not a date, dd/mm/yyyy or yyyy-mm-dd")]
    Date,
    /// `1/2/24`.
    #[error("a date whose year has two digits, which names no century")]
    ShortYear,
    /// Not a date and time.
    #[error("not a date and time, dd/mm/yyyy hh:mm or RFC 3339")]
    Instant,
    /// Not yes or no.
    #[error("neither yes nor no: `sì`, `x`, `vero`, `1`; `no`, `falso`, `0`")]
    Truth,
    /// An unknown code.
    #[error("a code that no value of the enum names by `@code`")]
    Code,
    /// Not a codice fiscale.
    #[error("not a codice fiscale")]
    CodiceFiscale,
    /// An error of the sheet's own.
    #[error("an error of the sheet itself, as `#N/A`")]
    Error,
    /// Bytes that aren't text.
    #[error("bytes that aren't of the file's encoding: say `encoding:`")]
    Bytes,
    /// A key that another row has.
    #[error("a key that an earlier row has already")]
    Twice,
    /// The file hasn't the column.
    #[error("the file has no such column")]
    NoColumn,
    /// Cells beyond the header.
    #[error("more cells than the header has columns: is a separator inside a text without quotes?")]
    Beyond,
}

/// Where cells break rules: all are counted, the first ones are told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Troubles {
    places: Vec<Place>,
    count: usize,
    /// Rows that aren't served.
    pub(crate) left_out: usize,
}

/// One cell.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The file and, in a workbook, the sheet.
    pub(crate) sheet: String,
    /// From 1.
    pub(crate) row: usize,
    /// The letters of the column, with the header that was declared.
    pub(crate) column: String,
    pub(crate) rule: Rule,
}

/// So many places are told.
const TOLD: usize = 20;

impl Troubles {
    /// One more.
    pub(crate) fn add(&mut self, place: impl FnOnce() -> Place) {
        if self.places.len() < TOLD {
            self.places.push(place());
        }
        self.count += 1;
    }

    /// How many cells.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Those of another sheet after these.
    pub(crate) fn append(&mut self, other: Self) {
        self.count += other.count;
        self.left_out += other.left_out;
        let free = TOLD.saturating_sub(self.places.len());
        self.places.extend(other.places.into_iter().take(free));
    }
}

impl fmt::Display for Troubles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, place) in self.places.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(
                f,
                "{separator}{}, row {}, column {}: {}",
                place.sheet, place.row, place.column, place.rule
            )?;
        }
        match self.count.saturating_sub(self.places.len()) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}
