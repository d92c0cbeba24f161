//! A source's settings in; where its server is and what every call carries, or every mistake in them, out.

use raccordo_connector_api::{Key, Source};
use raccordo_connector_web::HeaderMap;
use raccordo_connector_web::settings::{Expected, authorization_key, read_authorization, read_url, url_key};
use raccordo_schema::Diagnostic;
use url::Url;

/// The keys of a source of this kind.
pub(crate) const KEYS: &[Key] = &[
    url_key(
        "The base of the FHIR R4 server, below which `Patient` and `metadata` are. A user and password in it are sent as basic authentication.",
    ),
    authorization_key(
        "The value of the header `Authorization` of every call, such as `Bearer ${env.ASL_TOKEN}`.",
    ),
];

/// What `url` must be.
const BASE: Expected = Expected {
    what: "the base of a FHIR server",
    help: "write a whole URL without `?` and `#`, as `https://fhir.asl.example/r4`",
    is_base: true,
};

/// Where the server is, and what every call carries.
#[derive(Clone)]
pub(crate) struct Address {
    /// Ends in a slash.
    pub(crate) base: Url,
    pub(crate) headers: HeaderMap,
}

/// Reads the settings; mistakes go to `found`.
pub(crate) fn read(source: Source<'_>, found: &mut Vec<Diagnostic>) -> Option<Address> {
    let base = read_url(source, &BASE, found).map(ending_in_slash);
    let mut headers = HeaderMap::new();
    read_authorization(source, &mut headers, found);
    Some(Address { base: base?, headers })
}

/// What is joined to an address takes the place of what stands behind its last slash.
fn ending_in_slash(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use raccordo_connector_api::{SettingValue, Settings};
    use raccordo_schema::Location;
    use raccordo_schema::mapping::SourceMapping;

    use super::*;

    fn base(text: &str) -> Option<String> {
        let at = Location::file("raccordo.yaml");
        let settings = Settings::new(at.clone()).with("url", SettingValue::Text(text.into()), at);
        let mapping = Arc::new(SourceMapping {
            source: "asl".into(),
            member: None,
            file: "asl.graphql".into(),
            types: Default::default(),
            queries: Default::default(),
            mutations: Default::default(),
            enums: Default::default(),
            uses_connect: true,
        });
        let (mut found, source) =
            (Vec::new(), Source { name: "asl", settings: &settings, mapping: &mapping });
        let read = read(source, &mut found).map(|address| address.base.to_string());
        assert_eq!(found.len(), usize::from(read.is_none()));
        read
    }

    #[test]
    fn a_base_ends_in_a_slash_and_has_no_query() {
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
