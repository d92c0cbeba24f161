//! Field sets of `@key`, `@requires` and `@provides`: text in, selections with numbered types out.

use apollo_compiler::ast::{Definition, Document, Selection, Value};
use raccordo_connector_api::TypeNames;
use raccordo_schema::mapping::Name;

use super::TypeId;

/// Selections. Equal texts make equal sets.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct FieldSet {
    pub(crate) items: Vec<SetItem>,
}

/// A field, or selections under a type condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SetItem {
    Field { name: Name, arguments: Vec<(Name, Value)>, below: Vec<SetItem> },
    On { ty: TypeId, below: Vec<SetItem> },
}

impl FieldSet {
    /// Reads a set, with or without outer braces. Nothing where the text isn't one.
    pub(super) fn parse(text: &str, types: &TypeNames) -> Option<Self> {
        let trimmed = text.trim();
        if !trimmed.is_empty() && trimmed.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            let field = SetItem::Field { name: trimmed.into(), arguments: Vec::new(), below: Vec::new() };
            return Some(Self { items: vec![field] });
        }
        let wrapped = if trimmed.starts_with('{') { trimmed.to_owned() } else { format!("{{{trimmed}}}") };
        let document = Document::parse(wrapped, "fields").ok()?;
        match document.definitions.as_slice() {
            [Definition::OperationDefinition(operation)] => {
                Some(Self { items: items(&operation.selection_set, types) })
            }
            _ => None,
        }
    }
}

fn items(selections: &[Selection], types: &TypeNames) -> Vec<SetItem> {
    let mut made = Vec::with_capacity(selections.len());
    for selection in selections {
        match selection {
            Selection::Field(field) if field.name == "__typename" => {}
            Selection::Field(field) => made.push(SetItem::Field {
                name: field.name.as_str().into(),
                arguments: field
                    .arguments
                    .iter()
                    .map(|argument| (Name::from(argument.name.as_str()), (*argument.value).clone()))
                    .collect(),
                below: items(&field.selection_set, types),
            }),
            Selection::InlineFragment(fragment) => {
                let below = items(&fragment.selection_set, types);
                match fragment.type_condition.as_ref().map(|name| types.id(name)) {
                    Some(Some(ty)) => made.push(SetItem::On { ty, below }),
                    Some(None) => {}
                    None => made.extend(below),
                }
            }
            Selection::FragmentSpread(_) => {}
        }
    }
    made
}
