//! jq's arithmetic: whole numbers stay whole while they fit 64 bits; everything else is a double.

use std::rc::Rc;

use jaq_core::ops::Math;
use serde_json::{Map, Number, Value};

use super::eval::{Machine, Stop};
use super::value::V;

/// A number.
#[derive(Clone, Copy)]
pub(super) enum Num {
    Int(i64),
    Float(f64),
}

impl Num {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let number = value.as_number()?;
        number.as_i64().map(Self::Int).or_else(|| number.as_f64().map(Self::Float))
    }

    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    /// Cut to a whole number, within 64 bits.
    pub(super) fn int(self) -> i64 {
        match self {
            Self::Int(int) => int,
            Self::Float(float) => float as i64,
        }
    }

    pub(super) fn value<'a>(self) -> Result<V<'a>, Stop> {
        match self {
            Self::Int(int) => Ok(V::scalar(int)),
            Self::Float(float) => Number::from_f64(float)
                .map(V::scalar)
                .ok_or(Stop::raise("the jq program computes no finite number")),
        }
    }
}

/// `left op right`.
pub(super) fn apply<'a>(
    machine: &mut Machine<'a>,
    op: Math,
    left: &V<'a>,
    right: &V<'a>,
) -> Result<V<'a>, Stop> {
    match (op, &**left, &**right) {
        (Math::Add, Value::Null, _) => Ok(right.clone()),
        (Math::Add, _, Value::Null) => Ok(left.clone()),
        (_, Value::Number(_), Value::Number(_)) => numbers(op, left, right),
        (Math::Add, Value::String(l), Value::String(r)) => {
            machine.make(l.len() + r.len())?;
            Ok(V::scalar([l.as_str(), r].concat()))
        }
        (Math::Add, Value::Array(l), Value::Array(r)) => {
            let mut sum = machine.copy_items(l)?;
            sum.append(&mut machine.copy_items(r)?);
            machine.container(Value::Array(sum))
        }
        (Math::Add, Value::Object(l), Value::Object(r)) => {
            let mut sum = machine.copy_members(l)?;
            sum.append(&mut machine.copy_members(r)?);
            machine.container(Value::Object(sum))
        }
        (Math::Sub, Value::Array(l), Value::Array(r)) => subtract(machine, l, r),
        (Math::Mul, Value::Object(l), Value::Object(r)) => {
            let product = merge(machine, l, r)?;
            machine.container(Value::Object(product))
        }
        (Math::Div, Value::String(text), Value::String(separator)) => {
            super::text::split(machine, text, separator)
        }
        (Math::Add, ..) => Err(Stop::raise("the jq program adds values of types that don't add up")),
        (Math::Sub, ..) => Err(Stop::raise("the jq program subtracts what isn't a number or an array")),
        _ => Err(Stop::raise("the jq program multiplies or divides what isn't a number")),
    }
}

fn numbers<'a>(op: Math, left: &Value, right: &Value) -> Result<V<'a>, Stop> {
    let (Some(left), Some(right)) = (Num::of(left), Num::of(right)) else { return Ok(V::NULL) };
    let zero = || Stop::raise("the jq program divides by zero");
    if let (Num::Int(l), Num::Int(r)) = (left, right) {
        let whole = match op {
            Math::Add => l.checked_add(r),
            Math::Sub => l.checked_sub(r),
            Math::Mul => l.checked_mul(r),
            Math::Div if l.checked_rem(r) == Some(0) => l.checked_div(r),
            Math::Div => None,
            Math::Rem => Some(l.checked_rem(r).or((r == -1).then_some(0)).ok_or_else(zero)?),
        };
        if let Some(whole) = whole {
            return Num::Int(whole).value();
        }
    }
    let (l, r) = (left.float(), right.float());
    match op {
        Math::Add => Num::Float(l + r),
        Math::Sub => Num::Float(l - r),
        Math::Mul => Num::Float(l * r),
        Math::Div if r == 0.0 => return Err(zero()),
        Math::Div => Num::Float(l / r),
        Math::Rem => Num::Int(left.int().checked_rem(right.int()).ok_or_else(zero)?),
    }
    .value()
}

fn subtract<'a>(machine: &mut Machine<'a>, left: &[Value], right: &[Value]) -> Result<V<'a>, Stop> {
    machine.steps(left.len().saturating_mul(right.len()))?;
    let mut rest = Vec::new();
    for item in left {
        if !right.iter().any(|other| super::value::compare(item, other).is_eq()) {
            rest.push(machine.copy(item)?);
        }
    }
    machine.container(Value::Array(rest))
}

/// `*` on objects: members of both merge, the right one wins.
fn merge(
    machine: &mut Machine<'_>,
    left: &Map<String, Value>,
    right: &Map<String, Value>,
) -> Result<Map<String, Value>, Stop> {
    let mut merged = machine.copy_members(left)?;
    for (name, value) in right {
        let value = match (left.get(name), value) {
            (Some(Value::Object(l)), Value::Object(r)) => Value::Object(merge(machine, l, r)?),
            _ => machine.copy(value)?,
        };
        merged.insert(name.clone(), value);
    }
    Ok(merged)
}

/// `-v`.
pub(super) fn negate<'a>(value: &V<'a>) -> Result<V<'a>, Stop> {
    match Num::of(value) {
        Some(Num::Int(int)) => int.checked_neg().map_or(Num::Float(-(int as f64)), Num::Int).value(),
        Some(Num::Float(float)) => Num::Float(-float).value(),
        None => Err(Stop::raise("the jq program negates what isn't a number")),
    }
}

/// All of an array added up, without the quadratic copies of adding one by one.
pub(super) fn sum<'a>(machine: &mut Machine<'a>, items: &[Value]) -> Result<V<'a>, Stop> {
    if let Some(texts) =
        items.iter().map(Value::as_str).collect::<Option<Vec<_>>>().filter(|texts| !texts.is_empty())
    {
        machine.make(texts.iter().map(|text| text.len()).sum())?;
        return Ok(V::scalar(texts.concat()));
    }
    if let Some(arrays) =
        items.iter().map(Value::as_array).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())
    {
        let mut sum = Vec::new();
        for items in arrays {
            sum.append(&mut machine.copy_items(items)?);
        }
        return machine.container(Value::Array(sum));
    }
    let mut sum = V::NULL;
    for item in items {
        machine.steps(1)?;
        let item = V::Own(Rc::new(machine.copy(item)?));
        sum = apply(machine, Math::Add, &sum, &item)?;
    }
    Ok(sum)
}
