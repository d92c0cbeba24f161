//! A supergraph and its machinery in; the whole schema without the machinery, and of that the schema that clients see, out, neither
//! validated. What doesn't change is shared with what came in: a large graph isn't copied.

use apollo_compiler::ast::{self, Directive};
use apollo_compiler::collections::{IndexMap, IndexSet};
use apollo_compiler::schema::{Component, ComponentName, ExtendedType, FieldDefinition};
use apollo_compiler::{Name, Node, Schema};
use rustc_hash::FxHashSet;

use super::links::Machinery;

/// Takes machinery away, but for the marks of what clients don't see.
pub(super) fn whole_schema(supergraph: &Schema, machinery: &Machinery) -> Schema {
    let mark = machinery.inaccessible.as_str();
    let is_machinery = |name: &str| name != mark && machinery.is_directive(name);
    let mut schema = supergraph.clone();
    schema.types.retain(|name, _| !machinery.is_type(name));
    Strip { removed: &is_machinery, mark: None, hidden: FxHashSet::default() }.schema(&mut schema);
    schema
}

/// Takes away what is marked as hidden, and the marks.
pub(super) fn api_schema(whole: &Schema, machinery: &Machinery) -> Schema {
    let mark = machinery.inaccessible.as_str();
    let types = whole.types.iter().filter(|(_, ty)| ty.directives().has(mark));
    let hidden: FxHashSet<Name> = types.map(|(name, _)| name.clone()).collect();
    let mut schema = whole.clone();
    schema.types.retain(|name, _| !hidden.contains(name));
    Strip { removed: &|name| name == mark, mark: Some(mark), hidden }.schema(&mut schema);
    schema
}

struct Strip<'a> {
    /// Directives to take away.
    removed: &'a dyn Fn(&str) -> bool,
    /// The one among them that takes what it stands on with it.
    mark: Option<&'a str>,
    /// Types that are gone.
    hidden: FxHashSet<Name>,
}

impl Strip<'_> {
    fn schema(&self, schema: &mut Schema) {
        schema.directive_definitions.retain(|name, _| !(self.removed)(name));
        let definition = schema.schema_definition.make_mut();
        definition.directives.retain(|directive| !(self.removed)(&directive.name));
        for root in [&mut definition.mutation, &mut definition.subscription] {
            root.take_if(|root| self.hidden.contains(&root.name));
        }
        for ty in schema.types.values_mut().filter(|ty| !ty.is_built_in()) {
            self.ty(ty);
        }
        for definition in schema.directive_definitions.values_mut() {
            if !definition.is_built_in() && self.is_in_arguments(&definition.arguments) {
                self.arguments(&mut definition.make_mut().arguments);
            }
        }
    }

    fn ty(&self, ty: &mut ExtendedType) {
        let touched = ty.directives().iter().any(|directive| (self.removed)(&directive.name));
        match ty {
            ExtendedType::Scalar(scalar) if touched => {
                scalar.make_mut().directives.retain(|directive| !(self.removed)(&directive.name));
            }
            ExtendedType::Object(node)
                if touched
                    || self.is_in_fields(&node.fields)
                    || self.is_gone(&node.implements_interfaces) =>
            {
                let object = node.make_mut();
                object.directives.retain(|directive| !(self.removed)(&directive.name));
                object.implements_interfaces.retain(|interface| !self.hidden.contains(&interface.name));
                self.fields(&mut object.fields);
            }
            ExtendedType::Interface(node)
                if touched
                    || self.is_in_fields(&node.fields)
                    || self.is_gone(&node.implements_interfaces) =>
            {
                let interface = node.make_mut();
                interface.directives.retain(|directive| !(self.removed)(&directive.name));
                interface.implements_interfaces.retain(|interface| !self.hidden.contains(&interface.name));
                self.fields(&mut interface.fields);
            }
            ExtendedType::Union(node) if touched || self.is_gone(&node.members) => {
                let union_ = node.make_mut();
                union_.directives.retain(|directive| !(self.removed)(&directive.name));
                union_.members.retain(|member| !self.hidden.contains(&member.name));
            }
            ExtendedType::Enum(node)
                if touched || node.values.values().any(|value| self.is_in(&value.directives)) =>
            {
                let definition = node.make_mut();
                definition.directives.retain(|directive| !(self.removed)(&directive.name));
                definition.values.retain(|_, value| self.is_seen(&value.directives));
                for value in definition.values.values_mut().filter(|value| self.is_in(&value.directives)) {
                    self.part(&mut value.make_mut().directives);
                }
            }
            ExtendedType::InputObject(node)
                if touched || node.fields.values().any(|field| self.is_in(&field.directives)) =>
            {
                let input = node.make_mut();
                input.directives.retain(|directive| !(self.removed)(&directive.name));
                input.fields.retain(|_, field| self.is_seen(&field.directives));
                for field in input.fields.values_mut().filter(|field| self.is_in(&field.directives)) {
                    self.part(&mut field.make_mut().directives);
                }
            }
            _ => {}
        }
    }

    fn fields(&self, fields: &mut IndexMap<Name, Component<FieldDefinition>>) {
        fields.retain(|_, field| self.is_seen(&field.directives));
        for field in fields.values_mut().filter(|field| self.is_in_field(field)) {
            let field = field.make_mut();
            self.part(&mut field.directives);
            self.arguments(&mut field.arguments);
        }
    }

    fn arguments(&self, arguments: &mut Vec<Node<ast::InputValueDefinition>>) {
        arguments.retain(|argument| self.is_seen(&argument.directives));
        for argument in arguments.iter_mut().filter(|argument| self.is_in(&argument.directives)) {
            self.part(&mut argument.make_mut().directives);
        }
    }

    fn part(&self, directives: &mut ast::DirectiveList) {
        directives.retain(|directive| !(self.removed)(&directive.name));
        // The list is as long as it was: what isn't shared shouldn't be kept.
        directives.0.shrink_to_fit();
    }

    fn is_seen(&self, directives: &ast::DirectiveList) -> bool {
        self.mark.is_none_or(|mark| !directives.has(mark))
    }

    fn is_gone(&self, names: &IndexSet<ComponentName>) -> bool {
        !self.hidden.is_empty() && names.iter().any(|name| self.hidden.contains(&name.name))
    }

    fn is_in_fields(&self, fields: &IndexMap<Name, Component<FieldDefinition>>) -> bool {
        fields.values().any(|field| self.is_in_field(field))
    }

    fn is_in_field(&self, field: &FieldDefinition) -> bool {
        self.is_in(&field.directives) || self.is_in_arguments(&field.arguments)
    }

    fn is_in_arguments(&self, arguments: &[Node<ast::InputValueDefinition>]) -> bool {
        arguments.iter().any(|argument| self.is_in(&argument.directives))
    }

    fn is_in(&self, directives: &[Node<Directive>]) -> bool {
        directives.iter().any(|directive| (self.removed)(&directive.name))
    }
}
