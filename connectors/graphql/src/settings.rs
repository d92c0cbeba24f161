//! A source's settings and mapping in; a checked source, or every mistake in them, out. Opens nothing.

use std::fmt;
use std::sync::Arc;

use raccordo_connector_api::{Checked, Connector, Failure, Key, KeyKind, Source};
use raccordo_connector_web::HeaderMap;
use raccordo_connector_web::settings::{
    Expected, authorization_key, http_url, read_authorization, read_url, url_key,
};
use raccordo_schema::mapping::{From, SourceMapping};
use raccordo_schema::{Diagnostic, Location};
use url::Url;

use crate::connector::Subgraph;
use crate::subscriptions::{Protocol, Subscriber, Subscriptions};

/// The keys of a source of this kind.
pub(crate) const KEYS: &[Key] = &[
    url_key("The subgraph's GraphQL endpoint. A user and password in it are sent as basic authentication."),
    authorization_key(
        "The value of the header `Authorization` of every call, such as `Bearer ${env.TRASPORTI_TOKEN}`.",
    ),
    Key {
        name: "subscriptions",
        kind: KeyKind::Choice(&["sse", "graphql-ws"]),
        required: false,
        doc: "How the subgraph sends the events of subscriptions: `sse`, GraphQL over server-sent events (distinct connections), or `graphql-ws`, a WebSocket of the subprotocol `graphql-transport-ws`.",
    },
    Key {
        name: "subscriptions_url",
        kind: KeyKind::Url(&["http", "https", "ws", "wss"]),
        required: false,
        doc: "Where subscriptions are opened; `url` when not given. `ws` and `wss` say the same as `http` and `https`.",
    },
];

/// What `url` must be.
const ENDPOINT: Expected = Expected {
    what: "the address of a GraphQL endpoint",
    help: "write a whole URL, as `https://trasporti.example/graphql`",
    is_base: false,
};

/// A source that can be connected.
pub(crate) struct CheckedSubgraph {
    url: Url,
    headers: HeaderMap,
    subscriptions: Subscriptions,
}

/// Checks a source.
pub(crate) fn check(source: Source<'_>) -> Result<CheckedSubgraph, Vec<Diagnostic>> {
    let mut mistakes: Vec<Diagnostic> = Vec::new();
    let url = read_url(source, &ENDPOINT, &mut mistakes);
    let mut headers = HeaderMap::new();
    read_authorization(source, &mut headers, &mut mistakes);
    let events_url = match source.settings.text("subscriptions_url") {
        Some(text) => events_url_of(text),
        None => url.clone(),
    };
    if events_url.is_none() && url.is_some() {
        mistakes.push(nowhere(source));
    }
    if source.mapping.uses_connect {
        mistakes.push(mapped(source));
    }
    let protocol = match source.settings.text("subscriptions") {
        Some("graphql-ws") => Protocol::Socket,
        _ => Protocol::Sse,
    };
    match (url, events_url, mistakes.is_empty()) {
        (Some(url), Some(events_url), true) => {
            Ok(CheckedSubgraph { url, headers, subscriptions: Subscriptions { protocol, url: events_url } })
        }
        _ => Err(mistakes),
    }
}

/// An address as HTTP writes it: a WebSocket's begins as a request.
fn events_url_of(text: &str) -> Option<Url> {
    let text = match text.split_once("://") {
        Some(("ws", rest)) => format!("http://{rest}"),
        Some(("wss", rest)) => format!("https://{rest}"),
        _ => text.to_owned(),
    };
    http_url(&text)
}

fn nowhere(source: Source<'_>) -> Diagnostic {
    let message = format!("`subscriptions_url` of source `{}` isn't a whole address", source.name);
    Diagnostic::error("SETTING_INVALID", source.settings.at("subscriptions_url"), message)
        .help("write a whole URL, as `wss://trasporti.example/graphql`, or leave it out where it is the same as `url`")
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
        let subscriber = Subscriber::new(self.subscriptions.clone(), self.headers.clone());
        Ok(Arc::new(Subgraph::open(&self.url, &self.headers, subscriber)?))
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
            member: None,
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
    fn subscriptions_have_an_address_of_their_own_where_it_is_given() {
        let at = |text| events_url_of(text).map(|url| url.to_string());
        assert_eq!(
            at("wss://trasporti.example/graphql").as_deref(),
            Some("https://trasporti.example/graphql")
        );
        assert_eq!(at("ws://127.0.0.1:4001/").as_deref(), Some("http://127.0.0.1:4001/"));
        assert_eq!(at("https://trasporti.example/").as_deref(), Some("https://trasporti.example/"));
        assert_eq!((at("ftp://x"), at("wss://"), at("graphql")), (None, None, None));
        let with = |text| [("url", "https://trasporti.example/graphql"), ("subscriptions_url", text)];
        assert_eq!(mistakes(&with("wss://trasporti.example/eventi"), false), [""; 0]);
        assert_eq!(mistakes(&with("wss:///"), false), ["raccordo.yaml SETTING_INVALID"]);
    }

    #[test]
    fn a_checked_source_prints_no_secret() {
        let url = Url::parse("https://user:secret@x.example/").unwrap();
        let subscriptions = Subscriptions { protocol: Protocol::Sse, url: url.clone() };
        let checked = CheckedSubgraph { url, headers: HeaderMap::new(), subscriptions };
        assert!(!format!("{checked:?}").contains("secret"));
    }
}
