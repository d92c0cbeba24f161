//! A fetch in; one call to the subgraph; its reply in slots, or whose fault there is none, out.
//!
//! GraphQL over HTTP, "Processing a response": the media type says whether a body is a GraphQL response, the status whether to trust it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use raccordo_connector_api::read::read_response;
use raccordo_connector_api::{
    Asked, Cell, Connector, Events, Failure, Fetch, Limits, Meter, Origin, Reply, Selection, What, records,
};
use raccordo_connector_web::{
    Answer, Endpoint, HeaderMap, StatusCode, check_status, header, offload, parse_json,
};
use tokio::time::Instant;
use url::Url;

use raccordo_connector_api::document::Document;

use crate::subscriptions::Subscriber;
use crate::together::{self, Joined};

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
    endpoint: Endpoint,
    subscriber: Subscriber,
}

impl Subgraph {
    /// A connector that opens its first connection at its first call.
    pub(crate) fn open(url: &Url, headers: &HeaderMap, subscriber: Subscriber) -> Result<Self, Failure> {
        Ok(Self { endpoint: Endpoint::new(url, headers, "application/json", ACCEPT)?, subscriber })
    }

    async fn ask(&self, fetch: &Fetch) -> Result<Reply, Failure> {
        let of_entities = matches!(fetch.asked.what, What::Entities { .. });
        let keys = fetch.representations.len();
        if of_entities && keys == 0 {
            return Ok(Reply::new());
        }
        if keys > fetch.limits.rows {
            return Err(over_rows(fetch));
        }
        let document = document(fetch)?;
        let body = document.body(&fetch.values, of_entities.then_some(&fetch.representations));
        let answer = self
            .endpoint
            .post(body.into(), &fetch.origin, fetch.deadline, &fetch.limits, &fetch.meter)
            .await?;
        check_answer(&answer)?;
        let (asked, length) = (Arc::clone(&fetch.asked), answer.body.len());
        let rows = if of_entities { keys } else { 1 };
        let read = move || {
            let reply = read_response(answer.body, &asked, rows)?;
            let records = records_of(&reply, &asked);
            Ok((reply, records))
        };
        let (reply, records): (Reply, usize) = offload(length, read).await?;
        match fetch.meter.rows(records) > fetch.limits.rows as u64 {
            true => Err(over_rows(fetch)),
            false => Ok(reply),
        }
    }

    async fn knock(&self) -> Result<(), Failure> {
        let limits = Limits { reply_bytes: PROBE_BYTES, ..Limits::default() };
        let body = Bytes::from_static(br#"{"query":"{__typename}"}"#);
        let deadline = Instant::now() + PROBE_TIMEOUT;
        let answer =
            self.endpoint.post(body, &Origin::default(), deadline, &limits, &Meter::default()).await?;
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

    fn subscribe<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Events, Failure>> {
        self.subscriber.subscribe(fetch).boxed()
    }

    fn fetch_together<'a>(&'a self, fetches: &'a [Fetch]) -> BoxFuture<'a, Vec<Result<Reply, Failure>>> {
        let joined = fetches.first().and_then(|fetch| Some(Arc::clone(&prepared(fetch)?.joined)));
        async move {
            match joined {
                Some(joined) => together::ask(&self.endpoint, &joined, fetches).await,
                None => join_all(fetches.iter().map(|fetch| self.ask(fetch))).await,
            }
        }
        .boxed()
    }

    fn joins(&self) -> bool {
        true
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.knock().boxed()
    }
}

/// What is kept with a question: its own document, and those of questions that it goes with.
struct Prepared {
    document: OnceLock<Arc<Document>>,
    joined: Arc<Joined>,
}

fn prepared(fetch: &Fetch) -> Option<Arc<Prepared>> {
    fetch.asked.prepared(|| Prepared { document: OnceLock::new(), joined: Arc::default() })
}

/// The printed document of a question, made at its first use.
pub(crate) fn document(fetch: &Fetch) -> Result<Arc<Document>, Failure> {
    let prepared =
        prepared(fetch).ok_or_else(|| Failure::internal("another connector prepared this question"))?;
    Ok(Arc::clone(prepared.document.get_or_init(|| Arc::new(Document::of(&fetch.asked)))))
}

pub(crate) fn over_rows(fetch: &Fetch) -> Failure {
    Failure::over_limit(format!("more than {} records for one question", fetch.limits.rows))
}

/// The records of a reply: its entities, and the objects in the lists below its rows.
pub(crate) fn records_of(reply: &Reply, asked: &Asked) -> usize {
    let of_entities = matches!(asked.what, What::Entities { .. });
    let entities = reply.rows().iter().filter(|row| of_entities && **row != Cell::Null).count();
    let has_lists = holds_lists(asked.selection());
    let nested = reply.rows().iter().filter(|_| has_lists);
    entities + nested.map(|row| records::listed(reply, *row, asked.selection())).sum::<usize>()
}

fn holds_lists(selection: &Selection) -> bool {
    let mut below = selection.fields.iter().filter_map(|field| Some((field.list_depth, field.selection()?)));
    below.any(|(lists, below)| lists > 0 || holds_lists(below))
}

/// Whether the body is to be read as a GraphQL response; else what the status says.
pub(crate) fn check_answer(answer: &Answer) -> Result<(), Failure> {
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
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use raccordo_connector_api::FailureKind;
    use raccordo_connector_web::HeaderValue;

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
