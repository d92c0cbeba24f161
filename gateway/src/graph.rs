//! The graph that is served: its two schemas, its types by number, its sources. Made at start, never changed; a reload makes another.

use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::ast;
use apollo_compiler::collections::HashMap;
use apollo_compiler::schema::{ExtendedType, Implementers};
use apollo_compiler::validation::Valid;
use raccordo_connector_api::{Connector, TypeNames};
use raccordo_schema::catalogue::{Catalogue, Costs};
use raccordo_schema::mapping::{Name, SourceMapping};
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::operation::define_incremental;
use crate::own::States;
use crate::plan::Federation;

/// A source as the graph knows it.
pub struct GraphSource {
    /// Its name: in the configuration, or that of its `join__Graph` value.
    pub name: Name,
    /// Its kind.
    pub kind: Name,
    /// What speaks to it.
    pub connector: Arc<dyn Connector>,
    /// Its mapping; `None` for kind `graphql`, where the subgraph itself knows.
    pub mapping: Option<Arc<SourceMapping>>,
    /// How long one fetch may take.
    pub timeout: std::time::Duration,
    /// What one fetch may cost.
    pub limits: raccordo_connector_api::Limits,
}

/// Why a graph can't be served.
#[derive(Debug, Error)]
pub enum GraphError {
    /// A source of the supergraph isn't configured.
    #[error("the supergraph names the source `{0}`, which isn't configured; configured are: {1}")]
    UnknownSource(String, String),
}

/// The graph.
pub struct Graph {
    api: Valid<Schema>,
    implementers: HashMap<apollo_compiler::Name, Implementers>,
    whole: Schema,
    types: Arc<TypeNames>,
    concrete: Arc<[bool]>,
    possible: FxHashMap<Name, Box<[u32]>>,
    sources: Vec<GraphSource>,
    by_name: FxHashMap<Name, usize>,
    states: Arc<States>,
    federation: Federation,
    costs: Arc<Costs>,
    may_introspect: bool,
}

impl Graph {
    /// Joins a supergraph with its sources, whose states are noted in `states`. Of the supergraph as it was read nothing is kept: the
    /// catalogue can be dropped afterwards.
    ///
    /// # Errors
    /// What is wrong with the supergraph, and sources that it names and nobody configured.
    pub fn new(
        catalogue: &Catalogue,
        sources: Vec<GraphSource>,
        states: Arc<States>,
        may_introspect: bool,
    ) -> Result<Self, GraphError> {
        let whole = catalogue.whole_schema().clone();
        let api = define_incremental(catalogue.api_schema());
        let composite = whole
            .types
            .iter()
            .filter(|(_, ty)| ty.is_object() || ty.is_interface() || ty.is_union())
            .map(|(name, _)| Name::from(name.as_str()));
        let types = Arc::new(TypeNames::new(composite));
        let concrete = (0..types.len() as u32)
            .map(|id| {
                types.name(id).and_then(|name| whole.types.get(&**name)).is_some_and(ExtendedType::is_object)
            })
            .collect();
        let possible = possible_types(&whole, &types);
        let by_name: FxHashMap<Name, usize> =
            sources.iter().enumerate().map(|(index, source)| (source.name.clone(), index)).collect();
        for name in catalogue.sources().iter().map(|source| &source.name) {
            if !by_name.contains_key(name) {
                let known: Vec<&str> = sources.iter().map(|source| &*source.name).collect();
                return Err(GraphError::UnknownSource(name.to_string(), known.join(", ")));
            }
        }
        // The join directives are in the supergraph as it was read, and nowhere else.
        let federation = Federation::new(catalogue.supergraph(), &types, |name| by_name.get(name).copied());
        Ok(Self {
            implementers: api.implementers_map(),
            api,
            whole,
            types,
            concrete,
            possible,
            sources,
            by_name,
            states,
            federation,
            costs: Arc::clone(catalogue.costs()),
            may_introspect,
        })
    }

    /// The schema that clients see.
    pub fn api_schema(&self) -> &Valid<Schema> {
        &self.api
    }

    /// Implementers of each interface of the API schema.
    pub fn implementers(&self) -> &HashMap<apollo_compiler::Name, Implementers> {
        &self.implementers
    }

    /// Whether introspection is answered.
    pub fn may_introspect(&self) -> bool {
        self.may_introspect
    }

    /// Composite types by number.
    pub fn types(&self) -> &Arc<TypeNames> {
        &self.types
    }

    /// Of each type number: whether it is an object type.
    pub fn concrete(&self) -> &Arc<[bool]> {
        &self.concrete
    }

    /// The sources.
    pub fn sources(&self) -> &[GraphSource] {
        &self.sources
    }

    /// Whether any source is connected by us, so that domain scalars mean what they mean here.
    pub fn is_connected(&self) -> bool {
        self.sources.iter().any(|source| source.mapping.is_some())
    }

    /// What is known of the sources' states.
    pub fn states(&self) -> &Arc<States> {
        &self.states
    }

    /// A source by the name that the planner gives.
    pub fn source(&self, name: &str) -> Option<(usize, &GraphSource)> {
        let index = *self.by_name.get(name)?;
        Some((index, self.sources.get(index)?))
    }

    /// The supergraph as planning needs it.
    pub(crate) fn federation(&self) -> &Federation {
        &self.federation
    }

