//! A fetch in; one call to the subgraph; its reply in slots, or whose fault there is none, out.
//!
//! GraphQL over HTTP, "Processing a response": the media type says whether a body is a GraphQL response, the status whether to trust it.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{Connector, Failure, Fetch, Limits, Meter, Origin, Reply, What};
use raccordo_connector_web::{
    Answer, Call, Client, HeaderMap, HeaderValue, StatusCode, check_status, header, offload, parse_json,
};
use tokio::time::Instant;
use url::Url;

use raccordo_connector_api::document::Document;

/// What a call accepts, the better first: only under the first a status tells more than the transport's state.
const ACCEPT: &str = "application/graphql-response+json, application/json;q=0.9";
/// The media type of a body that is a GraphQL response whatever its status.
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
/// A probe's patience.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// The most that a probe's answer may have.
const PROBE_BYTES: usize = 64 * 1024;

/// Speaks to one subgraph.
pub(crate) struct Subgraph {
    client: Client,
    url: Url,
}

impl Subgraph {
    /// A connector that opens its first connection at its first call.
    pub(crate) fn open(url: Url, headers: HeaderMap) -> Result<Self, Failure> {
        Ok(Self { client: Client::new(&url, headers)?, url })
    }

    fn call(&self, body: Vec<u8>) -> Call {
        Call::post(self.url.clone(), "application/json", body)
            .header(header::ACCEPT, HeaderValue::from_static(ACCEPT))
    }

    async fn ask(&self, fetch: &Fetch) -> Result<Reply, Failure> {
        let of_entities = matches!(fetch.asked.what, What::Entities { .. });
        let rows = if of_entities { fetch.representations.len() } else { 1 };
        if of_entities && rows == 0 {
            return Ok(Reply::new());
        }
        if fetch.meter.rows(rows) > fetch.limits.rows as u64 {
            return Err(Failure::over_limit(format!(
                "more than {} entities in one question",
                fetch.limits.rows
            )));
        }
        let document = fetch.asked.prepared(|| Document::of(&fetch.asked));
        let document =
            document.ok_or_else(|| Failure::internal("another connector prepared this question"))?;
        let body = document.body(&fetch.values, of_entities.then_some(&fetch.representations));
        let answer = self
            .client
            .call(self.call(body), &fetch.origin, fetch.deadline, &fetch.limits, &fetch.meter)
            .await?;
        check_answer(&answer)?;
        let asked = Arc::clone(&fetch.asked);
        offload(answer.body.len(), move || read_response(answer.body, &asked, rows)).await
    }

    async fn knock(&self) -> Result<(), Failure> {
        let limits = Limits { reply_bytes: PROBE_BYTES, ..Limits::default() };
        let call = self.call(br#"{"query":"{__typename}"}"#.to_vec());
        let deadline = Instant::now() + PROBE_TIMEOUT;
        let answer = self.client.call(call, &Origin::default(), deadline, &limits, &Meter::default()).await?;
        check_answer(&answer)?;
        match parse_json(&answer.body)?.get("data") {
            Some(serde_json::Value::Object(_)) => Ok(()),
            _ => Err(Failure::malformed(
                "`{ __typename }` brought no data: `url` doesn't lead to a GraphQL endpoint",
            )),
        }
    }
}

impl Connector for Subgraph {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Reply, Failure>> {
        self.ask(fetch).boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.knock().boxed()
    }
}

/// Whether the body is to be read as a GraphQL response; else what the status says.
fn check_answer(answer: &Answer) -> Result<(), Failure> {
    let media_type = media_type(&answer.headers);
    let refused_access = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    if media_type == GRAPHQL_RESPONSE && answer.status.is_client_error() && !refused_access {
        return Ok(());
    }
    check_status(answer.status)?;
    match media_type {
        // Servers that leave the media type out are read all the same: the body's own form decides.
        "" | GRAPHQL_RESPONSE | "application/json" => Ok(()),
        other if other.ends_with("+json") => Ok(()),
        _ => Err(Failure::malformed(
            "the answer isn't JSON by its media type: does `url` lead to a GraphQL endpoint?",
        )),
    }
}

/// The media type without its parameters; empty where there is none.
fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use raccordo_connector_api::FailureKind;

    use super::*;

    fn verdict(status: u16, content_type: &str) -> Result<(), FailureKind> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        check_answer(&Answer { status, headers, body: Default::default() }).map_err(|failure| failure.kind)
    }

    #[test]
    fn the_media_type_and_the_status_decide_what_a_body_is() {
        use FailureKind::{Malformed, Refused, Unreachable};
        let json = "application/json; charset=utf-8";
        for (status, content_type, expected) in [
            (200, json, Ok(())),
            (200, "application/graphql-response+json; charset=utf-8", Ok(())),
            (200, "text/html", Err(Malformed)),
            (400, GRAPHQL_RESPONSE, Ok(())),
            (400, json, Err(Refused)),
            (401, GRAPHQL_RESPONSE, Err(Refused)),
            (403, json, Err(Refused)),
            (429, json, Err(Unreachable)),
            (500, GRAPHQL_RESPONSE, Err(Unreachable)),
            (503, "text/html", Err(Unreachable)),
            (302, "text/html", Err(Malformed)),
        ] {
            assert_eq!(verdict(status, content_type), expected, "{status} {content_type}");
        }
    }
}
