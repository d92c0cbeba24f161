//! Calls: a name and its arguments in; the definition put in place, or the function, out. Says what jq has and the subset hasn't, and what to write instead.

use std::sync::OnceLock;

use jaq_core::load::parse::{Def, Term};
use serde_json::Value;

use super::JqError;
use super::compile::{Compiler, Entry, Scope, link};
use super::ir::{Node, Op, Pattern};
use super::natives::Native;
use super::regexes;

static PRELUDE: &str = include_str!("prelude.jq");

/// The definitions in jq, read once.
pub(super) fn prelude() -> &'static [Def<&'static str>] {
    static DEFS: OnceLock<Vec<Def<&'static str>>> = OnceLock::new();
    DEFS.get_or_init(|| jaq_core::load::parse(PRELUDE, |parser| parser.defs()).unwrap_or_default())
}

impl<'t> Compiler<'t> {
    pub(super) fn call(
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
