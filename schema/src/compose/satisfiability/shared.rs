//! Shared fields that return an interface or a union: all sources that resolve such a field mean the same object, so it must be of a type
//! that all of them know. In: a field, and the sources that resolve it where a client may ask for it. Out: diagnostics.

use apollo_compiler::Name;

use super::{Check, State, operation};
use crate::Diagnostic;
use crate::compose::subgraph::{Kind, Subgraph};

use super::reach::Held;

impl Check<'_> {
    /// Looks at one field; each is told of once.
    pub(super) fn shared(&mut self, state: &State, field: &Name, resolving: &Held) {
        let mut known: Vec<(usize, Vec<Name>)> = Vec::new();
        for graph in resolving.iter().map(|(graph, _)| *graph) {
            let returned =
                self.reach.local_field(graph, &state.ty, field).map(|(_, f)| f.ty.inner_named_type());
            let Some(returned) = returned.filter(|ty| self.is_abstract(graph, ty)) else { continue };
            if known.iter().all(|(other, _)| *other != graph) {
                known.push((graph, self.reach.objects(graph, returned)));
            }
        }
        let Some(((_, first), rest)) = known.split_first() else { return };
        let same = |all: &Vec<Name>| all.len() == first.len() && all.iter().all(|name| first.contains(name));
        if rest.iter().all(|(_, all)| same(all)) || !self.told.insert((state.ty.clone(), field.clone())) {
            return;
        }
        let common = first.iter().any(|name| rest.iter().all(|(_, all)| all.contains(name)));
        self.differ(state, field, &known, common);
    }

    fn is_abstract(&self, graph: usize, ty: &Name) -> bool {
        let def = self.sources.get(graph).and_then(|source| source.types.get(ty));
        def.is_some_and(|def| matches!(def.kind, Kind::Interface | Kind::Union))
    }

    fn differ(&mut self, state: &State, field: &Name, known: &[(usize, Vec<Name>)], common: bool) {
        let place = format!("{}.{field}", state.ty);
        let mut sources: Vec<String> = Vec::new();
        let mut at = None;
        for (graph, types) in known {
            let Some(source) = self.sources.get(*graph) else { continue };
            let names: Vec<String> = types.iter().map(|name| format!("`{name}`")).collect();
            sources.push(format!("{} in `{}`", names.join(" or "), source.name));
            at = at.or_else(|| place_of(source, &state.ty, field));
        }
        let mut path = state.path.clone();
        path.push(field.to_string());
        let message =
            format!("`{place}` may be {}, but is shared: `{}`", sources.join(", "), operation(&path));
        let at = at.unwrap_or_else(|| crate::Location::file(""));
        if common {
            let rule = "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN";
            let help = "whichever source is asked must answer the same: let each return only types that all of them know";
            self.warnings.push(Diagnostic::warning(rule, at, message).help(help));
        } else {
            let rule = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES";
            let help = "no object fits all of them: give the types one source lacks to it too, or let one source alone resolve the field";
            self.problems.push(Diagnostic::error(rule, at, message).help(help));
        }
    }
}

fn place_of(source: &Subgraph, ty: &Name, field: &Name) -> Option<crate::Location> {
    Some(source.locate(source.field(ty, field)?.at))
}
