//! Two JSON values, one expected, one that came. In: both. Out: where they first differ, in words. The order of an object's
//! members doesn't matter, here as in JSON.

use serde_json::Value;

use super::ANYTHING;

/// Where a value first differs from what was expected, in words that begin with `path`; nothing where it doesn't.
pub fn difference(path: &str, expected: &Value, came: &Value) -> Option<String> {
    match (expected, came) {
        (Value::String(anything), other) if anything == ANYTHING && !other.is_null() => None,
        (Value::Array(expected), Value::Array(came)) if expected.len() == came.len() => {
            let mut pairs = expected.iter().zip(came).enumerate();
            pairs.find_map(|(index, (one, other))| difference(&format!("{path}[{index}]"), one, other))
        }
        (Value::Array(expected), Value::Array(came)) => {
            Some(format!("{path}: {} items were expected, {} came", expected.len(), came.len()))
        }
        (Value::Object(expected), Value::Object(came)) => {
            let missing = expected.keys().find(|name| !came.contains_key(*name));
            let surplus = came.keys().find(|name| !expected.contains_key(*name));
            missing
                .map(|name| format!("{path}.{name} is missing"))
                .or_else(|| surplus.map(|name| format!("{path}.{name} was not expected")))
                .or_else(|| {
                    expected
                        .iter()
                        .find_map(|(name, one)| difference(&format!("{path}.{name}"), one, came.get(name)?))
                })
        }
        _ if expected == came => None,
        _ => Some(format!("{path}: `{expected}` was expected, `{came}` came")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_says_where() {
        let expected = json!({ "data": { "servizi": [{ "nome": "A", "cursore": "…" }] } });
        let differs = |came: Value| difference("answer", &expected, &came);
        assert_eq!(differs(json!({ "data": { "servizi": [{ "nome": "A", "cursore": "x" }] } })), None);
        let other = json!({ "data": { "servizi": [{ "nome": "B", "cursore": "x" }] } });
        assert_eq!(
            differs(other).unwrap(),
            "answer.data.servizi[0].nome: `\"A\"` was expected, `\"B\"` came"
        );
        assert!(differs(json!({ "data": { "servizi": [{ "nome": "A", "cursore": null }] } })).is_some());
        let more = json!({ "data": { "servizi": [] }, "errors": [] });
        assert_eq!(differs(more).unwrap(), "answer.errors was not expected");
        assert!(differs(json!({ "data": { "servizi": [] } })).unwrap().contains("1 items"));
    }
}
