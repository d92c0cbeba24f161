//! Runs a program on a record. Outputs go to a callback as they come, so that nothing is computed that nobody wants;
//! a term known to give one output is evaluated straight. Every step and every byte made is counted.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::JqError;
use super::ir::{Node, Op, Pattern};
use super::value::{MAX_NESTING, V, compare, measure};
use super::{math, natives, regexes, text};

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
type Out<'o, 'a> = &'o mut dyn FnMut(&mut Machine<'a>, V<'a>) -> Flow;

/// The state of one run.
pub(super) struct Machine<'a> {
    slots: Vec<V<'a>>,
    steps: u64,
    bytes: u64,
    numbers: u32,
}

impl<'a> Machine<'a> {
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

    /// A term whose parts' outputs combine one by one.
    fn strict(&mut self, op: &'a Op, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
        match op {
            Op::Member(f, name) => self.eval(f, input, &mut |m, value| {
                let member = m.member(&value, name)?;
                out(m, member)
            }),
            Op::Neg(f) => self.eval(f, input, &mut |m, value| out(m, math::negate(&value)?)),
            Op::Index(f, g) => self.pairs(f, g, input, &mut |m, l, r| {
                let value = m.index(l, r)?;
                out(m, value)
            }),
            Op::Math(math, f, g) => self.pairs(f, g, input, &mut |m, l, r| {
                let value = math::apply(m, *math, l, r)?;
                out(m, value)
            }),
            Op::Compare(cmp, f, g) => self.pairs(f, g, input, &mut |m, l, r| {
                let value = m.compare(*cmp, l, r)?;
                out(m, value)
            }),
            Op::Slice(f, from, to) => self.eval(f, input, &mut |m, value| {
                m.optional(from.as_deref(), input, &mut |m, from| {
                    m.optional(to.as_deref(), input, &mut |m, to| {
                        let slice = natives::slice(m, &value, &from, &to)?;
                        out(m, slice)
                    })
                })
            }),
            Op::Object(parts) => self.product(parts, false, input, &mut Vec::new(), &mut |m, parts| {
                let object = m.object(parts)?;
                out(m, object)
            }),
            Op::Text(parts) => self.product(parts, false, input, &mut Vec::new(), &mut |m, parts| {
                let text = text::concat(m, parts)?;
                out(m, text)
            }),
            Op::Call(native, arguments) => {
                self.product(arguments, true, input, &mut Vec::new(), &mut |m, arguments| {
                    let value = native.call(m, input, arguments)?;
                    out(m, value)
                })
            }
            _ => Err(Stop::Limit("kinds of terms")),
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

    fn one_strict(&mut self, op: &'a Op, input: &V<'a>) -> Result<V<'a>, Stop> {
        match op {
            Op::Index(f, g) => {
                let (value, key) = (self.one(f, input)?, self.one(g, input)?);
                self.index(&value, &key)
            }
            Op::Slice(f, from, to) => {
                let value = self.one(f, input)?;
                let from = from.as_ref().map_or(Ok(V::NULL), |from| self.one(from, input))?;
                let to = to.as_ref().map_or(Ok(V::NULL), |to| self.one(to, input))?;
                natives::slice(self, &value, &from, &to)
            }
            Op::Neg(f) => math::negate(&self.one(f, input)?),
            Op::Math(op, f, g) => {
                let right = self.one(g, input)?;
                let left = self.one(f, input)?;
                math::apply(self, *op, &left, &right)
            }
            Op::Compare(op, f, g) => {
                let right = self.one(g, input)?;
                let left = self.one(f, input)?;
                self.compare(*op, &left, &right)
            }
            Op::Array(None) => Ok(V::scalar(Value::Array(Vec::new()))),
            Op::Array(Some(f)) => self.array(f, input),
            Op::Object(parts) => {
                let parts = self.ones(parts, input)?;
                self.object(&parts)
            }
            Op::Text(parts) => {
                let parts = self.ones(parts, input)?;
                text::concat(self, &parts)
            }
            Op::Call(native, arguments) => {
                let arguments = self.ones(arguments, input)?;
                native.call(self, input, &arguments)
            }
            Op::IsEmpty(f) => {
                let mut empty = true;
                self.some(1, f, input, &mut |_, _| {
                    empty = false;
                    Ok(())
                })?;
                Ok(V::bool(empty))
            }
            Op::Test(regex) => regexes::test(self, regex, input),
            Op::Pieces(regex, all) => regexes::pieces(self, regex, *all, input),
            _ => Err(Stop::Limit("kinds of terms")),
        }
    }

    fn ones(&mut self, parts: &'a [Node], input: &V<'a>) -> Result<Vec<V<'a>>, Stop> {
        parts.iter().map(|part| self.one(part, input)).collect()
    }

