//! One response of HTTP/1.1: bytes of a connection enter, a whole answer leaves, and whether the connection may serve again.
//!
//! RFC 9112: heads are read by `httparse`; lengths, chunks and connections that end bound a body here. What is ambiguous is refused:
//! a length beside chunks, two lengths, a coding that wasn't asked for. Nothing beyond a limit is kept.

use bytes::{Bytes, BytesMut};
use raccordo_connector_api::Failure;
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{Bounds, closed};
use crate::client::Answer;

/// Bytes that a response's status line and headers may have; also its trailers.
const HEAD_BYTES: usize = 64 * 1024;
/// Headers of a response.
const HEADERS: usize = 100;
/// Bytes that room is made for at once, whatever length is announced.
const STEP: usize = 1024 * 1024;
/// Room beyond what is expected: a read that doesn't fill it tells that nothing more is there.
const SLACK: usize = 64;

/// A response that came whole.
pub(super) struct Came {
    pub(super) answer: Answer,
    /// Bytes of head and body.
    pub(super) bytes: usize,
    /// Nothing is left on the connection, and the other side keeps it open.
    pub(super) may_be_kept: bool,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunks,
    Close,
}

struct Head {
    status: StatusCode,
    headers: HeaderMap,
    framing: Framing,
    keeps: bool,
}

/// Reads a response. `expected` is how many bytes room is made for at first.
///
/// # Errors
/// `Unreachable` where the connection ends before anything came, `Malformed`, `OverLimit`.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    expected: usize,
    bounds: Bounds<'_>,
) -> Result<Came, Failure> {
    let mut buffer = BytesMut::with_capacity(expected + SLACK);
    let (head, length) = loop {
        if stream.read_buf(&mut buffer).await.map_err(|_| closed())? == 0 {
            return Err(if buffer.is_empty() { closed() } else { broken("head") });
        }
        // What is on the way to the answer, such as `103 Early Hints`, is read over.
        if let Some(found) = final_head(&mut buffer)? {
            break found;
        }
    };
    bounds.meter.bytes(buffer.len());
    let mut body = Body { stream, buffer, bounds };
    let (bytes, rest) = match head.framing {
        Framing::Length(length) => body.of_length(length).await?,
        Framing::Close => (body.until_the_end().await?, 1),
        Framing::Chunks => body.of_chunks().await?,
    };
    let bytes_read = length + bytes.len();
    let answer = Answer { status: head.status, headers: head.headers, body: bytes };
    Ok(Came { answer, bytes: bytes_read, may_be_kept: head.keeps && rest == 0 })
}

/// Takes the head of the final response off the buffer; `None` while it isn't there whole. Its length with it.
fn final_head(buffer: &mut BytesMut) -> Result<Option<(Head, usize)>, Failure> {
    loop {
        let Some((status, length)) = status_of(buffer)? else { return Ok(None) };
        let head = buffer.split_to(length).freeze();
        match status.as_u16() {
            101 => return Err(Failure::malformed("the answer changes the protocol, which wasn't asked for")),
            100..=199 => {}
            _ => return Ok(Some((read_head(&head)?, length))),
        }
    }
}

/// The status of the head at the start of a buffer, and where the head ends.
fn status_of(buffer: &[u8]) -> Result<Option<(StatusCode, usize)>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    match head.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => {
            let status = head.code.and_then(|code| StatusCode::from_u16(code).ok());
            Ok(Some((status.ok_or_else(no_http)?, length)))
        }
        Ok(httparse::Status::Partial) if buffer.len() < HEAD_BYTES => Ok(None),
        Ok(httparse::Status::Partial) => Err(too_long()),
        Err(httparse::Error::TooManyHeaders) => Err(too_long()),
        Err(_) => Err(no_http()),
    }
}

