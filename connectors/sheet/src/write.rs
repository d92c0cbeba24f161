//! Rows of tables in, cells of the reply out. A value that didn't fit is lost alone, at its coordinate; no error holds a value.

use std::sync::Arc;

use raccordo_connector_api::page::{Connection, write_connection};
use raccordo_connector_api::{Cell, Failure, Fetch, Field, Leaf, ObjectAt, Output, Reply};
use raccordo_schema::mapping::Name;

use crate::answer::{Page, canonical, cursors, page};
use crate::model::TableAt;
use crate::plan::{Content, EntityPlan, KeyPath, Listed, Listing, NullWhen, Parent, Shape, Slot};
use crate::shelf::Version;
use crate::table::{Stored, Table};
use crate::trouble::Rule;

/// The versions that one question is answered from: the same ones to its end.
pub(crate) struct Snapshot(Vec<Option<Arc<Version>>>);

impl Snapshot {
    pub(crate) fn new(volumes: usize) -> Self {
        Self(vec![None; volumes])
    }

    pub(crate) fn put(&mut self, volume: usize, version: Arc<Version>) {
        if let Some(place) = self.0.get_mut(volume) {
            *place = Some(version);
        }
    }

    /// About how many bytes a question goes through.
    pub(crate) fn size(&self) -> usize {
        let rows = |version: &Arc<Version>| version.tables.iter().map(|table| table.rows).sum::<usize>();
        self.0.iter().flatten().map(rows).sum::<usize>().saturating_mul(16)
    }

    fn version(&self, at: TableAt) -> Result<&Version, Failure> {
        let version = self.0.get(at.volume).and_then(Option::as_deref);
        version.ok_or_else(|| Failure::internal("a version nobody fetched"))
    }

    fn table(&self, at: TableAt) -> Result<&Table, Failure> {
        self.version(at)?.tables.get(at.table).ok_or_else(|| Failure::internal("a table nobody read"))
    }
}

/// What writing one reply knows.
pub(crate) struct Writer<'a> {
    pub(crate) fetch: &'a Fetch,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) reply: Reply,
    pub(crate) rows: usize,
}

/// One record that is written.
#[derive(Clone, Copy)]
struct Record {
    /// Its table and row; none for a stub.
    row: Option<(TableAt, u32)>,
    /// For an entity: its representation.
    representation: Option<usize>,
}

impl Record {
    fn of(table: TableAt, row: u32) -> Self {
        Self { row: Some((table, row)), representation: None }
    }
}