    fn array(&mut self, f: &'a Node, input: &V<'a>) -> Result<V<'a>, Stop> {
        let mut items = Vec::new();
        self.eval(f, input, &mut |m, value| {
            m.make(size_of::<Value>())?;
            items.push(m.own(value)?);
            Ok(())
        })?;
        self.container(Value::Array(items))
    }

    fn object(&mut self, parts: &[V<'a>]) -> Result<V<'a>, Stop> {
        let mut members = Map::new();
        for pair in parts.chunks_exact(2) {
            let [name, value] = pair else { continue };
            let Value::String(name) = &**name else {
                return Err(Stop::raise("a member's name isn't a string"));
            };
            self.make(name.len() + size_of::<Value>())?;
            members.insert(name.clone(), self.own(value.clone())?);
        }
        self.container(Value::Object(members))
    }

    fn pairs(
        &mut self,
        f: &'a Node,
        g: &'a Node,
        input: &V<'a>,
        out: &mut dyn FnMut(&mut Self, &V<'a>, &V<'a>) -> Flow,
    ) -> Flow {
        self.eval(g, input, &mut |m, right| m.eval(f, input, &mut |m, left| out(m, &left, &right)))
    }

    fn optional(&mut self, node: Option<&'a Node>, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
        match node {
            Some(node) => self.eval(node, input, out),
            None => out(self, V::NULL),
        }
    }

    /// All combinations of the parts' outputs. The first part changes slowest, or else the last.
    fn product(
        &mut self,
        parts: &'a [Node],
        first_slowest: bool,
        input: &V<'a>,
        chosen: &mut Vec<V<'a>>,
        out: &mut dyn FnMut(&mut Self, &[V<'a>]) -> Flow,
    ) -> Flow {
        let next = match first_slowest {
            true => parts.get(chosen.len()),
            false => parts.len().checked_sub(chosen.len() + 1).and_then(|index| parts.get(index)),
        };
        let Some(next) = next else {
            return match first_slowest {
                true => out(self, chosen),
                false => out(self, &chosen.iter().rev().cloned().collect::<Vec<_>>()),
            };
        };
        self.eval(next, input, &mut |m, value| {
            chosen.push(value);
            let flow = m.product(parts, first_slowest, input, chosen, out);
            chosen.pop();
            flow
        })
    }

    /// Binds a value's parts. A pattern stands once in the tree and nothing recurs, so its slots are free.
    fn bind(&mut self, pattern: &'a Pattern, value: &V<'a>, input: &V<'a>) -> Flow {
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

    fn logic(&mut self, f: &'a Node, g: &'a Node, decides: bool, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
        self.eval(f, input, &mut |m, left| match left.truthy() == decides {
            true => out(m, V::bool(decides)),
            false => m.eval(g, input, &mut |m, right| out(m, V::bool(right.truthy()))),
        })
    }

    /// Errors of `f` are caught; those of whoever takes its outputs aren't.
    fn attempt(&mut self, f: &'a Node, handler: Option<&'a Node>, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
        let caught = match self.guarded(f, input, out)? {
            None => return Ok(()),
            Some(caught) => caught,
        };
        match handler {
            Some(handler) => self.eval(handler, &caught, out),
            None => Ok(()),
        }
    }

    /// Evaluates `f` and gives the error that it raised itself, if any.
    fn guarded(&mut self, f: &'a Node, input: &V<'a>, out: Out<'_, 'a>) -> Result<Option<V<'a>>, Stop> {
        self.numbers += 1;
        let number = self.numbers;
        let mut theirs = None;
        let flow = self.eval(f, input, &mut |m, value| {
            out(m, value).map_err(|stop| {
                theirs = Some(stop);
                Stop::Enough(number)
            })
        });
        match flow {
            Ok(()) => Ok(None),
            Err(Stop::Enough(n)) if n == number => theirs.map_or(Ok(None), Err),
            Err(Stop::Error(message)) => Ok(Some(V::scalar(message))),
            Err(Stop::Raised(value)) => Ok(Some(V::Own(value))),
            Err(stop) => Err(stop),
        }
    }

    fn alternative(&mut self, f: &'a Node, g: &'a Node, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
        let mut any = false;
        self.guarded(f, input, &mut |m, value| match value.truthy() {
            true => {
                any = true;
                out(m, value)
            }
            false => Ok(()),
        })?;
        if any { Ok(()) } else { self.eval(g, input, out) }
    }

    /// At most `count` outputs of `f`.
    fn some(&mut self, count: u64, f: &'a Node, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
        if count == 0 {
            return Ok(());
        }
        self.numbers += 1;
        let number = self.numbers;
        let mut left = count;
        let flow = self.eval(f, input, &mut |m, value| {
            left -= 1;
            out(m, value)?;
            if left == 0 { Err(Stop::Enough(number)) } else { Ok(()) }
        });
        match flow {
            Err(Stop::Enough(n)) if n == number => Ok(()),
            flow => flow,
        }
    }

    fn reduce(
        &mut self,
        xs: &'a Node,
        pattern: &'a Pattern,
        update: &'a Node,
        input: &V<'a>,
        mut state: V<'a>,
    ) -> Result<V<'a>, Stop> {
        self.eval(xs, input, &mut |m, x| {
            m.bind(pattern, &x, input)?;
            let mut next = V::NULL;
            m.eval(update, &state, &mut |_, value| {
                next = value;
                Ok(())
            })?;
            state = next;
            Ok(())
        })?;
        Ok(state)
    }

    fn foreach(&mut self, node: &'a Node, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
        let Op::Foreach { xs, pattern, init, update, extract } = &node.op else { return Ok(()) };
        self.eval(init, input, &mut |m, mut state| {
            m.eval(xs, input, &mut |m, x| {
                m.bind(pattern, &x, input)?;
                let before = state.clone();
                m.eval(update, &before, &mut |m, value| {
                    state = value;
                    m.eval(extract, &state, out)
                })
            })
        })
    }

    fn range(&mut self, bounds: &[V<'a>], out: Out<'_, 'a>) -> Flow {
        let bounds: Option<Vec<_>> = bounds.iter().map(|bound| math::Num::of(bound)).collect();
        let Some([from, to, step]) = bounds.as_deref() else {
            return Err(Stop::raise("`range` wants numbers"));
        };
        let (to, step) = (to.float(), *step);
        let mut at = *from;
        if step.float() == 0.0 {
            return Ok(());
        }
        while (step.float() > 0.0 && at.float() < to) || (step.float() < 0.0 && at.float() > to) {
            self.steps(1)?;
            out(self, at.value()?)?;
            at = match (at, step) {
                (math::Num::Int(at), math::Num::Int(step)) => math::Num::Int(at.saturating_add(step)),
                _ => math::Num::Float(at.float() + step.float()),
            };
        }
        Ok(())
    }

    fn compare(&mut self, op: jaq_core::ops::Cmp, left: &V<'a>, right: &V<'a>) -> Result<V<'a>, Stop> {
        if matches!(**left, Value::Array(_) | Value::Object(_)) {
            self.steps(measure(left).0 / 64)?;
        }
        let order = compare(left, right);
        Ok(V::bool(op.run(&order, &std::cmp::Ordering::Equal)))
    }

    /// `value.name`
    fn member(&mut self, value: &V<'a>, name: &str) -> Result<V<'a>, Stop> {
        let member = match value {
            V::Ref(Value::Object(members)) => return Ok(members.get(name).map_or(V::NULL, V::Ref)),
            V::Ref(Value::Null) => return Ok(V::NULL),
            V::Own(own) => match &**own {
                Value::Object(members) => members.get(name),
                Value::Null => None,
                _ => return Err(Stop::raise("a member is read of what isn't an object")),
            },
            V::Ref(_) => return Err(Stop::raise("a member is read of what isn't an object")),
        };
        self.part(member)
    }

    /// `value[key]`
    fn index(&mut self, value: &V<'a>, key: &V<'a>) -> Result<V<'a>, Stop> {
        match (&**value, &**key) {
            (_, Value::String(name)) => self.member(value, name),
            (Value::Null, Value::Number(_)) => Ok(V::NULL),
            (Value::Array(items), Value::Number(_)) => {
                let index = math::Num::of(key).map_or(0.0, math::Num::float).floor();
                let index = if index < 0.0 { index + items.len() as f64 } else { index };
                let index = (index >= 0.0).then_some(index as usize);
                match value {
                    V::Ref(Value::Array(items)) => {
                        Ok(index.and_then(|index| items.get(index)).map_or(V::NULL, V::Ref))
                    }
                    _ => self.part(index.and_then(|index| items.get(index))),
                }
            }
            (_, Value::Number(_)) => Err(Stop::raise("an item is read of what isn't an array")),
            _ => Err(Stop::raise("an index is neither a string nor a number")),
        }
    }

    fn part(&mut self, part: Option<&Value>) -> Result<V<'a>, Stop> {
        part.map_or(Ok(V::NULL), |part| Ok(V::Own(Rc::new(self.copy(part)?))))
    }

    /// `value[]`
    fn each(&mut self, value: &V<'a>, out: Out<'_, 'a>) -> Flow {
        match value {
            V::Ref(Value::Array(items)) => items.iter().try_for_each(|item| out(self, V::Ref(item))),
            V::Ref(Value::Object(members)) => members.values().try_for_each(|item| out(self, V::Ref(item))),
            V::Own(own) => {
                let mut each = |m: &mut Self, item: &Value| {
                    let item = m.part(Some(item))?;
                    out(m, item)
                };
                match &**own {
                    Value::Array(items) => items.iter().try_for_each(|item| each(self, item)),
                    Value::Object(members) => members.values().try_for_each(|item| each(self, item)),
                    _ => Err(Stop::raise("`[]` is used on what has no members")),
                }
            }
            V::Ref(_) => Err(Stop::raise("`[]` is used on what has no members")),
        }
    }
}
