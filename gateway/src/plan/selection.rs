//! The selections of a step, compiled: every field with its slot, the types it is asked of, and the key that its source answers under.
//!
//! A key stands for one field of one type at a position of a document, whatever the conditions around it: then the document is valid
//! whichever fields the client gave the same key on different types (GraphQL specification, "Field Selection Merging").

use std::sync::Arc;

use apollo_compiler::ast;
use apollo_compiler::schema::ExtendedType;
use raccordo_connector_api::leaf::EnumValues;
use raccordo_connector_api::{Argument, Field, Leaf, Output, Selection};
use raccordo_schema::mapping::Name;

use super::PlanError;
use super::compile::{Constants, list_depth};
use super::federation::{Federation, Source, TypeId};
use super::search::steps::{HomeId, NodeField, Place, Step};
use super::search::wanted::{Given, SpotId, Want};
use super::search::{Search, has};
use crate::graph::Graph;

/// What compiling one step's selections takes.
pub(super) struct Selecting<'a> {
    pub(super) graph: &'a Graph,
    pub(super) federation: &'a Federation,
    pub(super) search: &'a Search<'a>,
    pub(super) source: Source,
    /// The source is connected by us.
    pub(super) connected: bool,
    pub(super) constants: &'a mut Constants,
}

/// A key that is used at a position of a document: the field, its arguments and its type there.
struct Used<'a> {
    key: Name,
    want: &'a Want,
    ty: Option<&'a ast::Type>,
    below: Option<HomeId>,
}

/// Fields of one want or, for leaves, of all wants with one slot, with the types they are asked of.
struct Asked<'a> {
    want: &'a Want,
    types: Vec<TypeId>,
    below: Option<HomeId>,
}

impl<'a> Selecting<'a> {
    /// The selection on the entities of a step: every field under its type's condition, as `_entities` wants it.
    pub(super) fn entities(&mut self, step: &Step) -> Result<Selection, PlanError> {
        let mut fields = Vec::new();
        let mut used = Vec::new();
        for entity in &step.entities {
            let place = &self.search.homes[entity.home].place;
            for mut field in self.fields(entity.home, &mut used)? {
                if field.on.is_none() {
                    let mut types: Vec<TypeId> =
                        place.possible.iter().chain(&entity.types).copied().chain([entity.ty]).collect();
                    types.sort_unstable();
                    types.dedup();
                    field.on = Some(types.into());
                    field.on_names = [self.name(entity.ty)?].into();
                }
                fields.push(field);
            }
        }
        let only = match step.entities.as_slice() {
            [only] => Some(only.ty),
            _ => None,
        };
        let type_id = only.filter(|ty| self.is_known(*ty));
        if type_id.is_none() {
            fields.insert(0, type_name_field());
        }
        let type_name = only.map_or_else(|| Ok(Name::from("_Entity")), |only| self.name(only))?;
        Ok(Selection { type_name, type_id, width: self.search.spots[step.spot].width, fields })
    }

    /// The selection of a home: on a root type, or below a field.
    pub(super) fn home(&mut self, home: HomeId, spot: SpotId) -> Result<Selection, PlanError> {
        let place = &self.search.homes[home].place;
        let mut fields = self.fields(home, &mut Vec::new())?;
        let type_id = Some(place.ty).filter(|ty| self.is_known(*ty));
        if type_id.is_none() {
            fields.insert(0, type_name_field());
        }
        Ok(Selection {
            type_name: self.name(place.ty)?,
            type_id,
            width: self.search.spots[spot].width,
            fields,
        })
    }

    /// Whether the source needn't say of which type its objects are.
    fn is_known(&self, ty: TypeId) -> bool {
        let is_object = self.graph.concrete().get(ty as usize) == Some(&true);
        is_object || self.federation.type_in(ty, self.source).is_some_and(|of| of.interface_object)
    }

