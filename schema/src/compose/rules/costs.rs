//! `@cost` and `@listSize` in one source: that they stand where they mean something. In: a source. Out: diagnostics.

use crate::Diagnostic;
use crate::compose::costs::ListSize;
use crate::compose::subgraph::{Field, Kind, Subgraph, TypeDef};
use apollo_compiler::ast::Type;

/// Checks every field.
pub(super) fn check(source: &Subgraph, problems: &mut Vec<Diagnostic>) {
    for def in source.types.values() {
        for field in def.fields.values() {
            if def.kind == Kind::Interface && field.marks.cost.is_some() {
                let message =
                    format!("`{}.{}` has `@cost`, but belongs to an interface", def.name, field.name);
                let help = "say it of the object types that implement the interface";
                problems.push(told(source, field, "COST_APPLIED_TO_INTERFACE_FIELD", message, help));
            }
            if let Some(size) = &field.marks.list_size {
                list_size(source, def, field, size, problems);
            }
        }
    }
}

fn told(source: &Subgraph, field: &Field, rule: &'static str, message: String, help: &str) -> Diagnostic {
    Diagnostic::error(rule, source.locate(field.at), message).help(help)
}

fn list_size(
    source: &Subgraph,
    def: &TypeDef,
    field: &Field,
    size: &ListSize,
    problems: &mut Vec<Diagnostic>,
) {
    let place = format!("{}.{}", def.name, field.name);
    let mut tell = |rule, message, help| problems.push(told(source, field, rule, message, help));
    if size.assumed.is_some_and(|assumed| assumed < 0) {
        let message = format!("the `assumedSize` of `{place}` is negative");
        tell("LIST_SIZE_INVALID_ASSUMED_SIZE", message, "say how many items there may be, 0 or more");
    }
    for name in size.slicing.iter().flatten() {
        let argument = field.arguments.get(name.as_str());
        if argument.is_none_or(|a| !is_int(&a.ty)) {
            let what = if argument.is_some() { "is no `Int`" } else { "is no argument of the field" };
            let message = format!("`slicingArguments` of `{place}` names `{name}`, which {what}");
            let help = "name arguments of type `Int` that say how many items are asked for";
            tell("LIST_SIZE_INVALID_SLICING_ARGUMENT", message, help);
        }
    }
    let Some(sized) = size.sized.as_ref().filter(|sized| !sized.is_empty()) else {
        if !field.ty.is_list() {
            let message = format!("`{place}` has `@listSize`, but is no list");
            tell(
                "LIST_SIZE_APPLIED_TO_NON_LIST",
                message,
                "name the lists below it in `sizedFields`, or take it away",
            );
        }
        return;
    };
    let below = source.types.get(field.ty.inner_named_type());
    for name in sized {
        let found = below.filter(|_| !field.ty.is_list()).and_then(|t| t.fields.get(name.as_str()));
        let (rule, what) = match found {
            None => ("LIST_SIZE_INVALID_SIZED_FIELD", "is no field of what it returns"),
            Some(found) if !found.ty.is_list() => ("LIST_SIZE_APPLIED_TO_NON_LIST", "is no list"),
            Some(_) => continue,
        };
        let message = format!("`sizedFields` of `{place}` names `{name}`, which {what}");
        tell(rule, message, "name lists among the fields of the object that the field returns");
    }
}

fn is_int(ty: &Type) -> bool {
    matches!(ty, Type::Named(name) | Type::NonNullNamed(name) if name == "Int")
}
