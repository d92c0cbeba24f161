//! A source's settings in; where its server is and what every call carries, or every mistake in them, out.

use raccordo_connector_api::{Key, KeyKind, Source};
use raccordo_connector_web::{HeaderMap, HeaderValue, header};
use raccordo_schema::Diagnostic;
use url::Url;

/// The keys of a source of this kind.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "url",
        kind: KeyKind::Url(&["http", "https"]),
        required: true,
        doc: "The base of the FHIR R4 server, below which `Patient` and `metadata` are. A user and password in it are sent as basic authentication.",
    },
    Key {
        name: "authorization",
        kind: KeyKind::Secret,
        required: false,
        doc: "The value of the header `Authorization` of every call, such as `Bearer ${env.ASL_TOKEN}`.",
    },
];

/// Where the server is, and what every call carries.
#[derive(Clone)]
pub(crate) struct Address {
    /// Ends in a slash.
    pub(crate) base: Url,
    pub(crate) headers: HeaderMap,
}

/// Reads the settings; mistakes go to `found`.
pub(crate) fn read(source: Source<'_>, found: &mut Vec<Diagnostic>) -> Option<Address> {
    let base = base(source.settings.text("url").unwrap_or_default());
    if base.is_none() {
        let message = format!("`url` of source `{}` isn't the base of a FHIR server", source.name);
        let help = "write a whole URL without `?` and `#`, as `https://fhir.asl.example/r4`";
        found.push(Diagnostic::error("SETTING_INVALID", source.settings.at("url"), message).help(help));
    }
    let mut headers = HeaderMap::new();
    if let Some(secret) = source.settings.text("authorization") {
        match HeaderValue::from_str(secret) {
            Ok(mut value) => {
                value.set_sensitive(true);
                headers.insert(header::AUTHORIZATION, value);
            }
            Err(_) => {
                let message =
                    format!("`authorization` of source `{}` can't be the value of a header", source.name);
                let help = "use visible ASCII characters in one line, as `Bearer ${env.NAME}`";
                let at = source.settings.at("authorization");
                found.push(Diagnostic::error("SETTING_INVALID", at, message).help(help));
            }
        }
    }
    base.map(|base| Address { base, headers })
}

fn base(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    let plain = url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
        return None;
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_base_ends_in_a_slash_and_has_no_query() {
        let base = |text| super::base(text).map(|url| url.to_string());
        assert_eq!(base("https://asl.example/r4").as_deref(), Some("https://asl.example/r4/"));
        assert_eq!(base("http://127.0.0.1:8080").as_deref(), Some("http://127.0.0.1:8080/"));
        for wrong in [
            "",
            "asl.example/r4",
            "ftp://asl.example",
            "https://asl.example/r4?x=1",
            "https://asl.example/#r4",
        ] {
            assert_eq!(base(wrong), None, "{wrong}");
        }
    }
}
