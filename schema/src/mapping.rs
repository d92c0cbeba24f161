//! A source's mapping: what its `@connect`, `@from`, `@code` say, as types. Read from checked SDL, given to the source's connector.
//!
//! A connector gets this, never SDL text, and finds here every coordinate that the planner can send it.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::Location;

/// A name in the graph, shared.
pub type Name = Arc<str>;

/// Everything that one source's SDL says of where its records are.
#[derive(Debug, Clone)]
pub struct SourceMapping {
    /// The source's name in the configuration.
    pub source: Name,
    /// Which of the source's members this is the mapping of; none where the source is one system.
    pub member: Option<Member>,
    /// The SDL file, as the user would name it.
    pub file: Arc<str>,
    /// Object types and interfaces by name, `Query` and `Mutation` excepted.
    pub types: IndexMap<Name, TypeMapping>,
    /// Fields of `Query` by name.
    pub queries: IndexMap<Name, FieldMapping>,
    /// Fields of `Mutation` by name.
    pub mutations: IndexMap<Name, FieldMapping>,
    /// Enums by name, with their codes.
    pub enums: IndexMap<Name, EnumMapping>,
    /// The source uses `@connect` or `@from` at all. A subgraph of kind `graphql` may not.
    pub uses_connect: bool,
}

impl SourceMapping {
    /// What the gateway knows of every record alike; none of what it doesn't know, or knows record by record.
    pub fn known(&self, meta: Meta) -> Option<&Name> {
        let member = self.member.as_ref();
        match meta {
            Meta::Source => Some(&self.source),
            Meta::Member => member.map(|member| &member.name),
            Meta::Serves => member.and_then(|member| member.serves.as_ref()),
            Meta::AsOf => None,
        }
    }
}

/// One of several systems that are one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name in the configuration.
    pub name: Name,
    /// The value that it serves, where it serves exactly one.
    pub serves: Option<Name>,
}

/// One object type.
#[derive(Debug, Clone)]
pub struct TypeMapping {
    /// The type's name.
    pub name: Name,
    /// Where the type is defined.
    pub at: Location,
    /// Its resolvable keys: for each the fields in order, nested ones as dotted paths (`comune.istat`).
    pub keys: Vec<Vec<Name>>,
    /// Fields of its keys that a member serves: they choose the member, and records are found there by the rest, which [`Self::keys`] is.
    pub served: Vec<Name>,
    /// How its entities are found by key. `None` for a stub (only fields with their own `@connect` add to the key) and for values.
    pub connect: Option<Connect>,
    /// Its fields in the order of the SDL.
    pub fields: IndexMap<Name, FieldMapping>,
    /// `Some` when the type is a connection: paging fields are written by the paging helper, not mapped.
    pub connection: Option<ConnectionMapping>,
}

/// A Relay connection type, recognised by its structure: `pageInfo` with `nodes` or `edges { node cursor }`.
#[derive(Debug, Clone)]
pub struct ConnectionMapping {
    /// The type of a node.
    pub node: Name,
    /// The type of an edge, when it has `edges`.
    pub edge: Option<Name>,
    /// The type of `pageInfo`.
    pub page_info: Name,
}

/// One field.
#[derive(Debug, Clone)]
pub struct FieldMapping {
    /// The field's name.
    pub name: Name,
    /// Where the field is defined.
    pub at: Location,
    /// Its type.
    pub shape: FieldType,
    /// Its arguments.
    pub arguments: IndexMap<Name, ArgumentMapping>,
    /// Where its records come from, for roots and relations.
    pub connect: Option<Connect>,
    /// Where its value is in the record.
    pub from: From,
    /// `@external` here: known from elsewhere, never fetched from this source (but may come in representations).
    pub external: bool,
    /// The fields that `@requires` names, as dotted paths.
    pub requires: Vec<Name>,
}

/// An argument.
#[derive(Debug, Clone)]
pub struct ArgumentMapping {
    /// Its name.
    pub name: Name,
    /// Its type's name, without lists and non-null.
    pub named: Name,
    /// Whether it is a list.
    pub list: bool,
    /// Whether it may not be null.
    pub non_null: bool,
}

/// A field's type, as far as a connector needs it. Lists of lists are refused in connected sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldType {
    /// The named type.
    pub named: Name,
    /// What the named type is.
    pub kind: NamedKind,
    /// A list of it.
    pub list: bool,
    /// The field itself may not be null.
    pub non_null: bool,
    /// In a list: its items may not be null.
    pub item_non_null: bool,
}

/// What a named type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedKind {
    /// Built-in or custom scalar.
    Scalar,
    /// Enum.
    Enum,
    /// Object type.
    Object,
    /// Interface or union.
    Abstract,
}

/// Where a value is in its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// No `@from`: the column, header or member of the field's own name.
    Name,
    /// `column:`.
    Column(Name),
    /// `header:`, with aliases; none stands for the field's own name.
    Header {
        /// The header and its aliases.
        names: Vec<Name>,
        /// What separates the items of a list in one cell.
        split: Option<Arc<str>>,
    },
    /// `jq:`, with the `elements:` it reads where said.
    Jq {
        /// The program.
        program: Arc<str>,
        /// The top-level elements it reads.
        elements: Option<Vec<Name>>,
    },
    /// `meta:`.
    Meta(Meta),
}

