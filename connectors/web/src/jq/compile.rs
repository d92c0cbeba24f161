//! A program's text in, its tree out, or the first mistake with its place. Definitions are put in place where they are called, so
//! that a definition can only use earlier ones: recursion has no way to be written, and the tree has a bounded size.

use std::rc::Rc;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Term};
use jaq_core::path::{Opt, Part};
use serde_json::Value;

use super::JqError;
use super::calls::prelude;
use super::ir::{Node, Op, Pattern};
use super::parse::{offset_of, parse};

/// Terms after definitions are put in place.
const MAX_TERMS: usize = 5_000;
/// How deep the compilation, and then an evaluation, nests: less than half a megabyte of stack, in a build without optimisation.
const MAX_DEPTH: u32 = 120;

/// Compiles a program; returns how many slots its variables need, the given ones first.
pub(super) fn compile(text: &str, variables: &[&str]) -> Result<(Node, usize), JqError> {
    let term = parse(text)?;
    let mut scope: Scope<'_> = None;
    for def in prelude() {
        scope = link(scope, Entry::Def(def));
    }
    for (slot, name) in variables.iter().enumerate() {
        scope = link(scope, Entry::Var(name, slot));
    }
    let mut compiler = Compiler { text, slots: variables.len(), terms: 0, depth: 0, site: 0 };
    let root = compiler.term(&term, &scope)?;
    match root.stack <= MAX_DEPTH {
        true => Ok((root, compiler.slots)),
        false => {
            Err(compiler.mistake("the program nests too deep; use fewer `|`, `[]` and `,` inside each other"))
        }
    }
}

/// What names mean at a place, innermost first.
pub(super) type Scope<'t> = Option<Rc<Link<'t>>>;

pub(super) struct Link<'t> {
    pub(super) entry: Entry<'t>,
    pub(super) outer: Scope<'t>,
}

