//! The one table from an outcome to HTTP: status, headers, body.
//!
//! GraphQL over HTTP, "Response": under `application/graphql-response+json` a request that fails whole has the status of its code; under
//! `application/json` a well-formed one answers 200, as clients older than the media type expect.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::negotiate::MediaType;
use super::page;
use crate::code::Code;
use crate::pipeline::Answered;
use crate::request::Refusal;

/// The codes of a response, for the log.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes(pub(super) Vec<&'static str>);

/// Who refused decides what `application/json` makes of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// HTTP: the request isn't well formed, or isn't served now.
    Http,
    /// The gateway: the request was well formed.
    Gateway,
}

/// An answer, with data.
pub(super) fn answered(answered: Answered, media_type: MediaType) -> Response {
    let codes = Codes(answered.codes.iter().map(|code| code.name).collect());
    finish(StatusCode::OK, answered.body, media_type, codes)
}

/// A refusal, without data.
pub(super) fn refused(refusal: &Refusal, by: By, media_type: MediaType) -> Response {
    let code = refusal.code();
    let status =
        StatusCode::from_u16(status(code, by, media_type)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let codes = Codes(refusal.errors.iter().map(|error| error.code.name).collect());
    let mut response = finish(status, refusal.to_json().to_string().into_bytes(), media_type, codes);
    let headers = response.headers_mut();
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            let allowed = if by == By::Gateway { "POST" } else { "GET, POST" };
            headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        // The rest of such a body is not read: the connection can't go on.
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT if by == By::Http => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

fn status(code: Code, by: By, media_type: MediaType) -> u16 {
    match (by, media_type, code.status) {
        (By::Gateway, MediaType::Json, 400) => 200,
        // A code whose errors stand beside data has no status of its own: alone, it is the sources' failure.
        (_, MediaType::GraphqlResponse, 200) => 502,
        (_, _, status) => status,
    }
}

fn finish(status: StatusCode, body: Vec<u8>, media_type: MediaType, codes: Codes) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.content_type()));
    // Answers may hold personal data: nobody on the way keeps them.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response.extensions_mut().insert(codes);
    page::harden(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_clients_get_200_for_what_the_gateway_refused_and_nothing_else() {
        use MediaType::{GraphqlResponse, Json};
        let cases = [
            (Code::GRAPHQL_PARSE_FAILED, By::Gateway, GraphqlResponse, 400),
            (Code::GRAPHQL_PARSE_FAILED, By::Gateway, Json, 200),
            (Code::BAD_USER_INPUT, By::Http, Json, 400),
            (Code::OVERLOADED, By::Http, Json, 503),
            (Code::INTERNAL_SERVER_ERROR, By::Gateway, Json, 500),
            (Code { status: 405, ..Code::OPERATION_RESOLUTION_FAILURE }, By::Gateway, Json, 405),
            (Code::SOURCE_UNAVAILABLE, By::Gateway, Json, 200),
            (Code::SOURCE_UNAVAILABLE, By::Gateway, GraphqlResponse, 502),
        ];
        for (code, by, media_type, expected) in cases {
            assert_eq!(status(code, by, media_type), expected, "{} {by:?} {media_type:?}", code.name);
        }
    }
}
