//! A cell and what its column is declared to be in; a typed value out, in canonical form, or the rule that it breaks.

use raccordo_connector_api::leaf::enum_value;
use raccordo_schema::mapping::EnumMapping;
use raccordo_schema::scalars::CodiceFiscale;

use crate::cell::{Cell, Moment};
use crate::fold::{fold, trimmed};
use crate::limits::Reading;
use crate::model::ValueKind;
use crate::number::{Written, integer, written};
use crate::time;
use crate::trouble::Rule;

/// A value, before it has its place in a table.
#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i32),
    Float(f64),
    Bool(bool),
    Text(String),
    /// A number whose decimal sign the column will tell.
    Number(Written),
}

/// How a workbook counts days.
pub(crate) type Serial = Option<fn(f64) -> Option<Moment>>;

/// Reads one cell.
///
/// # Errors
/// The rule that it breaks.
pub(crate) fn read(
    cell: &Cell<'_>,
    kind: &ValueKind,
    reading: &Reading,
    serial: Serial,
) -> Result<Value, Rule> {
    match cell {
        Cell::Text(text) => match trimmed(text) {
            "" => Ok(Value::Null),
            text => of_text(text, kind, reading),
        },
        Cell::Number(number) => of_number(*number, kind, reading, serial),
        Cell::Bool(bool) => match kind {
            ValueKind::Boolean => Ok(Value::Bool(*bool)),
            _ => of_text(if *bool { "true" } else { "false" }, kind, reading),
        },
        Cell::Moment(moment) => of_moment(*moment, kind, reading),
        Cell::Span(text) => of_text(trimmed(text), kind, reading),
        Cell::Error => Err(Rule::Error),
        Cell::Unreadable => Err(Rule::Bytes),
    }
}

/// Reads one text that isn't empty.
///
/// # Errors
/// The rule that it breaks.
pub(crate) fn of_text(text: &str, kind: &ValueKind, reading: &Reading) -> Result<Value, Rule> {
    match kind {
        ValueKind::Text => Ok(Value::Text(text.to_owned())),
        ValueKind::Int => written(text).ok_or(Rule::Whole)?.whole().map(Value::Int),
        ValueKind::Float => written(text).map(Value::Number).ok_or(Rule::Number),
        ValueKind::Boolean => truth(text).map(Value::Bool).ok_or(Rule::Truth),
        ValueKind::Enum(codes) => code(codes, text).map(Value::Text).ok_or(Rule::Code),
        ValueKind::CodiceFiscale => {
            // Blanks between its groups are common.
            let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
            CodiceFiscale::parse(&text)
                .map(|code| Value::Text(code.canonical().to_owned()))
                .map_err(|_| Rule::CodiceFiscale)
        }
        ValueKind::Date => time::date(text, reading.day_first).map(Value::Text),
        ValueKind::DateTime => time::instant(text, reading.day_first, reading.italian_time).map(Value::Text),
    }
}

fn of_number(number: f64, kind: &ValueKind, reading: &Reading, serial: Serial) -> Result<Value, Rule> {
    match kind {
        ValueKind::Float if number.is_finite() => Ok(Value::Float(number)),
        ValueKind::Float => Err(Rule::Number),
        ValueKind::Int => integer(number).map(Value::Int).ok_or(Rule::Whole),
        ValueKind::Date | ValueKind::DateTime => {
            let rule = if matches!(kind, ValueKind::Date) { Rule::Date } else { Rule::Instant };
            let moment = serial.and_then(|serial| serial(number)).ok_or(rule)?;
            of_moment(moment, kind, reading)
        }
        kind => of_text(&digits(number), kind, reading),
    }
}

/// A number as a text: a telephone or a postcode has no fraction.
fn digits(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        format!("{number:.0}")
    } else {
        format!("{number}")
    }
}

fn of_moment(moment: Moment, kind: &ValueKind, reading: &Reading) -> Result<Value, Rule> {
    match kind {
        ValueKind::Date if moment.millis == 0 => Ok(Value::Text(moment.date())),
        ValueKind::Date => Err(Rule::Date),
        ValueKind::DateTime => {
            time::zoned(moment, reading.italian_time).map(Value::Text).ok_or(Rule::Instant)
        }
        ValueKind::Text if moment.millis == 0 => Ok(Value::Text(moment.date())),
        ValueKind::Text => Ok(Value::Text(format!("{}T{}", moment.date(), moment.clock()))),
        kind => of_text(&moment.date(), kind, reading),
    }
}

/// Yes or no, as they are ticked and written.
fn truth(text: &str) -> Option<bool> {
    match &*fold(text) {
        "si" | "s" | "x" | "vero" | "v" | "true" | "t" | "1" | "yes" | "y" => Some(true),
        "no" | "n" | "falso" | "f" | "false" | "0" => Some(false),
        // A tick mark folds to nothing.
        "" if matches!(text, "✓" | "✔" | "☑" | "☒") => Some(true),
        _ => None,
    }
}

/// The value that a code stands for: as it is written, or else without case, accents and blanks where that is one value's only.
fn code(codes: &EnumMapping, text: &str) -> Option<String> {
    if let Some(value) = codes.codes.get(text) {
        return Some(value.to_string());
    }
    let folded = fold(text);
    let mut same = codes
        .codes
        .iter()
        .filter(|(code, _)| !folded.is_empty() && fold(code) == folded)
        .map(|(_, value)| value);
    let one = same.next();
    match one.filter(|one| same.all(|other| other == *one)) {
        Some(value) => Some(value.to_string()),
        None => enum_value(codes, text).map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_have_many_words() {
        for yes in ["sì", "SI", "Si'", "x", "X", "vero", "1", "TRUE", "✓"] {
            assert_eq!(truth(yes), Some(true), "{yes}");
        }
        for no in ["no", "NO", "falso", "0", "False"] {
            assert_eq!(truth(no), Some(false), "{no}");
        }
        for neither in ["forse", "2", "-", "?"] {
            assert_eq!(truth(neither), None, "{neither}");
        }
    }
}