pub(super) enum Entry<'t> {
    Var(&'t str, usize),
    Def(&'t Def<&'t str>),
    /// A definition's own name inside its body.
    Itself(&'t str, usize),
    /// A parameter: the argument's term, in the scope of the call.
    Argument(&'t str, &'t Term<&'t str>, Scope<'t>),
    /// A `$parameter` used as a filter.
    Value(&'t str, usize),
}

pub(super) fn link<'t>(outer: Scope<'t>, entry: Entry<'t>) -> Scope<'t> {
    Some(Rc::new(Link { entry, outer }))
}

pub(super) struct Compiler<'t> {
    text: &'t str,
    slots: usize,
    terms: usize,
    depth: u32,
    /// Where in the user's text we are.
    site: usize,
}

impl<'t> Compiler<'t> {
    pub(super) fn mistake(&self, message: impl Into<String>) -> JqError {
        JqError::Text { message: message.into(), offset: self.site }
    }

    fn visit(&mut self, word: &str) {
        let start = self.text.as_ptr() as usize;
        if (start..=start + self.text.len()).contains(&(word.as_ptr() as usize)) {
            self.site = offset_of(self.text, word);
        }
    }

    pub(super) fn slot(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }

    pub(super) fn term(&mut self, term: &'t Term<&'t str>, scope: &Scope<'t>) -> Result<Node, JqError> {
        self.terms += 1;
        self.depth += 1;
        if self.terms > MAX_TERMS || self.depth > MAX_DEPTH {
            return Err(self.mistake("the program is too large once its definitions are put in place"));
        }
        let op = self.op(term, scope)?;
        self.depth -= 1;
        Ok(Node::new(op))
    }

    pub(super) fn boxed(&mut self, term: &'t Term<&'t str>, scope: &Scope<'t>) -> Result<Box<Node>, JqError> {
        self.term(term, scope).map(Box::new)
    }

    fn op(&mut self, term: &'t Term<&'t str>, scope: &Scope<'t>) -> Result<Op, JqError> {
        match term {
            Term::Id => Ok(Op::Id),
            Term::Recurse => Err(self.mistake("`..` isn't in the subset: name the members instead")),
            Term::Num(number) => {
                self.visit(number);
                let number = number.parse().map_err(|_| self.mistake("expected a number"))?;
                Ok(Op::Const(Value::Number(number)))
            }
            Term::Str(format, parts) => self.text(*format, parts, scope),
            Term::Arr(None) => Ok(Op::Array(None)),
            Term::Arr(Some(term)) => Ok(Op::Array(Some(self.boxed(term, scope)?))),
            Term::Obj(entries) => self.object(entries, scope),
            Term::Neg(term) => Ok(Op::Neg(self.boxed(term, scope)?)),
            Term::BinOp(left, op, right) => self.binary(left, op, right, scope),
            Term::Label(word, _) | Term::Break(word) => {
                self.visit(word);
                Err(self.mistake(
                    "`label` and `break` aren't in the subset; `first(f)` and `limit(n; f)` stop early",
                ))
            }
            Term::Fold(word, xs, pattern, arguments) => {
                self.visit(word);
                self.fold(word, xs, pattern, arguments, scope)
            }
            Term::TryCatch(term, handler) => {
                let handler = handler.as_ref().map(|handler| self.boxed(handler, scope)).transpose()?;
                Ok(Op::Try(self.boxed(term, scope)?, handler))
            }
            Term::IfThenElse(branches, otherwise) => self.branches(branches, otherwise.as_deref(), scope),
            Term::Def(defs, body) => {
                let inner = defs.iter().fold(scope.clone(), |scope, def| link(scope, Entry::Def(def)));
                Ok(self.term(body, &inner)?.op)
            }
            Term::Call(name, arguments) => {
                self.visit(name);
                self.call(name, arguments, scope)
            }
            Term::Var(name) => {
                self.visit(name);
                self.variable(name, scope)
            }
            Term::Path(term, path) => {
                let mut node = self.term(term, scope)?;
                for (part, optional) in &path.0 {
                    node = match optional {
                        Opt::Essential => Node::new(self.part(node, part, scope)?),
                        Opt::Optional => self.optional_part(node, part, scope)?,
                    };
                }
                Ok(node.op)
            }
        }
    }

    /// `f.a?`: only the step itself may fail, for each output of `f` by itself; a computed key is a matter of the whole term's input.
    fn optional_part(
        &mut self,
        node: Node,
        part: &'t Part<Term<&'t str>>,
        scope: &Scope<'t>,
    ) -> Result<Node, JqError> {
        let part = self.part(Node::new(Op::Id), part, scope)?;
        let mut bound = Vec::new();
        let mut bind = |key: Box<Node>| {
            let slot = self.slot();
            bound.push((slot, key));
            Box::new(Node::new(Op::Var(slot)))
        };
        let step = match part {
            Op::Index(id, key) => Op::Index(id, bind(key)),
            Op::Slice(id, from, to) => Op::Slice(id, from.map(&mut bind), to.map(&mut bind)),
            step => step,
        };
        let step = Node::new(Op::Try(Box::new(Node::new(step)), None));
        let pipe = Node::new(Op::Pipe(Box::new(node), Box::new(step)));
        let outer = |inner: Node, (slot, key)| Node::new(Op::Bind(key, Pattern::Slot(slot), Box::new(inner)));
        Ok(bound.into_iter().rev().fold(pipe, outer))
    }

    fn part(&mut self, node: Node, part: &'t Part<Term<&'t str>>, scope: &Scope<'t>) -> Result<Op, JqError> {
        let node = Box::new(node);
        match part {
            Part::Range(None, None) => Ok(Op::Each(node)),
            Part::Range(from, to) => {
                let from = from.as_ref().map(|from| self.boxed(from, scope)).transpose()?;
                let to = to.as_ref().map(|to| self.boxed(to, scope)).transpose()?;
                Ok(Op::Slice(node, from, to))
            }
            Part::Index(key) => {
                let key = self.boxed(key, scope)?;
                match key.literal() {
                    Some(name) => Ok(Op::Member(node, name.to_owned())),
                    None => Ok(Op::Index(node, key)),
                }
            }
        }
    }

    /// A string: its literal parts joined, the others formatted.
    fn text(
        &mut self,
        format: Option<&'t str>,
        parts: &'t [StrPart<&'t str, Term<&'t str>>],
        scope: &Scope<'t>,
    ) -> Result<Op, JqError> {
        let mut literal = String::new();
        let mut nodes = Vec::new();
        let flush = |literal: &mut String, nodes: &mut Vec<Node>| {
            if !literal.is_empty() {
                nodes.push(Node::new(Op::Const(Value::String(std::mem::take(literal)))));
            }
        };
        for part in parts {
            match part {
                StrPart::Str(text) => literal.push_str(text),
                StrPart::Char(char) => literal.push(*char),
                StrPart::Term(term) => {
                    flush(&mut literal, &mut nodes);
                    let mut node = self.term(term, scope)?;
                    if let Some(format) = format {
                        self.visit(format);
                        let format = Node::new(self.call(format, &[], scope)?);
                        node = Node::new(Op::Pipe(Box::new(node), Box::new(format)));
                    }
                    nodes.push(node);
                }
            }
        }
        if nodes.is_empty() {
            return Ok(Op::Const(Value::String(literal)));
        }
        flush(&mut literal, &mut nodes);
        Ok(Op::Text(nodes))
    }

    fn object(
        &mut self,
        entries: &'t [(Term<&'t str>, Option<Term<&'t str>>)],
        scope: &Scope<'t>,
    ) -> Result<Op, JqError> {
        let mut parts = Vec::with_capacity(entries.len() * 2);
        for (key, value) in entries {
            let (key, value) = match (key, value) {
                (key, Some(value)) => (self.term(key, scope)?, self.term(value, scope)?),
                (variable @ Term::Var(name), None) => {
                    let key = Op::Const(Value::from(name.trim_start_matches('$')));
                    (Node::new(key), self.term(variable, scope)?)
                }
                (key, None) => {
                    let value = match self.term(key, scope)? {
                        Node { op: Op::Const(Value::String(name)), .. } => {
                            Op::Member(Box::new(Node::new(Op::Id)), name)
                        }
                        key => Op::Index(Box::new(Node::new(Op::Id)), Box::new(key)),
                    };
                    (self.term(key, scope)?, Node::new(value))
                }
            };
            parts.push(key);
            parts.push(value);
        }
        Ok(Op::Object(parts))
    }

    fn binary(
        &mut self,
        left: &'t Term<&'t str>,
        op: &'t BinaryOp<&'t str>,
        right: &'t Term<&'t str>,
        scope: &Scope<'t>,
    ) -> Result<Op, JqError> {
        let l = self.boxed(left, scope)?;
        if let BinaryOp::Pipe(Some(pattern)) = op {
            let (pattern, inner) = self.pattern(pattern, scope)?;
            return Ok(Op::Bind(l, pattern, self.boxed(right, &inner)?));
        }
        let r = self.boxed(right, scope)?;
        Ok(match op {
            BinaryOp::Pipe(_) => Op::Pipe(l, r),
            BinaryOp::Comma => Op::Comma(l, r),
            BinaryOp::Alt => Op::Alt(l, r),
            BinaryOp::Or => Op::Or(l, r),
            BinaryOp::And => Op::And(l, r),
            BinaryOp::Math(op) => Op::Math(*op, l, r),
            BinaryOp::Cmp(op) => Op::Compare(*op, l, r),
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
                return Err(self.mistake(
                    "assignments aren't in the subset: write the object that you want, as `{a, b: .c}`",
                ));
            }
        })
    }

    fn branches(
        &mut self,
        branches: &'t [(Term<&'t str>, Term<&'t str>)],
        otherwise: Option<&'t Term<&'t str>>,
        scope: &Scope<'t>,
    ) -> Result<Op, JqError> {
        let mut op = match otherwise {
            Some(otherwise) => self.term(otherwise, scope)?.op,
            None => Op::Id,
        };
        for (condition, then) in branches.iter().rev() {
            op = Op::If(self.boxed(condition, scope)?, self.boxed(then, scope)?, Box::new(Node::new(op)));
        }
        Ok(op)
    }
}
