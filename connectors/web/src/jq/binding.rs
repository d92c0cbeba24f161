//! What names values: folds, patterns and variables in; slots out.

use jaq_core::load::parse::{Pattern as PatternText, Term};

use super::JqError;
use super::compile::{Compiler, Entry, Scope, link};
use super::ir::{Node, Op, Pattern};

impl<'t> Compiler<'t> {
    pub(super) fn fold(
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

    pub(super) fn pattern(
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

    pub(super) fn variable(&mut self, name: &'t str, scope: &Scope<'t>) -> Result<Op, JqError> {
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
}
