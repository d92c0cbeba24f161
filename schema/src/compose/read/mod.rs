//! A source's SDL text in; its normalised graph out, or what is wrong with the text.
//!
//! Syntax and plain GraphQL rules are apollo-compiler's judgement (on a copy without Federation's and Raccordo's directives);
//! Federation's own rules come after, in `rules`.

mod base;
mod directives;
mod linked;
mod piece;

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{
    Definition, Document, EnumValueDefinition, FieldDefinition, InputValueDefinition, OperationType, Type,
};
use apollo_compiler::parser::SourceMap;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;

use super::SourceSdl;
use super::links::{Links, Spec};
use super::marks::Marks;
use super::subgraph::{EnumValue, Field, Input, Kind, OwnDirective, Span, Subgraph, TypeDef, locate};
use crate::Diagnostic;
use directives::OnDeclaration;
use piece::Piece;

pub(crate) use base::diagnostics;

/// The usual names of the three roots.
const ROOTS: [(OperationType, &str); 3] = [
    (OperationType::Query, "Query"),
    (OperationType::Mutation, "Mutation"),
    (OperationType::Subscription, "Subscription"),
];

/// Scalars that a file may define again, to no effect.
const BUILT_IN: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

/// Reads one source, with what is wrong in Federation's own words. `graph` is its value in `join__Graph`.
///
/// # Errors
///
/// What GraphQL itself refuses: nothing more can be said of such a file.
pub(crate) fn read(
    source: &SourceSdl<'_>,
    graph: String,
) -> Result<(Subgraph, Vec<Diagnostic>), Vec<Diagnostic>> {
    let file: Arc<str> = source.file.into();
    let document =
        Document::parse(source.sdl, source.file).map_err(|bad| base::diagnostics(&file, &bad.errors))?;
    let links = Links::read(&document);
    let mut reader = Reader {
        roots: root_names(&document),
        file: &file,
        links: &links,
        sources: &document.sources,
        problems: Vec::new(),
        types: IndexMap::new(),
        directives: IndexMap::new(),
    };
    reader.imports(&document);
    let refused = base::check(&file, &document, &links);
    if !refused.is_empty() {
        reader.problems.extend(refused);
        return Err(reader.problems);
    }
    document.definitions.iter().for_each(|definition| reader.definition(definition));
    reader.finish_query();
    let composed = reader.composed(&document);
    let Reader { problems, types, directives, .. } = reader;
    let subgraph = Subgraph {
        name: source.name.to_owned(),
        graph,
        url: source.url.unwrap_or_default().to_owned(),
        v2: links.is_v2(),
        sources: document.sources.clone(),
        file,
        types,
        directives,
        composed,
    };
    Ok((subgraph, problems))
}

/// From the name a root type has in the file to its usual name.
fn root_names(document: &Document) -> FxHashMap<Name, Name> {
    let mut renamed = FxHashMap::default();
    let operations = document.definitions.iter().flat_map(|definition| match definition {
        Definition::SchemaDefinition(schema) => schema.root_operations.as_slice(),
        Definition::SchemaExtension(schema) => schema.root_operations.as_slice(),
        _ => &[],
    });
    for operation in operations {
        let usual = ROOTS.iter().find(|(kind, _)| *kind == operation.0);
        if let Some((_, usual)) = usual {
            renamed.insert(operation.1.clone(), Name::new_static_unchecked(usual));
        }
    }
    renamed
}

struct Reader<'a> {
    roots: FxHashMap<Name, Name>,
    file: &'a Arc<str>,
    links: &'a Links,
    sources: &'a SourceMap,
    problems: Vec<Diagnostic>,
    types: IndexMap<Name, TypeDef>,
    directives: IndexMap<Name, OwnDirective>,
}

