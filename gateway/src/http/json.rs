//! A request's JSON in; its parameters out, or how it isn't read. What is read is counted while it is read: a megabyte of empty lists
//! would be fifty megabytes in memory. What isn't a parameter is passed over and costs nothing.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Deserializer, Map, Number, Value};

/// How deep values may be nested, the variables themselves counted.
pub(super) const DEPTH: usize = 64;

/// The parameters of GraphQL over HTTP.
const PARAMETERS: &[&str] = &["query", "operationName", "variables", "extensions", "documentId"];

/// A body that is JSON.
pub(super) enum Body {
    /// An object: its members that are parameters.
    Object(Map<String, Value>),
    /// A list.
    Array,
    /// Neither.
    Other,
}

/// Why JSON isn't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It isn't JSON in UTF-8.
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// It has more values than are read.
    TooMany,
    /// It is nested too deeply.
    TooDeep,
    /// A parameter is given twice.
    Twice(&'static str),
}

/// Reads a body. Its parameters may have so many values together.
pub(super) fn body(bytes: &[u8], values: usize) -> Result<Body, Unread> {
    let reading = Reading { left: Cell::new(values), why: Cell::new(None) };
    let mut json = Deserializer::from_slice(bytes);
    let read = Outermost(&reading).deserialize(&mut json);
    read.and_then(|body| json.end().map(|()| body)).map_err(|error| reading.unread(&error))
}

/// Reads one value.
pub(super) fn value(text: &str, values: usize) -> Result<Value, Unread> {
    let reading = Reading { left: Cell::new(values), why: Cell::new(None) };
    let mut json = Deserializer::from_str(text);
    let read = Counted { reading: &reading, depth: 0, counts: true }.deserialize(&mut json);
    read.and_then(|value| json.end().map(|()| value)).map_err(|error| reading.unread(&error))
}

struct Reading {
    left: Cell<usize>,
    why: Cell<Option<Unread>>,
}

impl Reading {
    fn unread(&self, error: &serde_json::Error) -> Unread {
        self.why.get().unwrap_or(Unread::Json { line: error.line(), column: error.column() })
    }

    fn refuse<E: serde::de::Error>(&self, why: Unread) -> E {
        self.why.set(Some(why));
        E::custom("it is refused")
    }
}

/// The body itself.
struct Outermost<'r>(&'r Reading);

impl<'de> DeserializeSeed<'de> for Outermost<'_> {
    type Value = Body;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Body, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outermost<'_> {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
        let mut parameters = Map::new();
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let Some(known) = PARAMETERS.iter().find(|known| **known == &*name) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            // Only what variables and extensions hold is counted: each of the others is one text.
            let counts = matches!(*known, "variables" | "extensions");
            let value = map.next_value_seed(Counted { reading: self.0, depth: 0, counts })?;
            if parameters.insert((*known).to_owned(), value).is_some() {
                return Err(self.0.refuse(Unread::Twice(known)));
            }
        }
        Ok(Body::Object(parameters))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Body, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Body::Array)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Body, E> {
        Ok(Body::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Body, E> {
        Ok(Body::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Body, E> {
        Ok(Body::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Body, E> {
        Ok(Body::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Body, E> {
        Ok(Body::Other)
    }

    fn visit_unit<E>(self) -> Result<Body, E> {
        Ok(Body::Other)
    }
}

/// A value that counts.
#[derive(Clone, Copy)]
struct Counted<'r> {
    reading: &'r Reading,
    depth: usize,
    counts: bool,
}

impl Counted<'_> {
    fn below(self) -> Self {
        Self { depth: self.depth + 1, counts: true, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Counted<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        if self.depth >= DEPTH {
            return Err(self.reading.refuse(Unread::TooDeep));
        }
        if self.counts {
            match self.reading.left.get().checked_sub(1) {
                Some(left) => self.reading.left.set(left),
                None => return Err(self.reading.refuse(Unread::TooMany)),
            }
        }
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Counted<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            members.insert(name, map.next_value_seed(self.below())?);
        }
        Ok(Value::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self.below())? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number is too large"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}
