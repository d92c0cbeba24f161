//! A schema and choices (bytes) in; a document over it with its variables out: fields, aliases, fragments, conditions, arguments of
//! every type, nearly always valid. The same choices always write the same text; when they run out, the first of everything is chosen.

use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::ast::{OperationType, Type};
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition, InputValueDefinition};
use serde_json::{Map, Value, json};

/// Levels of fields that are written of free will.
const DEPTH: usize = 7;
/// Fields that are written of free will.
const FIELDS: usize = 120;
/// Levels of a literal.
const LITERAL: usize = 3;

/// Document, variables, mood.
pub fn written(schema: &Schema, choices: &[u8]) -> (String, Map<String, Value>, u64) {
    let mut writer = Writer {
        schema,
        choices,
        declared: Vec::new(),
        variables: Map::new(),
        fragments: Vec::new(),
        fields: 0,
    };
    let mood = match writer.choice(3) {
        0 => 0,
        _ => 1 + writer.choice(256) as u64 * 256 + writer.choice(256) as u64,
    };
    (writer.document(), writer.variables, mood)
}

struct Writer<'a> {
    schema: &'a Schema,
    choices: &'a [u8],
    /// Declared variables, as text.
    declared: Vec<String>,
    variables: Map<String, Value>,
    /// Fragments: the type they are on, and their text.
    fragments: Vec<(String, String)>,
    fields: usize,
}

