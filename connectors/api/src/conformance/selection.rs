//! A selection's text in, a [`Selection`] with slots and bound values out. Knows inline fragments on object types, aliases and literals.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::{self, Definition};
use raccordo_schema::mapping::{ArgumentMapping, FieldMapping, Name, NamedKind, SourceMapping};

use super::ask::AskError;
use crate::leaf::EnumValues;
use crate::{Argument, Field, Leaf, Output, Selection, TypeNames, Value};

/// Reads selections over one mapping, and keeps the arguments' values.
pub(super) struct Reader<'a> {
    mapping: &'a SourceMapping,
    types: &'a TypeNames,
    pub(super) values: Vec<Value>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(mapping: &'a SourceMapping, types: &'a TypeNames) -> Self {
        Self { mapping, types, values: Vec::new() }
    }

    /// Reads the fields wanted of a type; braces around them are optional.
    pub(super) fn selection(&mut self, type_name: &str, text: &str) -> Result<Selection, AskError> {
        let braced =
            if text.trim_start().starts_with('{') { text.to_owned() } else { format!("{{ {text} }}") };
        let document = ast::Document::parse(braced, "ask")
            .map_err(|broken| AskError(format!("`{text}` can't be read: {}", broken.errors)))?;
        match document.definitions.as_slice() {
            [Definition::OperationDefinition(operation)] => self.object(type_name, &operation.selection_set),
            _ => Err(AskError(format!("`{text}` isn't one selection"))),
        }
    }

    /// An object is one slot wider than its own fields: others' steps fill the rest, and a kind that counts fields instead is found out.
    fn object(&mut self, type_name: &str, set: &[ast::Selection]) -> Result<Selection, AskError> {
        let (mut fields, mut keys) = (Vec::new(), Vec::new());
        self.fields(type_name, None, set, &mut keys, &mut fields)?;
        let is_object =
            self.mapping.types.contains_key(type_name) || matches!(type_name, "Query" | "Mutation");
        let type_id = self.types.id(type_name).filter(|_| is_object && !self.is_interface(type_name));
        Ok(Selection { type_name: type_name.into(), type_id, width: keys.len() as u32 + 1, fields })
    }

    /// An interface has no other sign in a mapping than that fields are of it.
    fn is_interface(&self, type_name: &str) -> bool {
        let types = self.mapping.types.values().flat_map(|of| of.fields.values());
        let fields = types.chain(self.mapping.queries.values()).chain(self.mapping.mutations.values());
        fields
            .map(|field| &field.shape)
            .any(|shape| shape.kind == NamedKind::Abstract && *shape.named == *type_name)
    }

    fn fields(
        &mut self,
        type_name: &str,
        on: Option<&str>,
        set: &[ast::Selection],
        keys: &mut Vec<Name>,
        fields: &mut Vec<Field>,
    ) -> Result<(), AskError> {
        for selection in set {
            match selection {
                ast::Selection::Field(field) => fields.push(self.field(type_name, on, field, keys)?),
                ast::Selection::InlineFragment(fragment) => {
                    let inner = fragment.type_condition.as_ref().map_or(type_name, |name| name.as_str());
                    let on = if inner == type_name { on } else { Some(inner) };
                    self.fields(inner, on, &fragment.selection_set, keys, fields)?;
                }
                ast::Selection::FragmentSpread(spread) => {
                    return Err(AskError(format!(
                        "`...{}`: write the fragment inline",
                        spread.fragment_name
                    )));
                }
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        type_name: &str,
        on: Option<&str>,
        field: &Node<ast::Field>,
        keys: &mut Vec<Name>,
    ) -> Result<Field, AskError> {
        let key = Name::from(field.response_name().as_str());
        let slot = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            keys.push(key.clone());
            keys.len() - 1
        });
        let on_id = on.map(|on| self.types.id(on).ok_or_else(|| unknown("type", on))).transpose()?;
        let mut read = Field {
            name: Name::from(field.name.as_str()),
            key,
            slot: slot as u32,
            on: on_id.map(|id| Arc::from([id])),
            on_names: on.map(Name::from).into_iter().collect(),
            arguments: Vec::new(),
            list_depth: 0,
            output: Output::Leaf(Leaf::String),
        };
        if field.name == "__typename" {
            return Ok(read);
        }
        let mapping = self.field_mapping(type_name, &field.name)?;
        read.list_depth = u8::from(mapping.shape.list);
        read.arguments = self.arguments(mapping, &field.arguments)?;
        read.output = match mapping.shape.kind {
            NamedKind::Scalar | NamedKind::Enum => Output::Leaf(self.leaf(&mapping.shape.named)),
            _ => Output::Object(Box::new(self.object(&mapping.shape.named, &field.selection_set)?)),
        };
        Ok(read)
    }

    fn field_mapping(&self, type_name: &str, field: &str) -> Result<&'a FieldMapping, AskError> {
        let fields = match type_name {
            "Query" => Some(&self.mapping.queries),
            "Mutation" => Some(&self.mapping.mutations),
            _ => self.mapping.types.get(type_name).map(|of| &of.fields),
        };
        let fields = fields.ok_or_else(|| unknown("type", type_name))?;
        fields.get(field).ok_or_else(|| unknown("field", &format!("{type_name}.{field}")))
    }

    fn leaf(&self, named: &Name) -> Leaf {
        if let Some(mapping) = self.mapping.enums.get(named) {
            let mut values: Vec<Name> = mapping.codes.values().chain(&mapping.otherwise).cloned().collect();
            values.sort();
            values.dedup();
            return Leaf::Enum(Arc::new(EnumValues { name: named.clone(), values }));
        }
        match &**named {
            "Int" => Leaf::Int,
            "Float" => Leaf::Float,
            "String" => Leaf::String,
            "Boolean" => Leaf::Boolean,
            "ID" => Leaf::Id,
            "CodiceFiscale" if self.mapping.uses_connect => Leaf::CodiceFiscale,
            "Date" if self.mapping.uses_connect => Leaf::Date,
            "DateTime" if self.mapping.uses_connect => Leaf::DateTime,
            _ => Leaf::Custom(named.clone()),
        }
    }

    /// In the order of the definition, as the contract says.
    fn arguments(
        &mut self,
        of: &FieldMapping,
        given: &[Node<ast::Argument>],
    ) -> Result<Vec<Argument>, AskError> {
        if let Some(stranger) =
            given.iter().find(|argument| !of.arguments.contains_key(argument.name.as_str()))
        {
            return Err(unknown("argument", &format!("{}({}:)", of.name, stranger.name)));
        }
        let mut arguments = Vec::new();
        for (name, definition) in &of.arguments {
            if let Some(argument) = given.iter().find(|argument| *argument.name == **name) {
                let value = coerce(definition, &argument.value)?;
                self.values.push(value);
                let value = self.values.len() as u32 - 1;
                arguments.push(Argument { name: name.clone(), type_text: type_text(definition), value });
            }
        }
        Ok(arguments)
    }
}

