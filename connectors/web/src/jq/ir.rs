//! A program after compilation: names resolved to slots, definitions put in place. A tree of bounded size, so that its evaluation ends.

use jaq_core::ops::{Cmp, Math};
use regex::Regex;
use serde_json::Value;

use super::natives::Native;

/// A term.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) op: Op,
    /// It gives exactly one output, or an error.
    pub(super) single: bool,
    /// How deep its evaluation nests.
    pub(super) stack: u32,
}

/// What a term does.
#[derive(Debug)]
pub(super) enum Op {
    Id,
    Empty,
    Const(Value),
    Var(usize),
    /// `f.name`
    Member(Box<Node>, String),
    /// `f[g]`
    Index(Box<Node>, Box<Node>),
    /// `f[g:h]`
    Slice(Box<Node>, Option<Box<Node>>, Option<Box<Node>>),
    /// `f[]`
    Each(Box<Node>),
    Neg(Box<Node>),
    Math(Math, Box<Node>, Box<Node>),
    Compare(Cmp, Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    /// `f // g`
    Alt(Box<Node>, Box<Node>),
    Comma(Box<Node>, Box<Node>),
    Pipe(Box<Node>, Box<Node>),
    /// `f as pattern | g`
    Bind(Box<Node>, Pattern, Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    Try(Box<Node>, Option<Box<Node>>),
    Array(Option<Box<Node>>),
    /// Keys and values in turn.
    Object(Vec<Node>),
    /// An interpolated string's parts; the format is already applied.
    Text(Vec<Node>),
    Reduce {
        xs: Box<Node>,
        pattern: Pattern,
        init: Box<Node>,
        update: Box<Node>,
    },
    Foreach {
        xs: Box<Node>,
        pattern: Pattern,
        init: Box<Node>,
        update: Box<Node>,
        extract: Box<Node>,
    },
    /// The first outputs of `g`, as many as `f` says.
    Limit(Box<Node>, Box<Node>),
    First(Box<Node>),
    IsEmpty(Box<Node>),
    /// From, to, step.
    Range(Vec<Node>),
    /// A function of its input and of its arguments' values.
    Call(Native, Vec<Node>),
    Test(Regex),
    /// The input's text cut at matches: all of them, or the first.
    Pieces(Regex, bool),
}

/// Where a value's parts go.
#[derive(Debug)]
pub(super) enum Pattern {
    Slot(usize),
    Array(Vec<Pattern>),
    Object(Vec<(Node, Pattern)>),
}

impl Node {
    /// A term with what follows from its parts.
    pub(super) fn new(op: Op) -> Self {
        let single = single(&op);
        let mut stack = 0;
        let combine: fn(u32, u32) -> u32 = match (&op, single) {
            (Op::Comma(..), _) | (_, true) => u32::max,
            _ => u32::saturating_add,
        };
        each_part(&op, &mut |part| stack = combine(stack, part.stack));
        Self { op, single, stack: stack.saturating_add(1) }
    }

    /// The constant text it is.
    pub(super) fn literal(&self) -> Option<&str> {
        match &self.op {
            Op::Const(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

fn single(op: &Op) -> bool {
    match op {
        Op::Empty | Op::Each(_) | Op::Comma(..) | Op::Try(..) | Op::Foreach { .. } => false,
        Op::Limit(..) | Op::First(_) | Op::Range(_) => false,
        Op::Array(_) | Op::IsEmpty(_) => true,
        Op::Reduce { init, .. } => init.single,
        op => {
            let mut all = true;
            each_part(op, &mut |part| all &= part.single);
            all
        }
    }
}

/// Visits the direct parts.
fn each_part<'a>(op: &'a Op, visit: &mut dyn FnMut(&'a Node)) {
    match op {
        Op::Id | Op::Empty | Op::Const(_) | Op::Var(_) | Op::Array(None) | Op::Test(_) | Op::Pieces(..) => {}
        Op::Member(f, _) | Op::Each(f) | Op::Neg(f) | Op::Array(Some(f)) | Op::First(f) | Op::IsEmpty(f) => {
            visit(f)
        }
        Op::Index(f, g)
        | Op::Math(_, f, g)
        | Op::Compare(_, f, g)
        | Op::And(f, g)
        | Op::Or(f, g)
        | Op::Alt(f, g)
        | Op::Comma(f, g)
        | Op::Pipe(f, g)
        | Op::Limit(f, g) => [f, g].into_iter().for_each(|part| visit(part)),
        Op::Slice(f, from, to) => {
            visit(f);
            from.iter().chain(to).for_each(|part| visit(part));
        }
        Op::Bind(f, pattern, g) => {
            visit(f);
            pattern_parts(pattern, visit);
            visit(g);
        }
        Op::If(f, g, h) => [f, g, h].into_iter().for_each(|part| visit(part)),
        Op::Try(f, g) => {
            visit(f);
            g.iter().for_each(|part| visit(part));
        }
        Op::Object(parts) | Op::Text(parts) | Op::Range(parts) | Op::Call(_, parts) => {
            parts.iter().for_each(visit)
        }
        Op::Reduce { xs, pattern, init, update } => {
            pattern_parts(pattern, visit);
            [xs, init, update].into_iter().for_each(|part| visit(part));
        }
        Op::Foreach { xs, pattern, init, update, extract } => {
            pattern_parts(pattern, visit);
            [xs, init, update, extract].into_iter().for_each(|part| visit(part));
        }
    }
}

fn pattern_parts<'a>(pattern: &'a Pattern, visit: &mut dyn FnMut(&'a Node)) {
    match pattern {
        Pattern::Slot(_) => {}
        Pattern::Array(items) => items.iter().for_each(|item| pattern_parts(item, visit)),
        Pattern::Object(members) => members.iter().for_each(|(key, value)| {
            visit(key);
            pattern_parts(value, visit);
        }),
    }
}
