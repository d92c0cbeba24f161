//! One source's graph, normalised: root types under their usual names, extensions folded in, Federation's words read.
//!
//! Made by `read`, completed by `rules`, read by everything after. Plain data; it never judges.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{DirectiveDefinition, Selection, Type, Value};
use apollo_compiler::parser::{SourceMap, SourceSpan};
use indexmap::IndexMap;

use super::marks::Marks;
use crate::Location;

/// Where something stands in the source's file.
pub(crate) type Span = Option<SourceSpan>;

/// A source's graph.
pub(crate) struct Subgraph {
    /// The source's name.
    pub(crate) name: String,
    /// Its value in `join__Graph`.
    pub(crate) graph: String,
    /// Its address, empty when it has none.
    pub(crate) url: String,
    /// The file, as the user would name it.
    pub(crate) file: Arc<str>,
    /// For turning spans into lines.
    pub(crate) sources: SourceMap,
    /// Federation v2; v1 is taken leniently.
    pub(crate) v2: bool,
    /// Types by name.
    pub(crate) types: IndexMap<Name, TypeDef>,
    /// The directives that the file itself defines.
    pub(crate) directives: IndexMap<Name, OwnDirective>,
    /// The directives that `@composeDirective` carries into the supergraph.
    pub(crate) composed: Vec<Composed>,
}

impl Subgraph {
    /// A span as a place in the file.
    pub(crate) fn locate(&self, span: Span) -> Location {
        locate(&self.file, &self.sources, span)
    }

    /// A field by its coordinate.
    pub(crate) fn field(&self, parent: &str, field: &str) -> Option<&Field> {
        self.types.get(parent)?.fields.get(field)
    }

    /// The object types that a type may be at run time, in this source.
    pub(crate) fn runtime_types(&self, name: &str) -> Vec<&Name> {
        let Some(def) = self.types.get(name) else { return Vec::new() };
        match def.kind {
            Kind::Object => vec![&def.name],
            Kind::Union => def.members.keys().collect(),
            Kind::Interface => self
                .types
                .values()
                .filter(|t| t.kind == Kind::Object && t.implements.contains_key(name))
                .map(|t| &t.name)
                .collect(),
            Kind::Scalar | Kind::Enum | Kind::Input => Vec::new(),
        }
    }
}

/// A span as a place in a file.
pub(crate) fn locate(file: &Arc<str>, sources: &SourceMap, span: Span) -> Location {
    let found = span.and_then(|span| span.line_column(sources));
    match found {
        Some(place) => Location { file: Arc::clone(file), line: place.line, column: place.column },
        None => Location::file(Arc::clone(file)),
    }
}

/// What a type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Kind {
    /// The kind in the words of a message.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Object => "an object type",
            Self::Interface => "an interface",
            Self::Union => "a union",
            Self::Enum => "an enum",
            Self::Input => "an input object",
        }
    }
}

/// One type; the parts that its kind doesn't have are empty.
#[derive(Debug, Clone)]
pub(crate) struct TypeDef {
    pub(crate) name: Name,
    pub(crate) at: Span,
    pub(crate) kind: Kind,
    /// Only ever extended here, never defined.
    pub(crate) only_extended: bool,
    pub(crate) description: Option<String>,
    pub(crate) keys: Vec<Key>,
    /// An object type that stands for an interface of other sources.
    pub(crate) interface_object: bool,
    pub(crate) marks: Marks,
    pub(crate) implements: IndexMap<Name, Span>,
    pub(crate) fields: IndexMap<Name, Field>,
    pub(crate) members: IndexMap<Name, Span>,
    pub(crate) values: IndexMap<Name, EnumValue>,
    pub(crate) inputs: IndexMap<Name, Input>,
}

impl TypeDef {
    /// A type without content.
    pub(crate) fn new(name: Name, kind: Kind, at: Span) -> Self {
        Self {
            name,
            at,
            kind,
            only_extended: true,
            description: None,
            keys: Vec::new(),
            interface_object: false,
            marks: Marks::default(),
            implements: IndexMap::new(),
            fields: IndexMap::new(),
            members: IndexMap::new(),
            values: IndexMap::new(),
            inputs: IndexMap::new(),
        }
    }

    /// What the type is in the supergraph: an interface object is the interface.
    pub(crate) fn graph_kind(&self) -> Kind {
        if self.interface_object { Kind::Interface } else { self.kind }
    }
}

/// One `@key`.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) fields: FieldSet,
    /// Given on an extension, or beside `@extends`.
    pub(crate) extension: bool,
    /// The supergraph says so too: not of v1's `extend type`, which is how v1 writes any type of somebody else's.
    pub(crate) said: bool,
    pub(crate) resolvable: bool,
}

/// A selection of fields in a directive's argument.
#[derive(Debug, Clone)]
pub(crate) struct FieldSet {
    pub(crate) selections: Vec<Selection>,
    /// Where the directive stands.
    pub(crate) at: Span,
}

/// One output field.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) at: Span,
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) arguments: IndexMap<Name, Input>,
    pub(crate) external: bool,
    /// External only because its type's declaration is.
    pub(crate) external_by_type: bool,
    /// External only to decorate an extension's key; no longer external. Set by `rules`.
    pub(crate) decorated: bool,
    pub(crate) shareable: bool,
    pub(crate) requires: Option<FieldSet>,
    pub(crate) provides: Option<FieldSet>,
    pub(crate) overrides: Option<Override>,
    pub(crate) marks: Marks,
    /// Part of a `@key` of this source. Set by `rules`.
    pub(crate) in_key: bool,
    /// Named by a `@provides` of this source. Set by `rules`.
    pub(crate) provided: bool,
    /// Named by any field set of this source, or the implementation of an interface's field. Set by `rules`.
    pub(crate) used: bool,
}

impl Field {
    /// Never resolved by this source.
    pub(crate) fn fully_external(&self) -> bool {
        self.external && !self.provided
    }
}

/// `@override(from:, label:)`.
#[derive(Debug, Clone)]
pub(crate) struct Override {
    pub(crate) from: String,
    pub(crate) label: Option<String>,
    pub(crate) at: Span,
}

/// An argument or a field of an input object.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) name: Name,
    pub(crate) at: Span,
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) default: Option<Node<Value>>,
    pub(crate) marks: Marks,
}

impl Input {
    /// Must be given.
    pub(crate) fn required(&self) -> bool {
        self.ty.is_non_null() && self.default.is_none()
    }
}

/// A value of an enum.
#[derive(Debug, Clone)]
pub(crate) struct EnumValue {
    pub(crate) name: Name,
    pub(crate) at: Span,
    pub(crate) description: Option<String>,
    pub(crate) marks: Marks,
}

/// A directive that the file itself defines.
#[derive(Debug, Clone)]
pub(crate) struct OwnDirective {
    pub(crate) definition: Node<DirectiveDefinition>,
    /// The definition's arguments, as arguments of fields are held.
    pub(crate) arguments: IndexMap<Name, Input>,
}

/// One directive that `@composeDirective` names.
#[derive(Debug, Clone)]
pub(crate) struct Composed {
    /// The directive's name in the file, without `@`.
    pub(crate) name: String,
    /// The directive's name in its specification, without `@`.
    pub(crate) original: String,
    /// The specification's address with its version.
    pub(crate) url: String,
    /// The specification's address without its version.
    pub(crate) identity: String,
    /// Where it is named.
    pub(crate) at: Span,
}
