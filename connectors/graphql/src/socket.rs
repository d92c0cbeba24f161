//! A fetch in; the events of the subprotocol `graphql-transport-ws` (npm `graphql-ws`, PROTOCOL.md) out. One WebSocket for each
//! subscription: whoever stops reading closes it, and nobody else's events wait behind it.

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::unfold;
use raccordo_connector_api::{Events, Failure, Fetch, Reply};
use raccordo_connector_web::{Client, Heard, Socket};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use crate::connector::document;
use crate::event::Reading;

const PROTOCOL: &str = "graphql-transport-ws";
/// The only operation of a socket.
const ID: &str = "1";
/// What stands around an event's response in its message, at most.
const ENVELOPE: usize = 1024;

/// Opens a subscription.
pub(crate) async fn subscribe(client: &Client, url: &Url, fetch: &Fetch) -> Result<Events, Failure> {
    let body = document(fetch)?.body(&fetch.values, None);
    let most = fetch.limits.reply_bytes.saturating_add(ENVELOPE);
    let mut socket =
        client.socket(url.clone(), PROTOCOL, &fetch.origin, fetch.deadline, most, &fetch.meter).await?;
    let late = |_| Failure::timed_out("the subgraph didn't acknowledge the WebSocket before the deadline");
    timeout_at(fetch.deadline, greet(&mut socket)).await.map_err(late)??;
    let payload = String::from_utf8(body).map_err(|_| Failure::internal("a question that isn't UTF-8"))?;
    socket.send(format!(r#"{{"id":"{ID}","type":"subscribe","payload":{payload}}}"#)).await?;
    let stream = Stream { socket, reading: Reading::of(fetch), heard: Instant::now(), is_over: false };
    Ok(unfold(stream, |mut stream| async { stream.next().await.map(|event| (event, stream)) }).boxed())
}

/// `connection_init`, until it is acknowledged.
async fn greet(socket: &mut Socket) -> Result<(), Failure> {
    socket.send(r#"{"type":"connection_init"}"#.to_owned()).await?;
    loop {
        match hear(socket).await? {
            Some(Told::Acknowledged) => return Ok(()),
            Some(Told::Ping) => pong(socket).await?,
            Some(Told::Nothing) | None => {}
            Some(Told::Next(_) | Told::Error | Told::Complete) => {
                return Err(Failure::malformed("the subgraph answered before it was asked"));
            }
        }
    }
}

async fn pong(socket: &mut Socket) -> Result<(), Failure> {
    socket.send(r#"{"type":"pong"}"#.to_owned()).await
}

/// A subscription under way.
struct Stream {
    socket: Socket,
    reading: Reading,
    /// When the subgraph was last heard of.
    heard: Instant,
    is_over: bool,
}

impl Stream {
    async fn next(&mut self) -> Option<Result<Reply, Failure>> {
        while !self.is_over {
            match self.step().await {
                Ok(Some(response)) => {
                    self.reading.came(response.len());
                    return Some(Ok(self.reading.reply(response).await));
                }
                Ok(None) => {}
                Err(failure) => {
                    self.is_over = true;
                    return Some(Err(failure));
                }
            }
        }
        None
    }

    /// One message, or one look whether the subgraph is there; the response when there is one.
    async fn step(&mut self) -> Result<Option<Bytes>, Failure> {
        let silence = self.reading.limits().silence;
        let Ok(told) = timeout(silence / 3, hear(&mut self.socket)).await else {
            return match self.heard.elapsed() >= silence {
                true => {
                    Err(Failure::timed_out(format!("no sign of the subgraph for {} ms", silence.as_millis())))
                }
                false => timeout(silence, self.socket.ping())
                    .await
                    .map_err(|_| Failure::timed_out("the subgraph takes no message"))?
                    .map(|()| None),
            };
        };
        self.heard = Instant::now();
        match told? {
            Some(Told::Next(response)) => {
                let most = self.reading.limits().reply_bytes;
                let over = || Failure::over_limit(format!("an event has more than {most} bytes"));
                (response.len() <= most).then_some(Some(response)).ok_or_else(over)
            }
            Some(Told::Complete) => {
                self.is_over = true;
                Ok(None)
            }
            Some(Told::Error) => {
                Err(Failure::refused("the subgraph refused the subscription, or ended it with errors"))
            }
            Some(Told::Ping) => pong(&mut self.socket).await.map(|()| None),
            Some(Told::Acknowledged) => Err(Failure::malformed("acknowledged twice")),
            Some(Told::Nothing) | None => Ok(None),
        }
    }
}

/// What a message says.
enum Told {
    Acknowledged,
    Ping,
    Next(Bytes),
    Error,
    Complete,
    /// A pong, or a word for another operation.
    Nothing,
}

/// A message of the protocol.
#[derive(Deserialize)]
struct Message<'m> {
    r#type: &'m str,
    id: Option<&'m str>,
    #[serde(borrow)]
    payload: Option<&'m RawValue>,
}

/// The next message; none for a sign of life alone.
async fn hear(socket: &mut Socket) -> Result<Option<Told>, Failure> {
    match socket.hear().await? {
        Heard::Alive => Ok(None),
        Heard::Text(text) => told(&text).map(Some),
        Heard::Closed(code) => Err(closed(code)),
    }
}

fn told(text: &Bytes) -> Result<Told, Failure> {
    let message: Message<'_> = serde_json::from_slice(text)
        .map_err(|_| Failure::malformed(format!("a message that isn't one of `{PROTOCOL}`")))?;
    let is_ours = message.id == Some(ID);
    match (message.r#type, message.payload) {
        ("connection_ack", _) => Ok(Told::Acknowledged),
        ("ping", _) => Ok(Told::Ping),
        ("next", Some(payload)) if is_ours => Ok(Told::Next(text.slice_ref(payload.get().as_bytes()))),
        ("error", _) if is_ours => Ok(Told::Error),
        ("complete", _) if is_ours => Ok(Told::Complete),
        ("pong" | "next" | "error" | "complete", _) => Ok(Told::Nothing),
        _ => Err(Failure::malformed(format!("a message that `{PROTOCOL}` doesn't have"))),
    }
}

/// What a closing code says: those of the protocol (44xx), those of RFC 6455 §7.4.1.
fn closed(code: Option<u16>) -> Failure {
    match code {
        Some(code @ (4400 | 4401 | 4403 | 4406 | 1008)) => Failure::refused(format!(
            "the subgraph closed the WebSocket with {code}: it doesn't accept what was asked"
        )),
        Some(1009) => {
            Failure::refused("the subgraph closed the WebSocket with 1009: the question is too large for it")
        }
        Some(code) => Failure::unreachable(format!("the subgraph closed the WebSocket with {code}")),
        None => Failure::unreachable("the subgraph closed the WebSocket"),
    }
}

#[cfg(test)]
mod tests {
    use raccordo_connector_api::FailureKind;

    use super::*;

    fn read(text: &'static str) -> Result<Told, FailureKind> {
        told(&Bytes::from_static(text.as_bytes())).map_err(|failure| failure.kind)
    }

    #[test]
    fn messages_mean_what_the_protocol_says() {
        assert!(matches!(read(r#"{"type":"connection_ack","payload":{"x":1}}"#), Ok(Told::Acknowledged)));
        assert!(matches!(read(r#"{"type":"ping"}"#), Ok(Told::Ping)));
        assert!(matches!(read(r#"{"type":"pong","payload":null}"#), Ok(Told::Nothing)));
        assert!(matches!(read(r#"{"type":"error","id":"1","payload":[{"message":"no"}]}"#), Ok(Told::Error)));
        assert!(matches!(read(r#"{"type":"complete","id":"1"}"#), Ok(Told::Complete)));
        assert!(matches!(read(r#"{"type":"complete","id":"2"}"#), Ok(Told::Nothing)));
        let next = read(r#"{"id":"1","payload":{ "data": {"a":1} },"type":"next"}"#);
        assert!(matches!(next, Ok(Told::Next(response)) if &response[..] == br#"{ "data": {"a":1} }"#));
        for wrong in [r#"{"type":"next","id":"1"}"#, r#"{"type":"data"}"#, "[]", "{", r#"{"type":7}"#] {
            let kind = read(wrong).err();
            let expected = if wrong.contains("next") { None } else { Some(FailureKind::Malformed) };
            assert_eq!(kind, expected, "{wrong}");
        }
    }

    #[test]
    fn a_closing_code_tells_who_is_to_blame() {
        for code in [4400, 4401, 4403, 1009] {
            assert_eq!(closed(Some(code)).kind, FailureKind::Refused, "{code}");
        }
        for code in [Some(1000), Some(1001), Some(1011), Some(4408), None] {
            assert_eq!(closed(code).kind, FailureKind::Unreachable, "{code:?}");
        }
    }
}
