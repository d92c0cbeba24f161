//! Loaded rows in, cells of the reply out. Each value is checked against its declared type; one that doesn't fit is lost alone.

use raccordo_connector_api::leaf::enum_value;
use raccordo_connector_api::page::{Connection, write_connection};
use raccordo_connector_api::{Cell, Failure, Fetch, Field, Leaf, ObjectAt, Output, Reply};
use raccordo_schema::mapping::{EnumMapping, Name};

use crate::entities::{Entities, Entity};
use crate::failure::COLUMN_MISSING;
use crate::load::marks;
use crate::plan::{Content, EntityPlan, Level, Listed, Listing, NullWhen, Shape, Slot};
use crate::position;
use crate::records::{Children, Group};
use crate::rows::{Datum, Rows};

/// What writing one reply knows.
pub(crate) struct Writer<'a> {
    pub(crate) fetch: &'a Fetch,
    /// The moment of the fetch, RFC 3339.
    pub(crate) as_of: String,
    pub(crate) reply: Reply,
}

/// One record that is written.
#[derive(Clone, Copy)]
struct Record<'r> {
    rows: &'r Rows,
    row: usize,
    /// The level's relations and their records, with this record's place among the parents.
    level: &'r Level,
    below: &'r [Children],
    parent: usize,
    /// For an entity: its representation.
    representation: Option<usize>,
}

