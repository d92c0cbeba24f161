//! Every limit on both sides: size, time, number.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use bytes::Bytes;
use futures::{StreamExt, stream};
use raccordo::http::Settings;

use super::support::{Fake, TYPENAME, get, ok, post, send};

/// A body of so many bytes that asks for `__typename`.
fn body_of(bytes: usize) -> String {
    let (head, tail) = (r#"{"query":"{__typename}","x":""#, r#""}"#);
    format!("{head}{}{tail}", "x".repeat(bytes - head.len() - tail.len()))
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    let fake = Fake::new();
    let router = fake.router(Settings { body_bytes: 1000, ..Settings::default() });
    assert!(ok(&post(&router, &[], &body_of(1000)).await));
    let over = post(&router, &[], &body_of(1001)).await;
    assert_eq!((over.status, over.code().as_str()), (413, "REQUEST_LIMIT_EXCEEDED"));
    // The same when the length isn't announced.
    let chunks = |bytes: usize| {
        let text = Bytes::from(body_of(bytes));
        let halves = [text.slice(..500), text.slice(500..)];
        Body::from_stream(stream::iter(halves).map(Ok::<_, std::io::Error>))
    };
    let json = [("content-type", "application/json")];
    assert!(ok(&send(&router, Method::POST, "/graphql", &json, chunks(1000)).await));
    assert_eq!(send(&router, Method::POST, "/graphql", &json, chunks(1001)).await.status, 413);
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let router =
        Fake::new().router(Settings { body_timeout: Duration::from_millis(50), ..Settings::default() });
    let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]).chain(stream::pending());
    let json = [("content-type", "application/json")];
    let got = send(&router, Method::POST, "/graphql", &json, Body::from_stream(begun)).await;
    assert_eq!((got.status, got.code().as_str()), (408, "REQUEST_LIMIT_EXCEEDED"));
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))]);
    assert_eq!(send(&router, Method::POST, "/graphql", &json, Body::from_stream(broken)).await.status, 400);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let fake = Fake::new();
    let router = fake.router(Settings { answer_timeout: Duration::from_millis(50), ..Settings::default() });
    let got = post(&router, &[], r#"{"query":"{slow}"}"#).await;
    assert_eq!((got.status, got.code().as_str()), (504, "REQUEST_LIMIT_EXCEEDED"));
    fake.gate.add_permits(1);
    let patient = fake.router(Settings::default());
    assert!(ok(&post(&patient, &[], r#"{"query":"{slow}"}"#).await));
}

#[tokio::test]
async fn so_many_are_answered_so_many_wait_and_one_more_is_told_to_come_back() {
    let fake = Fake::new();
    let router = fake.router(Settings { concurrency: 1, queue: 1, ..Settings::default() });
    let slow = || {
        let router = router.clone();
        tokio::spawn(async move { post(&router, &[], r#"{"query":"{slow}"}"#).await.status })
    };
    let (first, second) = (slow(), slow());
    while fake.asked() < 1 {
        tokio::task::yield_now().await;
    }
    // On this one thread both have gone as far as they can by now.
    tokio::task::yield_now().await;
    let third = post(&router, &[], TYPENAME).await;
    assert_eq!((third.status, third.code().as_str(), third.header("retry-after")), (503, "OVERLOADED", "1"));
    assert!(ok(&get(&router, "/health", &[]).await), "health has no queue");
    fake.gate.add_permits(2);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (200, 200));
    assert!(ok(&post(&router, &[], TYPENAME).await));
}

/// Beyond their first 16 KiB, twelve bodies of 100 KiB have room in a megabyte, and a thirteenth is told to come back.
#[tokio::test]
async fn large_bodies_share_so_much_memory_and_small_ones_come_through() {
    let fake = Fake::new();
    let router = fake.router(Settings { bodies_bytes: 1024 * 1024, ..Settings::default() });
    let large = body_of(100 * 1024).replace("__typename", "slow______");
    let holding: Vec<_> = (0..12)
        .map(|_| {
            let (router, large) = (router.clone(), large.clone());
            tokio::spawn(async move { post(&router, &[], &large).await.status })
        })
        .collect();
    while fake.asked() < 12 {
        tokio::task::yield_now().await;
    }
    let over = post(&router, &[], &large).await;
    assert_eq!((over.status, over.code().as_str(), over.header("retry-after")), (503, "OVERLOADED", "1"));
    assert!(ok(&post(&router, &[], &body_of(16 * 1024)).await), "a small body needs no room");
    fake.gate.add_permits(13);
    for held in holding {
        assert_eq!(held.await.unwrap(), 200);
    }
    assert!(ok(&post(&router, &[], &large).await), "the room is there again");
}

#[tokio::test]
async fn variables_are_counted_before_anyone_is_asked() {
    let fake = Fake::new();
    let router = fake.router(Settings { variable_values: 10, ..Settings::default() });
    let body = |items: usize| {
        format!(r#"{{"query":"{{a}}","variables":{{"x":[{}]}}}}"#, vec!["{}"; items].join(","))
    };
    assert!(ok(&post(&router, &[], &body(8)).await));
    let over = post(&router, &[], &body(9)).await;
    assert_eq!((over.status, over.code().as_str()), (413, "REQUEST_LIMIT_EXCEEDED"));
    let deep =
        format!(r#"{{"query":"{{a}}","variables":{}1{}}}"#, r#"{"x":"#.repeat(5_000), "}".repeat(5_000));
    let over = post(&router, &[], &deep).await;
    assert_eq!((over.status, over.code().as_str()), (413, "REQUEST_LIMIT_EXCEEDED"));
    assert_eq!(fake.asked(), 1);
}
