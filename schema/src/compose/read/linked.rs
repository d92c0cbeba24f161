//! What a file says of the specifications it links: imports that don't exist, directives to compose. In: the schema's directives. Out:
//! diagnostics and `Composed`.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Document};

use super::Reader;
use crate::compose::links::{Spec, schema_directives};
use crate::compose::subgraph::Composed;

impl Reader<'_> {
    pub(super) fn imports(&mut self, document: &Document) {
        let unknown: Vec<String> = self.links.unknown_imports().map(str::to_owned).collect();
        for name in unknown {
            let applied = document.definitions.iter().flat_map(schema_directives);
            let at = applied
                .clone()
                .find(|d| d.to_string().contains(&format!("\"{name}\"")))
                .and_then(|d| d.location());
            let message = format!("`{name}` is imported, but Federation defines no such element");
            self.problem(
                "INVALID_LINK_DIRECTIVE_USAGE",
                at,
                message,
                "correct the name in `import`, or take it away",
            );
        }
    }

    pub(super) fn composed(&mut self, document: &Document) -> Vec<Composed> {
        let applied: Vec<&Node<Directive>> =
            document.definitions.iter().flat_map(schema_directives).collect();
        let mut all = Vec::new();
        for directive in applied {
            if self.links.directive(&directive.name) != (Spec::Federation, "composeDirective".to_owned()) {
                continue;
            }
            let at = directive.location();
            let name =
                directive.specified_argument_by_name("name").and_then(|v| v.as_str()).unwrap_or_default();
            let local = name.trim_start_matches('@').to_owned();
            let (spec, original) = self.links.directive(&local);
            let link = if let Spec::Foreign(place) = spec { self.links.link(place) } else { None };
            match link {
                Some(link) => {
                    let (url, identity) = (link.url.clone(), link.identity.clone());
                    all.push(Composed { name: local, original, url, identity, at });
                }
                None => {
                    let message = format!("`@composeDirective` names `{name}`, which no `@link` imports");
                    let help = "link the directive's specification and import it by this name";
                    self.problem("DIRECTIVE_COMPOSITION_ERROR", at, message, help);
                }
            }
        }
        all
    }
}
