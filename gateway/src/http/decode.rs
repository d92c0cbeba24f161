//! The client's bytes in; a [`Request`], or why they aren't one, out. No refusal repeats what the client sent.
//!
//! GraphQL over HTTP, "Request": the parameters `query`, `operationName`, `variables`, `extensions`, from JSON or from a query string.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::code::Code;
use crate::request::{Refusal, Request};

/// The replacement character, percent-encoded: the only way it may come out of a query string that was UTF-8.
const REPLACEMENT: &str = "%EF%BF%BD";

/// Refuses a body that isn't said to be JSON in UTF-8. Browsers send no such content type across origins without asking first.
///
/// # Errors
/// 415.
pub(super) fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(malformed(415, message));
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return refuse("compressed requests are not served; send the body as it is");
    }
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return refuse("the request has no content type; send `content-type: application/json`");
    };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    if media_type.eq_ignore_ascii_case("multipart/form-data") {
        return refuse(
            "uploads (multipart requests) are not served; send the operation as `application/json`",
        );
    }
    if !media_type.eq_ignore_ascii_case("application/json") {
        return refuse("the content type must be `application/json`");
    }
    let charset =
        parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    match charset.map(|(_, charset)| charset.trim_matches('"')) {
        Some(charset) if !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("utf8") => {
            refuse("the charset must be `utf-8`")
        }
        _ => Ok(()),
    }
}

/// Reads the body of a POST.
///
/// # Errors
/// `BAD_USER_INPUT` (400), `PERSISTED_QUERY_NOT_FOUND`.
pub(super) fn from_body(body: &[u8]) -> Result<Request, Refusal> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        let message = match body.is_empty() {
            true => "the body is empty; send `{\"query\": \"…\"}`".to_owned(),
            false => {
                format!("the body isn't JSON in UTF-8, at line {}, column {}", error.line(), error.column())
            }
        };
        malformed(400, message)
    })?;
    match value {
        Value::Object(parameters) => from_parameters(parameters, true),
        Value::Array(_) => {
            Err(malformed(400, "batches are not served: send one operation in each request, as an object"))
        }
        _ => Err(malformed(400, "the body must be a JSON object with `query`")),
    }
}

/// Reads the query string of a GET.
///
/// # Errors
/// As [`from_body`].
pub(super) fn from_query_string(text: &str) -> Result<Request, Refusal> {
    let encoded = text.to_ascii_uppercase().contains(REPLACEMENT);
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if value.contains(char::REPLACEMENT_CHARACTER) && !encoded {
            return Err(malformed(400, "the query string isn't UTF-8"));
        }
        let value = match &*name {
            "query" | "operationName" => Value::String(value.into_owned()),
            "variables" | "extensions" => json_parameter(&name, &value)?,
            _ => continue,
        };
        if parameters.insert(name.to_string(), value).is_some() {
            return Err(malformed(400, format!("`{name}` is given twice")));
        }
    }
    from_parameters(parameters, false)
}

/// Whether a query string asks for anything at all.
pub(super) fn is_asking(query_string: Option<&str>) -> bool {
    let mut pairs = form_urlencoded::parse(query_string.unwrap_or_default().as_bytes());
    pairs.any(|(name, _)| matches!(&*name, "query" | "extensions"))
}

fn json_parameter(name: &str, text: &str) -> Result<Value, Refusal> {
    match text.is_empty() {
        true => Ok(Value::Null),
        false => serde_json::from_str(text).map_err(|_| malformed(400, format!("`{name}` isn't JSON"))),
    }
}

fn from_parameters(mut parameters: Map<String, Value>, may_write: bool) -> Result<Request, Refusal> {
    let persisted = match parameters.remove("extensions") {
        None | Some(Value::Null) => false,
        Some(Value::Object(extensions)) => extensions.contains_key("persistedQuery"),
        Some(_) => return Err(malformed(400, "`extensions` must be an object or null")),
    };
    let query = match parameters.remove("query") {
        Some(Value::String(query)) => query,
        None | Some(Value::Null) if persisted => {
            return Err(Refusal::new(
                Code::PERSISTED_QUERY_NOT_FOUND,
                "persisted operations are not served; send the whole document in `query`",
            ));
        }
        None => return Err(malformed(400, "`query` is missing")),
        Some(_) => return Err(malformed(400, "`query` must be a string")),
    };
    let operation_name = match parameters.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(_) => return Err(malformed(400, "`operationName` must be a string or null")),
    };
    let variables = match parameters.remove("variables") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables,
        Some(_) => return Err(malformed(400, "`variables` must be an object or null")),
    };
    Ok(Request { query, operation_name, variables, may_write })
}

