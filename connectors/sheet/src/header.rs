//! The first rows of a sheet and the columns that are declared in; the row that is the header out, and where each column is. Titles above it, merged
//! ones too, and a header in two rows are met every day.

use crate::cell::{Cell, Row};
use crate::fold::{fold, letters};
use crate::model::ColumnSpec;
use crate::trouble::Broken;

/// A header that was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Its row; of two, the lower one.
    pub(crate) row: usize,
    /// For each declared column where it is, from 0.
    pub(crate) columns: Vec<Option<usize>>,
    /// How many cells a CSV's row has.
    pub(crate) width: Option<usize>,
}

/// One row's folded texts, by column.
type Texts = Vec<(usize, String)>;

/// How many of the declared columns the best row has.
pub(crate) fn score(rows: &[Row<'_>], columns: &[ColumnSpec]) -> usize {
    best(rows, columns).map_or(0, |(_, matched, _)| matched)
}

/// Finds the header.
///
/// # Errors
/// `Malformed`, when no row has the columns that are needed, or when one of them is there twice.
pub(crate) fn find(rows: &[Row<'_>], columns: &[ColumnSpec], within: usize) -> Result<Header, Broken> {
    let Some((index, _, texts)) = best(rows, columns).filter(|(_, matched, _)| *matched > 0) else {
        let labels: Vec<String> =
            columns.iter().take(8).map(|column| format!("`{}`", column.label)).collect();
        return Err(Broken::Malformed(format!(
            "none of the first {within} rows is a header: none has {}",
            if labels.is_empty() { "a text".to_owned() } else { labels.join(" or ") }
        )));
    };
    let (row, width) = rows.get(index).map_or((0, None), |row| (row.number, row.width));
    let places: Vec<Option<usize>> =
        columns.iter().map(|column| place(&texts, column, row)).collect::<Result<_, _>>()?;
    let lacking = columns.iter().zip(&places).filter(|(column, place)| column.needed && place.is_none());
    let lacking: Vec<String> = lacking.map(|(column, _)| format!("`{}`", column.label)).collect();
    match lacking.is_empty() {
        true => Ok(Header { row, columns: places, width }),
        false => Err(Broken::Malformed(format!(
            "the header, in row {row}, has no {}, by which rows are found",
            lacking.join(" and no ")
        ))),
    }
}

/// Where a column is; it may be in one place only.
fn place(texts: &Texts, column: &ColumnSpec, row: usize) -> Result<Option<usize>, Broken> {
    let mut places = texts.iter().filter(|(_, text)| column.headers.contains(text)).map(|(at, _)| *at);
    match (places.next(), places.next()) {
        (Some(one), Some(other)) => Err(Broken::Malformed(format!(
            "the header, in row {row}, has `{}` twice: in columns {} and {}",
            column.label,
            letters(one),
            letters(other)
        ))),
        (found, _) => Ok(found),
    }
}

/// The row that has most of the declared columns, alone or with the one above it; the first among equals.
fn best(rows: &[Row<'_>], columns: &[ColumnSpec]) -> Option<(usize, usize, Texts)> {
    let mut best: Option<(usize, usize, Texts)> = None;
    let mut above: Option<(usize, Texts)> = None;
    for (index, row) in rows.iter().enumerate() {
        let own = texts(row);
        let alone = matched(&own, columns);
        let joined =
            above.as_ref().filter(|(number, _)| number + 1 == row.number).map(|(_, above)| join(above, &own));
        let together = joined.as_ref().map_or(0, |joined| matched(joined, columns));
        let (count, texts) = match joined {
            // Two rows, only where both bring something.
            Some(joined) if together > alone && alone > 0 => (together, joined),
            _ => (alone, own.clone()),
        };
        if count > best.as_ref().map_or(0, |(_, count, _)| *count) {
            best = Some((index, count, texts));
        }
        above = Some((row.number, own));
    }
    best
}

fn matched(texts: &Texts, columns: &[ColumnSpec]) -> usize {
    columns.iter().filter(|column| texts.iter().any(|(_, text)| column.headers.contains(text))).count()
}

fn texts(row: &Row<'_>) -> Texts {
    let text = |(column, cell): &(usize, Cell<'_>)| {
        let text = match cell {
            Cell::Text(text) => fold(text),
            Cell::Number(number) => fold(&number.to_string()),
            _ => return None,
        };
        (!text.is_empty()).then_some((*column, text))
    };
    row.cells.iter().filter_map(text).collect()
}

/// The lower row, and the upper one where the lower is empty.
fn join(above: &Texts, own: &Texts) -> Texts {
    let free = above.iter().filter(|(column, _)| !own.iter().any(|(own, _)| own == column));
    let mut joined: Texts = own.iter().chain(free).cloned().collect();
    joined.sort_by_key(|(column, _)| *column);
    joined
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::model::ValueKind;

    fn columns(names: &[&[&str]]) -> Vec<ColumnSpec> {
        let column = |(index, names): (usize, &&[&str])| ColumnSpec {
            label: names[0].into(),
            headers: names.iter().map(|name| fold(name)).collect(),
            kind: ValueKind::Text,
            split: None,
            needed: index == 0,
            identifies: false,
        };
        names.iter().enumerate().map(column).collect()
    }

    fn sheet(rows: &[&[&'static str]]) -> Vec<Row<'static>> {
        let row = |(index, texts): (usize, &&[&'static str])| Row {
            number: index + 1,
            width: Some(texts.len()),
            cells: texts
                .iter()
                .enumerate()
                .filter(|(_, text)| !text.is_empty())
                .map(|(column, text)| (column, Cell::Text(Cow::Borrowed(*text))))
                .collect(),
        };
        rows.iter().enumerate().map(row).collect()
    }

    #[test]
    fn the_header_is_below_the_titles() {
        let rows = sheet(&[
            &["Parrocchia di San Giovanni, nome delle attività"],
            &["Aggiornato a ottobre"],
            &["", "CODICE", "Nome\ndell'attività", "Altro"],
            &["", "A1", "Nome", ""],
        ]);
        let found =
            find(&rows, &columns(&[&["codice"], &["Nome attività", "nome dell'attivita"], &["Note"]]), 30)
                .unwrap();
        assert_eq!(found, Header { row: 3, columns: vec![Some(1), Some(2), None], width: Some(4) });
    }

    #[test]
    fn two_rows_may_be_one_header() {
        let rows = sheet(&[&["Codice", "Recapiti", ""], &["", "Telefono", "Email"], &["1", "2", "3"]]);
        let found = find(&rows, &columns(&[&["codice"], &["telefono"], &["email"]]), 30).unwrap();
        assert_eq!((found.row, found.columns), (2, vec![Some(0), Some(1), Some(2)]));
    }

    #[test]
    fn what_is_missing_or_twice_is_told() {
        let told = |rows: &[&[&'static str]], names: &[&[&str]]| match find(&sheet(rows), &columns(names), 30)
        {
            Err(Broken::Malformed(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(told(&[&["a", "b"]], &[&["codice"]]).contains("none has `codice`"));
        assert!(told(&[&["nome"]], &[&["codice"], &["nome"]]).contains("has no `codice`"));
        let twice = told(&[&["codice", "nome", "Nome"]], &[&["codice"], &["nome"]]);
        assert!(twice.contains("`nome` twice: in columns B and C"), "{twice}");
        assert!(
            find(&sheet(&[&["codice", "x", "X"]]), &columns(&[&["codice"]]), 30).is_ok(),
            "others may be twice"
        );
    }
}
