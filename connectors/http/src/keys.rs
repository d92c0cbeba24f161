//! Keys: what a call is made for, and what a record must carry to be its answer. Compared in canonical form.

use std::borrow::Cow;

use raccordo_connector_api::leaf::enum_value;
use raccordo_connector_api::{Failure, Fetch, Leaf, Reply};
use raccordo_connector_web::records::one_value;
use raccordo_schema::mapping::{FieldMapping, From, Name, NamedKind};
use serde_json::{Map, Value};

use crate::model::{Endpoint, Model};

/// The values that a call is made with, in the order of [`Endpoint::keys`]. May be personal: no `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub(crate) Vec<Option<String>>, pub(crate) Vec<Value>);

impl Key {
    /// Of canonical JSON values.
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.iter().map(text).collect(), values)
    }

    /// The text at an index of [`Endpoint::keys`].
    pub(crate) fn text(&self, index: usize) -> Option<&str> {
        self.0.get(index).and_then(Option::as_deref)
    }

    /// All values are there: nothing can be asked by null.
    pub(crate) fn is_whole(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }

    /// The texts that a record is joined by.
    pub(crate) fn joined(&self, endpoint: &Endpoint) -> Vec<String> {
        endpoint.join.iter().filter_map(|index| self.text(*index).map(str::to_owned)).collect()
    }

    /// As jq's `$this`, dotted paths nested.
    pub(crate) fn object(&self, endpoint: &Endpoint) -> Value {
        let mut object = Map::new();
        for (path, value) in endpoint.keys.iter().zip(&self.1) {
            insert(&mut object, path, value.clone());
        }
        Value::Object(object)
    }
}

/// As jq's `$batch`: for each path the array of all values.
pub(crate) fn batch_object(endpoint: &Endpoint, keys: &[&Key]) -> Value {
    let mut object = Map::new();
    for (index, path) in endpoint.keys.iter().enumerate() {
        let values = keys.iter().filter_map(|key| key.1.get(index).cloned()).collect();
        insert(&mut object, path, Value::Array(values));
    }
    Value::Object(object)
}

fn insert(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => _ = object.insert(path.to_owned(), value),
        Some((first, rest)) => {
            let below = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(below) = below {
                insert(below, rest, value);
            }
        }
    }
}

/// The text of a scalar; none of null and of what isn't one.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The value at a dotted path of a representation.
pub(crate) fn of_representation(fetch: &Fetch, row: usize, path: &str) -> Option<Value> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value: Value = serde_json::from_slice(fetch.representations.json(row, first)?).ok()?;
    rest.map_or(Some(value.clone()), |rest| {
        rest.split('.').try_fold(&value, |value, name| value.get(name)).cloned()
    })
}

/// The canonical value at a dotted path of a record, by the type's mapping; null when it isn't there.
///
/// # Errors
/// `Malformed`, when it isn't of its type.
pub(crate) fn of_record(
    model: &Model,
    type_name: &Name,
    record: &Value,
    path: &str,
) -> Result<Value, Failure> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let field = model.mapping.types.get(type_name).and_then(|of| of.fields.get(first));
    let field = field.ok_or_else(|| Failure::internal("a key that the mapping doesn't know"))?;
    let source = [Value::from(&*model.mapping.source)];
    let value = read(model, type_name, field, record, &source)
        .map_err(|failure| failure.at(type_name, &field.name))?;
    match rest {
        Some(_) if value.is_null() => Ok(Value::Null),
        Some(rest) => of_record(model, &field.shape.named, &value, rest),
        None => canonical(model, field, &value).map_err(|failure| failure.at(type_name, &field.name)),
    }
}

/// A value found by `joinBy`, in the canonical form of the key's field; none when it is no scalar.
///
/// # Errors
/// `Malformed`, when it isn't of the key's type.
pub(crate) fn of_key(
    model: &Model,
    type_name: &Name,
    path: &str,
    value: &Value,
) -> Result<Option<String>, Failure> {
    let of = model.mapping.types.get(type_name);
    match path.split_once('.') {
        Some((first, rest)) => match of.and_then(|of| of.fields.get(first)) {
            Some(field) => of_key(model, &field.shape.named, rest, value),
            None => Ok(text(value)),
        },
        None => match of.and_then(|of| of.fields.get(path)) {
            Some(field) => {
                let canonical =
                    canonical(model, field, value).map_err(|failure| failure.at(type_name, &field.name));
                Ok(text(&canonical?))
            }
            None => Ok(text(value)),
        },
    }
}

/// A field's value in its record.
///
/// # Errors
/// `Malformed`, when the record isn't what its program expects, or isn't an object.
pub(crate) fn read<'v>(
    model: &'v Model,
    type_name: &Name,
    field: &FieldMapping,
    record: &'v Value,
    variables: &'v [Value],
) -> Result<Cow<'v, Value>, Failure> {
    match &field.from {
        From::Name => match record {
            Value::Object(members) => {
                Ok(members.get(&*field.name).map_or(Cow::Owned(Value::Null), Cow::Borrowed))
            }
            _ => Err(Failure::malformed("expected an object that has this member")),
        },
        From::Jq { .. } => {
            let program = model.program(type_name, &field.name);
            let program = program.ok_or_else(|| Failure::internal("a jq program that was not checked"))?;
            one_value(program.run(record, variables)?, field.shape.list)
        }
        From::Meta(_) => Ok(Cow::Owned(Value::Null)),
        From::Column(_) | From::Header { .. } => Err(Failure::internal("a column in a JSON record")),
    }
}

fn canonical(model: &Model, field: &FieldMapping, value: &Value) -> Result<Value, Failure> {
    let named = &field.shape.named;
    let leaf = match &**named {
        "Int" => Leaf::Int,
        "Float" => Leaf::Float,
        "String" => Leaf::String,
        "Boolean" => Leaf::Boolean,
        "ID" => Leaf::Id,
        "CodiceFiscale" => Leaf::CodiceFiscale,
        "Date" => Leaf::Date,
        "DateTime" => Leaf::DateTime,
        _ if field.shape.kind == NamedKind::Enum => {
            let codes = model.mapping.enums.get(named);
            let known = codes.zip(value.as_str()).and_then(|(codes, code)| enum_value(codes, code));
            return Ok(known.map_or(Value::Null, |name| Value::from(&**name)));
        }
        _ => Leaf::Custom(named.clone()),
    };
    let mut scratch = Reply::new();
    let cell = scratch.leaf_json(&leaf, value)?;
    Ok(scratch.json(cell).and_then(|json| serde_json::from_slice(json).ok()).unwrap_or(Value::Null))
}
