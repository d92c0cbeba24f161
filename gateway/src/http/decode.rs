//! The client's bytes in; a [`Request`], or why they aren't one, out. No refusal repeats what the client sent.
//!
//! GraphQL over HTTP, "Request": the parameters `query`, `operationName`, `variables`, `extensions`, from JSON or from a query string.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::json::{self, Body, Unread};
use crate::code::Code;
use crate::request::{Reference, Refusal, Request};

/// Bytes that a document's id may have.
const ID_BYTES: usize = 256;

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
    if headers.get_all(header::CONTENT_TYPE).iter().count() > 1 {
        return refuse("the request has several content types; send one `content-type: application/json`");
    }
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

/// Reads the body of a POST. Of its variables and extensions so many values are read, and no more.
///
/// # Errors
/// `BAD_USER_INPUT` (400), `REQUEST_LIMIT_EXCEEDED` (413).
pub(super) fn from_body(body: &[u8], values: usize) -> Result<Request, Refusal> {
    match json::body(body, values) {
        Ok(Body::Object(parameters)) => from_parameters(parameters, true),
        Ok(Body::Array) => {
            Err(malformed(400, "batches are not served: send one operation in each request, as an object"))
        }
        Ok(Body::Other) => Err(malformed(400, "the body must be a JSON object with `query`")),
        Err(_) if body.is_empty() => Err(malformed(400, "the body is empty; send `{\"query\": \"…\"}`")),
        Err(Unread::Json { line, column }) => {
            Err(malformed(400, format!("the body isn't JSON in UTF-8, at line {line}, column {column}")))
        }
        Err(Unread::Twice(name)) => Err(malformed(400, format!("`{name}` is given twice"))),
        Err(over) => Err(too_many(&over, values)),
    }
}

/// Reads the query string of a GET.
///
/// # Errors
/// As [`from_body`].
pub(super) fn from_query_string(text: &str, values: usize) -> Result<Request, Refusal> {
    let encoded = text.to_ascii_uppercase().contains(REPLACEMENT);
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if value.contains(char::REPLACEMENT_CHARACTER) && !encoded {
            return Err(malformed(400, "the query string isn't UTF-8"));
        }
        let value = match &*name {
            "query" | "operationName" | "documentId" => Value::String(value.into_owned()),
            "variables" | "extensions" => json_parameter(&name, &value, values)?,
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
    pairs.any(|(name, _)| matches!(&*name, "query" | "extensions" | "documentId"))
}

fn json_parameter(name: &str, text: &str, values: usize) -> Result<Value, Refusal> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    json::value(text, values).map_err(|unread| match unread {
        Unread::TooMany | Unread::TooDeep => too_many(&unread, values),
        _ => malformed(400, format!("`{name}` isn't JSON")),
    })
}

fn too_many(unread: &Unread, values: usize) -> Refusal {
    let message = match unread {
        Unread::TooDeep => format!("variables may be nested {} deep at most", json::DEPTH),
        _ => format!("variables may have {values} values at most, those in lists and objects counted"),
    };
    Refusal::new(Code::REQUEST_LIMIT_EXCEEDED, message)
}

