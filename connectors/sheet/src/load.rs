//! Files and the tables that are wanted of them in; the tables in memory out, with all that didn't fit. Only declared columns are kept.

use bytes::Bytes;

use crate::book::Book;
use crate::cell::{More, Row};
use crate::fold::{letters, trimmed};
use crate::header::{self, Header};
use crate::limits::{BadRows, Decimal, Reading};
use crate::model::{ColumnSpec, TableSpec, ValueKind};
use crate::number::Evidence;
use crate::table::{Span, Stored, Table};
use crate::trouble::{Broken, Place, Rule, Troubles};
use crate::value::{self, Serial, Value};

/// The tables of a volume.
pub(crate) struct Loaded {
    pub(crate) tables: Vec<Table>,
    pub(crate) troubles: Troubles,
    /// Declared columns that a file hasn't, as `file: column`.
    pub(crate) missing: Vec<String>,
}

/// Reads all tables of the files, by name. Files that are one table are read in their order.
///
/// # Errors
/// Why nothing of it can be served.
pub(crate) fn load(
    files: &[(String, Bytes)],
    specs: &[TableSpec],
    reading: &Reading,
) -> Result<Loaded, Broken> {
    let mut builders: Vec<Builder<'_>> = specs.iter().map(|spec| Builder::new(spec, reading)).collect();
    for (index, (name, bytes)) in files.iter().enumerate() {
        let told = |broken: Broken| if files.len() > 1 { of_file(name, broken) } else { broken };
        let mut book = Book::open(bytes.clone(), &reading.limits).map_err(told)?;
        for builder in &mut builders {
            builder.read(&mut book, index, name).map_err(told)?;
        }
    }
    let mut loaded = Loaded { tables: Vec::new(), troubles: Troubles::default(), missing: Vec::new() };
    for builder in builders {
        let (table, troubles, missing) = builder.finish()?;
        loaded.tables.push(table);
        loaded.troubles.append(troubles);
        loaded.missing.extend(missing);
    }
    match reading.bad_rows == BadRows::Refuse && loaded.troubles.count() > 0 {
        true => Err(Broken::Malformed(format!(
            "{} values don't fit: {}",
            loaded.troubles.count(),
            loaded.troubles
        ))),
        false => Ok(loaded),
    }
}

/// Which of several files is meant.
fn of_file(name: &str, broken: Broken) -> Broken {
    match broken {
        Broken::Malformed(why) => Broken::Malformed(format!("`{name}`: {why}")),
        Broken::OverLimit(why) => Broken::OverLimit(format!("`{name}`: {why}")),
        other => other,
    }
}

/// A number whose decimal sign isn't known yet.
struct Pending {
    column: usize,
    row: usize,
    number: crate::number::Written,
}

/// What a column's numbers tell of their decimal sign.
#[derive(Clone, Copy, Default)]
struct Signs {
    comma: bool,
    point: bool,
}

impl Signs {
    fn decimal(self) -> Option<Decimal> {
        match (self.comma, self.point) {
            (true, false) => Some(Decimal::Comma),
            (false, true) => Some(Decimal::Point),
            _ => None,
        }
    }
}

/// One table while it is read.
struct Builder<'a> {
    spec: &'a TableSpec,
    reading: &'a Reading,
    table: Table,
    /// For each row the file, the row in it, and whether it is served.
    origins: Vec<(u32, u32, bool)>,
    files: Vec<String>,
    pending: Vec<Pending>,
    signs: Vec<Signs>,
    places: Vec<Option<usize>>,
    troubles: Troubles,
    missing: Vec<String>,
}

impl<'a> Builder<'a> {
    fn new(spec: &'a TableSpec, reading: &'a Reading) -> Self {
        let table = Table {
            columns: spec.columns.iter().map(|_| Vec::new()).collect(),
            rows: 0,
            text: String::new(),
            items: Vec::new(),
            indexes: Vec::new(),
            orders: Default::default(),
        };
        Self {
            spec,
            reading,
            table,
            origins: Vec::new(),
            files: Vec::new(),
            pending: Vec::new(),
            signs: vec![Signs::default(); spec.columns.len()],
            places: Vec::new(),
            troubles: Troubles::default(),
            missing: Vec::new(),
        }
    }