fn read_head(bytes: &Bytes) -> Result<Head, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    head.parse(bytes).map_err(|_| no_http())?;
    let status = head.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or_else(no_http)?;
    let mut all = HeaderMap::with_capacity(head.headers.len());
    for header in head.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| no_http())?;
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(header.value)).map_err(|_| no_http())?;
        all.append(name, value);
    }
    let is_new = head.version == Some(1);
    let framing = framing(status, &all)?;
    let keeps =
        framing != Framing::Close && if is_new { !names(&all, "close") } else { names(&all, "keep-alive") };
    Ok(Head { status, headers: all, framing, keeps })
}

/// Whether the header `Connection` names an option.
fn names(headers: &HeaderMap, option: &str) -> bool {
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(option))
}

/// RFC 9112 §6.3.
fn framing(status: StatusCode, headers: &HeaderMap) -> Result<Framing, Failure> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(Framing::Length(0));
    }
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Failure::malformed("the answer is compressed, which wasn't asked for"));
    }
    match (codings.next(), lengths.next()) {
        (Some(_), Some(_)) => {
            Err(Failure::malformed("the answer says two ways where it ends: a length, and chunks"))
        }
        (Some(coding), None) => {
            match codings.next().is_none() && coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
                true => Ok(Framing::Chunks),
                false => Err(Failure::malformed("the answer is coded in a way that wasn't asked for")),
            }
        }
        (None, Some(length)) => {
            let digits = Some(length.as_bytes()).filter(|digits| {
                lengths.all(|other| other == length) && digits.iter().all(u8::is_ascii_digit)
            });
            let length = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            length
                .map(Framing::Length)
                .ok_or_else(|| Failure::malformed("the answer's length isn't a number"))
        }
        (None, None) => Ok(Framing::Close),
    }
}

/// A body that is being read. The buffer holds what came and wasn't taken yet.
struct Body<'b, S> {
    stream: &'b mut S,
    buffer: BytesMut,
    bounds: Bounds<'b>,
}

impl<S: AsyncRead + Unpin> Body<'_, S> {
    /// The body, and how many bytes came beyond it.
    async fn of_length(&mut self, length: usize) -> Result<(Bytes, usize), Failure> {
        if length > self.bounds.most {
            return Err(self.over());
        }
        while self.buffer.len() < length {
            let missing = length - self.buffer.len();
            self.buffer.reserve(missing.min(STEP.max(self.buffer.len())) + SLACK);
            if self.more().await? == 0 {
                return Err(broken("body"));
            }
        }
        let body = self.buffer.split_to(length).freeze();
        Ok((body, self.buffer.len()))
    }

    async fn until_the_end(&mut self) -> Result<Bytes, Failure> {
        loop {
            if self.buffer.len() > self.bounds.most {
                return Err(self.over());
            }
            self.buffer.reserve(STEP.min(self.buffer.len()) + SLACK);
            if self.more().await? == 0 {
                return Ok(self.buffer.split().freeze());
            }
        }
    }

    /// The chunks put together, and how many bytes came beyond them. RFC 9112 §7.1.
    async fn of_chunks(&mut self) -> Result<(Bytes, usize), Failure> {
        let mut body = BytesMut::new();
        loop {
            let size = self.chunk_size().await?;
            if size == 0 {
                break;
            }
            if size > self.bounds.most - body.len() {
                return Err(self.over());
            }
            self.chunk(size, &mut body).await?;
        }
        self.trailers().await?;
        Ok((body.freeze(), self.buffer.len()))
    }

    async fn chunk_size(&mut self) -> Result<usize, Failure> {
        loop {
            match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((start, size))) => {
                    drop(self.buffer.split_to(start));
                    return usize::try_from(size).map_err(|_| self.over());
                }
                Ok(httparse::Status::Partial) if self.buffer.len() < HEAD_BYTES => self.must_more().await?,
                Ok(httparse::Status::Partial) | Err(_) => {
                    return Err(Failure::malformed("a chunk of the answer has no size"));
                }
            }
        }
    }

    /// Moves a chunk's bytes into the body, as they come, and the line's end after it away.
    async fn chunk(&mut self, size: usize, body: &mut BytesMut) -> Result<(), Failure> {
        let mut left = size;
        while left > 0 {
            if self.buffer.is_empty() {
                self.must_more().await?;
            }
            let taken = self.buffer.split_to(left.min(self.buffer.len()));
            left -= taken.len();
            body.extend_from_slice(&taken);
        }
        while self.buffer.len() < 2 {
            self.must_more().await?;
        }
        match &*self.buffer.split_to(2) {
            b"\r\n" => Ok(()),
            _ => Err(Failure::malformed("a chunk of the answer doesn't end where it says")),
        }
    }

    /// What may follow the last chunk is read over, up to its empty line.
    async fn trailers(&mut self) -> Result<(), Failure> {
        let mut read = 0;
        loop {
            match self.buffer.windows(2).position(|two| two == b"\r\n") {
                Some(0) => {
                    drop(self.buffer.split_to(2));
                    return Ok(());
                }
                Some(end) => {
                    read += end;
                    drop(self.buffer.split_to(end + 2));
                }
                None => self.must_more().await?,
            }
            if read + self.buffer.len() > HEAD_BYTES {
                return Err(too_long());
            }
        }
    }

    /// Reads once; how much came.
    async fn more(&mut self) -> Result<usize, Failure> {
        let count = self.stream.read_buf(&mut self.buffer).await.map_err(|_| broken("body"))?;
        self.bounds.meter.bytes(count);
        Ok(count)
    }

    async fn must_more(&mut self) -> Result<(), Failure> {
        self.buffer.reserve(SLACK.max(EACH));
        match self.more().await? {
            0 => Err(broken("body")),
            _ => Ok(()),
        }
    }

    fn over(&self) -> Failure {
        Failure::over_limit(format!("an answer has more than {} bytes", self.bounds.most))
    }
}

