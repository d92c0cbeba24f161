//! jq programs of checked configuration, in a total subset: a program's text enters once, JSON records enter many times, its outputs leave.
//!
//! The language is jq's, read by jaq's parser; the evaluation is ours, because a partner's record must never decide how long or how
//! large we work: every step and every byte made is counted, and running over is an error that the program itself can't catch.
//! There is no recursion, no file, no clock, no environment, no second input, no output but its values.
//!
//! What is there: all operators except assignment, `if`, `try`, `reduce`, `foreach`, patterns, `def` without recursion, string
//! formats `@text @json @uri @base64 @base64d @html`, and the functions of `natives.rs` and `prelude.jq`. Patterns of regular
//! expressions are literals, matched in linear time. Messages of errors say types, never values.

mod binding;
mod calls;
mod compile;
mod control;
mod elements;
mod eval;
mod ir;
mod math;
mod natives;
mod parse;
mod regexes;
mod strict;
mod text;
mod value;

use std::borrow::Cow;

use raccordo_connector_api::Failure;
use serde_json::Value;
use thiserror::Error;

use eval::{Machine, Stop};
use ir::Node;
use value::V;

/// Steps that one run may take where nobody says otherwise; a step is some 20 ns.
const MAX_STEPS: u64 = 10_000_000;
/// Bytes of values that one run may make where nobody says otherwise.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// A checked program.
#[derive(Debug)]
pub struct Program {
    root: Node,
    slots: usize,
    variables: usize,
    elements: Option<Vec<String>>,
    path: Option<Vec<String>>,
    steps: u64,
    bytes: u64,
}

/// What is wrong with a program, or with a record for a program. Without values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JqError {
    /// The text isn't a program of the subset.
    #[error("{message}")]
    Text {
        /// What is wrong and what to do, the user's words in backticks.
        message: String,
        /// Where, in bytes from the text's start.
        offset: usize,
    },
    /// The record isn't what the program expects.
    #[error("{message}")]
    Record {
        /// What was expected.
        message: &'static str,
    },
    /// The run took more steps, or made more data, than a run may.
    #[error("the jq program needs more {what} than a run may")]
    Limit {
        /// Of what: `steps`, `memory`, `nesting`.
        what: &'static str,
    },
}

impl Program {
    /// Reads a program. `variables` are the names without `$`, in the order in which their values come later.
    ///
    /// # Errors
    /// [`JqError::Text`].
    pub fn compile(text: &str, variables: &[&str]) -> Result<Self, JqError> {
        let (root, slots) = compile::compile(text, variables)?;
        let elements = elements::top_level(&root);
        let path = elements::path(&root);
        Ok(Self {
            root,
            slots,
            variables: variables.len(),
            elements,
            path,
            steps: MAX_STEPS,
            bytes: MAX_BYTES,
        })
    }

    /// The same, whose runs may take so many steps and make so many bytes of values.
    #[must_use]
    pub fn limited(self, steps: u64, bytes: u64) -> Self {
        Self { steps, bytes, ..self }
    }

    /// All outputs for a record; what is a part of the record is lent. Blocks as long as the work takes, at most a second or so:
    /// run it under [`crate::offload()`] for large records. `values` are those of the variables, in order; a missing one is null.
    ///
    /// # Errors
    /// [`JqError::Record`], [`JqError::Limit`].
    pub fn run<'a>(&'a self, record: &'a Value, values: &'a [Value]) -> Result<Vec<Cow<'a, Value>>, JqError> {
        let mut outputs = Vec::new();
        self.outputs(record, values, &mut |machine, output| {
            machine.make(size_of::<Value>())?;
            outputs.push(output.into_cow());
            Ok(())
        })?;
        Ok(outputs)
    }

    /// All outputs for a record that is given away: a plain path, as `.data.items`, takes its part out without a copy.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn take(&self, record: Value, values: &[Value]) -> Result<Vec<Value>, JqError> {
        let Some(path) = &self.path else {
            return Ok(self.run(&record, values)?.into_iter().map(Cow::into_owned).collect());
        };
        let part = path.iter().try_fold(record, |value, name| match value {
            Value::Object(mut members) => Ok(members.swap_remove(name).unwrap_or_default()),
            Value::Null => Ok(Value::Null),
            _ => Err(JqError::Record { message: "a member is read of what isn't an object" }),
        })?;
        Ok(vec![part])
    }

    /// The top-level elements that the program reads of a record; `None` when it uses the record as a whole, or can't be told.
    pub fn top_level_elements(&self) -> Option<Vec<String>> {
        self.elements.clone()
    }

    fn outputs<'a>(
        &'a self,
        record: &'a Value,
        values: &'a [Value],
        out: &mut dyn FnMut(&mut Machine<'a>, V<'a>) -> Result<(), Stop>,
    ) -> Result<(), JqError> {
        let mut slots = vec![V::NULL; self.slots];
        for (slot, value) in slots.iter_mut().zip(values).take(self.variables) {
            *slot = V::Ref(value);
        }
        let mut machine = Machine::new(slots, self.steps, self.bytes);
        machine.eval(&self.root, &V::Ref(record), out).map_err(Stop::into_error)
    }
}

/// The top-level elements that a program reads: [`Program::top_level_elements`].
pub fn top_level_elements(program: &Program) -> Option<Vec<String>> {
    program.top_level_elements()
}

impl From<JqError> for Failure {
    fn from(error: JqError) -> Self {
        match &error {
            JqError::Text { .. } => Self::internal("a jq program was not checked"),
            JqError::Record { message } => Self::malformed(*message),
            JqError::Limit { .. } => Self::over_limit(error.to_string()),
        }
    }
}
