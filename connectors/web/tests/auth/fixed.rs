//! Credentials that don't change, what the partner's log is told, and what is refused of settings.

use raccordo_connector_api::Origin;
use url::Url;

use crate::kit::{access, read, server, ways};

#[tokio::test]
async fn fixed_credentials_go_with_every_call() {
    for (entries, name, value) in [
        (
            &[("auth.basic.user", "comune"), ("auth.basic.password", "sesamo:è")][..],
            "authorization",
            "Basic Y29tdW5lOnNlc2FtbzrDqA==",
        ),
        (&[("auth.bearer.token", "abc")], "authorization", "Bearer abc"),
        (&[("authorization", "Token abc")], "authorization", "Token abc"),
        (&[("auth.api_key.value", "k1")], "x-api-key", "k1"),
        (
            &[("auth.api_key.value", "k1"), ("auth.api_key.header", "Ocp-Apim-Subscription-Key")],
            "ocp-apim-subscription-key",
            "k1",
        ),
    ] {
        let (url, source) = server(|_, _| (200, "{}".into())).await;
        for way in ways(&url, &access(&url, entries)) {
            way.status().await.unwrap();
        }
        assert_eq!(source.count(), 2);
        assert!(
            source.all().iter().all(|got| got.header(name) == Some(value) && got.url == "/"),
            "{:?}",
            source.all()
        );
    }
}

#[tokio::test]
async fn a_key_in_the_query_is_encoded_and_warned_of() {
    let (url, source) = server(|_, _| (200, "{}".into())).await;
    let url = url.join("a?b=1").unwrap();
    let access = access(&url, &[("auth.api_key.value", "k&1 +"), ("auth.api_key.query", "chiave")]);
    assert_eq!(access.warnings().iter().map(|warning| warning.rule).collect::<Vec<_>>(), ["AUTH_IN_URL"]);
    for way in ways(&url, &access) {
        way.status().await.unwrap();
    }
    assert!(source.all().iter().all(|got| got.url == "/a?b=1&chiave=k%261+%2B"), "{:?}", source.all());
}

#[tokio::test]
async fn the_partners_log_is_told_what_is_configured() {
    let origin = Origin {
        organisation: Some("Comune di Forlì 100%".into()),
        purpose: Some("PUA".into()),
        trace: Some("0af7651916cd43dd8448eb211c80319c".into()),
    };
    let (url, source) = server(|_, _| (200, "{}".into())).await;
    let silent = &[("log_headers.traceparent", "false")][..];
    let all = &[
        ("log_headers.organisation", "X-Ente"),
        ("log_headers.purpose", "X-Finalita"),
        ("log_headers.traceparent", "true"),
    ][..];
    for entries in [&[][..], silent, all] {
        for way in ways(&url, &access(&url, entries)) {
            way.call(&origin).await.unwrap();
        }
    }
    let told: Vec<_> = source
        .all()
        .iter()
        .map(|got| {
            (
                got.header("traceparent").is_some(),
                got.header("x-ente").map(str::to_owned),
                got.header("x-finalita").map(str::to_owned),
            )
        })
        .collect();
    let named = (true, Some("Comune di Forl%C3%AC 100%25".to_owned()), Some("PUA".to_owned()));
    assert_eq!(
        told,
        [
            (true, None, None),
            (true, None, None),
            (false, None, None),
            (false, None, None),
            named.clone(),
            named
        ]
    );
}

#[test]
fn settings_that_can_not_be_are_told_without_their_values() {
    let https = Url::parse("https://fhir.asl.example/r4/").unwrap();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap().serialize_pem();
    let oauth2 =
        [("auth.oauth2.token_url", "https://idp.example/token"), ("auth.oauth2.client_id", "segretissimo")];
    let with = |more: &[(&'static str, &'static str)]| [&oauth2[..], more].concat();
    let cases: Vec<(Vec<(&str, &str)>, &str)> = vec![
        (with(&[]), "wants one of `client_secret` and `private_key`"),
        (
            with(&[
                ("auth.oauth2.client_secret", "segretissimo"),
                ("auth.oauth2.private_key", "segretissimo"),
            ]),
            "wants one of",
        ),
        (with(&[("auth.oauth2.private_key", "segretissimo")]), "no private key in PEM"),
        ([&oauth2[..], &[("auth.oauth2.private_key", key.as_str())]].concat(), "P-256"),
        (
            with(&[("auth.oauth2.client_secret", "x"), ("auth.bearer.token", "segretissimo")]),
            "both oauth2 and bearer",
        ),
        (
            vec![("authorization", "segretissimo"), ("auth.basic.user", "a"), ("auth.basic.password", "b")],
            "both authorization and basic",
        ),
        (vec![("auth.basic.user", "a:segretissimo"), ("auth.basic.password", "b")], "colon"),
        (vec![("auth.bearer.token", "segretissimo\n")], "can't stand in a header"),
        (vec![("auth.api_key.value", "segretissimo"), ("auth.api_key.header", "Host")], "no header"),
        (
            vec![("auth.api_key.value", "x"), ("auth.api_key.header", "A"), ("auth.api_key.query", "b")],
            "both `header` and `query`",
        ),
        (vec![("auth.tls.certificate", "segretissimo")], "without its key"),
        (
            vec![("auth.tls.certificate", "segretissimo"), ("auth.tls.private_key", "segretissimo")],
            "no certificate in PEM",
        ),
        (vec![("auth.tls.ca", "segretissimo")], "no certificates in PEM"),
        (vec![("log_headers.organisation", "Authorization")], "can't be told in `Authorization`"),
        (vec![("log_headers.purpose", "traceparent")], "no header"),
    ];
    for (entries, says) in cases {
        let (access, found) = read(&https, &entries);
        let text: String = found.iter().map(|told| format!("{told}\n")).collect();
        assert_eq!(found.len(), 1, "{says}: {text}");
        assert!(text.contains(says), "{says}: {text}");
        assert!(!text.contains("segretissimo") && !format!("{access:?}").contains("segretissimo"), "{text}");
    }
}

#[test]
fn credentials_over_plain_http_are_warned_of_but_on_this_machine() {
    let rules = |url: &str, entries: &[(&str, &str)]| {
        let (access, found) = read(&Url::parse(url).unwrap(), entries);
        assert!(found.is_empty(), "{found:?}");
        access.warnings().iter().map(|warning| warning.rule).collect::<Vec<_>>()
    };
    let bearer = [("auth.bearer.token", "x")];
    assert_eq!(rules("http://asl.example/", &bearer), ["AUTH_IN_THE_CLEAR"]);
    assert_eq!(rules("http://127.0.0.1:1/", &bearer), [""; 0]);
    assert_eq!(rules("http://[::1]:1/", &bearer), [""; 0]);
    assert_eq!(rules("https://asl.example/", &bearer), [""; 0]);
    assert_eq!(rules("http://asl.example/", &[]), [""; 0]);
    let oauth2 = [
        ("auth.oauth2.token_url", "http://idp.example/token"),
        ("auth.oauth2.client_id", "a"),
        ("auth.oauth2.client_secret", "b"),
    ];
    assert_eq!(rules("https://asl.example/", &oauth2), ["AUTH_IN_THE_CLEAR"]);
}
