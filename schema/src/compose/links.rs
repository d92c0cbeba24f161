//! A source's `@link`s: which specification a directive or type name of the file belongs to.
//!
//! In: the schema definition's and extensions' directives. Out: `Links`, that resolves a local name to an element. It never
//! judges how an element is used.

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Directive, Document, Value};
use rustc_hash::FxHashMap;

/// The address of the specification of `@link` itself.
const LINK_SPEC: &str = "https://specs.apollo.dev/link";
/// The address of Raccordo's connector vocabulary, without its version.
pub(crate) const CONNECT_SPEC: &str = "https://raccordo.example/connect";

/// Directives of Federation v1, known without a link.
const V1_DIRECTIVES: [&str; 8] =
    ["key", "external", "requires", "provides", "extends", "tag", "inaccessible", "link"];

/// Specifications whose elements Federation composes, besides `federation` itself.
const FEDERATION_FAMILY: [&str; 9] = [
    "federation",
    "link",
    "core",
    "join",
    "tag",
    "inaccessible",
    "authenticated",
    "requiresScopes",
    "policy",
];

/// What `federation` v2 exports, all versions together.
const FEDERATION_ELEMENTS: [&str; 24] = [
    "@key",
    "@requires",
    "@provides",
    "@external",
    "@tag",
    "@extends",
    "@shareable",
    "@inaccessible",
    "@override",
    "@composeDirective",
    "@interfaceObject",
    "@authenticated",
    "@requiresScopes",
    "@policy",
    "@context",
    "@fromContext",
    "@cost",
    "@listSize",
    "@cacheTag",
    "@link",
    "FieldSet",
    "Scope",
    "Policy",
    "ContextFieldValue",
];

/// Who defines a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spec {
    /// Federation and the small specifications around it.
    Federation,
    /// Raccordo's connectors.
    Connect,
    /// Somebody else's specification, by the link's place.
    Foreign(usize),
    /// The file itself, or GraphQL.
    Own,
}

/// One `@link`.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// The address without the version.
    pub(crate) identity: String,
    /// The version as written, `v1.0`; empty when the address has none.
    pub(crate) version: String,
    /// The address as written.
    pub(crate) url: String,
    /// The prefix of elements that aren't imported.
    pub(crate) namespace: String,
    /// Local name to the specification's name; directives with `@`.
    imports: Vec<(String, String)>,
}

impl Link {
    fn spec(&self, place: usize) -> Spec {
        if self.identity == CONNECT_SPEC {
            return Spec::Connect;
        }
        let family = self.identity.strip_prefix("https://specs.apollo.dev/");
        match family {
            Some("cost") => Spec::Federation,
            Some(name) if FEDERATION_FAMILY.contains(&name) => Spec::Federation,
            _ => Spec::Foreign(place),
        }
    }

    /// The name under which the specification itself knows its main element: the last part of its address.
    fn main_element(&self) -> &str {
        self.identity.rsplit('/').next().unwrap_or_default()
    }
}

/// All links of a file.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: Vec<Link>,
    imported: FxHashMap<String, (usize, String)>,
    /// The local name of `@link`.
    link_name: String,
}

impl Links {
    /// Reads the links off a document.
    pub(crate) fn read(document: &Document) -> Self {
        let applied: Vec<&Node<Directive>> =
            document.definitions.iter().flat_map(schema_directives).collect();
        let link_name = local_name_of_link(&applied);
        let links: Vec<Link> =
            applied.iter().filter(|d| d.name == link_name.as_str()).filter_map(|d| read_link(d)).collect();
        let mut imported = FxHashMap::default();
        for (place, link) in links.iter().enumerate() {
            for (local, original) in &link.imports {
                imported.insert(local.clone(), (place, original.clone()));
            }
        }
        Self { links, imported, link_name }
    }

    /// The link to Federation v2, when there is one: what makes a file v2.
    pub(crate) fn is_v2(&self) -> bool {
        self.links
            .iter()
            .any(|link| link.identity == "https://specs.apollo.dev/federation" && link.version != "v1.0")
    }

    /// Names imported from `federation` that it doesn't have.
    pub(crate) fn unknown_imports(&self) -> impl Iterator<Item = &str> {
        let federation =
            self.links.iter().filter(|link| link.identity == "https://specs.apollo.dev/federation");
        let imported = federation.flat_map(|link| link.imports.iter().map(|(_, original)| original.as_str()));
        imported.filter(|name| !FEDERATION_ELEMENTS.contains(name))
    }

