//! Federation composition that this project did not write: the npm package `@theguild/federation-composition`
//! (`tests/real/compose.mjs`). In: graphs, each a list of sources. Out: what it makes of each, in the same order. It judges nothing.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    RealError,
    partner::{Partner, node},
};

const WHAT: &str = "the other composer";

/// One source of a graph to compose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToCompose {
    /// The source's name.
    pub name: String,
    /// Its SDL.
    pub sdl: String,
}

/// What the other composer makes of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComposedElsewhere {
    /// It composes.
    Good {
        /// The supergraph's SDL, in the join specification.
        supergraph: String,
        /// The SDL of what clients see.
        api: String,
    },
    /// It is refused: for each mistake the rule's code and the message.
    Refused(Vec<(String, String)>),
}

/// One process that composes many graphs.
pub struct Composer {
    partner: Partner,
}

impl Composer {
    /// Starts it: under a second.
    pub fn start() -> Result<Self, RealError> {
        Ok(Self { partner: Partner::start(WHAT, &mut node("compose.mjs")?)? })
    }

    /// Starts another script that reads and writes the same lines as `tests/real/compose.mjs`.
    pub fn start_other(script: &Path) -> Result<Self, RealError> {
        Ok(Self { partner: Partner::start(WHAT, std::process::Command::new("node").arg(script))? })
    }

    /// Hands a graph over without waiting. As many [`Composer::answer`] are due, in the same order.
    pub fn ask(&mut self, sources: &[ToCompose]) -> Result<(), RealError> {
        let sources: Vec<Value> = sources
            .iter()
            .map(|source| json!({ "name": source.name, "url": "", "sdl": source.sdl }))
            .collect();
        self.partner.tell(&json!({ "sources": sources }).to_string())
    }

    /// The verdict on the oldest graph that has none yet.
    pub fn answer(&mut self) -> Result<ComposedElsewhere, RealError> {
        let line = self.partner.next_line()?;
        let unreadable = || RealError::Unreadable { what: WHAT, line: line.chars().take(300).collect() };
        let object: Value = serde_json::from_str(&line).map_err(|_| unreadable())?;
        let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(errors) = object.get("errors").and_then(Value::as_array) {
            let one = |error: &Value| Some((text(error, "code")?, text(error, "message")?));
            return errors
                .iter()
                .map(one)
                .collect::<Option<_>>()
                .map(ComposedElsewhere::Refused)
                .ok_or_else(unreadable);
        }
        match (text(&object, "supergraph"), text(&object, "api")) {
            (Some(supergraph), Some(api)) => Ok(ComposedElsewhere::Good { supergraph, api }),
            _ => Err(unreadable()),
        }
    }
}
