//! The messages of `graphql-transport-ws`: the client's text in, what it asks out; and the gateway's own as text.

use raccordo_connector_api::reply::write_string;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Bytes that the id of an operation may have.
const MAX_ID: usize = 256;

/// What a client says.
pub(super) enum Said {
    /// The greeting.
    Init,
    /// Are you there?
    Ping,
    /// I am.
    Pong,
    /// An operation, with its parameters as JSON.
    Subscribe {
        /// Its id.
        id: String,
        /// As the body of a POST.
        payload: Box<RawValue>,
    },
    /// Enough of an operation.
    Complete {
        /// Its id.
        id: String,
    },
}

#[derive(Deserialize)]
struct Message {
    r#type: String,
    id: Option<String>,
    payload: Option<Box<RawValue>>,
}

/// Reads a message; none when it isn't one.
pub(super) fn read(text: &str) -> Option<Said> {
    let Message { r#type, id, payload } = serde_json::from_str(text).ok()?;
    let is_object = |payload: &RawValue| payload.get().starts_with('{') || payload.get() == "null";
    let id = id.filter(|id| !id.is_empty() && id.len() <= MAX_ID);
    match r#type.as_str() {
        "subscribe" => Some(Said::Subscribe { id: id?, payload: payload? }),
        "complete" => Some(Said::Complete { id: id? }),
        _ if payload.is_some_and(|payload| !is_object(&payload)) => None,
        "connection_init" => Some(Said::Init),
        "ping" => Some(Said::Ping),
        "pong" => Some(Said::Pong),
        _ => None,
    }
}

/// What the gateway says of an operation.
pub(super) enum Word {
    /// An answer.
    Next(Vec<u8>),
    /// The errors it fails with. Nothing follows.
    Error(Value),
    /// Nothing follows.
    Complete,
}

impl Word {
    /// Whether nothing follows.
    pub(super) fn is_last(&self) -> bool {
        !matches!(self, Self::Next(_))
    }

    /// The message of this word of an operation.
    pub(super) fn message(&self, id: &str) -> Vec<u8> {
        let (name, payload): (&str, Option<std::borrow::Cow<'_, [u8]>>) = match self {
            Self::Next(body) => ("next", Some(body.as_slice().into())),
            Self::Error(errors) => ("error", Some(errors.to_string().into_bytes().into())),
            Self::Complete => ("complete", None),
        };
        let mut text =
            Vec::with_capacity(payload.as_ref().map_or(0, |payload| payload.len()) + id.len() + 48);
        text.extend_from_slice(b"{\"id\":");
        write_string(&mut text, id);
        text.extend_from_slice(format!(",\"type\":\"{name}\"").as_bytes());
        if let Some(payload) = payload {
            text.extend_from_slice(b",\"payload\":");
            text.extend_from_slice(&payload);
        }
        text.push(b'}');
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_messages_of_the_protocol_are_read() {
        assert!(matches!(read(r#"{"type":"connection_init"}"#), Some(Said::Init)));
        assert!(matches!(read(r#"{"type":"connection_init","payload":{"a":1}}"#), Some(Said::Init)));
        assert!(matches!(read(r#"{"type":"ping","payload":null}"#), Some(Said::Ping)));
        assert!(matches!(read(r#"{"type":"pong"}"#), Some(Said::Pong)));
        assert!(matches!(read(r#"{"type":"complete","id":"7"}"#), Some(Said::Complete { id }) if id == "7"));
        let subscribe = read(r#"{"type":"subscribe","id":"7","payload":{"query":"{a}"}}"#);
        assert!(
            matches!(subscribe, Some(Said::Subscribe { id, payload }) if id == "7" && payload.get() == r#"{"query":"{a}"}"#)
        );
        let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(MAX_ID + 1));
        for wrong in [
            "",
            "7",
            "[]",
            "{}",
            r#"{"type":"start","id":"1","payload":{}}"#,
            r#"{"type":"connection_init","payload":7}"#,
            r#"{"type":"subscribe","payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"","payload":{}}"#,
            r#"{"type":"subscribe","id":7,"payload":{}}"#,
            &long,
        ] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn words_are_json_whatever_the_id_holds() {
        let text = Word::Next(br#"{"data":{}}"#.to_vec()).message("\"\n");
        let expected = json!({ "id": "\"\n", "type": "next", "payload": { "data": {} } });
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), expected);
        let expected = json!({ "id": "1", "type": "complete" });
        assert_eq!(serde_json::from_slice::<Value>(&Word::Complete.message("1")).unwrap(), expected);
    }
}
