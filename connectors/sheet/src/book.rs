//! A file's bytes in; what it is by what it holds, not by its name; its sheets and rows out, the same for every format.

use bytes::Bytes;

use crate::archive;
use crate::cell::{Moment, More, Row};
use crate::csv::{self, Judge};
use crate::limits::{Limits, Reading};
use crate::model::Which;
use crate::ods;
use crate::text::{self, Decoded};
use crate::trouble::Broken;
use crate::xlsx;

/// An open file.
pub(crate) enum Book {
    Csv(Bytes),
    Xlsx(Box<xlsx::Workbook>),
    Ods(ods::Workbook),
}

/// What holds older workbooks, and newer ones under a password.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

impl Book {
    /// Opens a file.
    ///
    /// # Errors
    /// `Malformed`, for what is none of the formats; `OverLimit`.
    pub(crate) fn open(bytes: Bytes, limits: &Limits) -> Result<Self, Broken> {
        if bytes.len() > limits.file_bytes {
            return Err(Broken::OverLimit(format!("the file has more than {} bytes", limits.file_bytes)));
        }
        let start = bytes.get(..512).unwrap_or(&bytes).trim_ascii_start().to_ascii_lowercase();
        let wrong = |why: &str| Err(Broken::Malformed(why.to_owned()));
        match &*start {
            _ if bytes.starts_with(b"PK") => Self::workbook(bytes, limits),
            _ if bytes.starts_with(COMPOUND) => wrong(
                "the file is an old XLS, or a workbook under a password: save it as XLSX or ODS, without password",
            ),
            page if page.starts_with(b"<!doctype") || page.starts_with(b"<html") => {
                wrong("the file is an HTML page: is the address that of a login or of a preview?")
            }
            xml if xml.starts_with(b"<?xml") => {
                wrong("the file is an XML document: save it as XLSX, ODS or CSV")
            }
            pdf if pdf.starts_with(b"%pdf") => wrong("the file is a PDF: ask for the sheet it was made from"),
            _ => Ok(Self::Csv(bytes)),
        }
    }

    fn workbook(bytes: Bytes, limits: &Limits) -> Result<Self, Broken> {
        let mut archive = archive::open(bytes.clone())?;
        let has = |name: &str| archive.file_names().any(|own| own.is_ok_and(|own| own == name));
        let is_xlsx = has("[Content_Types].xml");
        let is_ods = !is_xlsx && has("mimetype");
        let kind = if is_ods { archive::part(&mut archive, "mimetype", limits)? } else { Vec::new() };
        match (is_xlsx, kind.trim_ascii_end() == ods::TYPE) {
            (true, _) => Ok(Self::Xlsx(Box::new(xlsx::open(bytes, limits)?))),
            (false, true) => Ok(Self::Ods(ods::open(bytes, limits)?)),
            (false, false) => {
                let why = "the file is an archive, and neither an XLSX nor an ODS workbook";
                Err(Broken::Malformed(why.to_owned()))
            }
        }
    }

    /// The names of its sheets; none of a CSV.
    pub(crate) fn sheets(&self) -> Vec<String> {
        match self {
            Self::Csv(_) => Vec::new(),
            Self::Xlsx(workbook) => xlsx::sheets(workbook),
            Self::Ods(workbook) => workbook.sheets.clone(),
        }
    }

    /// The name of the sheet that is meant; `None` of a CSV.
    ///
    /// # Errors
    /// `Malformed`, when it hasn't that one.
    pub(crate) fn sheet(&self, which: &Which) -> Result<Option<String>, Broken> {
        let sheets = self.sheets();
        if matches!(self, Self::Csv(_)) {
            return match which {
                Which::Named(name) => {
                    Err(Broken::Malformed(format!("a CSV has no sheet `{name}`: it is one")))
                }
                Which::First | Which::Numbered(1) => Ok(None),
                Which::Numbered(index) => {
                    Err(Broken::Malformed(format!("a CSV has no sheet {index}: it is one")))
                }
            };
        }
        let found = match which {
            Which::First => sheets.first(),
            Which::Numbered(index) => index.checked_sub(1).and_then(|index| sheets.get(index)),
            Which::Named(name) => sheets
                .iter()
                .find(|own| own.trim() == name.trim())
                .or_else(|| sheets.iter().find(|own| crate::fold::fold(own) == crate::fold::fold(name))),
        };
        found.cloned().map(Some).ok_or_else(|| match which {
            Which::Named(name) => {
                Broken::Malformed(format!("the workbook has no sheet `{name}`, but {} others", sheets.len()))
            }
            _ => Broken::Malformed(format!("the workbook has {} sheets", sheets.len())),
        })
    }

    /// Reads the rows of a sheet, until `visit` has enough. `judge` helps to find a CSV's separator.
    ///
    /// # Errors
    /// `Malformed`, `OverLimit`; those of `visit`.
    pub(crate) fn rows(
        &mut self,
        sheet: Option<&str>,
        reading: &Reading,
        judge: Judge<'_>,
        visit: &mut dyn FnMut(Row<'_>) -> Result<More, Broken>,
    ) -> Result<(), Broken> {
        let limits = &reading.limits;
        match self {
            Self::Csv(bytes) => {
                let text: Decoded<'_> = text::decode(bytes, reading.encoding)?;
                let separator = reading.separator.unwrap_or_else(|| csv::separator(&text, limits, judge));
                csv::rows(&text, separator, limits, visit)
            }
            Self::Xlsx(workbook) => xlsx::rows(workbook, sheet.unwrap_or_default(), limits, visit),
            Self::Ods(workbook) => {
                let at =
                    workbook.sheets.iter().position(|own| Some(own.as_str()) == sheet).unwrap_or_default();
                ods::rows(workbook, at, limits, visit)
            }
        }
    }

    /// The day of a bare number in a column of dates: only workbooks count days.
    pub(crate) fn serial(&self) -> Option<fn(f64) -> Option<Moment>> {
        match self {
            Self::Csv(_) => None,
            Self::Xlsx(workbook) if xlsx::from_1904(workbook) => Some(|number| xlsx::serial(number, true)),
            Self::Xlsx(_) | Self::Ods(_) => Some(|number| xlsx::serial(number, false)),
        }
    }
}
