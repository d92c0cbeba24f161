//! A source's settings in; its address and headers, or every mistake in them, out.

use raccordo_connector_api::{Key, KeyKind, Source};
use raccordo_connector_web::settings::{
    Expected, authorization_key, read_authorization, read_secret, read_url, url_key,
};
use raccordo_connector_web::{HeaderMap, HeaderName};
use raccordo_schema::Diagnostic;
use url::Url;

/// The keys of a source of this kind.
pub(crate) const KEYS: &[Key] = &[
    url_key(
        "The address below which the paths of `@connect(http:)` are. A user and password in it are sent as basic authentication.",
    ),
    authorization_key(
        "The value of the header `Authorization` of every call, such as `Bearer ${env.SERVIZI_TOKEN}`.",
    ),
    Key {
        name: "api_key",
        kind: KeyKind::Secret,
        required: false,
        doc: "The value of the header `X-API-Key` of every call, such as `${env.SERVIZI_KEY}`.",
    },
];

/// What `url` must be.
const BASE: Expected = Expected {
    what: "the address of an API",
    help: "write a whole URL without a query, as `https://servizi.example/hsds`",
    is_base: true,
};

/// Where a source is, and what goes with every call. May hold secrets: no `Debug`.
pub(crate) struct Address {
    /// Without a slash at its end, without query and fragment.
    pub(crate) base: Url,
    pub(crate) headers: HeaderMap,
}

/// Reads the settings; mistakes go to `found`.
pub(crate) fn read(source: Source<'_>, found: &mut Vec<Diagnostic>) -> Option<Address> {
    let base = read_url(source, &BASE, found);
    let mut headers = HeaderMap::new();
    read_authorization(source, &mut headers, found);
    let api_key = HeaderName::from_static("x-api-key");
    read_secret(source, "api_key", api_key, "`${env.NAME}`", &mut headers, found);
    Some(Address { base: base?, headers })
}