impl Writer<'_> {
    fn choice(&mut self, below: usize) -> usize {
        let Some((first, rest)) = self.choices.split_first() else { return 0 };
        self.choices = rest;
        usize::from(*first) % below.max(1)
    }

    fn document(&mut self) -> String {
        let kind = if self.choice(8) == 7 { OperationType::Mutation } else { OperationType::Query };
        let root = self.schema.root_operation(kind).expect("the root is there").to_string();
        let body = self.set(&root, DEPTH);
        let declared = match self.declared.is_empty() {
            true => String::new(),
            false => format!("({})", self.declared.join(", ")),
        };
        let mut text = format!("{kind} O{declared} {body}");
        for (index, (on, body)) in self.fragments.iter().enumerate() {
            let _ = write!(text, "\nfragment F{index} on {on} {body}");
        }
        text
    }

    fn set(&mut self, ty: &str, depth: usize) -> String {
        let fields: Vec<Component<FieldDefinition>> = match self.schema.types.get(ty) {
            Some(ExtendedType::Object(object)) => object.fields.values().cloned().collect(),
            Some(ExtendedType::Interface(interface)) => interface.fields.values().cloned().collect(),
            _ => Vec::new(),
        };
        let mut out = String::from("{ ");
        for _ in 0..1 + self.choice(4) {
            match self.choice(8) {
                0 => out.push_str("__typename "),
                1 => self.inline(&mut out, ty, depth),
                2 => self.spread(&mut out, ty, depth),
                _ if fields.is_empty() => self.inline(&mut out, ty, depth),
                _ => {
                    let chosen = self.choice(fields.len());
                    self.field(&mut out, &fields[chosen], depth);
                }
            }
        }
        if out.len() == 2 {
            out.push_str("__typename ");
        }
        out.push('}');
        out
    }

    fn condition(&mut self, ty: &str) -> String {
        let mut types = vec![ty.to_owned()];
        let implementers = self.schema.implementers_map();
        match self.schema.types.get(ty) {
            Some(ExtendedType::Union(union)) => types.extend(union.members.iter().map(ToString::to_string)),
            Some(ExtendedType::Interface(_)) => {
                types.extend(
                    implementers.get(ty).iter().flat_map(|found| found.iter().map(ToString::to_string)),
                );
            }
            Some(ExtendedType::Object(object)) => {
                types.extend(object.implements_interfaces.iter().map(ToString::to_string));
            }
            _ => {}
        }
        let chosen = self.choice(types.len());
        types.swap_remove(chosen)
    }

    fn inline(&mut self, out: &mut String, ty: &str, depth: usize) {
        if depth == 0 {
            return;
        }
        let on = self.condition(ty);
        let conditions = self.conditions();
        let body = self.set(&on, depth - 1);
        match on == ty && self.choice(2) == 0 {
            true => out.push_str(&format!("...{conditions} {body} ")),
            false => out.push_str(&format!("... on {on}{conditions} {body} ")),
        }
    }

    fn spread(&mut self, out: &mut String, ty: &str, depth: usize) {
        let on = self.condition(ty);
        let known: Vec<usize> =
            (0..self.fragments.len()).filter(|index| self.fragments[*index].0 == on).collect();
        let index = match known.is_empty() || self.choice(2) == 0 {
            true if depth == 0 => return,
            true => {
                let body = self.set(&on, depth - 1);
                self.fragments.push((on, body));
                self.fragments.len() - 1
            }
            false => known[self.choice(known.len())],
        };
        let conditions = self.conditions();
        let _ = write!(out, "...F{index}{conditions} ");
    }

    fn field(&mut self, out: &mut String, field: &FieldDefinition, depth: usize) {
        let named = field.ty.inner_named_type().to_string();
        let is_composite = self
            .schema
            .types
            .get(named.as_str())
            .is_some_and(|ty| ty.is_object() || ty.is_interface() || ty.is_union());
        self.fields += 1;
        if self.fields > FIELDS || (is_composite && depth == 0) {
            return;
        }
        let arguments = self.arguments(&field.arguments);
        if !arguments.is_empty() || self.choice(6) == 5 {
            let _ = write!(out, "a{}: ", self.fields);
        }
        let conditions = self.conditions();
        let _ = write!(out, "{}{arguments}{conditions} ", field.name);
        if is_composite {
            let body = self.set(&named, depth - 1);
            out.push_str(&body);
            out.push(' ');
        }
    }

    fn conditions(&mut self) -> String {
        let name = match self.choice(16) {
            14 => "skip",
            15 => "include",
            _ => return String::new(),
        };
        let condition = match self.choice(3) {
            0 => "true".to_owned(),
            1 => "false".to_owned(),
            _ => {
                let value = json!(self.choice(2) == 0);
                self.variable("Boolean!".into(), Some(value))
            }
        };
        format!(" @{name}(if: {condition})")
    }

    fn variable(&mut self, ty: String, value: Option<Value>) -> String {
        let name = format!("v{}", self.declared.len());
        self.declared.push(format!("${name}: {ty}"));
        if let Some(value) = value {
            self.variables.insert(name.clone(), value);
        }
        format!("${name}")
    }

    fn arguments(&mut self, definitions: &[apollo_compiler::Node<InputValueDefinition>]) -> String {
        let mut written = Vec::new();
        for definition in definitions {
            if !definition.is_required() && self.choice(2) == 0 {
                continue;
            }
            let value = match self.choice(3) {
                0 => {
                    let value = self.json(&definition.ty, LITERAL);
                    self.variable(definition.ty.to_string(), Some(value))
                }
                _ => self.literal(&definition.ty, LITERAL),
            };
            written.push(format!("{}: {value}", definition.name));
        }
        if written.is_empty() { String::new() } else { format!("({})", written.join(", ")) }
    }

    fn literal(&mut self, ty: &Type, depth: usize) -> String {
        if !ty.is_non_null() && self.choice(8) == 7 {
            return "null".into();
        }
        match ty {
            Type::List(item) | Type::NonNullList(item) => {
                let count = if depth == 0 { 0 } else { self.choice(3) };
                let items: Vec<String> = (0..count).map(|_| self.literal(item, depth - 1)).collect();
                format!("[{}]", items.join(", "))
            }
            Type::Named(name) | Type::NonNullNamed(name) => match self.schema.types.get(name) {
                Some(ExtendedType::InputObject(input)) => {
                    let mut fields = Vec::new();
                    for definition in input.fields.values() {
                        if definition.is_required() || (depth > 0 && self.choice(3) == 0) {
                            let value = match self.choice(5) {
                                4 => {
                                    let value = self.json(&definition.ty, depth.saturating_sub(1));
                                    self.variable(definition.ty.to_string(), Some(value))
                                }
                                _ => self.literal(&definition.ty, depth.saturating_sub(1)),
                            };
                            fields.push(format!("{}: {value}", definition.name));
                        }
                    }
                    format!("{{{}}}", fields.join(", "))
                }
                Some(ExtendedType::Enum(values)) => {
                    let at = self.choice(values.values.len());
                    values.values.keys().nth(at).expect("an enum has values").to_string()
                }
                _ => self.scalar(name, true),
            },
        }
    }

    fn json(&mut self, ty: &Type, depth: usize) -> Value {
        if !ty.is_non_null() && self.choice(8) == 7 {
            return Value::Null;
        }
        match ty {
            Type::List(item) | Type::NonNullList(item) => {
                let count = if depth == 0 { 0 } else { self.choice(3) };
                (0..count).map(|_| self.json(item, depth - 1)).collect()
            }
            Type::Named(name) | Type::NonNullNamed(name) => match self.schema.types.get(name) {
                Some(ExtendedType::InputObject(input)) => {
                    let mut fields = Map::new();
                    for definition in input.fields.values() {
                        if definition.is_required() || (depth > 0 && self.choice(3) == 0) {
                            let value = self.json(&definition.ty, depth.saturating_sub(1));
                            fields.insert(definition.name.to_string(), value);
                        }
                    }
                    Value::Object(fields)
                }
                Some(ExtendedType::Enum(values)) => {
                    let at = self.choice(values.values.len());
                    json!(values.values.keys().nth(at).expect("an enum has values").as_str())
                }
                _ => {
                    let text = self.scalar(name, false);
                    serde_json::from_str(&text).unwrap_or(Value::Null)
                }
            },
        }
    }

    /// A scalar as text that is a literal and JSON alike, but for what only a literal can be.
    fn scalar(&mut self, name: &str, is_literal: bool) -> String {
        let texts: &[&str] = match name {
            "Int" => &["0", "-7", "2147483647", "-2147483648"],
            "Float" => &["0", "-0.0", "1.5e300", "-7", "1e-400"],
            "Boolean" => &["true", "false"],
            "ID" => &["\"p1\"", "7", "\"\"", "\"\\u0000\\\"\""],
            "String" => &["\"\"", "\"x\"", "\"\\u00e8\\n\\\\\""],
            _ if is_literal => &["{a: [1, null, {b: E}], c: \"x\"}", "1e30", "\"t\"", "true", "[[]]"],
            _ => &["{\"a\": [1, null, {\"b\": 2.5}]}", "1e30", "\"t\"", "true", "[[]]"],
        };
        texts[self.choice(texts.len())].into()
    }
}
