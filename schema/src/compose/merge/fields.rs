//! Output fields of objects and interfaces: one type, the common arguments, and what each source has to do with the field.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use indexmap::IndexMap;
use rustc_hash::FxHashSet;

use super::overrides::Overridden;
use super::{Instance, Merging, types};
use crate::Diagnostic;
use crate::compose::marks::Marks;
use crate::compose::subgraph::{Field, Kind, Subgraph};
use crate::compose::supergraph::{Graph, JoinField, MergedField, MergedInput};
use crate::compose::text;

/// A field as one source has it.
#[derive(Clone, Copy)]
pub(super) struct FieldInstance<'a> {
    pub(super) graph: Graph,
    pub(super) source: &'a Subgraph,
    pub(super) field: &'a Field,
    pub(super) overridden: Overridden,
    pub(super) label: Option<&'a str>,
    /// The source's type stands for an interface of others.
    pub(super) interface_object: bool,
}

impl<'a> Merging<'a> {
    /// All fields of a type, in the order in which sources name them.
    pub(super) fn fields(
        &mut self,
        parent: &Name,
        kind: Kind,
        types: &[Instance<'a>],
    ) -> IndexMap<Name, MergedField> {
        let mut merged = IndexMap::new();
        let mut seen: FxHashSet<&Name> = FxHashSet::default();
        for name in types.iter().flat_map(|i| i.def.fields.keys()) {
            if !seen.insert(name) {
                continue;
            }
            let mut instances: Vec<FieldInstance<'a>> =
                types.iter().filter_map(|i| instance(i, name)).collect();
            if let Some(field) = self.field(parent, kind, types, &mut instances) {
                merged.insert(name.clone(), field);
            }
        }
        merged
    }

    fn field(
        &mut self,
        parent: &Name,
        kind: Kind,
        types: &[Instance<'a>],
        instances: &mut [FieldInstance<'a>],
    ) -> Option<MergedField> {
        let name = &instances.first()?.field.name;
        let place = format!("{parent}.{name}");
        let good = self.overrides(&place, instances);
        if kind == Kind::Object && good {
            self.sharing(parent, &place, instances, types);
        }
        let resolving: Vec<FieldInstance<'a>> =
            instances.iter().filter(|i| !i.field.external).copied().collect();
        if resolving.is_empty() {
            self.nobody_resolves(&place, instances);
            return None;
        }
        // v1 never compared externals with what they repeat: a looser one may come by `@provides`.
        let typing: Vec<FieldInstance<'a>> =
            instances.iter().filter(|i| !i.field.external || !i.source.v2).copied().collect();
        let ty = self.field_type(&place, &typing);
        let own: Vec<(Graph, &'a Subgraph, &'a Field)> =
            resolving.iter().map(|i| (i.graph, i.source, i.field)).collect();
        let arguments = self.arguments(&place, &own);
        let ty = ty?;
        self.externals(&place, &ty, &arguments, instances);
        let mut marks = Marks::merge(resolving.iter().map(|i| &i.field.marks));
        self.slicing(&place, &arguments, &resolving, &mut marks);
        instances.iter().for_each(|other| marks.protect(&other.field.marks));
        let equal = typing.iter().all(|i| i.field.ty == ty);
        Some(MergedField {
            description: types::description(resolving.iter().map(|i| i.field.description.as_deref())),
            joins: if needs_join(types, instances, equal) { joins(instances, equal) } else { Vec::new() },
            arguments,
            marks,
            ty,
        })
    }

    /// An argument that isn't in the graph slices nothing.
    fn slicing(
        &mut self,
        place: &str,
        arguments: &IndexMap<Name, MergedInput>,
        resolving: &[FieldInstance<'a>],
        marks: &mut Marks,
    ) {
        let Some(slicing) = marks.list_size.as_mut().and_then(|size| size.slicing.as_mut()) else { return };
        let Some(said) = slicing.first().cloned() else { return };
        slicing.retain(|name| arguments.contains_key(name.as_str()));
        let sizing = resolving.iter().find(|i| i.field.marks.list_size.is_some());
        if let Some(sizing) = sizing.filter(|_| slicing.is_empty()) {
            let message =
                format!("`slicingArguments` of `{place}` names `{said}`, which not every source takes");
            let at = sizing.source.locate(sizing.field.at);
            let diagnostic = Diagnostic::error("LIST_SIZE_INVALID_SLICING_ARGUMENT", at, message);
            self.problems.push(diagnostic.help("let every source that resolves the field take the argument"));
        }
    }

    fn nobody_resolves(&mut self, place: &str, instances: &[FieldInstance<'a>]) {
        let Some(first) = instances.first() else { return };
        let message = format!("`{place}` is `@external` wherever it is defined, so no source resolves it");
        let at = first.source.locate(first.field.at);
        let diagnostic = Diagnostic::error("EXTERNAL_MISSING_ON_BASE", at, message);
        self.problems.push(diagnostic.help("define it, not external, in the source that resolves it"));
    }

    fn field_type(&mut self, place: &str, typing: &[FieldInstance<'a>]) -> Option<Type> {
        let all: Vec<&Type> = typing.iter().map(|i| &i.field.ty).collect();
        if let Some(ty) = self.output_type(&all) {
            return Some(ty);
        }
        let first = typing.first()?;
        let clash = typing.iter().find(|i| self.output_type(&[&first.field.ty, &i.field.ty]).is_none());
        let clash = clash.or(typing.last())?;
        let message = format!(
            "`{place}` has type `{}` in `{}`, but `{}` in `{}`",
            first.field.ty, first.source.name, clash.field.ty, clash.source.name
        );
        let at = clash.source.locate(clash.field.at);
        let diagnostic = Diagnostic::error("FIELD_TYPE_MISMATCH", at, message);
        self.problems.push(diagnostic.help(
            "give it one type in all sources; only nullability, and a member of an abstract type, may differ",
        ));
        None
    }
}

fn instance<'a>(types: &Instance<'a>, name: &Name) -> Option<FieldInstance<'a>> {
    let field = types.def.fields.get(name)?;
    let Instance { graph, source, .. } = *types;
    let interface_object = types.def.interface_object;
    Some(FieldInstance { graph, source, field, overridden: Overridden::No, label: None, interface_object })
}

/// Whether the field's story differs between the sources that have the type.
fn needs_join(types: &[Instance<'_>], instances: &[FieldInstance<'_>], equal: bool) -> bool {
    let special = |i: &FieldInstance<'_>| {
        i.overridden != Overridden::No
            || i.label.is_some()
            || i.field.external
            || i.field.requires.is_some()
            || i.field.provides.is_some()
    };
    !equal || instances.len() < types.len() || instances.iter().any(special)
}

fn joins(instances: &[FieldInstance<'_>], equal: bool) -> Vec<JoinField> {
    let one = |i: &FieldInstance<'_>| JoinField {
        graph: Some(i.graph),
        ty: (!equal).then(|| i.field.ty.to_string()),
        external: i.field.external,
        requires: i.field.requires.as_ref().map(|set| text::field_set(&set.selections)),
        provides: i.field.provides.as_ref().map(|set| text::field_set(&set.selections)),
        overrides: i.field.overrides.as_ref().map(|o| o.from.clone()),
        override_label: i.label.map(str::to_owned),
        used_overridden: match i.overridden {
            Overridden::StillUsed => true,
            Overridden::Labelled => i.field.used || i.field.in_key,
            Overridden::No | Overridden::Gone => false,
        },
    };
    instances.iter().filter(|i| i.overridden != Overridden::Gone).map(one).collect()
}
