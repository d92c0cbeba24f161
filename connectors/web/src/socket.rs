//! An address and a subprotocol in; a WebSocket (RFC 6455) out, over the same client, TLS and headers as every call to the source.
//!
//! It keeps the protocol's own manners: masks what it sends, answers a ping, bounds a message before it is read whole. What a message
//! means is for the kind that speaks it. No text of the partner's, nor of a closing frame, is ever in an error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use raccordo_connector_api::{Failure, Meter, Origin};
use reqwest::header::{
    CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{StatusCode, Upgraded};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use url::Url;

use crate::client::{Call, Client, failure};
use crate::status::check_status;

/// A WebSocket to a source. Dropping it closes its connection.
pub struct Socket {
    inner: WebSocketStream<Upgraded>,
}

/// What came over a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A whole text message, which is UTF-8.
    Text(Bytes),
    /// Nothing but a sign that the other side is there.
    Alive,
    /// The other side closed, with this code where it gave one.
    Closed(Option<u16>),
}

impl Client {
    /// Opens a WebSocket at an `http` or `https` address and agrees on a subprotocol. Counts one call. `most` bounds the bytes of a
    /// message that comes. The client must be one [`Client::for_sockets`].
    ///
    /// # Errors
    /// `Unreachable`, `TimedOut`; what [`check_status`] says of an answer that isn't a switch; `Malformed` for one that switches to
    /// something else.
    pub async fn socket(
        &self,
        url: Url,
        protocol: &'static str,
        origin: &Origin,
        deadline: Instant,
        most: usize,
        meter: &Meter,
    ) -> Result<Socket, Failure> {
        let late = || Failure::timed_out("no WebSocket before the deadline");
        if Instant::now() >= deadline {
            return Err(late());
        }
        meter.call();
        timeout_at(deadline, self.shake_hands(url, protocol, origin, most)).await.map_err(|_| late())?
    }

    /// RFC 6455 §4.1.
    async fn shake_hands(
        &self,
        url: Url,
        protocol: &'static str,
        origin: &Origin,
        most: usize,
    ) -> Result<Socket, Failure> {
        let key = key()?;
        let call = Call::get(url)
            .header(CONNECTION, HeaderValue::from_static("Upgrade"))
            .header(UPGRADE, HeaderValue::from_static("websocket"))
            .header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
            .header(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol))
            .header(SEC_WEBSOCKET_KEY, key.clone());
        let response = self.request(call, origin).send().await.map_err(|error| failure(&error))?;
        let status = response.status();
        if status != StatusCode::SWITCHING_PROTOCOLS {
            check_status(status)?;
            return Err(Failure::malformed(format!(
                "answered {status} rather than open a WebSocket: does the address lead to one?"
            )));
        }
        let says = |name, expected: &[u8]| {
            response.headers().get(name).is_some_and(|value: &HeaderValue| value.as_bytes() == expected)
        };
        if !says(SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(Failure::malformed("switched to something that isn't a WebSocket"));
        }
        if !says(SEC_WEBSOCKET_PROTOCOL, protocol.as_bytes()) {
            return Err(Failure::malformed(format!("the WebSocket doesn't speak `{protocol}`")));
        }
        let upgraded = response.upgrade().await.map_err(|error| failure(&error))?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(most))
            .max_frame_size(Some(most))
            .read_buffer_size(16 * 1024);
        Ok(Socket { inner: WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await })
    }
}

/// A key that nobody foresees, so that no cache on the way answers for the source.
fn key() -> Result<HeaderValue, Failure> {
    let unsendable =
        || Failure::internal("the system gives no random numbers, so no WebSocket can be opened");
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| unsendable())?;
    HeaderValue::try_from(STANDARD.encode(bytes)).map_err(|_| unsendable())
}

impl Socket {
    /// Sends a text message.
    ///
    /// # Errors
    /// `Unreachable`, when the connection is gone.
    pub async fn send(&mut self, text: String) -> Result<(), Failure> {
        self.inner.send(Message::text(text)).await.map_err(broken)
    }

    /// Asks whether the other side is there: its answer is [`Heard::Alive`].
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn ping(&mut self) -> Result<(), Failure> {
        self.inner.send(Message::Ping(Bytes::new())).await.map_err(broken)
    }

    /// What comes next. May be dropped before it completes and called again: nothing is lost.
    ///
    /// # Errors
    /// `OverLimit`, `Malformed` for what isn't the protocol or isn't text, `Unreachable` for a connection that is gone.
    pub async fn hear(&mut self) -> Result<Heard, Failure> {
        match self.inner.next().await {
            None => Err(gone()),
            Some(Err(error)) => Err(broken(error)),
            Some(Ok(Message::Text(text))) => Ok(Heard::Text(text.into())),
            Some(Ok(Message::Close(frame))) => Ok(Heard::Closed(frame.map(|frame| frame.code.into()))),
            Some(Ok(Message::Binary(_))) => Err(Failure::malformed("a message that isn't text")),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(Heard::Alive),
        }
    }
}

fn gone() -> Failure {
    Failure::unreachable("the WebSocket's connection closed without a word")
}

/// The cause of an error of the protocol, without its text.
fn broken(error: Error) -> Failure {
    match error {
        Error::Capacity(_) => Failure::over_limit("a message has more bytes than an event may have"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => gone(),
        Error::Protocol(_) | Error::Utf8(_) => Failure::malformed("what came isn't the WebSocket protocol"),
        _ => gone(),
    }
}
