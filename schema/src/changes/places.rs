//! Where the parts of a schema stand in its file. In: coordinates. Out: places; the file as a whole for what isn't found.

use std::sync::Arc;

use apollo_compiler::ast::InputValueDefinition;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};
use apollo_compiler::{Name, Node, Schema};

use crate::Location;

/// The schema as its file has it.
pub(super) struct Places<'a> {
    file: Arc<str>,
    schema: &'a Schema,
}

impl<'a> Places<'a> {
    pub(super) fn new(file: &str, schema: &'a Schema) -> Self {
        Self { file: file.into(), schema }
    }

    fn at(&self, span: Option<SourceSpan>) -> Location {
        match span.and_then(|span| span.line_column(&self.schema.sources)) {
            Some(place) => Location { file: self.file.clone(), line: place.line, column: place.column },
            None => Location::file(self.file.clone()),
        }
    }

    /// A type's name.
    pub(super) fn of_type(&self, name: &str) -> Location {
        self.at(self.schema.types.get(name).and_then(|def| def.name().location()))
    }

    /// A directive's name.
    pub(super) fn of_directive(&self, name: &str) -> Location {
        self.at(self.schema.directive_definitions.get(name).and_then(|def| def.name.location()))
    }

    /// A field, an input field or a value.
    pub(super) fn of_part(&self, parent: &str, name: &str) -> Location {
        let span = match self.schema.types.get(parent) {
            Some(ExtendedType::InputObject(d)) => d.fields.get(name).and_then(|f| f.name.location()),
            Some(ExtendedType::Enum(d)) => d.values.get(name).and_then(|v| v.value.location()),
            _ => self.field(parent, name).and_then(|f| f.name.location()),
        };
        self.at(span)
    }

    /// An argument of a field; the field where it has none.
    pub(super) fn of_argument(&self, parent: &str, field: &str, argument: &str) -> Location {
        let found = self.field(parent, field).and_then(|f| {
            f.arguments.iter().find(|a: &&Node<InputValueDefinition>| a.name == argument)?.name.location()
        });
        if found.is_some() { self.at(found) } else { self.of_part(parent, field) }
    }

    fn field(&self, parent: &str, name: &str) -> Option<&'a Component<FieldDefinition>> {
        let fields: &'a IndexMap<Name, Component<FieldDefinition>> = match self.schema.types.get(parent)? {
            ExtendedType::Object(d) => &d.fields,
            ExtendedType::Interface(d) => &d.fields,
            _ => return None,
        };
        fields.get(name)
    }
}
