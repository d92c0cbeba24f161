//! The functions that are written in Rust: each takes its input and its arguments' values, gives one value or an error.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Map, Value};

use super::eval::{Machine, Stop};
use super::math::{self, Num};
use super::value::{V, compare, measure, type_name};

type Run = for<'m, 'a> fn(&'m mut Machine<'a>, &'m V<'a>, &'m [V<'a>]) -> Result<V<'a>, Stop>;

/// A function.
#[derive(Clone, Copy)]
pub(super) struct Native {
    pub(super) name: &'static str,
    pub(super) arity: usize,
    run: Run,
}

impl Native {
    /// The function of a name and number of arguments.
    pub(super) fn find(name: &str, arity: usize) -> Option<Self> {
        NATIVES
            .iter()
            .chain(super::text::NATIVES)
            .find(|native| native.name == name && native.arity == arity)
            .copied()
    }

    /// All of them.
    pub(super) fn all() -> impl Iterator<Item = &'static Native> {
        NATIVES.iter().chain(super::text::NATIVES)
    }

    pub(super) const fn new(name: &'static str, arity: usize, run: Run) -> Self {
        Self { name, arity, run }
    }

    pub(super) fn call<'a>(
        &self,
        machine: &mut Machine<'a>,
        input: &V<'a>,
        arguments: &[V<'a>],
    ) -> Result<V<'a>, Stop> {
        (self.run)(machine, input, arguments)
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.arity)
    }
}

static NATIVES: &[Native] = &[
    Native::new("not", 0, |_, input, _| Ok(V::bool(!input.truthy()))),
    Native::new("type", 0, |_, input, _| Ok(V::scalar(type_name(input)))),
    Native::new("error", 1, |machine, _, arguments| {
        let value = machine.copy(arguments.first().unwrap_or(&V::NULL))?;
        Err(Stop::Raised(value.into()))
    }),
    Native::new("length", 0, length),
    Native::new("keys", 0, |machine, input, _| keys(machine, input, true)),
    Native::new("keys_unsorted", 0, |machine, input, _| keys(machine, input, false)),
    Native::new("has", 1, has),
    Native::new("contains", 1, |machine, input, arguments| {
        let part = arguments.first().unwrap_or(&V::NULL);
        machine.steps((measure(input).0 / 32).saturating_mul(measure(part).0 / 32 + 1))?;
        contains(input, part).map(V::bool)
    }),
    Native::new("add", 0, |machine, input, _| match &**input {
        Value::Array(items) => math::sum(machine, items),
        Value::Object(members) => {
            let items = members.values().map(|item| machine.copy(item)).collect::<Result<Vec<_>, _>>()?;
            math::sum(machine, &items)
        }
        _ => Err(Stop::raise("`add` is used on what has no members")),
    }),
    Native::new("flatten", 1, |machine, input, arguments| {
        let depth =
            arguments.first().and_then(|depth| Num::of(depth)).map(Num::int).filter(|depth| *depth >= 0);
        let depth = depth.ok_or(Stop::raise("`flatten` wants a depth of 0 or more"))?;
        let mut flat = Vec::new();
        flatten(machine, array(input)?, depth, &mut flat)?;
        machine.container(Value::Array(flat))
    }),
    Native::new("reverse", 0, |machine, input, _| match &**input {
        Value::Null => Ok(V::scalar(Value::Array(Vec::new()))),
        Value::String(text) => {
            machine.make(text.len())?;
            Ok(V::scalar(text.chars().rev().collect::<String>()))
        }
        _ => {
            let mut items = machine.copy_items(array(input)?)?;
            items.reverse();
            machine.container(Value::Array(items))
        }
    }),
    Native::new("sort", 0, |machine, input, _| {
        let mut items = machine.copy_items(array(input)?)?;
        sorting_steps(machine, items.len())?;
        items.sort_by(compare);
        machine.container(Value::Array(items))
    }),
    // The functions `…_by(f)`: their argument is the array of the keys that `f` gives.
    Native::new("_sort_by", 1, |machine, input, arguments| {
        let items = keyed(machine, input, arguments)?;
        machine.container(items.into_iter().map(|(_, item)| item).collect())
    }),
    Native::new("_group_by", 1, |machine, input, arguments| {
        let groups = groups(machine, input, arguments)?;
        machine.container(groups.into_iter().map(Value::Array).collect())
    }),
    Native::new("_unique_by", 1, |machine, input, arguments| {
        let groups = groups(machine, input, arguments)?;
        machine.container(groups.into_iter().filter_map(|group| group.into_iter().next()).collect())
    }),
    Native::new("_min_by", 1, |machine, input, arguments| {
        let items = keyed(machine, input, arguments)?;
        items.into_iter().next().map_or(Ok(V::NULL), |(_, item)| machine.container(item))
    }),
    Native::new("_max_by", 1, |machine, input, arguments| {
        let items = keyed(machine, input, arguments)?;
        items.into_iter().next_back().map_or(Ok(V::NULL), |(_, item)| machine.container(item))
    }),
    Native::new("_names", 0, super::regexes::names),
    Native::new("to_entries", 0, to_entries),
    Native::new("from_entries", 0, from_entries),
    Native::new("abs", 0, |_, input, _| match Num::of(input) {
        Some(Num::Int(int)) => int.checked_abs().map_or(Num::Float((int as f64).abs()), Num::Int).value(),
        Some(Num::Float(float)) => Num::Float(float.abs()).value(),
        None => Err(Stop::raise("`abs` is used on what isn't a number")),
    }),
    Native::new("floor", 0, |_, input, _| round(input, f64::floor)),
    Native::new("ceil", 0, |_, input, _| round(input, f64::ceil)),
    Native::new("round", 0, |_, input, _| round(input, f64::round)),
    Native::new("sqrt", 0, |_, input, _| match Num::of(input) {
        Some(num) => Num::Float(num.float().sqrt()).value(),
        None => Err(Stop::raise("`sqrt` is used on what isn't a number")),
    }),
];

