//! A directive's checked values in; Rust values out. What doesn't fit reads as absent: the vocabulary's check has said so before.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

use crate::mapping::Name;

/// A directive's argument; `null` is as good as absent.
pub(crate) fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a Node<Value>> {
    directive.specified_argument_by_name(name).filter(|value| !value.is_null())
}

/// An object's member; `null` is as good as absent.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Node<Value>> {
    let (_, value) = value.as_object()?.iter().find(|(known, _)| known == name)?;
    Some(value).filter(|value| !value.is_null())
}

/// A list's items; one value is a list of one.
pub(crate) fn items(value: Option<&Node<Value>>) -> Vec<&Node<Value>> {
    match value.map(|value| (value, value.as_list())) {
        Some((_, Some(list))) => list.iter().collect(),
        Some((one, None)) => vec![one],
        None => Vec::new(),
    }
}

/// A member that is a string.
pub(crate) fn text(value: &Value, name: &str) -> Option<Arc<str>> {
    member(value, name)?.as_str().map(Arc::from)
}

/// A member that is a list of strings, empty when absent.
pub(crate) fn texts(value: &Value, name: &str) -> Vec<Name> {
    strings(member(value, name))
}

/// A list of strings.
pub(crate) fn strings(value: Option<&Node<Value>>) -> Vec<Name> {
    items(value).into_iter().filter_map(|item| item.as_str()).map(Arc::from).collect()
}
