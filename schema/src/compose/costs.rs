//! `@listSize`: how long a list may become. In: applications. Out: what holds when several sources speak, printed as a directive. `@cost`
//! is one number, and the largest wins.

use std::fmt;

use apollo_compiler::ast::{Directive, Value};

use super::text::quoted;

/// One `@listSize`, each argument as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ListSize {
    /// Items, where nothing says how many.
    pub(crate) assumed: Option<i32>,
    /// Arguments that say how many items are asked for.
    pub(crate) slicing: Option<Vec<String>>,
    /// The lists below the field that are meant; the field itself where none are named.
    pub(crate) sized: Option<Vec<String>>,
    require_one: Option<bool>,
}

impl ListSize {
    /// Reads one application.
    pub(crate) fn read(directive: &Directive) -> Self {
        let argument = |name| directive.specified_argument_by_name(name);
        Self {
            assumed: argument("assumedSize").and_then(|v| v.to_i32()),
            slicing: argument("slicingArguments").and_then(|v| words(v)),
            sized: argument("sizedFields").and_then(|v| words(v)),
            require_one: argument("requireOneSlicingArgument").and_then(|v| v.to_bool()),
        }
    }

    /// The longer size, all arguments and fields, and one argument required only where all sources require it.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.assumed = self.assumed.max(other.assumed);
        union(&mut self.slicing, other.slicing.as_ref());
        union(&mut self.sized, other.sized.as_ref());
        self.require_one = match (self.require_one, other.require_one) {
            (Some(a), Some(b)) => Some(a && b),
            (one, other) => one.or(other),
        };
    }
}

fn words(value: &Value) -> Option<Vec<String>> {
    let words = |items: &[apollo_compiler::Node<Value>]| -> Vec<String> {
        items.iter().filter_map(|item| item.as_str()).map(str::to_owned).collect()
    };
    match value {
        Value::List(items) => Some(words(items)),
        Value::String(word) => Some(vec![word.clone()]),
        _ => None,
    }
}

fn union(into: &mut Option<Vec<String>>, from: Option<&Vec<String>>) {
    let Some(from) = from else { return };
    let into = into.get_or_insert_default();
    for word in from {
        if !into.contains(word) {
            into.push(word.clone());
        }
    }
}

impl fmt::Display for ListSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |words: &Vec<String>| {
            format!("[{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "))
        };
        let arguments: Vec<String> = [
            self.assumed.map(|size| format!("assumedSize: {size}")),
            self.slicing.as_ref().map(|words| format!("slicingArguments: {}", list(words))),
            self.sized.as_ref().map(|words| format!("sizedFields: {}", list(words))),
            self.require_one.map(|on| format!("requireOneSlicingArgument: {on}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        f.write_str("@listSize")?;
        if arguments.is_empty() { Ok(()) } else { write!(f, "({})", arguments.join(", ")) }
    }
}
