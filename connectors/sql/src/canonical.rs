//! One form for every key: a database's or a representation's text in, the text that both are compared by out.

use std::borrow::Cow;

use raccordo_connector_api::Representations;
use raccordo_schema::scalars;

use crate::column::utc;
use crate::plan::{KeyColumn, KeyPath};
use crate::rows::Rows;

/// The canonical text of a scalar. What isn't of the scalar stays as it is: it equals nothing canonical.
fn canonical<'t>(scalar: &str, text: Cow<'t, str>) -> Cow<'t, str> {
    match scalar {
        "CodiceFiscale" => match scalars::CodiceFiscale::parse(&text) {
            Ok(code) => Cow::Owned(code.canonical().to_owned()),
            Err(_) => text,
        },
        "Date" => scalars::date(&text).map_or(text, Cow::Owned),
        // Without a zone it is UTC.
        "DateTime" => scalars::date_time(&text)
            .or_else(|| scalars::date_time(&format!("{}Z", utc(&text)?)))
            .map_or(text, Cow::Owned),
        "Boolean" => match &*text {
            "1" => Cow::Borrowed("true"),
            "0" => Cow::Borrowed("false"),
            _ => text,
        },
        _ => text,
    }
}

/// A key: its parts, each canonical.
pub(crate) type Key = Vec<String>;

/// Keys as a database may store them: a codice fiscale in capitals or in small letters. Its index finds both.
pub(crate) fn as_stored<'k>(keys: &'k [Key], scalars: &[&str]) -> Cow<'k, [Key]> {
    let is_code = |at: usize| scalars.get(at) == Some(&"CodiceFiscale");
    if !(0..scalars.len()).any(is_code) {
        return Cow::Borrowed(keys);
    }
    let mut all = Vec::with_capacity(keys.len() * 2);
    for key in keys {
        let small = key.iter().enumerate();
        let small: Key = small
            .map(|(at, part)| if is_code(at) { part.to_ascii_lowercase() } else { part.clone() })
            .collect();
        all.extend([key.clone(), small]);
    }
    Cow::Owned(all)
}

/// The forms in which a codice fiscale may be stored; what is none stays alone.
pub(crate) fn tax_codes(text: String) -> Vec<String> {
    match scalars::CodiceFiscale::parse(&text) {
        Ok(code) => vec![code.canonical().to_owned(), code.canonical().to_ascii_lowercase()],
        Err(_) => vec![text],
    }
}

/// The key in a representation; `None` when a part of it is null or no scalar.
pub(crate) fn of_representation(
    representations: &Representations,
    row: usize,
    key: &[KeyPath],
) -> Option<Key> {
    let part = |part: &KeyPath| {
        representations.scalar(row, &part.path).map(|text| canonical(&part.scalar, text).into_owned())
    };
    key.iter().map(part).collect()
}

/// The key in a parent's row.
pub(crate) fn of_row(rows: &Rows, row: usize, key: &[KeyColumn]) -> Option<Key> {
    let part = |part: &KeyColumn| {
        rows.datum(row, part.at).text().map(|text| canonical(&part.scalar, text).into_owned())
    };
    key.iter().map(part).collect()
}

/// The key in columns of a child's row, or an entity's, by the scalars of the key they refer to.
pub(crate) fn of_columns<'s>(
    rows: &Rows,
    row: usize,
    columns: &[usize],
    scalars: impl Iterator<Item = &'s str>,
) -> Option<Key> {
    let part = |(at, scalar): (&usize, &str)| {
        rows.datum(row, *at).text().map(|text| canonical(scalar, text).into_owned())
    };
    columns.iter().zip(scalars).map(part).collect()
}
