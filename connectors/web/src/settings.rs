//! The settings that every kind over HTTP has in; an address and the headers of every call, or every mistake in them, out.

use raccordo_connector_api::{Key, KeyKind, Source};
use raccordo_schema::Diagnostic;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

/// The address. `doc` says what is there.
pub const fn url_key(doc: &'static str) -> Key {
    Key { name: "url", kind: KeyKind::Url(&["http", "https"]), required: true, doc }
}

/// The header `Authorization` of every call. `doc` gives an example.
pub const fn authorization_key(doc: &'static str) -> Key {
    Key { name: "authorization", kind: KeyKind::Secret, required: false, doc }
}

/// What an address must be, in the words of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// What it is the address of: `the base of a FHIR server`.
    pub what: &'static str,
    /// What to write.
    pub help: &'static str,
    /// Paths are put below it, so that it may have no query and no fragment.
    pub is_base: bool,
}

/// Reads `url`; a mistake goes to `found`.
pub fn read_url(source: Source<'_>, expected: &Expected, found: &mut Vec<Diagnostic>) -> Option<Url> {
    let url = http_url(source.settings.text("url").unwrap_or_default());
    let url = url.filter(|url| !expected.is_base || (url.query().is_none() && url.fragment().is_none()));
    if url.is_none() {
        let message = format!("`url` of source `{}` isn't {}", source.name, expected.what);
        let at = source.settings.at("url");
        found.push(Diagnostic::error("SETTING_INVALID", at, message).help(expected.help));
    }
    url
}

/// A whole address of a server that speaks HTTP.
pub fn http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Reads `authorization`; a mistake goes to `found`.
pub fn read_authorization(source: Source<'_>, headers: &mut HeaderMap, found: &mut Vec<Diagnostic>) {
    read_secret(source, "authorization", AUTHORIZATION, "`Bearer ${env.NAME}`", headers, found);
}

/// Reads a secret that is sent as a header, where it is given; a mistake goes to `found`. `example` is what to write.
pub fn read_secret(
    source: Source<'_>,
    key: &'static str,
    name: HeaderName,
    example: &str,
    headers: &mut HeaderMap,
    found: &mut Vec<Diagnostic>,
) {
    let Some(text) = source.settings.text(key) else { return };
    if let Ok(mut value) = HeaderValue::from_str(text) {
        value.set_sensitive(true);
        headers.insert(name, value);
        return;
    }
    let message = format!("`{key}` of source `{}` can't be the value of a header", source.name);
    let help = format!("use visible ASCII characters in one line, as {example}");
    found.push(Diagnostic::error("SETTING_INVALID", source.settings.at(key), message).help(help));
}