impl Reader<'_> {
    fn problem(&mut self, rule: &'static str, at: Span, message: String, help: &str) {
        self.problems.push(Diagnostic::error(rule, locate(self.file, self.sources, at), message).help(help));
    }

    fn definition(&mut self, definition: &Definition) {
        if let Definition::DirectiveDefinition(directive) = definition {
            if matches!(self.links.directive(&directive.name).0, Spec::Own | Spec::Foreign(_)) {
                let arguments = directive.arguments.iter().map(|a| (a.name.clone(), self.input(a))).collect();
                let own = OwnDirective { definition: directive.clone(), arguments };
                self.directives.insert(directive.name.clone(), own);
            }
            return;
        }
        let Some(piece) = Piece::of(definition) else { return };
        let built_in = piece.kind == Kind::Scalar && BUILT_IN.contains(&piece.name.as_str());
        if built_in || self.links.owns_type(piece.name) {
            return;
        }
        let name = self.renamed(piece.name);
        if name == *piece.name && self.roots.iter().any(|(from, to)| *to == name && *from != name) {
            let message = format!("`{name}` is not the root type, but has a root type's usual name");
            self.problem(
                "ROOT_QUERY_USED",
                name.location(),
                message,
                "rename the type: in the graph, the root has this name",
            );
            return;
        }
        let fresh = || TypeDef::new(name.clone(), piece.kind, piece.name.location());
        let mut def = self.types.get(&name).cloned().unwrap_or_else(fresh);
        self.fold(&piece, &mut def);
        self.types.insert(name, def);
    }

    fn fold(&mut self, piece: &Piece<'_>, def: &mut TypeDef) {
        if def.description.is_none() {
            def.description = piece.description.map(|d| d.to_string());
        }
        let declared = self.type_directives(piece, def);
        // In v1 `@extends` is for servers that can't write `extend`.
        def.only_extended &= piece.extension || declared.extends && !self.links.is_v2();
        for interface in piece.implements {
            def.implements.entry(self.renamed(interface)).or_insert(interface.location());
        }
        for field in piece.fields {
            let federation = def.name == "Query" && matches!(field.name.as_str(), "_service" | "_entities");
            if !federation {
                let field = self.field(field, &declared);
                def.fields.insert(field.name.clone(), field);
            }
        }
        for member in piece.members {
            def.members.insert(self.renamed(member), member.location());
        }
        for value in piece.values {
            let value = self.enum_value(value);
            def.values.insert(value.name.clone(), value);
        }
        for input in piece.inputs {
            let input = self.input(input);
            def.inputs.insert(input.name.clone(), input);
        }
    }

    fn renamed(&self, name: &Name) -> Name {
        self.roots.get(name).unwrap_or(name).clone()
    }

    fn retyped(&self, ty: &Type) -> Type {
        match ty {
            Type::Named(name) => Type::Named(self.renamed(name)),
            Type::NonNullNamed(name) => Type::NonNullNamed(self.renamed(name)),
            Type::List(inner) => Type::List(Box::new(self.retyped(inner))),
            Type::NonNullList(inner) => Type::NonNullList(Box::new(self.retyped(inner))),
        }
    }

    fn field(&mut self, field: &Node<FieldDefinition>, declared: &OnDeclaration) -> Field {
        let mut read = Field {
            name: field.name.clone(),
            at: field.name.location(),
            description: field.description.as_ref().map(|d| d.to_string()),
            ty: self.retyped(&field.ty),
            arguments: IndexMap::new(),
            external: declared.external,
            external_by_type: declared.external,
            decorated: false,
            shareable: declared.shareable,
            requires: None,
            provides: None,
            overrides: None,
            marks: Marks::default(),
            in_key: false,
            provided: false,
            used: false,
        };
        for argument in &field.arguments {
            let argument = self.input(argument);
            read.arguments.insert(argument.name.clone(), argument);
        }
        self.repeated(&field.directives);
        for directive in field.directives.iter() {
            self.field_directive(directive, &mut read);
        }
        read
    }

    fn input(&mut self, input: &Node<InputValueDefinition>) -> Input {
        Input {
            name: input.name.clone(),
            at: input.name.location(),
            description: input.description.as_ref().map(|d| d.to_string()),
            ty: input.ty.as_ref().clone(),
            default: input.default_value.clone(),
            marks: self.marks(&input.directives),
        }
    }

    fn enum_value(&mut self, value: &Node<EnumValueDefinition>) -> EnumValue {
        EnumValue {
            name: value.value.clone(),
            at: value.value.location(),
            description: value.description.as_ref().map(|d| d.to_string()),
            marks: self.marks(&value.directives),
        }
    }

    /// Every source can be asked `_service` and `_entities`, so every one has `Query`, if only in the supergraph's joins.
    fn finish_query(&mut self) {
        let query = Name::new_static_unchecked("Query");
        self.types.entry(query.clone()).or_insert_with(|| TypeDef::new(query, Kind::Object, None));
        self.types.retain(|name, def| {
            let empty = def.kind == Kind::Object && def.fields.is_empty();
            name == "Query" || !empty
        });
    }
}
