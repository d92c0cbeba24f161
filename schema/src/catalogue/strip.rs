//! A supergraph and its machinery in; the schema that clients see out, not yet validated. Changes in place: a large graph isn't copied.

use apollo_compiler::ast;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{
    Component, DirectiveList, EnumType, ExtendedType, FieldDefinition, InputObjectType,
};
use apollo_compiler::{Name, Node, Schema};
use rustc_hash::FxHashSet;

use super::links::Machinery;

/// Takes machinery and what is `@inaccessible` away.
pub(super) fn api_schema(mut schema: Schema, machinery: &Machinery) -> Schema {
    let hidden: FxHashSet<Name> = schema
        .types
        .iter()
        .filter(|(_, ty)| ty.directives().has(&machinery.inaccessible))
        .map(|(name, _)| name.clone())
        .collect();
    schema.types.retain(|name, _| !hidden.contains(name) && !machinery.is_type(name));
    schema.directive_definitions.retain(|name, _| !machinery.is_directive(name));
    let strip = Strip { machinery, hidden: &hidden };
    strip.of_type(&mut schema.schema_definition.make_mut().directives);
    for ty in schema.types.values_mut().filter(|ty| !ty.is_built_in()) {
        strip.ty(ty);
    }
    for definition in schema.directive_definitions.values_mut().filter(|definition| !definition.is_built_in())
    {
        strip.arguments(&mut definition.make_mut().arguments);
    }
    schema
}

struct Strip<'a> {
    machinery: &'a Machinery,
    hidden: &'a FxHashSet<Name>,
}

impl Strip<'_> {
    fn ty(&self, ty: &mut ExtendedType) {
        match ty {
            ExtendedType::Scalar(scalar) => self.of_type(&mut scalar.make_mut().directives),
            ExtendedType::Object(object) => {
                let object = object.make_mut();
                self.of_type(&mut object.directives);
                object.implements_interfaces.retain(|interface| !self.hidden.contains(&interface.name));
                self.fields(&mut object.fields);
            }
            ExtendedType::Interface(interface) => {
                let interface = interface.make_mut();
                self.of_type(&mut interface.directives);
                interface.implements_interfaces.retain(|interface| !self.hidden.contains(&interface.name));
                self.fields(&mut interface.fields);
            }
            ExtendedType::Union(union_) => {
                let union_ = union_.make_mut();
                self.of_type(&mut union_.directives);
                union_.members.retain(|member| !self.hidden.contains(&member.name));
            }
            ExtendedType::Enum(definition) => self.values(definition.make_mut()),
            ExtendedType::InputObject(input) => self.inputs(input.make_mut()),
        }
    }

    fn values(&self, definition: &mut EnumType) {
        self.of_type(&mut definition.directives);
        definition.values.retain(|_, value| self.is_seen(&value.directives));
        for value in definition.values.values_mut() {
            self.of_part(&mut value.make_mut().directives);
        }
    }

    fn inputs(&self, input: &mut InputObjectType) {
        self.of_type(&mut input.directives);
        input.fields.retain(|_, field| self.is_seen(&field.directives));
        for field in input.fields.values_mut() {
            self.of_part(&mut field.make_mut().directives);
        }
    }

    fn fields(&self, fields: &mut IndexMap<Name, Component<FieldDefinition>>) {
        fields.retain(|_, field| self.is_seen(&field.directives));
        for field in fields.values_mut() {
            let field = field.make_mut();
            self.of_part(&mut field.directives);
            self.arguments(&mut field.arguments);
        }
    }

    fn arguments(&self, arguments: &mut Vec<Node<ast::InputValueDefinition>>) {
        arguments.retain(|argument| self.is_seen(&argument.directives));
        for argument in arguments.iter_mut().filter(|argument| !argument.directives.is_empty()) {
            self.of_part(&mut argument.make_mut().directives);
        }
    }

    fn is_seen(&self, directives: &ast::DirectiveList) -> bool {
        !directives.has(&self.machinery.inaccessible)
    }

    fn of_type(&self, directives: &mut DirectiveList) {
        directives.retain(|directive| !self.machinery.is_directive(&directive.name));
    }

    fn of_part(&self, directives: &mut ast::DirectiveList) {
        directives.retain(|directive| !self.machinery.is_directive(&directive.name));
    }
}
