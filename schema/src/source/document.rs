//! A source's SDL text in; its merged schema with places, links and uses of directives out. Maps nothing yet.

use std::sync::Arc;

use apollo_compiler::ast::{self, Directive, DirectiveLocation, InputValueDefinition};
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::parser::{Parser, SourceMap, SourceSpan};
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{Name, Node, Schema};

use super::links::{FEDERATION, Links, read_links};
use crate::{Diagnostic, Location};

/// Where things stand in the file.
pub(crate) struct Places {
    /// The file, as the user would name it.
    pub(crate) file: Arc<str>,
    sources: SourceMap,
}

impl Places {
    /// Where a node stands.
    pub(crate) fn at<T: ?Sized>(&self, node: &Node<T>) -> Location {
        self.at_span(node.location())
    }

    /// Where a name stands.
    pub(crate) fn at_name(&self, name: &Name) -> Location {
        self.at_span(name.location())
    }

    fn at_span(&self, span: Option<SourceSpan>) -> Location {
        match span.and_then(|span| span.line_column(&self.sources)) {
            Some(start) => Location { file: self.file.clone(), line: start.line, column: start.column },
            None => Location::file(self.file.clone()),
        }
    }

    /// Diagnostics of apollo-compiler in our form, without those that stand inside one of `spans`.
    fn translate(&self, rule: &'static str, list: &DiagnosticList, spans: &[SourceSpan]) -> Vec<Diagnostic> {
        list.iter()
            .map(|diagnostic| (diagnostic.error.location(), diagnostic.error.to_string()))
            .filter(|(at, _)| !at.is_some_and(|at| spans.iter().any(|span| within(at, *span))))
            .map(|(at, message)| Diagnostic::error(rule, self.at_span(at), message.trim_end_matches('.')))
            .collect()
    }
}

fn within(inner: SourceSpan, outer: SourceSpan) -> bool {
    inner.file_id() == outer.file_id()
        && inner.offset() >= outer.offset()
        && inner.end_offset() <= outer.end_offset()
}

/// A source's SDL, read.
pub(crate) struct Document {
    /// Where things stand.
    pub(crate) places: Places,
    /// Definitions and extensions merged. Perhaps not valid: see [`Document::graphql_mistakes`].
    pub(crate) schema: Schema,
    /// What directives' names mean.
    pub(crate) links: Links,
    /// The argument that chooses members: a mapping may leave it unused.
    pub(crate) route_by: Option<Arc<str>>,
}

impl Document {
    /// Parses the text. A text that doesn't parse says so and nothing else.
    pub(crate) fn read(file: &str, sdl: &str, found: &mut Vec<Diagnostic>) -> Option<Self> {
        let parsed = Parser::new().parse_ast(sdl, file);
        let (ast, syntax) = match parsed {
            Ok(ast) => (ast, None),
            Err(broken) => (broken.partial, Some(broken.errors)),
        };
        let places = Places { file: Arc::from(file), sources: ast.sources.clone() };
        if let Some(errors) = syntax {
            found.extend(places.translate("INVALID_SYNTAX", &errors, &[]));
            return None;
        }
        let (first, _) = build(&[&ast]);
        let links = read_links(&first, &places, found);
        let (schema, errors) = build(&[&ast, &prelude(&ast, &first, &links)]);
        found
            .extend(errors.map_or_else(Vec::new, |errors| places.translate("INVALID_GRAPHQL", &errors, &[])));
        Some(Self { places, schema, links, route_by: None })
    }

    /// What GraphQL itself finds wrong: unknown types, unimplemented interfaces, wrong arguments of Federation's directives.
    /// What stands inside `spans` is left out: those directives are checked by rules of their own.
    pub(crate) fn graphql_mistakes(&self, spans: &[SourceSpan]) -> Vec<Diagnostic> {
        match self.schema.clone().validate() {
            Ok(_) => Vec::new(),
            Err(invalid) => self.places.translate("INVALID_GRAPHQL", &invalid.errors, spans),
        }
    }

    /// Every directive written in the file, with what it stands on.
    pub(crate) fn uses(&self) -> Vec<Use<'_>> {
        let mut uses = Vec::new();
        let definition = &self.schema.schema_definition;
        push(&mut uses, components(&definition.directives), DirectiveLocation::Schema, "schema");
        for (name, ty) in self.schema.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
            push(&mut uses, components(ty.directives()), location_of(ty), name);
            inner_uses(&mut uses, name, ty);
        }
        uses
    }
}

