//! Kinds that check nothing beyond their keys, so that the configuration's own rules are tested alone.

use std::sync::Arc;

use raccordo_connector_api::{Checked, Connector, Failure, FailureKind, Key, KeyKind, Kind, Source};
use raccordo_schema::Diagnostic;

/// A kind with a name and keys.
pub(crate) struct Plain(&'static str, &'static [Key]);

struct Nothing;

impl Checked for Nothing {
    fn open(&self) -> Result<Arc<dyn Connector>, Failure> {
        Err(Failure::new(FailureKind::Unreachable, "it is a test"))
    }
}

impl Kind for Plain {
    fn name(&self) -> &'static str {
        self.0
    }

    fn keys(&self) -> &'static [Key] {
        self.1
    }

    fn check(&self, source: Source<'_>) -> Result<Arc<dyn Checked>, Vec<Diagnostic>> {
        match source.settings.text("url") {
            Some(url) if url.contains("refused") => Err(vec![Diagnostic::error(
                "KIND",
                source.settings.at("url"),
                "the kind refuses this address",
            )]),
            _ => Ok(Arc::new(Nothing)),
        }
    }
}

const fn url(schemes: &'static [&'static str]) -> Key {
    Key { name: "url", kind: KeyKind::Url(schemes), required: true, doc: "Where the source is." }
}

const SECRET: Key = Key {
    name: "authorization",
    kind: KeyKind::Secret,
    required: false,
    doc: "The header `Authorization` of every call.",
};

const POOL: Key = Key {
    name: "connections",
    kind: KeyKind::Integer { min: 1, max: 100, default: 8 },
    required: false,
    doc: "Connections that may be open together.",
};

/// The kinds of this version, with keys like theirs.
pub(crate) static KINDS: [Plain; 4] = [
    Plain("graphql", &[url(&["http", "https"]), SECRET]),
    Plain("sql", &[url(&["sqlite", "postgres"]), POOL]),
    Plain("fhir", &[url(&["http", "https"]), SECRET]),
    Plain("http", &[url(&["http", "https"]), SECRET]),
];

/// The same as the loader takes them.
pub(crate) fn kinds() -> Vec<&'static dyn Kind> {
    KINDS.iter().map(|kind| kind as &dyn Kind).collect()
}