fn from_parameters(mut parameters: Map<String, Value>, may_write: bool) -> Result<Request, Refusal> {
    let mut reference = match parameters.remove("extensions") {
        None | Some(Value::Null) => None,
        Some(Value::Object(mut extensions)) => match extensions.remove("persistedQuery") {
            None | Some(Value::Null) => None,
            Some(persisted) => Some(digest(&persisted)?),
        },
        Some(_) => return Err(malformed(400, "`extensions` must be an object or null")),
    };
    match parameters.remove("documentId") {
        None | Some(Value::Null) => {}
        Some(Value::String(id)) if reference.is_none() && is_id(&id) => reference = Some(Reference::Id(id)),
        Some(_) => {
            return Err(malformed(
                400,
                format!(
                    "`documentId` must be a text of {ID_BYTES} bytes at most, and the only reference to a document"
                ),
            ));
        }
    }
    let query = match (parameters.remove("query"), &reference) {
        (Some(Value::String(_)), Some(Reference::Id(_))) => {
            return Err(malformed(400, "send `query` or `documentId`, not both"));
        }
        (Some(Value::String(query)), _) => query,
        (None | Some(Value::Null), Some(_)) => String::new(),
        (None, None) => return Err(malformed(400, "`query` is missing")),
        (Some(_), _) => return Err(malformed(400, "`query` must be a string")),
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
    Ok(Request { query, reference, operation_name, variables, may_write })
}

/// `extensions.persistedQuery`, version 1: the only one there is.
fn digest(persisted: &Value) -> Result<Reference, Refusal> {
    let version = persisted.get("version").and_then(Value::as_u64);
    match (version, persisted.get("sha256Hash").and_then(Value::as_str)) {
        (Some(1), Some(id)) if is_id(id) => Ok(Reference::Digest(id.to_owned())),
        _ => Err(malformed(
            400,
            "`extensions.persistedQuery` must be `{ \"version\": 1, \"sha256Hash\": \"…\" }`",
        )),
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_BYTES
}

/// A request that isn't one: its status holds whatever the client accepts.
fn malformed(status: u16, message: impl Into<String>) -> Refusal {
    Refusal::new(Code { status, ..Code::BAD_USER_INPUT }, message)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const VALUES: usize = 100;

    fn from_body(body: &[u8]) -> Result<Request, Refusal> {
        super::from_body(body, VALUES)
    }

    fn from_query_string(text: &str) -> Result<Request, Refusal> {
        super::from_query_string(text, VALUES)
    }

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
    fn a_document_may_be_named_instead_of_sent() {
        let hash = r#""extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}"#;
        let named = |request: Request| match request.reference {
            Some(Reference::Digest(id)) => (request.query, format!("digest {id}")),
            Some(Reference::Id(id)) => (request.query, format!("id {id}")),
            None => (request.query, String::new()),
        };
        let read = |body: &str| named(from_body(body.as_bytes()).unwrap());
        assert_eq!(read(&format!("{{{hash}}}")), (String::new(), "digest 00".to_owned()));
        assert_eq!(
            read(&format!(r#"{{"query":"{{a}}",{hash}}}"#)),
            ("{a}".to_owned(), "digest 00".to_owned())
        );
        assert_eq!(read(r#"{"documentId":"x","query":null}"#), (String::new(), "id x".to_owned()));
        assert_eq!(read(r#"{"query":"{a}","extensions":{"persistedQuery":null}}"#).1, "");
        let get =
            "extensions=%7B%22persistedQuery%22%3A%7B%22version%22%3A1%2C%22sha256Hash%22%3A%22a%22%7D%7D";
        assert_eq!(named(from_query_string(get).unwrap()).1, "digest a");
        assert_eq!(named(from_query_string("documentId=x").unwrap()).1, "id x");
        assert!(is_asking(Some("documentId=x")) && is_asking(Some(get)) && !is_asking(Some("x=1")));
        let long = format!(r#"{{"documentId":"{}"}}"#, "x".repeat(ID_BYTES + 1));
        for bad in [
            r#"{"extensions":{"persistedQuery":{}}}"#,
            r#"{"extensions":{"persistedQuery":"00"}}"#,
            r#"{"extensions":{"persistedQuery":{"version":2,"sha256Hash":"00"}}}"#,
            r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":""}}}"#,
            r#"{"query":"{a}","extensions":{"persistedQuery":{"version":1}}}"#,
            r#"{"query":"{a}","documentId":"x"}"#,
            r#"{"documentId":1}"#,
            r#"{"documentId":"","query":"{a}"}"#,
            &format!(r#"{{"documentId":"x",{hash}}}"#),
            &long,
        ] {
            assert_eq!(refused(from_body(bad.as_bytes())).1, 400, "{bad}");
        }
        assert!(from_body(long.replacen('x', "", 1).as_bytes()).is_ok());
    }

    #[test]
    fn values_are_counted_while_they_are_read() {
        let body = |variables: &str| format!(r#"{{"query":"{{a}}","variables":{variables}}}"#);
        let told = |variables: &str| match from_body(body(variables).as_bytes()) {
            Ok(_) => ("", 200, String::new()),
            Err(refusal) => refused(Err(refusal)),
        };
        // The variables themselves are one value, the list is another.
        let list = |items: usize| format!(r#"{{"x":[{}]}}"#, vec!["1"; items].join(","));
        assert_eq!(told(&list(VALUES - 2)).1, 200);
        let over = told(&list(VALUES - 1));
        assert_eq!((over.0, over.1), ("REQUEST_LIMIT_EXCEEDED", 413));
        let deep = |depth: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(told(&deep(json::DEPTH - 1)).1, 200);
        let over = told(&deep(json::DEPTH));
        assert_eq!((over.0, over.1), ("REQUEST_LIMIT_EXCEEDED", 413));
        assert_eq!(refused(from_query_string(&format!("query={{a}}&variables={}", list(VALUES)))).1, 413);
        // What isn't a parameter is passed over, however much it is.
        let other =
            format!(r#"{{"query":"{{a}}","y":{},"z":{}{}}}"#, list(500), "[".repeat(500), "]".repeat(500));
        assert!(from_body(other.as_bytes()).is_ok());
        assert_eq!(told(&deep(100_000)).1, 413);
        assert_eq!(refused(from_body(br#"{"query":"{a}","query":"{b}"}"#)).1, 400);
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
