//! HTTP/1.1 in the clear to one host: a request enters, the head and the body of its response leave.
//!
//! Connections are kept while idle, and driven by the very task that waits for their answer: no task, channel or wake-up stands
//! between a call and its socket. It repeats no request that may have left, and never asks for compression.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as _, Frame, Incoming};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use raccordo_connector_api::Failure;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::client::{IDLE_CONNECTIONS, IDLE_TIMEOUT};

/// Connections to one host.
pub(crate) struct Wire {
    host: Box<str>,
    port: u16,
    connect_timeout: Duration,
    idle: Mutex<Vec<(Open, Instant)>>,
}

/// A response whose body is still to come, and the connection that it comes on.
pub(crate) struct Coming<'w> {
    wire: &'w Wire,
    open: Open,
    pub(crate) response: Response<Incoming>,
}

struct Open {
    sender: SendRequest<Full<Bytes>>,
    connection: Connection<TokioIo<TcpStream>, Full<Bytes>>,
    ended: bool,
}

impl Wire {
    /// No connection yet.
    pub(crate) fn new(host: &str, port: u16, connect_timeout: Duration) -> Self {
        // An IPv6 address stands in brackets in a URL, and without them everywhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Self { host: host.into(), port, connect_timeout, idle: Mutex::default() }
    }

    /// Sends a request and waits for the head of its response.
    ///
    /// # Errors
    /// `Unreachable`, `TimedOut` for a connection that doesn't open.
    pub(crate) async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Coming<'_>, Failure> {
        while let Some(mut open) = self.kept().await {
            match open.exchange(request).await {
                Ok(response) => return Ok(Coming { wire: self, open, response }),
                // The connection was going, and the request is still here whole: it never left.
                Err(Some(unsent)) => request = unsent,
                Err(None) => return Err(closed()),
            }
        }
        let mut open = self.connect().await?;
        let response = open.exchange(request).await.map_err(|_| closed())?;
        Ok(Coming { wire: self, open, response })
    }

    /// The connection that was used last and is still open.
    async fn kept(&self) -> Option<Open> {
        loop {
            let (mut open, since) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() < IDLE_TIMEOUT && open.is_usable().await {
                return Some(open);
            }
        }
    }

    fn keep(&self, open: Open) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() >= IDLE_CONNECTIONS {
            // The first is the one that has been idle longest.
            idle.remove(0);
        }
        idle.push((open, Instant::now()));
    }

    async fn connect(&self) -> Result<Open, Failure> {
        let late = |_| Failure::timed_out("the connection did not open in time");
        tokio::time::timeout(self.connect_timeout, self.connect_now()).await.map_err(late)?
    }

    async fn connect_now(&self) -> Result<Open, Failure> {
        let resolved = tokio::net::lookup_host((&*self.host, self.port)).await;
        let addresses: Vec<_> =
            resolved.map_err(|_| Failure::unreachable("the host's name can't be resolved"))?.collect();
        let refused = |_| Failure::unreachable("no connection: nobody listens there");
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(refused)?;
        // Requests are written whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| closed())?;
        Ok(Open { sender, connection, ended: false })
    }
}

impl Open {
    /// Lets the connection go on, as far as it can.
    fn drive(&mut self, context: &mut Context<'_>) {
        if !self.ended {
            self.ended = Pin::new(&mut self.connection).poll(context).is_ready();
        }
    }

    /// Whether another request may be sent: the other side didn't close, and nothing unasked came.
    async fn is_usable(&mut self) -> bool {
        poll_fn(|context| {
            self.drive(context);
            Poll::Ready(!self.ended && self.sender.is_ready())
        })
        .await
    }

    /// The head of a response; the request, where it was not sent at all.
    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Option<Request<Full<Bytes>>>> {
        let mut response = Box::pin(self.sender.try_send_request(request));
        poll_fn(|context| {
            self.drive(context);
            response.as_mut().poll(context)
        })
        .await
        .map_err(|mut error| error.take_message())
    }
}

impl Coming<'_> {
    /// The next bytes of the body; none at its end.
    ///
    /// # Errors
    /// `Malformed`, when the body breaks off.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            match poll_fn(|context| self.poll_frame(context)).await {
                None => return Ok(None),
                Some(Err(_)) => return Err(Failure::malformed("the answer's body broke off")),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        // Asking for a piece makes the connection read it.
        if let Poll::Ready(frame) = Pin::new(self.response.body_mut()).poll_frame(context) {
            return Poll::Ready(frame);
        }
        self.open.drive(context);
        Pin::new(self.response.body_mut()).poll_frame(context)
    }

    /// After the body's end: the connection serves the next call, if it may.
    pub(crate) async fn finish(mut self) -> Response<Incoming> {
        if self.open.is_usable().await {
            self.wire.keep(self.open);
        }
        self.response
    }
}

fn closed() -> Failure {
    Failure::unreachable("the connection closed before an answer came")
}
