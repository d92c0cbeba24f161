//! Random queries over a schema, the same for a seed on every machine. Most are valid; validation sorts out the rest.

use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::ast::{OperationType, Type};
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};

use crate::world::hash;

/// Levels of fields.
const DEPTH: usize = 5;

pub(crate) struct Queries<'s> {
    schema: &'s Schema,
    seed: u64,
    drawn: u64,
}

impl<'s> Queries<'s> {
    pub(crate) fn new(schema: &'s Schema, seed: u64) -> Self {
        Self { schema, seed, drawn: 0 }
    }

    fn draw(&mut self, below: usize) -> usize {
        self.drawn += 1;
        hash(&format!("{} {}", self.seed, self.drawn)) % below.max(1)
    }

    pub(crate) fn query(mut self) -> Option<String> {
        let root = self.schema.root_operation(OperationType::Query)?.to_string();
        let mut text = String::from("query ");
        self.set(&mut text, &root, DEPTH);
        Some(text)
    }

    fn set(&mut self, out: &mut String, ty: &str, depth: usize) {
        out.push('{');
        let start = out.len();
        if self.draw(4) == 0 {
            out.push_str("__typename ");
        }
        let fields: Vec<Component<FieldDefinition>> = match self.schema.types.get(ty) {
            Some(ExtendedType::Object(object)) => object.fields.values().cloned().collect(),
            Some(ExtendedType::Interface(interface)) => interface.fields.values().cloned().collect(),
            _ => Vec::new(),
        };
        for _ in 0..1 + self.draw(4) {
            if let Some(field) = fields.get(self.draw(fields.len())) {
                self.field(out, field, depth);
            }
        }
        for on in self.conditions(ty) {
            if self.draw(2) == 0 {
                let _ = write!(out, "... on {on} ");
                self.set(out, &on, depth);
            }
        }
        if out.len() == start {
            out.push_str("__typename");
        }
        out.push_str("} ");
    }

    /// Types that a condition here may name: those an abstract type can be, and now and then those an object type is.
    fn conditions(&mut self, ty: &str) -> Vec<String> {
        match self.schema.types.get(ty) {
            Some(ExtendedType::Union(union)) => union.members.iter().map(ToString::to_string).collect(),
            Some(ExtendedType::Interface(_)) => {
                let map = self.schema.implementers_map();
                let found = map.get(ty).map(|found| found.iter().map(ToString::to_string).collect());
                found.unwrap_or_default()
            }
            Some(ExtendedType::Object(object)) if self.draw(3) == 0 => {
                object.implements_interfaces.iter().map(ToString::to_string).collect()
            }
            _ => Vec::new(),
        }
    }

    fn field(&mut self, out: &mut String, field: &FieldDefinition, depth: usize) {
        let named = field.ty.inner_named_type();
        let is_composite = matches!(
            self.schema.types.get(named),
            Some(ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_))
        );
        if is_composite && depth == 0 {
            return;
        }
        let Some(arguments) = self.arguments(field) else { return };
        if self.draw(5) == 0 {
            let _ = write!(out, "altro{}: ", self.draw(3));
        }
        let _ = write!(out, "{}{arguments} ", field.name);
        if is_composite {
            self.set(out, named, depth - 1);
        }
    }

    /// The arguments that must be given; nothing when one of them is an input object.
    fn arguments(&mut self, field: &FieldDefinition) -> Option<String> {
        let required = field.arguments.iter().filter(|argument| argument.is_required());
        let mut written = Vec::new();
        for argument in required {
            let value = self.literal(&argument.ty)?;
            written.push(format!("{}: {value}", argument.name));
        }
        Some(if written.is_empty() { String::new() } else { format!("({})", written.join(", ")) })
    }

    fn literal(&self, ty: &Type) -> Option<String> {
        match ty {
            Type::List(item) | Type::NonNullList(item) => Some(format!("[{}]", self.literal(item)?)),
            Type::Named(name) | Type::NonNullNamed(name) => {
                match (name.as_str(), self.schema.types.get(name)?) {
                    ("Int", _) => Some("7".into()),
                    ("Float", _) => Some("7.5".into()),
                    ("Boolean", _) => Some("true".into()),
                    (_, ExtendedType::Enum(values)) => values.values.keys().next().map(ToString::to_string),
                    (_, ExtendedType::Scalar(_)) => Some("\"7\"".into()),
                    _ => None,
                }
            }
        }
    }
}
