//! An `Accept` header in; the media type of the answer, or none that both sides know, out.
//!
//! RFC 9110 §12.5.1 for the header; GraphQL over HTTP, "Legacy Watershed", for what is meant by its absence.

use axum::http::{HeaderMap, header};

/// How an answer is sent, and so what its status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: the status tells how the request fared.
    GraphqlResponse,
    /// `application/json`: for a well-formed request the status is 200, errors are in the body.
    Json,
}

impl MediaType {
    /// The value of `content-type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// What the client wants to have; `None` when it accepts nothing that is served here.
///
/// JSON where nothing, or only a wildcard, is said: clients older than the media type say so. GraphQL's own where it is named and
/// wanted no less.
pub(super) fn answer_type(headers: &HeaderMap) -> Option<MediaType> {
    let ranges: Vec<Range> = ranges(headers);
    if ranges.is_empty() {
        return Some(MediaType::Json);
    }
    let graphql = weight(&ranges, "application", "graphql-response+json");
    let json = weight(&ranges, "application", "json");
    let named = ranges.iter().any(|range| range.subtype == "graphql-response+json");
    match (graphql > 0, json > 0) {
        (true, true) if named && graphql >= json => Some(MediaType::GraphqlResponse),
        (_, true) => Some(MediaType::Json),
        (true, false) => Some(MediaType::GraphqlResponse),
        (false, false) => None,
    }
}

/// Whether the client names event streams among what it takes. What it takes besides is for answers that aren't streams.
pub(super) fn takes_events(headers: &HeaderMap) -> bool {
    ranges(headers)
        .iter()
        .any(|range| range.kind == "text" && range.subtype == "event-stream" && range.weight > 0)
}

/// Whether a browser's navigation asks: it names HTML, and wants it no less than JSON.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let ranges = ranges(headers);
    let named = ranges.iter().any(|range| range.subtype == "html");
    let html = weight(&ranges, "text", "html");
    named && html > 0 && html >= weight(&ranges, "application", "json")
}

/// A media range with its weight in thousandths.
struct Range {
    kind: String,
    subtype: String,
    weight: u16,
}

fn ranges(headers: &HeaderMap) -> Vec<Range> {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(range).collect()
}

fn range(text: &str) -> Option<Range> {
    let mut parts = text.split(';').map(str::trim);
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = weight.map_or(1.0, |text| text.parse().unwrap_or(0.0_f32)).clamp(0.0, 1.0);
    Some(Range {
        kind: kind.to_ascii_lowercase(),
        subtype: subtype.to_ascii_lowercase(),
        weight: (weight * 1000.0) as u16,
    })
}

/// The weight of the most specific range that matches.
fn weight(ranges: &[Range], kind: &str, subtype: &str) -> u16 {
    let specificity = |range: &Range| match (range.kind.as_str(), range.subtype.as_str()) {
        (k, s) if k == kind && s == subtype => Some(2),
        (k, "*") if k == kind => Some(1),
        ("*", "*") => Some(0),
        _ => None,
    };
    let matching = ranges.iter().filter_map(|range| specificity(range).map(|how| (how, range.weight)));
    matching.max().map_or(0, |(_, weight)| weight)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with(accept: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).unwrap())])
    }

    #[test]
    fn the_answer_is_what_the_client_wants_most() {
        use MediaType::{GraphqlResponse, Json};
        for (accept, expected) in [
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json, application/json;q=0.9", Some(GraphqlResponse)),
            ("application/graphql-response+json,application/json", Some(GraphqlResponse)),
            ("application/json, application/graphql-response+json;q=0.5", Some(Json)),
            ("application/json", Some(Json)),
            ("Application/JSON; charset=utf-8", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*;q=0.1", Some(Json)),
            ("*/*, application/json;q=0", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0, */*", Some(Json)),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Some(Json)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json;q=nonsense", None),
        ] {
            assert_eq!(answer_type(&with(accept)), expected, "{accept}");
        }
        assert_eq!(answer_type(&HeaderMap::new()), Some(Json));
    }

    #[test]
    fn a_page_is_for_who_names_it() {
        assert!(wants_html(&with("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")));
        for accept in
            ["*/*", "application/json", "application/json, text/html;q=0.5", "text/*", "text/html;q=0"]
        {
            assert!(!wants_html(&with(accept)), "{accept}");
        }
    }
}
