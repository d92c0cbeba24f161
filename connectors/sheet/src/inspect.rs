//! A file in; a first annotated SDL of it out: header, types, key, names of the graph. Values are looked at to guess their types, and none of them leaves.
//! What looks personal by its header is marked, and never silently public: a person decides.

mod print;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use raccordo_connector_api::inspect::names::{self, Names};
use raccordo_connector_api::inspect::personal::{self, Judgement};
use raccordo_connector_api::{Failure, FailureKind};
use raccordo_connector_web::settings::http_url;
use raccordo_connector_web::{Client, HeaderMap};

use crate::book::Book;
use crate::cell::{Cell, More, Row};
use crate::fold::{fold, trimmed};
use crate::limits::Reading;
use crate::model::{ValueKind, Which};
use crate::place::{Look, Place};
use crate::settings;
use crate::trouble::Broken;
use crate::value;

/// A table that was found.
pub(crate) struct Found {
    /// Its sheet, of a workbook.
    sheet: Option<String>,
    name: String,
    root: String,
    columns: Vec<Column>,
    /// The column that is the key.
    key: Option<usize>,
}

/// One column of it.
struct Column {
    header: String,
    name: String,
    leaf: &'static str,
    judgement: Judgement,
}

/// So many rows tell what a column's values are.
const ROWS: usize = 5_000;
/// The kinds that are tried, the narrowest first.
const KINDS: [(&str, ValueKind); 6] = [
    ("CodiceFiscale", ValueKind::CodiceFiscale),
    ("Int", ValueKind::Int),
    ("Float", ValueKind::Float),
    ("Boolean", ValueKind::Boolean),
    ("Date", ValueKind::Date),
    ("DateTime", ValueKind::DateTime),
];

/// Whether an address looks like that of a sheet.
pub(crate) fn inspects(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or(target).to_ascii_lowercase();
    let is_sheet = [".csv", ".tsv", ".xlsx", ".ods"].iter().any(|ending| path.ends_with(ending));
    target.starts_with("file:") || is_sheet
}

/// Writes the SDL of a file, by its path, `file:` URL or address.
///
/// # Errors
/// Why there is none. The address isn't told.
pub(crate) async fn inspect(target: &str) -> Result<String, Failure> {
    let reading = settings::defaults();
    let place = place(target)?;
    let looked = place.look(None, None, reading.limits).await.map_err(|broken| failure(&broken))?;
    let Look::New { files, .. } = looked else {
        return Err(Failure::unreachable("the file is being written: try again"));
    };
    let Some((_, bytes)) = files.into_iter().next() else {
        return Err(Failure::unreachable("there is no such file"));
    };
    let name = file_name(target);
    let is_web = http_url(target).is_some();
    let work = move || {
        let found = tables(bytes, &name, &reading)?;
        Ok(print::print(&found, &name, is_web))
    };
    let found = tokio::task::spawn_blocking(work).await;
    found
        .map_err(|_| Failure::malformed("the file can't be read"))?
        .map_err(|broken: Broken| failure(&broken))
}

fn place(target: &str) -> Result<Place, Failure> {
    if let Some(url) = http_url(target) {
        let client = Client::new(&url, HeaderMap::new())?;
        return Ok(Place::Web { url, client, timeout: Duration::from_secs(30) });
    }
    let path = match target.strip_prefix("file:") {
        Some(path) => settings::local(path),
        None => Some(PathBuf::from(target)),
    };
    let path = path.ok_or_else(|| Failure::bad_input("the path can't be read"))?;
    Ok(Place::Local { path, settle: Duration::ZERO })
}

