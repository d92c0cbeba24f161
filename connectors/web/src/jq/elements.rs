//! Which top-level elements of a record a program reads, as far as its tree tells: what a FHIR search asks with `_elements`.

use super::ir::{Node, Op, Pattern};

/// What a value can be: the whole record, perhaps; or a part of it, or nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Record,
    Part,
}

/// The elements read so far. `whole` as soon as the record itself is used.
#[derive(Default)]
struct Reads {
    names: Vec<String>,
    slots: Vec<usize>,
    whole: bool,
}

/// The names of the elements that the program reads; `None` when it uses the record as a whole.
pub(super) fn top_level(root: &Node) -> Option<Vec<String>> {
    let mut reads = Reads::default();
    if reads.of(root, Kind::Record) == Kind::Record || reads.whole {
        return None;
    }
    reads.names.sort();
    reads.names.dedup();
    Some(reads.names)
}

/// The names of a plain path: `.a.b`.
pub(super) fn path(root: &Node) -> Option<Vec<String>> {
    match &root.op {
        Op::Id => Some(Vec::new()),
        Op::Member(f, name) => {
            let mut names = path(f)?;
            names.push(name.clone());
            Some(names)
        }
        _ => None,
    }
}

impl Reads {
    /// Notes what a term reads, its input being of this kind; returns the kind of its outputs.
    fn of(&mut self, node: &Node, input: Kind) -> Kind {
        match &node.op {
            Op::Id => input,
            Op::Empty | Op::Const(_) | Op::Array(None) => Kind::Part,
            Op::Var(slot) if self.slots.contains(slot) => Kind::Record,
            Op::Var(_) => Kind::Part,
            Op::Member(f, name) => {
                if self.of(f, input) == Kind::Record {
                    self.names.push(name.clone());
                }
                Kind::Part
            }
            Op::Pipe(f, g) => {
                let between = self.of(f, input);
                self.of(g, between)
            }
            Op::Bind(f, pattern, g) => {
                let value = self.of(f, input);
                self.bind(pattern, value, input);
                self.of(g, input)
            }
            Op::Comma(f, g) => join(self.of(f, input), self.of(g, input)),
            Op::Alt(f, g) => join(self.of(f, input), self.of(g, input)),
            Op::If(f, g, h) => {
                // Whether a record is true is known without reading it.
                self.of(f, input);
                join(self.of(g, input), self.of(h, input))
            }
            Op::And(f, g) | Op::Or(f, g) => {
                self.of(f, input);
                self.of(g, input);
                Kind::Part
            }
            Op::Try(f, handler) => {
                let value = self.of(f, input);
                handler.as_ref().map_or(value, |handler| join(value, self.of(handler, Kind::Part)))
            }
            Op::First(f) => self.of(f, input),
            Op::Limit(count, f) => {
                self.used(count, input);
                self.of(f, input)
            }
            Op::IsEmpty(f) => {
                self.of(f, input);
                Kind::Part
            }
            Op::Reduce { xs, pattern, init, update } => self.fold(xs, pattern, [init, update], input),
            Op::Foreach { xs, pattern, init, update, extract } => {
                let state = self.fold(xs, pattern, [init, update], input);
                self.of(extract, state)
            }
            Op::Call(native, arguments) => {
                arguments.iter().for_each(|argument| self.used(argument, input));
                // These look at their input; all others but `error` do too.
                self.whole |= input == Kind::Record && !matches!(native.name, "error" | "not" | "type");
                Kind::Part
            }
            Op::Test(_) | Op::Pieces(..) => {
                self.whole |= input == Kind::Record;
                Kind::Part
            }
            Op::Each(f) | Op::Neg(f) | Op::Array(Some(f)) => {
                self.used(f, input);
                Kind::Part
            }
            Op::Index(f, g) | Op::Math(_, f, g) | Op::Compare(_, f, g) => {
                self.used(f, input);
                self.used(g, input);
                Kind::Part
            }
            Op::Slice(f, from, to) => {
                self.used(f, input);
                from.iter().chain(to).for_each(|bound| self.used(bound, input));
                Kind::Part
            }
            Op::Object(parts) | Op::Text(parts) | Op::Range(parts) => {
                parts.iter().for_each(|part| self.used(part, input));
                Kind::Part
            }
        }
    }

    /// A term whose value is looked at or kept as a whole.
    fn used(&mut self, node: &Node, input: Kind) {
        if self.of(node, input) == Kind::Record {
            self.whole = true;
        }
    }

    fn bind(&mut self, pattern: &Pattern, value: Kind, input: Kind) {
        match pattern {
            Pattern::Slot(slot) if value == Kind::Record => self.slots.push(*slot),
            Pattern::Slot(_) => {}
            Pattern::Array(items) => {
                self.whole |= value == Kind::Record;
                items.iter().for_each(|item| self.bind(item, Kind::Part, input));
            }
            Pattern::Object(members) => {
                for (key, member) in members {
                    match key.literal() {
                        Some(name) if value == Kind::Record => self.names.push(name.to_owned()),
                        Some(_) => {}
                        None => {
                            self.used(key, input);
                            self.whole |= value == Kind::Record;
                        }
                    }
                    self.bind(member, Kind::Part, input);
                }
            }
        }
    }

    /// The state may become the record at the start or at any step, so a step is looked at with both.
    fn fold(&mut self, xs: &Node, pattern: &Pattern, [init, update]: [&Node; 2], input: Kind) -> Kind {
        let x = self.of(xs, input);
        self.bind(pattern, x, input);
        let start = self.of(init, input);
        let next = join(start, self.of(update, start));
        join(next, self.of(update, next))
    }
}

fn join(left: Kind, right: Kind) -> Kind {
    if left == Kind::Record { left } else { right }
}
