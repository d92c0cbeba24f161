//! The directives of types and fields, read into the graph. In: applications. Out: keys, roles and marks. It checks only that they can
//! be read.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveList};
use rustc_hash::FxHashSet;

use super::Reader;
use super::piece::Piece;
use crate::Diagnostic;
use crate::compose::field_set;
use crate::compose::links::Spec;
use crate::compose::marks::Marks;
use crate::compose::subgraph::{Field, FieldSet, Key, Kind, Override, TypeDef, locate};

/// The rules of a field set: of its type, of its text.
const KEY: [&str; 2] = ["KEY_INVALID_FIELDS_TYPE", "KEY_INVALID_FIELDS"];
const REQUIRES: [&str; 2] = ["REQUIRES_INVALID_FIELDS_TYPE", "REQUIRES_INVALID_FIELDS"];
const PROVIDES: [&str; 2] = ["PROVIDES_INVALID_FIELDS_TYPE", "PROVIDES_INVALID_FIELDS"];

/// What a type's own directives say about the declaration and all its fields.
#[derive(Default)]
pub(super) struct OnDeclaration {
    pub(super) extends: bool,
    pub(super) external: bool,
    pub(super) shareable: bool,
}

impl Reader<'_> {
    pub(super) fn type_directives(&mut self, piece: &Piece<'_>, def: &mut TypeDef) -> OnDeclaration {
        let extends = piece
            .directives
            .iter()
            .any(|d| self.links.directive(&d.name) == (Spec::Federation, "extends".into()));
        let extension = piece.extension || extends;
        self.repeated(piece.directives);
        let mut declared = OnDeclaration { extends, ..OnDeclaration::default() };
        let composite = matches!(piece.kind, Kind::Object | Kind::Interface);
        for directive in piece.directives.iter() {
            let (spec, name) = self.links.directive(&directive.name);
            match (spec, name.as_str()) {
                (Spec::Federation, "key") if composite => {
                    if let Some(fields) = self.field_set(directive, KEY) {
                        let resolvable = boolean(directive, "resolvable").unwrap_or(true);
                        let said = extends || extension && self.links.is_v2();
                        def.keys.push(Key { fields, extension, said, resolvable });
                    }
                }
                (Spec::Federation, "external") if composite => declared.external = true,
                (Spec::Federation, "shareable") if composite => declared.shareable = true,
                (Spec::Federation, "extends" | "link") => {}
                (Spec::Federation, "interfaceObject") if piece.kind == Kind::Object => {
                    def.interface_object = true
                }
                _ => self.mark(directive, &mut def.marks),
            }
        }
        declared
    }

    /// Federation's directives stand once at a place, but for a few.
    pub(super) fn repeated(&mut self, directives: &DirectiveList) {
        let mut seen: FxHashSet<String> = FxHashSet::default();
        for directive in directives.iter() {
            let (spec, name) = self.links.directive(&directive.name);
            let repeatable = matches!(
                name.as_str(),
                "key" | "tag" | "link" | "composeDirective" | "shareable" | "context" | "cacheTag"
            );
            if spec == Spec::Federation && !repeatable && !seen.insert(name) {
                let message = format!("`@{}` stands twice at one place", directive.name);
                let help = "say it once; several field sets are one string, as in `\"id comune\"`";
                self.problem("INVALID_GRAPHQL", directive.location(), message, help);
            }
        }
    }

    pub(super) fn field_directive(&mut self, directive: &Node<Directive>, field: &mut Field) {
        let (spec, name) = self.links.directive(&directive.name);
        match (spec, name.as_str()) {
            (Spec::Federation, "external") => {
                field.external = true;
                field.external_by_type = false;
            }
            (Spec::Federation, "shareable") => field.shareable = true,
            (Spec::Federation, "requires") => field.requires = self.field_set(directive, REQUIRES),
            (Spec::Federation, "provides") => field.provides = self.field_set(directive, PROVIDES),
            (Spec::Federation, "override") => {
                let text = |name| {
                    directive.specified_argument_by_name(name).and_then(|v| v.as_str()).map(str::to_owned)
                };
                let label = text("label");
                let at = directive.location();
                field.overrides = text("from").map(|from| Override { from, label, at });
            }
            _ => self.mark(directive, &mut field.marks),
        }
    }

    pub(super) fn marks(&mut self, directives: &DirectiveList) -> Marks {
        self.repeated(directives);
        let mut marks = Marks::default();
        directives.iter().for_each(|directive| self.mark(directive, &mut marks));
        marks
    }

    fn mark(&mut self, directive: &Node<Directive>, marks: &mut Marks) {
        let taken = marks.take(directive, self.links);
        let (spec, name) = self.links.directive(&directive.name);
        // `@connect`, `@from`, `@code` are the connector's; everything else of Federation must have been understood.
        if taken || spec != Spec::Federation {
            return;
        }
        let at = directive.location();
        if name == "cacheTag" {
            let message = format!(
                "`@{}` is left out of the graph: this gateway keeps no answers that it could tag",
                directive.name
            );
            let place = locate(self.file, self.sources, at);
            self.problems.push(Diagnostic::warning("CACHE_TAG_LEFT_OUT", place, message));
        } else if matches!(
            name.as_str(),
            "key" | "requires" | "provides" | "external" | "shareable" | "override" | "extends"
        ) || matches!(name.as_str(), "interfaceObject" | "composeDirective" | "link")
        {
            let message = format!("`@{}` has no place here", directive.name);
            self.problem(
                "INVALID_GRAPHQL",
                at,
                message,
                "put it where Federation defines it: on a type, a field or the schema",
            );
        } else {
            let message = format!("`@{}` is not supported", directive.name);
            let help = "take it away; Raccordo composes Federation's directives without `@context` and `@fromContext`: pass what a field needs as an argument, or by `@requires`";
            self.problem("UNSUPPORTED_FEATURE", at, message, help);
        }
    }

    fn field_set(&mut self, directive: &Node<Directive>, rules: [&'static str; 2]) -> Option<FieldSet> {
        let [invalid_type, invalid] = rules;
        let at = directive.location();
        let help = "give the fields as one string, as in `\"id comune { istat }\"`";
        let value = directive.specified_argument_by_name("fields");
        let text = value.map_or_else(
            || Err("`fields` is missing".to_owned()),
            |value| field_set::text_of(value, self.links.is_v2()),
        );
        let (rule, what) = match text.map(|text| field_set::parse(&text)) {
            Ok(Ok(selections)) => return Some(FieldSet { selections, at }),
            Ok(Err(what)) => (invalid, what),
            Err(what) => (invalid_type, what),
        };
        self.problem(rule, at, format!("the fields of `@{}` can't be read: {what}", directive.name), help);
        None
    }
}

fn boolean(directive: &Directive, argument: &str) -> Option<bool> {
    directive.specified_argument_by_name(argument).and_then(|v| v.to_bool())
}
