//! PEM of `auth: { tls }` in; what a client proves and trusts in TLS out. Opens nothing and prints nothing of it.

use raccordo_connector_api::Settings;
use raccordo_schema::Diagnostic;
use reqwest::{Certificate, Identity};
use url::Url;

use crate::client::ready_provider;

/// Our own end of TLS connections.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    identity: Option<Identity>,
    /// What alone is trusted; none: what the system trusts.
    ca: Option<Vec<Certificate>>,
}

impl Tls {
    /// Reads the settings; mistakes go to `found`.
    pub(crate) fn read(settings: &Settings, found: &mut Vec<Diagnostic>) -> Self {
        let mut wrong = |key: &'static str, message: &str, help: &str| {
            let told = Diagnostic::error("SETTING_INVALID", settings.at(key), message.to_owned());
            found.push(told.help(help.to_owned()));
        };
        let identity = match (settings.text("certificate"), settings.text("private_key")) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                let pem = format!("{key}\n{certificate}");
                let identity = Identity::from_pem(pem.as_bytes()).ok().filter(fits);
                if identity.is_none() {
                    wrong(
                        "certificate",
                        "`auth.tls` has no certificate in PEM with its key",
                        "write `certificate: \"${file:client.pem}\"` and `private_key: \"${file:client.key}\"`; the key is that of the first certificate, and not encrypted",
                    );
                }
                identity
            }
            _ => {
                wrong(
                    "certificate",
                    "`auth.tls` has a certificate without its key, or a key without its certificate",
                    "give both `certificate` and `private_key`",
                );
                None
            }
        };
        let ca = settings.text("ca").map(|pem| Certificate::from_pem_bundle(pem.as_bytes()));
        let ca = match ca {
            None => None,
            Some(Ok(all)) if !all.is_empty() && trusted(&all) => Some(all),
            Some(_) => {
                wrong(
                    "ca",
                    "`auth.tls.ca` holds no certificates in PEM",
                    "write `ca: \"${file:ca.pem}\"`: each certificate begins with `-----BEGIN CERTIFICATE-----`",
                );
                None
            }
        };
        Self { identity, ca }
    }

    /// Whether anything of it is set.
    pub(crate) fn is_set(&self) -> bool {
        self.identity.is_some() || self.ca.is_some()
    }

    /// Prepares a client for URLs of `base`'s scheme: over plain http no certificate is needed, so none is loaded.
    pub(crate) fn prepare(&self, builder: reqwest::ClientBuilder, base: &Url) -> reqwest::ClientBuilder {
        let builder = match (base.scheme(), &self.ca) {
            ("https", None) => builder,
            ("https", Some(ca)) => builder.tls_certs_only(ca.clone()),
            _ => return builder.tls_certs_only([]),
        };
        match &self.identity {
            Some(identity) => builder.identity(identity.clone()),
            None => builder,
        }
    }
}

/// Whether a client can be made of it: that the key is the certificate's shows only then.
fn fits(identity: &Identity) -> bool {
    ready_provider();
    reqwest::Client::builder().tls_certs_only([]).identity(identity.clone()).build().is_ok()
}

fn trusted(all: &[Certificate]) -> bool {
    ready_provider();
    reqwest::Client::builder().tls_certs_only(all.to_vec()).build().is_ok()
}
