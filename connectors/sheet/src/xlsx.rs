//! An XLSX in (ECMA-376), its sheets and their rows out. Formulas are never calculated: their last result, as it was stored, is the cell's value.

use std::borrow::Cow;
use std::io::Cursor;

use bytes::Bytes;
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, Xlsx};

use crate::archive;
use crate::cell::{Cell, Moment, More, Row};
use crate::limits::Limits;
use crate::trouble::Broken;

/// An open workbook.
pub(crate) type Workbook = Xlsx<Cursor<Bytes>>;

/// Opens a workbook, after its archive was found to be within the limits.
///
/// # Errors
/// `Malformed`, `OverLimit`.
pub(crate) fn open(bytes: Bytes, limits: &Limits) -> Result<Workbook, Broken> {
    archive::check(&mut archive::open(bytes.clone())?, limits)?;
    Xlsx::new(Cursor::new(bytes)).map_err(|_| archive::damaged())
}

/// The names of its sheets, in order.
pub(crate) fn sheets(workbook: &Workbook) -> Vec<String> {
    let sheets = workbook.sheets_metadata().iter();
    sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet).map(|sheet| sheet.name.clone()).collect()
}

/// Whether a bare number counts days from 1904.
pub(crate) fn from_1904(workbook: &Workbook) -> bool {
    workbook.has_1904_epoch()
}

/// Reads rows of a sheet, until `visit` has enough.
///
/// # Errors
/// `Malformed`, `OverLimit`; those of `visit`.
pub(crate) fn rows(
    workbook: &mut Workbook,
    sheet: &str,
    limits: &Limits,
    visit: &mut dyn FnMut(Row<'_>) -> Result<More, Broken>,
) -> Result<(), Broken> {
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(|_| archive::damaged())?;
    let (mut row, mut count) = (Row { number: 0, width: None, cells: Vec::new() }, 0_usize);
    while let Some(cell) = cells.next_cell().map_err(|_| archive::damaged())? {
        let (number, column) = (cell.get_position().0 as usize + 1, cell.get_position().1 as usize);
        let Some(value) = value(cell.get_value()) else { continue };
        let backwards = row.cells.last().is_some_and(|(last, _)| number == row.number && *last >= column);
        if number < row.number || backwards {
            return Err(Broken::Malformed("the sheet's cells aren't in order".to_owned()));
        }
        count += 1;
        if count > limits.cells || column >= limits.columns {
            return Err(over(count, limits));
        }
        if number > row.number {
            let whole = std::mem::replace(&mut row, Row { number, width: None, cells: Vec::new() });
            if !whole.cells.is_empty() && visit(whole)? == More::No {
                return Ok(());
            }
        }
        row.cells.push((column, value));
    }
    if !row.cells.is_empty() {
        visit(row)?;
    }
    Ok(())
}

fn over(count: usize, limits: &Limits) -> Broken {
    Broken::OverLimit(match count > limits.cells {
        true => format!("more than {} cells", limits.cells),
        false => format!("more than {} columns", limits.columns),
    })
}

fn value(value: &DataRef<'_>) -> Option<Cell<'static>> {
    Some(match value {
        DataRef::Empty => return None,
        DataRef::Int(int) => Cell::Number(*int as f64),
        DataRef::Float(float) => Cell::Number(*float),
        DataRef::String(text) if text.is_empty() => return None,
        DataRef::SharedString("") => return None,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text_cell(text),
        DataRef::SharedString(text) => text_cell(text),
        DataRef::Bool(bool) => Cell::Bool(*bool),
        DataRef::DateTime(moment) => self::moment(moment),
        DataRef::Error(_) => Cell::Error,
    })
}

fn text_cell(text: &str) -> Cell<'static> {
    Cell::Text(Cow::Owned(text.to_owned()))
}

/// A number that is shown as a date, a time of day or a span.
fn moment(moment: &ExcelDateTime) -> Cell<'static> {
    let value = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&value) {
        let seconds = (value * 86_400.0).round();
        let (sign, seconds) = if seconds < 0.0 { ("-", -seconds) } else { ("", seconds) };
        let seconds = seconds as u64;
        return Cell::Span(format!(
            "{sign}{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ));
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    // Excel's 29 February 1900 never was; negative numbers and those beyond 9999 are no days.
    let exists = value < 2_958_466.0 && value > 0.0 && (year, month, day) != (1900, 2, 29);
    match exists {
        true => Cell::Moment(Moment {
            year: i32::from(year),
            month: u32::from(month),
            day: u32::from(day),
            millis: (u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second)) * 1000
                + u32::from(milli),
        }),
        false => Cell::Error,
    }
}

/// The day of a number without a format, in a column of dates: the workbook's own count. Small numbers are years or counts, not days.
pub(crate) fn serial(number: f64, from_1904: bool) -> Option<Moment> {
    let plausible = (3_000.0..2_958_466.0).contains(&number);
    let counted = calamine::ExcelDateTime::new(number, calamine::ExcelDateTimeType::DateTime, from_1904);
    match moment(&counted) {
        Cell::Moment(moment) if plausible => Some(moment),
        _ => None,
    }
}
