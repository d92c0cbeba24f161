//! Plain GraphQL rules of one source's SDL, judged by apollo-compiler on a copy without the directives of linked specifications.
//!
//! In: the parsed file. Out: diagnostics that name the file's own lines. It changes nothing.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::Schema;
use apollo_compiler::ast::{
    Definition, DirectiveList, Document, EnumValueDefinition, FieldDefinition, InputValueDefinition,
    ObjectTypeDefinition, OperationType, Type,
};
use apollo_compiler::name;
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};

use crate::compose::links::{Links, Spec};
use crate::{Diagnostic, Location};

/// Everything that GraphQL itself refuses.
pub(crate) fn check(file: &Arc<str>, document: &Document, links: &Links) -> Vec<Diagnostic> {
    let stripped = strip(document, links);
    let built =
        Schema::builder().adopt_orphan_extensions().ignore_builtin_redefinitions().add_ast(&stripped).build();
    let schema = match built {
        Ok(schema) => schema,
        Err(bad) => return diagnostics(file, &bad.errors),
    };
    match schema.validate() {
        Ok(_) => Vec::new(),
        Err(bad) => diagnostics(file, &bad.errors),
    }
}

/// apollo-compiler's findings as ours.
pub(crate) fn diagnostics(file: &Arc<str>, found: &DiagnosticList) -> Vec<Diagnostic> {
    let one = |diagnostic: apollo_compiler::diagnostic::Diagnostic<'_, DiagnosticData>| {
        let at = diagnostic.line_column_range().map(|range| range.start);
        let at = match at {
            Some(start) => Location { file: Arc::clone(file), line: start.line, column: start.column },
            None => Location::file(Arc::clone(file)),
        };
        let message = sentence(&diagnostic.error.to_string());
        let unknown_directive = message.contains("cannot find directive");
        let ours = Diagnostic::error("INVALID_GRAPHQL", at, message);
        if unknown_directive { ours.help("import it with `@link`, or define it in this file") } else { ours }
    };
    found.iter().map(one).collect()
}

/// Lower case at the start, no full stop at the end.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

fn strip(document: &Document, links: &Links) -> Document {
    let mut copy = document.clone();
    copy.definitions.retain(|definition| !is_foreign(definition, links));
    copy.definitions.iter_mut().for_each(|definition| strip_definition(definition, links));
    drop_empty_roots(&mut copy);
    copy.definitions.retain(|definition| match definition {
        Definition::SchemaExtension(schema) => !schema.root_operations.is_empty(),
        Definition::SchemaDefinition(schema) => !schema.root_operations.is_empty(),
        Definition::ObjectTypeDefinition(object) => !object.fields.is_empty() || object.name != "Query",
        Definition::ObjectTypeExtension(object) => !object.fields.is_empty() || object.name != "Query",
        _ => true,
    });
    if !has_query(&copy) {
        copy.definitions.push(placeholder_query());
    }
    copy
}

/// `schema { query: Query }` where `Query` had only Federation's own fields, or is left unwritten because of that.
fn drop_empty_roots(document: &mut Document) {
    let usual = |name: &str| matches!(name, "Query" | "Mutation" | "Subscription");
    let written: Vec<_> = document.definitions.iter().filter_map(root_with_fields).cloned().collect();
    for definition in &mut document.definitions {
        if let Definition::SchemaDefinition(schema) = definition {
            let operations = &mut schema.make_mut().root_operations;
            operations.retain(|op| !usual(&op.1) || written.contains(&op.1));
            if operations.iter().all(|op| op.0 != OperationType::Query) {
                operations.push(Node::new((OperationType::Query, name!("Query"))));
            }
        }
    }
}

fn root_with_fields(definition: &Definition) -> Option<&Name> {
    match definition {
        Definition::ObjectTypeDefinition(object) => (!object.fields.is_empty()).then_some(&object.name),
        Definition::ObjectTypeExtension(object) => (!object.fields.is_empty()).then_some(&object.name),
        _ => None,
    }
}

/// Federation's and linked specifications' own definitions, when a file writes them out.
fn is_foreign(definition: &Definition, links: &Links) -> bool {
    match definition {
        Definition::DirectiveDefinition(directive) => links.directive(&directive.name).0 != Spec::Own,
        other => other.name().is_some_and(|name| links.owns_type(name)),
    }
}

