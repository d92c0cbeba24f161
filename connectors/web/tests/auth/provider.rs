//! Client credentials at a provider that this project did not write, in each way to prove who the client is.

use raccordo_connector_api::FailureKind;
use raccordo_tests::call;
use raccordo_tests::real::Provider;

use crate::kit::{access, server, ways};

#[tokio::test]
async fn every_way_to_prove_who_the_client_is_brings_a_token() {
    let (mut provider, keys) = tokio::task::spawn_blocking(|| {
        let provider = Provider::start().unwrap();
        let keys = call::get(&provider.keys_url(), &[]).unwrap().body;
        (provider, serde_json::from_str::<serde_json::Value>(&keys).unwrap())
    })
    .await
    .unwrap();
    let key = |name: &str| keys[name].as_str().unwrap().to_owned();
    let (token_url, resource) = (provider.token_url(), key("resource"));
    let (url, source) = server(|_, _| (200, "{}".into())).await;
    let secret = |id: &'static str, secret: &'static str, how: &'static str| {
        vec![
            ("client_id", id.to_owned()),
            ("client_secret", secret.to_owned()),
            ("client_auth", how.to_owned()),
        ]
    };
    let signed = |id: &'static str, algorithm: &'static str, pem: String| {
        vec![
            ("client_id", id.to_owned()),
            ("private_key", pem),
            ("algorithm", algorithm.to_owned()),
            ("key_id", "chiave-1".to_owned()),
        ]
    };
    let good = [
        secret("comune di borgo", "sesamo & C. +1", "basic"),
        secret("posta", "sesamo", "post"),
        signed("rs256", "auto", key("RS256")),
        signed("ps256", "PS256", key("PS256")),
        signed("es256", "auto", key("ES256")),
    ];
    for entries in &good {
        let failure = asked(&url, &token_url, &resource, entries).await;
        assert!(failure.is_none(), "{} {failure:?}", entries[0].1);
        let given = source.all().last().unwrap().header("authorization").unwrap().to_owned();
        // A JWT for the resource that was asked for.
        assert_eq!(given.trim_start_matches("Bearer ").split('.').count(), 3, "{given}");
    }
    assert_eq!(source.count(), good.len());
    assert_eq!(provider.take_requests().unwrap().len(), good.len() + 1);

    let wrong = [
        secret("comune di borgo", "altro", "basic"),
        signed("rs256", "auto", key("ES256")),
        signed("es256", "auto", key("RS256")),
    ];
    for entries in &wrong {
        let failure = asked(&url, &token_url, &resource, entries).await.unwrap();
        assert_eq!(failure.kind, FailureKind::Refused, "{failure}");
        assert!(
            failure.detail.contains("invalid_client") && failure.detail.contains("`client_id`"),
            "{failure}"
        );
        assert!(!failure.detail.contains("sesamo") && !failure.detail.contains("altro"), "{failure}");
    }
    assert_eq!(source.count(), good.len(), "without a token nothing is asked of the source");
}

async fn asked(
    url: &url::Url,
    token_url: &str,
    resource: &str,
    entries: &[(&'static str, String)],
) -> Option<raccordo_connector_api::Failure> {
    let mut all = vec![
        ("auth.oauth2.token_url".to_owned(), token_url.to_owned()),
        ("auth.oauth2.resource".to_owned(), resource.to_owned()),
        ("auth.oauth2.scope".to_owned(), "lettura".to_owned()),
    ];
    all.extend(entries.iter().map(|(name, value)| (format!("auth.oauth2.{name}"), value.clone())));
    let borrowed: Vec<(&str, &str)> =
        all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let access = access(url, &borrowed);
    let [way, _] = ways(url, &access);
    way.status().await.err()
}
