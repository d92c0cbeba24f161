//! One cell as a file holds it, the same for every format; and one row of them. Knows no types of the graph.
//!
//! Values may be personal: there is no `Debug`.

use std::borrow::Cow;

/// A cell.
#[derive(Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    /// A text, as it was written.
    Text(Cow<'a, str>),
    /// A number, or the serial number of a day that has no format.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// A day, with the time of day in milliseconds: no zone is known.
    Moment(Moment),
    /// A time span or a time of day, as text.
    Span(String),
    /// `#N/A`, `#DIV/0!` and their kind.
    Error,
    /// Bytes that aren't of the file's encoding.
    Unreadable,
}

/// A day and a time of day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) year: i32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) millis: u32,
}

impl Moment {
    /// The day, `YYYY-MM-DD`.
    pub(crate) fn date(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// The time of day, `hh:mm:ss` with a fraction where there is one.
    pub(crate) fn clock(self) -> String {
        let (seconds, millis) = (self.millis / 1000, self.millis % 1000);
        let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if millis == 0 { clock } else { format!("{clock}.{millis:03}") }
    }
}

/// A row: its number from 1, and its cells with their columns from 0, ascending; empty cells aren't there.
pub(crate) struct Row<'a> {
    pub(crate) number: usize,
    /// How many cells a CSV's row has, empty ones too. Workbooks' rows have no end.
    pub(crate) width: Option<usize>,
    pub(crate) cells: Vec<(usize, Cell<'a>)>,
}

impl<'a> Row<'a> {
    /// The cell of a column.
    pub(crate) fn cell(&self, column: usize) -> Option<&Cell<'a>> {
        let at = self.cells.binary_search_by_key(&column, |(column, _)| *column).ok()?;
        self.cells.get(at).map(|(_, cell)| cell)
    }

    /// The same, owning its texts.
    pub(crate) fn owned(&self) -> Row<'static> {
        let own = |cell: &Cell<'_>| match cell {
            Cell::Text(text) => Cell::Text(Cow::Owned(text.clone().into_owned())),
            Cell::Number(number) => Cell::Number(*number),
            Cell::Bool(bool) => Cell::Bool(*bool),
            Cell::Moment(moment) => Cell::Moment(*moment),
            Cell::Span(text) => Cell::Span(text.clone()),
            Cell::Error => Cell::Error,
            Cell::Unreadable => Cell::Unreadable,
        };
        Row {
            number: self.number,
            width: self.width,
            cells: self.cells.iter().map(|(column, cell)| (*column, own(cell))).collect(),
        }
    }
}

/// Whether more rows are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    Yes,
    No,
}