fn has_query(document: &Document) -> bool {
    document.definitions.iter().any(|definition| match definition {
        Definition::SchemaDefinition(schema) => {
            schema.root_operations.iter().any(|op| op.0 == OperationType::Query && op.1 != "Query")
        }
        Definition::ObjectTypeDefinition(object) => object.name == "Query",
        Definition::ObjectTypeExtension(object) => object.name == "Query",
        _ => false,
    })
}

/// A subgraph may have no query of its own; a GraphQL schema may not.
fn placeholder_query() -> Definition {
    let field = FieldDefinition {
        description: None,
        name: name!("_service"),
        arguments: Vec::new(),
        ty: Type::Named(name!("Boolean")),
        directives: DirectiveList::new(),
    };
    Definition::ObjectTypeDefinition(Node::new(ObjectTypeDefinition {
        description: None,
        name: name!("Query"),
        implements_interfaces: Vec::new(),
        directives: DirectiveList::new(),
        fields: vec![Node::new(field)],
    }))
}

fn strip_definition(definition: &mut Definition, links: &Links) {
    use Definition as D;
    let keep = |list: &mut DirectiveList| keep_own(list, links);
    match definition {
        D::OperationDefinition(_) | D::FragmentDefinition(_) => {}
        D::DirectiveDefinition(d) => inputs(&mut d.make_mut().arguments, links),
        D::SchemaDefinition(d) => keep(&mut d.make_mut().directives),
        D::SchemaExtension(d) => keep(&mut d.make_mut().directives),
        D::ScalarTypeDefinition(d) => keep(&mut d.make_mut().directives),
        D::ScalarTypeExtension(d) => keep(&mut d.make_mut().directives),
        D::UnionTypeDefinition(d) => keep(&mut d.make_mut().directives),
        D::UnionTypeExtension(d) => keep(&mut d.make_mut().directives),
        D::ObjectTypeDefinition(d) => {
            let d = d.make_mut();
            keep(&mut d.directives);
            fields(&mut d.fields, links);
        }
        D::ObjectTypeExtension(d) => {
            let d = d.make_mut();
            keep(&mut d.directives);
            fields(&mut d.fields, links);
        }
        D::InterfaceTypeDefinition(d) => {
            let d = d.make_mut();
            keep(&mut d.directives);
            fields(&mut d.fields, links);
        }
        D::InterfaceTypeExtension(d) => {
            let d = d.make_mut();
            keep(&mut d.directives);
            fields(&mut d.fields, links);
        }
        other => strip_leaf(other, links),
    }
}

fn strip_leaf(definition: &mut Definition, links: &Links) {
    use Definition as D;
    match definition {
        D::EnumTypeDefinition(d) => {
            let d = d.make_mut();
            keep_own(&mut d.directives, links);
            values(&mut d.values, links);
        }
        D::EnumTypeExtension(d) => {
            let d = d.make_mut();
            keep_own(&mut d.directives, links);
            values(&mut d.values, links);
        }
        D::InputObjectTypeDefinition(d) => {
            let d = d.make_mut();
            keep_own(&mut d.directives, links);
            inputs(&mut d.fields, links);
        }
        D::InputObjectTypeExtension(d) => {
            let d = d.make_mut();
            keep_own(&mut d.directives, links);
            inputs(&mut d.fields, links);
        }
        _ => {}
    }
}

fn keep_own(directives: &mut DirectiveList, links: &Links) {
    // apollo-compiler doesn't know `@oneOf`, which later editions of GraphQL define.
    directives.0.retain(|d| d.name != "oneOf" && links.directive(&d.name).0 == Spec::Own);
}

fn fields(all: &mut Vec<Node<FieldDefinition>>, links: &Links) {
    all.retain(|field| !matches!(field.name.as_str(), "_service" | "_entities"));
    for field in all {
        let field = field.make_mut();
        keep_own(&mut field.directives, links);
        inputs(&mut field.arguments, links);
    }
}

fn inputs(all: &mut [Node<InputValueDefinition>], links: &Links) {
    all.iter_mut().for_each(|input| keep_own(&mut input.make_mut().directives, links));
}

fn values(all: &mut [Node<EnumValueDefinition>], links: &Links) {
    all.iter_mut().for_each(|value| keep_own(&mut value.make_mut().directives, links));
}
