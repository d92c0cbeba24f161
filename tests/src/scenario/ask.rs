//! One exchange of a scenario with a running gateway. In: the endpoint's address, the exchange, the answer before it. Out:
//! what came, or in words how it differs from what was expected. Blocks: for the threads of tests, not of a runtime.

use serde_json::{Map, Value, json};

use super::{ANYTHING, Exchange, Sent, difference};
use crate::call;

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub answer: Value,
}

impl Answered {
    /// How it differs from what the exchange expects, in words; nothing where it doesn't.
    pub fn difference(&self, exchange: &Exchange) -> Option<String> {
        if self.status != exchange.status {
            let Self { status, answer } = self;
            return Some(format!("status {} was expected, {status} came: {answer}", exchange.status));
        }
        difference("answer", &exchange.answer, &self.answer)
    }
}

/// Asks an exchange of the GraphQL endpoint at `url` and says how its answer differs, in words; nothing where it doesn't.
pub fn ask(url: &str, exchange: &Exchange) -> Option<String> {
    match send(url, exchange, &Value::Null) {
        Ok(answered) => answered.difference(exchange),
        Err(problem) => Some(problem),
    }
}

/// Sends an exchange's request. `before` is the answer of the exchange before it, for variables that point into it.
///
/// # Errors
/// In words: nobody answers, the answer is not JSON, a variable points at nothing.
pub fn send(url: &str, exchange: &Exchange, before: &Value) -> Result<Answered, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let further: Vec<_> = exchange.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let mut headers =
        vec![("content-type", "application/json"), ("accept", "application/graphql-response+json")];
    let is_get = exchange.sent == Sent::QueryString;
    let is_replaced = |name: &str| exchange.headers.contains_key(name) || (is_get && name == "content-type");
    headers.retain(|(name, _)| !is_replaced(name));
    headers.extend(further.iter().map(|(name, value)| (*name, value.as_str())));
    let reply = match exchange.sent {
        Sent::QueryString => call::get(&format!("{url}?{}", exchange.query), &headers),
        Sent::Operation | Sent::Body => call::post(url, &headers, &body(exchange, before)?),
    };
    let reply = reply.map_err(|error| format!("`{url}` did not answer: {error}"))?;
    let answer = serde_json::from_str(&reply.body)
        .map_err(|_| format!("status {}, and the answer is not JSON: {}", reply.status, reply.body))?;
    Ok(Answered { status: reply.status, answer })
}

fn body(exchange: &Exchange, before: &Value) -> Result<String, String> {
    if exchange.sent == Sent::Body {
        return Ok(exchange.query.clone());
    }
    let variables = exchange.variables.iter();
    let variables: Result<Map<_, _>, String> =
        variables.map(|(name, value)| Ok((name.clone(), filled(value, before)?))).collect();
    let mut body = json!({ "query": exchange.query, "variables": variables? });
    if let (Some(name), Some(body)) = (&exchange.operation_name, body.as_object_mut()) {
        body.insert("operationName".to_owned(), Value::from(name.as_str()));
    }
    Ok(body.to_string())
}

/// A variable's value, where it points into the answer before.
fn filled(value: &Value, before: &Value) -> Result<Value, String> {
    match value.as_str().and_then(|text| text.strip_prefix(ANYTHING)) {
        None => Ok(value.clone()),
        Some(pointer) => {
            let found = before.pointer(pointer).filter(|found| !found.is_null());
            found.cloned().ok_or_else(|| format!("the answer before holds nothing at `{pointer}`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_may_point_into_the_answer_before() {
        let before = json!({ "data": { "a": { "endCursor": "x" }, "b": null } });
        assert_eq!(filled(&json!("…/data/a/endCursor"), &before), Ok(json!("x")));
        assert_eq!(filled(&json!("plain"), &before), Ok(json!("plain")));
        assert!(filled(&json!("…/data/b"), &before).is_err());
        assert!(filled(&json!("…/data/c"), &before).is_err());
    }

    #[test]
    fn a_body_is_sent_as_it_stands() {
        let exchange = Exchange { query: "[1".to_owned(), sent: Sent::Body, ..Exchange::default() };
        assert_eq!(body(&exchange, &Value::Null), Ok("[1".to_owned()));
        let named = Exchange { query: "{a}".into(), operation_name: Some("A".into()), ..Exchange::default() };
        let sent: Value = serde_json::from_str(&body(&named, &Value::Null).unwrap()).unwrap();
        assert_eq!(sent, json!({ "query": "{a}", "variables": {}, "operationName": "A" }));
    }
}
