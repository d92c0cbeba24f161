//! Steps in, calls out: steps to one source that become ready together go in one call, and those of them that ask the same go as one
//! question, each entity once.
//!
//! Decided when a plan is made, by nothing but what steps wait for. Root fields are never joined: the planner has them together
//! already, and mutations have their order. A call that nothing waits for may wait itself, for one to its source that is still to come
//! (`run/patience.rs`): what comes of it is no sooner wanted than what comes of the other.

use std::sync::Arc;

use raccordo_connector_api::{Field, Output, RepresentationType, Selection, What};

use super::{Locate, Step};

/// One call to one source.
#[derive(Debug)]
pub struct Call {
    /// Index of the source in the graph.
    pub source: usize,
    /// What is asked, each with the steps that it is for.
    pub lookups: Vec<Lookup>,
    /// How many calls it waits for.
    pub waits: usize,
    /// The calls that wait for it.
    pub then: Vec<usize>,
    /// It asks for entities, as all that goes together does.
    pub of_entities: bool,
}

/// One question, for one step or for several that ask the same of different objects.
#[derive(Debug)]
pub struct Lookup {
    /// The steps, by index. The first one's question is asked.
    pub steps: Vec<Place>,
    /// What representations look like; none for root fields.
    pub types: Arc<[RepresentationType]>,
}

/// A step that a question is for.
#[derive(Debug)]
pub struct Place {
    /// The step.
    pub step: usize,
    /// Its objects' slots are those of the question's first step.
    pub is_same_layout: bool,
    /// Other steps write into the objects below those that it brings: objects that share a record need one of their own each.
    pub is_written_below: bool,
}

/// Joins the steps of a plan into calls.
pub(super) fn join(steps: &[Step]) -> Vec<Call> {
    let parents: Vec<Vec<usize>> = (0..steps.len()).map(|index| parents(steps, index)).collect();
    let written: Vec<Vec<Position>> = steps.iter().map(written).collect();
    let mut calls: Vec<Call> = Vec::with_capacity(steps.len());
    let mut call_of = vec![0; steps.len()];
    for (index, step) in steps.iter().enumerate() {
        let is_written_below = is_written_below(steps, &written, index);
        let with = calls.iter().position(|call| goes_with(steps, &parents, call, index));
        let at = with.unwrap_or_else(|| {
            calls.push(Call {
                source: step.source,
                lookups: Vec::new(),
                waits: 0,
                then: Vec::new(),
                of_entities: step.entities.is_some(),
            });
            calls.len() - 1
        });
        if let (Some(call), Some(own)) = (calls.get_mut(at), call_of.get_mut(index)) {
            add(steps, call, index, is_written_below);
            *own = at;
        }
    }
    let waits: Vec<(usize, usize)> = parents
        .iter()
        .enumerate()
        .flat_map(|(index, parents)| parents.iter().map(move |parent| (*parent, index)))
        .filter_map(|(parent, child)| Some((*call_of.get(parent)?, *call_of.get(child)?)))
        .collect();
    for (before, after) in waits {
        let Some(call) = calls.get_mut(before).filter(|call| !call.then.contains(&after)) else { continue };
        call.then.push(after);
        if let Some(call) = calls.get_mut(after) {
            call.waits += 1;
        }
    }
    calls
}

fn parents(steps: &[Step], index: usize) -> Vec<usize> {
    let parents = steps.iter().enumerate().filter(|(_, other)| other.then.contains(&index));
    parents.map(|(parent, _)| parent).collect()
}

/// A step goes with a call to its source that is for entities too and waits for the very same steps.
fn goes_with(steps: &[Step], parents: &[Vec<usize>], call: &Call, index: usize) -> bool {
    let first = call.lookups.first().and_then(|lookup| lookup.steps.first()).map(|place| place.step);
    let (Some(step), Some(first)) = (steps.get(index), first) else { return false };
    step.entities.is_some()
        && call.of_entities
        && call.source == step.source
        && parents.get(first) == parents.get(index)
}

