//! A federated graph as the tests think of it: the whole types, and of each source the piece of them that it has. Plain data; it
//! knows nothing of composition or planning.

use std::fmt;

use indexmap::IndexMap;
use serde_json::Value;

/// A GraphQL type: the flag says that it can't be null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ty {
    Named(String, bool),
    List(Box<Ty>, bool),
}

impl Ty {
    pub(crate) fn named(name: &str, non_null: bool) -> Self {
        Self::Named(name.to_owned(), non_null)
    }

    /// The name inside all lists.
    pub(crate) fn inner(&self) -> &str {
        match self {
            Self::Named(name, _) => name,
            Self::List(item, _) => item.inner(),
        }
    }

    pub(crate) fn is_non_null(&self) -> bool {
        matches!(self, Self::Named(_, true) | Self::List(_, true))
    }

    /// The type that is strict wherever one of the two is.
    pub(crate) fn strictest(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::List(a, x), Self::List(b, y)) => Self::List(Box::new(a.strictest(b)), *x || *y),
            (own, other) => Self::Named(own.inner().to_owned(), own.is_non_null() || other.is_non_null()),
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name, _) => f.write_str(name)?,
            Self::List(item, _) => write!(f, "[{item}]")?,
        }
        f.write_str(if self.is_non_null() { "!" } else { "" })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Interface,
    Union,
    Enum,
    Scalar,
    Input,
}

/// One field of a field set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pick {
    pub(crate) name: String,
    /// Name, the literal as it is written, its value.
    pub(crate) arguments: Vec<(String, String, Value)>,
    /// Of this type alone.
    pub(crate) on: Option<String>,
    pub(crate) below: Vec<Pick>,
}

impl Pick {
    pub(crate) fn leaf(name: &str) -> Self {
        Self { name: name.to_owned(), arguments: Vec::new(), on: None, below: Vec::new() }
    }

    pub(crate) fn nested(name: &str, below: Vec<Self>) -> Self {
        Self { below, ..Self::leaf(name) }
    }
}

/// A field set as SDL has it.
pub(crate) fn written(picks: &[Pick]) -> String {
    let one = |pick: &Pick| {
        let mut text = pick.name.clone();
        if !pick.arguments.is_empty() {
            let arguments: Vec<String> =
                pick.arguments.iter().map(|(name, text, _)| format!("{name}: {text}")).collect();
            text += &format!("({})", arguments.join(", "));
        }
        if !pick.below.is_empty() {
            text += &format!(" {{ {} }}", written(&pick.below));
        }
        match &pick.on {
            Some(on) => format!("... on {on} {{ {text} }}"),
            None => text,
        }
    };
    picks.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// What makes a field's value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    /// Anything that depends on the record alone.
    Plain,
    /// Unlike any other record's.
    Key,
    /// Half of a compound key: the pair is unlike any other's.
    Half(u8),
    /// The record of another type with the same number.
    Same,
    /// In every piece of its type, alike.
    Common,
    /// Made from these fields of the same record.
    Requires(Vec<Pick>),
    /// How many mutations have run.
    Count,
}

/// An argument or input field: its type, and its default as a literal and as a value.
#[derive(Debug, Clone)]
pub(crate) struct Argument {
    pub(crate) ty: Ty,
    pub(crate) default: Option<(String, Value)>,
}

#[derive(Debug, Clone)]
pub(crate) struct FieldDef {
    pub(crate) ty: Ty,
    pub(crate) arguments: IndexMap<String, Argument>,
    /// Of an input field.
    pub(crate) default: Option<(String, Value)>,
    pub(crate) role: Role,
}

impl FieldDef {
    pub(crate) fn new(ty: Ty, role: Role) -> Self {
        Self { ty, arguments: IndexMap::new(), default: None, role }
    }
}