    /// The labels of progressive overrides.
    pub fn labels(&self) -> &[Name] {
        self.federation.labels()
    }

    /// The object types that a type can be, ascending; an object type is itself.
    pub fn possible(&self, type_name: &str) -> &[u32] {
        self.possible.get(type_name).map_or(&[], |ids| ids)
    }

    /// How many object types a type can be.
    pub fn possible_count(&self, type_name: &str) -> usize {
        self.possible(type_name).len()
    }

    /// Whether an object of this type satisfies a condition on `type_name`. A type satisfies itself, be it abstract.
    pub fn is_possible(&self, type_name: &str, type_id: u32) -> bool {
        self.possible(type_name).binary_search(&type_id).is_ok() || self.types.id(type_name) == Some(type_id)
    }

    /// Whether a type is an object type.
    pub fn is_object(&self, type_name: &str) -> bool {
        self.whole.types.get(type_name).is_some_and(ExtendedType::is_object)
    }

    /// Whether a type is an interface.
    pub fn is_interface(&self, type_name: &str) -> bool {
        self.whole.types.get(type_name).is_some_and(ExtendedType::is_interface)
    }

    /// Whether a type has selections.
    pub fn is_composite(&self, type_name: &str) -> bool {
        self.types.id(type_name).is_some()
    }

    /// The type of a field as clients see it.
    pub fn api_field_type(&self, parent: &str, field: &str) -> Option<&ast::Type> {
        field_of(&self.api, parent, field).map(|field| &field.ty)
    }

    /// The definition of a field of the whole graph, which has also what clients don't see.
    pub fn field(&self, parent: &str, field: &str) -> Option<&ast::FieldDefinition> {
        field_of(&self.whole, parent, field)
    }

    /// A type of the whole graph.
    pub fn type_definition(&self, name: &str) -> Option<&ExtendedType> {
        self.whole.types.get(name)
    }

    /// A type as clients see it.
    pub fn api_type(&self, name: &str) -> Option<&ExtendedType> {
        self.api.types.get(name)
    }

    /// A field of an input object, as clients see it.
    pub fn input_field(&self, parent: &str, field: &str) -> Option<&ast::InputValueDefinition> {
        match self.api.types.get(parent)? {
            ExtendedType::InputObject(input) => input.fields.get(field).map(|field| &***field),
            _ => None,
        }
    }

    /// What values, lists and arguments weigh.
    pub fn costs(&self) -> &Costs {
        &self.costs
    }

    /// The name of a root type.
    pub fn root_type(&self, operation: ast::OperationType) -> Option<&str> {
        self.whole.root_operation(operation).map(|name| name.as_str())
    }
}

fn field_of<'s>(schema: &'s Schema, parent: &str, field: &str) -> Option<&'s ast::FieldDefinition> {
    let fields = match schema.types.get(parent)? {
        ExtendedType::Object(object) => &object.fields,
        ExtendedType::Interface(interface) => &interface.fields,
        _ => return None,
    };
    fields.get(field).map(|field| &***field)
}

fn possible_types(schema: &Schema, types: &TypeNames) -> FxHashMap<Name, Box<[u32]>> {
    let mut possible: FxHashMap<Name, Vec<u32>> = FxHashMap::default();
    for (name, ty) in &schema.types {
        let Some(id) = types.id(name) else { continue };
        let mut add = |abstract_type: &str, id| possible.entry(abstract_type.into()).or_default().push(id);
        match ty {
            ExtendedType::Object(object) => {
                add(name, id);
                for interface in &object.implements_interfaces {
                    add(interface, id);
                }
            }
            ExtendedType::Union(union) => {
                for member in &union.members {
                    if let Some(member) = types.id(member) {
                        add(name, member);
                    }
                }
            }
            _ => {}
        }
    }
    possible
        .into_iter()
        .map(|(name, mut ids)| {
            ids.sort_unstable();
            ids.dedup();
            (name, ids.into_boxed_slice())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use raccordo_schema::compose::{SourceSdl, compose};

    use super::*;
    use crate::own;

    #[test]
    fn a_graph_keeps_nothing_of_the_supergraph_it_was_made_of() {
        let own = SourceSdl { name: own::NAME, url: None, file: own::FILE, sdl: own::SDL };
        let catalogue = Catalogue::of(Arc::clone(compose(&[own]).unwrap().schema())).unwrap();
        let supergraph = Arc::downgrade(catalogue.supergraph());
        let states = Arc::new(States::new([]));
        let source = GraphSource {
            name: own::NAME.into(),
            kind: own::NAME.into(),
            connector: Arc::new(own::OwnSource::new(Arc::clone(&states))),
            mapping: None,
            timeout: std::time::Duration::from_secs(1),
            limits: raccordo_connector_api::Limits::default(),
        };
        let graph = Graph::new(&catalogue, vec![source], states, true).unwrap();
        assert!(supergraph.upgrade().is_some());
        drop(catalogue);
        assert!(supergraph.upgrade().is_none());
        assert!(graph.field("Query", "fonti").is_some());
        let machinery = |name: &str| name.starts_with("join__") || name.starts_with("link__");
        assert!(!graph.whole.types.keys().any(|name| machinery(name)), "no type of it either");
    }
}
