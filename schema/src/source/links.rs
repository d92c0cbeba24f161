//! A source's `@link`s in; what each of its directives' names means out. Reads the schema definition only.
//!
//! The rules are those of Apollo's core/link specification: a link brings its own directive under the link's name (`@connect`),
//! the others under `@connect__from`, and `import:` gives shorter or other names.

use std::sync::LazyLock;

use apollo_compiler::Node;
use apollo_compiler::Schema;
use apollo_compiler::ast::{Directive, Value};
use rustc_hash::FxHashMap;

use super::document::Places;
use super::{CONNECT_URL, CONNECT_VERSION};
use crate::suggest::known_words;
use crate::{CONNECT_SDL, Diagnostic};

/// What a directive's name means in this source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A directive of the connector vocabulary, by its own name there.
    Connect(&'static str),
    /// A directive of Federation, by its own name there.
    Federation(&'static str),
}

/// What the names of a source's directives mean.
#[derive(Debug, Default)]
pub(crate) struct Links {
    meanings: FxHashMap<String, Meaning>,
    /// The connector vocabulary is linked.
    pub(crate) connect: bool,
    /// Federation 2 is linked. Without it the source is read as Federation 1, whose directives need no link.
    pub(crate) federation: bool,
    /// Namespaces of links to other specifications; their directives are not ours to check.
    foreign: Vec<String>,
}

/// The connector vocabulary, parsed once.
pub(crate) static VOCABULARY: LazyLock<Schema> = LazyLock::new(|| schema_of(CONNECT_SDL));

/// Federation's directives, parsed once.
pub(crate) static FEDERATION: LazyLock<Schema> =
    LazyLock::new(|| schema_of(include_str!("../federation.graphql")));

/// A text of ours that is known to parse; a test holds that it does.
fn schema_of(sdl: &str) -> Schema {
    Schema::builder()
        .adopt_orphan_extensions()
        .parse(sdl, "vocabulary.graphql")
        .build()
        .unwrap_or_else(|found| found.partial)
}

impl Links {
    /// What `@name` means here, if it is of the vocabulary or of Federation.
    pub(crate) fn meaning(&self, name: &str) -> Option<Meaning> {
        self.meanings.get(name).copied()
    }

    /// Whether `directive` is Federation's `@name`.
    pub(crate) fn is_federation(&self, directive: &Directive, name: &str) -> bool {
        self.meaning(&directive.name) == Some(Meaning::Federation(own(&FEDERATION, name)))
    }

    /// Whether `directive` is the vocabulary's `@name`.
    pub(crate) fn is_connect(&self, directive: &Directive, name: &str) -> bool {
        self.meaning(&directive.name) == Some(Meaning::Connect(own(&VOCABULARY, name)))
    }

    /// Whether a name belongs to another linked specification.
    pub(crate) fn is_foreign(&self, name: &str) -> bool {
        self.foreign.iter().any(|space| {
            name == space || name.strip_prefix(space.as_str()).is_some_and(|rest| rest.starts_with("__"))
        })
    }

    /// Federation's directives under the names they have here: `(here, there)`.
    pub(crate) fn federation_names(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.meanings.iter().filter_map(|(here, meaning)| match meaning {
            Meaning::Federation(there) => Some((here.as_str(), *there)),
            Meaning::Connect(_) => None,
        })
    }
}

/// The name as the vocabulary itself holds it, empty when it has none such.
fn own(vocabulary: &'static Schema, name: &str) -> &'static str {
    vocabulary.directive_definitions.get_key_value(name).map_or("", |(name, _)| name.as_str())
}

/// Reads every `@link` of the schema definition and its extensions.
pub(crate) fn read_links(schema: &Schema, places: &Places, found: &mut Vec<Diagnostic>) -> Links {
    let mut links = Links::default();
    links.meanings.insert("link".to_owned(), Meaning::Federation("link"));
    for directive in schema.schema_definition.directives.iter().filter(|d| d.name == "link") {
        if let Some(link) = Link::read(&directive.node, places, found) {
            link.bind(&mut links, places, found);
        }
    }
    if !links.federation {
        for name in ours(&FEDERATION) {
            links.meanings.insert(name.to_owned(), Meaning::Federation(name));
        }
    }
    links
}

/// The directives that a vocabulary of ours defines.
fn ours(vocabulary: &'static Schema) -> impl Iterator<Item = &'static str> {
    vocabulary
        .directive_definitions
        .iter()
        .filter(|(_, definition)| !definition.is_built_in())
        .map(|(name, _)| name.as_str())
}

/// One `@link`.
struct Link<'a> {
    at: &'a Node<Directive>,
    url: &'a str,
    /// The specification's address without its version.
    identity: &'a str,
    version: &'a str,
    namespace: &'a str,
    imports: Vec<(&'a str, &'a str, &'a Node<Value>)>,
}

impl<'a> Link<'a> {
    fn read(at: &'a Node<Directive>, places: &Places, found: &mut Vec<Diagnostic>) -> Option<Self> {
        let text = |name| at.specified_argument_by_name(name).and_then(|value| value.as_str());
        // Where `url` is missing or no text, GraphQL's own rules say so.
        let url = text("url")?;
        let (identity, version) = match url.trim_end_matches('/').rsplit_once('/') {
            Some((identity, version)) if is_version(version) => (identity, version),
            _ => (url, ""),
        };
        let last = identity.rsplit('/').next().unwrap_or(identity);
        let imports = at
            .specified_argument_by_name("import")
            .and_then(|value| value.as_list())
            .into_iter()
            .flatten()
            .filter_map(|item| import(item, places, found))
            .collect();
        Some(Self { at, url, identity, version, namespace: text("as").unwrap_or(last), imports })
    }

    fn bind(&self, links: &mut Links, places: &Places, found: &mut Vec<Diagnostic>) {
        if self.identity == CONNECT_URL {
            links.connect = true;
            if self.version != CONNECT_VERSION {
                found.push(
                    Diagnostic::error(
                        "UNKNOWN_LINK_VERSION",
                        places.at(self.at),
                        format!("`{}` is not a version of the connector vocabulary", self.url),
                    )
                    .help(format!("this version reads \"{CONNECT_URL}/{CONNECT_VERSION}\"")),
                );
            }
            self.bind_names(links, &VOCABULARY, Meaning::Connect, places, found);
        } else if self.identity == "https://specs.apollo.dev/federation" {
            links.federation = true;
            if !self.version.starts_with("v2.") {
                found.push(
                    Diagnostic::error(
                        "UNKNOWN_LINK_VERSION",
                        places.at(self.at),
                        format!("`{}` is not a version of Federation 2", self.url),
                    )
                    .help("link \"https://specs.apollo.dev/federation/v2.9\", or leave the link out for Federation 1"),
                );
            }
            self.bind_names(links, &FEDERATION, Meaning::Federation, places, found);
        } else {
            self.bind_foreign(links);
        }
    }

    fn bind_names(
        &self,
        links: &mut Links,
        vocabulary: &'static Schema,
        meaning: fn(&'static str) -> Meaning,
        places: &Places,
        found: &mut Vec<Diagnostic>,
    ) {
        for name in ours(vocabulary).filter(|name| *name != "link") {
            let here =
                if name == self.namespace { name.to_owned() } else { format!("{}__{name}", self.namespace) };
            links.meanings.insert(here, meaning(name));
        }
        if meaning("") == Meaning::Connect("") && self.namespace != "connect" {
            links.meanings.insert(self.namespace.to_owned(), meaning("connect"));
        }
        for (there, here, at) in &self.imports {
            let Some(name) = there.strip_prefix('@') else { continue };
            match ours(vocabulary).find(|known| *known == name) {
                Some(known) => {
                    links.meanings.insert(here.trim_start_matches('@').to_owned(), meaning(known));
                }
                None => found.push(unknown_import(there, name, vocabulary, places.at(at))),
            }
        }
    }

    fn bind_foreign(&self, links: &mut Links) {
        links.foreign.push(self.namespace.to_owned());
        for (_, here, _) in &self.imports {
            links.foreign.push(here.trim_start_matches('@').to_owned());
        }
    }
}

fn unknown_import(there: &str, name: &str, vocabulary: &'static Schema, at: crate::Location) -> Diagnostic {
    Diagnostic::error("INVALID_LINK_IMPORT", at, format!("`{there}` is not in what this `@link` names"))
        .help(known_words(name, ours(vocabulary)))
}

/// `"@key"` or `{ name: "@key", as: "@chiave" }`: the name there and here.
fn import<'a>(
    item: &'a Node<Value>,
    places: &Places,
    found: &mut Vec<Diagnostic>,
) -> Option<(&'a str, &'a str, &'a Node<Value>)> {
    let (there, here) = match item.as_ref() {
        Value::String(name) => (name.as_str(), name.as_str()),
        Value::Object(members) => {
            let text = |name: &str| members.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.as_str());
            (text("name").unwrap_or(""), text("as").or(text("name")).unwrap_or(""))
        }
        _ => ("", ""),
    };
    if there.is_empty() || there.starts_with('@') != here.starts_with('@') {
        found.push(
            Diagnostic::error("INVALID_LINK_IMPORT", places.at(item), "an import of `@link` can't be read")
                .help("write \"@key\" or { name: \"@key\", as: \"@chiave\" }"),
        );
        return None;
    }
    Some((there, here, item))
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(major, minor)| {
        [major, minor].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_texts_parse_whole() {
        for sdl in [CONNECT_SDL, include_str!("../federation.graphql")] {
            let built = Schema::builder().adopt_orphan_extensions().parse(sdl, "vocabulary.graphql").build();
            assert!(built.is_ok(), "{}", built.err().map(|e| e.errors.to_string()).unwrap_or_default());
        }
        assert_eq!(ours(&VOCABULARY).collect::<Vec<_>>(), ["connect", "from", "personal", "subject", "code"]);
    }

    #[test]
    fn versions_are_told_from_names() {
        assert!(is_version("v2.9") && is_version("v0.1"));
        assert!(!is_version("v2") && !is_version("federation") && !is_version("v.1") && !is_version("v1.x"));
    }
}
