//! A fetch in; the events of GraphQL over server-sent events, distinct connections mode, out.
//!
//! One POST for each subscription. `next` brings an event's response, `complete` ends it well; a body that ends without it has broken
//! off. Comments and events of other names only show that the subgraph is there.

mod lines;

use futures::StreamExt as _;
use futures::stream::unfold;
use raccordo_connector_api::{Events, Failure, Fetch, Reply};
use raccordo_connector_web::{Call, Client, HeaderValue, Streaming, check_status, header};
use tokio::time::timeout;
use url::Url;

use crate::connector::{document, media_type};
use crate::event::Reading;
use lines::{Lines, Told};

const EVENT_STREAM: &str = "text/event-stream";

/// Opens a subscription.
pub(crate) async fn subscribe(client: &Client, url: &Url, fetch: &Fetch) -> Result<Events, Failure> {
    let body = document(fetch)?.body(&fetch.values, None);
    let call = Call::post(url.clone(), "application/json", body)
        .header(header::ACCEPT, HeaderValue::from_static(EVENT_STREAM));
    let answer = client.stream(call, &fetch.origin, fetch.deadline, &fetch.meter).await?;
    check_status(answer.status)?;
    if media_type(&answer.headers) != EVENT_STREAM {
        return Err(Failure::malformed(
            "the answer isn't an event stream: does the subgraph send its subscriptions by SSE, at this address?",
        ));
    }
    let reading = Reading::of(fetch);
    let lines = Lines::new(reading.limits().reply_bytes);
    let stream = Stream { answer, lines, reading, is_over: false };
    Ok(unfold(stream, |mut stream| async { stream.next().await.map(|event| (event, stream)) }).boxed())
}

/// A subscription under way.
struct Stream {
    answer: Streaming,
    lines: Lines,
    reading: Reading,
    is_over: bool,
}

impl Stream {
    async fn next(&mut self) -> Option<Result<Reply, Failure>> {
        while !self.is_over {
            match self.lines.next() {
                Ok(Some(Told::Next(response))) => return Some(Ok(self.reading.reply(response).await)),
                Ok(Some(Told::Complete)) => self.is_over = true,
                Ok(None) => {
                    if let Err(failure) = self.read().await {
                        return self.broken(failure);
                    }
                }
                Err(failure) => return self.broken(failure),
            }
        }
        None
    }

    fn broken(&mut self, failure: Failure) -> Option<Result<Reply, Failure>> {
        self.is_over = true;
        Some(Err(failure))
    }

    async fn read(&mut self) -> Result<(), Failure> {
        let silence = self.reading.limits().silence;
        let silent =
            |_| Failure::timed_out(format!("no sign of the subgraph for {} ms", silence.as_millis()));
        match timeout(silence, self.answer.chunk()).await.map_err(silent)?? {
            Some(chunk) => {
                self.reading.came(chunk.len());
                self.lines.push(&chunk);
                Ok(())
            }
            None => Err(Failure::unreachable("the event stream ended without `complete`")),
        }
    }
}