    /// Reads one file's rows.
    fn read(&mut self, book: &mut Book, file: usize, name: &str) -> Result<(), Broken> {
        let sheet = book.sheet(&self.spec.sheet)?;
        self.files.push(match &sheet {
            Some(sheet) => format!("`{name}`, sheet `{sheet}`"),
            None => format!("`{name}`"),
        });
        let (reading, columns, serial) = (self.reading, &self.spec.columns, book.serial());
        let within = reading.header_rows;
        let mut first: Vec<Row<'static>> = Vec::new();
        let mut found: Option<Header> = None;
        let judge = |rows: &[Row<'_>]| header::score(rows, columns);
        book.rows(sheet.as_deref(), reading, &judge, &mut |row| {
            match &found {
                Some(header) => self.row(&row, header, serial, file)?,
                None if row.number <= within => first.push(row.owned()),
                None => {
                    let header = self.header(&first, name, serial, file)?;
                    self.row(&row, &header, serial, file)?;
                    found = Some(header);
                }
            }
            Ok(More::Yes)
        })?;
        if found.is_none() {
            self.header(&first, name, serial, file)?;
        }
        Ok(())
    }

    /// Finds the header, and reads the rows that were kept while it was looked for.
    fn header(
        &mut self,
        first: &[Row<'_>],
        name: &str,
        serial: Serial,
        file: usize,
    ) -> Result<Header, Broken> {
        let header = header::find(first, &self.spec.columns, self.reading.header_rows)?;
        let lacking = self.spec.columns.iter().zip(&header.columns).filter(|(_, place)| place.is_none());
        self.missing.extend(lacking.map(|(column, _)| format!("`{}` in `{name}`", column.label)));
        self.places = header.columns.clone();
        for row in first.iter().filter(|row| row.number > header.row) {
            self.row(row, &header, serial, file)?;
        }
        Ok(header)
    }

    fn row(&mut self, row: &Row<'_>, header: &Header, serial: Serial, file: usize) -> Result<(), Broken> {
        let wanted = header.columns.iter().flatten().filter_map(|place| row.cell(*place));
        if wanted
            .clone()
            .all(|cell| matches!(cell, crate::cell::Cell::Text(text) if trimmed(text).is_empty()))
        {
            return Ok(());
        }
        if self.table.rows >= self.reading.limits.rows {
            return Err(Broken::OverLimit(format!("more than {} rows", self.reading.limits.rows)));
        }
        let mut serves = self.fits_header(row, header, file);
        let at = self.table.rows;
        for (index, column) in self.spec.columns.iter().enumerate() {
            let stored = match header.columns.get(index).copied().flatten() {
                None => Stored::Bad(Rule::NoColumn),
                Some(place) => self.cell(row, place, index, column, serial)?,
            };
            let broken = match stored {
                Stored::Bad(rule) => (rule != Rule::NoColumn).then_some(rule),
                Stored::Null if column.identifies => Some(Rule::KeyEmpty),
                _ => None,
            };
            if let Some(rule) = broken {
                self.trouble(file, row.number, index, rule);
                serves &= !column.identifies && self.reading.bad_rows != BadRows::LeaveOut;
            }
            if let Some(cells) = self.table.columns.get_mut(index) {
                cells.push(stored);
            }
        }
        self.table.rows = at + 1;
        self.origins.push((file as u32, row.number as u32, serves));
        Ok(())
    }

    /// A CSV's row with more cells than its header was cut in the wrong places: nothing in it can be trusted.
    fn fits_header(&mut self, row: &Row<'_>, header: &Header, file: usize) -> bool {
        let Some((own, width)) = row.width.zip(header.width).filter(|(own, width)| own > width) else {
            return true;
        };
        let beyond = row.cells.iter().any(|(column, cell)| {
            *column >= width && !matches!(cell, crate::cell::Cell::Text(text) if trimmed(text).is_empty())
        });
        if beyond {
            let sheet = self.files.get(file).cloned().unwrap_or_default();
            self.troubles.add(|| Place {
                sheet,
                row: row.number,
                column: letters(own - 1),
                rule: Rule::Beyond,
            });
        }
        !beyond
    }

    fn cell(
        &mut self,
        row: &Row<'_>,
        place: usize,
        index: usize,
        column: &ColumnSpec,
        serial: Serial,
    ) -> Result<Stored, Broken> {
        let Some(cell) = row.cell(place) else { return Ok(Stored::Null) };
        if let (Some(split), crate::cell::Cell::Text(text)) = (&column.split, cell) {
            return self.list(text, split, &column.kind);
        }
        let stored = match value::read(cell, &column.kind, self.reading, serial) {
            Ok(value) => self.store(value, Some(index))?,
            Err(rule) => Stored::Bad(rule),
        };
        match &column.split {
            Some(_) if !matches!(stored, Stored::Bad(_) | Stored::Null) => self.keep_items(vec![stored]),
            _ => Ok(stored),
        }
    }

    /// Items between separators; empty ones aren't any.
    fn list(&mut self, text: &str, split: &str, kind: &ValueKind) -> Result<Stored, Broken> {
        let mut items = Vec::new();
        for item in text.split(split).map(trimmed).filter(|item| !item.is_empty()) {
            items.push(match value::of_text(item, kind, self.reading) {
                Ok(value) => self.store(value, None)?,
                Err(rule) => Stored::Bad(rule),
            });
        }
        match items.iter().find(|item| matches!(item, Stored::Bad(_))) {
            Some(bad) => Ok(*bad),
            None => self.keep_items(items),
        }
    }

    fn keep_items(&mut self, items: Vec<Stored>) -> Result<Stored, Broken> {
        let start = u32::try_from(self.table.items.len()).map_err(|_| too_much())?;
        let length = items.len() as u32;
        self.table.items.extend(items);
        Ok(Stored::List(Span { start, length }))
    }

    /// Puts a value in its place. A number that can be read in two ways waits for its column; in a list there is nothing to wait for.
    fn store(&mut self, value: Value, column: Option<usize>) -> Result<Stored, Broken> {
        Ok(match value {
            Value::Null => Stored::Null,
            Value::Int(int) => Stored::Int(int),
            Value::Float(float) => Stored::Float(float),
            Value::Bool(bool) => Stored::Bool(bool),
            Value::Text(text) => {
                let start = u32::try_from(self.table.text.len()).map_err(|_| too_much())?;
                let length = u32::try_from(text.len()).map_err(|_| too_much())?;
                self.table.text.push_str(&text);
                Stored::Text(Span { start, length })
            }
            Value::Number(number) => {
                let evidence = number.evidence();
                if let (Evidence::Is(sign), Some(signs)) =
                    (evidence, column.and_then(|at| self.signs.get_mut(at)))
                {
                    signs.comma |= sign == Decimal::Comma;
                    signs.point |= sign == Decimal::Point;
                }
                let decimal = match (self.reading.decimal, evidence) {
                    (Some(declared), _) | (None, Evidence::Is(declared)) => Some(declared),
                    (None, Evidence::Nothing) => Some(Decimal::Point),
                    (None, Evidence::Either) => None,
                };
                match (decimal, column) {
                    (Some(decimal), _) => number.value(decimal).map_or_else(Stored::Bad, Stored::Float),
                    (None, Some(column)) => {
                        self.pending.push(Pending { column, row: self.table.rows, number });
                        Stored::Null
                    }
                    (None, None) => Stored::Bad(Rule::TwoWays),
                }
            }
        })
    }

    fn trouble(&mut self, file: usize, row: usize, column: usize, rule: Rule) {
        let place = self.places.get(column).copied().flatten().map(letters).unwrap_or_default();
        let label = self.spec.columns.get(column).map_or("", |column| &column.label);
        let sheet = self.files.get(file).map_or("", String::as_str);
        self.troubles.add(|| Place {
            sheet: sheet.to_owned(),
            row,
            column: format!("{place} (`{label}`)"),
            rule,
        });
    }

    /// Settles what had to wait, leaves out what isn't served, and makes the indexes.
    fn finish(mut self) -> Result<(Table, Troubles, Vec<String>), Broken> {
        self.settle();
        self.leave_out();
        for key in &self.spec.keys {
            let identifies = key
                .iter()
                .all(|column| self.spec.columns.get(*column).is_some_and(|column| column.identifies));
            let twice = self.table.index(key);
            for row in twice.into_iter().filter(|_| identifies) {
                let origin = self.origins.get(row as usize).copied();
                if let (Some((file, number, _)), Some(column)) = (origin, key.first()) {
                    self.trouble(file as usize, number as usize, *column, Rule::Twice);
                }
            }
        }
        self.table.text.shrink_to_fit();
        self.table.items.shrink_to_fit();
        self.table.columns.iter_mut().for_each(Vec::shrink_to_fit);
        Ok((self.table, self.troubles, self.missing))
    }

    /// Numbers that can be read in two ways are read as their column's others are, or else the table's; or not at all.
    fn settle(&mut self) {
        let all = self.signs.iter().fold(Signs::default(), |all, own| Signs {
            comma: all.comma || own.comma,
            point: all.point || own.point,
        });
        for Pending { column, row, number } in std::mem::take(&mut self.pending) {
            let own = self.signs.get(column).copied().unwrap_or_default();
            let mixed = own.comma && own.point;
            let decimal = own.decimal().or(all.decimal()).filter(|_| !mixed);
            let stored = match decimal.map(|decimal| number.value(decimal)) {
                Some(Ok(float)) => Stored::Float(float),
                Some(Err(rule)) => Stored::Bad(rule),
                None => Stored::Bad(Rule::TwoWays),
            };
            if let (Stored::Bad(rule), Some((file, number, _))) = (stored, self.origins.get(row).copied()) {
                self.trouble(file as usize, number as usize, column, rule);
                if let Some(origin) =
                    self.origins.get_mut(row).filter(|_| self.reading.bad_rows == BadRows::LeaveOut)
                {
                    origin.2 = false;
                }
            }
            if let Some(cell) = self.table.columns.get_mut(column).and_then(|cells| cells.get_mut(row)) {
                *cell = stored;
            }
        }
    }

    fn leave_out(&mut self) {
        let serves: Vec<bool> = self.origins.iter().map(|(_, _, serves)| *serves).collect();
        let left_out = serves.iter().filter(|serves| !**serves).count();
        if left_out == 0 {
            return;
        }
        self.troubles.left_out += left_out;
        for cells in &mut self.table.columns {
            let mut row = serves.iter();
            cells.retain(|_| row.next().copied().unwrap_or(true));
        }
        self.origins.retain(|(_, _, serves)| *serves);
        self.table.rows -= left_out;
    }
}

fn too_much() -> Broken {
    Broken::OverLimit("more than 4 GiB of texts".to_owned())
}
