//! The settings `authorization`, `auth` and `log_headers` of a source in; its [`Access`], or every mistake in them, out. Opens nothing.

use std::sync::{Arc, OnceLock};

use raccordo_connector_api::{Settings, Source};
use raccordo_schema::Diagnostic;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::assertion::Signer;
use super::grant::{Grant, Proof, basic_of};
use super::tls::Tls;
use super::token::Tokens;
use super::{Access, Told};
use crate::client::CONNECT_TIMEOUT;
use crate::settings::{http_url, read_authorization};

/// Headers that the protocol itself needs: no setting may name them.
const KEPT: &[&str] = &[
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Reads how the source at `url` knows us; mistakes go to `found`.
pub fn read_access(source: Source<'_>, url: Option<&Url>, found: &mut Vec<Diagnostic>) -> Access {
    let mut headers = HeaderMap::new();
    read_authorization(source, &mut headers, found);
    let mut reading = Reading { url, found, warnings: Vec::new() };
    let auth = source.settings.section("auth");
    reading.one_way(source, auth, url);
    let tls = auth.and_then(|auth| auth.section("tls")).map(|tls| reading.tls(tls)).unwrap_or_default();
    let tokens = auth.and_then(|auth| auth.section("oauth2")).and_then(|oauth2| reading.oauth2(oauth2, &tls));
    if let Some(auth) = auth {
        reading.fixed(auth, &mut headers);
    }
    let query =
        auth.and_then(|auth| auth.section("api_key")).and_then(|key| reading.api_key(key, &mut headers));
    let told = reading.told(source.settings.section("log_headers"));
    let sends = !headers.is_empty() || tokens.is_some() || query.is_some();
    if let Some(url) = url.filter(|url| sends && in_the_clear(url)) {
        let at =
            if auth.is_some() { source.settings.at("auth") } else { source.settings.at("authorization") };
        let at = auth.map_or(at, Settings::entry_at);
        let message = format!(
            "source `{}` is sent credentials over plain http, to `{}`",
            source.name,
            url.host_str().unwrap_or_default()
        );
        reading.warnings.push(
            Diagnostic::warning("AUTH_IN_THE_CLEAR", at, message)
                .help("use `https`: whoever is on the way reads and keeps them"),
        );
    }
    let warnings = reading.warnings.into();
    let connect_timeout = source.settings.millis("connect_timeout_ms").unwrap_or(CONNECT_TIMEOUT);
    Access {
        headers,
        query,
        tokens: tokens.map(|grant| Arc::new(Tokens::new(grant))),
        tls,
        told,
        connect_timeout,
        warnings,
    }
}

struct Reading<'a> {
    url: Option<&'a Url>,
    found: &'a mut Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn wrong(&mut self, settings: &Settings, key: &str, message: String, help: &str) {
        self.found
            .push(Diagnostic::error("SETTING_INVALID", settings.at(key), message).help(help.to_owned()));
    }

    /// The header `Authorization` has one value.
    fn one_way(&mut self, source: Source<'_>, auth: Option<&Settings>, url: Option<&Url>) {
        let mut ways: Vec<&str> = Vec::new();
        ways.extend(source.settings.text("authorization").map(|_| "authorization"));
        let named = ["oauth2", "basic", "bearer"].into_iter();
        ways.extend(named.filter(|name| auth.is_some_and(|auth| auth.section(name).is_some())));
        let in_url = url.is_some_and(|url| !url.username().is_empty() || url.password().is_some());
        ways.extend(in_url.then_some("a user in `url`"));
        if let [first, second, ..] = ways.as_slice() {
            let message = format!("source `{}` has both {first} and {second}", source.name);
            let at = auth.map_or_else(|| source.settings.at("authorization"), Settings::entry_at);
            self.found.push(
                Diagnostic::error("SETTING_INVALID", at, message)
                    .help("keep one: a call has a single header `Authorization`"),
            );
        }
    }

    fn tls(&mut self, settings: &Settings) -> Tls {
        let tls = Tls::read(settings, self.found);
        if tls.is_set() && self.url.is_some_and(|url| url.scheme() != "https") {
            self.wrong(
                settings,
                "certificate",
                "`auth.tls` counts over `https` alone".to_owned(),
                "write `https://` in `url`, or remove `tls`",
            );
        }
        tls
    }

    fn oauth2(&mut self, settings: &Settings, tls: &Tls) -> Option<Grant> {
        let url = settings.text("token_url").and_then(http_url);
        if settings.text("token_url").is_some() && url.is_none() {
            self.wrong(
                settings,
                "token_url",
                "`auth.oauth2.token_url` isn't a whole address".to_owned(),
                "write it as `https://idp.example/token`",
            );
        }
        let proof = self.proof(settings, url.as_ref());
        let (url, client_id, proof) = (url?, settings.text("client_id")?, proof?);
        if in_the_clear(&url) {
            let message =
                "`auth.oauth2.token_url` is plain http: the client's secret is read by whoever is on the way"
                    .to_owned();
            self.warnings.push(
                Diagnostic::warning("AUTH_IN_THE_CLEAR", settings.at("token_url"), message)
                    .help("use `https`"),
            );
        }
        let access = Access { tls: tls.clone(), ..Access::default() };
        let parameters = ["scope", "audience", "resource"].into_iter();
        let parameters = parameters.filter_map(|name| Some((name, settings.text(name)?.into())));
        Some(Grant {
            url,
            client_id: client_id.into(),
            proof,
            parameters: parameters.collect(),
            access,
            client: OnceLock::new(),
        })
    }

    fn proof(&mut self, settings: &Settings, url: Option<&Url>) -> Option<Proof> {
        match (settings.text("client_secret"), settings.text("private_key")) {
            (Some(secret), None) => Some(match settings.text("client_auth") {
                Some("post") => Proof::Post(secret.into()),
                _ => Proof::Basic(secret.into()),
            }),
            (None, Some(pem)) => {
                let algorithm = settings.text("algorithm").unwrap_or("auto");
                let audience =
                    settings.text("assertion_audience").or(url.map(Url::as_str)).unwrap_or_default();
                match Signer::read(pem, algorithm, settings.text("key_id")) {
                    Ok(signer) => Some(Proof::Signed(Box::new(signer), audience.into())),
                    Err(why) => {
                        self.wrong(
                            settings,
                            "private_key",
                            format!("`auth.oauth2.private_key` can't be used: {why}"),
                            "write it as `${file:client.key}`",
                        );
                        None
                    }
                }
            }
            _ => {
                self.wrong(
                    settings,
                    "client_secret",
                    "`auth.oauth2` wants one of `client_secret` and `private_key`".to_owned(),
                    "write `client_secret: \"${env.NAME}\"` or `private_key: \"${file:client.key}\"`",
                );
                None
            }
        }
    }

    /// `basic` and `bearer`.
    fn fixed(&mut self, auth: &Settings, headers: &mut HeaderMap) {
        if let Some(basic) = auth.section("basic") {
            let (user, password) =
                (basic.text("user").unwrap_or_default(), basic.text("password").unwrap_or_default());
            if user.contains(':') {
                self.wrong(
                    basic,
                    "user",
                    "`auth.basic.user` has a colon in it".to_owned(),
                    "basic authentication can't carry it (RFC 7617 §2)",
                );
            }
            headers.extend(basic_of(user, password).ok().map(|value| (AUTHORIZATION, value)));
        }
        if let Some(bearer) = auth.section("bearer") {
            let token = bearer.text("token").unwrap_or_default();
            match secret_value(&format!("Bearer {token}")) {
                Some(value) => drop(headers.insert(AUTHORIZATION, value)),
                None => self.wrong(
                    bearer,
                    "token",
                    "`auth.bearer.token` can't stand in a header".to_owned(),
                    "use visible ASCII characters in one line",
                ),
            }
        }
    }

    /// A key in a header; else the parameter that carries it.
    fn api_key(&mut self, settings: &Settings, headers: &mut HeaderMap) -> Option<(Arc<str>, Arc<str>)> {
        let value = settings.text("value").unwrap_or_default();
        match (settings.text("header"), settings.text("query")) {
            (Some(_), Some(_)) => {
                self.wrong(
                    settings,
                    "query",
                    "`auth.api_key` has both `header` and `query`".to_owned(),
                    "keep the header",
                );
                None
            }
            (None, Some(name)) => {
                let message =
                    format!("the key goes into every URL, as `{name}`: URLs are kept in logs on the way");
                self.warnings.push(
                    Diagnostic::warning("AUTH_IN_URL", settings.at("query"), message)
                        .help("use `header:` if the source takes the key there"),
                );
                Some((name.into(), value.into()))
            }
            (header, None) => {
                let name = self.header_name(settings, "header", header.unwrap_or("X-API-Key"))?;
                match secret_value(value) {
                    Some(value) => drop(headers.insert(name, value)),
                    None => self.wrong(
                        settings,
                        "value",
                        "`auth.api_key.value` can't stand in a header".to_owned(),
                        "use visible ASCII characters in one line",
                    ),
                }
                None
            }
        }
    }

    fn told(&mut self, settings: Option<&Settings>) -> Told {
        let Some(settings) = settings else { return Told { organisation: None, purpose: None, trace: true } };
        let mut name = |key: &'static str| {
            let text = settings.text(key)?;
            let name = self.header_name(settings, key, text)?;
            if name == AUTHORIZATION {
                self.wrong(
                    settings,
                    key,
                    format!("`{key}` can't be told in `Authorization`"),
                    "name a header of its own, as `X-Ente`",
                );
                return None;
            }
            Some(name)
        };
        let (organisation, purpose) = (name("organisation"), name("purpose"));
        Told { organisation, purpose, trace: settings.flag("traceparent").unwrap_or(true) }
    }

    fn header_name(&mut self, settings: &Settings, key: &str, text: &str) -> Option<HeaderName> {
        let name = HeaderName::try_from(text).ok().filter(|name| !KEPT.contains(&name.as_str()));
        if name.is_none() {
            self.wrong(
                settings,
                key,
                format!("`{text}` is no header that `{key}` could be"),
                "name a header that the protocol itself doesn't use, as `X-API-Key`",
            );
        }
        name
    }
}

fn secret_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Over a wire that others may read: plain http to any machine but this one.
fn in_the_clear(url: &Url) -> bool {
    let here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !here
}
