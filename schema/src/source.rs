//! A source's SDL in; its [`SourceMapping`] out, or every mistake in it at once, in the words of the user's own directives.
//! Reads no configuration: what the source's kind asks is [`check_kind`]'s.

mod agreement;
mod connect;
mod connection;
mod document;
mod fields;
mod fieldset;
mod filter;
mod from;
mod http;
mod inputs;
mod kind;
mod links;
mod page;
mod target;
mod template;
mod types;
mod values;
mod vocabulary;

use std::sync::Arc;

use apollo_compiler::ast::OperationType;
use apollo_compiler::schema::ExtendedType;
use indexmap::IndexMap;

pub use self::agreement::disagreements;
pub use self::kind::check_kind;

use self::connection::Connections;
use self::document::Document;
use self::from::read_enum;
use self::types::Reading;
use self::vocabulary::check_uses;
use crate::Diagnostic;
use crate::mapping::{Member, SourceMapping};

/// The address of the connector vocabulary, without its version.
pub const CONNECT_URL: &str = "https://raccordo.example/connect";

/// The version of the connector vocabulary that is read.
pub const CONNECT_VERSION: &str = "v0.1";

/// Whose SDL is read.
#[derive(Debug, Clone, Default)]
pub struct Reader<'a> {
    /// The source's name in the configuration.
    pub source: &'a str,
    /// Which of its members it is, where it has any.
    pub member: Option<Member>,
    /// The argument that chooses members.
    pub route_by: Option<&'a str>,
}

/// Reads the SDL of a source that is one system. `name` is the source's in the configuration, `file` what the user calls the file.
///
/// # Errors
/// Every mistake in the text: syntax alone where it doesn't parse, else links, directives, GraphQL's own rules and the mapping's,
/// in the order of the file.
pub fn read_source(name: &str, file: &str, sdl: &str) -> Result<SourceMapping, Vec<Diagnostic>> {
    Reader { source: name, ..Reader::default() }.read(file, sdl)
}

impl Reader<'_> {
    /// Reads the SDL of a source, or of one of its members.
    ///
    /// # Errors
    /// As [`read_source`].
    pub fn read(&self, file: &str, sdl: &str) -> Result<SourceMapping, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let Some(mut document) = Document::read(file, sdl, &mut found) else { return Err(found) };
        document.route_by = self.route_by.map(Arc::from);
        let checked = check_uses(&document, &mut found);
        found.extend(document.graphql_mistakes(&checked.spans));
        let connections = Connections::of(&document.schema);
        let connected = uses_connect(&document);
        let reading =
            Reading { document: &document, checked: &checked, connections: &connections, connected };
        let mapping = SourceMapping {
            source: Arc::from(self.source),
            member: self.member.clone(),
            file: Arc::from(file),
            types: reading.types(&mut found),
            queries: reading.roots(OperationType::Query, &mut found),
            mutations: reading.roots(OperationType::Mutation, &mut found),
            enums: read_enums(&document, &checked, &mut found),
            uses_connect: connected,
        };
        reading.roots(OperationType::Subscription, &mut found);
        found.sort_by(|a, b| a.at.cmp(&b.at));
        found.dedup();
        if found.is_empty() { Ok(mapping) } else { Err(found) }
    }
}

fn uses_connect(document: &Document) -> bool {
    let ours = |name: &'static str| move |d: &document::Use<'_>| document.links.is_connect(d.directive, name);
    document.uses().iter().any(|usage| ours("connect")(usage) || ours("from")(usage))
}

fn read_enums(
    document: &Document,
    checked: &vocabulary::Checked,
    found: &mut Vec<Diagnostic>,
) -> IndexMap<crate::mapping::Name, crate::mapping::EnumMapping> {
    let enums =
        document.schema.types.values().filter(|ty| !ty.is_built_in()).filter_map(ExtendedType::as_enum);
    enums
        .map(|definition| read_enum(document, checked, definition, found))
        .map(|mapping| (mapping.name.clone(), mapping))
        .collect()
}
