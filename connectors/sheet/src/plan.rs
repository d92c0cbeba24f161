//! What a question means in tables: which rows of which table each step takes, and where each value goes. Made once for a question.

use raccordo_connector_api::{Failure, Field, Leaf};
use raccordo_schema::mapping::{ConnectionMapping, FilterOp, Name, Page};

use crate::model::{TableAt, ValueKind};
use crate::table::By;

/// A question, ready to be answered.
pub(crate) struct Plan {
    pub(crate) what: What,
}

/// Roots, or entities.
pub(crate) enum What {
    Roots {
        width: u32,
        type_id: Option<u32>,
        fields: Vec<(u32, Listing)>,
    },
    /// One plan for each concrete type.
    Entities(Vec<EntityPlan>),
}

/// How entities of one type are found and written.
pub(crate) struct EntityPlan {
    pub(crate) type_id: u32,
    pub(crate) type_name: Name,
    /// The key, as representations give it.
    pub(crate) key: Vec<KeyPath>,
    /// The table and which of its keys it is; `None` for a stub: its entities exist by their key alone.
    pub(crate) table: Option<(TableAt, usize)>,
    pub(crate) shape: Shape,
    /// What is read for it.
    pub(crate) volumes: Vec<usize>,
}

/// A field of a key in representations.
pub(crate) struct KeyPath {
    pub(crate) path: Name,
    pub(crate) kind: ValueKind,
}

/// A field that brings records: a root, or a relation.
pub(crate) struct Listing {
    /// The field, for its arguments.
    pub(crate) field: Field,
    /// The type that has the field.
    pub(crate) on: Name,
    pub(crate) table: TableAt,
    /// Which of the table's keys holds the parent's; none for roots.
    pub(crate) key: Option<usize>,
    pub(crate) filters: Vec<Filter>,
    /// The declared order and then the key.
    pub(crate) order: Vec<By>,
    pub(crate) page: Page,
    pub(crate) output: Listed,
    /// What cursors are sealed for.
    pub(crate) context: String,
    /// What is read for it.
    pub(crate) volumes: Vec<usize>,
}

/// One argument's effect.
pub(crate) struct Filter {
    pub(crate) arg: Name,
    pub(crate) column: usize,
    pub(crate) kind: ValueKind,
    pub(crate) op: FilterOp,
}

/// What a field's records become.
pub(crate) enum Listed {
    One(Shape),
    Many(Shape),
    Connection {
        mapping: ConnectionMapping,
        /// By the address of the selection, which `nodes` and `edges { node }` have each their own of, inside [`Listing::field`].
        shapes: Vec<(usize, Shape)>,
        /// Somebody reads `totalCount`.
        counts: bool,
    },
}

/// How an object is written from a row.
pub(crate) struct Shape {
    pub(crate) width: u32,
    pub(crate) type_id: Option<u32>,
    pub(crate) type_name: Name,
    pub(crate) slots: Vec<Slot>,
    pub(crate) null_when: NullWhen,
}

/// When an object inside a row is null.
pub(crate) enum NullWhen {
    Never,
    /// One of these is empty: they are its key.
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
        list: bool,
    },
    /// What is known of every record alike.
    Known(Name),
    AsOf(Leaf),
    Null,
    /// A value inside the row.
    Object(Shape),
    /// Another entity, found by the key that the row holds in these columns.
    Entity {
        table: TableAt,
        key: usize,
        columns: Vec<usize>,
        shape: Shape,
    },
    Relation {
        listing: Box<Listing>,
        parent: Parent,
    },
    /// A value that the representation brought.
    Echo(Field),
}

/// Where the key of a relation's parent is.
pub(crate) enum Parent {
    Row(Vec<usize>),
    Representation(Vec<KeyPath>),
}

impl Plan {
    /// A fault of ours: a question that no checked mapping leads to.
    pub(crate) fn impossible(on: &str, field: &str) -> Failure {
        Failure::internal(format!("`{on}.{field}` has no place in the mapping"))
    }
}
