//! Whether a browser could have been made to send a GET by somebody else's page: then it is refused.
//!
//! A POST needs no check here: its content type, `application/json`, already makes a browser ask first (a CORS preflight).
//! A GET never writes, but its answer's size and time tell something. Browsers say where a request comes from in `Sec-Fetch-Site`
//! (Fetch Metadata) or `Origin`; who sends neither isn't a browser that another site can use, as curl. So a GET passes when it comes from this
//! origin or from the user's own hand, from an origin that CORS is open to, or carries a header that needs a preflight.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::code::Code;
use crate::request::Refusal;

/// Headers that a browser doesn't send across origins unasked. The first is ours, the others are those of common clients.
pub(super) const PREFLIGHT_HEADERS: &[&str] = &[
    "raccordo-require-preflight",
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "graphql-require-preflight",
];

/// Refuses a GET that another site may have caused.
///
/// # Errors
/// `CSRF_PREVENTION_FAILED`.
pub(super) fn check(headers: &HeaderMap, allowed_origins: &[HeaderValue]) -> Result<(), Refusal> {
    let asked_first = PREFLIGHT_HEADERS.iter().any(|name| headers.contains_key(*name))
        || headers.get(header::CONTENT_TYPE).is_some_and(|value| !is_simple(value));
    let origin = headers.get(header::ORIGIN);
    let trusted = origin.is_some_and(|origin| allowed_origins.contains(origin));
    let foreign = match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => false,
        Some(_) => true,
        None => origin.is_some_and(|origin| !is_same_origin(origin, headers)),
    };
    if !foreign || asked_first || trusted {
        return Ok(());
    }
    Err(Refusal::new(
        Code::CSRF_PREVENTION_FAILED,
        format!(
            "a page of another site may have sent this; ask by POST as `application/json`, or send the header `{}: 1`",
            PREFLIGHT_HEADERS.first().copied().unwrap_or_default()
        ),
    ))
}

/// Content types that a form or a script sends without asking (Fetch, "CORS-safelisted request-header").
fn is_simple(value: &HeaderValue) -> bool {
    let text = value.to_str().unwrap_or_default();
    let media_type = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(
        media_type.as_str(),
        "" | "text/plain" | "multipart/form-data" | "application/x-www-form-urlencoded"
    )
}

fn is_same_origin(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let text = |value: &HeaderValue| value.to_str().map(str::to_ascii_lowercase).ok();
    let host = headers.get(header::HOST).and_then(text);
    let origin = text(origin);
    let authority =
        origin.as_deref().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    authority.is_some() && authority == host.as_deref()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn passes(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        check(&headers, &[HeaderValue::from_static("https://cruscotto.example")]).is_ok()
    }

    #[test]
    fn what_another_site_can_cause_is_refused_beside_what_it_cannot() {
        assert!(passes(&[("host", "localhost:4000")]), "curl");
        assert!(passes(&[("sec-fetch-site", "none")]), "typed by the user");
        assert!(passes(&[("sec-fetch-site", "same-origin")]));
        assert!(!passes(&[("sec-fetch-site", "cross-site")]));
        assert!(!passes(&[("sec-fetch-site", "same-site")]));
        assert!(!passes(&[("sec-fetch-site", "cross-site"), ("content-type", "text/plain")]));
        assert!(passes(&[("sec-fetch-site", "cross-site"), ("content-type", "application/json")]));
        assert!(passes(&[("sec-fetch-site", "cross-site"), ("raccordo-require-preflight", "1")]));
        assert!(passes(&[("sec-fetch-site", "cross-site"), ("apollo-require-preflight", "true")]));
        assert!(passes(&[("sec-fetch-site", "cross-site"), ("origin", "https://cruscotto.example")]));
        assert!(!passes(&[("sec-fetch-site", "cross-site"), ("origin", "https://altro.example")]));
        assert!(
            !passes(&[("origin", "https://altro.example"), ("host", "localhost:4000")]),
            "an old browser"
        );
        assert!(!passes(&[("origin", "null"), ("host", "localhost:4000")]));
        assert!(passes(&[("origin", "http://localhost:4000"), ("host", "localhost:4000")]));
    }
}
