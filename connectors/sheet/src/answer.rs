//! A listing's arguments and a table in; the rows of its page out: narrowed, ordered, cut. No value of an argument is ever in an error.

use std::cmp::Ordering;
use std::sync::Arc;

use raccordo_connector_api::page::page_asked;
use raccordo_connector_api::{Failure, Fetch, Value as Given};
use raccordo_schema::mapping::FilterOp;
use raccordo_schema::scalars::{self, CodiceFiscale};
use serde_json::Value;

use crate::model::ValueKind;
use crate::plan::{Filter, Listed, Listing};
use crate::table::{By, Mark, Ordered, Stored, Table, compare_texts, number};

/// The rows that a listing brings.
pub(crate) struct Page {
    pub(crate) rows: Vec<u32>,
    /// For cursors: the how-manieth each row is of those that are equal in the order.
    nths: Vec<usize>,
    pub(crate) has_next: bool,
    pub(crate) has_previous: bool,
    pub(crate) total: Option<u64>,
}

/// A value to compare with, as its column has it.
enum Operand {
    Number(f64),
    Bool(bool),
    Text(String),
}

/// One condition.
struct Condition {
    column: usize,
    op: FilterOp,
    operands: Vec<Operand>,
}

/// The rows of a root field, or those that have the parent's key.
///
/// # Errors
/// `BadInput`, for a page or an argument that can't be used.
pub(crate) fn page(
    fetch: &Fetch,
    listing: &Listing,
    table: &Table,
    key: Option<&[String]>,
) -> Result<Page, Failure> {
    let asked = page_asked(fetch, &listing.field, &listing.page, &listing.context)?;
    let position = asked.after.as_deref().map(|after| decode(after, listing.order.len())).transpose()?;
    let conditions = conditions(fetch, listing)?;
    let ordered = table.ordered(&listing.order);
    let found = match (listing.key, key) {
        (Some(index), Some(key)) => Some(sorted(table.find(index, key), &ordered)),
        _ => None,
    };
    let all = found.as_deref().unwrap_or(&ordered.rows);
    let from = position.as_ref().map_or(0, |(marks, nth)| after(table, all, &listing.order, marks, *nth));
    let matching = |row: u32| conditions.iter().all(|condition| condition.holds(table, row));
    // A single record is looked for twice, to find out that it isn't single.
    let most = match listing.output {
        Listed::One(_) => 1,
        _ => asked.first.unwrap_or(usize::MAX),
    };
    let rest = all.iter().copied().enumerate().skip(from).filter(|(_, row)| matching(*row));
    let mut found: Vec<(usize, u32)> = rest.take(most.saturating_add(1)).collect();
    let has_next = found.len() > most;
    found.truncate(most);
    let counts = matches!(listing.output, Listed::Connection { counts: true, .. });
    let total = counts.then(|| all.iter().filter(|row| matching(**row)).count() as u64);
    let nths = match listing.output {
        Listed::Connection { .. } => {
            found.iter().map(|(at, row)| nth(table, listing, all, *at, *row)).collect()
        }
        _ => Vec::new(),
    };
    let rows = found.into_iter().map(|(_, row)| row).collect();
    Ok(Page { rows, nths, has_next, has_previous: asked.after.is_some(), total })
}

fn sorted(mut rows: Vec<u32>, ordered: &Arc<Ordered>) -> Vec<u32> {
    rows.sort_by_key(|row| ordered.places.get(*row as usize).copied().unwrap_or(u32::MAX));
    rows
}

/// The first place after a position: `nth` tells apart rows that are equal in the order.
fn after(table: &Table, rows: &[u32], order: &[By], marks: &[Mark], nth: usize) -> usize {
    let first = rows.partition_point(|row| table.against(*row, order, marks) == Ordering::Less);
    let end = rows.partition_point(|row| table.against(*row, order, marks) != Ordering::Greater);
    first.saturating_add(nth).saturating_add(1).min(end)
}

/// How many rows before this one are equal to it in the order.
fn nth(table: &Table, listing: &Listing, rows: &[u32], at: usize, row: u32) -> usize {
    let marks = table.marks(row, &listing.order);
    let equal = |row: &&u32| table.against(**row, &listing.order, &marks) == Ordering::Equal;
    rows.get(..at).unwrap_or_default().iter().rev().take_while(equal).count()
}

/// The sealed cursors of a page's rows.
pub(crate) fn cursors(fetch: &Fetch, listing: &Listing, table: &Table, page: &Page) -> Vec<String> {
    let cursor = |(row, nth): (&u32, &usize)| {
        let marks = table.marks(*row, &listing.order);
        fetch.cursors.seal(&listing.context, &encode(&marks, *nth))
    };
    page.rows.iter().zip(&page.nths).map(cursor).collect()
}

/// The bytes of a position: JSON, a number as a list of its shortest exact text; last which of several equal rows.
fn encode(marks: &[Mark], nth: usize) -> Vec<u8> {
    let one = |mark: &Mark| match mark {
        Mark::Null => Value::Null,
        Mark::Number(number) => Value::from(vec![format!("{number:?}")]),
        Mark::Bool(bool) => Value::from(*bool),
        Mark::Text(text) => Value::from(text.as_str()),
    };
    marks.iter().map(one).chain([Value::from(nth)]).collect::<Value>().to_string().into_bytes()
}

