//! Directive definitions: executable ones that every source has, and those that `@composeDirective` carries over.

use apollo_compiler::ast::{DirectiveDefinition, DirectiveList, DirectiveLocation, InputValueDefinition};
use apollo_compiler::{Name, Node};

use super::Merging;
use super::inputs::DIRECTIVE;
use crate::Diagnostic;
use crate::compose::subgraph::{Composed, OwnDirective, Subgraph};
use crate::compose::supergraph::{Graph, Merged, MergedInput, MergedType};

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
    match source.directives.get(composed.name.as_str()) {
        Some(own) => {
            merged.directives.push(own.definition.as_ref().clone());
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
    let sources = merging.sources;
    let Some(first) = sources.first() else { return };
    for (name, own) in &first.directives {
        let known = merged.directives.iter().any(|known| known.name == *name);
        let all: Vec<(Graph, &Subgraph, &OwnDirective)> =
            sources.iter().enumerate().filter_map(|(g, s)| Some((g, s, s.directives.get(name)?))).collect();
        let mut locations = own.definition.locations.clone();
        locations
            .retain(|l| is_executable(*l) && all.iter().all(|(_, _, d)| d.definition.locations.contains(l)));
        if known || all.len() < sources.len() || locations.is_empty() {
            continue;
        }
        let holders: Vec<_> = all.iter().map(|(g, s, d)| (*g, *s, &d.arguments)).collect();
        let arguments = merging.common(name, &holders, &DIRECTIVE);
        merged.directives.push(DirectiveDefinition {
            description: own.definition.description.clone(),
            name: name.clone(),
            arguments: arguments.into_iter().map(definition).collect(),
            repeatable: all.iter().all(|(_, _, d)| d.definition.repeatable),
            locations,
        });
    }
}

fn definition((name, input): (Name, MergedInput)) -> Node<InputValueDefinition> {
    Node::new(InputValueDefinition {
        description: input.description.as_deref().map(Node::new_str),
        name,
        ty: Node::new(input.ty),
        default_value: input.default,
        directives: DirectiveList::new(),
    })
}

/// Whether a directive's location is one in clients' operations.
pub(crate) fn is_executable(location: DirectiveLocation) -> bool {
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
