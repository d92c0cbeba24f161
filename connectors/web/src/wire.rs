//! HTTP/1.1 in the clear to one host: the head and body of a request enter, a whole response leaves.
//!
//! Connections are kept while idle, and driven by the very task that waits for their answer: no task, channel or wake-up stands
//! between a call and its socket. It repeats no request that may have left, and never asks for compression. RFC 9112.

mod response;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

use bytes::{Buf as _, Bytes};
use raccordo_connector_api::{Failure, Meter};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::client::{Answer, CONNECT_TIMEOUT, IDLE_CONNECTIONS, IDLE_TIMEOUT};

/// Bytes of an answer that room is made for before anything is known of it.
const EXPECTED: (usize, usize) = (4 * 1024, 256 * 1024);

/// Connections to one host.
pub(crate) struct Wire {
    host: Box<str>,
    port: u16,
    idle: Mutex<Vec<Idle>>,
    /// Bytes of the last answer, head and all: about as many are expected of the next.
    expected: AtomicUsize,
}

/// A connection that waits for its next call, with the thread that it served last: that one's reactor knows it.
struct Idle {
    stream: TcpStream,
    since: Instant,
    thread: ThreadId,
}

/// What bounds an answer, and counts it.
#[derive(Clone, Copy)]
pub(crate) struct Bounds<'m> {
    /// Bytes of a body.
    pub(crate) most: usize,
    pub(crate) meter: &'m Meter,
}

impl Wire {
    /// No connection yet.
    pub(crate) fn new(host: &str, port: u16) -> Self {
        // An IPv6 address stands in brackets in a URL, and without them everywhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Self { host: host.into(), port, idle: Mutex::default(), expected: AtomicUsize::new(EXPECTED.0) }
    }

    /// Sends a request, whose head ends with its empty line, and reads the whole response.
    ///
    /// # Errors
    /// `Unreachable`, `TimedOut` for a connection that doesn't open, `Malformed`, `OverLimit`.
    pub(crate) async fn exchange(
        &self,
        head: Bytes,
        body: Bytes,
        bounds: Bounds<'_>,
    ) -> Result<Answer, Failure> {
        let mut stream = self.kept();
        loop {
            let (mut open, is_new) = match stream.take() {
                Some(open) => (open, false),
                None => (self.connect().await?, true),
            };
            match send(&mut open, head.clone(), body.clone()).await {
                // The connection was going, and nothing of the request has left.
                Err(Unsent::Whole) if !is_new => stream = self.kept(),
                Err(Unsent::Whole) => return Err(closed()),
                // The other side may have said why it wants no more.
                Err(Unsent::Rest) => return self.answer(open, bounds, false).await,
                Ok(()) => return self.answer(open, bounds, true).await,
            }
        }
    }

    async fn answer(
        &self,
        mut open: TcpStream,
        bounds: Bounds<'_>,
        is_sent: bool,
    ) -> Result<Answer, Failure> {
        let expected = self.expected.load(Ordering::Relaxed);
        let came = response::read(&mut open, expected + expected / 8, bounds).await?;
        self.expected.store(came.bytes.clamp(EXPECTED.0, EXPECTED.1), Ordering::Relaxed);
        if is_sent && came.may_be_kept {
            self.keep(open);
        }
        Ok(came.answer)
    }

    /// The connection that this thread used last and that is still open.
    fn kept(&self) -> Option<TcpStream> {
        let thread = thread::current().id();
        loop {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let at = idle.iter().rposition(|idle| idle.thread == thread)?;
            let Idle { stream, since, .. } = idle.remove(at);
            drop(idle);
            if since.elapsed() < IDLE_TIMEOUT && is_usable(&stream) {
                return Some(stream);
            }
        }
    }

    fn keep(&self, stream: TcpStream) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() >= IDLE_CONNECTIONS {
            // The first is the one that has been idle longest.
            idle.remove(0);
        }
        idle.push(Idle { stream, since: Instant::now(), thread: thread::current().id() });
    }

    async fn connect(&self) -> Result<TcpStream, Failure> {
        let late = |_| Failure::timed_out("the connection did not open in time");
        tokio::time::timeout(CONNECT_TIMEOUT, self.connect_now()).await.map_err(late)?
    }

    async fn connect_now(&self) -> Result<TcpStream, Failure> {
        let resolved = tokio::net::lookup_host((&*self.host, self.port)).await;
        let addresses: Vec<_> =
            resolved.map_err(|_| Failure::unreachable("the host's name can't be resolved"))?.collect();
        let refused = |_| Failure::unreachable("no connection: nobody listens there");
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(refused)?;
        // Requests are written whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

/// Whether another request may be sent: the other side didn't close, and nothing unasked came.
fn is_usable(stream: &TcpStream) -> bool {
    let nothing = stream.try_read(&mut [0]);
    matches!(nothing, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// What of a request didn't leave.
enum Unsent {
    Whole,
    Rest,
}

async fn send(open: &mut TcpStream, head: Bytes, body: Bytes) -> Result<(), Unsent> {
    let mut request = head.chain(body);
    let whole = request.remaining();
    match open.write_all_buf(&mut request).await {
        Ok(()) => Ok(()),
        Err(_) if request.remaining() == whole => Err(Unsent::Whole),
        Err(_) => Err(Unsent::Rest),
    }
}

fn closed() -> Failure {
    Failure::unreachable("the connection closed before an answer came")
}