impl Writer<'_> {
    /// What a listing brings: for a root, or for the parent with this key.
    pub(crate) fn listing(&mut self, listing: &Listing, key: Option<&[String]>) -> Result<Cell, Failure> {
        let snapshot = self.snapshot;
        let table = snapshot.table(listing.table)?;
        let page = page(self.fetch, listing, table, key)?;
        self.take(page.rows.len(), &listing.context)?;
        match &listing.output {
            Listed::One(_) if page.has_next => {
                let why = format!("`{}`: two records where one was declared", listing.context);
                Ok(self.reply.failed(Failure::malformed(why).at(&listing.on, &listing.field.name)))
            }
            Listed::One(shape) => match page.rows.first() {
                Some(row) => self.object(shape, Record::of(listing.table, *row)),
                None => Ok(Cell::Null),
            },
            Listed::Many(shape) => {
                let mut cells = Vec::with_capacity(page.rows.len());
                for row in &page.rows {
                    cells.push(self.object(shape, Record::of(listing.table, *row))?);
                }
                Ok(self.reply.list(&cells))
            }
            Listed::Connection { .. } => self.connection(listing, table, &page),
        }
    }

    fn connection(&mut self, listing: &Listing, table: &Table, page: &Page) -> Result<Cell, Failure> {
        let (Listed::Connection { mapping, shapes, .. }, Some(selection)) =
            (&listing.output, listing.field.selection())
        else {
            return Err(Failure::internal("a connection without a selection"));
        };
        let cursors = cursors(self.fetch, listing, table, page);
        let connection = Connection {
            mapping,
            cursors: &cursors,
            has_next: page.has_next,
            has_previous: page.has_previous,
            total: page.total,
        };
        let mut reply = std::mem::take(&mut self.reply);
        let written = write_connection(&mut reply, selection, &connection, &mut |reply, index, below| {
            let shape = shapes.iter().find(|(address, _)| *address == crate::compile::address(below));
            let (Some((_, shape)), Some(row)) = (shape, page.rows.get(index)) else {
                return Err(Failure::internal("a node nobody planned"));
            };
            std::mem::swap(reply, &mut self.reply);
            let cell = self.object(shape, Record::of(listing.table, *row));
            std::mem::swap(reply, &mut self.reply);
            cell
        });
        self.reply = reply;
        written
    }

    /// The entity of a representation.
    pub(crate) fn entity(&mut self, plan: &EntityPlan, representation: usize) -> Result<Cell, Failure> {
        let Some(key) = self.represented(representation, &plan.key) else { return Ok(Cell::Null) };
        let representation = Some(representation);
        let Some((table, index)) = plan.table else {
            return self.object(&plan.shape, Record { row: None, representation });
        };
        let snapshot = self.snapshot;
        match snapshot.table(table)?.find(index, &key).as_slice() {
            [] => Ok(Cell::Null),
            [row] => {
                self.take(1, &format!("`{}` by key", plan.type_name))?;
                self.object(&plan.shape, Record { row: Some((table, *row)), representation })
            }
            _ => {
                let field =
                    plan.key.first().map_or_else(|| Name::from("__typename"), |part| part.path.clone());
                Ok(self.twice(&plan.type_name, &field))
            }
        }
    }

    fn twice(&mut self, type_name: &Name, field: &Name) -> Cell {
        let why = format!("two rows of `{type_name}` have one key");
        self.reply.failed(Failure::malformed(why).at(type_name, field))
    }

    /// A key as a representation has it; `None` when a part of it is null or no scalar.
    fn represented(&self, representation: usize, key: &[KeyPath]) -> Option<Vec<String>> {
        let part = |part: &KeyPath| {
            let text = self.fetch.representations.scalar(representation, &part.path)?;
            Some(canonical(&text, &part.kind))
        };
        key.iter().map(part).collect()
    }

    /// Counts records and bytes against the limits.
    fn take(&mut self, rows: usize, what: &str) -> Result<(), Failure> {
        self.rows += rows;
        self.fetch.meter.rows(rows);
        match self.rows > self.fetch.limits.rows {
            true => Err(Failure::over_limit(format!("more than {} rows, at {what}", self.fetch.limits.rows))),
            false => Ok(()),
        }
    }

    fn object(&mut self, shape: &Shape, record: Record) -> Result<Cell, Failure> {
        let object = self.reply.object(shape.width, shape.type_id);
        for slot in &shape.slots {
            let cell = self.slot(shape, slot, record)?;
            self.reply.set(object, slot.slot, cell);
        }
        match self.reply.bytes() > self.fetch.limits.reply_bytes {
            true => Err(Failure::over_limit(format!("more than {} bytes", self.fetch.limits.reply_bytes))),
            false => Ok(Cell::Object(object)),
        }
    }

    fn slot(&mut self, shape: &Shape, slot: &Slot, record: Record) -> Result<Cell, Failure> {
        let snapshot = self.snapshot;
        let row = || record.row.ok_or_else(|| Failure::internal("a row nobody found"));
        match &slot.content {
            Content::Known(known) => Ok(self.reply.quoted(known)),
            Content::Null => Ok(Cell::Null),
            Content::Echo(field) => Ok(self.echo(field, record.representation, shape, slot)),
            Content::AsOf(leaf) => match record.row {
                None => Ok(Cell::Null),
                Some((at, _)) => {
                    let as_of = snapshot.version(at)?.as_of();
                    let written = self.reply.leaf_text(leaf, &as_of);
                    Ok(self.or_lost(written, shape, slot))
                }
            },
            Content::Column { at, leaf, list } => {
                let (table_at, row) = row()?;
                let table = snapshot.table(table_at)?;
                let written = write(&mut self.reply, table, table.value(row as usize, *at), leaf, *list);
                Ok(self.or_lost(written, shape, slot))
            }
            Content::Object(inner) => {
                let (at, row) = row()?;
                match is_null(inner, snapshot.table(at)?, row) {
                    true => Ok(Cell::Null),
                    false => self.object(inner, record),
                }
            }
            Content::Entity { table, key, columns, shape: inner } => {
                let (at, row) = row()?;
                let Some(own) = snapshot.table(at)?.key(row as usize, columns) else { return Ok(Cell::Null) };
                match snapshot.table(*table)?.find(*key, &own).as_slice() {
                    [] => Ok(Cell::Null),
                    [found] => {
                        self.take(1, &format!("`{}` by key", inner.type_name))?;
                        self.object(inner, Record::of(*table, *found))
                    }
                    _ => Ok(self.twice(&inner.type_name, &slot.field)),
                }
            }
            Content::Relation { listing, parent } => {
                let key = match parent {
                    Parent::Representation(key) => {
                        record.representation.and_then(|row| self.represented(row, key))
                    }
                    Parent::Row(columns) => {
                        let (at, row) = row()?;
                        snapshot.table(at)?.key(row as usize, columns)
                    }
                };
                // A parent without a key has nothing: no row is asked for with none.
                self.listing(listing, Some(key.as_deref().unwrap_or_default()))
            }
        }
    }

    /// A value that the representation brought goes back as it came.
    fn echo(&mut self, field: &Field, representation: Option<usize>, shape: &Shape, slot: &Slot) -> Cell {
        let json = representation.and_then(|row| self.fetch.representations.json(row, &field.name));
        let Some(value) = json.and_then(|json| serde_json::from_slice(json).ok()) else { return Cell::Null };
        let written = write_echo(&mut self.reply, field, &value);
        self.or_lost(written, shape, slot)
    }

    fn or_lost(&mut self, written: Result<Cell, Failure>, shape: &Shape, slot: &Slot) -> Cell {
        written.unwrap_or_else(|failure| self.reply.failed(failure.at(&shape.type_name, &slot.field)))
    }
}

