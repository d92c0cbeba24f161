//! Field sets: the selections in `@key`, `@requires` and `@provides`.
//!
//! In: an argument's value. Out: selections, and a walk over the fields of a source that they name. Fragments by name, variables and
//! directives have no place in them.

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document, Selection, Value};

use super::subgraph::{Field, Kind, Subgraph};

/// The text of a `fields` argument. Federation v1 also takes a bare name, an enum value to GraphQL, and a list of strings.
pub(crate) fn text_of(value: &Value, v2: bool) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Enum(name) if !v2 => Ok(name.to_string()),
        Value::List(items) if !v2 => {
            let parts: Result<Vec<String>, String> = items.iter().map(|item| text_of(item, v2)).collect();
            Ok(parts?.join(" "))
        }
        _ => Err("`fields` is not a string".to_owned()),
    }
}

/// Parses a field set, with or without outer braces.
pub(crate) fn parse(text: &str) -> Result<Vec<Selection>, String> {
    let trimmed = text.trim();
    let wrapped = if trimmed.starts_with('{') { trimmed.to_owned() } else { format!("{{{trimmed}}}") };
    let document = Document::parse(wrapped, "fields")
        .map_err(|_| format!("`{trimmed}` is not a selection of fields"))?;
    match document.definitions.as_slice() {
        [Definition::OperationDefinition(operation)] if !operation.selection_set.is_empty() => {
            Ok(operation.selection_set.clone())
        }
        _ => Err(format!("`{trimmed}` is not a selection of fields")),
    }
}

/// A selection in an order of its own, so that field sets that differ only in order are equal.
pub(crate) fn sorted(selections: &[Selection]) -> String {
    let one = |selection: &Selection| match selection {
        Selection::Field(field) => format!("{}{{{}}}", field.name, sorted(&field.selection_set)),
        other => super::text::field_set(std::slice::from_ref(other)),
    };
    let mut parts: Vec<String> = selections.iter().map(one).collect();
    parts.sort_unstable();
    parts.join(" ")
}

/// One field met on the walk.
pub(crate) struct Step<'a> {
    /// The type it is selected on.
    pub(crate) parent: &'a Name,
    /// The field in the source.
    pub(crate) field: &'a Field,
    /// It has no selection of its own.
    pub(crate) leaf: bool,
    /// It is selected with arguments.
    pub(crate) with_arguments: bool,
    /// A field above it is external.
    pub(crate) below_external: bool,
}

/// Walks a field set over a source. What doesn't fit the source is told in words; the rest is walked all the same.
pub(crate) fn walk<'a>(
    source: &'a Subgraph,
    parent: &'a Name,
    selections: &[Selection],
) -> (Vec<Step<'a>>, Vec<String>) {
    let mut walk = Walk { source, steps: Vec::new(), problems: Vec::new() };
    walk.selections(parent, selections, false);
    (walk.steps, walk.problems)
}

struct Walk<'a> {
    source: &'a Subgraph,
    steps: Vec<Step<'a>>,
    problems: Vec<String>,
}

impl<'a> Walk<'a> {
    fn selections(&mut self, parent: &'a Name, selections: &[Selection], below_external: bool) {
        for selection in selections {
            match selection {
                Selection::Field(field) => self.field(parent, field, below_external),
                Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref().unwrap_or(parent);
                    match self.source.types.get_key_value(on) {
                        Some((on, _)) => self.selections(on, &fragment.selection_set, below_external),
                        None => self.problems.push(format!("type `{on}` is not defined in this source")),
                    }
                }
                Selection::FragmentSpread(spread) => {
                    self.problems.push(format!(
                        "fragment `{}` is used, but only inline fragments are",
                        spread.fragment_name
                    ));
                }
            }
        }
    }

    /// An interface's field is external when it is on some implementation.
    fn is_external_below(&self, parent: &Name, field: &Name) -> bool {
        let types = self.source.runtime_types(parent);
        types.into_iter().any(|name| self.source.field(name, field).is_some_and(|field| field.external))
    }

    fn field(&mut self, parent: &'a Name, selected: &apollo_compiler::ast::Field, below_external: bool) {
        if selected.name == "__typename" {
            return;
        }
        let Some(field) = self.source.field(parent, &selected.name) else {
            self.problems
                .push(format!("field `{}` is not defined on `{parent}` in this source", selected.name));
            return;
        };
        let below = self.source.types.get_key_value(field.ty.inner_named_type());
        let composite = below.filter(|(_, t)| matches!(t.kind, Kind::Object | Kind::Interface | Kind::Union));
        let leaf = selected.selection_set.is_empty();
        if leaf && composite.is_some() {
            self.problems.push(format!(
                "`{parent}.{}` is a composite type and needs a selection `{{ … }}`",
                field.name
            ));
        }
        if !leaf && composite.is_none() {
            self.problems.push(format!("`{parent}.{}` is a leaf and takes no selection", field.name));
        }
        self.arguments(parent, field, selected);
        let with_arguments = !selected.arguments.is_empty();
        self.steps.push(Step { parent, field, leaf, with_arguments, below_external });
        if let Some((name, _)) = composite {
            let is_external = field.external || self.is_external_below(parent, &field.name);
            self.selections(name, &selected.selection_set, below_external || is_external);
        }
    }

    fn arguments(&mut self, parent: &Name, field: &Field, selected: &apollo_compiler::ast::Field) {
        for argument in &selected.arguments {
            if !field.arguments.contains_key(&argument.name) {
                self.problems.push(format!("`{parent}.{}` has no argument `{}`", field.name, argument.name));
            }
        }
        for (name, argument) in &field.arguments {
            let given = selected.arguments.iter().any(|a| a.name == *name);
            if argument.required() && !given {
                self.problems.push(format!("`{parent}.{}` needs its argument `{name}`", field.name));
            }
        }
    }
}
