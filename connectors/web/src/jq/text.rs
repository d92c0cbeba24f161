//! Functions and formats of strings.

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Number, Value};

use super::eval::{Machine, Stop};
use super::natives::Native;
use super::value::V;

pub(super) static NATIVES: &[Native] = &[
    Native::new("tostring", 0, |machine, input, _| to_string(machine, input)),
    Native::new("tojson", 0, to_json),
    Native::new("fromjson", 0, |machine, input, _| {
        let text = text(input)?;
        machine.make(text.len().saturating_mul(4))?;
        match serde_json::from_str(text) {
            Ok(value) => machine.container(value),
            Err(_) => Err(Stop::raise("`fromjson` reads what isn't JSON")),
        }
    }),
    Native::new("tonumber", 0, |_, input, _| match &**input {
        Value::Number(_) => Ok(input.clone()),
        Value::String(text) => text
            .trim()
            .parse::<Number>()
            .map(V::scalar)
            .map_err(|_| Stop::raise("`tonumber` reads what isn't a number")),
        _ => Err(Stop::raise("`tonumber` reads what isn't a number")),
    }),
    Native::new("ascii_downcase", 0, |machine, input, _| map(machine, input, str::to_ascii_lowercase)),
    Native::new("ascii_upcase", 0, |machine, input, _| map(machine, input, str::to_ascii_uppercase)),
    Native::new("trim", 0, |machine, input, _| map(machine, input, |text| text.trim().to_owned())),
    Native::new("ltrim", 0, |machine, input, _| map(machine, input, |text| text.trim_start().to_owned())),
    Native::new("rtrim", 0, |machine, input, _| map(machine, input, |text| text.trim_end().to_owned())),
    Native::new("utf8bytelength", 0, |_, input, _| Ok(V::scalar(text(input)?.len()))),
    Native::new("startswith", 1, |_, input, arguments| {
        Ok(V::bool(text(input)?.starts_with(argument(arguments)?)))
    }),
    Native::new("endswith", 1, |_, input, arguments| {
        Ok(V::bool(text(input)?.ends_with(argument(arguments)?)))
    }),
    Native::new("ltrimstr", 1, |machine, input, arguments| {
        cut(machine, input, arguments, |text, part| text.strip_prefix(part))
    }),
    Native::new("rtrimstr", 1, |machine, input, arguments| {
        cut(machine, input, arguments, |text, part| text.strip_suffix(part))
    }),
    Native::new("split", 1, |machine, input, arguments| split(machine, text(input)?, argument(arguments)?)),
    Native::new("join", 1, join),
    Native::new("explode", 0, |machine, input, _| {
        let text = text(input)?;
        machine.make(text.len() * size_of::<Value>())?;
        machine.container(text.chars().map(|char| Value::from(u32::from(char))).collect())
    }),
    Native::new("implode", 0, |machine, input, _| {
        let Value::Array(items) = &**input else {
            return Err(Stop::raise("`implode` is used on what isn't an array"));
        };
        machine.make(items.len() * 4)?;
        let char =
            |item: &Value| item.as_u64().and_then(|code| u32::try_from(code).ok()).and_then(char::from_u32);
        let text: Option<String> = items.iter().map(char).collect();
        text.map(V::scalar).ok_or(Stop::raise("`implode` wants Unicode code points"))
    }),
    Native::new("index", 1, |_, input, arguments| position(input, arguments, |text, part| text.find(part))),
    Native::new("rindex", 1, |_, input, arguments| position(input, arguments, |text, part| text.rfind(part))),
    Native::new("@text", 0, |machine, input, _| to_string(machine, input)),
    Native::new("@json", 0, to_json),
    Native::new("@uri", 0, |machine, input, _| format(machine, input, 3, uri)),
    Native::new("@html", 0, |machine, input, _| format(machine, input, 6, html)),
    Native::new("@base64", 0, |machine, input, _| format(machine, input, 2, |text| STANDARD.encode(text))),
    Native::new("@base64d", 0, |machine, input, _| {
        let coded = to_string(machine, input)?;
        let coded = text(&coded)?.trim_end_matches('=');
        machine.make(coded.len())?;
        let bytes =
            STANDARD_NO_PAD.decode(coded).map_err(|_| Stop::raise("`@base64d` reads what isn't base64"))?;
        Ok(V::scalar(String::from_utf8_lossy(&bytes).into_owned()))
    }),
];

fn text<'v>(value: &'v V<'_>) -> Result<&'v str, Stop> {
    value.as_str().ok_or(Stop::raise("a string is expected where there is none"))
}