impl Writer<'_> {
    /// What a listing brought for one parent.
    pub(crate) fn listing(
        &mut self,
        listing: &Listing,
        children: &Children,
        parent: usize,
    ) -> Result<Cell, Failure> {
        let group =
            children.of_parent.get(parent).copied().flatten().and_then(|group| children.groups.get(group));
        let none = Group::default();
        let group = group.unwrap_or(&none);
        match &listing.output {
            Listed::One(_) if group.has_next => {
                let failure =
                    Failure::malformed(format!("`{}`: two records where one was declared", listing.context));
                Ok(self.reply.failed(failure.at(&listing.on, &listing.field.name)))
            }
            Listed::One(shape) => match group.rows.first() {
                Some(row) => self.child(listing, children, shape, *row),
                None => Ok(Cell::Null),
            },
            Listed::Many(shape) => {
                let cells: Result<Vec<Cell>, Failure> =
                    group.rows.iter().map(|row| self.child(listing, children, shape, *row)).collect();
                Ok(self.reply.list(&cells?))
            }
            Listed::Connection { .. } => self.connection(listing, children, group),
        }
    }

    fn child(
        &mut self,
        listing: &Listing,
        children: &Children,
        shape: &Shape,
        row: usize,
    ) -> Result<Cell, Failure> {
        let record = Record {
            rows: &children.rows,
            row,
            level: &listing.level,
            below: &children.below,
            parent: row,
            representation: None,
        };
        self.object(shape, record)
    }

    fn connection(&mut self, listing: &Listing, children: &Children, group: &Group) -> Result<Cell, Failure> {
        let (Listed::Connection { mapping, shapes, cursors, .. }, Some(selection)) =
            (&listing.output, listing.field.selection())
        else {
            return Err(Failure::internal("a connection without a selection"));
        };
        let cursor = |row: &usize| match *cursors {
            false => Some(String::new()),
            true => {
                let position = position::encode(&marks(listing, &children.rows, *row)?);
                Some(self.fetch.cursors.seal(&listing.context, &position))
            }
        };
        let cursors: Option<Vec<String>> = group.rows.iter().map(cursor).collect();
        let Some(cursors) = cursors else {
            let why = format!("`{}`: a column of its order has no order", listing.context);
            return Ok(self.reply.failed(Failure::malformed(why).at(&listing.on, &listing.field.name)));
        };
        let connection = Connection {
            mapping,
            cursors: &cursors,
            has_next: group.has_next,
            has_previous: children.has_previous,
            total: group.total,
        };
        let mut reply = std::mem::take(&mut self.reply);
        let written = write_connection(&mut reply, selection, &connection, &mut |reply, index, below| {
            let shape = shapes.iter().find(|(address, _)| *address == crate::listing::address(below));
            let (Some((_, shape)), Some(row)) = (shape, group.rows.get(index)) else {
                return Err(Failure::internal("a node nobody planned"));
            };
            std::mem::swap(reply, &mut self.reply);
            let cell = self.child(listing, children, shape, *row);
            std::mem::swap(reply, &mut self.reply);
            cell
        });
        self.reply = reply;
        written
    }

    /// The entity of the n-th representation of its type.
    pub(crate) fn entity(
        &mut self,
        plan: &EntityPlan,
        entities: &Entities,
        nth: usize,
        representation: usize,
    ) -> Result<Cell, Failure> {
        let row = match entities.found.get(nth).copied().unwrap_or(Entity::Absent) {
            Entity::Absent => return Ok(Cell::Null),
            Entity::Ambiguous => return Ok(self.ambiguous(plan)),
            Entity::Row(row) => row,
        };
        let record = Record {
            rows: &entities.rows,
            row,
            level: &plan.level,
            below: &entities.below,
            parent: nth,
            representation: Some(representation),
        };
        self.object(&plan.shape, record)
    }

    fn ambiguous(&mut self, plan: &EntityPlan) -> Cell {
        let key = plan.key.first().map_or_else(|| Name::from("__typename"), |part| part.path.clone());
        let why = format!("two records of `{}` have one key", plan.type_name);
        self.reply.failed(Failure::malformed(why).at(&plan.type_name, &key))
    }

    fn object(&mut self, shape: &Shape, record: Record<'_>) -> Result<Cell, Failure> {
        let object = self.reply.object(shape.width, shape.type_id);
        for slot in &shape.slots {
            let cell = self.slot(shape, slot, record)?;
            self.reply.set(object, slot.slot, cell);
        }
        Ok(Cell::Object(object))
    }

    fn slot(&mut self, shape: &Shape, slot: &Slot, record: Record<'_>) -> Result<Cell, Failure> {
        match &slot.content {
            Content::Column { at, leaf, codes } => {
                let datum = record.rows.datum(record.row, *at);
                let written = write_leaf(&mut self.reply, leaf, codes.as_ref(), datum);
                Ok(self.or_lost(written, shape, slot))
            }
            Content::Known(known) => Ok(self.reply.quoted(known)),
            Content::AsOf(leaf) => {
                let written = self.reply.leaf_text(leaf, &self.as_of);
                Ok(self.or_lost(written, shape, slot))
            }
            Content::Null => Ok(Cell::Null),
            Content::Object(inner) if is_null(inner, record) => Ok(Cell::Null),
            Content::Object(inner) => self.object(inner, record),
            Content::Relation(index) => {
                match (record.level.relations.get(*index), record.below.get(*index)) {
                    (Some(relation), Some(children)) => {
                        self.listing(&relation.listing, children, record.parent)
                    }
                    _ => Err(Failure::internal("a relation nobody loaded")),
                }
            }
            Content::Echo(field) => Ok(self.echo(field, record.representation, shape, slot)),
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

fn is_null(shape: &Shape, record: Record<'_>) -> bool {
    let null = |at: &usize| matches!(record.rows.datum(record.row, *at), Datum::Null | Datum::NoDate);
    match &shape.null_when {
        NullWhen::Never => false,
        NullWhen::Any(columns) => columns.iter().any(null),
        NullWhen::All(columns) => !columns.is_empty() && columns.iter().all(null),
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

/// A column's value as a leaf.
fn write_leaf(
    reply: &mut Reply,
    leaf: &Leaf,
    codes: Option<&EnumMapping>,
    datum: Datum<'_>,
) -> Result<Cell, Failure> {
    if let Datum::Lost(column) = datum {
        return Err(Failure::malformed(format!("{COLUMN_MISSING} `{column}`")));
    }
    if let Some(codes) = codes.filter(|_| !matches!(datum, Datum::Null | Datum::NoDate)) {
        let code = datum.text().ok_or_else(|| Failure::malformed("expected a code"))?;
        let value = enum_value(codes, &code)
            .ok_or_else(|| Failure::malformed("expected a code that the enum knows"))?;
        return reply.leaf_text(leaf, value);
    }
    match datum {
        Datum::Null | Datum::NoDate => Ok(Cell::Null),
        Datum::Int(int) => reply.leaf_int(leaf, int),
        Datum::Float(float) => reply.leaf_float(leaf, float),
        Datum::Bool(bool) => reply.leaf_bool(leaf, bool),
        Datum::Text(text) => write_text(reply, leaf, text),
        Datum::Decimal(digits) => match (leaf, digits.parse::<i64>(), digits.parse::<f64>()) {
            (Leaf::String | Leaf::Id, _, _) => reply.leaf_text(leaf, digits),
            (_, Ok(int), _) => reply.leaf_int(leaf, int),
            (_, Err(_), Ok(float)) => reply.leaf_float(leaf, float),
            _ => Err(Failure::malformed("expected a number")),
        },
        Datum::Json(json) => {
            let value = serde_json::from_str(json).map_err(|_| Failure::malformed("expected JSON"))?;
            reply.leaf_json(leaf, &value)
        }
        Datum::Unreadable(name) | Datum::Lost(name) => {
            Err(Failure::malformed(format!("a value of type `{name}`, which kind `sql` doesn't read")))
        }
    }
}

/// Databases write an instant with a space, and often without a zone: that is taken as UTC. A midnight stands for its day.
/// JSON in a text, as MariaDB and SQLite keep it, is JSON where the leaf is a scalar of the user's own.
fn write_text(reply: &mut Reply, leaf: &Leaf, text: &str) -> Result<Cell, Failure> {
    if matches!(leaf, Leaf::Custom(_)) && text.starts_with(['{', '[']) {
        let json = serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::from(text));
        return reply.leaf_json(leaf, &json);
    }
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) if day.len() == 10 && day.is_ascii() => (day, time),
        _ => return reply.leaf_text(leaf, text),
    };
    match leaf {
        Leaf::Date if time.trim_end_matches('Z').bytes().all(|byte| matches!(byte, b'0' | b':' | b'.')) => {
            reply.leaf_text(leaf, day)
        }
        Leaf::DateTime => {
            let zoned = time.ends_with('Z') || time.contains(['+', '-']);
            let zone = if zoned { "" } else { "Z" };
            reply.leaf_text(leaf, &format!("{day}T{time}{zone}"))
        }
        _ => reply.leaf_text(leaf, text),
    }
}