    fn name(&self, ty: TypeId) -> Result<Name, PlanError> {
        self.graph.types().name(ty).cloned().ok_or(PlanError::Inconsistent("a type without a name"))
    }

    fn fields(&mut self, home: HomeId, used: &mut Vec<Used<'a>>) -> Result<Vec<Field>, PlanError> {
        let search = self.search;
        let place = &search.homes[home].place;
        let mut fields = Vec::new();
        for asked in self.merged(&search.nodes[search.homes[home].node].fields) {
            let types: Vec<TypeId> =
                asked.types.iter().copied().filter(|ty| has(&place.possible, *ty)).collect();
            if self.is_known(place.ty) || self.is_whole(place, &asked, &types) {
                let owner =
                    if self.is_known(place.ty) { place.ty } else { *types.first().unwrap_or(&place.ty) };
                fields.push(self.field(place, &asked, owner, None, used)?);
                continue;
            }
            for (owner, types) in self.by_type(&asked, &types) {
                fields.push(self.field(place, &asked, owner, Some(types), used)?);
            }
        }
        Ok(fields)
    }

    /// Leaves that differ only in the types they are asked of are one.
    fn merged(&self, fields: &[NodeField]) -> Vec<Asked<'a>> {
        let mut merged: Vec<Asked<'a>> = Vec::with_capacity(fields.len());
        for field in fields {
            let want = &self.search.wants[field.want];
            let same = |own: &&mut Asked<'a>| {
                own.below.is_none() && field.below.is_none() && own.want.slot == want.slot
            };
            match merged.iter_mut().find(same) {
                Some(own) => {
                    own.types.extend(&field.types);
                    own.types.sort_unstable();
                    own.types.dedup();
                }
                None => merged.push(Asked { want, types: field.types.clone(), below: field.below }),
            }
        }
        merged
    }

    /// Whether a field is asked of everything that an abstract type can be, and the source's own abstract type has it.
    fn is_whole(&self, place: &Place, asked: &Asked<'_>, types: &[TypeId]) -> bool {
        let name = &asked.want.name;
        let declared = self.federation.provided(place.ty, name, self.source);
        place.possible.len() == types.len()
            && declared.is_some_and(|declared| {
                // Below a field of the abstract type stands its type, which may know more or less than that of an object type's field.
                let below = asked.below.map(|home| self.search.homes[home].place.ty);
                below.is_none() || below == declared.named
            })
    }

    /// The types of a field, by the type that it has there.
    fn by_type(&self, asked: &Asked<'_>, types: &[TypeId]) -> Vec<(TypeId, Vec<TypeId>)> {
        let mut found: Vec<(TypeId, Vec<TypeId>)> = Vec::new();
        for ty in types {
            let of = self.type_of(*ty, asked.want);
            match found.iter_mut().find(|(own, _)| self.type_of(*own, asked.want) == of) {
                Some((_, types)) => types.push(*ty),
                None => found.push((*ty, vec![*ty])),
            }
        }
        found
    }

    /// The type that a field has in the source.
    fn type_of(&self, owner: TypeId, want: &Want) -> Option<&'a ast::Type> {
        let here = self.federation.provided(owner, &want.name, self.source).and_then(|has| has.joined);
        match here.and_then(|joined| joined.ty.as_ref()) {
            Some((ty, _)) => Some(ty),
            None => Some(&self.graph.field(self.graph.types().name(owner)?, &want.name)?.ty),
        }
    }

    fn field(
        &mut self,
        place: &Place,
        asked: &Asked<'a>,
        owner: TypeId,
        on: Option<Vec<TypeId>>,
        used: &mut Vec<Used<'a>>,
    ) -> Result<Field, PlanError> {
        let want = asked.want;
        let owner_name = self.name(owner)?;
        let definition = self.graph.field(&owner_name, &want.name);
        let definition = definition.ok_or(PlanError::Inconsistent("a field that isn't in the graph"))?;
        let asked_of = if on.is_none() { place.ty } else { owner };
        let key = self.key(asked, self.type_of(asked_of, want), used);
        let output = match asked.below {
            Some(home) => {
                let below = want.below.ok_or(PlanError::Inconsistent("an object without a position"))?;
                Output::Object(Box::new(self.home(home, below)?))
            }
            None => Output::Leaf(leaf(self.graph, definition.ty.inner_named_type(), self.connected)),
        };
        let on_names: Vec<Name> = on.iter().flatten().map(|ty| self.name(*ty)).collect::<Result<_, _>>()?;
        Ok(Field {
            name: Name::clone(&want.name),
            key,
            slot: want.slot,
            on: on.map(Arc::from),
            on_names: on_names.into(),
            arguments: self.arguments(definition, &want.arguments),
            list_depth: list_depth(&definition.ty),
            output,
        })
    }

    /// The key that the source answers under: the client's, unless the document uses that for something else.
    fn key(&self, asked: &Asked<'a>, ty: Option<&'a ast::Type>, used: &mut Vec<Used<'a>>) -> Name {
        let want = asked.want;
        let fits = |key: &str| {
            used.iter().filter(|own| *own.key == *key).all(|own| {
                own.want.name == want.name
                    && own.want.arguments == want.arguments
                    && own.below == asked.below
                    && own.ty == ty
            })
        };
        let mut key = Name::clone(&want.key);
        let mut number = 0;
        while !fits(&key) {
            number += 1;
            key = format!("{}_{number}", want.key).into();
        }
        used.push(Used { key: Name::clone(&key), want, ty, below: asked.below });
        key
    }

    fn arguments(&mut self, definition: &ast::FieldDefinition, given: &[(Name, Given)]) -> Vec<Argument> {
        let mut arguments = Vec::new();
        for argument in &definition.arguments {
            let value = given.iter().find(|(name, _)| **name == *argument.name.as_str());
            let value = value.map(|(_, value)| match value {
                Given::Variable(index) => *index,
                Given::Constant(value) => {
                    self.constants.add(crate::operation::constant(self.graph, &argument.ty, value))
                }
            });
            let value = value.or_else(|| self.default(argument));
            if let Some(value) = value {
                let type_text = argument.ty.to_string().into();
                arguments.push(Argument { name: argument.name.as_str().into(), type_text, value });
            }
        }
        arguments
    }

    /// A connected source has no GraphQL server that would fill in a default.
    fn default(&mut self, argument: &ast::InputValueDefinition) -> Option<u32> {
        let value = argument.default_value.as_ref().filter(|_| self.connected)?;
        Some(self.constants.add(crate::operation::constant(self.graph, &argument.ty, value)))
    }
}

fn type_name_field() -> Field {
    Field {
        name: "__typename".into(),
        key: "__typename".into(),
        slot: u32::MAX,
        on: None,
        on_names: [].into(),
        arguments: Vec::new(),
        list_depth: 0,
        output: Output::Leaf(Leaf::String),
    }
}

/// Domain scalars are checked in sources that we connect; a subgraph's scalars are its own affair.
fn leaf(graph: &Graph, named: &str, connected: bool) -> Leaf {
    match (named, graph.api_type(named)) {
        ("Int", _) => Leaf::Int,
        ("Float", _) => Leaf::Float,
        ("String", _) => Leaf::String,
        ("Boolean", _) => Leaf::Boolean,
        ("ID", _) => Leaf::Id,
        ("CodiceFiscale", _) if connected => Leaf::CodiceFiscale,
        ("Date", _) if connected => Leaf::Date,
        ("DateTime", _) if connected => Leaf::DateTime,
        (_, Some(ExtendedType::Enum(definition))) => Leaf::Enum(Arc::new(EnumValues {
            name: named.into(),
            values: definition.values.keys().map(|value| value.as_str().into()).collect(),
        })),
        _ => Leaf::Custom(named.into()),
    }
}
