//! A source's settings in; its address and headers, or every mistake in them, out.

use raccordo_connector_api::{Key, KeyKind, Source};
use raccordo_connector_web::{HeaderMap, HeaderName, HeaderValue, header};
use raccordo_schema::Diagnostic;
use url::Url;

/// The keys of a source of this kind.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "url",
        kind: KeyKind::Url(&["http", "https"]),
        required: true,
        doc: "The address below which the paths of `@connect(http:)` are. A user and password in it are sent as basic authentication.",
    },
    Key {
        name: "authorization",
        kind: KeyKind::Secret,
        required: false,
        doc: "The value of the header `Authorization` of every call, such as `Bearer ${env.SERVIZI_TOKEN}`.",
    },
    Key {
        name: "api_key",
        kind: KeyKind::Secret,
        required: false,
        doc: "The value of the header `X-API-Key` of every call, such as `${env.SERVIZI_KEY}`.",
    },
];

/// Where a source is, and what goes with every call. May hold secrets: no `Debug`.
pub(crate) struct Address {
    /// Without a slash at its end, without query and fragment.
    pub(crate) base: Url,
    pub(crate) headers: HeaderMap,
}

/// Reads the settings; mistakes go to `found`.
pub(crate) fn read(source: Source<'_>, found: &mut Vec<Diagnostic>) -> Option<Address> {
    let text = source.settings.text("url").unwrap_or_default();
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let base = url.filter(|url| url.query().is_none() && url.fragment().is_none());
    if base.is_none() {
        let message = format!("`url` of source `{}` isn't the address of an API", source.name);
        let help = "write a whole URL without a query, as `https://servizi.example/hsds`";
        found.push(Diagnostic::error("SETTING_INVALID", source.settings.at("url"), message).help(help));
    }
    let mut headers = HeaderMap::new();
    secret(source, "authorization", header::AUTHORIZATION, &mut headers, found);
    secret(source, "api_key", HeaderName::from_static("x-api-key"), &mut headers, found);
    Some(Address { base: base?, headers })
}

fn secret(
    source: Source<'_>,
    key: &'static str,
    name: HeaderName,
    headers: &mut HeaderMap,
    found: &mut Vec<Diagnostic>,
) {
    let Some(text) = source.settings.text(key) else { return };
    match HeaderValue::from_str(text) {
        Ok(mut value) => {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Err(_) => {
            let message = format!("`{key}` of source `{}` can't be the value of a header", source.name);
            found.push(
                Diagnostic::error("SETTING_INVALID", source.settings.at(key), message)
                    .help("use visible ASCII characters in one line, as `${env.NAME}`"),
            );
        }
    }
}
