//! Bytes of connections enter and leave: as little of HTTP/1.1 as gateways and scripts speak to a subgraph, each connection
//! read and answered in turn. It takes bodies of a told length only, and no larger than a bound.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::error::BenchError;
use crate::replay::{Reply, Subgraphs};

/// How many headers a request may have.
const HEADERS: usize = 64;
/// How many bytes a request may have, head and body.
const REQUEST: usize = 16 * 1024 * 1024;
/// What is sent before a connection is closed for what it sent.
const REFUSED: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Answers until the process ends.
pub(crate) async fn serve(
    listener: TcpListener,
    subgraphs: Rc<RefCell<Subgraphs>>,
) -> Result<(), BenchError> {
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let subgraphs = Rc::clone(&subgraphs);
        tokio::task::spawn_local(async move {
            // A gateway that goes away is no fault.
            let _gone = talk(connection, &subgraphs).await;
        });
    }
}

async fn talk(mut connection: TcpStream, subgraphs: &RefCell<Subgraphs>) -> std::io::Result<()> {
    let mut heard = Vec::with_capacity(64 * 1024);
    loop {
        match request(&heard, subgraphs) {
            Heard::Whole(length, reply) => {
                heard.drain(..length);
                connection.write_all(&reply).await?;
            }
            Heard::Refused => return connection.write_all(REFUSED).await,
            Heard::Part if connection.read_buf(&mut heard).await? == 0 => return Ok(()),
            Heard::Part => {}
        }
    }
}

enum Heard {
    /// More must come.
    Part,
    /// A request of so many bytes, and its reply.
    Whole(usize, Reply),
    Refused,
}

fn request(heard: &[u8], subgraphs: &RefCell<Subgraphs>) -> Heard {
    if heard.is_empty() {
        return Heard::Part;
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let at = match head.parse(heard) {
        Ok(httparse::Status::Complete(at)) => at,
        Ok(httparse::Status::Partial) if heard.len() < REQUEST => return Heard::Part,
        _ => return Heard::Refused,
    };
    let Some(length) = length(head.headers).filter(|length| *length < REQUEST) else {
        return Heard::Refused;
    };
    let whole = at + length;
    match (heard.get(at..whole), head.path) {
        (None, _) => Heard::Part,
        (Some(body), Some(path)) => Heard::Whole(whole, subgraphs.borrow_mut().reply(path, body)),
        (Some(_), None) => Heard::Refused,
    }
}

/// The body's length; none where it can't be known from the head.
fn length(headers: &[httparse::Header<'_>]) -> Option<usize> {
    let named = |name: &str| headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    if named("transfer-encoding").is_some() {
        return None;
    }
    match named("content-length") {
        Some(header) => std::str::from_utf8(header.value).ok()?.trim().parse().ok(),
        None => Some(0),
    }
}
