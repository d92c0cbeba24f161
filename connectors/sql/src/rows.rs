//! What a database answered, the same for every database: values in one flat vector, texts in one buffer. Knows no graph.
//!
//! Values may be personal: there is no `Debug`.

use std::borrow::Cow;

/// One value as a database gives it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Datum<'a> {
    /// NULL.
    Null,
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Text; dates and times in ISO 8601.
    Text(&'a str),
    /// The digits of an exact decimal number.
    Decimal(&'a str),
    /// JSON text.
    Json(&'a str),
    /// MySQL's `0000-00-00`: no date, and yet not NULL.
    NoDate,
    /// A value of a type that isn't read: the type's name.
    Unreadable(&'a str),
    /// The table has lost the column of this name.
    Lost(&'a str),
}

impl<'a> Datum<'a> {
    /// The value as text, as keys are compared and cursors go on. `None` for NULL and for what can't be a key.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Int(int) => Some(Cow::Owned(int.to_string())),
            Self::Bool(bool) => Some(Cow::Borrowed(if bool { "true" } else { "false" })),
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Decimal(digits) => Some(Cow::Borrowed(plain_decimal(digits))),
            Self::Float(float) if float.fract() == 0.0 && float.abs() < 9e15 => {
                Some(Cow::Owned(format!("{float:.0}")))
            }
            Self::Float(float) => Some(Cow::Owned(format!("{float:?}"))),
            Self::Null | Self::NoDate | Self::Json(_) | Self::Unreadable(_) | Self::Lost(_) => None,
        }
    }
}

/// `7.00` is the key `7`.
fn plain_decimal(digits: &str) -> &str {
    match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    }
}

/// RFC 9562 §4: 32 lower-case hexadecimal digits in five groups.
pub(crate) fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[derive(Clone, Copy)]
enum Stored {
    Null,
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(Span),
    Decimal(Span),
    Json(Span),
    NoDate,
    Unreadable(Span),
    Lost(Span),
}

#[derive(Clone, Copy)]
struct Span {
    start: u32,
    length: u32,
}

/// Rows of one width.
pub(crate) struct Rows {
    width: usize,
    count: usize,
    cells: Vec<Stored>,
    text: String,
}

impl Rows {
    /// None yet, of so many columns.
    pub(crate) fn new(width: usize) -> Self {
        Self { width, count: 0, cells: Vec::new(), text: String::new() }
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.cells.len() * size_of::<Stored>()
    }

    /// The next value of the row that is being written.
    pub(crate) fn push(&mut self, datum: Datum<'_>) {
        let stored = match datum {
            Datum::Null => Stored::Null,
            Datum::Int(int) => Stored::Int(int),
            Datum::Float(float) => Stored::Float(float),
            Datum::Bool(bool) => Stored::Bool(bool),
            Datum::Text(text) => Stored::Text(self.keep(text)),
            Datum::Decimal(digits) => Stored::Decimal(self.keep(digits)),
            Datum::Json(json) => Stored::Json(self.keep(json)),
            Datum::NoDate => Stored::NoDate,
            Datum::Unreadable(name) => Stored::Unreadable(self.keep(name)),
            Datum::Lost(name) => Stored::Lost(self.keep(name)),
        };
        self.cells.push(stored);
    }

    /// The row that was being written is whole.
    pub(crate) fn end_row(&mut self) {
        self.count += 1;
        self.cells.resize(self.count * self.width, Stored::Null);
    }

    /// One value.
    pub(crate) fn datum(&self, row: usize, column: usize) -> Datum<'_> {
        match self.cells.get(row * self.width + column).copied().unwrap_or(Stored::Null) {
            Stored::Null => Datum::Null,
            Stored::Int(int) => Datum::Int(int),
            Stored::Float(float) => Datum::Float(float),
            Stored::Bool(bool) => Datum::Bool(bool),
            Stored::Text(span) => Datum::Text(self.span(span)),
            Stored::Decimal(span) => Datum::Decimal(self.span(span)),
            Stored::Json(span) => Datum::Json(self.span(span)),
            Stored::NoDate => Datum::NoDate,
            Stored::Unreadable(span) => Datum::Unreadable(self.span(span)),
            Stored::Lost(span) => Datum::Lost(self.span(span)),
        }
    }

    /// What is in a column is lost, in every row: the table hasn't it any more.
    pub(crate) fn lose(&mut self, column: usize, name: &str) {
        let lost = Stored::Lost(self.keep(name));
        let width = self.width.max(1);
        self.cells.iter_mut().skip(column).step_by(width).for_each(|cell| *cell = lost);
    }

    /// Keeps the first `count` rows.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.count = self.count.min(count);
        self.cells.truncate(self.count * self.width);
    }

    /// These rows alone, in this order.
    pub(crate) fn pick(self, rows: &[usize]) -> Self {
        let whole =
            |row: &usize| self.cells.get(row * self.width..(row + 1) * self.width).unwrap_or_default();
        let cells = rows.iter().flat_map(whole).copied().collect();
        Self { width: self.width, count: rows.len(), cells, text: self.text }
    }

    /// The rows of `other` after these. Both are of one width.
    pub(crate) fn append(&mut self, other: &Self) {
        if self.count == 0 {
            self.cells.clear();
        }
        let moved = self.text.len() as u32;
        self.text.push_str(&other.text);
        let shift = |span: Span| Span { start: span.start + moved, ..span };
        self.cells.extend(other.cells.iter().map(|stored| match *stored {
            Stored::Text(span) => Stored::Text(shift(span)),
            Stored::Decimal(span) => Stored::Decimal(shift(span)),
            Stored::Json(span) => Stored::Json(shift(span)),
            Stored::Unreadable(span) => Stored::Unreadable(shift(span)),
            Stored::Lost(span) => Stored::Lost(shift(span)),
            plain => plain,
        }));
        self.count += other.count;
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Span { start, length: text.len() as u32 }
    }

    fn span(&self, span: Span) -> &str {
        let start = span.start as usize;
        self.text.get(start..start + span.length as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(datums: &[Datum<'_>]) -> Rows {
        let mut rows = Rows::new(datums.len());
        datums.iter().for_each(|datum| rows.push(*datum));
        rows.end_row();
        rows
    }

    #[test]
    fn rows_keep_their_values_when_joined() {
        let mut rows = one(&[Datum::Text("è"), Datum::Int(7)]);
        rows.append(&one(&[Datum::Decimal("7.50"), Datum::Null]));
        assert_eq!(rows.count(), 2);
        assert!(rows.datum(0, 0) == Datum::Text("è") && rows.datum(0, 1) == Datum::Int(7));
        assert!(rows.datum(1, 0) == Datum::Decimal("7.50") && rows.datum(1, 1) == Datum::Null);
        rows.truncate(1);
        assert!(rows.count() == 1 && rows.datum(1, 0) == Datum::Null);
    }

    #[test]
    fn keys_are_the_same_however_a_database_stores_them() {
        for datum in
            [Datum::Int(7), Datum::Text("7"), Datum::Decimal("7.00"), Datum::Float(7.0), Datum::Decimal("7")]
        {
            assert_eq!(datum.text().as_deref(), Some("7"));
        }
        assert_eq!(Datum::Decimal("100").text().as_deref(), Some("100"));
        assert_eq!(Datum::Null.text(), None);
    }

    #[test]
    fn uuids_are_written_in_groups() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(uuid(&bytes), "00010203-0405-0607-0809-0a0b0c0d0e0f");
    }
}