fn array<'v>(input: &'v V<'_>) -> Result<&'v [Value], Stop> {
    match &**input {
        Value::Array(items) => Ok(items),
        _ => Err(Stop::raise("an array is expected where there is none")),
    }
}

fn length<'a>(_: &mut Machine<'a>, input: &V<'a>, _: &[V<'a>]) -> Result<V<'a>, Stop> {
    match &**input {
        Value::Null => Ok(V::scalar(0)),
        Value::Bool(_) => Err(Stop::raise("a boolean has no length")),
        Value::Number(_) => Native::find("abs", 0)
            .map_or(Ok(V::NULL), |abs| (abs.run)(&mut Machine::new(Vec::new(), 1, 1), input, &[])),
        Value::String(text) => Ok(V::scalar(text.chars().count())),
        Value::Array(items) => Ok(V::scalar(items.len())),
        Value::Object(members) => Ok(V::scalar(members.len())),
    }
}

fn keys<'a>(machine: &mut Machine<'a>, input: &V<'a>, sorted: bool) -> Result<V<'a>, Stop> {
    match &**input {
        Value::Object(members) => {
            machine.make(members.keys().map(|name| name.len() + size_of::<Value>()).sum())?;
            sorting_steps(machine, members.len())?;
            let mut names: Vec<&String> = members.keys().collect();
            if sorted {
                names.sort();
            }
            machine.container(names.into_iter().map(|name| Value::from(name.as_str())).collect())
        }
        Value::Array(items) => {
            machine.make(items.len() * size_of::<Value>())?;
            machine.container((0..items.len()).map(Value::from).collect())
        }
        _ => Err(Stop::raise("`keys` is used on what has no members")),
    }
}

fn has<'a>(_: &mut Machine<'a>, input: &V<'a>, arguments: &[V<'a>]) -> Result<V<'a>, Stop> {
    match (&**input, arguments.first().map(|key| &**key)) {
        (Value::Object(members), Some(Value::String(name))) => Ok(V::bool(members.contains_key(name))),
        (Value::Array(items), Some(key @ Value::Number(_))) => {
            let index = Num::of(key).map_or(-1, Num::int);
            Ok(V::bool(usize::try_from(index).is_ok_and(|index| index < items.len())))
        }
        _ => Err(Stop::raise("`has` wants a name for an object, a number for an array")),
    }
}

fn contains(value: &Value, part: &Value) -> Result<bool, Stop> {
    match (value, part) {
        (Value::Object(value), Value::Object(part)) => part.iter().try_fold(true, |all, (name, part)| {
            Ok(all && value.get(name).map_or(Ok(false), |value| contains(value, part))?)
        }),
        (Value::Array(items), Value::Array(parts)) => parts.iter().try_fold(true, |all, part| {
            let held = |item: &Value| contains(item, part).unwrap_or(false);
            Ok(all && items.iter().any(held))
        }),
        (Value::String(text), Value::String(part)) => Ok(text.contains(part.as_str())),
        _ if type_name(value) == type_name(part) => Ok(compare(value, part).is_eq()),
        _ => Err(Stop::raise("`contains` compares values of different types")),
    }
}

fn flatten(
    machine: &mut Machine<'_>,
    items: &[Value],
    depth: i64,
    flat: &mut Vec<Value>,
) -> Result<(), Stop> {
    for item in items {
        machine.steps(1)?;
        match item {
            Value::Array(below) if depth > 0 => flatten(machine, below, depth - 1, flat)?,
            item => flat.push(machine.copy(item)?),
        }
    }
    Ok(())
}

