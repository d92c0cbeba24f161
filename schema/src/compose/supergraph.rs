//! The composed graph before it is printed: types with what each source contributes. Plain data, made by `merge`.

use std::collections::BTreeMap;

use apollo_compiler::ast::{DirectiveDefinition, Type, Value};
use apollo_compiler::{Name, Node};
use indexmap::IndexMap;

use super::marks::Marks;
use super::subgraph::{Composed, Kind};

/// A source, by its place among the sorted sources.
pub(crate) type Graph = usize;

/// The whole graph.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    pub(crate) types: BTreeMap<Name, MergedType>,
    /// Executable directives that every source has, and composed ones.
    pub(crate) directives: Vec<DirectiveDefinition>,
    /// What `@composeDirective` asked for, one entry a directive.
    pub(crate) composed: Vec<Composed>,
}

/// One type; the parts that its kind doesn't have are empty.
#[derive(Debug)]
pub(crate) struct MergedType {
    pub(crate) kind: Kind,
    pub(crate) description: Option<String>,
    pub(crate) joins: Vec<JoinType>,
    pub(crate) marks: Marks,
    /// Interfaces, each with the sources that say so.
    pub(crate) implements: IndexMap<Name, Vec<Graph>>,
    pub(crate) fields: IndexMap<Name, MergedField>,
    pub(crate) members: IndexMap<Name, Vec<Graph>>,
    pub(crate) values: IndexMap<Name, MergedValue>,
    pub(crate) inputs: IndexMap<Name, MergedInput>,
}

impl MergedType {
    /// A type without content.
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            description: None,
            joins: Vec::new(),
            marks: Marks::default(),
            implements: IndexMap::new(),
            fields: IndexMap::new(),
            members: IndexMap::new(),
            values: IndexMap::new(),
            inputs: IndexMap::new(),
        }
    }
}

/// `@join__type`.
#[derive(Debug)]
pub(crate) struct JoinType {
    pub(crate) graph: Graph,
    pub(crate) key: Option<String>,
    pub(crate) extension: bool,
    pub(crate) resolvable: bool,
    pub(crate) interface_object: bool,
}

/// `@join__field`.
#[derive(Debug, Default)]
pub(crate) struct JoinField {
    /// `None` where the field comes to the type by an interface object.
    pub(crate) graph: Option<Graph>,
    pub(crate) ty: Option<String>,
    pub(crate) external: bool,
    pub(crate) requires: Option<String>,
    pub(crate) provides: Option<String>,
    pub(crate) overrides: Option<String>,
    pub(crate) override_label: Option<String>,
    pub(crate) used_overridden: bool,
}

/// An output field.
#[derive(Debug)]
pub(crate) struct MergedField {
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) arguments: IndexMap<Name, MergedInput>,
    /// Empty when every source that has the type resolves the field alike.
    pub(crate) joins: Vec<JoinField>,
    pub(crate) marks: Marks,
}

/// An argument or input field.
#[derive(Debug, Clone)]
pub(crate) struct MergedInput {
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) default: Option<Node<Value>>,
    /// Each source's own type, where they differ. Input fields only.
    pub(crate) joins: Vec<(Graph, String)>,
    pub(crate) marks: Marks,
}

/// A value of an enum.
#[derive(Debug)]
pub(crate) struct MergedValue {
    pub(crate) description: Option<String>,
    pub(crate) graphs: Vec<Graph>,
    pub(crate) marks: Marks,
}
