//! Terms that take their parts' values: operators, members, objects, texts, calls. Each combination of the parts' outputs gives one.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::eval::{Flow, Machine, Out, Stop};
use super::ir::{Node, Op};
use super::value::{V, compare, measure};
use super::{math, natives, regexes, text};

impl<'a> Machine<'a> {
    /// A term whose parts' outputs combine one by one.
    pub(super) fn strict(&mut self, op: &'a Op, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
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

    pub(super) fn one_strict(&mut self, op: &'a Op, input: &V<'a>) -> Result<V<'a>, Stop> {
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

    pub(super) fn ones(&mut self, parts: &'a [Node], input: &V<'a>) -> Result<Vec<V<'a>>, Stop> {
        parts.iter().map(|part| self.one(part, input)).collect()
    }

    pub(super) fn array(&mut self, f: &'a Node, input: &V<'a>) -> Result<V<'a>, Stop> {
        let mut items = Vec::new();
        self.eval(f, input, &mut |m, value| {
            m.make(size_of::<Value>())?;
            items.push(m.own(value)?);
            Ok(())
        })?;
        self.container(Value::Array(items))
    }

    pub(super) fn object(&mut self, parts: &[V<'a>]) -> Result<V<'a>, Stop> {
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

    pub(super) fn pairs(
        &mut self,
        f: &'a Node,
        g: &'a Node,
        input: &V<'a>,
        out: &mut dyn FnMut(&mut Self, &V<'a>, &V<'a>) -> Flow,
    ) -> Flow {
        self.eval(g, input, &mut |m, right| m.eval(f, input, &mut |m, left| out(m, &left, &right)))
    }

    pub(super) fn optional(&mut self, node: Option<&'a Node>, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
        match node {
            Some(node) => self.eval(node, input, out),
            None => out(self, V::NULL),
        }
    }

    /// All combinations of the parts' outputs. The first part changes slowest, or else the last.
    pub(super) fn product(
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

    pub(super) fn compare(
        &mut self,
        op: jaq_core::ops::Cmp,
        left: &V<'a>,
        right: &V<'a>,
    ) -> Result<V<'a>, Stop> {
        if matches!(**left, Value::Array(_) | Value::Object(_)) {
            self.steps(measure(left).0 / 64)?;
        }
        let order = compare(left, right);
        Ok(V::bool(op.run(&order, &std::cmp::Ordering::Equal)))
    }

    /// `value.name`
    pub(super) fn member(&mut self, value: &V<'a>, name: &str) -> Result<V<'a>, Stop> {
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
    pub(super) fn index(&mut self, value: &V<'a>, key: &V<'a>) -> Result<V<'a>, Stop> {
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

    pub(super) fn part(&mut self, part: Option<&Value>) -> Result<V<'a>, Stop> {
        part.map_or(Ok(V::NULL), |part| Ok(V::Own(Rc::new(self.copy(part)?))))
    }

    /// `value[]`
    pub(super) fn each(&mut self, value: &V<'a>, out: Out<'_, 'a>) -> Flow {
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
