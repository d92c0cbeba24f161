//! The client against real sockets: what it sends, and that nothing of a partner's words or of a URL is in what it says.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use raccordo_connector_api::{Failure, FailureKind, Limits, Meter, Origin};
use raccordo_connector_web::{
    Answer, Call, Client, HeaderMap, HeaderValue, StatusCode, check_status, header,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;
use url::Url;

/// A server that answers every request of every connection with these bytes, and keeps the requests.
async fn server(reply: &'static str) -> (Url, Arc<Mutex<Vec<String>>>, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/a?codice=segreto", listener.local_addr().unwrap())).unwrap();
    let (requests, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
    let (kept, counted) = (requests.clone(), connections.clone());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            *counted.lock().unwrap() += 1;
            let kept = kept.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 16 * 1024];
                while let Ok(read @ 1..) = stream.read(&mut request).await {
                    kept.lock()
                        .unwrap()
                        .push(String::from_utf8_lossy(request.get(..read).unwrap()).to_lowercase());
                    if stream.write_all(reply.as_bytes()).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (url, requests, connections)
}

async fn call(client: &Client, call: Call, origin: &Origin, meter: &Meter) -> Result<Answer, Failure> {
    let limits = Limits { reply_bytes: 64, ..Limits::default() };
    client.call(call, origin, Instant::now() + Duration::from_secs(10), &limits, meter).await
}

const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn a_call_carries_its_headers_and_its_trace_over_a_connection_that_is_kept() {
    let (url, requests, connections) = server(GOOD).await;
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer sesamo"));
    let client = Client::new(&url, headers).unwrap();
    let origin = Origin { trace: Some("0AF7651916CD43DD8448EB211C80319C".into()), ..Origin::default() };
    let meter = Meter::default();
    for _ in 0..3 {
        let answer =
            call(&client, Call::post(url.clone(), "application/json", "[1]"), &origin, &meter).await.unwrap();
        assert_eq!((answer.status, answer.body.as_ref()), (StatusCode::OK, b"{}".as_slice()));
    }
    assert_eq!(*connections.lock().unwrap(), 1);
    assert_eq!(meter.read(), (3, 6, 0));
    let requests = requests.lock().unwrap();
    for request in requests.iter() {
        for line in [
            "post /a?codice=segreto http/1.1",
            "authorization: bearer sesamo",
            "content-type: application/json",
        ] {
            assert!(request.contains(line), "{request}");
        }
        for line in ["accept: application/json", "accept-encoding: gzip", "user-agent: raccordo/"] {
            assert!(request.contains(line), "{request}");
        }
        assert!(request.contains("traceparent: 00-0af7651916cd43dd8448eb211c80319c-"), "{request}");
        assert!(!request.contains("referer"), "{request}");
    }
    let parents = |request: &String| request.split("80319c-").nth(1).unwrap().get(..16).unwrap().to_owned();
    let mut parents: Vec<String> = requests.iter().map(parents).collect();
    parents.dedup();
    assert_eq!(parents.len(), 3);
}

#[tokio::test]
async fn a_trace_that_is_none_is_not_sent() {
    let (url, requests, _) = server(GOOD).await;
    let client = Client::new(&url, HeaderMap::new()).unwrap();
    for trace in [None, Some("x"), Some("0af7651916cd43dd8448eb211c80319\u{e8}")] {
        let origin = Origin { trace: trace.map(Into::into), ..Origin::default() };
        call(&client, Call::get(url.clone()), &origin, &Meter::default()).await.unwrap();
    }
    assert!(requests.lock().unwrap().iter().all(|request| !request.contains("traceparent")));
}

#[tokio::test]
async fn a_user_in_the_url_becomes_basic_authentication() {
    let (mut url, requests, _) = server(GOOD).await;
    url.set_username("comune").unwrap();
    url.set_password(Some("sesamo")).unwrap();
    let client = Client::new(&url, HeaderMap::new()).unwrap();
    call(&client, Call::get(url), &Origin::default(), &Meter::default()).await.unwrap();
    let request = requests.lock().unwrap().join("");
    assert!(
        request.contains("authorization: basic y29tdw5lonnlc2ftbw==") && !request.contains("sesamo"),
        "{request}"
    );
}

#[tokio::test]
async fn an_announced_length_over_the_limit_is_not_read() {
    for (reply, fits) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 64\r\n\r\n0123456789012345678901234567890123456789012345678901234567890123",
            true,
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 65\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9999999999999\r\n\r\n", false),
    ] {
        let (url, ..) = server(reply).await;
        let client = Client::new(&url, HeaderMap::new()).unwrap();
        let outcome = call(&client, Call::get(url), &Origin::default(), &Meter::default()).await;
        assert_eq!(
            outcome.map(|_| ()).map_err(|failure| failure.kind),
            if fits { Ok(()) } else { Err(FailureKind::OverLimit) }
        );
    }
}

#[tokio::test]
async fn failures_tell_neither_the_url_nor_the_partners_words() {
    let replies = [
        "segreto\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 7\r\n\r\nsegreto",
        "HTTP/1.1 9999 segreto\r\n\r\n",
    ];
    for reply in replies {
        let (url, ..) = server(reply).await;
        let client = Client::new(&url, HeaderMap::new()).unwrap();
        let Err(failure) = call(&client, Call::get(url), &Origin::default(), &Meter::default()).await else {
            panic!("`{reply}` is no answer");
        };
        let text = format!("{failure} {failure:?}");
        assert!(!text.contains("segreto") && !text.contains("127.0.0.1"), "{text}");
    }
    let url = Url::parse("http://nessuno.invalid/segreto").unwrap();
    let client = Client::new(&url, HeaderMap::new()).unwrap();
    let failure =
        call(&client, Call::get(url), &Origin::default(), &Meter::default()).await.map(|_| ()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(
        !failure.to_string().contains("segreto") && !failure.to_string().contains("nessuno"),
        "{failure}"
    );
}

#[test]
fn statuses_say_whose_fault_it_is() {
    let kind = |code| check_status(StatusCode::from_u16(code).unwrap()).map_err(|failure| failure.kind);
    for (codes, expected) in [
        (&[200, 201, 204, 299][..], Ok(())),
        (&[100, 301, 302, 304, 308], Err(FailureKind::Malformed)),
        (&[400, 401, 403, 404, 405, 409, 410, 422, 451], Err(FailureKind::Refused)),
        (&[408, 429, 500, 502, 503, 504, 599], Err(FailureKind::Unreachable)),
    ] {
        for code in codes {
            assert_eq!(kind(*code), expected, "{code}");
        }
    }
}
