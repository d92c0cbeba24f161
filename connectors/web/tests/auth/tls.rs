//! Mutual TLS against a rustls server that asks for a certificate: ours is proven, and only the configured authority is trusted.

use std::sync::Arc;

use raccordo_connector_api::FailureKind;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::kit::{access, read, ways};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key, in PEM.
fn issued(by: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, by).unwrap().pem(), key.serialize_pem())
}

/// A server with a certificate of this authority, which wants one of the same from its clients.
async fn server(by: &Authority) -> Url {
    let (certificate, key) = issued(by, "localhost");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(by.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = vec![0; 16 * 1024];
                while let Ok(1..) = stream.read(&mut request).await {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                    if stream.write_all(answer).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    Url::parse(&format!("https://localhost:{port}/")).unwrap()
}

#[tokio::test]
async fn our_certificate_opens_and_only_the_configured_authority_is_trusted() {
    let (ours, other) = (authority(), authority());
    let url = server(&ours).await;
    let (certificate, key) = issued(&ours, "gateway.example");
    let (stranger, strangers_key) = issued(&other, "gateway.example");
    let (ca, other_ca) = (ours.pem(), other.pem());
    let tls = |certificate: &str, key: &str, ca: &str| {
        let entries =
            [("auth.tls.certificate", certificate), ("auth.tls.private_key", key), ("auth.tls.ca", ca)];
        access(&url, &entries)
    };
    for way in ways(&url, &tls(&certificate, &key, &ca)) {
        assert_eq!(way.status().await.unwrap(), 200);
    }
    let both = format!("{other_ca}\n{ca}");
    for way in ways(&url, &tls(&certificate, &key, &both)) {
        assert_eq!(way.status().await.unwrap(), 200);
    }
    let without = access(&url, &[("auth.tls.ca", ca.as_str())]);
    for (what, access) in [
        ("no certificate", without),
        ("a stranger's certificate", tls(&stranger, &strangers_key, &ca)),
        ("another authority", tls(&certificate, &key, &other_ca)),
    ] {
        for way in ways(&url, &access) {
            let failure = way.status().await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Unreachable, "{what}: {failure}");
        }
    }
}

#[test]
fn a_key_that_is_not_the_certificates_is_found_at_check() {
    let by = authority();
    let (certificate, _) = issued(&by, "a.example");
    let (_, key) = issued(&by, "b.example");
    let url = Url::parse("https://asl.example/").unwrap();
    let pair = [("auth.tls.certificate", certificate.as_str()), ("auth.tls.private_key", key.as_str())];
    let (_, found) = read(&url, &pair);
    assert_eq!(found.len(), 1);
    assert!(found[0].to_string().contains("with its key"), "{}", found[0]);
    let (_, found) = read(&Url::parse("http://asl.example/").unwrap(), &[("auth.tls.ca", by.pem().as_str())]);
    assert!(found[0].to_string().contains("over `https` alone"), "{}", found[0]);
}
