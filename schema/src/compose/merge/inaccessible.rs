//! `@inaccessible` after the merge: what clients still see must not hang on what they don't. In: the merged graph. Out: diagnostics.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use indexmap::IndexMap;

use super::Merging;
use crate::compose::supergraph::{Merged, MergedInput, MergedType};
use crate::{Diagnostic, Location};

/// Checks all visible types.
pub(super) fn check(merging: &mut Merging<'_>, merged: &Merged) {
    let mut found = Vec::new();
    for (name, def) in merged.types.iter().filter(|(_, t)| !t.marks.inaccessible) {
        let check = Check { merging, merged, name, def };
        check.children(&mut found);
        check.fields(&mut found);
        check.inputs(name, &def.inputs, None, &mut found);
        check.implementations(&mut found);
    }
    if let Some(query) = merged.types.get("Query").filter(|t| t.marks.inaccessible) {
        let name = Name::new_static_unchecked("Query");
        let at = Check { merging, merged, name: &name, def: query }.place(None);
        let diagnostic = Diagnostic::error("QUERY_ROOT_TYPE_INACCESSIBLE", at, "`Query` is `@inaccessible`");
        found.push(diagnostic.help("a graph without queries serves nobody"));
    }
    merging.problems.extend(found);
}

struct Check<'a> {
    merging: &'a Merging<'a>,
    merged: &'a Merged,
    name: &'a Name,
    def: &'a MergedType,
}

impl Check<'_> {
    /// Where a type, or a field of it, is defined.
    fn place(&self, field: Option<&str>) -> Location {
        let defined = self.merging.sources.iter().filter_map(|s| Some((s, s.types.get(self.name)?)));
        let mut places = defined.filter_map(|(source, def)| {
            let Some(field) = field else { return Some(source.locate(def.at)) };
            let at = def.fields.get(field).map(|f| f.at).or_else(|| def.inputs.get(field).map(|i| i.at));
            at.map(|at| source.locate(at))
        });
        places.next().unwrap_or_else(|| Location::file(""))
    }

    fn hidden(&self, ty: &Type) -> bool {
        self.merged.types.get(ty.inner_named_type()).is_some_and(|t| t.marks.inaccessible)
    }

    fn children(&self, found: &mut Vec<Diagnostic>) {
        let def = self.def;
        let members = def.members.keys().map(|m| self.hidden(&Type::Named(m.clone())));
        let mut all = (def.fields.values().map(|f| f.marks.inaccessible))
            .chain(def.values.values().map(|v| v.marks.inaccessible))
            .chain(def.inputs.values().map(|i| i.marks.inaccessible))
            .chain(members)
            .peekable();
        if all.peek().is_some() && all.all(|hidden| hidden) {
            let message = format!("`{}` is visible, but everything in it is `@inaccessible`", self.name);
            let diagnostic = Diagnostic::error("ONLY_INACCESSIBLE_CHILDREN", self.place(None), message);
            found.push(diagnostic.help("hide the type itself, or show something of it"));
        }
    }

    fn fields(&self, found: &mut Vec<Diagnostic>) {
        for (field, merged) in self.def.fields.iter().filter(|(_, f)| !f.marks.inaccessible) {
            let place = format!("{}.{field}", self.name);
            if self.hidden(&merged.ty) {
                found.push(self.referenced(&place, &merged.ty, Some(field)));
            }
            self.inputs(&place, &merged.arguments, Some(field), found);
        }
    }

    fn referenced(&self, place: &str, ty: &Type, field: Option<&str>) -> Diagnostic {
        let name = ty.inner_named_type();
        let message = format!("`{place}` is visible, but its type `{name}` is `@inaccessible`");
        let diagnostic = Diagnostic::error("REFERENCED_INACCESSIBLE", self.place(field), message);
        diagnostic.help("hide the field too, or show the type")
    }

    fn inputs(
        &self,
        parent: &str,
        inputs: &IndexMap<Name, MergedInput>,
        field: Option<&str>,
        found: &mut Vec<Diagnostic>,
    ) {
        for (name, input) in inputs {
            let place =
                if field.is_some() { format!("{parent}({name}:)") } else { format!("{parent}.{name}") };
            let at = field.or(Some(name.as_str()));
            if !input.marks.inaccessible && self.hidden(&input.ty) {
                found.push(self.referenced(&place, &input.ty, at));
            }
            if input.marks.inaccessible && input.ty.is_non_null() && input.default.is_none() {
                let message = format!("`{place}` must be given, but is `@inaccessible`");
                let diagnostic = Diagnostic::error("REQUIRED_INACCESSIBLE", self.place(at), message);
                found.push(diagnostic.help("make it optional, give it a default, or show it"));
            }
        }
    }

    fn implementations(&self, found: &mut Vec<Diagnostic>) {
        for interface in self.def.implements.keys() {
            let Some(interface_def) = self.merged.types.get(interface).filter(|t| !t.marks.inaccessible)
            else {
                continue;
            };
            let visible = interface_def.fields.iter().filter(|(_, f)| !f.marks.inaccessible);
            for (field, _) in visible {
                if self.def.fields.get(field).is_some_and(|f| f.marks.inaccessible) {
                    let message = format!(
                        "`{}.{field}` is `@inaccessible`, but `{interface}.{field}` is visible",
                        self.name
                    );
                    let at = self.place(Some(field));
                    let diagnostic = Diagnostic::error("IMPLEMENTED_BY_INACCESSIBLE", at, message);
                    found.push(diagnostic.help("hide the interface's field too"));
                }
            }
        }
    }
}
