//! Representations, compiled: which fields of an object go into its representation, by its concrete type.

use std::sync::Arc;

use raccordo_connector_api::RepresentationType;
use raccordo_schema::mapping::Name;

use super::compile::type_set;
use super::planner::DraftItem;
use super::shape::{Aliases, Shape};
use super::{Entities, Nested, PlanError, Project, Projection};
use crate::graph::Graph;

/// What of the objects at a position makes their representations. `input_types` are types that representations get instead of
/// their own.
///
/// # Errors
/// An input that no step brings.
pub(super) fn compile_entities(
    graph: &Graph,
    requires: &[DraftItem],
    input_types: &[(Vec<String>, String)],
    shape: (&Shape, &Aliases),
) -> Result<Entities, PlanError> {
    let mut concrete: Vec<u32> = Vec::new();
    for item in requires {
        if let DraftItem::On { type_name, .. } = item {
            concrete.extend(type_set(graph, std::iter::once(type_name.as_str())).iter());
        }
    }
    concrete.sort_unstable();
    concrete.dedup();
    let mut entities = Entities { types: Vec::new(), by_type: Vec::with_capacity(concrete.len()) };
    for type_id in concrete {
        let mut fields = Vec::new();
        project(graph, type_id, requires, shape, &mut fields)?;
        let sent_as = input_types
            .iter()
            .find(|(types, _)| types.iter().any(|name| graph.is_possible(name, type_id)))
            .map(|(_, name)| Name::from(name.as_str()));
        let name = sent_as.or_else(|| graph.types().name(type_id).cloned());
        let name = name.ok_or(PlanError::Inconsistent("a type without a name"))?;
        let names: Vec<Name> = fields.iter().filter_map(Project::name).collect();
        let known = entities.types.iter().position(|own| own.name == name && own.fields == names);
        let representation = known.unwrap_or_else(|| {
            let type_id = graph.types().id(&name).unwrap_or(type_id);
            entities.types.push(RepresentationType { name, type_id, fields: names });
            entities.types.len() - 1
        });
        entities.by_type.push((type_id, Projection { representation: representation as u32, fields }));
    }
    Ok(entities)
}

/// What of an object of a concrete type goes into its representation.
fn project(
    graph: &Graph,
    type_id: u32,
    items: &[DraftItem],
    shape: (&Shape, &Aliases),
    into: &mut Vec<Project>,
) -> Result<(), PlanError> {
    for item in items {
        match item {
            DraftItem::On { type_name, below } => {
                if graph.is_possible(type_name, type_id) {
                    project(graph, type_id, below, shape, into)?;
                }
            }
            // The planner's alias is the name that the source expects; its name is the key that the value is under.
            DraftItem::Field { name, alias, below, .. } => {
                if name == "__typename" {
                    continue;
                }
                let sent_as = Name::from(alias.as_deref().unwrap_or(name));
                let (slot, below_shape) = brought(shape, name)?;
                let below = nested(graph, below, (below_shape, shape.1))?;
                match into.iter_mut().find(|own| own.name().as_ref() == Some(&sent_as)) {
                    // Several conditions may name one field: it is sent once, with all that they want below it.
                    Some(own) => own.extend(below),
                    None => into.push(Project::Field { name: sent_as, slot, below }),
                }
            }
        }
    }
    Ok(())
}

/// The projections of nested objects, by concrete type where conditions make a difference.
fn nested(
    graph: &Graph,
    items: &[DraftItem],
    shape: (&Shape, &Aliases),
) -> Result<Option<Nested>, PlanError> {
    if items.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    nest(graph, items, shape, None, &mut all)?;
    Ok(Some(all))
}

fn nest(
    graph: &Graph,
    items: &[DraftItem],
    shape: (&Shape, &Aliases),
    on: Option<&str>,
    into: &mut Nested,
) -> Result<(), PlanError> {
    let types: Arc<[u32]> = on.map_or_else(|| [].into(), |on| type_set(graph, std::iter::once(on)));
    for item in items {
        match item {
            DraftItem::On { type_name, below } => nest(graph, below, shape, Some(type_name), into)?,
            DraftItem::Field { name, .. } if name == "__typename" => {
                into.push((Arc::clone(&types), Project::TypeName))
            }
            DraftItem::Field { name, alias, below, .. } => {
                let (slot, below_shape) = brought(shape, name)?;
                let sent_as = Name::from(alias.as_deref().unwrap_or(name));
                into.push((
                    Arc::clone(&types),
                    Project::Field {
                        name: sent_as,
                        slot,
                        below: nested(graph, below, (below_shape, shape.1))?,
                    },
                ));
            }
        }
    }
    Ok(())
}

fn brought<'s>((shape, aliases): (&'s Shape, &Aliases), key: &str) -> Result<(u32, &'s Shape), PlanError> {
    shape.brought(key, aliases).ok_or(PlanError::Inconsistent("an input that no step brings"))
}