fn add(steps: &[Step], call: &mut Call, index: usize, is_written_below: bool) {
    let Some(step) = steps.get(index) else { return };
    let same = call.lookups.iter_mut().find_map(|lookup| {
        let first = steps.get(lookup.steps.first()?.step)?;
        asks_the_same(&first.asked.what, &step.asked.what).then_some((lookup, first))
    });
    match same {
        Some((lookup, first)) => {
            let is_same_layout = same_layout(first.asked.selection(), step.asked.selection());
            lookup.steps.push(Place { step: index, is_same_layout, is_written_below });
            // Their records are shared: what is written below one place is seen at all of them.
            let any = lookup.steps.iter().any(|place| place.is_written_below);
            lookup.steps.iter_mut().for_each(|place| place.is_written_below = any);
        }
        None => {
            let types = match &step.asked.what {
                What::Entities { types, .. } => types.as_slice().into(),
                What::Roots { .. } => [].into(),
            };
            let place = Place { step: index, is_same_layout: true, is_written_below };
            call.lookups.push(Lookup { steps: vec![place], types });
        }
    }
}

/// The same question of entities, wherever its answers go.
fn asks_the_same(one: &What, other: &What) -> bool {
    match (one, other) {
        (
            What::Entities { types, selection },
            What::Entities { types: other_types, selection: other_selection },
        ) => {
            let alike = |(one, other): (&RepresentationType, &RepresentationType)| {
                one.name == other.name && one.type_id == other.type_id && one.fields == other.fields
            };
            types.len() == other_types.len()
                && types.iter().zip(other_types).all(alike)
                && selects_the_same(selection, other_selection)
        }
        _ => false,
    }
}

fn selects_the_same(one: &Selection, other: &Selection) -> bool {
    one.type_name == other.type_name
        && one.type_id == other.type_id
        && one.fields.len() == other.fields.len()
        && one.fields.iter().zip(&other.fields).all(|(one, other)| is_the_same(one, other))
}

fn is_the_same(one: &Field, other: &Field) -> bool {
    let arguments = one.arguments.len() == other.arguments.len()
        && one.arguments.iter().zip(&other.arguments).all(|(one, other)| {
            one.name == other.name && one.value == other.value && one.type_text == other.type_text
        });
    let outputs = match (&one.output, &other.output) {
        // A field of one type has one type of leaf.
        (Output::Leaf(_), Output::Leaf(_)) => true,
        (Output::Object(one), Output::Object(other)) => selects_the_same(one, other),
        _ => false,
    };
    let named = one.name == other.name && one.key == other.key;
    named && arguments && outputs && one.on == other.on && one.on_names == other.on_names
}

/// Whether objects of two selections that ask the same are laid out alike, so that one's cells serve the other.
fn same_layout(one: &Selection, other: &Selection) -> bool {
    let alike = |(one, other): (&Field, &Field)| {
        let below = match (one.selection(), other.selection()) {
            (Some(one), Some(other)) => same_layout(one, other),
            _ => true,
        };
        one.slot == other.slot && below
    };
    one.width == other.width && one.fields.iter().zip(&other.fields).all(alike)
}

/// Where objects are: the slots from the root to them.
type Position = Vec<u32>;

/// The positions whose objects a step writes into: its own, and those below that its question brings.
fn written(step: &Step) -> Vec<Position> {
    let slots = step.path.iter().filter_map(|locate| match locate {
        Locate::Slot(slot) => Some(*slot),
        Locate::Types(_) => None,
    });
    let mut positions = vec![slots.collect()];
    below(step.asked.selection(), 0, &mut positions);
    positions
}

/// Adds the positions of the objects that a selection brings below the position at `from`.
fn below(selection: &Selection, from: usize, positions: &mut Vec<Position>) {
    for field in &selection.fields {
        let (Some(selection), Some(mut position)) = (field.selection(), positions.get(from).cloned()) else {
            continue;
        };
        position.push(field.slot);
        positions.push(position);
        below(selection, positions.len() - 1, positions);
    }
}

