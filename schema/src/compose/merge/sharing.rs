//! `@shareable`: a field that several sources resolve must be shareable in all of them. In: a field's instances. Out: diagnostics.

use apollo_compiler::Name;
use rustc_hash::FxHashSet;

use super::fields::FieldInstance;
use super::overrides::Overridden;
use super::{Instance, Merging};
use crate::compose::subgraph::{Field, Subgraph};
use crate::{Diagnostic, Severity};

impl<'a> Merging<'a> {
    /// Checks one field of an object type.
    pub(super) fn sharing(
        &mut self,
        parent: &Name,
        place: &str,
        fields: &[FieldInstance<'a>],
        types: &[Instance<'a>],
    ) {
        let standing = fields.iter().filter(|i| matches!(i.overridden, Overridden::No));
        let mut resolving: Vec<(&Subgraph, &Field)> =
            standing.filter(|i| !i.field.fully_external()).map(|i| (i.source, i.field)).collect();
        if let Some(name) = fields.first().map(|i| &i.field.name) {
            resolving.extend(self.by_interface_object(name, fields, types));
        }
        let unshared: Vec<_> = resolving.iter().filter(|(_, field)| !shareable(field)).collect();
        let subscription = parent == "Subscription" && resolving.len() > 1;
        let Some((source, field)) = unshared.first() else {
            if subscription {
                self.shared_subscription(place, &resolving);
            }
            return;
        };
        if resolving.len() < 2 {
            return;
        }
        let names: Vec<String> = resolving.iter().map(|(s, _)| format!("`{}`", s.name)).collect();
        let lacking: Vec<String> = unshared.iter().map(|(s, _)| format!("`{}`", s.name)).collect();
        let message = format!(
            "`{place}` is resolved by {}, but is not shareable in {}",
            names.join(", "),
            lacking.join(", ")
        );
        let copies = resolving.iter().filter(|(_, field)| field.external).count();
        let at = source.locate(field.at);
        let diagnostic = Diagnostic::error("INVALID_FIELD_SHARING", at, message);
        let help = "mark it `@shareable` in all of them when they answer alike; else rename it, make it `@external`, or `@override` it";
        // One owner, and others that only repeat its value under `@provides`: Apollo refuses it, others don't, and nothing breaks.
        if copies + 1 == resolving.len() {
            self.warnings.push(Diagnostic { severity: Severity::Warning, ..diagnostic.help(help) });
        } else {
            self.problems.push(diagnostic.help(help));
        }
    }

    fn shared_subscription(&mut self, place: &str, resolving: &[(&Subgraph, &Field)]) {
        let Some((source, field)) = resolving.first() else { return };
        let message = format!("`{place}` is resolved by several sources, but a subscription has one");
        let diagnostic = Diagnostic::error("INVALID_FIELD_SHARING", source.locate(field.at), message);
        self.problems.push(diagnostic.help("keep the field in one source"));
    }

    /// The same field where a source resolves it for all implementations of an interface.
    fn by_interface_object(
        &self,
        name: &Name,
        fields: &[FieldInstance<'a>],
        types: &[Instance<'a>],
    ) -> Vec<(&'a Subgraph, &'a Field)> {
        let interfaces: FxHashSet<&Name> = types.iter().flat_map(|i| i.def.implements.keys()).collect();
        let mut found = Vec::new();
        if interfaces.is_empty() {
            return found;
        }
        for (graph, source) in self.sources.iter().enumerate() {
            if fields.iter().any(|i| i.graph == graph) {
                continue;
            }
            let objects =
                interfaces.iter().filter_map(|name| source.types.get(*name)).filter(|t| t.interface_object);
            let resolved = objects.filter_map(|t| t.fields.get(name)).find(|f| !f.fully_external());
            found.extend(resolved.map(|field| (source, field)));
        }
        found
    }
}

/// Keys are known everywhere; a provided external is a copy by nature.
fn shareable(field: &Field) -> bool {
    field.shareable || field.in_key || field.external
}
