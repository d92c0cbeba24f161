//! Random operations over a schema: a seed in, a document and its variables out. Nearly all are valid; validation sorts out the rest.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::ast::{OperationType, Type};
use apollo_compiler::schema::{ExtendedType, FieldDefinition, InputValueDefinition};
use serde_json::{Map, Value, json};

use super::dice::Dice;

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) text: String,
    pub(crate) variables: Map<String, Value>,
}

/// What response keys of one position stand for, so that they rarely clash.
#[derive(Default)]
struct Scope {
    taken: BTreeMap<String, (String, String, String)>,
    below: BTreeMap<String, Scope>,
}

pub(crate) struct Writer<'s> {
    schema: &'s Schema,
    dice: Dice,
    declared: Vec<String>,
    variables: Map<String, Value>,
    /// Boolean variables for conditions.
    flags: Vec<String>,
    fragments: Vec<(String, String, String)>,
    budget: usize,
    mutates: bool,
    /// Variables get values: apollo-compiler 1.33 takes one that isn't given for null in an input object, where the specification
    /// ("Input Objects", Input Coercion) has its field as not given.
    gives: bool,
}

/// The operation of a seed.
pub(crate) fn asked(schema: &Schema, seed: u64) -> Option<Asked> {
    let mut dice = Dice::new(seed);
    let mutation = schema.root_operation(OperationType::Mutation).filter(|_| dice.chance(50));
    let mutates = mutation.is_some();
    let root = mutation.or_else(|| schema.root_operation(OperationType::Query))?.to_string();
    let budget = 6 + dice.roll(34);
    let mut writer = Writer {
        schema,
        dice,
        declared: Vec::new(),
        variables: Map::new(),
        flags: Vec::new(),
        fragments: Vec::new(),
        budget,
        mutates,
        gives: false,
    };
    let mut set = String::new();
    writer.set(&mut set, &root, &mut Scope::default(), 0);
    let keyword = if mutates { "mutation" } else { "query" };
    let declared = match writer.declared.is_empty() {
        true => String::new(),
        false => format!("({})", writer.declared.join(", ")),
    };
    let mut text = format!("{keyword} Q{declared} {set}");
    for (name, on, body) in &writer.fragments {
        let _ = write!(text, " fragment {name} on {on} {body}");
    }
    if writer.dice.chance(6) {
        writer.spoil();
    }
    Some(Asked { text, variables: writer.variables })
}

