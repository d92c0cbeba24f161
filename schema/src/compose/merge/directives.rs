//! Directive definitions: executable ones that every source has, and those that `@composeDirective` carries over.

use apollo_compiler::ast::{DirectiveDefinition, DirectiveLocation};

use super::Merging;
use crate::Diagnostic;
use crate::compose::subgraph::{Composed, Subgraph};
use crate::compose::supergraph::{Merged, MergedType};

/// Merges definitions, and drops the applications of directives that don't survive.
pub(super) fn merge(merging: &mut Merging<'_>, merged: &mut Merged) {
    compose(merging, merged);
    executable(merging, merged);
    let kept: Vec<String> = merged.composed.iter().map(|c| c.name.clone()).collect();
    let keep = |name: &str| kept.iter().any(|k| k == name);
    merged.types.values_mut().for_each(|t| keep_custom(t, &keep));
}

fn keep_custom(def: &mut MergedType, keep: &dyn Fn(&str) -> bool) {
    def.marks.keep_custom(keep);
    for field in def.fields.values_mut() {
        field.marks.keep_custom(keep);
        field.arguments.values_mut().for_each(|argument| argument.marks.keep_custom(keep));
    }
    def.values.values_mut().for_each(|value| value.marks.keep_custom(keep));
    def.inputs.values_mut().for_each(|input| input.marks.keep_custom(keep));
}

fn compose(merging: &mut Merging<'_>, merged: &mut Merged) {
    for source in merging.sources {
        for composed in &source.composed {
            let known = merged
                .composed
                .iter()
                .find(|c| c.identity == composed.identity && c.original == composed.original);
            match known {
                Some(known) if known.name != composed.name => {
                    clash(merging, source, composed, &known.name.clone())
                }
                Some(_) => {}
                None => add(merging, merged, source, composed),
            }
        }
    }
}

fn clash(merging: &mut Merging<'_>, source: &Subgraph, composed: &Composed, known: &str) {
    let message = format!(
        "`@{}` is composed as `@{}` by another source, but as `@{known}` here",
        composed.original, composed.name
    );
    let at = source.locate(composed.at);
    let diagnostic = Diagnostic::error("DIRECTIVE_COMPOSITION_ERROR", at, message);
    merging.problems.push(diagnostic.help("import the directive by one name in all sources"));
}

fn add(merging: &mut Merging<'_>, merged: &mut Merged, source: &Subgraph, composed: &Composed) {
    let definition = source.directives.get(composed.name.as_str());
    match definition {
        Some(definition) => {
            merged.directives.push(definition.as_ref().clone());
            merged.composed.push(composed.clone());
        }
        None => {
            let message = format!("`@{}` is composed, but not defined in this source", composed.name);
            let at = source.locate(composed.at);
            let diagnostic = Diagnostic::error("DIRECTIVE_COMPOSITION_ERROR", at, message);
            merging.problems.push(diagnostic.help("write its `directive @… on …` definition here"));
        }
    }
}

/// An executable directive reaches the graph only where every source understands it.
fn executable(merging: &mut Merging<'_>, merged: &mut Merged) {
    let Some((first, rest)) = merging.sources.split_first() else { return };
    for definition in first.directives.values() {
        if merged.directives.iter().any(|known| known.name == definition.name) {
            continue;
        }
        let others: Vec<&DirectiveDefinition> =
            rest.iter().filter_map(|s| s.directives.get(&definition.name).map(AsRef::as_ref)).collect();
        if others.len() < rest.len() {
            continue;
        }
        let everywhere = |location: &DirectiveLocation| {
            is_executable(*location) && others.iter().all(|d| d.locations.contains(location))
        };
        let mut merging_definition = definition.as_ref().clone();
        merging_definition.locations.retain(everywhere);
        merging_definition.arguments.retain(|argument| {
            others.iter().all(|d| {
                d.arguments.iter().any(|other| other.name == argument.name && other.ty == argument.ty)
            })
        });
        merging_definition.arguments.iter_mut().for_each(|a| a.make_mut().directives.0.clear());
        if !merging_definition.locations.is_empty() {
            merged.directives.push(merging_definition);
        }
    }
}

fn is_executable(location: DirectiveLocation) -> bool {
    use DirectiveLocation as L;
    matches!(
        location,
        L::Query
            | L::Mutation
            | L::Subscription
            | L::Field
            | L::FragmentDefinition
            | L::FragmentSpread
            | L::InlineFragment
            | L::VariableDefinition
    )
}
