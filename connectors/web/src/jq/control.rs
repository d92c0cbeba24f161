//! Terms that decide whether and how often others run: alternatives, errors caught, the first few, folds, ranges.

use super::eval::{Flow, Machine, Out, Stop};
use super::ir::{Node, Op, Pattern};
use super::math;
use super::value::V;

impl<'a> Machine<'a> {
    pub(super) fn logic(
        &mut self,
        f: &'a Node,
        g: &'a Node,
        decides: bool,
        input: &V<'a>,
        out: Out<'_, 'a>,
    ) -> Flow {
        self.eval(f, input, &mut |m, left| match left.truthy() == decides {
            true => out(m, V::bool(decides)),
            false => m.eval(g, input, &mut |m, right| out(m, V::bool(right.truthy()))),
        })
    }

    /// Errors of `f` are caught; those of whoever takes its outputs aren't.
    pub(super) fn attempt(
        &mut self,
        f: &'a Node,
        handler: Option<&'a Node>,
        input: &V<'a>,
        out: Out<'_, 'a>,
    ) -> Flow {
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
    pub(super) fn guarded(
        &mut self,
        f: &'a Node,
        input: &V<'a>,
        out: Out<'_, 'a>,
    ) -> Result<Option<V<'a>>, Stop> {
        let number = self.number();
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

    pub(super) fn alternative(&mut self, f: &'a Node, g: &'a Node, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
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
    pub(super) fn some(&mut self, count: u64, f: &'a Node, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
        if count == 0 {
            return Ok(());
        }
        let number = self.number();
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

    pub(super) fn reduce(
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

    pub(super) fn foreach(&mut self, node: &'a Node, input: &V<'a>, out: Out<'_, 'a>) -> Flow {
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

    pub(super) fn range(&mut self, bounds: &[V<'a>], out: Out<'_, 'a>) -> Flow {
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
}