/// A type of the whole graph.
#[derive(Debug, Clone)]
pub(crate) struct TypeDef {
    pub(crate) kind: Kind,
    pub(crate) fields: IndexMap<String, FieldDef>,
    pub(crate) implements: Vec<String>,
    /// Members of a union, values of an enum.
    pub(crate) members: Vec<String>,
    /// Keys that sources may choose from.
    pub(crate) keys: Vec<Vec<Pick>>,
    /// Of a value type: the sources that have it, each a part of its fields. Empty: any source, all fields.
    pub(crate) split: Vec<usize>,
}

impl TypeDef {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            fields: IndexMap::new(),
            implements: Vec::new(),
            members: Vec::new(),
            keys: Vec::new(),
            split: Vec::new(),
        }
    }
}

/// A field as one source has it.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) ty: Ty,
    pub(crate) external: bool,
    pub(crate) shareable: bool,
    pub(crate) inaccessible: bool,
    pub(crate) requires: Vec<Pick>,
    pub(crate) provides: Vec<Pick>,
    /// From which source, and under which label.
    pub(crate) overrides: Option<(String, Option<String>)>,
    /// Another source overrides it: what it says now is wrong.
    pub(crate) stale: bool,
}

impl Part {
    pub(crate) fn new(ty: &Ty) -> Self {
        Self {
            ty: ty.clone(),
            external: false,
            shareable: false,
            inaccessible: false,
            requires: Vec::new(),
            provides: Vec::new(),
            overrides: None,
            stale: false,
        }
    }
}

/// A type as one source has it.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) kind: Kind,
    pub(crate) fields: IndexMap<String, Part>,
    pub(crate) implements: Vec<String>,
    pub(crate) members: Vec<String>,
    /// Keys, and whether the source finds records by them.
    pub(crate) keys: Vec<(Vec<Pick>, bool)>,
    pub(crate) interface_object: bool,
    pub(crate) inaccessible: bool,
    /// Written as `extend type`.
    pub(crate) extends: bool,
    /// Some of its records are unknown here.
    pub(crate) forgets: bool,
}

impl Piece {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            fields: IndexMap::new(),
            implements: Vec::new(),
            members: Vec::new(),
            keys: Vec::new(),
            interface_object: false,
            inaccessible: false,
            extends: false,
            forgets: false,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) name: String,
    /// Federation 1: no link, no directives of version 2.
    pub(crate) v1: bool,
    pub(crate) types: IndexMap<String, Piece>,
}

#[derive(Debug, Clone)]
pub(crate) struct Graph {
    pub(crate) seed: u64,
    pub(crate) types: IndexMap<String, TypeDef>,
    pub(crate) sources: Vec<Source>,
    /// Fields fail now and then.
    pub(crate) faults: bool,
}

impl Graph {
    /// The object types that a type can be.
    pub(crate) fn possible(&self, name: &str) -> Vec<String> {
        match self.types.get(name).map(|ty| (ty.kind, ty)) {
            Some((Kind::Object, _)) => vec![name.to_owned()],
            Some((Kind::Union, ty)) => ty.members.clone(),
            Some((Kind::Interface, _)) => {
                let of = |ty: &TypeDef| ty.kind == Kind::Object && ty.implements.iter().any(|i| i == name);
                self.types.iter().filter(|(_, ty)| of(ty)).map(|(name, _)| name.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn is_composite(&self, name: &str) -> bool {
        let kind = self.types.get(name).map(|ty| ty.kind);
        matches!(kind, Some(Kind::Object | Kind::Interface | Kind::Union))
    }

    /// The sources that resolve a field of an object type: not where it is external or overridden.
    pub(crate) fn resolvers(&self, ty: &str, field: &str) -> Vec<usize> {
        let interfaces = self.types.get(ty).map(|ty| ty.implements.clone()).unwrap_or_default();
        let resolves = |source: &Source| {
            let own = source.types.get(ty).and_then(|piece| piece.fields.get(field));
            let for_all = interfaces
                .iter()
                .filter_map(|interface| source.types.get(interface))
                .filter(|piece| piece.interface_object)
                .find_map(|piece| piece.fields.get(field));
            own.or(for_all).is_some_and(|part| !part.external && !part.stale)
        };
        (0..self.sources.len()).filter(|at| resolves(&self.sources[*at])).collect()
    }
}