/// One directive where it is written.
pub(crate) struct Use<'a> {
    pub(crate) directive: &'a Node<Directive>,
    pub(crate) location: DirectiveLocation,
    /// What it stands on: `Persona.cognome`, `Query.residenti(etaMin:)`.
    pub(crate) on: String,
    /// An earlier directive of the same name stands on the same thing.
    pub(crate) repeated: bool,
}

fn build(documents: &[&ast::Document]) -> (Schema, Option<DiagnosticList>) {
    let builder = Schema::builder().adopt_orphan_extensions().ignore_builtin_redefinitions();
    match documents.iter().fold(builder, |builder, document| builder.add_ast(document)).build() {
        Ok(schema) => (schema, None),
        Err(broken) => (broken.partial, Some(broken.errors)),
    }
}

/// What the file leaves to its links: Federation's directives under the names they have here, and a root for queries where there is
/// none: a source may have nothing but entities or mutations.
fn prelude(ast: &ast::Document, schema: &Schema, links: &Links) -> ast::Document {
    let mut document = ast::Document::new();
    for (here, there) in links.federation_names() {
        let known = schema.directive_definitions.contains_key(here);
        let definition = FEDERATION.directive_definitions.get(there).filter(|_| !known);
        if let (Some(definition), Ok(name)) = (definition, Name::new(here)) {
            let mut definition = definition.clone();
            definition.make_mut().name = name;
            document.definitions.push(ast::Definition::DirectiveDefinition(definition));
        }
    }
    let explicit = ast.definitions.iter().any(|definition| definition.as_schema_definition().is_some());
    let query = match (schema.schema_definition.query.is_some(), explicit) {
        (true, _) => "",
        (false, true) => {
            "type raccordo__Query { _service: raccordo__Any } extend schema { query: raccordo__Query }"
        }
        (false, false) => "type Query { _service: raccordo__Any }",
    };
    let text = format!("scalar raccordo__Any {query}");
    if let Ok(parsed) = Parser::new().parse_ast(text, "prelude.graphql") {
        document.definitions.extend(parsed.definitions);
    }
    document
}

fn components(list: &apollo_compiler::schema::DirectiveList) -> impl Iterator<Item = &Node<Directive>> {
    list.iter().map(|component: &Component<Directive>| &component.node)
}

fn push<'a>(
    uses: &mut Vec<Use<'a>>,
    directives: impl Iterator<Item = &'a Node<Directive>>,
    location: DirectiveLocation,
    on: &str,
) {
    let mut seen: Vec<&Name> = Vec::new();
    for directive in directives {
        let repeated = seen.contains(&&directive.name);
        seen.push(&directive.name);
        uses.push(Use { directive, location, on: on.to_owned(), repeated });
    }
}

fn inner_uses<'a>(uses: &mut Vec<Use<'a>>, name: &str, ty: &'a ExtendedType) {
    match ty {
        ExtendedType::Object(object) => object.fields.values().for_each(|f| field_uses(uses, name, f)),
        ExtendedType::Interface(interface) => {
            interface.fields.values().for_each(|f| field_uses(uses, name, f))
        }
        ExtendedType::Enum(definition) => {
            for value in definition.values.values() {
                let on = format!("{name}.{}", value.value);
                push(uses, value.directives.iter(), DirectiveLocation::EnumValue, &on);
            }
        }
        ExtendedType::InputObject(input) => {
            for field in input.fields.values() {
                let on = format!("{name}.{}", field.name);
                push(uses, field.directives.iter(), DirectiveLocation::InputFieldDefinition, &on);
            }
        }
        ExtendedType::Scalar(_) | ExtendedType::Union(_) => {}
    }
}

fn field_uses<'a>(uses: &mut Vec<Use<'a>>, parent: &str, field: &'a Component<FieldDefinition>) {
    let on = format!("{parent}.{}", field.name);
    push(uses, field.directives.iter(), DirectiveLocation::FieldDefinition, &on);
    for argument in &field.arguments {
        let argument: &Node<InputValueDefinition> = argument;
        let on = format!("{on}({}:)", argument.name);
        push(uses, argument.directives.iter(), DirectiveLocation::ArgumentDefinition, &on);
    }
}

fn location_of(ty: &ExtendedType) -> DirectiveLocation {
    match ty {
        ExtendedType::Scalar(_) => DirectiveLocation::Scalar,
        ExtendedType::Object(_) => DirectiveLocation::Object,
        ExtendedType::Interface(_) => DirectiveLocation::Interface,
        ExtendedType::Union(_) => DirectiveLocation::Union,
        ExtendedType::Enum(_) => DirectiveLocation::Enum,
        ExtendedType::InputObject(_) => DirectiveLocation::InputObject,
    }
}
