//! A program's text in, its tree out, or the first mistake with its place. Definitions are put in place where they are called, so
//! that a definition can only use earlier ones: recursion has no way to be written, and the tree has a bounded size.

use std::rc::Rc;
use std::sync::OnceLock;

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{BinaryOp, Def, Parser, Pattern as PatternText, Term};
use jaq_core::path::{Opt, Part};
use serde_json::Value;

use super::JqError;
use super::ir::{Node, Op, Pattern};
use super::natives::Native;
use super::regexes;

const MAX_TEXT: usize = 8 * 1024;
/// Brackets and prefix words: each may nest the parser once more.
const MAX_NESTING: usize = 200;
/// Words and signs.
const MAX_TOKENS: usize = 1_000;
/// Terms after definitions are put in place.
const MAX_TERMS: usize = 5_000;
/// How deep the compilation, and then an evaluation, nests: some 200 KB of stack.
const MAX_DEPTH: u32 = 200;

static PRELUDE: &str = include_str!("prelude.jq");

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

/// Reads a text, refusing first what would nest the parser too deep.
fn parse(text: &str) -> Result<Term<&str>, JqError> {
    let mistake = |message: String, offset: usize| JqError::Text { message, offset };
    let brackets = text.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'{')).count();
    if text.len() > MAX_TEXT || brackets > MAX_NESTING {
        return Err(mistake(format!("a program has at most {MAX_TEXT} bytes and {MAX_NESTING} brackets"), 0));
    }
    let tokens = Lexer::new(text).lex().map_err(|errors| match errors.first() {
        Some((expected, rest)) => mistake(format!("expected {}", expected.as_str()), offset_of(text, rest)),
        None => mistake("expected a jq program".to_owned(), 0),
    })?;
    let (count, prefixes) = tokens.iter().fold((0, 0), count_tokens);
    if count > MAX_TOKENS || prefixes > MAX_NESTING {
        return Err(mistake(format!("a program has at most {MAX_TOKENS} words and signs"), 0));
    }
    Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| match errors.first() {
        Some((expected, found)) => {
            let found = found.map(|token| token.as_str());
            let offset = found.map_or(text.len(), |found| offset_of(text, found));
            let found = found.map_or("the end".to_owned(), |found| {
                format!("`{}`", found.chars().take(40).collect::<String>())
            });
            mistake(format!("expected {}, not {found}", expected.as_str()), offset)
        }
        None => mistake("expected a jq program".to_owned(), 0),
    })
}

fn count_tokens((count, prefixes): (usize, usize), Token(text, token): &Token<&str>) -> (usize, usize) {
    let prefix = matches!(*text, "-" | "try" | "catch" | "if" | "def" | "reduce" | "foreach" | "label");
    let here = (count + 1, prefixes + usize::from(prefix));
    match token {
        Tok::Block(tokens) => tokens.iter().fold((here.0, here.1 + 1), count_tokens),
        Tok::Str(parts) => parts.iter().fold(here, |sum, part| match part {
            StrPart::Term(token) => count_tokens(sum, token),
            _ => sum,
        }),
        _ => here,
    }
}

/// The definitions in jq, read once.
fn prelude() -> &'static [Def<&'static str>] {
    static DEFS: OnceLock<Vec<Def<&'static str>>> = OnceLock::new();
    DEFS.get_or_init(|| jaq_core::load::parse(PRELUDE, |parser| parser.defs()).unwrap_or_default())
}

fn offset_of(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize)
        .checked_sub(text.as_ptr() as usize)
        .filter(|at| *at <= text.len())
        .unwrap_or_default()
}

/// What names mean at a place, innermost first.
type Scope<'t> = Option<Rc<Link<'t>>>;

struct Link<'t> {
    entry: Entry<'t>,
    outer: Scope<'t>,
}

