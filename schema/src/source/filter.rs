//! `filter:` and `order:` of one `@connect` in; how arguments narrow what is asked, and its order, out.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, InputValueDefinition, Value};

use super::connect::{Ground, Site, misplaced};
use super::values::{argument, items, member, text};
use crate::Diagnostic;
use crate::mapping::{Filter, FilterOp, Name, Order, Target};
use crate::suggest::known_words;

/// Reads `filter:`.
pub(crate) fn read_filters(
    ground: &Ground<'_>,
    directive: &Node<Directive>,
    target: &Target,
    found: &mut Vec<Diagnostic>,
) -> Vec<Filter> {
    let filters = argument(directive, "filter");
    if let Some(value) = filters.filter(|_| ground.site == Site::Entity) {
        misplaced(ground, value, directive, "filter", "a type has no arguments", found);
        return Vec::new();
    }
    let read = items(filters).into_iter();
    read.filter_map(|value| read_filter(ground, value, &directive.name, target, found)).collect()
}

fn read_filter(
    ground: &Ground<'_>,
    value: &Node<Value>,
    directive: &str,
    target: &Target,
    found: &mut Vec<Diagnostic>,
) -> Option<Filter> {
    let arg = text(value, "arg")?;
    let op = filter_op(member(value, "op"));
    let definition = ground.field.and_then(|field| field.argument_by_name(&arg));
    let Some(definition) = definition else {
        let message =
            format!("`@{directive}(filter:)` names the argument `{arg}`, which `{}` hasn't", ground.on);
        let at = member(value, "arg").map(|node| ground.document.places.at(node))?;
        ground.wrong(found, "UNKNOWN_FILTER_ARGUMENT", at, message, known_words(&arg, ground.arguments()));
        return None;
    };
    for (message, help) in misfits(ground, directive, definition, op) {
        ground.wrong(found, "FILTER_TYPE", ground.document.places.at(value), message, help);
    }
    let target = side(ground, value, &format!("@{directive}(filter:)"), target, found)?;
    Some(Filter { arg, target, op })
}

/// Why an argument can't be compared so: what is wrong, and what to do.
fn misfits(
    ground: &Ground<'_>,
    directive: &str,
    argument: &InputValueDefinition,
    op: FilterOp,
) -> Vec<(String, &'static str)> {
    let (arg, ty) = (&argument.name, &argument.ty);
    let named = ty.inner_named_type();
    let is_leaf = ground.document.schema.types.get(named).is_none_or(|ty| ty.is_leaf());
    let is_list = ty.is_list() && !ty.item_type().is_list();
    let is_text = !matches!(named.as_str(), "Int" | "Float" | "Boolean");
    let mut misfits = Vec::new();
    if !is_leaf {
        let message =
            format!("`@{directive}(filter:)` can't compare with `{arg}`: `{named}` is an input object");
        misfits.push((message, "filter by arguments that are single values"));
    }
    match (op == FilterOp::In, is_list) {
        (false, true) => misfits.push((
            format!("`{arg}` is a list, and `@{directive}(filter:)` compares it with one value"),
            "write `op: IN`",
        )),
        (true, false) => misfits.push((
            format!("`op: IN` needs a plain list, and `{arg}` is a `{ty}`"),
            "leave `op` out for `EQ`, or make the argument a list",
        )),
        _ => {}
    }
    if matches!(op, FilterOp::Prefix | FilterOp::Contains) && !is_text {
        let message = format!("`op: PREFIX` and `op: CONTAINS` compare texts, and `{arg}` is a `{ty}`");
        misfits.push((message, "use another `op`, or a text argument"));
    }
    misfits
}

/// `column:` or `param:`, whichever the target's kind has.
fn side(
    ground: &Ground<'_>,
    value: &Node<Value>,
    path: &str,
    target: &Target,
    found: &mut Vec<Diagnostic>,
) -> Option<Name> {
    let right = if matches!(target, Target::Sql(_) | Target::Sheet(_)) { "column" } else { "param" };
    let wrong = if right == "column" { "param" } else { "column" };
    let at = ground.document.places.at(value);
    if member(value, wrong).is_some() {
        let message = format!("`{path}` has `{wrong}:`, which kind `{}` hasn't", target.kind());
        ground.wrong(found, "WRONG_KIND", at, message, format!("write `{right}:`"));
        return None;
    }
    let name = text(value, right);
    if name.is_none() {
        let message = format!("`{path}` doesn't say which {right}");
        ground.wrong(found, "MISSING_ARGUMENT", at, message, format!("add `{right}:`"));
    }
    name
}

fn filter_op(value: Option<&Node<Value>>) -> FilterOp {
    match value.and_then(|value| value.as_enum()).map(|name| name.as_str()) {
        Some("NE") => FilterOp::Ne,
        Some("LT") => FilterOp::Lt,
        Some("LE") => FilterOp::Le,
        Some("GT") => FilterOp::Gt,
        Some("GE") => FilterOp::Ge,
        Some("IN") => FilterOp::In,
        Some("PREFIX") => FilterOp::Prefix,
        Some("CONTAINS") => FilterOp::Contains,
        _ => FilterOp::Eq,
    }
}

/// Reads `order:`.
pub(crate) fn read_order(
    ground: &Ground<'_>,
    directive: &Node<Directive>,
    target: &Target,
    found: &mut Vec<Diagnostic>,
) -> Vec<Order> {
    let order = argument(directive, "order");
    if let Some(value) = order.filter(|_| !ground.is_many()) {
        misplaced(ground, value, directive, "order", "only a list or a connection has an order", found);
        return Vec::new();
    }
    let read = items(order).into_iter().filter_map(|value| {
        let descending = member(value, "descending").and_then(|v| v.to_bool()).unwrap_or(false);
        let target = side(ground, value, &format!("@{}(order:)", directive.name), target, found)?;
        Some(Order { target, descending })
    });
    read.collect()
}
