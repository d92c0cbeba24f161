//! What is wanted of a resource in; the value of `_elements` out, so that the rest never leaves the partner. FHIR R4 §3.1.1.5.9.
//!
//! A server may answer more than that, never less: whatever is read here is in the list.

use std::collections::BTreeSet;

use raccordo_connector_api::Selection;
use raccordo_schema::mapping::{From, Name, TypeMapping};

use crate::model::Model;

/// The top-level elements that the fields of the selections read, with `id` and the `extra` ones that joining needs.
/// `None` where a program's elements can't be told: then whole resources are asked for.
pub(crate) fn elements(
    model: &Model,
    type_name: &Name,
    type_id: Option<u32>,
    selections: &[&Selection],
    extra: &[&str],
) -> Option<String> {
    let mut names: BTreeSet<String> = extra.iter().map(|name| (*name).to_owned()).collect();
    let mapping = model.mapping.types.get(type_name)?;
    for selection in selections {
        let fields = selection.fields.iter().filter(|field| type_id.is_none_or(|id| field.applies_to(id)));
        for field in fields.filter(|field| &*field.name != "__typename") {
            names.extend(read(model, mapping, &field.name)?);
        }
    }
    let others = names.iter().filter(|name| *name != "id").map(String::as_str);
    Some(std::iter::once("id").chain(others).collect::<Vec<_>>().join(","))
}

/// The top-level elements that one field reads.
fn read(model: &Model, of: &TypeMapping, field: &Name) -> Option<Vec<String>> {
    let mapping = of.fields.get(field)?;
    if mapping.connect.is_some() {
        return Some(Vec::new());
    }
    match &mapping.from {
        From::Name => {
            Some(vec![model.key_of(&of.name, field).map_or(&**field, |key| key.element()).to_owned()])
        }
        From::Jq { elements: Some(elements), .. } => {
            Some(elements.iter().map(|name| name.to_string()).collect())
        }
        From::Jq { elements: None, .. } => model.program(&of.name, field)?.top_level_elements(),
        From::Meta(_) => Some(Vec::new()),
        From::Column(_) | From::Header { .. } => None,
    }
}
