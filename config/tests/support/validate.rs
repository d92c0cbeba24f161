//! As much of JSON Schema (2020-12) as the configuration's uses, and YAML as JSON, for tests.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value, json};

/// A plain YAML document as JSON.
pub(crate) fn json_of_yaml(text: &str) -> Value {
    let content = |event: &Event<'_>| {
        !matches!(event, Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd)
    };
    let mut events = Parser::new_from_str(text).map(|event| event.unwrap().0).filter(content);
    let first = events.next().unwrap();
    value(first, &mut events)
}

fn value<'y>(event: Event<'y>, rest: &mut impl Iterator<Item = Event<'y>>) -> Value {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, _, _) => match text.as_ref() {
            "" | "~" | "null" => Value::Null,
            "true" => json!(true),
            "false" => json!(false),
            plain => plain.parse::<i64>().map_or_else(|_| json!(plain), |number| json!(number)),
        },
        Event::Scalar(text, ..) => json!(text),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            while let Some(next) = rest.next().filter(|event| !matches!(event, Event::SequenceEnd)) {
                items.push(value(next, rest));
            }
            Value::Array(items)
        }
        Event::MappingStart(..) => {
            let mut members = Map::new();
            while let Some(next) = rest.next().filter(|event| !matches!(event, Event::MappingEnd)) {
                let key = value(next, rest);
                let member = rest.next().unwrap();
                members
                    .insert(key.as_str().map_or_else(|| key.to_string(), str::to_owned), value(member, rest));
            }
            Value::Object(members)
        }
        other => panic!("{other:?}"),
    }
}

/// The first place where a value doesn't fit a schema.
pub(crate) fn first_mistake(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let wrong = |why: &str| Some(format!("{at}: {why}"));
    let known = [
        "$schema",
        "title",
        "description",
        "default",
        "type",
        "const",
        "enum",
        "anyOf",
        "oneOf",
        "minimum",
        "maximum",
        "pattern",
        "required",
        "properties",
        "additionalProperties",
        "propertyNames",
        "minProperties",
        "items",
    ];
    for keyword in schema.as_object().unwrap().keys() {
        assert!(known.contains(&keyword.as_str()), "the test doesn't know `{keyword}`");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_type(name, value)) {
        return wrong("type");
    }
    if schema.get("const").is_some_and(|expected| expected != value) {
        return wrong("const");
    }
    if schema.get("enum").and_then(Value::as_array).is_some_and(|words| !words.contains(value)) {
        return wrong("enum");
    }
    let fitting = |name: &str| {
        let branches = schema.get(name)?.as_array()?;
        Some(branches.iter().filter(|branch| first_mistake(branch, value, at).is_none()).count())
    };
    if fitting("anyOf") == Some(0) || fitting("oneOf").is_some_and(|count| count != 1) {
        return wrong("no branch fits");
    }
    let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
    if value.as_i64().is_some_and(|n| {
        bound("minimum").is_some_and(|min| n < min) || bound("maximum").is_some_and(|max| n > max)
    }) {
        return wrong("bound");
    }
    if schema
        .get("pattern")
        .and_then(Value::as_str)
        .zip(value.as_str())
        .is_some_and(|(pattern, text)| !matches(pattern, text))
    {
        return wrong("pattern");
    }
    if let Some(items) = value.as_array() {
        return items.iter().find_map(|item| first_mistake(schema.get("items")?, item, at));
    }
    value.as_object().and_then(|members| object(schema, members, at))
}

fn object(schema: &Value, members: &Map<String, Value>, at: &str) -> Option<String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(missing) = required.into_iter().find(|name| !members.contains_key(*name)) {
        return Some(format!("{at}: `{missing}` is missing"));
    }
    if schema["minProperties"].as_u64().is_some_and(|least| (members.len() as u64) < least) {
        return Some(format!("{at}: too few"));
    }
    members.iter().find_map(|(name, member)| {
        let at = format!("{at}/{name}");
        let names = schema.get("propertyNames").and_then(|names| first_mistake(names, &json!(name), &at));
        names.or_else(|| match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(of), _) => first_mistake(of, member, &at),
            (None, Value::Bool(false)) => Some(format!("{at}: unknown")),
            (None, Value::Object(_)) => first_mistake(&schema["additionalProperties"], member, &at),
            (None, _) => None,
        })
    })
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        other => panic!("the test doesn't know the type `{other}`"),
    }
}

/// The three forms of pattern that the schema uses.
fn matches(pattern: &str, text: &str) -> bool {
    if pattern == "^[a-z][a-z0-9_]*$" {
        return text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    }
    if pattern == "\\$\\{env\\." {
        return text.contains("${env.");
    }
    let schemes = pattern
        .strip_prefix("^(")
        .and_then(|rest| rest.strip_suffix("):"))
        .expect("a pattern the test knows");
    schemes.split('|').any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| rest.starts_with(':')))
}
