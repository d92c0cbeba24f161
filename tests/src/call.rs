//! One call over HTTP, for tests that ask as a stranger would. In: an address on this machine and what to send. Out: the
//! status and the body. HTTP/1.0, whose answer ends with the connection: no pool, no redirect, no TLS.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// How long an answer may keep its caller waiting between two reads.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers as they came, one a line.
    pub head: String,
    /// The body as text.
    pub body: String,
}

/// `GET`s `url` (`http://127.0.0.1:PORT/path`). Blocks: call it off the async threads.
pub fn get(url: &str, headers: &[(&str, &str)]) -> io::Result<Reply> {
    send("GET", url, headers, "")
}

/// `POST`s `body` to `url`; its `content-type` is among `headers`. Blocks: call it off the async threads.
pub fn post(url: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Reply> {
    send("POST", url, headers, body)
}

/// The host and port of a URL, without who logs in: what a socket connects to.
pub fn authority(url: &str) -> io::Result<&str> {
    let (_, rest) = url.split_once("://").ok_or_else(|| invalid("an absolute URL was expected"))?;
    let authority = rest.split('/').next().unwrap_or(rest);
    Ok(authority.rsplit('@').next().unwrap_or(authority))
}

fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Reply> {
    let host = authority(url)?;
    let path = url.split_once(host).map(|(_, path)| path).filter(|path| !path.is_empty()).unwrap_or("/");
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = format!("{method} {path} HTTP/1.0\r\ncontent-length: {}\r\n", body.len());
    if headers.iter().all(|(name, _)| *name != "host") {
        request.extend(["host: ", host, "\r\n"]);
    }
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request.extend(["\r\n", body]);
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| invalid("the answer is not UTF-8"))?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| invalid("the answer has no head"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| invalid("the answer has no status"))?;
    Ok(Reply { status, head: head.to_owned(), body: body.to_owned() })
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}
