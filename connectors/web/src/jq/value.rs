//! Values under way: lent from the record or the program, or made by a run. Order and equality are jq's.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Deref;
use std::rc::Rc;

use serde_json::{Number, Value};

/// How deep a value may nest. JSON from outside nests 128 deep at most: its reader sees to it.
pub(super) const MAX_NESTING: u32 = 256;

static NULL: Value = Value::Null;
static TRUE: Value = Value::Bool(true);
static FALSE: Value = Value::Bool(false);

/// A value under way. Cheap to clone.
#[derive(Clone)]
pub(super) enum V<'a> {
    Ref(&'a Value),
    Own(Rc<Value>),
}

impl<'a> V<'a> {
    pub(super) const NULL: V<'static> = V::Ref(&NULL);

    pub(super) fn bool(bool: bool) -> V<'static> {
        V::Ref(if bool { &TRUE } else { &FALSE })
    }

    pub(super) fn scalar(value: impl Into<Value>) -> Self {
        V::Own(Rc::new(value.into()))
    }

    /// Everything but false and null.
    pub(super) fn truthy(&self) -> bool {
        !matches!(**self, Value::Null | Value::Bool(false))
    }

    pub(super) fn into_cow(self) -> Cow<'a, Value> {
        match self {
            V::Ref(value) => Cow::Borrowed(value),
            V::Own(value) => Cow::Owned(Rc::unwrap_or_clone(value)),
        }
    }
}

impl Deref for V<'_> {
    type Target = Value;

    fn deref(&self) -> &Value {
        match self {
            V::Ref(value) => value,
            V::Own(value) => value,
        }
    }
}

/// The memory a value takes, about, and how deep it nests; stops counting depth beyond what is allowed.
pub(super) fn measure(value: &Value) -> (usize, u32) {
    fn walk(value: &Value, level: u32) -> (usize, u32) {
        let own = size_of::<Value>();
        if level > MAX_NESTING {
            return (own, level);
        }
        match value {
            Value::String(text) => (own + text.len(), level),
            Value::Array(items) => items.iter().fold((own, level), |(bytes, depth), item| {
                let (more, deep) = walk(item, level + 1);
                (bytes + more, depth.max(deep))
            }),
            Value::Object(members) => members.iter().fold((own, level), |(bytes, depth), (name, member)| {
                let (more, deep) = walk(member, level + 1);
                (bytes + name.len() + 32 + more, depth.max(deep))
            }),
            _ => (own, level),
        }
    }
    walk(value, 0)
}

/// jq's order: null, false, true, numbers, strings, arrays, objects.
pub(super) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => {
            let unequal =
                left.iter().zip(right).map(|(left, right)| compare(left, right)).find(|order| order.is_ne());
            unequal.unwrap_or_else(|| left.len().cmp(&right.len()))
        }
        (Value::Object(left), Value::Object(right)) => {
            let sorted = |members: &serde_json::Map<String, Value>| {
                let mut names: Vec<String> = members.keys().cloned().collect();
                names.sort();
                names
            };
            let names = sorted(left);
            names.cmp(&sorted(right)).then_with(|| {
                let pairs = names.iter().filter_map(|name| Some((left.get(name)?, right.get(name)?)));
                pairs
                    .map(|(left, right)| compare(left, right))
                    .find(|order| order.is_ne())
                    .unwrap_or(Ordering::Equal)
            })
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    }
}

/// The name of a value's type.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