fn is_written_below(steps: &[Step], written: &[Vec<Position>], index: usize) -> bool {
    let brought = written.get(index).map_or(&[][..], |positions| positions.get(1..).unwrap_or_default());
    let others = (0..steps.len()).filter(|other| *other != index).filter_map(|other| written.get(other));
    others.flatten().any(|position| brought.contains(position))
}

#[cfg(test)]
mod tests {
    use raccordo_connector_api::{Asked, Leaf, TypeNames};

    use super::super::Entities;
    use super::*;

    fn field(name: &str, slot: u32, below: Option<Selection>) -> Field {
        Field {
            name: name.into(),
            key: name.into(),
            slot,
            on: None,
            on_names: [].into(),
            arguments: Vec::new(),
            list_depth: 0,
            output: below.map_or(Output::Leaf(Leaf::String), |below| Output::Object(Box::new(below))),
        }
    }

    fn selection(width: u32, fields: Vec<Field>) -> Selection {
        Selection { type_name: "Persona".into(), type_id: Some(0), width, fields }
    }

    fn step(path: &[u32], selection: Selection, waits: usize, then: &[usize]) -> Step {
        let types =
            vec![RepresentationType { name: "Persona".into(), type_id: 0, fields: vec!["id".into()] }];
        Step {
            source: 0,
            asked: Arc::new(Asked::new(
                What::Entities { types: types.clone(), selection },
                Arc::new(TypeNames::default()),
            )),
            path: path.iter().map(|slot| Locate::Slot(*slot)).collect(),
            path_names: Vec::new(),
            entities: Some(Entities { types, by_type: Vec::new() }),
            waits,
            then: then.to_vec(),
        }
    }

    fn lookups(call: &Call) -> Vec<Vec<usize>> {
        call.lookups.iter().map(|lookup| lookup.steps.iter().map(|place| place.step).collect()).collect()
    }

    #[test]
    fn steps_that_wait_for_the_same_go_in_one_call_and_equal_questions_as_one() {
        let name = |width, slot| selection(width, vec![field("nome", slot, None)]);
        let steps = [
            step(&[], selection(2, vec![field("altro", 0, None)]), 0, &[1, 2, 3]),
            step(&[0], name(3, 0), 1, &[4]),
            step(&[1], name(4, 2), 1, &[]),
            step(&[1, 0], selection(3, vec![field("cap", 1, None)]), 1, &[]),
            step(&[0, 1], name(3, 0), 1, &[]),
        ];
        let calls = join(&steps);
        assert_eq!(
            calls.iter().map(lookups).collect::<Vec<_>>(),
            [vec![vec![0]], vec![vec![1, 2], vec![3]], vec![vec![4]],]
        );
        assert_eq!(calls.iter().map(|call| call.waits).collect::<Vec<_>>(), [0, 1, 1]);
        assert_eq!(
            calls.iter().map(|call| call.then.clone()).collect::<Vec<_>>(),
            [vec![1], vec![2], vec![]]
        );
        assert!(calls.iter().all(|call| call.of_entities));
        let layouts: Vec<bool> = calls[1].lookups[0].steps.iter().map(|place| place.is_same_layout).collect();
        assert_eq!(layouts, [true, false]);
    }

    #[test]
    fn what_another_step_writes_below_is_known() {
        let brings =
            selection(1, vec![field("quartiere", 0, Some(selection(2, vec![field("id", 0, None)])))]);
        let alone = [step(&[5], brings.clone(), 0, &[])];
        assert!(!join(&alone)[0].lookups[0].steps[0].is_written_below);
        let with_another =
            [step(&[5], brings, 0, &[1]), step(&[5, 0], selection(2, vec![field("cap", 1, None)]), 1, &[])];
        assert!(join(&with_another)[0].lookups[0].steps[0].is_written_below);
    }
}
