//! A response key stands once for each concrete type: fields that overlapping conditions ask under one key are read as one.
//!
//! `{ simile { id } ... on Libro { simile { prezzo } } }` asks `simile` twice of a `Libro`, and a source answers it once, merged
//! (GraphQL specification, "Field Selection Merging"). What is asked stays as the planner has it; how it is read is told apart by type.

use std::sync::Arc;

use raccordo_connector_api::{Field, Output, Selection};
use raccordo_schema::mapping::Name;

/// Makes the fields of a selection on `type_name` disjoint. `types` are the types that an object there can have.
pub(super) fn disjoint(fields: Vec<Field>, type_name: &Name, types: &[u32]) -> Vec<Field> {
    let mut made: Vec<Field> = Vec::with_capacity(fields.len());
    let mut merged: Vec<Field> = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let others: Vec<&Field> = fields.iter().filter(|other| other.key == field.key).collect();
        if others.len() < 2 {
            made.push(field.clone());
            continue;
        }
        let is_first = fields.iter().position(|other| other.key == field.key) == Some(index);
        if is_first {
            merged.extend(overlaps(&others, types));
        }
        made.push(alone(field, &others, type_name, types));
    }
    made.extend(merged);
    made
}

/// The field where no other under its key applies. It is asked under its own condition all the same.
fn alone(field: &Field, others: &[&Field], type_name: &Name, types: &[u32]) -> Field {
    let only = |id: &u32| others.iter().filter(|other| other.applies_to(*id)).count() == 1;
    let of_field = field.on.as_deref().unwrap_or(types);
    let own: Arc<[u32]> = of_field.iter().copied().filter(only).collect();
    if own.len() == of_field.len() {
        return field.clone();
    }
    // Without a condition it is asked of the type itself.
    let on_names =
        if field.on.is_none() { [Name::clone(type_name)].into() } else { Arc::clone(&field.on_names) };
    Field { on: Some(own), on_names, ..field.clone() }
}

/// For each set of fields that apply together to some types: one field for these types, with all that they want. It has no
/// condition to be asked under, since each of them is asked already.
fn overlaps(others: &[&Field], types: &[u32]) -> Vec<Field> {
    let mut all: Vec<u32> =
        others.iter().flat_map(|field| field.on.as_deref().unwrap_or(types)).copied().collect();
    all.sort_unstable();
    all.dedup();
    let mut groups: Vec<(Vec<usize>, Vec<u32>)> = Vec::new();
    for id in all {
        let applying: Vec<usize> = others
            .iter()
            .enumerate()
            .filter(|(_, field)| field.applies_to(id))
            .map(|(index, _)| index)
            .collect();
        if applying.len() < 2 {
            continue;
        }
        match groups.iter_mut().find(|(own, _)| *own == applying) {
            Some((_, ids)) => ids.push(id),
            None => groups.push((applying, vec![id])),
        }
    }
    groups.into_iter().filter_map(|(applying, ids)| merged(others, &applying, ids)).collect()
}

fn merged(others: &[&Field], applying: &[usize], ids: Vec<u32>) -> Option<Field> {
    let mut fields = applying.iter().filter_map(|index| others.get(*index));
    let mut whole: Field = (*fields.next()?).clone();
    for field in fields {
        add(&mut whole.output, &field.output);
    }
    whole.on = Some(ids.into());
    whole.on_names = [].into();
    Some(whole)
}

fn add(into: &mut Output, more: &Output) {
    if let (Output::Object(into), Output::Object(more)) = (into, more) {
        add_selection(into, more);
    }
}

fn add_selection(into: &mut Selection, more: &Selection) {
    for field in &more.fields {
        match into.fields.iter_mut().find(|own| own.key == field.key && own.on == field.on) {
            Some(own) => add(&mut own.output, &field.output),
            None if &*field.name == "__typename" => into.fields.insert(0, field.clone()),
            None => into.fields.push(field.clone()),
        }
    }
    let mut types: Vec<u32> =
        into.fields.iter().filter_map(|field| field.on.as_deref()).flatten().copied().collect();
    types.extend(into.type_id);
    types.sort_unstable();
    types.dedup();
    into.fields = disjoint(std::mem::take(&mut into.fields), &into.type_name, &types);
}
