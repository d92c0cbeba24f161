//! Tokens: asked for once by all, kept, renewed before their end and after a 401, never asked for in a loop, never printed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use raccordo_connector_api::FailureKind;
use url::Url;

use crate::kit::{Got, access, server, ways};

fn entries(token_url: &Url) -> [(&'static str, String); 4] {
    [
        ("auth.oauth2.token_url", token_url.to_string()),
        ("auth.oauth2.client_id", "comune".to_owned()),
        ("auth.oauth2.client_secret", "segretissimo".to_owned()),
        ("auth.oauth2.scope", "lettura scrittura".to_owned()),
    ]
}

fn borrowed<'a>(entries: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    entries.iter().map(|(path, value)| (*path, value.as_str())).collect()
}

/// An endpoint that gives `t0`, `t1`, … with this `expires_in`.
async fn endpoint(expires_in: &'static str) -> (Url, crate::kit::Kept) {
    server(move |count, _: &Got| {
        (200, format!(r#"{{"access_token":"t{count}","token_type":"Bearer"{expires_in}}}"#))
    })
    .await
}

#[tokio::test]
async fn all_calls_share_one_token() {
    let (token_url, tokens) = endpoint(r#","expires_in":3600"#).await;
    let (url, source) = server(|_, _| (200, "{}".into())).await;
    let given = entries(&token_url);
    let access = access(&url, &borrowed(&given));
    let ways = ways(&url, &access);
    let calls = (0..20).map(|index| ways[index % 2].status());
    assert!(join_all(calls).await.into_iter().all(|status| status.unwrap() == 200));
    assert_eq!((tokens.count(), source.count()), (1, 20));
    let asked = &tokens.all()[0];
    assert_eq!(asked.header("authorization"), Some("Basic Y29tdW5lOnNlZ3JldGlzc2ltbw=="));
    assert_eq!(asked.body, "grant_type=client_credentials&scope=lettura+scrittura");
    assert!(source.all().iter().all(|got| got.header("authorization") == Some("Bearer t0")));
}

#[tokio::test]
async fn a_token_that_is_over_is_asked_for_anew_and_one_of_unsaid_life_is_kept() {
    for (expires_in, asked) in [(r#","expires_in":0"#, 4), ("", 1), (r#","expires_in":"600""#, 1)] {
        let (token_url, tokens) = endpoint(expires_in).await;
        let (url, _) = server(|_, _| (200, "{}".into())).await;
        let given = entries(&token_url);
        for way in ways(&url, &access(&url, &borrowed(&given))) {
            assert_eq!(way.status().await.unwrap(), 200);
            assert_eq!(way.status().await.unwrap(), 200);
        }
        assert_eq!(tokens.count(), asked, "{expires_in}");
    }
}

#[tokio::test]
async fn a_401_renews_once_and_no_more() {
    for (accepts, statuses, asked) in [("t1", [200, 200], 2), ("none", [401, 401], 2)] {
        let (token_url, tokens) = endpoint(r#","expires_in":3600"#).await;
        let (url, source) = server(move |_, got: &Got| match got.header("authorization") {
            Some(given) if given == format!("Bearer {accepts}") => (200, "{}".into()),
            _ => (401, "{}".into()),
        })
        .await;
        let given = entries(&token_url);
        let ways = ways(&url, &access(&url, &borrowed(&given)));
        assert_eq!([ways[0].status().await.unwrap(), ways[1].status().await.unwrap()], statuses, "{accepts}");
        assert_eq!((tokens.count(), source.count()), (asked, 3), "{accepts}");
    }
}

#[tokio::test]
async fn many_calls_that_are_refused_together_renew_once() {
    let (token_url, tokens) = endpoint(r#","expires_in":3600"#).await;
    let (url, source) = server(|_, got: &Got| match got.header("authorization") {
        Some("Bearer t0") | None => (401, "{}".into()),
        _ => (200, "{}".into()),
    })
    .await;
    let given = entries(&token_url);
    let ways = ways(&url, &access(&url, &borrowed(&given)));
    let calls = (0..10).map(|index| ways[index % 2].status());
    assert!(join_all(calls).await.into_iter().all(|status| status.unwrap() == 200));
    assert_eq!((tokens.count(), source.count()), (2, 20));
}

#[tokio::test]
async fn an_endpoint_that_is_away_is_asked_again_within_bounds() {
    let (token_url, tokens) = server(|count, _: &Got| match count {
        0 | 1 => (503, "segreto".into()),
        _ => (200, r#"{"access_token":"t"}"#.into()),
    })
    .await;
    let (url, source) = server(|_, _| (200, "{}".into())).await;
    let given = entries(&token_url);
    let access = access(&url, &borrowed(&given));
    assert_eq!(ways(&url, &access)[0].status().await.unwrap(), 200);
    assert_eq!((tokens.count(), source.count()), (3, 1));

    let (token_url, tokens) = server(|_, _: &Got| (500, "segreto".into())).await;
    let given = entries(&token_url);
    let ways = ways(&url, &crate::kit::access(&url, &borrowed(&given)));
    // Ten calls that wait for one token share its failure.
    let calls = join_all((0..10).map(|index| ways[index % 2].status())).await;
    assert!(calls.iter().all(|call| call.as_ref().unwrap_err().kind == FailureKind::Unreachable));
    assert_eq!((tokens.count(), source.count()), (3, 1));
}

#[tokio::test]
async fn what_the_endpoint_refuses_says_what_to_do_and_no_secret() {
    let big = format!(r#"{{"access_token":"{}"}}"#, "x".repeat(70_000));
    let cases = [
        (
            400,
            r#"{"error":"invalid_client","error_description":"segretissimo"}"#.to_owned(),
            FailureKind::Refused,
            "`client_id`",
        ),
        (401, r#"{"error":"invalid_client"}"#.to_owned(), FailureKind::Refused, "`client_id`"),
        (400, r#"{"error":"invalid_scope"}"#.to_owned(), FailureKind::Refused, "`scope`"),
        (400, r#"{"error":"segretissimo"}"#.to_owned(), FailureKind::Refused, "`token_url`"),
        (404, "segretissimo".to_owned(), FailureKind::Refused, "`token_url`"),
        (302, String::new(), FailureKind::Malformed, "`token_url`"),
        (200, "<html>segretissimo".to_owned(), FailureKind::Malformed, "`token_url`"),
        (200, r#"{"token":"segretissimo"}"#.to_owned(), FailureKind::Malformed, "`access_token`"),
        (
            200,
            r#"{"access_token":"segretissimo","token_type":"MAC"}"#.to_owned(),
            FailureKind::Malformed,
            "bearer",
        ),
        (200, big, FailureKind::OverLimit, "65536"),
    ];
    for (status, body, kind, says) in cases {
        let told = body.clone();
        let (token_url, tokens) = server(move |_, _: &Got| (status, told.clone())).await;
        let (url, source) = server(|_, _| (200, "{}".into())).await;
        let given = entries(&token_url);
        let access = access(&url, &borrowed(&given));
        for way in ways(&url, &access) {
            let failure = way.status().await.unwrap_err();
            let text = format!("{failure} {failure:?} {access:?}");
            assert_eq!(failure.kind, kind, "{status} {text}");
            assert!(text.contains(says), "{text}");
            assert!(!text.contains("segretissimo") && !text.contains("127.0.0.1"), "{text}");
        }
        // What is refused isn't asked again at once, neither by the same call nor by the next.
        assert_eq!((tokens.count(), source.count()), (1, 0), "{status}");
    }
}

#[tokio::test]
async fn a_token_that_ends_soon_is_renewed_while_calls_go_on_with_it() {
    // A life of so little is due at once: a fifth of nothing.
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let (token_url, tokens) = server(move |count, _: &Got| {
        counted.fetch_add(1, Ordering::Relaxed);
        // The first is good for 2 s, due after 1.6; the next for an hour.
        let life = if count == 0 { 2 } else { 3600 };
        (200, format!(r#"{{"access_token":"t{count}","expires_in":{life}}}"#))
    })
    .await;
    let (url, source) = server(|_, _| (200, "{}".into())).await;
    let given = entries(&token_url);
    let ways = ways(&url, &access(&url, &borrowed(&given)));
    assert_eq!(ways[0].status().await.unwrap(), 200);
    while source.all().last().unwrap().header("authorization") == Some("Bearer t0") {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert_eq!(ways[1].status().await.unwrap(), 200);
    }
    assert_eq!(tokens.count(), 2);
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}
