//! A source's settings and mapping in; a checked source, or every mistake in them, out. Opens nothing.

use std::fmt;
use std::sync::Arc;

use raccordo_connector_api::{Checked, Connector, Failure, Key, KeyKind, Source};
use raccordo_connector_web::{HeaderMap, HeaderValue, header};
use raccordo_schema::mapping::{From, SourceMapping};
use raccordo_schema::{Diagnostic, Location};
use url::Url;

use crate::connector::Subgraph;

/// The keys of a source of this kind.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "url",
        kind: KeyKind::Url(&["http", "https"]),
        required: true,
        doc: "The subgraph's GraphQL endpoint. A user and password in it are sent as basic authentication.",
    },
    Key {
        name: "authorization",
        kind: KeyKind::Secret,
        required: false,
        doc: "The value of the header `Authorization` of every call, such as `Bearer ${env.TRASPORTI_TOKEN}`.",
    },
];

/// A source that can be connected.
pub(crate) struct CheckedSubgraph {
    url: Url,
    headers: HeaderMap,
}

/// Checks a source.
pub(crate) fn check(source: Source<'_>) -> Result<CheckedSubgraph, Vec<Diagnostic>> {
    let mut mistakes: Vec<Diagnostic> = Vec::new();
    let text = source.settings.text("url").unwrap_or_default();
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if url.is_none() {
        let message = format!("`url` of source `{}` isn't the address of a GraphQL endpoint", source.name);
        let help = "write a whole URL, as `https://trasporti.example/graphql`";
        mistakes.push(Diagnostic::error("SETTING_INVALID", source.settings.at("url"), message).help(help));
    }
    let mut headers = HeaderMap::new();
    if let Some(secret) = source.settings.text("authorization") {
        match HeaderValue::from_str(secret) {
            Ok(mut value) => {
                value.set_sensitive(true);
                headers.insert(header::AUTHORIZATION, value);
            }
            Err(_) => mistakes.push(unsendable(source)),
        }
    }
    if source.mapping.uses_connect {
        mistakes.push(mapped(source));
    }
    match (url, mistakes.is_empty()) {
        (Some(url), true) => Ok(CheckedSubgraph { url, headers }),
        _ => Err(mistakes),
    }
}

fn unsendable(source: Source<'_>) -> Diagnostic {
    let message = format!("`authorization` of source `{}` can't be the value of a header", source.name);
    Diagnostic::error("SETTING_INVALID", source.settings.at("authorization"), message)
        .help("use visible ASCII characters in one line, as `Bearer ${env.NAME}`")
}

fn mapped(source: Source<'_>) -> Diagnostic {
    let at = first_connected(source.mapping).unwrap_or_else(|| Location::file(source.mapping.file.clone()));
    let message = format!(
        "source `{}` is of kind `graphql`: a subgraph answers in its own schema, `@connect` and `@from` have no meaning here",
        source.name
    );
    Diagnostic::error("CONNECT_KIND_MISMATCH", at, message)
        .help("remove them, or give the source the kind that they are for")
}

/// Where the file first says how something is connected.
fn first_connected(mapping: &SourceMapping) -> Option<Location> {
    let of_types = mapping.types.values().flat_map(|found| {
        found.connect.iter().map(|connect| &connect.at).chain(found.fields.values().filter_map(connected))
    });
    let roots = mapping.queries.values().chain(mapping.mutations.values()).filter_map(connected);
    of_types.chain(roots).min().cloned()
}

fn connected(field: &raccordo_schema::mapping::FieldMapping) -> Option<&Location> {
    match (&field.connect, &field.from) {
        (Some(connect), _) => Some(&connect.at),
        (None, From::Name) => None,
        (None, _) => Some(&field.at),
    }
}

impl Checked for CheckedSubgraph {
    fn open(&self) -> Result<Arc<dyn Connector>, Failure> {
        Ok(Arc::new(Subgraph::open(self.url.clone(), self.headers.clone())?))
    }
}

impl fmt::Debug for CheckedSubgraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may carry a password.
        f.write_str("CheckedSubgraph([withheld])")
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use raccordo_connector_api::{SettingValue, Settings};

    use super::*;

    fn mistakes(entries: &[(&'static str, &str)], uses_connect: bool) -> Vec<String> {
        let at = Location::file("raccordo.yaml");
        let settings = entries.iter().fold(Settings::new(at.clone()), |settings, (name, text)| {
            settings.with(name, SettingValue::Text((*text).into()), at.clone())
        });
        let mapping = Arc::new(SourceMapping {
            source: "trasporti".into(),
            file: "trasporti.graphql".into(),
            types: IndexMap::new(),
            queries: IndexMap::new(),
            mutations: IndexMap::new(),
            enums: IndexMap::new(),
            uses_connect,
        });
        match check(Source { name: "trasporti", settings: &settings, mapping: &mapping }) {
            Ok(_) => Vec::new(),
            Err(mistakes) => {
                mistakes.iter().map(|mistake| format!("{} {}", mistake.at, mistake.rule)).collect()
            }
        }
    }

    #[test]
    fn good_settings_pass_and_every_mistake_is_told_at_once() {
        let good = [("url", "https://trasporti.example/graphql"), ("authorization", "Bearer abc")];
        assert_eq!(mistakes(&good, false), [""; 0]);
        let bad = [("url", "ftp://x"), ("authorization", "two\nlines")];
        assert_eq!(
            mistakes(&bad, true),
            [
                "raccordo.yaml SETTING_INVALID",
                "raccordo.yaml SETTING_INVALID",
                "trasporti.graphql CONNECT_KIND_MISMATCH"
            ]
        );
    }

    #[test]
    fn a_checked_source_prints_no_secret() {
        let url = Url::parse("https://user:secret@x.example/").unwrap();
        assert!(!format!("{:?}", CheckedSubgraph { url, headers: HeaderMap::new() }).contains("secret"));
    }
}
