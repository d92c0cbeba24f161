//! Connections over real sockets: health, heads, HTTP/2 without TLS, and an end that leaves nobody without an answer.

use std::sync::Arc;
use std::time::Duration;

use raccordo::serve::{Ended, Settings, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::support::{Fake, TYPENAME};

struct Running {
    address: std::net::SocketAddr,
    end: oneshot::Sender<()>,
    serving: JoinHandle<Ended>,
}

async fn start(fake: &Fake, settings: Settings) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let serving = tokio::spawn(run(Arc::new(fake.clone()), listener, settings, None, async {
        let _ = ended.await;
    }));
    Running { address, end, serving }
}

fn post(body: &str) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads until this text has come, or the other side closes.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&read).contains(text) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => read.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test]
async fn health_readiness_and_several_requests_on_one_connection() {
    let running = start(&Fake::new(), Settings::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    for path in ["/health", "/health/live", "/health/ready", "/readiness"] {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await.unwrap();
        assert!(read_until(&mut stream, "UP").await.starts_with("HTTP/1.1 200"), "{path}");
    }
    stream.write_all(post(TYPENAME).as_bytes()).await.unwrap();
    assert!(read_until(&mut stream, "}}").await.contains("__typename"));
}

#[tokio::test]
async fn a_request_says_once_which_host_it_is_for_and_what_it_sends() {
    let running = start(&Fake::new(), Settings::default()).await;
    for (version, hosts, status) in [
        ("1.1", "host: localhost\r\n", "200"),
        ("1.1", "", "400"),
        ("1.1", "host: localhost\r\nhost: localhost\r\n", "400"),
        ("1.0", "", "200"),
        ("1.0", "host: localhost\r\nhost: localhost\r\n", "400"),
    ] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let head = format!("GET /health HTTP/{version}\r\n{hosts}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, "\r\n").await;
        assert!(answer.starts_with(&format!("HTTP/{version} {status}")), "{head}: {answer}");
    }
    let twice = post(TYPENAME).replace("content-length", "content-type: application/json\r\ncontent-length");
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(twice.as_bytes()).await.unwrap();
    assert!(read_until(&mut stream, "\r\n").await.starts_with("HTTP/1.1 415"));
}

#[tokio::test]
async fn connections_are_served_by_workers_and_end_with_them() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let workers = raccordo::workers::Workers::start(2).unwrap();
    let serving =
        tokio::spawn(run(Arc::new(Fake::new()), listener, Settings::default(), Some(workers), async {
            let _ = ended.await;
        }));
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(TcpStream::connect(address).await.unwrap());
    }
    for stream in &mut streams {
        stream.write_all(post(TYPENAME).as_bytes()).await.unwrap();
        assert!(read_until(stream, "}}").await.contains("__typename"));
    }
    end.send(()).unwrap();
    assert_eq!(serving.await.unwrap(), Ended::Finished);
    for stream in &mut streams {
        assert_eq!(read_until(stream, "never").await, "", "idle connections are closed at the end");
    }
}

#[tokio::test]
async fn a_head_may_be_large_but_not_endless() {
    let running = start(&Fake::new(), Settings::default()).await;
    for (bytes, status) in [(40_000, "200"), (70_000, "431")] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let head =
            format!("GET /health HTTP/1.1\r\nhost: localhost\r\nx-long: {}\r\n\r\n", "x".repeat(bytes));
        let _ = stream.write_all(head.as_bytes()).await;
        let answer = read_until(&mut stream, "\r\n").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{bytes}: {answer}");
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let settings = Settings { head_timeout: Duration::from_millis(50), ..Settings::default() };
    let running = start(&Fake::new(), settings).await;
    for begun in ["", "P", "GET /health HTTP/1.1\r\nhost: loc", "POST /graphql HTTP/1.1\r\n"] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        // It ends only because the server closes.
        let answer = read_until(&mut stream, "never").await;
        assert!(!answer.contains("200"), "{answer}");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let running = start(&Fake::new(), Settings { connections: 1, ..Settings::default() }).await;
    let mut first = TcpStream::connect(running.address).await.unwrap();
    first.write_all(post(TYPENAME).as_bytes()).await.unwrap();
    assert!(read_until(&mut first, "}}").await.contains("200 OK"));
    let mut second = TcpStream::connect(running.address).await.unwrap();
    second.write_all(post(TYPENAME).as_bytes()).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(50), read_until(&mut second, "}}")).await;
    assert!(early.is_err(), "the first connection still has the only place");
    drop(first);
    assert!(read_until(&mut second, "}}").await.contains("200 OK"));
}

#[tokio::test]
async fn http_2_is_spoken_with_who_begins_with_it() {
    let running = start(&Fake::new(), Settings::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    // RFC 9113 §3.4: the preface, then an empty SETTINGS frame; the server's first frame is its own SETTINGS (type 4).
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4);
}