impl Writer<'_> {
    fn set(&mut self, out: &mut String, ty: &str, scope: &mut Scope, depth: usize) {
        out.push_str("{ ");
        let start = out.len();
        self.selections(out, ty, scope, depth);
        if out.len() == start {
            out.push_str("__typename ");
        }
        out.push('}');
    }

    fn selections(&mut self, out: &mut String, ty: &str, scope: &mut Scope, depth: usize) {
        let fields: Vec<FieldDefinition> = match self.schema.types.get(ty) {
            Some(ExtendedType::Object(object)) => {
                object.fields.values().map(|field| field.as_ref().clone()).collect()
            }
            Some(ExtendedType::Interface(interface)) => {
                interface.fields.values().map(|field| field.as_ref().clone()).collect()
            }
            _ => Vec::new(),
        };
        let conditions = self.conditions(ty);
        for _ in 0..1 + self.dice.roll(if depth == 0 { 4 } else { 5 }) {
            match self.dice.roll(10) {
                0 => {
                    let key = if self.dice.chance(25) { "b: " } else { "" };
                    let condition = self.condition();
                    let _ = write!(out, "{key}__typename{condition} ");
                }
                1..=3 if !(conditions.is_empty() || self.mutates && depth == 0) => {
                    let on = self.dice.pick(&conditions).cloned().unwrap_or_default();
                    self.fragment(out, &on, scope, depth);
                }
                4 if self.dice.chance(40) && !(self.mutates && depth == 0) => {
                    let condition = self.condition();
                    let _ = write!(out, "...{condition} {{ ");
                    self.selections(out, ty, scope, depth);
                    out.push_str("__typename } ");
                }
                _ => {
                    if let Some(field) = self.dice.pick(&fields).cloned() {
                        self.field(out, ty, &field, scope, depth);
                    }
                }
            }
        }
    }

    fn fragment(&mut self, out: &mut String, on: &str, scope: &mut Scope, depth: usize) {
        if self.budget == 0 || depth > 7 {
            return;
        }
        self.budget -= 1;
        let condition = self.condition();
        if self.dice.chance(20) {
            let again: Vec<String> = self
                .fragments
                .iter()
                .filter(|(_, own, _)| own == on)
                .map(|(name, ..)| name.clone())
                .collect();
            let name = match self.dice.pick(&again).filter(|_| self.dice_half()) {
                Some(name) => name.clone(),
                None => {
                    let mut body = String::new();
                    self.set(&mut body, on, scope, depth + 1);
                    let name = format!("f{}", self.fragments.len());
                    self.fragments.push((name.clone(), on.to_owned(), body));
                    name
                }
            };
            let _ = write!(out, "...{name}{condition} ");
            return;
        }
        let _ = write!(out, "... on {on}{condition} ");
        self.set(out, on, scope, depth + 1);
        out.push(' ');
    }

    fn dice_half(&self) -> bool {
        self.fragments.len().is_multiple_of(2)
    }

    /// Types that a condition here may name.
    fn conditions(&self, ty: &str) -> Vec<String> {
        let own = possible(self.schema, ty);
        let all = self
            .schema
            .types
            .iter()
            .filter(|(_, other)| other.is_object() || other.is_interface() || other.is_union());
        let found = all.map(|(name, _)| name.to_string()).filter(|name| !name.starts_with("__"));
        found.filter(|name| possible(self.schema, name).iter().any(|one| own.contains(one))).collect()
    }

    fn field(
        &mut self,
        out: &mut String,
        parent: &str,
        field: &FieldDefinition,
        scope: &mut Scope,
        depth: usize,
    ) {
        let named = field.ty.inner_named_type().as_str();
        let is_composite = matches!(
            self.schema.types.get(named),
            Some(ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_))
        );
        if is_composite && (depth > 7 || self.budget == 0) {
            return;
        }
        self.budget = self.budget.saturating_sub(1);
        let arguments = self.arguments(field);
        let Some(key) = self.key(parent, field, &arguments, scope, depth) else { return };
        if key != field.name.as_str() {
            let _ = write!(out, "{key}: ");
        }
        let condition = self.condition();
        let _ = write!(out, "{}{arguments}{condition} ", field.name);
        if is_composite {
            let mut below = scope.below.remove(&key).unwrap_or_default();
            self.set(out, named, &mut below, depth + 1);
            scope.below.insert(key, below);
            out.push(' ');
        }
    }

    /// The response key: the field's name, or an alias, now and then one that another type uses for another field.
    fn key(
        &mut self,
        parent: &str,
        field: &FieldDefinition,
        arguments: &str,
        scope: &mut Scope,
        depth: usize,
    ) -> Option<String> {
        let aliases = ["a", "b", "c", "p", "q", "id"];
        let mut wanted = vec![field.name.to_string()];
        if self.dice.chance(20) {
            wanted.insert(0, aliases[self.dice.roll(aliases.len())].to_owned());
        }
        wanted.extend((0..4).map(|number| format!("k{number}")));
        let own = (parent.to_owned(), format!("{}{arguments}", field.name), field.ty.to_string());
        let is_object = |name: &str| matches!(self.schema.types.get(name), Some(ExtendedType::Object(_)));
        let fits = |key: &String| match scope.taken.get(key) {
            None => true,
            // A mutation that is asked twice runs once, but a key that stands twice is another test's.
            Some(_) if self.mutates && depth == 0 => false,
            Some(known) if known.1 == own.1 && known.2 == own.2 => true,
            Some(known) => {
                let apart = known.0 != own.0 && is_object(&known.0) && is_object(&own.0);
                apart && known.2 == own.2
            }
        };
        let key = wanted.into_iter().find(fits)?;
        scope.taken.entry(key.clone()).or_insert(own);
        Some(key)
    }

    fn condition(&mut self) -> String {
        if !self.dice.chance(9) {
            return String::new();
        }
        let keyword = if self.dice.chance(50) { "skip" } else { "include" };
        let value = match self.dice.roll(5) {
            0 => "true".to_owned(),
            1 => "false".to_owned(),
            _ => format!("${}", self.flag()),
        };
        format!(" @{keyword}(if: {value})")
    }

    fn flag(&mut self) -> String {
        if !self.flags.is_empty() && self.dice.chance(60) {
            return self.flags[self.dice.roll(self.flags.len())].clone();
        }
        let name = format!("c{}", self.flags.len());
        self.flags.push(name.clone());
        match self.dice.roll(3) {
            0 => self.declared.push(format!("${name}: Boolean = {}", self.dice.chance(50))),
            _ => {
                self.declared.push(format!("${name}: Boolean!"));
                let value = json!(self.dice.chance(50));
                self.variables.insert(name.clone(), value);
            }
        }
        name
    }

    fn arguments(&mut self, field: &FieldDefinition) -> String {
        let mut written = Vec::new();
        for argument in &field.arguments {
            if argument.is_required() || self.dice.chance(60) {
                written.push(format!("{}: {}", argument.name, self.argument(argument)));
            }
        }
        if written.is_empty() { String::new() } else { format!("({})", written.join(", ")) }
    }

    fn argument(&mut self, argument: &InputValueDefinition) -> String {
        self.value(&argument.ty, argument.default_value.is_some(), 2)
    }

    /// A literal, or a variable, of a type; `has_default`: a nullable variable may stand for a type that isn't.
    fn value(&mut self, ty: &Type, has_default: bool, depth: usize) -> String {
        if self.dice.chance(30) {
            return self.variable(ty, has_default);
        }
        if !ty.is_non_null() && self.dice.chance(10) {
            return "null".into();
        }
        match ty {
            Type::List(item) | Type::NonNullList(item) => {
                // A single item stands for a list of one.
                if self.dice.chance(15) && !item.is_list() {
                    return self.literal(item, depth);
                }
                let items: Vec<String> =
                    (0..self.dice.roll(3)).map(|_| self.value(item, false, depth)).collect();
                format!("[{}]", items.join(", "))
            }
            _ => self.literal(ty, depth),
        }
    }

    fn literal(&mut self, ty: &Type, depth: usize) -> String {
        let name = ty.inner_named_type().as_str();
        let number = self.dice.roll(40) as i64 - 9;
        match (name, self.schema.types.get(name)) {
            ("Int", _) => number.to_string(),
            ("Float", _) if self.dice.chance(30) => number.to_string(),
            ("Float", _) => format!("{number}.75"),
            ("Boolean", _) => (number % 2 == 0).to_string(),
            ("ID", _) if self.dice.chance(30) => number.to_string(),
            (_, Some(ExtendedType::Enum(def))) => {
                let values: Vec<&apollo_compiler::Name> = def.values.keys().collect();
                values[self.dice.roll(values.len())].to_string()
            }
            ("Json", _) => match self.dice.roll(3) {
                0 => format!("{{ k: [{number}, \"x\"] }}"),
                1 => number.to_string(),
                _ => "\"j\"".to_owned(),
            },
            (_, Some(ExtendedType::InputObject(def))) => {
                let mut written = Vec::new();
                let outer = std::mem::replace(&mut self.gives, true);
                for field in def.fields.values() {
                    if field.is_required() || depth > 0 && self.dice.chance(50) {
                        let has_default = field.default_value.is_some();
                        let value = self.value(&field.ty, has_default, depth.saturating_sub(1));
                        written.push(format!("{}: {value}", field.name));
                    }
                }
                self.gives = outer;
                format!("{{{}}}", written.join(", "))
            }
            _ => format!("\"w{number}\""),
        }
    }

    fn variable(&mut self, ty: &Type, has_default: bool) -> String {
        let name = format!("v{}", self.declared.len());
        let loose = has_default && self.dice.chance(40);
        let declared = if loose || !ty.is_non_null() && self.dice.chance(70) {
            ty.clone().nullable()
        } else {
            ty.clone().non_null()
        };
        let default = self.dice.chance(25);
        let given = if default { self.dice.chance(50) } else { self.gives || self.dice.chance(70) };
        let mut text = format!("${name}: {declared}");
        // The place in the list of declarations is taken before values below ask for theirs.
        self.declared.push(String::new());
        let place = self.declared.len() - 1;
        if default {
            let value = self.json(&declared, 1);
            let value = match (value.is_null(), ty.is_non_null()) {
                (true, true) => self.json(&declared.clone().non_null(), 1),
                _ => value,
            };
            let _ = write!(text, " = {}", self.constant(&declared, &value));
        }
        if given || declared.is_non_null() && !default {
            // Null for a type that isn't nullable is another test's.
            let given = if ty.is_non_null() { declared.non_null() } else { declared };
            let value = self.json(&given, 2);
            self.variables.insert(name.clone(), value);
        }
        self.declared[place] = text;
        format!("${name}")
    }

    /// A value of a type as JSON.
    fn json(&mut self, ty: &Type, depth: usize) -> Value {
        if !ty.is_non_null() && self.dice.chance(12) {
            return Value::Null;
        }
        let item = match ty {
            Type::List(item) | Type::NonNullList(item) => item,
            Type::Named(_) | Type::NonNullNamed(_) => return self.named_json(ty, depth),
        };
        if self.dice.chance(15) && !item.is_list() {
            return self.json(&item.as_ref().clone().non_null(), depth);
        }
        (0..self.dice.roll(3)).map(|_| self.json(item, depth)).collect()
    }

    fn named_json(&mut self, ty: &Type, depth: usize) -> Value {
        let name = ty.inner_named_type().as_str();
        let number = self.dice.roll(40) as i64 - 9;
        match (name, self.schema.types.get(name)) {
            ("Int", _) => json!(number),
            ("Float", _) if self.dice.chance(30) => json!(number),
            ("Float", _) => json!(number as f64 + 0.75),
            ("Boolean", _) => json!(number % 2 == 0),
            ("ID", _) if self.dice.chance(30) => json!(number),
            (_, Some(ExtendedType::Enum(def))) => {
                let values: Vec<&apollo_compiler::Name> = def.values.keys().collect();
                json!(values[self.dice.roll(values.len())].as_str())
            }
            (_, Some(ExtendedType::InputObject(def))) => {
                let mut object = Map::new();
                for field in def.fields.values() {
                    if field.is_required() || depth > 0 && self.dice.chance(50) {
                        let value = self.json(&field.ty, depth.saturating_sub(1));
                        object.insert(field.name.to_string(), value);
                    }
                }
                Value::Object(object)
            }
            _ => json!(format!("w{number}")),
        }
    }

    /// Makes one of the variables what its type may not allow.
    fn spoil(&mut self) {
        let names: Vec<String> = self.variables.keys().cloned().collect();
        let Some(name) = self.dice.pick(&names).cloned() else { return };
        let value = self.variables.remove(&name).unwrap_or_default();
        let spoilt = self.spoilt(value);
        self.variables.insert(name, spoilt);
    }

    fn spoilt(&mut self, value: Value) -> Value {
        match value {
            Value::Array(mut items) if !items.is_empty() && self.dice.chance(70) => {
                let at = self.dice.roll(items.len());
                items[at] = self.spoilt(items[at].clone());
                Value::Array(items)
            }
            Value::Object(mut fields) if !fields.is_empty() && self.dice.chance(70) => {
                let names: Vec<String> = fields.keys().cloned().collect();
                let name = names[self.dice.roll(names.len())].clone();
                match self.dice.roll(3) {
                    0 => drop(fields.insert("inesistente".into(), json!(1))),
                    _ => {
                        let spoilt = self.spoilt(fields[&name].clone());
                        fields.insert(name, spoilt);
                    }
                }
                Value::Object(fields)
            }
            _ => {
                let wrong = [
                    json!(null),
                    json!("x"),
                    json!(true),
                    json!(3_000_000_000_i64),
                    json!(-7),
                    json!(0.5),
                    json!([]),
                    json!({}),
                ];
                wrong[self.dice.roll(wrong.len())].clone()
            }
        }
    }

    /// The same as a literal.
    fn constant(&self, ty: &Type, value: &Value) -> String {
        let name = ty.inner_named_type().as_str();
        match (value, self.schema.types.get(name)) {
            (Value::Array(items), _) => {
                let items: Vec<String> =
                    items.iter().map(|item| self.constant(ty.item_type(), item)).collect();
                format!("[{}]", items.join(", "))
            }
            (Value::Object(fields), Some(ExtendedType::InputObject(def))) => {
                let written: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| {
                        format!("{name}: {}", self.constant(&def.fields[name.as_str()].ty, value))
                    })
                    .collect();
                format!("{{{}}}", written.join(", "))
            }
            (Value::String(text), Some(ExtendedType::Enum(_))) => text.clone(),
            _ => value.to_string(),
        }
    }
}

fn possible(schema: &Schema, name: &str) -> Vec<String> {
    match schema.types.get(name) {
        Some(ExtendedType::Object(object)) => vec![object.name.to_string()],
        Some(ExtendedType::Union(union)) => union.members.iter().map(ToString::to_string).collect(),
        Some(ExtendedType::Interface(interface)) => {
            let objects = schema.types.values().filter_map(|ty| ty.as_object());
            let own = objects.filter(|object| object.implements_interfaces.contains(&interface.name));
            own.map(|object| object.name.to_string()).collect()
        }
        _ => Vec::new(),
    }
}