fn is_null(shape: &Shape, table: &Table, row: u32) -> bool {
    let null = |column: &usize| table.value(row as usize, *column) == Stored::Null;
    match &shape.null_when {
        NullWhen::Never => false,
        NullWhen::Any(columns) => columns.iter().any(null),
        NullWhen::All(columns) => !columns.is_empty() && columns.iter().all(null),
    }
}

/// A value as a leaf, or as a list of leaves.
fn write(reply: &mut Reply, table: &Table, stored: Stored, leaf: &Leaf, list: bool) -> Result<Cell, Failure> {
    match (stored, list) {
        (Stored::Null, _) => Ok(Cell::Null),
        (Stored::Bad(Rule::NoColumn), _) => Err(Failure::malformed("the sheet has no such column")),
        (Stored::Bad(rule), _) => Err(Failure::malformed(format!("a cell of the sheet is {rule}"))),
        (Stored::List(span), true) => {
            let cells: Result<Vec<Cell>, Failure> =
                table.items(span).iter().map(|item| write(reply, table, *item, leaf, false)).collect();
            Ok(reply.list(&cells?))
        }
        (Stored::List(_), false) => Err(Failure::internal("a list where a single value was declared")),
        (single, true) => {
            let cell = write(reply, table, single, leaf, false)?;
            Ok(reply.list(&[cell]))
        }
        (Stored::Int(int), false) => reply.leaf_int(leaf, i64::from(int)),
        (Stored::Float(float), false) => reply.leaf_float(leaf, float),
        (Stored::Bool(bool), false) => reply.leaf_bool(leaf, bool),
        (Stored::Text(span), false) => reply.leaf_text(leaf, table.span(span)),
    }
}

fn write_echo(reply: &mut Reply, field: &Field, value: &serde_json::Value) -> Result<Cell, Failure> {
    match (&field.output, value) {
        (_, serde_json::Value::Null) => Ok(Cell::Null),
        (_, serde_json::Value::Array(items)) if field.list_depth > 0 => {
            let cells: Result<Vec<Cell>, Failure> =
                items.iter().map(|item| write_echo(reply, field, item)).collect();
            Ok(reply.list(&cells?))
        }
        (Output::Leaf(leaf), value) => reply.leaf_json(leaf, value),
        (Output::Object(selection), value) => {
            let object: ObjectAt = reply.object(selection.width, selection.type_id);
            for below in selection.fields.iter().filter(|below| &*below.name != "__typename") {
                let member = value.get(&*below.name).unwrap_or(&serde_json::Value::Null);
                let cell = write_echo(reply, below, member)?;
                reply.set(object, below.slot, cell);
            }
            Ok(Cell::Object(object))
        }
    }
}