fn argument<'v>(arguments: &'v [V<'_>]) -> Result<&'v str, Stop> {
    arguments.first().and_then(|argument| argument.as_str()).ok_or(Stop::raise("an argument isn't a string"))
}

fn to_string<'a>(machine: &mut Machine<'a>, value: &V<'a>) -> Result<V<'a>, Stop> {
    match &**value {
        Value::String(_) => Ok(value.clone()),
        _ => to_json(machine, value, &[]),
    }
}

fn to_json<'a>(machine: &mut Machine<'a>, value: &V<'a>, _: &[V<'a>]) -> Result<V<'a>, Stop> {
    let text = value.to_string();
    machine.make(text.len())?;
    machine.steps(text.len() / 64)?;
    Ok(V::scalar(text))
}

fn map<'a>(machine: &mut Machine<'a>, value: &V<'a>, how: impl Fn(&str) -> String) -> Result<V<'a>, Stop> {
    let text = text(value)?;
    machine.make(text.len())?;
    Ok(V::scalar(how(text)))
}

/// A format makes at most `factor` bytes of each.
fn format<'a>(
    machine: &mut Machine<'a>,
    value: &V<'a>,
    factor: usize,
    how: impl Fn(&str) -> String,
) -> Result<V<'a>, Stop> {
    let value = to_string(machine, value)?;
    let text = text(&value)?;
    machine.make(text.len().saturating_mul(factor).saturating_add(4))?;
    Ok(V::scalar(how(text)))
}

/// RFC 3986 §2.3: all but unreserved characters, percent-encoded.
fn uri(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&quot;"),
            char => out.push(char),
        }
    }
    out
}

/// jq's `ltrimstr` and `rtrimstr` leave what doesn't fit as it is.
fn cut<'a>(
    machine: &mut Machine<'a>,
    input: &V<'a>,
    arguments: &[V<'a>],
    how: for<'t> fn(&'t str, &str) -> Option<&'t str>,
) -> Result<V<'a>, Stop> {
    let rest = input
        .as_str()
        .zip(arguments.first().and_then(|part| part.as_str()))
        .and_then(|(text, part)| how(text, part));
    match rest {
        Some(rest) => {
            machine.make(rest.len())?;
            Ok(V::scalar(rest))
        }
        None => Ok(input.clone()),
    }
}

/// `text / separator`
pub(super) fn split<'a>(machine: &mut Machine<'a>, text: &str, separator: &str) -> Result<V<'a>, Stop> {
    let parts: Vec<&str> = match (text, separator) {
        ("", _) => Vec::new(),
        (text, "") => {
            text.char_indices().filter_map(|(at, char)| text.get(at..at + char.len_utf8())).collect()
        }
        (text, separator) => text.split(separator).collect(),
    };
    machine.make(text.len() + parts.len() * size_of::<Value>())?;
    machine.container(parts.into_iter().map(Value::from).collect())
}

fn join<'a>(machine: &mut Machine<'a>, input: &V<'a>, arguments: &[V<'a>]) -> Result<V<'a>, Stop> {
    let Value::Array(items) = &**input else {
        return Err(Stop::raise("`join` is used on what isn't an array"));
    };
    let separator = argument(arguments)?;
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        let part = match item {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => item.to_string(),
            _ => return Err(Stop::raise("`join` joins arrays or objects")),
        };
        let separator = if index == 0 { "" } else { separator };
        machine.make(separator.len() + part.len())?;
        joined.push_str(separator);
        joined.push_str(&part);
    }
    Ok(V::scalar(joined))
}

/// A place in a text counts characters.
fn position<'a>(
    input: &V<'a>,
    arguments: &[V<'a>],
    find: fn(&str, &str) -> Option<usize>,
) -> Result<V<'a>, Stop> {
    if matches!(**input, Value::Null) {
        return Ok(V::NULL);
    }
    let (text, part) = (text(input)?, argument(arguments)?);
    let at = Some(part).filter(|part| !part.is_empty()).and_then(|part| find(text, part));
    Ok(at.map_or(V::NULL, |at| V::scalar(text.get(..at).map_or(0, |before| before.chars().count()))))
}

/// An interpolated string.
pub(super) fn concat<'a>(machine: &mut Machine<'a>, parts: &[V<'a>]) -> Result<V<'a>, Stop> {
    let mut whole = String::new();
    for part in parts {
        let part = to_string(machine, part)?;
        let part = text(&part)?;
        machine.make(part.len())?;
        whole.push_str(part);
    }
    Ok(V::Own(Rc::new(Value::String(whole))))
}
