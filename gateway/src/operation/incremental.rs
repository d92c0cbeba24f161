//! `@defer` and `@stream`: known to the graph, checked, and answered at once. A service may choose not to defer and not to stream
//! (GraphQL specification, draft "Incremental Delivery": "`@defer`", "`@stream`"), and this one always chooses so.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::Node;
use apollo_compiler::Schema;
use apollo_compiler::ast;
use apollo_compiler::executable as exe;
use apollo_compiler::parser::SourceMap;
use apollo_compiler::validation::Valid;
use rustc_hash::FxHashSet;

use crate::code::Code;
use crate::request::{Refusal, RequestError};

/// The two directives as the draft defines them.
const DEFINITIONS: &str = "\
\"The fragment may be delivered later than the rest. This gateway delivers everything at once.\"
directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
\"The list's items may be delivered one by one. This gateway delivers everything at once.\"
directive @stream(if: Boolean! = true, label: String, initialCount: Int! = 0) on FIELD
";

/// A schema with both directives; one that it defines itself stays as it is.
pub(crate) fn define(api: &Valid<Schema>) -> Valid<Schema> {
    let mut schema = Schema::clone(api);
    let document =
        ast::Document::parse(DEFINITIONS, "incremental.graphql").unwrap_or_else(|wrong| wrong.partial);
    for definition in document.definitions {
        if let ast::Definition::DirectiveDefinition(directive) = definition {
            schema.directive_definitions.entry(directive.name.clone()).or_insert(directive);
        }
    }
    // Two directives that use only built-in scalars take nothing from a valid schema's validity.
    Valid::assume_valid(schema)
}

/// Checks how a valid document uses them, where `apollo-compiler` doesn't, which knows `@defer` alone: labels are literal and unique
/// among both, what is streamed is a list, and the root of a mutation or of a subscription isn't delivered in pieces.
pub(super) fn check(document: &ExecutableDocument, operation: &exe::Operation) -> Result<(), Refusal> {
    let mut checking = Checking { document, labels: FxHashSet::default(), fragments: FxHashSet::default() };
    let is_serial = !matches!(operation.operation_type, ast::OperationType::Query);
    checking.set(&operation.selection_set, is_serial)
}

struct Checking<'a> {
    document: &'a ExecutableDocument,
    labels: FxHashSet<&'a str>,
    fragments: FxHashSet<&'a str>,
}

impl<'a> Checking<'a> {
    /// `root`: these are root fields that must be delivered whole.
    fn set(&mut self, set: &'a exe::SelectionSet, root: bool) -> Result<(), Refusal> {
        for selection in &set.selections {
            for directive in selection.directives().iter() {
                if matches!(directive.name.as_str(), "defer" | "stream") {
                    self.directive(directive, root)?;
                }
            }
            match selection {
                exe::Selection::Field(field) => {
                    if let Some(stream) = field.directives.get("stream").filter(|_| !field.ty().is_list()) {
                        return Err(refuse(
                            stream,
                            &self.document.sources,
                            "`@stream` stands on a field that isn't a list",
                        ));
                    }
                    self.set(&field.selection_set, false)?;
                }
                exe::Selection::InlineFragment(fragment) => self.set(&fragment.selection_set, root)?,
                exe::Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    if let Some(fragment) = fragment.filter(|fragment| self.fragments.insert(&fragment.name))
                    {
                        self.set(&fragment.selection_set, root)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn directive(&mut self, directive: &'a Node<ast::Directive>, root: bool) -> Result<(), Refusal> {
        if root {
            return Err(refuse(
                directive,
                &self.document.sources,
                "root fields of a mutation or subscription are delivered whole",
            ));
        }
        match directive.specified_argument_by_name("label").map(|label| &**label) {
            None | Some(ast::Value::Null) => Ok(()),
            Some(ast::Value::String(label)) if self.labels.insert(label.as_str()) => Ok(()),
            Some(ast::Value::String(_)) => {
                Err(refuse(directive, &self.document.sources, "two `@defer` or `@stream` have one `label`"))
            }
            Some(_) => Err(refuse(
                directive,
                &self.document.sources,
                "the `label` of `@defer` and `@stream` must be a literal",
            )),
        }
    }
}

fn refuse(directive: &Node<ast::Directive>, sources: &SourceMap, message: &str) -> Refusal {
    let place = directive.line_column_range(sources).map(|range| (range.start.line, range.start.column));
    let error = RequestError::new(Code::GRAPHQL_VALIDATION_FAILED, message);
    Refusal { errors: vec![RequestError { locations: place.into_iter().collect(), ..error }] }
}
