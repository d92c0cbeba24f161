//! Answers as server-sent events: GraphQL over SSE, distinct connections mode (npm `graphql-sse`, PROTOCOL.md).
//!
//! `next` for each answer, `complete` once nothing follows. A refusal of the gateway is a `next` too, as the protocol has it, for
//! browsers tell nothing of a status; what isn't well formed as HTTP keeps its status. Comments keep the connection alive. When the
//! gateway stops the body ends without `complete`: a client knows by that to subscribe again, elsewhere or later.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{iter, unfold};
use tokio::time::{Instant, Interval, interval_at};

use super::answer::{self, By, Codes};
use super::graphql::{self, Received};
use super::log::Trace;
use super::negotiate::MediaType;
use super::{Draining, Shared, page};
use crate::pipeline::{Answers, Told};

/// A line that says nothing, so that whatever stands between knows that the connection lives.
const SIGN: &[u8] = b":\n\n";
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

/// Answers a client that takes an event stream. `once` is the media type of a single answer, where the client takes one too.
pub(super) async fn respond(
    shared: &Shared,
    trace: &Trace,
    received: Received<'_>,
    once: Option<MediaType>,
) -> Response {
    match (graphql::open(shared, trace, received).await, once) {
        (Ok(Told::Stream(answers)), _) => {
            response(stream(answers, shared.draining.clone(), shared.settings.keep_alive), Vec::new())
        }
        (Ok(Told::Once(answered)), Some(media_type)) => answer::answered(answered, media_type),
        (Ok(Told::Once(answered)), None) => {
            let codes = answered.codes.iter().map(|code| code.name).collect();
            response(single(answered.body), codes)
        }
        (Err((refusal, By::Gateway)), None) => {
            let codes = refusal.errors.iter().map(|error| error.code.name).collect();
            response(single(refusal.to_json().to_string().into_bytes()), codes)
        }
        (Err((refusal, by)), media_type) => {
            answer::refused(&refusal, by, media_type.unwrap_or(MediaType::Json))
        }
    }
}

fn response(body: Body, codes: Vec<&'static str>) -> Response {
    let mut response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    // A proxy of nginx's kind would keep events until it has a bufferful.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.extensions_mut().insert(Codes(codes));
    page::harden(&mut response);
    response
}

fn single(body: Vec<u8>) -> Body {
    Body::from_stream(iter([Ok::<_, Infallible>(next(&body)), Ok(Bytes::from_static(COMPLETE))]))
}

/// An answer as an event.
fn next(body: &[u8]) -> Bytes {
    let mut event = Vec::with_capacity(body.len() + 32);
    event.extend_from_slice(b"event: next\n");
    // A custom scalar stands as its subgraph wrote it: its JSON may have ends of lines between its tokens, nowhere else.
    for line in body.split(|byte| matches!(byte, b'\n' | b'\r')) {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line);
        event.push(b'\n');
    }
    event.push(b'\n');
    event.into()
}

/// An event stream under way.
struct Sending {
    answers: Answers,
    draining: Draining,
    signs: Interval,
    is_over: bool,
}

fn stream(answers: Answers, draining: Draining, keep_alive: Duration) -> Body {
    let signs = interval_at(Instant::now() + keep_alive, keep_alive);
    let sending = Sending { answers, draining, signs, is_over: false };
    // The first sign goes at once: a browser takes the stream for open when something comes.
    let first = iter([Ok::<_, Infallible>(Bytes::from_static(SIGN))]);
    Body::from_stream(first.chain(unfold(sending, |mut sending| async {
        let bytes = sending.next().await?;
        Some((Ok(bytes), sending))
    })))
}

impl Sending {
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let told = tokio::select! {
            biased;
            () = self.draining.begun() => return None,
            told = self.answers.next() => told,
            _ = self.signs.tick() => return Some(Bytes::from_static(SIGN)),
        };
        self.signs.reset();
        match told {
            Some(Ok(answered)) => Some(next(&answered.body)),
            Some(Err(refusal)) => {
                self.is_over = true;
                let last = next(refusal.to_json().to_string().as_bytes());
                Some([&last[..], COMPLETE].concat().into())
            }
            None => {
                self.is_over = true;
                Some(Bytes::from_static(COMPLETE))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_several_lines_is_one_event() {
        assert_eq!(&next(br#"{"a":1}"#)[..], b"event: next\ndata: {\"a\":1}\n\n");
        assert_eq!(&next(b"{\r\n}")[..], b"event: next\ndata: {\ndata: \ndata: }\n\n");
    }
}
