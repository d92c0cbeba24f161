//! Regular expressions: literal patterns, compiled with the program, matched in time linear in the text (crate `regex`).

use regex::{Captures, Regex, RegexBuilder};
use serde_json::{Map, Value, json};

use super::eval::{Machine, Stop};
use super::value::V;

/// A compiled pattern of at most so many bytes.
const MAX_SIZE: usize = 256 * 1024;

/// Compiles a pattern; returns whether the flags ask for all matches too.
pub(super) fn compile(pattern: &str, flags: &str) -> Result<(Regex, bool), String> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(MAX_SIZE);
    let mut all = false;
    for flag in flags.chars() {
        match flag {
            'g' => all = true,
            'i' => _ = builder.case_insensitive(true),
            'x' => _ = builder.ignore_whitespace(true),
            's' => _ = builder.dot_matches_new_line(true),
            flag => {
                return Err(format!(
                    "`{flag}` isn't a flag of a regular expression here; use `g`, `i`, `x` or `s`"
                ));
            }
        }
    }
    let regex = builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "this regular expression is too large".to_owned(),
        _ => format!("`{pattern}` isn't a regular expression, or uses look-around or back-references, which aren't in the subset"),
    })?;
    Ok((regex, all))
}

fn subject<'v>(machine: &mut Machine<'_>, input: &'v V<'_>) -> Result<&'v str, Stop> {
    let text =
        input.as_str().ok_or(Stop::raise("a regular expression is matched with what isn't a string"))?;
    machine.steps(text.len())?;
    Ok(text)
}

/// Whether the input matches.
pub(super) fn test<'a>(machine: &mut Machine<'a>, regex: &Regex, input: &V<'a>) -> Result<V<'a>, Stop> {
    Ok(V::bool(regex.is_match(subject(machine, input)?)))
}

/// The input cut into the texts between matches and the matches themselves, these as jq's `match` describes them.
pub(super) fn pieces<'a>(
    machine: &mut Machine<'a>,
    regex: &Regex,
    all: bool,
    input: &V<'a>,
) -> Result<V<'a>, Stop> {
    let text = subject(machine, input)?;
    let mut pieces = Vec::new();
    let mut from = 0;
    for captures in regex.captures_iter(text).take(if all { usize::MAX } else { 1 }) {
        let Some(whole) = captures.get(0) else { continue };
        machine.make(256 + 2 * whole.len() + captures.len() * 256)?;
        machine.steps(16 + captures.len())?;
        pieces.push(Value::from(text.get(from..whole.start()).unwrap_or_default()));
        pieces.push(description(machine, regex, &captures, text)?);
        from = whole.end();
    }
    machine.make(text.len())?;
    pieces.push(Value::from(text.get(from..).unwrap_or_default()));
    machine.container(Value::Array(pieces))
}

fn description(
    machine: &mut Machine<'_>,
    regex: &Regex,
    captures: &Captures<'_>,
    text: &str,
) -> Result<Value, Stop> {
    let mut one = |index: usize| {
        let Some(found) = captures.get(index) else {
            return Ok(json!({ "offset": -1, "length": 0, "string": null }));
        };
        machine.steps(found.start() / 64)?;
        machine.make(found.len())?;
        let offset = text.get(..found.start()).map_or(0, |before| before.chars().count());
        Ok(json!({ "offset": offset, "length": found.as_str().chars().count(), "string": found.as_str() }))
    };
    let mut groups = Vec::new();
    for (index, name) in regex.capture_names().enumerate().skip(1) {
        let mut group = one(index)?;
        if let Value::Object(members) = &mut group {
            members.insert("name".to_owned(), name.map_or(Value::Null, Value::from));
        }
        groups.push(group);
    }
    let mut whole = one(0)?;
    if let Value::Object(members) = &mut whole {
        members.insert("captures".to_owned(), Value::Array(groups));
    }
    Ok(whole)
}

/// The named groups of a match as an object.
pub(super) fn names<'a>(machine: &mut Machine<'a>, input: &V<'a>, _: &[V<'a>]) -> Result<V<'a>, Stop> {
    let mut named = Map::new();
    for group in input.get("captures").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(name), Some(text)) = (group.get("name").and_then(Value::as_str), group.get("string")) {
            named.insert(name.to_owned(), machine.copy(text)?);
        }
    }
    machine.container(Value::Object(named))
}