/// The last part of a path or URL.
fn file_name(target: &str) -> String {
    let path = target.split(['?', '#']).next().unwrap_or(target);
    let name = Path::new(path.strip_prefix("file:").unwrap_or(path)).file_name();
    name.map_or_else(|| "fogli".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn failure(broken: &Broken) -> Failure {
    let kind = match broken {
        Broken::Unreachable(_) | Broken::Moving => FailureKind::Unreachable,
        Broken::Refused(_) => FailureKind::Refused,
        Broken::TimedOut(_) => FailureKind::TimedOut,
        Broken::Malformed(_) => FailureKind::Malformed,
        Broken::OverLimit(_) => FailureKind::OverLimit,
    };
    Failure::new(kind, broken.to_string())
}

/// The tables of a file: one for each sheet that has one.
fn tables(bytes: Bytes, name: &str, reading: &Reading) -> Result<Vec<Found>, Broken> {
    let mut book = Book::open(bytes, &reading.limits)?;
    let sheets = book.sheets();
    let (mut types, mut roots) = (Names::types(), Names::fields());
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut found = Vec::new();
    let wanted: Vec<Option<String>> =
        if sheets.is_empty() { vec![None] } else { sheets.into_iter().map(Some).collect() };
    let several = wanted.len() > 1;
    for sheet in wanted {
        let rows = sample(&mut book, sheet.as_deref(), reading)?;
        let Some(columns) = columns(&rows, reading) else { continue };
        let spoken = sheet.as_deref().filter(|_| several).unwrap_or(stem);
        let key = key(&columns, &rows);
        found.push(Found {
            name: types.take(&names::type_name(spoken)),
            root: roots.take(&names::field_name(spoken)),
            columns: columns.into_iter().map(|(_, column)| column).collect(),
            key,
            sheet,
        });
    }
    match found.is_empty() {
        true => Err(Broken::Malformed("no sheet of it has a header".to_owned())),
        false => Ok(found),
    }
}

fn sample(book: &mut Book, sheet: Option<&str>, reading: &Reading) -> Result<Vec<Row<'static>>, Broken> {
    let which = sheet.map_or(Which::First, |sheet| Which::Named(sheet.into()));
    let sheet = book.sheet(&which)?;
    let mut rows = Vec::new();
    book.rows(sheet.as_deref(), reading, &|_| 0, &mut |row| {
        rows.push(row.owned());
        Ok(if rows.len() < ROWS { More::Yes } else { More::No })
    })?;
    Ok(rows)
}

/// The header is the first of the rows with nearly as many different texts as any has, and rows below it. Gives each column with its place.
fn columns(rows: &[Row<'_>], reading: &Reading) -> Option<Vec<(usize, Column)>> {
    let first = rows.get(..rows.len().min(reading.header_rows))?;
    let most = first.iter().map(texts).max().filter(|most| *most > 0)?;
    let at = first.iter().position(|row| texts(row) * 5 >= most * 4)?;
    let header = rows.get(at)?;
    let below = rows.get(at + 1..).unwrap_or_default();
    let (mut names, mut seen) = (Names::fields(), HashSet::new());
    let mut columns = Vec::new();
    for (place, cell) in &header.cells {
        let Cell::Text(text) = cell else { continue };
        // A header that is there twice can't be declared.
        if fold(text).is_empty() || !seen.insert(fold(text)) {
            continue;
        }
        let header = trimmed(text).split_whitespace().collect::<Vec<_>>().join(" ");
        let judgement = personal::judge(&header);
        let name = names.take(&names::field_name(&header));
        columns
            .push((*place, Column { name, leaf: leaf(below, *place, &header, reading), judgement, header }));
    }
    (!columns.is_empty()).then_some(columns)
}

/// How many different texts a row has.
fn texts(row: &Row<'_>) -> usize {
    let text = |(_, cell): &(usize, Cell<'_>)| match cell {
        Cell::Text(text) if !fold(text).is_empty() => Some(fold(text)),
        _ => None,
    };
    row.cells.iter().filter_map(text).collect::<HashSet<String>>().len()
}

/// The narrowest type that all values have. Codes and telephones are no numbers.
fn leaf(rows: &[Row<'_>], place: usize, header: &str, reading: &Reading) -> &'static str {
    let values: Vec<&Cell<'_>> =
        rows.iter().filter_map(|row| row.cell(place)).filter(|cell| !is_blank(cell)).collect();
    let fits = |kind: &ValueKind| values.iter().all(|cell| value::read(cell, kind, reading, None).is_ok());
    let folded = fold(header);
    let is_code = ["cod", "cap", "telefono", "tel", "cell", "tessera", "matricola", "istat", "iban", "id", "numero"]
        .iter()
        .any(|word| folded.starts_with(word))
        || values.iter().any(|cell| matches!(cell, Cell::Text(text) if text.len() > 1 && text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())));
    let kinds = KINDS.iter().filter(|(name, _)| !(is_code && matches!(*name, "Int" | "Float")));
    match values.is_empty() {
        true => "String",
        false => kinds.into_iter().find(|(_, kind)| fits(kind)).map_or("String", |(name, _)| name),
    }
}

fn is_blank(cell: &Cell<'_>) -> bool {
    matches!(cell, Cell::Text(text) if trimmed(text).is_empty())
}

/// The first column whose values are all there and all different, one that says it is a code before others.
fn key(columns: &[(usize, Column)], rows: &[Row<'_>]) -> Option<usize> {
    let header = rows.iter().position(|row| columns.iter().all(|(place, _)| row.cell(*place).is_some()))?;
    let below = rows.get(header + 1..).filter(|below| !below.is_empty())?;
    let is_key = |(place, column): &(usize, Column)| {
        let mut seen = HashSet::new();
        let all = below.iter().all(|row| match row.cell(*place) {
            Some(Cell::Text(text)) => !is_blank(&Cell::Text(text.clone())) && seen.insert(text.to_string()),
            Some(Cell::Number(number)) => seen.insert(number.to_string()),
            _ => false,
        });
        all && matches!(column.leaf, "String" | "Int" | "CodiceFiscale")
    };
    let says = |column: &Column| {
        let folded = fold(&column.header);
        ["id", "cod", "codice", "tessera", "matricola", "numero", "n"].iter().any(|word| folded == *word)
            || folded.starts_with("cod")
            || folded.starts_with("ntessera")
    };
    let keys: Vec<usize> = (0..columns.len()).filter(|at| columns.get(*at).is_some_and(is_key)).collect();
    let best = keys.iter().find(|at| columns.get(**at).is_some_and(|(_, column)| says(column)));
    best.or(keys
        .iter()
        .find(|at| columns.get(**at).is_some_and(|(_, column)| column.leaf == "CodiceFiscale")))
        .copied()
}
