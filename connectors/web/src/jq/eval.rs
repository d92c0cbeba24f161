//! Runs a program on a record. Outputs go to a callback as they come, so that nothing is computed that nobody wants;
//! a term known to give one output is evaluated straight. Every step and every byte made is counted.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::JqError;
use super::ir::{Node, Op, Pattern};
use super::math;
use super::value::{MAX_NESTING, V, measure};

/// Why an evaluation stops before its end.
pub(super) enum Stop {
    /// An error that the program may catch; the message is for its `catch`.
    Error(&'static str),
    /// What the program raised itself: may hold values of the record.
    Raised(Rc<Value>),
    /// A limit, which a program can't catch.
    Limit(&'static str),
    /// Whoever has this number wants no more outputs.
    Enough(u32),
}

impl Stop {
    pub(super) fn raise(message: &'static str) -> Self {
        Self::Error(message)
    }

    /// The error as told outside: never with values.
    pub(super) fn into_error(self) -> JqError {
        match self {
            Self::Error(message) => JqError::Record { message },
            Self::Raised(_) => JqError::Record { message: "the jq program raised its own error" },
            Self::Limit(what) => JqError::Limit { what },
            Self::Enough(_) => JqError::Record { message: "the jq program stopped early" },
        }
    }
}

pub(super) type Flow = Result<(), Stop>;
pub(super) type Out<'o, 'a> = &'o mut dyn FnMut(&mut Machine<'a>, V<'a>) -> Flow;

/// The state of one run.
pub(super) struct Machine<'a> {
    slots: Vec<V<'a>>,
    steps: u64,
    bytes: u64,
    numbers: u32,
}

impl<'a> Machine<'a> {
    /// A number that nobody else has, to say `Enough` with.
    pub(super) fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn new(slots: Vec<V<'a>>, steps: u64, bytes: u64) -> Self {
        Self { slots, steps, bytes, numbers: 0 }
    }

    /// Counts steps.
    pub(super) fn steps(&mut self, count: usize) -> Flow {
        self.steps = self.steps.checked_sub(count as u64).ok_or(Stop::Limit("steps"))?;
        Ok(())
    }

    /// Counts bytes about to be made.
    pub(super) fn make(&mut self, bytes: usize) -> Flow {
        self.bytes = self.bytes.checked_sub(bytes as u64).ok_or(Stop::Limit("memory"))?;
        Ok(())
    }

    /// A copy, counted.
    pub(super) fn copy(&mut self, value: &Value) -> Result<Value, Stop> {
        let (bytes, nesting) = measure(value);
        if nesting >= MAX_NESTING {
            return Err(Stop::Limit("nesting"));
        }
        self.make(bytes)?;
        self.steps(bytes / 64)?;
        Ok(value.clone())
    }

    pub(super) fn copy_items(&mut self, items: &[Value]) -> Result<Vec<Value>, Stop> {
        items.iter().map(|item| self.copy(item)).collect()
    }

    pub(super) fn copy_members(&mut self, members: &Map<String, Value>) -> Result<Map<String, Value>, Stop> {
        members
            .iter()
            .map(|(name, value)| {
                self.make(name.len())?;
                Ok((name.clone(), self.copy(value)?))
            })
            .collect()
    }

    /// A value out of its counter, copied only where somebody else holds it.
    pub(super) fn own(&mut self, value: V<'a>) -> Result<Value, Stop> {
        match value {
            V::Ref(value) => self.copy(value),
            V::Own(value) => Rc::try_unwrap(value).or_else(|shared| self.copy(&shared)),
        }
    }

    /// A container just made of counted parts, if it doesn't nest too deep.
    pub(super) fn container(&mut self, value: Value) -> Result<V<'a>, Stop> {
        let (bytes, nesting) = measure(&value);
        self.steps(bytes / 64)?;
        match nesting < MAX_NESTING {
            true => Ok(V::Own(Rc::new(value))),
            false => Err(Stop::Limit("nesting")),
        }
    }