    /// A link by its place.
    pub(crate) fn link(&self, place: usize) -> Option<&Link> {
        self.links.get(place)
    }

    /// What a directive's local name (without `@`) stands for: whose it is and its name there.
    pub(crate) fn directive(&self, name: &str) -> (Spec, String) {
        if name == self.link_name || name == "core" {
            return (Spec::Federation, "link".to_owned());
        }
        if let Some((place, original)) = self.imported.get(&format!("@{name}")) {
            let original = original.trim_start_matches('@').to_owned();
            return (self.spec_at(*place), original);
        }
        if let Some(found) = self.namespaced(name) {
            return found;
        }
        let main = self.links.iter().enumerate().find(|(_, link)| link.namespace == name);
        if let Some((place, link)) = main {
            return (link.spec(place), link.main_element().to_owned());
        }
        if !self.is_v2() && V1_DIRECTIVES.contains(&name) {
            return (Spec::Federation, name.to_owned());
        }
        (Spec::Own, name.to_owned())
    }

    /// Whether a type's local name belongs to a specification, and so isn't part of the graph.
    pub(crate) fn owns_type(&self, name: &str) -> bool {
        matches!(name, "_Any" | "_Entity" | "_Service" | "_FieldSet")
            || self.imported.contains_key(name)
            || self.namespaced(name).is_some()
            || ["federation__", "link__", "join__", "core__"].iter().any(|prefix| name.starts_with(prefix))
    }

    fn spec_at(&self, place: usize) -> Spec {
        self.links.get(place).map_or(Spec::Own, |link| link.spec(place))
    }

    fn namespaced(&self, name: &str) -> Option<(Spec, String)> {
        let (prefix, rest) = name.split_once("__")?;
        let (place, link) = self.links.iter().enumerate().find(|(_, link)| link.namespace == prefix)?;
        Some((link.spec(place), rest.to_owned()))
    }
}

/// The directives of a schema definition or extension.
pub(crate) fn schema_directives(definition: &Definition) -> &[Node<Directive>] {
    match definition {
        Definition::SchemaDefinition(schema) => &schema.directives.0,
        Definition::SchemaExtension(schema) => &schema.directives.0,
        _ => &[],
    }
}

/// `@link` may be renamed by the link to its own specification (link v1.0, "Bootstrapping").
fn local_name_of_link(applied: &[&Node<Directive>]) -> String {
    for directive in applied {
        let Some(link) = read_link(directive) else { continue };
        if link.identity == LINK_SPEC {
            let imported = link.imports.iter().find(|(_, original)| original == "@link");
            return imported.map_or(link.namespace, |(local, _)| local.trim_start_matches('@').to_owned());
        }
    }
    "link".to_owned()
}

fn read_link(directive: &Directive) -> Option<Link> {
    let text = |name| directive.specified_argument_by_name(name).and_then(|v| v.as_str()).map(str::to_owned);
    let url = text("url").or_else(|| text("feature"))?;
    let (identity, version) = split_version(&url);
    let default_name = identity.rsplit('/').next().unwrap_or_default();
    let namespace = text("as").unwrap_or_else(|| default_name.to_owned());
    let imports = directive
        .specified_argument_by_name("import")
        .and_then(|value| value.as_list())
        .map(|items| items.iter().filter_map(|item| read_import(item)).collect())
        .unwrap_or_default();
    Some(Link { identity: identity.to_owned(), version: version.to_owned(), namespace, imports, url })
}

fn read_import(item: &Value) -> Option<(String, String)> {
    if let Some(name) = item.as_str() {
        return Some((name.to_owned(), name.to_owned()));
    }
    let object = item.as_object()?;
    let member = |key: &str| object.iter().find(|(name, _)| name == key).and_then(|(_, v)| v.as_str());
    let name = member("name")?;
    Some((member("as").unwrap_or(name).to_owned(), name.to_owned()))
}

fn split_version(url: &str) -> (&str, &str) {
    let url = url.trim_end_matches('/');
    match url.rsplit_once('/') {
        Some((identity, version)) if is_version(version) => (identity, version),
        _ => (url, ""),
    }
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v')
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.') && !rest.is_empty())
}
