//! What a question means in tables: which columns of which table each step reads, and where each value goes. Made once for a question.
//!
//! A [`Level`] is one SELECT's worth: the columns that its records need and the relations that hang below. A [`Shape`] says how one object is
//! written from a row of its level.

use raccordo_connector_api::{Failure, Field, Leaf};
use raccordo_schema::mapping::{ConnectionMapping, EnumMapping, Filter, Name, Page};

use crate::statement::{By, Table};

/// A question, ready to be asked.
pub(crate) enum Plan {
    /// Fields of `Query`.
    Roots { width: u32, type_id: Option<u32>, fields: Vec<(u32, Listing)> },
    /// Entities, one plan for each concrete type.
    Entities(Vec<EntityPlan>),
}

/// How entities of one type are found and written.
pub(crate) struct EntityPlan {
    pub(crate) type_id: u32,
    pub(crate) type_name: Name,
    /// The key, as representations give it.
    pub(crate) key: Vec<KeyPath>,
    /// `None` for a stub: its entities exist by their key alone.
    pub(crate) table: Option<EntityTable>,
    pub(crate) level: Level,
    pub(crate) shape: Shape,
}

/// Where entities of one type are.
pub(crate) struct EntityTable {
    pub(crate) table: Table,
    /// The columns of the key, and where they are in the level.
    pub(crate) key: Vec<Name>,
    pub(crate) at: Vec<usize>,
    pub(crate) batch: usize,
}

/// A field of the key in representations.
pub(crate) struct KeyPath {
    pub(crate) path: Name,
    /// The scalar's name, for its canonical form.
    pub(crate) scalar: Name,
}

/// A field of a parent's key in its row.
pub(crate) struct KeyColumn {
    pub(crate) at: usize,
    pub(crate) scalar: Name,
}

/// One SELECT's columns, and what hangs below its rows.
#[derive(Default)]
pub(crate) struct Level {
    pub(crate) columns: Vec<Name>,
    pub(crate) relations: Vec<Relation>,
}

impl Level {
    /// Where a column is, after adding it if it wasn't there.
    pub(crate) fn column(&mut self, name: &Name) -> usize {
        self.columns.iter().position(|known| known == name).unwrap_or_else(|| {
            self.columns.push(name.clone());
            self.columns.len() - 1
        })
    }
}

/// Records that belong to the rows of a level, or to representations.
pub(crate) struct Relation {
    pub(crate) parent: Parent,
    pub(crate) listing: Listing,
}

/// Where the parents' key is.
pub(crate) enum Parent {
    Row(Vec<KeyColumn>),
    Representation(Vec<KeyPath>),
}

/// A field that brings records: a root, or a relation.
pub(crate) struct Listing {
    /// The field, for its arguments.
    pub(crate) field: Field,
    /// The type that has the field.
    pub(crate) on: Name,
    pub(crate) table: Table,
    /// The columns that hold the parents' key, and where they are in the level. None for roots.
    pub(crate) key: Vec<Name>,
    pub(crate) at: Vec<usize>,
    pub(crate) filters: Vec<AskedFilter>,
    /// The declared order and then the key.
    pub(crate) order: Vec<By>,
    /// Where the order's columns are in the level, when positions are needed.
    pub(crate) order_at: Option<Vec<usize>>,
    pub(crate) page: Page,
    pub(crate) batch: usize,
    pub(crate) level: Level,
    pub(crate) output: Listed,
    /// What cursors are sealed for.
    pub(crate) context: String,
}

/// One argument's effect.
pub(crate) struct AskedFilter {
    pub(crate) filter: Filter,
    /// The argument is a codice fiscale, which databases store in capitals or in small letters.
    pub(crate) of_tax_code: bool,
}

/// What a field's records become.
pub(crate) enum Listed {
    One(Shape),
    Many(Shape),
    Connection {
        mapping: ConnectionMapping,
        /// By the address of the selection, which `nodes` and `edges { node }` have each their own of, inside [`Listing::field`].
        shapes: Vec<(usize, Shape)>,
        /// Somebody reads cursors.
        cursors: bool,
        /// Somebody reads how many there are in all.
        counts: bool,
    },
}

/// How an object is written from a row.
pub(crate) struct Shape {
    pub(crate) width: u32,
    pub(crate) type_id: Option<u32>,
    pub(crate) type_name: Name,
    pub(crate) slots: Vec<Slot>,
    /// For an object inside a row.
    pub(crate) null_when: NullWhen,
}

/// When an object inside a row is null.
pub(crate) enum NullWhen {
    Never,
    /// One of these is NULL: they are its key.
    Any(Vec<usize>),
    /// All of these are: they are what was asked of it.
    All(Vec<usize>),
}

/// One slot of an object.
pub(crate) struct Slot {
    pub(crate) slot: u32,
    pub(crate) field: Name,
    pub(crate) content: Content,
}

/// Where a slot's content comes from.
pub(crate) enum Content {
    Column {
        at: usize,
        leaf: Leaf,
        codes: Option<EnumMapping>,
    },
    /// What is known of every record alike.
    Known(Name),
    AsOf(Leaf),
    Null,
    Object(Shape),
    /// An index into the level's relations.
    Relation(usize),
    /// A value that the representation brought.
    Echo(Field),
}

impl Listing {
    /// Somebody reads how many records there are in all.
    pub(crate) fn counts(&self) -> bool {
        matches!(self.output, Listed::Connection { counts: true, .. })
    }

    /// Nobody reads anything else of it.
    pub(crate) fn only_counts(&self) -> bool {
        let counts = |field: &Field| matches!(&*field.name, "totalCount" | "__typename");
        self.counts() && self.field.selection().is_some_and(|selection| selection.fields.iter().all(counts))
    }
}

impl Plan {
    /// A fault of ours: a question that no checked mapping leads to.
    pub(crate) fn impossible(on: &str, field: &str) -> Failure {
        Failure::internal(format!("`{on}.{field}` has no place in the mapping"))
    }
}
