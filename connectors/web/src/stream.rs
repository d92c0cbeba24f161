//! A call in; its answer, whose body is still coming, out: for replies that never end by themselves.
//!
//! As of every call: no redirect, no retry, nothing of the transport's own words in an error. The deadline is for the head alone; how
//! long a body may be silent is for whoever reads it to say.

use bytes::Bytes;
use raccordo_connector_api::{Failure, Meter, Origin};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use tokio::time::{Instant, timeout_at};

use crate::client::{Call, Client, failure};

/// An answer under way. Dropping it closes its connection.
#[derive(Debug)]
pub struct Streaming {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    response: reqwest::Response,
}

impl Streaming {
    /// What comes next of the body, as it comes; none at its end.
    ///
    /// # Errors
    /// `Unreachable`, when it breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        self.response.chunk().await.map_err(|_| Failure::unreachable("the connection broke off"))
    }
}

impl Client {
    /// Makes a call, once, and reads the head of its answer, whatever its status. Counts the call before it is made.
    /// The body is asked for as it is: a compressed one waits for more before it shows anything.
    ///
    /// # Errors
    /// `Unreachable`, `TimedOut`.
    pub async fn stream(
        &self,
        call: Call,
        origin: &Origin,
        deadline: Instant,
        meter: &Meter,
    ) -> Result<Streaming, Failure> {
        let late = || Failure::timed_out("no answer before the deadline");
        if Instant::now() >= deadline {
            return Err(late());
        }
        let call = call.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        meter.call();
        let sent = timeout_at(deadline, self.request(call, origin).send()).await.map_err(|_| late())?;
        let mut response = sent.map_err(|error| failure(&error))?;
        let headers = std::mem::take(response.headers_mut());
        Ok(Streaming { status: response.status(), headers, response })
    }
}
