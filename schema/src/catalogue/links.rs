//! A supergraph's links in; which names are machinery, and not the graph's own, out.

use apollo_compiler::Schema;
use apollo_compiler::ast::{Directive, Value};
use rustc_hash::FxHashSet;

/// Names that composition brings. Clients never see them.
#[derive(Debug, Default)]
pub(super) struct Machinery {
    /// `join`, `link`: everything named `join__…` is machinery.
    spaces: FxHashSet<String>,
    /// Imported directives, without `@`.
    directives: FxHashSet<String>,
    /// Imported types.
    types: FxHashSet<String>,
    /// The name of `@inaccessible` here.
    pub(super) inaccessible: String,
}

impl Machinery {
    pub(super) fn of(supergraph: &Schema) -> Self {
        // Ours is recognised without a link; the others are in every supergraph, whichever way it says so.
        let spaces = ["raccordo", "join", "link", "core"].map(str::to_owned).into_iter().collect();
        let mut machinery = Self { spaces, inaccessible: "inaccessible".to_owned(), ..Self::default() };
        for directive in supergraph.schema_definition.directives.iter() {
            machinery.add(directive);
        }
        machinery
    }

    /// One `@link(url:)`, or `@core(feature:)` of the first join specification.
    fn add(&mut self, directive: &Directive) {
        let text = |name: &str| directive.specified_argument_by_name(name).and_then(|value| value.as_str());
        let Some(url) = text("url").or(text("feature")) else { return };
        let identity = match url.trim_end_matches('/').rsplit_once('/') {
            Some((identity, version)) if version.starts_with('v') => identity,
            _ => url,
        };
        let own = identity.rsplit('/').next().unwrap_or(identity);
        let space = text("as").unwrap_or(own);
        if identity == "https://specs.apollo.dev/inaccessible" {
            self.inaccessible = space.to_owned();
        }
        self.spaces.insert(space.to_owned());
        let imports = directive.specified_argument_by_name("import").and_then(|value| value.as_list());
        for item in imports.into_iter().flatten() {
            let (there, here) = import(item);
            match here.strip_prefix('@') {
                Some(name) => {
                    if there == "@inaccessible" && own == "inaccessible" {
                        self.inaccessible = name.to_owned();
                    }
                    self.directives.insert(name.to_owned())
                }
                None => self.types.insert(here.to_owned()),
            };
        }
    }

    fn in_space(&self, name: &str) -> bool {
        name.split_once("__").is_some_and(|(space, _)| self.spaces.contains(space))
    }

    /// Whether `@name` is machinery.
    pub(super) fn is_directive(&self, name: &str) -> bool {
        self.spaces.contains(name) || self.directives.contains(name) || self.in_space(name)
    }

    /// Whether a type is machinery.
    pub(super) fn is_type(&self, name: &str) -> bool {
        self.types.contains(name) || self.in_space(name)
    }
}

/// The name there and here of `"@key"` or `{ name: "@key", as: "@chiave" }`.
pub(super) fn import(item: &Value) -> (&str, &str) {
    match item {
        Value::String(name) => (name, name),
        Value::Object(members) => {
            let text = |name: &str| members.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.as_str());
            (text("name").unwrap_or_default(), text("as").or(text("name")).unwrap_or_default())
        }
        _ => ("", ""),
    }
}