/// Bytes that room is made for where no length is announced.
const EACH: usize = 8 * 1024;

fn broken(what: &str) -> Failure {
    Failure::malformed(format!("the answer's {what} broke off"))
}

fn no_http() -> Failure {
    Failure::malformed("the answer isn't HTTP/1.1")
}

fn too_long() -> Failure {
    Failure::over_limit(format!(
        "an answer's headers have more than {HEAD_BYTES} bytes, or are more than {HEADERS}"
    ))
}

#[cfg(test)]
mod tests {
    use raccordo_connector_api::{FailureKind, Meter};

    use super::*;

    /// Reads a response whose bytes come in two pieces, wherever they part: always the same.
    async fn answer(bytes: &[u8], most: usize) -> Result<(u16, Vec<u8>, bool), FailureKind> {
        let mut first = None;
        for at in 0..=bytes.len() {
            let meter = Meter::default();
            let mut stream = tokio::io::AsyncReadExt::chain(&bytes[..at], &bytes[at..]);
            let came = read(&mut stream, 16, Bounds { most, meter: &meter }).await;
            let came = came.map_err(|failure| failure.kind).map(|came| {
                let Answer { status, body, .. } = came.answer;
                (status.as_u16(), body.to_vec(), came.may_be_kept)
            });
            // What comes after the end is seen only where it came with it.
            let came = came.map(|(status, body, kept)| (status, body, kept && at == bytes.len()));
            let same = |one: &Result<(u16, Vec<u8>, bool), FailureKind>| match (one, &came) {
                (Ok(one), Ok(other)) => one.0 == other.0 && one.1 == other.1,
                (one, other) => one == other,
            };
            assert!(first.as_ref().is_none_or(same), "{at}: {came:?}");
            first = Some(came);
        }
        first.unwrap()
    }

    fn ok(body: &str, kept: bool) -> Result<(u16, Vec<u8>, bool), FailureKind> {
        Ok((200, body.as_bytes().to_vec(), kept))
    }

