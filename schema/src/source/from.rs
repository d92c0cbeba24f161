//! `@from` on a field and `@code` on an enum's values in; where values are, and which codes stand for which value, out.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::schema::EnumType;
use indexmap::IndexMap;
use std::sync::Arc;

use super::document::{Document, Places};
use super::values::{argument, strings};
use super::vocabulary::Checked;
use crate::Diagnostic;
use crate::mapping::{EnumMapping, FieldType, From, Meta, Name, NamedKind};

/// Reads one `@from` that fits the vocabulary.
pub(crate) fn read_from(
    places: &Places,
    on: &str,
    directive: &Node<Directive>,
    shape: &FieldType,
    found: &mut Vec<Diagnostic>,
) -> Option<From> {
    let wrong =
        |rule, message: String, help: &str| Diagnostic::error(rule, places.at(directive), message).help(help);
    let name = &directive.name;
    let given: Vec<(&str, &Node<Value>)> = ["column", "header", "jq", "meta"]
        .into_iter()
        .filter_map(|part| Some((part, argument(directive, part)?)))
        .collect();
    let elements = argument(directive, "elements");
    let split = argument(directive, "split").and_then(|value| value.as_str()).map(Arc::from);
    if elements.is_some() && argument(directive, "jq").is_none() {
        found.push(wrong(
            "FROM_TARGET",
            format!("`@{name}(elements:)` on `{on}` has no `jq:` beside it"),
            "`elements:` says what a jq program reads; remove it",
        ));
    }
    if split.is_some() && !given.iter().all(|(part, _)| *part == "header") {
        found.push(wrong(
            "FROM_TARGET",
            format!("`@{name}(split:)` on `{on}` stands beside what isn't a header"),
            "`split:` separates the items of a sheet's cell; remove it",
        ));
    }
    if split.is_some() && (!shape.list || !matches!(shape.kind, NamedKind::Scalar | NamedKind::Enum)) {
        found.push(wrong(
            "FROM_SPLIT",
            format!("`@{name}(split:)` stands on `{on}`, which isn't a list of single values"),
            "remove `split:`, or let the field be a list",
        ));
    }
    match given.as_slice() {
        [("column", value)] => Some(From::Column(Name::from(value.as_str()?))),
        [("jq", value)] => {
            let elements = elements.map(|_| strings(elements));
            Some(From::Jq { program: Arc::from(value.as_str()?), elements })
        }
        [("meta", value)] => read_meta(places, on, directive, value, shape, found),
        [(_, value)] => Some(From::Header { names: strings(Some(value)), split }),
        [] if split.is_some() => Some(From::Header { names: Vec::new(), split }),
        [] => {
            found.push(wrong(
                "FROM_TARGET",
                format!("`@{name}` on `{on}` doesn't say where the value is"),
                "give exactly one of `column:`, `header:`, `jq:` and `meta:`",
            ));
            None
        }
        several => {
            let parts =
                several.iter().map(|(part, _)| format!("`{part}:`")).collect::<Vec<_>>().join(" and ");
            found.push(wrong(
                "FROM_TARGET",
                format!("`@{name}` on `{on}` has {parts}"),
                "give exactly one of `column:`, `header:`, `jq:` and `meta:`",
            ));
            None
        }
    }
}

fn read_meta(
    places: &Places,
    on: &str,
    directive: &Node<Directive>,
    value: &Node<Value>,
    shape: &FieldType,
    found: &mut Vec<Diagnostic>,
) -> Option<From> {
    let word = value.as_enum()?.as_str();
    let (meta, types): (_, &[&str]) = match word {
        "SOURCE" => (Meta::Source, &["String", "ID"]),
        "MEMBER" => (Meta::Member, &["String", "ID"]),
        "SERVES" => (Meta::Serves, &["String", "ID"]),
        _ => (Meta::AsOf, &["DateTime", "String"]),
    };
    let message = match (meta, types.contains(&&*shape.named) && !shape.list) {
        (_, false) => {
            format!("`@{}(meta: {word})` can't fill `{on}`, whose type is `{}`", directive.name, shape.named)
        }
        (Meta::Member, true) if shape.non_null => {
            format!(
                "`@{}(meta: MEMBER)` can't fill `{on}`, which may not be null: a source without members has none",
                directive.name
            )
        }
        (_, true) => return Some(From::Meta(meta)),
    };
    let help = format!(
        "let the field be of type `{}`{}",
        types.join("` or `"),
        if meta == Meta::Member { ", nullable" } else { "" }
    );
    found.push(Diagnostic::error("META_TYPE", places.at(value), message).help(help));
    None
}

/// Reads the codes of one enum.
pub(crate) fn read_enum(
    document: &Document,
    checked: &Checked,
    definition: &EnumType,
    found: &mut Vec<Diagnostic>,
) -> EnumMapping {
    let name = Name::from(definition.name.as_str());
    let mut mapping = EnumMapping { name, codes: IndexMap::new(), otherwise: None };
    for value in definition.values.values() {
        let own = Name::from(value.value.as_str());
        let directive = value.directives.iter().find(|d| document.links.is_connect(d, "code"));
        let directive = directive.filter(|directive| checked.fits(directive));
        let is = directive.and_then(|directive| argument(directive, "is"));
        let codes = if is.is_some() { strings(is) } else { vec![own.clone()] };
        for code in codes {
            let at =
                directive.map_or_else(|| document.places.at_name(&value.value), |d| document.places.at(d));
            if let Some(other) = mapping.codes.get(&code).filter(|other| **other != own) {
                let message = format!(
                    "the code `{code}` stands for both `{}.{other}` and `{}.{own}`",
                    definition.name, definition.name
                );
                found.push(
                    Diagnostic::error("DUPLICATE_CODE", at, message).help("give each code to one value"),
                );
            } else {
                mapping.codes.insert(code, own.clone());
            }
        }
        if let Some(directive) = directive {
            read_otherwise(document, directive, is.is_some(), &own, &mut mapping, found);
        }
    }
    mapping
}

fn read_otherwise(
    document: &Document,
    directive: &Node<Directive>,
    has_codes: bool,
    own: &Name,
    mapping: &mut EnumMapping,
    found: &mut Vec<Diagnostic>,
) {
    let otherwise = argument(directive, "otherwise").and_then(|value| value.to_bool()).unwrap_or(false);
    let at = document.places.at(directive);
    match &mapping.otherwise {
        Some(first) if otherwise => {
            let message = format!(
                "both `{}.{first}` and `{}.{own}` stand for every other code",
                mapping.name, mapping.name
            );
            found.push(Diagnostic::error("CODE_OTHERWISE", at, message).help("keep one `otherwise: true`"));
        }
        None if otherwise => mapping.otherwise = Some(own.clone()),
        _ if !has_codes => {
            let message = format!("`@{}` on `{}.{own}` says nothing", directive.name, mapping.name);
            found.push(Diagnostic::error("CODE_EMPTY", at, message).help(
                "add `is: [\"…\"]` or `otherwise: true`, or remove it: the code is then the value's own name",
            ));
        }
        _ => {}
    }
}