    /// All outputs of a term, into `out`.
    pub(super) fn eval(&mut self, node: &'a Node, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
        if node.single {
            let value = self.one(node, input)?;
            return out(self, value);
        }
        self.steps(1)?;
        match &node.op {
            Op::Empty => Ok(()),
            Op::Comma(f, g) => {
                self.eval(f, input, out)?;
                self.eval(g, input, out)
            }
            Op::Pipe(f, g) => self.eval(f, input, &mut |m, value| m.eval(g, &value, out)),
            Op::Each(f) => self.eval(f, input, &mut |m, value| m.each(&value, out)),
            Op::Bind(f, pattern, g) => self.eval(f, input, &mut |m, value| {
                m.bind(pattern, &value, input)?;
                m.eval(g, input, out)
            }),
            Op::If(f, g, h) => {
                self.eval(f, input, &mut |m, value| m.eval(if value.truthy() { g } else { h }, input, out))
            }
            Op::Try(f, handler) => self.attempt(f, handler.as_deref(), input, out),
            Op::Alt(f, g) => self.alternative(f, g, input, out),
            Op::And(f, g) => self.logic(f, g, false, input, out),
            Op::Or(f, g) => self.logic(f, g, true, input, out),
            Op::Reduce { xs, pattern, init, update } => self.eval(init, input, &mut |m, state| {
                let state = m.reduce(xs, pattern, update, input, state)?;
                out(m, state)
            }),
            Op::Foreach { .. } => self.foreach(node, input, out),
            Op::First(f) => self.some(1, f, input, out),
            Op::Limit(count, f) => self.eval(count, input, &mut |m, count| {
                let count = math::Num::of(&count).ok_or(Stop::raise("`limit` wants a number"))?.int();
                m.some(count.max(0) as u64, f, input, out)
            }),
            Op::Range(bounds) => {
                self.product(bounds, true, input, &mut Vec::new(), &mut |m, bounds| m.range(bounds, out))
            }
            op => self.strict(op, input, out),
        }
    }

    /// The one output of a term that has one.
    pub(super) fn one(&mut self, node: &'a Node, input: &V<'a>) -> Result<V<'a>, Stop> {
        self.steps(1)?;
        match &node.op {
            Op::Id => Ok(input.clone()),
            Op::Const(value) => Ok(V::Ref(value)),
            Op::Var(slot) => Ok(self.slots.get(*slot).cloned().unwrap_or(V::NULL)),
            Op::Member(f, name) => {
                let value = self.one(f, input)?;
                self.member(&value, name)
            }
            Op::Pipe(f, g) => {
                let value = self.one(f, input)?;
                self.one(g, &value)
            }
            Op::Bind(f, pattern, g) => {
                let value = self.one(f, input)?;
                self.bind(pattern, &value, input)?;
                self.one(g, input)
            }
            Op::If(f, g, h) => match self.one(f, input)?.truthy() {
                true => self.one(g, input),
                false => self.one(h, input),
            },
            Op::Alt(f, g) => match self.one(f, input) {
                Ok(value) if value.truthy() => Ok(value),
                Ok(_) | Err(Stop::Error(_) | Stop::Raised(_)) => self.one(g, input),
                Err(stop) => Err(stop),
            },
            Op::And(f, g) => Ok(V::bool(self.one(f, input)?.truthy() && self.one(g, input)?.truthy())),
            Op::Or(f, g) => Ok(V::bool(self.one(f, input)?.truthy() || self.one(g, input)?.truthy())),
            Op::Reduce { xs, pattern, init, update } => {
                let state = self.one(init, input)?;
                self.reduce(xs, pattern, update, input, state)
            }
            op => self.one_strict(op, input),
        }
    }

    /// Binds a value's parts. A pattern stands once in the tree and nothing recurs, so its slots are free.
    pub(super) fn bind(&mut self, pattern: &'a Pattern, value: &V<'a>, input: &V<'a>) -> Flow {
        match pattern {
            Pattern::Slot(slot) => {
                if let Some(place) = self.slots.get_mut(*slot) {
                    *place = value.clone();
                }
                Ok(())
            }
            Pattern::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                let part = self.index(value, &V::scalar(index))?;
                self.bind(item, &part, input)
            }),
            Pattern::Object(members) => members.iter().try_for_each(|(key, member)| {
                let key = self.one(key, input)?;
                let part = self.index(value, &key)?;
                self.bind(member, &part, input)
            }),
        }
    }
}
