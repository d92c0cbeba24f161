//! A supergraph's join directives in; its sources, and which of them can answer each field, out.

use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::ast::Directive;
use apollo_compiler::schema::{DirectiveList, ExtendedType, FieldDefinition};
use rustc_hash::FxHashMap;

use crate::mapping::Name;

/// One source of a supergraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphSource {
    /// Its name: what the configuration calls it.
    pub name: Name,
    /// Its value of `join__Graph`.
    pub graph: Name,
    /// Its address, where the supergraph knows one.
    pub url: Option<Arc<str>>,
}

/// Positions in a list of sources.
type Positions = Box<[usize]>;

/// The sources, and who has what.
#[derive(Debug, Clone)]
pub(super) struct Owners {
    pub(super) sources: Vec<GraphSource>,
    fields: FxHashMap<Name, FxHashMap<Name, Positions>>,
}

impl Owners {
    /// `None` when the text has no `join__Graph`.
    pub(super) fn of(supergraph: &Schema) -> Option<Self> {
        let graphs = supergraph.get_enum("join__Graph")?;
        let sources: Vec<GraphSource> = graphs
            .values
            .values()
            .map(|value| source(&value.value, value.directives.get("join__graph").map(|node| &**node)))
            .collect();
        let positions = sources.iter().enumerate().map(|(at, source)| (source.graph.clone(), at)).collect();
        let mut reading = Reading { positions, fields: FxHashMap::default() };
        // Interfaces first: a field that an `@interfaceObject` brings has its owners there.
        for ty in supergraph.types.values().filter_map(ExtendedType::as_interface) {
            let fields = ty.fields.values().map(|field| &***field);
            reading.ty(&ty.name, &ty.directives, fields, &[]);
        }
        for ty in supergraph
            .types
            .values()
            .filter_map(ExtendedType::as_object)
            .filter(|ty| !ty.name.starts_with("__"))
        {
            let interfaces: Vec<&str> =
                ty.implements_interfaces.iter().map(|interface| interface.as_str()).collect();
            reading.ty(&ty.name, &ty.directives, ty.fields.values().map(|field| &***field), &interfaces);
        }
        Some(Self { sources, fields: reading.fields })
    }

    pub(super) fn of_field(&self, ty: &str, field: &str) -> &[usize] {
        self.fields.get(ty).and_then(|fields| fields.get(field)).map_or(&[], |owners| owners)
    }
}

fn source(graph: &str, directive: Option<&Directive>) -> GraphSource {
    let text =
        |name| directive.and_then(|d| d.specified_argument_by_name(name)).and_then(|value| value.as_str());
    GraphSource {
        name: Name::from(text("name").unwrap_or(graph)),
        graph: Name::from(graph),
        url: text("url").filter(|url| !url.is_empty()).map(Arc::from),
    }
}

struct Reading {
    positions: FxHashMap<Name, usize>,
    fields: FxHashMap<Name, FxHashMap<Name, Positions>>,
}

impl Reading {
    fn ty<'a>(
        &mut self,
        name: &str,
        directives: &DirectiveList,
        fields: impl Iterator<Item = &'a FieldDefinition>,
        interfaces: &[&str],
    ) {
        let all = || directives.iter().map(|component| &***component);
        // The first join specification gives a type one owner; the later ones say everyone who defines it.
        let mut of_type = self.graphs(all().filter(|d| d.name == "join__owner"));
        if of_type.is_empty() {
            of_type = self.graphs(all().filter(|d| d.name == "join__type"));
        }
        if of_type.is_empty() {
            of_type = (0..self.positions.len()).collect();
        }
        let owners = fields
            .map(|field| {
                let of_field =
                    self.field(field).unwrap_or_else(|| self.inherited(field, &of_type, interfaces));
                (Name::from(field.name.as_str()), of_field.into_boxed_slice())
            })
            .collect();
        self.fields.insert(Name::from(name), owners);
    }

    /// The graphs of a field's own `@join__field`s, or `None` when they name none.
    fn field(&self, field: &FieldDefinition) -> Option<Vec<usize>> {
        let is = |d: &Directive, name: &str| {
            d.specified_argument_by_name(name).and_then(|v| v.to_bool()) == Some(true)
        };
        let named = field
            .directives
            .get_all("join__field")
            .filter(|d| d.specified_argument_by_name("graph").is_some());
        let named: Vec<&Directive> = named.map(|node| &**node).collect();
        let resolving = named.iter().copied().filter(|d| !is(d, "external") && !is(d, "usedOverridden"));
        (!named.is_empty()).then(|| self.graphs(resolving))
    }

    /// Without a graph named: everyone who defines the type, or, for a field of an `@interfaceObject`, whoever has it there.
    fn inherited(&self, field: &FieldDefinition, of_type: &[usize], interfaces: &[&str]) -> Vec<usize> {
        if field.directives.get("join__field").is_none() {
            return of_type.to_vec();
        }
        let there =
            interfaces.iter().filter_map(|interface| self.fields.get(*interface)?.get(field.name.as_str()));
        let mut owners: Vec<usize> = there.flat_map(|positions| positions.iter().copied()).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    fn graphs<'a>(&self, directives: impl Iterator<Item = &'a Directive>) -> Vec<usize> {
        let mut found: Vec<usize> = directives
            .filter_map(|directive| directive.specified_argument_by_name("graph")?.as_enum())
            .filter_map(|graph| self.positions.get(graph.as_str()).copied())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