fn decode(bytes: &[u8], count: usize) -> Result<(Vec<Mark>, usize), Failure> {
    let one = |value: &Value| match value {
        Value::Null => Some(Mark::Null),
        Value::Bool(bool) => Some(Mark::Bool(*bool)),
        Value::String(text) => Some(Mark::Text(text.clone())),
        Value::Array(number) => number.first()?.as_str()?.parse().ok().map(Mark::Number),
        Value::Number(_) | Value::Object(_) => None,
    };
    let read: Option<Vec<Value>> = serde_json::from_slice(bytes).ok();
    let position = read.and_then(|values| {
        let (nth, marks) = values.split_last()?;
        let marks: Vec<Mark> = marks.iter().map(one).collect::<Option<_>>()?;
        Some((marks, usize::try_from(nth.as_u64()?).ok()?)).filter(|(marks, _)| marks.len() == count)
    });
    position.ok_or_else(|| {
        Failure::bad_input(
            "the cursor was made before the list's order changed: ask again from the first page",
        )
    })
}

/// An argument that is absent or null narrows nothing.
fn conditions(fetch: &Fetch, listing: &Listing) -> Result<Vec<Condition>, Failure> {
    let mut conditions = Vec::new();
    for Filter { arg, column, kind, op } in &listing.filters {
        let Some(value) = fetch.argument(&listing.field, arg).filter(|value| !value.is_null()) else {
            continue;
        };
        let given = if *op == FilterOp::In { value.items() } else { std::slice::from_ref(value) };
        let operands = given.iter().filter(|value| !value.is_null()).map(|value| operand(value, kind));
        let operands: Option<Vec<Operand>> = operands.collect();
        let misfit = || Failure::bad_input(format!("`{arg}` of `{}` isn't of its type", listing.field.name));
        conditions.push(Condition { column: *column, op: *op, operands: operands.ok_or_else(misfit)? });
    }
    Ok(conditions)
}

fn operand(value: &Given, kind: &ValueKind) -> Option<Operand> {
    Some(match value {
        Given::Bool(bool) if matches!(kind, ValueKind::Boolean) => Operand::Bool(*bool),
        Given::Int(int) if matches!(kind, ValueKind::Int | ValueKind::Float) => Operand::Number(*int as f64),
        Given::Float(float) if matches!(kind, ValueKind::Int | ValueKind::Float) => Operand::Number(*float),
        Given::Int(int) => Operand::Text(int.to_string()),
        Given::Text(text) | Given::Enum(text) => Operand::Text(canonical(text, kind)),
        Given::Null | Given::Bool(_) | Given::Float(_) | Given::List(_) | Given::Object(_) => return None,
    })
}

/// The canonical form of a text. What isn't of the kind stays as it is: it equals nothing canonical.
pub(crate) fn canonical(text: &str, kind: &ValueKind) -> String {
    let canonical = match kind {
        ValueKind::CodiceFiscale => CodiceFiscale::parse(text).ok().map(|code| code.canonical().to_owned()),
        ValueKind::Date => scalars::date(text),
        ValueKind::DateTime => scalars::date_time(text),
        _ => None,
    };
    canonical.unwrap_or_else(|| text.to_owned())
}

impl Condition {
    /// Whether a row's value meets it. An empty cell meets none, as in SQL; a list meets what one of its items meets.
    fn holds(&self, table: &Table, row: u32) -> bool {
        match table.value(row as usize, self.column) {
            Stored::List(span) => table.items(span).iter().any(|item| self.meets(table, *item)),
            value => self.meets(table, value),
        }
    }

    fn meets(&self, table: &Table, value: Stored) -> bool {
        let is = |operand: &Operand| {
            let compared = compare(table, value, operand);
            match self.op {
                FilterOp::Eq | FilterOp::In => compared == Some(Ordering::Equal),
                FilterOp::Ne => compared.is_some_and(|compared| compared != Ordering::Equal),
                FilterOp::Lt => compared == Some(Ordering::Less),
                FilterOp::Le => compared.is_some_and(|compared| compared != Ordering::Greater),
                FilterOp::Gt => compared == Some(Ordering::Greater),
                FilterOp::Ge => compared.is_some_and(|compared| compared != Ordering::Less),
                FilterOp::Prefix => {
                    texts(table, value, operand).is_some_and(|(own, part)| own.starts_with(part))
                }
                FilterOp::Contains => {
                    texts(table, value, operand).is_some_and(|(own, part)| own.contains(part))
                }
            }
        };
        self.operands.iter().any(is)
    }
}

fn texts<'t>(table: &'t Table, value: Stored, operand: &'t Operand) -> Option<(&'t str, &'t str)> {
    match (value, operand) {
        (Stored::Text(span), Operand::Text(text)) => Some((table.span(span), text)),
        _ => None,
    }
}

fn compare(table: &Table, value: Stored, operand: &Operand) -> Option<Ordering> {
    match (value, operand) {
        (Stored::Text(span), Operand::Text(text)) => Some(compare_texts(table.span(span), text)),
        (Stored::Bool(own), Operand::Bool(other)) => Some(own.cmp(other)),
        (own, Operand::Number(other)) => number(own).and_then(|own| own.partial_cmp(other)),
        _ => None,
    }
}