fn unknown(what: &str, name: &str) -> AskError {
    AskError(format!("the mapping knows no {what} `{name}`"))
}

fn type_text(definition: &ArgumentMapping) -> Arc<str> {
    let named =
        if definition.list { format!("[{}]", definition.named) } else { definition.named.to_string() };
    if definition.non_null { format!("{named}!").into() } else { named.into() }
}

/// A literal, coerced as GraphQL's input coercion has it for the built-in scalars.
fn coerce(definition: &ArgumentMapping, value: &ast::Value) -> Result<Value, AskError> {
    let named = &*definition.named;
    Ok(match value {
        ast::Value::Null => Value::Null,
        ast::Value::Boolean(bool) => Value::Bool(*bool),
        ast::Value::Enum(name) => Value::Enum(name.as_str().into()),
        ast::Value::String(text) => Value::Text(text.as_str().into()),
        ast::Value::Int(int) if named == "ID" => Value::Text(int.as_str().into()),
        ast::Value::Int(int) if named == "Float" => Value::Float(int.try_to_f64().unwrap_or(f64::NAN)),
        ast::Value::Int(int) => {
            Value::Int(int.as_str().parse().map_err(|_| AskError(format!("`{int}` is too large")))?)
        }
        ast::Value::Float(float) => Value::Float(float.try_to_f64().unwrap_or(f64::NAN)),
        ast::Value::List(items) => {
            Value::List(items.iter().map(|item| coerce(definition, item)).collect::<Result<_, _>>()?)
        }
        ast::Value::Object(fields) => {
            let fields =
                fields.iter().map(|(name, value)| Ok((name.as_str().into(), coerce(definition, value)?)));
            Value::Object(fields.collect::<Result<_, _>>()?)
        }
        ast::Value::Variable(name) => return Err(AskError(format!("`${name}`: write the value itself"))),
    })
}