/// What the gateway knows of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meta {
    /// The source's name.
    Source,
    /// The member's name.
    Member,
    /// The value that the member serves.
    Serves,
    /// How fresh the record is.
    AsOf,
}

/// An enum's codes.
#[derive(Debug, Clone)]
pub struct EnumMapping {
    /// The enum's name.
    pub name: Name,
    /// From a source's code to the enum value; a value without `@code` stands for itself.
    pub codes: IndexMap<Arc<str>, Name>,
    /// The value with `otherwise: true`.
    pub otherwise: Option<Name>,
}

/// One `@connect`.
#[derive(Debug, Clone)]
pub struct Connect {
    /// Where the directive stands.
    pub at: Location,
    /// What is asked.
    pub target: Target,
    /// `filter:`.
    pub filters: Vec<Filter>,
    /// `order:`.
    pub order: Vec<Order>,
    /// `page:`.
    pub page: Option<Page>,
    /// `batch: { maxSize }`.
    pub batch_max: Option<usize>,
    /// `subjects:`.
    pub subjects: Option<Subjects>,
}

/// The part that belongs to one kind.
#[derive(Debug, Clone)]
pub enum Target {
    /// `sql:`.
    Sql(SqlTarget),
    /// `fhir:`.
    Fhir(FhirTarget),
    /// `http:`.
    Http(HttpTarget),
    /// `sheet:`.
    Sheet(SheetTarget),
}

impl Target {
    /// The kind's name, as the configuration writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sql(_) => "sql",
            Self::Fhir(_) => "fhir",
            Self::Http(_) => "http",
            Self::Sheet(_) => "sheet",
        }
    }
}

/// `sql: { … }`.
#[derive(Debug, Clone)]
pub struct SqlTarget {
    /// `table:`.
    pub table: Option<Name>,
    /// `namespace:`.
    pub namespace: Option<Name>,
    /// `query:`, instead of a table.
    pub query: Option<Arc<str>>,
    /// `key:`; empty when not given.
    pub key: Vec<Name>,
    /// `parent:`; empty when not given.
    pub parent: Vec<Name>,
}

/// `fhir: { … }`.
#[derive(Debug, Clone)]
pub struct FhirTarget {
    /// `resource:`.
    pub resource: Name,
    /// `key.param`.
    pub key_param: Option<Name>,
    /// `key.systems`.
    pub key_systems: Vec<Name>,
    /// `reference:`.
    pub reference: Option<Name>,
    /// `where:`.
    pub conditions: Vec<(Name, Arc<str>)>,
}

/// `sheet: { … }`.
#[derive(Debug, Clone)]
pub struct SheetTarget {
    /// `file:`, a name or a pattern.
    pub file: Option<Name>,
    /// `sheet:`.
    pub sheet: Option<Name>,
    /// `index:`, from 1.
    pub index: Option<usize>,
    /// `key:`; empty when not given.
    pub key: Vec<Name>,
}

/// `http: { … }`.
#[derive(Debug, Clone)]
pub struct HttpTarget {
    /// `get:` or `post:`.
    pub method: Method,
    /// The path's template.
    pub path: Arc<str>,
    /// `query:`, name and template.
    pub query: Vec<(Name, Arc<str>)>,
    /// `body:`, a jq program.
    pub body: Option<Arc<str>>,
    /// `select:`, a jq program.
    pub select: Option<Arc<str>>,
    /// `joinBy:`, a jq program.
    pub join_by: Option<Arc<str>>,
}

/// How a path is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST that reads.
    Post,
}

/// One argument's effect.
#[derive(Debug, Clone)]
pub struct Filter {
    /// The argument.
    pub arg: Name,
    /// `column:` or `param:`.
    pub target: Name,
    /// The comparison.
    pub op: FilterOp,
}

/// How a column is compared with an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterOp {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// At most.
    Le,
    /// More.
    Gt,
    /// At least.
    Ge,
    /// One of a list.
    In,
    /// Starts with.
    Prefix,
    /// Contains.
    Contains,
}

/// One criterion of an order.
#[derive(Debug, Clone)]
pub struct Order {
    /// `column:` or `param:`.
    pub target: Name,
    /// Highest first.
    pub descending: bool,
}

/// `page: { … }`.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The argument that says how many.
    pub first: Option<Name>,
    /// The argument that says after which cursor.
    pub after: Option<Name>,
    /// Records in one call.
    pub size: Option<usize>,
    /// Kind `http`: the page number's parameter.
    pub number_param: Option<Name>,
    /// Kind `http`: the page size's parameter.
    pub size_param: Option<Name>,
    /// Kind `http`: a jq program for the number of pages.
    pub total_pages: Option<Arc<str>>,
}

/// How a root field that returns subjects respects the care relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subjects {
    /// The care set is bound into the source's filter.
    Pushed,
    /// Keys, gate, then the rest.
    KeysFirst,
    /// Nothing about a person is told.
    Public,
}
