//! A wire that does harm: late, reset, garbage, cut short, dripping. Over both ways in which calls are made each is a failure of its kind, in
//! time, and leaves the next call as it should be.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise")]

use std::time::Duration;

use raccordo_connector_api::{Failure, FailureKind, Limits, Meter, Origin};
use raccordo_connector_web::{Access, Answer, Call, Client, Endpoint};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use url::Url;

/// What is done to one call.
#[derive(Debug, Clone, Copy)]
enum Harm {
    /// The connection closes before anything is said.
    Close,
    /// It is reset.
    Reset,
    /// Nothing is ever said.
    Silence,
    /// What comes isn't HTTP.
    Garbage,
    /// The body is shorter than was announced, and the connection closes.
    CutShort,
    /// A chunk that never ends by itself, and the connection closes.
    CutChunk,
    /// The body is shorter than was announced, and the connection stays.
    Stuck,
    /// A byte now and then.
    Drip,
    /// A head that never ends.
    EndlessHead,
}

async fn harm(stream: &mut TcpStream, harm: Harm) {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    match harm {
        Harm::Close => {}
        Harm::Reset => stream.set_zero_linger().unwrap(),
        Harm::Silence => std::future::pending().await,
        Harm::Garbage => drop(stream.write_all(b"\x16\x03\x01 segreto segreto\r\n\r\n").await),
        Harm::CutShort => drop(stream.write_all(format!("{head}{{").as_bytes()).await),
        Harm::CutChunk => {
            let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n";
            drop(stream.write_all(chunked.as_bytes()).await);
        }
        Harm::Stuck => {
            stream.write_all(format!("{head}{{").as_bytes()).await.unwrap();
            std::future::pending().await
        }
        Harm::Drip => {
            stream.write_all(head.as_bytes()).await.unwrap();
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Harm::EndlessHead => while stream.write_all(b"HTTP/1.1 200 OK\r\nx: y\r\nz: 1\r\n").await.is_ok() {},
    }
}

/// A server that does harm to its first connection, and answers well on every other.
async fn server(first: Harm) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let mut is_first = true;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let harmful = std::mem::take(&mut is_first);
            tokio::spawn(async move {
                let mut request = vec![0; 16 * 1024];
                while let Ok(1..) = stream.read(&mut request).await {
                    if harmful {
                        return harm(&mut stream, first).await;
                    }
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                    if stream.write_all(answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

async fn by_client(client: &Client, url: &Url, patience: Duration) -> Result<Answer, Failure> {
    let (origin, limits, meter) = (Origin::default(), Limits::default(), Meter::default());
    let call = Call::post(url.clone(), "application/json", "{}");
    client.call(call, &origin, Instant::now() + patience, &limits, &meter).await
}

async fn by_wire(endpoint: &Endpoint, patience: Duration) -> Result<Answer, Failure> {
    let (origin, limits, meter) = (Origin::default(), Limits::default(), Meter::default());
    endpoint.post("{}".into(), &origin, Instant::now() + patience, &limits, &meter).await
}

#[tokio::test]
async fn every_harm_is_a_failure_of_its_kind_and_the_next_call_is_well() {
    use FailureKind::{Malformed, TimedOut, Unreachable};
    for (harm, kinds) in [
        (Harm::Close, &[Unreachable][..]),
        (Harm::Reset, &[Unreachable]),
        (Harm::Silence, &[TimedOut]),
        (Harm::Garbage, &[Unreachable]),
        (Harm::CutShort, &[Malformed]),
        (Harm::CutChunk, &[Malformed]),
        (Harm::Stuck, &[TimedOut]),
        (Harm::Drip, &[TimedOut]),
        (Harm::EndlessHead, &[Unreachable, TimedOut]),
    ] {
        let (short, long) = (Duration::from_millis(400), Duration::from_secs(20));
        let url = server(harm).await;
        let client = Client::with_access(&url, Access::default()).unwrap();
        let failure = by_client(&client, &url, short).await.err().unwrap();
        assert!(kinds.contains(&failure.kind), "{harm:?} {failure}");
        assert!(!failure.to_string().contains("segreto"), "{failure}");
        assert_eq!(by_client(&client, &url, long).await.unwrap().body.as_ref(), b"{}", "{harm:?}");

        let url = server(harm).await;
        let endpoint =
            Endpoint::new(&url, &Access::default(), "application/json", "application/json").unwrap();
        let failure = by_wire(&endpoint, short).await.err().unwrap();
        assert!(kinds.contains(&failure.kind), "over the wire {harm:?} {failure}");
        assert_eq!(by_wire(&endpoint, long).await.unwrap().body.as_ref(), b"{}", "over the wire {harm:?}");
    }
}
