//! How large a file may be, and how its texts are read: what the settings say of every file of a source. Passing a limit refuses the file.

/// The limits of one file, and of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of one file as it is stored or sent.
    pub(crate) file_bytes: usize,
    /// Bytes of a workbook's parts after decompression, together.
    pub(crate) unpacked_bytes: usize,
    /// Rows of one table.
    pub(crate) rows: usize,
    /// Columns of one sheet.
    pub(crate) columns: usize,
    /// Cells of one sheet that aren't empty.
    pub(crate) cells: usize,
    /// Files of one folder that are one table.
    pub(crate) files: usize,
}

/// How texts become values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The separator of a CSV; `None` is found out.
    pub(crate) separator: Option<u8>,
    pub(crate) encoding: Encoding,
    /// The decimal sign of numbers written as text; `None` is found out.
    pub(crate) decimal: Option<Decimal>,
    /// `1/2/2024` is the first of February.
    pub(crate) day_first: bool,
    /// Instants without a zone are of Italy; else of UTC.
    pub(crate) italian_time: bool,
    /// In how many rows the header is looked for.
    pub(crate) header_rows: usize,
    pub(crate) bad_rows: BadRows,
    pub(crate) limits: Limits,
}

/// The encoding of a CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8 where it is that, else Windows-1252.
    Found,
    Utf8,
    Windows1252,
}

/// What separates a number's fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decimal {
    Comma,
    Point,
}

/// What becomes of a row with a value that doesn't fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadRows {
    /// It is served; whoever asks for the value gets an error in its place.
    Serve,
    /// It isn't served, and is counted.
    LeaveOut,
    /// The whole version is refused, and the one before it goes on.
    Refuse,
}
