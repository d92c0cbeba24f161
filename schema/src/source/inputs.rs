//! A field of a connected source with Federation's `@requires` or `@provides` in; what a connector couldn't do with them out.
//! Connectors bring what a source holds: they compute nothing.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, FieldDefinition};

use super::document::Document;
use super::template::{Origin, jq_variables, template_variables};
use crate::Diagnostic;
use crate::mapping::{Connect, HttpTarget, Name, Target};

/// Checks what a field of a connected source requires and provides. `on` is its coordinate.
pub(crate) fn check_inputs(
    document: &Document,
    on: &str,
    field: &FieldDefinition,
    requires: &[Name],
    connect: Option<&Connect>,
    found: &mut Vec<Diagnostic>,
) {
    let of = |name: &'static str| field.directives.iter().find(|d| document.links.is_federation(d, name));
    if let Some(directive) = of("provides") {
        found.push(
            wrong(document, directive, "LATER_VERSION", format!("`@provides` stands on `{on}`"))
                .help("in this version a connected source has a field or hasn't: mark it `@shareable` instead of `@external`"),
        );
    }
    let Some(directive) = of("requires") else { return };
    let unused: Vec<String> = requires
        .iter()
        .filter(|path| !connect.is_some_and(|connect| uses(&connect.target, path)))
        .map(|path| format!("`{path}`"))
        .collect();
    if !unused.is_empty() {
        let message = format!("`@requires` on `{on}` names {}, which nothing uses", unused.join(", "));
        found.push(
            wrong(document, directive, "UNUSED_REQUIRES", message)
                .help("kind `http` uses it as `{$this.x}` in the field's `@connect`; no other kind does, and none computes: remove it"),
        );
    }
}

fn wrong(
    document: &Document,
    directive: &Node<Directive>,
    rule: &'static str,
    message: String,
) -> Diagnostic {
    Diagnostic::error(rule, document.places.at(directive), message)
}

fn uses(target: &Target, path: &str) -> bool {
    let Target::Http(HttpTarget { path: template, query, body, .. }) = target else { return false };
    let templates = query.iter().map(|(_, value)| value).chain([template]);
    let in_templates = templates.filter_map(|text| template_variables(text).ok()).flatten();
    let in_body = body.iter().flat_map(|program| jq_variables(program));
    in_templates.chain(in_body).filter(|variable| variable.origin != Origin::Args).any(|variable| {
        let name = variable.name.as_str();
        name.is_empty() || path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    })
}