/// A request that isn't one: its status holds whatever the client accepts.
fn malformed(status: u16, message: impl Into<String>) -> Refusal {
    Refusal::new(Code { status, ..Code::BAD_USER_INPUT }, message)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn refused(result: Result<Request, Refusal>) -> (&'static str, u16, String) {
        let refusal = result.err().expect("a refusal");
        (refusal.code().name, refusal.code().status, refusal.errors[0].message.clone())
    }

    #[test]
    fn a_body_is_an_object_with_parameters_of_their_types() {
        let request =
            from_body(br#"{"query":"{a}","operationName":"A","variables":{"x":1},"extensions":{},"y":0}"#)
                .unwrap();
        assert_eq!((request.query.as_str(), request.operation_name.as_deref()), ("{a}", Some("A")));
        assert_eq!(request.variables.get("x"), Some(&Value::from(1)));
        assert!(request.may_write);
        let nulls = br#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#;
        assert!(from_body(nulls).is_ok());
        for bad in [
            "",
            "{",
            "[]",
            r#"[{"query":"{a}"}]"#,
            "1",
            "null",
            "{}",
            r#"{"query":null}"#,
            r#"{"query":1}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","variables":"{}"}"#,
            r#"{"query":"{a}","operationName":1}"#,
            r#"{"query":"{a}","extensions":[]}"#,
        ] {
            let (code, status, _) = refused(from_body(bad.as_bytes()));
            assert_eq!((code, status), ("BAD_USER_INPUT", 400), "{bad}");
        }
        assert_eq!(refused(from_body(b"{\"query\":\"\xff\"}")).1, 400);
    }

    #[test]
    fn refusals_do_not_repeat_the_client() {
        for bad in ["RSSMRA", r#"{"query":{"RSSMRA":1}}"#, r#"{"query":"{a}","variables":"RSSMRA"}"#] {
            assert!(!refused(from_body(bad.as_bytes())).2.contains("RSSMRA"));
        }
        assert!(!refused(from_query_string("query={a}&variables=RSSMRA")).2.contains("RSSMRA"));
    }

    #[test]
    fn persisted_operations_are_refused_unless_the_document_is_there() {
        let hash = r#""extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}"#;
        assert_eq!(refused(from_body(format!("{{{hash}}}").as_bytes())).0, "PERSISTED_QUERY_NOT_FOUND");
        assert!(from_body(format!(r#"{{"query":"{{a}}",{hash}}}"#).as_bytes()).is_ok());
        let get = from_query_string("extensions=%7B%22persistedQuery%22%3A%7B%7D%7D");
        assert_eq!(refused(get).0, "PERSISTED_QUERY_NOT_FOUND");
    }

    #[test]
    fn a_query_string_reads_as_a_body_does_but_never_writes() {
        let request =
            from_query_string("query=%7Ba%7D&variables=%7B%22x%22%3A%22%C3%A8%22%7D&operationName=A")
                .unwrap();
        assert_eq!(request.query, "{a}");
        assert_eq!(request.variables.get("x"), Some(&Value::from("è")));
        assert!(!request.may_write);
        assert!(from_query_string("query={a}&variables=&operationName=").is_ok());
        assert!(from_query_string("query=%EF%BF%BD").is_ok());
        for bad in [
            "",
            "variables={}",
            "query={a}&query={b}",
            "query={a}&variables=1",
            "query=%FF",
            "query={a}&variables=x",
        ] {
            assert_eq!(refused(from_query_string(bad)).1, 400, "{bad}");
        }
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        let verdict = |value: &str| {
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_str(value).unwrap())]);
            check_content_type(&headers).map_err(|refusal| refusal.code().status)
        };
        for good in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert_eq!(verdict(good), Ok(()), "{good}");
        }
        for bad in [
            "application/json; charset=iso-8859-1",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/graphql",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "",
        ] {
            assert_eq!(verdict(bad), Err(415), "{bad}");
        }
        assert!(check_content_type(&HeaderMap::new()).is_err());
        let coded = |coding: &'static str| {
            let json = HeaderValue::from_static("application/json");
            let coding = HeaderValue::from_static(coding);
            let headers = [(header::CONTENT_TYPE, json), (header::CONTENT_ENCODING, coding)];
            check_content_type(&HeaderMap::from_iter(headers)).is_ok()
        };
        assert!(coded("identity") && !coded("gzip"));
    }
}
