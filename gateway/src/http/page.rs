//! What isn't GraphQL is told as a problem (RFC 9457), never with anything of the request in it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// 404.
pub(super) async fn not_found() -> Response {
    problem(404, "Not Found", "there is nothing at this path; the graph is at `/graphql`")
}

/// 405. The router adds `Allow`.
pub(super) async fn method_not_allowed() -> Response {
    problem(
        405,
        "Method Not Allowed",
        "this path doesn't take that method; the header `Allow` says which it takes",
    )
}

/// A problem document.
pub(super) fn problem(status: u16, title: &str, detail: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    harden(&mut response);
    response
}

/// What every response says to a browser: take the content type as it is, tell nobody where you were, embed nothing of this elsewhere.
pub(super) fn harden(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
}
