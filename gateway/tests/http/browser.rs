//! What a browser gets, and what it can't be made to do by somebody else's page.

use axum::http::{HeaderValue, Method};
use bytes::Bytes;
use raccordo::http::Settings;

use super::support::{Fake, TYPENAME, get, ok, post, send};

const NAVIGATION: (&str, &str) =
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

#[tokio::test]
async fn a_browser_gets_the_explorer_and_everything_it_names() {
    let samples = Bytes::from_static(br#"[{"name":"a","query":"{a}"}]"#);
    let router = Fake::new().router(Settings { explorer: Some(samples.clone()), ..Settings::default() });
    let page = get(&router, "/graphql", &[NAVIGATION]).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(page.header("content-encoding"), "gzip");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("http") && !policy.contains("unsafe"));
    assert_eq!((page.header("x-frame-options"), page.header("referrer-policy")), ("DENY", "no-referrer"));
    let again = get(&router, "/graphql", &[NAVIGATION, ("if-none-match", page.header("etag"))]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let listed = get(&router, "/explorer/samples.json", &[]).await;
    assert_eq!((listed.status, &listed.body[..]), (200, &samples[..]));
    assert_eq!(get(&router, "/explorer/../Cargo.toml", &[]).await.status, 404);
    let home = get(&router, "/", &[NAVIGATION]).await;
    assert_eq!((home.status, home.header("location")), (303, "/graphql"));
}

#[tokio::test]
async fn a_browser_s_query_is_answered_and_an_explorer_turned_off_is_not_there() {
    let router = Fake::new().router(Settings { explorer: None, ..Settings::default() });
    assert_eq!(get(&router, "/graphql", &[NAVIGATION]).await.status, 400);
    assert_eq!(get(&router, "/explorer/samples.json", &[]).await.status, 404);
    let with_it = Fake::new().router(Settings::default());
    let answer = get(&with_it, "/graphql?query=%7Ba%7D", &[NAVIGATION]).await;
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
}

#[tokio::test]
async fn a_get_that_another_site_may_have_caused_is_refused() {
    let fake = Fake::new();
    let router = fake.router(Settings::default());
    let target = "/graphql?query=%7Ba%7D";
    let forged = get(&router, target, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!((forged.status, forged.code().as_str()), (400, "CSRF_PREVENTION_FAILED"));
    assert_eq!(fake.asked(), 0);
    assert!(ok(&get(&router, target, &[("sec-fetch-site", "same-origin")]).await));
    assert!(ok(&get(
        &router,
        target,
        &[("sec-fetch-site", "cross-site"), ("apollo-require-preflight", "1")]
    )
    .await));
}

#[tokio::test]
async fn on_loopback_only_loopback_names_are_answered() {
    let router = Fake::new().router(Settings::default());
    for host in ["localhost:4000", "127.0.0.1:4000", "[::1]:4000"] {
        assert!(ok(&post(&router, &[("host", host)], TYPENAME).await), "{host}");
    }
    for host in ["rebound.example", "rebound.example:4000", "127.0.0.1.rebound.example"] {
        assert_eq!(post(&router, &[("host", host)], TYPENAME).await.status, 421, "{host}");
    }
    let open = Fake::new().router(Settings { loopback_hosts_only: false, ..Settings::default() });
    assert!(ok(&post(&open, &[("host", "grafo.example")], TYPENAME).await));
}

#[tokio::test]
async fn cors_is_closed_until_it_is_opened_and_then_to_the_named_origin_alone() {
    let preflight = |origin: &'static str| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type"),
        ]
    };
    let closed = Fake::new().router(Settings::default());
    let got = send(&closed, Method::OPTIONS, "/graphql", &preflight("https://cruscotto.example"), "").await;
    assert_eq!((got.status, got.header("access-control-allow-origin")), (405, ""));

    let origins = vec![HeaderValue::from_static("https://cruscotto.example")];
    let open = Fake::new().router(Settings { cors_origins: origins, ..Settings::default() });
    let got = send(&open, Method::OPTIONS, "/graphql", &preflight("https://cruscotto.example"), "").await;
    assert_eq!((got.status, got.header("access-control-allow-origin")), (200, "https://cruscotto.example"));
    assert_eq!(got.header("access-control-max-age"), "7200");
    assert!(got.header("access-control-allow-credentials").is_empty());
    let other = send(&open, Method::OPTIONS, "/graphql", &preflight("https://altro.example"), "").await;
    assert_eq!(other.header("access-control-allow-origin"), "");
    let asked = post(&open, &[("origin", "https://cruscotto.example")], TYPENAME).await;
    assert_eq!(asked.header("access-control-allow-origin"), "https://cruscotto.example");
    let vary: Vec<&str> = asked.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(vary.iter().any(|value| value.contains("origin")) && vary.contains(&"accept"), "{vary:?}");
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_accepts_it() {
    let router = Fake::new().router(Settings::default());
    let long = r#"{"query":"{long}"}"#;
    let packed = post(&router, &[("accept-encoding", "gzip")], long).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() < 500);
    let plain = post(&router, &[], long).await;
    assert_eq!((plain.header("content-encoding"), plain.body.len() > 6_000), ("", true));
    let short = post(&router, &[("accept-encoding", "gzip")], TYPENAME).await;
    assert_eq!(short.header("content-encoding"), "");
}
