//! Representations, compiled: which fields of an object go into its representation, by the type it has.

use raccordo_connector_api::RepresentationType;
use raccordo_schema::mapping::Name;

use super::federation::{SetItem, TypeId};
use super::search::Search;
use super::search::steps::Step;
use super::search::wanted::SpotId;
use super::{Absent, Entities, Nested, PlanError, Project, Projection};
use crate::graph::Graph;

/// What of the objects that a step is for makes their representations.
///
/// # Errors
/// An input that nobody wanted: a fault of the search.
pub(super) fn compile_entities(
    graph: &Graph,
    search: &Search<'_>,
    step: &Step,
) -> Result<Entities, PlanError> {
    let projecting = Projecting { graph, search };
    let mut entities = Entities { types: Vec::new(), by_type: Vec::new() };
    for entity in &step.entities {
        let name = graph.types().name(entity.ty).cloned();
        let name = name.ok_or(PlanError::Inconsistent("a type without a name"))?;
        for ty in &entity.types {
            let mut fields = Vec::new();
            let (key, required) = entity.inputs.split_at_checked(entity.key).unwrap_or((&entity.inputs, &[]));
            projecting.project(step.spot, (*ty, Part::Key), key, &mut fields)?;
            let keys = fields.len();
            projecting.project(step.spot, (*ty, Part::Required), required, &mut fields)?;
            let names: Vec<Name> = fields.iter().filter_map(Project::name).collect();
            let known = entities.types.iter().position(|own| own.name == name && own.fields == names);
            let representation = known.unwrap_or_else(|| {
                let name = Name::clone(&name);
                entities.types.push(RepresentationType { name, type_id: entity.ty, fields: names });
                entities.types.len() - 1
            });
            entities.by_type.push((*ty, Projection { representation: representation as u32, fields, keys }));
        }
    }
    entities.by_type.sort_by_key(|(ty, _)| *ty);
    entities.by_type.dedup_by_key(|(ty, _)| *ty);
    Ok(entities)
}

/// What a field is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Key,
    Required,
}

struct Projecting<'a> {
    graph: &'a Graph,
    search: &'a Search<'a>,
}

impl Projecting<'_> {
    /// What of an object of a type goes into its representation.
    fn project(
        &self,
        spot: SpotId,
        (ty, part): (TypeId, Part),
        items: &[SetItem],
        into: &mut Vec<Project>,
    ) -> Result<(), PlanError> {
        for item in items {
            match item {
                SetItem::On { ty: on, below } => {
                    if self.is_a(ty, *on) {
                        self.project(spot, (ty, part), below, into)?;
                    }
                }
                SetItem::Field { name, arguments, below } => {
                    let want = self.search.wants_of(spot, &[ty], name, arguments).first().copied();
                    let want = want.ok_or(PlanError::Inconsistent("an input that nobody wanted"))?;
                    let want = &self.search.wants[want];
                    let below = want.below.map(|spot| self.nested(spot, part, below)).transpose()?;
                    match into.iter_mut().find(|own| own.name().as_ref() == Some(name)) {
                        // Several conditions may name one field: it is sent once, with all that they want below it.
                        Some(own) => own.extend(below),
                        None => {
                            let (name, absent) = (Name::clone(name), self.absent(&[ty], name, part));
                            into.push(Project::Field { name, slot: want.slot, absent, below });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The projections of nested objects; with the name of their type where it can be one of several.
    fn nested(&self, spot: SpotId, part: Part, items: &[SetItem]) -> Result<Nested, PlanError> {
        let possible = &self.search.spots[spot].possible;
        let mut all: Nested = Vec::new();
        if self.search.spots[spot].is_abstract {
            all.push(([].into(), Project::TypeName));
        }
        self.nest(spot, (possible, part), items, &mut all)?;
        Ok(all)
    }

    fn nest(
        &self,
        spot: SpotId,
        (types, part): (&[TypeId], Part),
        items: &[SetItem],
        into: &mut Nested,
    ) -> Result<(), PlanError> {
        for item in items {
            match item {
                SetItem::On { ty: on, below } => {
                    let of: Vec<TypeId> = types.iter().copied().filter(|ty| self.is_a(*ty, *on)).collect();
                    self.nest(spot, (&of, part), below, into)?;
                }
                SetItem::Field { name, arguments, below } => {
                    // A client may want one field under several keys: the first has it, as the search brought it.
                    let mut left = types.to_vec();
                    for want in self.search.wants_of(spot, types, name, arguments) {
                        let want = &self.search.wants[want];
                        let of: Vec<TypeId> =
                            left.iter().copied().filter(|ty| super::search::has(&want.types, *ty)).collect();
                        if of.is_empty() {
                            continue;
                        }
                        left.retain(|ty| !of.contains(ty));
                        let below = want.below.map(|spot| self.nested(spot, part, below)).transpose()?;
                        let (name, absent) = (Name::clone(name), self.absent(&of, name, part));
                        into.push((of.into(), Project::Field { name, slot: want.slot, absent, below }));
                    }
                }
            }
        }
        Ok(())
    }

    /// What it means that a field of objects of these types isn't there.
    fn absent(&self, types: &[TypeId], name: &Name, part: Part) -> Absent {
        let mut owners = types.iter().filter_map(|ty| self.graph.types().name(*ty));
        let strict = owners.find(|owner| {
            self.graph.field(owner, name).is_some_and(|definition| definition.ty.is_non_null())
        });
        match (part, strict) {
            (Part::Key, _) => Absent::Unasked,
            (Part::Required, None) => Absent::Null,
            (Part::Required, Some(owner)) => Absent::Lost(Name::clone(owner)),
        }
    }

    fn is_a(&self, ty: TypeId, on: TypeId) -> bool {
        self.graph.types().name(on).is_some_and(|name| self.graph.is_possible(name, ty))
    }
}