    #[tokio::test]
    async fn bodies_end_as_they_say() {
        let of = |head: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").into_bytes();
        for (bytes, kept) in [
            (of("content-length: 3", "abc"), true),
            (of("Content-Length: 3\r\ncontent-length: 3", "abc"), true),
            (of("content-length: 3\r\nconnection: x, Close", "abc"), false),
            (of("transfer-encoding: Chunked", "1\r\na\r\n2;x=y\r\nbc\r\n0\r\nt: 1\r\n\r\n"), true),
            (of("x: y", "abc"), false),
            (b"HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc".to_vec(), false),
            (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 3\r\n\r\nabc".to_vec(), true),
            (
                b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"
                    .to_vec(),
                true,
            ),
        ] {
            assert_eq!(answer(&bytes, 3).await, ok("abc", kept), "{}", bytes.escape_ascii());
        }
        assert_eq!(
            answer(&of("content-length: 2", "abc"), 3).await,
            ok("ab", false),
            "more than its length came"
        );
        let none = b"HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n";
        assert_eq!(answer(none, 3).await, Ok((204, Vec::new(), true)));
    }

    #[tokio::test]
    async fn what_breaks_off_or_is_ambiguous_is_refused() {
        use FailureKind::{Malformed, OverLimit, Unreachable};
        let of = |head: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").into_bytes();
        for (bytes, kind) in [
            (Vec::new(), Unreachable),
            (b"HTTP/1.1 200".to_vec(), Malformed),
            (b"SSH-2.0-x\r\n\r\n".to_vec(), Malformed),
            (b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec(), Malformed),
            (of("content-length: 3", "ab"), Malformed),
            (of("content-length: +3", "abc"), Malformed),
            (of("content-length: 3\r\ncontent-length: 4", "abc"), Malformed),
            (of("content-length: 3\r\ntransfer-encoding: chunked", "abc"), Malformed),
            (of("transfer-encoding: gzip, chunked", "0\r\n\r\n"), Malformed),
            (of("content-length: 3\r\ncontent-encoding: gzip", "abc"), Malformed),
            (of("transfer-encoding: chunked", "1\r\nabc\r\n0\r\n\r\n"), Malformed),
            (of("transfer-encoding: chunked", "x\r\n"), Malformed),
            (of("transfer-encoding: chunked", "1\r\na\r\n"), Malformed),
            (of("transfer-encoding: chunked", "fffffffffffffff\r\na"), OverLimit),
            (of("transfer-encoding: chunked", "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"), OverLimit),
            (of("content-length: 4", "abcd"), OverLimit),
            (of("content-length: 18446744073709551615", ""), OverLimit),
            (of("x: y", "abcd"), OverLimit),
        ] {
            assert_eq!(answer(&bytes, 3).await, Err(kind), "{}", bytes.escape_ascii());
        }
    }

    #[tokio::test]
    async fn heads_and_trailers_are_bounded_on_both_sides() {
        let meter = Meter::default();
        let bounds = Bounds { most: 10, meter: &meter };
        let head = |size: usize| {
            let text = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: \r\n\r\n";
            text.replace("x: ", &format!("x: {}", "y".repeat(size - text.len()))).into_bytes()
        };
        assert!(read(&mut &*head(HEAD_BYTES), 16, bounds).await.is_ok());
        let over = read(&mut &*head(2 * HEAD_BYTES), 16, bounds).await.map(|_| ()).unwrap_err();
        assert_eq!(over.kind, FailureKind::OverLimit);
        let many = |count: usize| {
            let more: String = (1..count).map(|at| format!("x{at}: y\r\n")).collect();
            format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{more}\r\n").into_bytes()
        };
        assert!(read(&mut &*many(HEADERS), 16, bounds).await.is_ok());
        let over = read(&mut &*many(HEADERS + 1), 16, bounds).await.map(|_| ()).unwrap_err();
        assert_eq!(over.kind, FailureKind::OverLimit);
        let trailing = |size: usize| {
            let trailer = format!("t: {}\r\n", "y".repeat(size - 4));
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n{trailer}\r\n").into_bytes()
        };
        assert!(read(&mut &*trailing(HEAD_BYTES - 64), 16, bounds).await.is_ok());
        let over = read(&mut &*trailing(HEAD_BYTES + 64), 16, bounds).await.map(|_| ()).unwrap_err();
        assert_eq!(over.kind, FailureKind::OverLimit);
    }
}