/// The input's items with their keys, sorted by them; equal keys keep their order.
fn keyed<'a>(
    machine: &mut Machine<'a>,
    input: &V<'a>,
    arguments: &[V<'a>],
) -> Result<Vec<(Value, Value)>, Stop> {
    let items = machine.copy_items(array(input)?)?;
    let keys = machine.copy_items(arguments.first().map_or(Ok(&[][..]), |keys| array(keys))?)?;
    sorting_steps(machine, items.len())?;
    let mut pairs: Vec<(Value, Value)> = keys.into_iter().zip(items).collect();
    pairs.sort_by(|(left, _), (right, _)| compare(left, right));
    Ok(pairs)
}

fn groups<'a>(
    machine: &mut Machine<'a>,
    input: &V<'a>,
    arguments: &[V<'a>],
) -> Result<Vec<Vec<Value>>, Stop> {
    let mut groups: Vec<Vec<Value>> = Vec::new();
    let mut last: Option<Value> = None;
    for (key, item) in keyed(machine, input, arguments)? {
        let same = last.as_ref().is_some_and(|last| compare(last, &key) == Ordering::Equal);
        match groups.last_mut().filter(|_| same) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
        last = Some(key);
    }
    Ok(groups)
}

fn sorting_steps(machine: &mut Machine<'_>, count: usize) -> Result<(), Stop> {
    machine.steps(count.saturating_mul(count.checked_ilog2().unwrap_or(0) as usize + 1))
}

fn to_entries<'a>(machine: &mut Machine<'a>, input: &V<'a>, _: &[V<'a>]) -> Result<V<'a>, Stop> {
    let Value::Object(members) = &**input else {
        return Err(Stop::raise("`to_entries` is used on what isn't an object"));
    };
    let mut entries = Vec::with_capacity(members.len());
    for (name, value) in members {
        machine.make(name.len() + 256)?;
        let mut entry = Map::new();
        entry.insert("key".to_owned(), Value::from(name.as_str()));
        entry.insert("value".to_owned(), machine.copy(value)?);
        entries.push(Value::Object(entry));
    }
    machine.container(Value::Array(entries))
}

fn from_entries<'a>(machine: &mut Machine<'a>, input: &V<'a>, _: &[V<'a>]) -> Result<V<'a>, Stop> {
    let mut members = Map::new();
    for entry in array(input)? {
        let Value::Object(entry) = entry else { return Err(Stop::raise("`from_entries` wants objects")) };
        let first = |names: [&str; 4]| {
            names.into_iter().find_map(|name| entry.get(name).filter(|value| !value.is_null()))
        };
        let name = match first(["key", "k", "name", "Name"]) {
            Some(Value::String(name)) => name.clone(),
            Some(scalar @ (Value::Number(_) | Value::Bool(_))) => scalar.to_string(),
            _ => return Err(Stop::raise("`from_entries` wants a name in every entry")),
        };
        machine.make(name.len() + size_of::<Value>())?;
        let value =
            first(["value", "v", "Value", "V"]).or_else(|| entry.get("value")).unwrap_or(&Value::Null);
        members.insert(name, machine.copy(value)?);
    }
    machine.container(Value::Object(members))
}

fn round<'a>(input: &V<'a>, how: fn(f64) -> f64) -> Result<V<'a>, Stop> {
    match Num::of(input) {
        Some(int @ Num::Int(_)) => int.value(),
        Some(Num::Float(float)) => match how(float) {
            whole if whole.abs() < 9_007_199_254_740_992.0 => Num::Int(whole as i64).value(),
            whole => Num::Float(whole).value(),
        },
        None => Err(Stop::raise("a number is rounded that is none")),
    }
}

/// `value[from:to]`: items of an array, characters of a string.
pub(super) fn slice<'a>(
    machine: &mut Machine<'a>,
    value: &V<'a>,
    from: &V<'a>,
    to: &V<'a>,
) -> Result<V<'a>, Stop> {
    let bound = |bound: &V<'a>, length: usize, default: usize, up: bool| match &**bound {
        Value::Null => Ok(default),
        Value::Number(_) => {
            let at = Num::of(bound).map_or(0.0, Num::float);
            let at = if up { at.ceil() } else { at.floor() };
            let at = if at < 0.0 { at + length as f64 } else { at };
            Ok(at.clamp(0.0, length as f64) as usize)
        }
        _ => Err(Stop::raise("a slice's bounds aren't numbers")),
    };
    match &**value {
        Value::Null => Ok(V::NULL),
        Value::Array(items) => {
            let (from, to) =
                (bound(from, items.len(), 0, false)?, bound(to, items.len(), items.len(), true)?);
            let part = machine.copy_items(items.get(from..to.max(from)).unwrap_or_default())?;
            machine.container(Value::Array(part))
        }
        Value::String(text) => {
            let length = text.chars().count();
            machine.steps(length / 64)?;
            let (from, to) = (bound(from, length, 0, false)?, bound(to, length, length, true)?);
            let part: String = text.chars().skip(from).take(to.saturating_sub(from)).collect();
            machine.make(part.len())?;
            Ok(V::scalar(part))
        }
        _ => Err(Stop::raise("a slice is taken of what isn't an array or a string")),
    }
}