#[tokio::test]
async fn at_the_end_who_was_asked_answers_and_nobody_new_is_let_in() {
    let fake = Fake::new();
    let running = start(&fake, Settings::default()).await;
    let mut busy = TcpStream::connect(running.address).await.unwrap();
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(post(TYPENAME).as_bytes()).await.unwrap();
    assert!(read_until(&mut idle, "}}").await.contains("200 OK"));
    busy.write_all(post(r#"{"query":"{slow}"}"#).as_bytes()).await.unwrap();
    while fake.asked() < 2 {
        tokio::task::yield_now().await;
    }
    running.end.send(()).unwrap();
    assert_eq!(read_until(&mut idle, "never").await, "", "an idle connection is closed");
    assert!(TcpStream::connect(running.address).await.is_err(), "nobody listens any more");
    fake.gate.add_permits(1);
    assert!(read_until(&mut busy, "}}").await.contains("200 OK"));
    assert_eq!(running.serving.await.unwrap(), Ended::Finished);
}

#[tokio::test]
async fn who_takes_too_long_at_the_end_is_cut_off() {
    let fake = Fake::new();
    let running =
        start(&fake, Settings { drain_timeout: Duration::from_millis(50), ..Settings::default() }).await;
    let mut busy = TcpStream::connect(running.address).await.unwrap();
    busy.write_all(post(r#"{"query":"{slow}"}"#).as_bytes()).await.unwrap();
    while fake.asked() < 1 {
        tokio::task::yield_now().await;
    }
    running.end.send(()).unwrap();
    assert_eq!(running.serving.await.unwrap(), Ended::CutOff);
    assert_eq!(read_until(&mut busy, "never").await, "");
}

/// A body of which one byte comes now and then has the same time as one of which nothing comes.
#[tokio::test]
async fn a_body_that_drips_is_not_waited_for() {
    let http = raccordo::http::Settings { body_timeout: Duration::from_millis(60), ..Default::default() };
    let running = start(&Fake::new(), Settings { http, ..Settings::default() }).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let (head, body) =
        post(TYPENAME).split_once("{").map(|(head, body)| (head.to_owned(), body.to_owned())).unwrap();
    stream.write_all(format!("{head}{{").as_bytes()).await.unwrap();
    for byte in body.bytes() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
    }
    let answer = read_until(&mut stream, "never").await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("REQUEST_LIMIT_EXCEEDED"), "{answer}");
}

/// What is sent ahead waits: one connection is one request at a time.
#[tokio::test]
async fn requests_that_are_sent_ahead_are_answered_one_after_the_other() {
    let fake = Fake::new();
    let running = start(&fake, Settings::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let ahead = post(r#"{"query":"{slow}"}"#) + &post(TYPENAME).repeat(50);
    stream.write_all(ahead.as_bytes()).await.unwrap();
    while fake.asked() < 1 {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(fake.asked(), 1, "the second isn't read before the first is answered");
    fake.gate.add_permits(1);
    let mut answers = String::new();
    while answers.matches("__typename").count() < 51 {
        let more = read_until(&mut stream, "}}").await;
        assert!(!more.is_empty(), "{answers}");
        answers += &more;
    }
    assert_eq!((answers.matches("200 OK").count(), fake.asked()), (51, 51));
}

/// An answer of which nothing is taken is given up, and the connection with it.
#[tokio::test]
async fn who_asks_and_does_not_read_is_not_waited_for() {
    let running = start(
        &Fake::new(),
        Settings { connections: 1, write_timeout: Duration::from_millis(60), ..Settings::default() },
    )
    .await;
    let mut lazy = TcpStream::connect(running.address).await.unwrap();
    lazy.write_all(post(r#"{"query":"{huge}"}"#).as_bytes()).await.unwrap();
    // The only place is free again once the first connection is given up.
    let mut second = TcpStream::connect(running.address).await.unwrap();
    second.write_all(post(TYPENAME).as_bytes()).await.unwrap();
    assert!(read_until(&mut second, "}}").await.contains("200 OK"));
    let mut came = Vec::new();
    let _cut = lazy.read_to_end(&mut came).await;
    assert!(came.len() < super::support::HUGE, "{}", came.len());
}

#[tokio::test]
async fn so_many_headers_and_no_more() {
    let running = start(&Fake::new(), Settings::default()).await;
    for (headers, status) in [(90, "200"), (200, "431")] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let headers: String = (0..headers).map(|index| format!("x-{index}: y\r\n")).collect();
        let _ = stream
            .write_all(format!("GET /health HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").as_bytes())
            .await;
        let answer = read_until(&mut stream, "\r\n").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}