enum Entry<'t> {
    Var(&'t str, usize),
    Def(&'t Def<&'t str>),
    /// A definition's own name inside its body.
    Itself(&'t str, usize),
    /// A parameter: the argument's term, in the scope of the call.
    Argument(&'t str, &'t Term<&'t str>, Scope<'t>),
    /// A `$parameter` used as a filter.
    Value(&'t str, usize),
}

fn link<'t>(outer: Scope<'t>, entry: Entry<'t>) -> Scope<'t> {
    Some(Rc::new(Link { entry, outer }))
}

struct Compiler<'t> {
    text: &'t str,
    slots: usize,
    terms: usize,
    depth: u32,
    /// Where in the user's text we are.
    site: usize,
}

impl<'t> Compiler<'t> {
    fn mistake(&self, message: impl Into<String>) -> JqError {
        JqError::Text { message: message.into(), offset: self.site }
    }

    fn visit(&mut self, word: &str) {
        let start = self.text.as_ptr() as usize;
        if (start..=start + self.text.len()).contains(&(word.as_ptr() as usize)) {
            self.site = offset_of(self.text, word);
        }
    }

    fn slot(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }

    fn term(&mut self, term: &'t Term<&'t str>, scope: &Scope<'t>) -> Result<Node, JqError> {
        self.terms += 1;
        self.depth += 1;
        if self.terms > MAX_TERMS || self.depth > MAX_DEPTH {
            return Err(self.mistake("the program is too large once its definitions are put in place"));
        }
        let op = self.op(term, scope)?;
        self.depth -= 1;
        Ok(Node::new(op))
    }

    fn boxed(&mut self, term: &'t Term<&'t str>, scope: &Scope<'t>) -> Result<Box<Node>, JqError> {
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

    fn fold(
        &mut self,
        word: &str,
        xs: &'t Term<&'t str>,
        pattern: &'t PatternText<&'t str>,
        arguments: &'t [Term<&'t str>],
        scope: &Scope<'t>,
    ) -> Result<Op, JqError> {
        let xs = self.boxed(xs, scope)?;
        let (pattern, inner) = self.pattern(pattern, scope)?;
        match (word, arguments) {
            ("reduce", [init, update]) => Ok(Op::Reduce {
                xs,
                pattern,
                init: self.boxed(init, scope)?,
                update: self.boxed(update, &inner)?,
            }),
            ("foreach", [init, update, extract @ ..]) if extract.len() <= 1 => {
                let extract = match extract.first() {
                    Some(extract) => self.boxed(extract, &inner)?,
                    None => Box::new(Node::new(Op::Id)),
                };
                let (init, update) = (self.boxed(init, scope)?, self.boxed(update, &inner)?);
                Ok(Op::Foreach { xs, pattern, init, update, extract })
            }
            _ => Err(self.mistake(format!("expected `{word} f as $x (start; step)`"))),
        }
    }

    fn pattern(
        &mut self,
        pattern: &'t PatternText<&'t str>,
        scope: &Scope<'t>,
    ) -> Result<(Pattern, Scope<'t>), JqError> {
        match pattern {
            PatternText::Var(name) => {
                let slot = self.slot();
                Ok((Pattern::Slot(slot), link(scope.clone(), Entry::Var(name.trim_start_matches('$'), slot))))
            }
            PatternText::Arr(items) => {
                let mut inner = scope.clone();
                let mut parts = Vec::with_capacity(items.len());
                for item in items {
                    let (part, next) = self.pattern(item, &inner)?;
                    parts.push(part);
                    inner = next;
                }
                Ok((Pattern::Array(parts), inner))
            }
            PatternText::Obj(members) => {
                let mut inner = scope.clone();
                let mut parts = Vec::with_capacity(members.len());
                for (key, member) in members {
                    let key = self.term(key, &inner)?;
                    if !key.single {
                        return Err(self.mistake("a member's name in a pattern gives one value"));
                    }
                    let (part, next) = self.pattern(member, &inner)?;
                    parts.push((key, part));
                    inner = next;
                }
                Ok((Pattern::Object(parts), inner))
            }
        }
    }

    fn variable(&mut self, name: &'t str, scope: &Scope<'t>) -> Result<Op, JqError> {
        let bare = name.trim_start_matches('$');
        let mut at = scope.as_deref();
        let mut known = Vec::new();
        while let Some(link) = at {
            if let Entry::Var(other, slot) = &link.entry {
                if *other == bare {
                    return Ok(Op::Var(*slot));
                }
                known.push(format!("`${other}`"));
            }
            at = link.outer.as_deref();
        }
        known.reverse();
        let known = if known.is_empty() {
            "there is none here".to_owned()
        } else {
            format!("there are {}", known.join(", "))
        };
        Err(self.mistake(format!("unknown variable `{name}`; {known}")))
    }

    fn call(
        &mut self,
        name: &'t str,
        arguments: &'t [Term<&'t str>],
        scope: &Scope<'t>,
    ) -> Result<Op, JqError> {
        let mut at = scope.as_ref();
        while let Some(link) = at {
            match &link.entry {
                Entry::Itself(own, arity) if *own == name && *arity == arguments.len() => {
                    return Err(self.mistake(format!(
                        "`{name}` calls itself: recursive definitions aren't in the subset"
                    )));
                }
                Entry::Argument(parameter, term, outer) if *parameter == name && arguments.is_empty() => {
                    return Ok(self.term(term, &outer.clone())?.op);
                }
                Entry::Value(parameter, slot) if *parameter == name && arguments.is_empty() => {
                    return Ok(Op::Var(*slot));
                }
                Entry::Def(def) if def.name == name && def.args.len() == arguments.len() => {
                    return self.inline(def, arguments, scope, &link.outer.clone());
                }
                _ => {}
            }
            at = link.outer.as_ref();
        }
        self.builtin(name, arguments, scope)
    }

    /// A definition's body in place of its call.
    fn inline(
        &mut self,
        def: &'t Def<&'t str>,
        arguments: &'t [Term<&'t str>],
        call: &Scope<'t>,
        definition: &Scope<'t>,
    ) -> Result<Op, JqError> {
        let mut inner = link(definition.clone(), Entry::Itself(def.name, def.args.len()));
        let mut bound = Vec::new();
        for (parameter, argument) in def.args.iter().zip(arguments) {
            match parameter.strip_prefix('$') {
                None => inner = link(inner, Entry::Argument(parameter, argument, call.clone())),
                Some(bare) => {
                    let slot = self.slot();
                    inner = link(link(inner, Entry::Value(bare, slot)), Entry::Var(bare, slot));
                    bound.push((slot, self.boxed(argument, call)?));
                }
            }
        }
        let body = self.term(&def.body, &inner)?;
        let bind =
            |body: Node, (slot, argument)| Node::new(Op::Bind(argument, Pattern::Slot(slot), Box::new(body)));
        Ok(bound.into_iter().rev().fold(body, bind).op)
    }

    fn builtin(
        &mut self,
        name: &'t str,
        arguments: &'t [Term<&'t str>],
        scope: &Scope<'t>,
    ) -> Result<Op, JqError> {
        let mut nodes =
            arguments.iter().map(|argument| self.term(argument, scope)).collect::<Result<Vec<_>, _>>()?;
        if let Some(native) = Native::find(name, nodes.len()) {
            return Ok(Op::Call(native, nodes));
        }
        if let ("_pieces", [pattern, flags]) | ("test", [pattern, flags]) = (name, nodes.as_slice()) {
            return self.regex(name, pattern.literal(), flags.literal());
        }
        if let ("test", [pattern]) = (name, nodes.as_slice()) {
            return self.regex(name, pattern.literal(), Some(""));
        }
        match (name, nodes.len(), nodes.pop(), nodes.pop()) {
            ("empty", 0, ..) => Ok(Op::Empty),
            ("null", 0, ..) => Ok(Op::Const(Value::Null)),
            ("true", 0, ..) => Ok(Op::Const(Value::Bool(true))),
            ("false", 0, ..) => Ok(Op::Const(Value::Bool(false))),
            ("first", 1, Some(f), _) => Ok(Op::First(Box::new(f))),
            ("isempty", 1, Some(f), _) => Ok(Op::IsEmpty(Box::new(f))),
            ("limit", 2, Some(f), Some(count)) => Ok(Op::Limit(Box::new(count), Box::new(f))),
            ("range", 3, Some(step), Some(to)) => match nodes.pop() {
                Some(from) => Ok(Op::Range(vec![from, to, step])),
                None => Ok(Op::Empty),
            },
            _ => Err(self.unknown(name, arguments.len())),
        }
    }

    fn regex(&mut self, name: &str, pattern: Option<&str>, flags: Option<&str>) -> Result<Op, JqError> {
        let (Some(pattern), Some(flags)) = (pattern, flags) else {
            return Err(self.mistake(
                "a regular expression and its flags are literal strings here: `test(\"^A[0-9]+\")`",
            ));
        };
        let (regex, all) = regexes::compile(pattern, flags).map_err(|message| self.mistake(message))?;
        Ok(if name == "test" { Op::Test(regex) } else { Op::Pieces(regex, all) })
    }

    fn unknown(&self, name: &str, arity: usize) -> JqError {
        let refused = REFUSED.iter().find(|(names, _)| names.contains(&name)).map(|(_, why)| *why);
        if let Some(why) = refused {
            return self.mistake(format!("`{name}` isn't in the subset: {why}"));
        }
        let mut other = prelude().iter().filter(|def| def.name == name).map(|def| def.args.len());
        let other = other
            .next()
            .or_else(|| Native::all().find(|native| native.name == name).map(|native| native.arity));
        match other {
            Some(other) => self.mistake(format!("`{name}` takes {other} arguments, not {arity}")),
            None => self.mistake(format!(
                "`{name}` isn't a function of the subset, or isn't defined before it is used"
            )),
        }
    }
}

/// What jq has and the subset hasn't, with why and what instead.
static REFUSED: &[(&[&str], &str)] = &[
    (
        &["recurse", "recurse_down", "walk", "while", "until", "repeat", "combinations"],
        "it may run without end; name the members instead",
    ),
    (
        &["env", "$ENV", "get_search_list", "input_filename", "modulemeta"],
        "a program sees nothing but its record and variables",
    ),
    (
        &["input", "inputs", "input_line_number", "$__loc__", "import", "include"],
        "a program has one record and one text",
    ),
    (
        &["now", "localtime", "mktime", "gmtime", "strftime", "strptime", "todate", "fromdate", "date"],
        "take dates as the text they are, `.[:10]` cuts the day off",
    ),
    (
        &["debug", "stderr", "halt", "halt_error", "input_line_number"],
        "a program has no output but its values",
    ),
    (
        &[
            "path",
            "paths",
            "leaf_paths",
            "getpath",
            "setpath",
            "delpaths",
            "del",
            "pick",
            "tostream",
            "fromstream",
        ],
        "paths can't be handled as values; write the object that you want, as `{a, b: .c}`",
    ),
    (&["@csv", "@tsv", "@sh"], "there are `@text`, `@json`, `@uri`, `@html`, `@base64` and `@base64d`"),
];
