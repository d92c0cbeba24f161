//! A node of the file and a table of parts in; typed values with their places out, every mistake told. The file's words stand in
//! messages as they are written: what the environment puts in their place never does.

use std::path::Path;
use std::sync::Arc;

use raccordo_connector_api::{Key, KeyKind, SettingValue, Settings};
use raccordo_schema::suggest::known_words;
use raccordo_schema::{Diagnostic, Location};

use crate::environment::{Lookup, interpolate};
use crate::keys::Part;
use crate::yaml::{Data, Entry, Node};

/// What reading needs at every step.
pub(crate) struct Surroundings<'a> {
    pub(crate) lookup: &'a Lookup<'a>,
    /// The configuration's folder: relative files are looked for there.
    pub(crate) folder: &'a Path,
}

/// A text of a list, with its place.
pub(crate) type Placed = (Arc<str>, Location);

/// A map of the file, read.
#[derive(Debug, Default)]
pub(crate) struct Map {
    /// The single values, defaults included.
    pub(crate) values: Settings,
    /// The keys that the file gives.
    given: Vec<&'static str>,
    sections: Vec<(&'static str, Map)>,
    texts: Vec<(&'static str, Vec<Placed>)>,
}

impl Map {
    /// Whether the file gives a key and it could be read.
    pub(crate) fn gives(&self, name: &str) -> bool {
        self.given.contains(&name)
    }

    /// A section; empty when the file hasn't it.
    pub(crate) fn section(&self, name: &str) -> Option<&Map> {
        self.sections.iter().find(|(section, _)| *section == name).map(|(_, map)| map)
    }

    /// A list of texts; empty when the file hasn't it.
    pub(crate) fn texts(&self, name: &str) -> &[Placed] {
        self.texts.iter().find(|(list, _)| *list == name).map_or(&[], |(_, texts)| texts)
    }

    /// A number that has a default.
    pub(crate) fn number(&self, name: &str) -> usize {
        self.values.integer(name).and_then(|number| usize::try_from(number).ok()).unwrap_or_default()
    }
}

/// Reads a map by its parts. `path` is where it stands: `sources.anagrafe`, empty for the file itself.
pub(crate) fn read_map(
    node: &Node,
    path: &str,
    parts: &[Part],
    around: &Surroundings<'_>,
    found: &mut Vec<Diagnostic>,
) -> Map {
    if !matches!(node.data, Data::Map(_) | Data::Null) {
        let message = format!("{} is {}", place(path), node.describe());
        found.push(
            Diagnostic::error("WRONG_VALUE", node.at.clone(), message)
                .help("it is a map of keys with values"),
        );
        return Map::default();
    }
    let known = |name: &str| parts.iter().find(|part| part.name() == name);
    for entry in node.entries().iter().filter(|entry| known(&entry.key).is_none()) {
        found.push(unknown(entry, path, parts));
    }
    let mut map = Map { values: Settings::new(node.at.clone()), ..Map::default() };
    for part in parts {
        let entry = node.entries().iter().find(|entry| entry.key == part.name());
        read_part(&mut map, part, entry, node, path, around, found);
    }
    map
}

fn read_part(
    map: &mut Map,
    part: &Part,
    entry: Option<&Entry>,
    node: &Node,
    path: &str,
    around: &Surroundings<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let path = join(path, part.name());
    match (part, entry) {
        (Part::Value(key), Some(entry)) => {
            if let Some(value) = read_value(&entry.value, &path, key, around, found) {
                map.given.push(key.name);
                set(map, key.name, value, entry.value.at.clone());
            }
        }
        (Part::Value(key), None) => match default(key) {
            Some(value) => set(map, key.name, value, node.at.clone()),
            None if key.required => {
                let message = format!("`{path}` is missing");
                found.push(Diagnostic::error("MISSING_KEY", node.at.clone(), message).help(expected(key)));
            }
            None => {}
        },
        (Part::Section { name, parts, .. }, entry) => {
            let nothing = Node { at: node.at.clone(), data: Data::Null };
            let section = read_map(entry.map_or(&nothing, |entry| &entry.value), &path, parts, around, found);
            map.sections.push((name, section));
        }
        (Part::Texts { name, .. }, Some(entry)) => {
            map.texts.push((name, read_texts(&entry.value, &path, around, found)))
        }
        (Part::Later { why, .. }, Some(entry)) => {
            found.push(
                Diagnostic::error("LATER_VERSION", entry.at.clone(), format!("`{path}` can't be used yet"))
                    .help(*why),
            );
        }
        (
            Part::Sources { .. }
            | Part::Members { .. }
            | Part::Locator { .. }
            | Part::Texts { .. }
            | Part::Later { .. },
            _,
        ) => {}
    }
}

fn set(map: &mut Map, name: &'static str, value: SettingValue, at: Location) {
    map.values = std::mem::take(&mut map.values).with(name, value, at);
}

fn unknown(entry: &Entry, path: &str, parts: &[Part]) -> Diagnostic {
    let names = parts.iter().filter(|part| !matches!(part, Part::Later { .. })).map(Part::name);
    let message = format!("`{}` is not a key of {}", entry.key, place(path));
    Diagnostic::error("UNKNOWN_KEY", entry.at.clone(), message).help(known_words(&entry.key, names))
}

fn place(path: &str) -> String {
    if path.is_empty() { "the configuration".to_owned() } else { format!("`{path}`") }
}

/// A key's path: `limits.depth`.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn read_texts(
    node: &Node,
    path: &str,
    around: &Surroundings<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Placed> {
    let Data::List(items) = &node.data else {
        let message = format!("`{path}` is {}", node.describe());
        found
            .push(Diagnostic::error("WRONG_VALUE", node.at.clone(), message).help("it is a list: `[\"…\"]`"));
        return Vec::new();
    };
    let text = Key { name: "", kind: KeyKind::Text, required: true, doc: "" };
    let mut texts = Vec::new();
    for item in items {
        if let Some(SettingValue::Text(value)) = read_value(item, path, &text, around, found) {
            texts.push((value, item.at.clone()));
        }
    }
    texts
}

/// Reads one single value by its key.
pub(crate) fn read_value(
    node: &Node,
    path: &str,
    key: &Key,
    around: &Surroundings<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<SettingValue> {
    let Data::Scalar(raw) = &node.data else {
        let message = format!("`{path}` is {}", node.describe());
        found.push(Diagnostic::error("WRONG_VALUE", node.at.clone(), message).help(expected(key)));
        return None;
    };
    let text = match interpolate(raw, &node.at, around.lookup) {
        Ok(text) => text,
        Err(wrong) => {
            found.extend(wrong);
            return None;
        }
    };
    let value = fit(&text, key, around);
    if value.is_none() {
        // Secrets and URLs, which may carry passwords, are never shown.
        let message = match key.kind {
            KeyKind::Secret | KeyKind::Url(_) => format!("`{path}` has a value that doesn't fit"),
            _ => format!("`{path}` can't be `{raw}`"),
        };
        found.push(Diagnostic::error("WRONG_VALUE", node.at.clone(), message).help(expected(key)));
    }
    value
}

fn fit(text: &str, key: &Key, around: &Surroundings<'_>) -> Option<SettingValue> {
    match key.kind {
        KeyKind::Text | KeyKind::Secret => (!text.trim().is_empty()).then(|| SettingValue::Text(text.into())),
        KeyKind::Url(schemes) => {
            let (scheme, rest) = text.split_once(':')?;
            let known = schemes.contains(&scheme) && !rest.is_empty();
            known.then(|| SettingValue::Text(beside(scheme, rest, around.folder).into()))
        }
        KeyKind::Integer { min, max, .. } => {
            let number = text.parse::<u64>().ok().filter(|number| (min..=max).contains(number))?;
            Some(SettingValue::Integer(number))
        }
        KeyKind::Bool(_) => match text {
            "true" => Some(SettingValue::Bool(true)),
            "false" => Some(SettingValue::Bool(false)),
            _ => None,
        },
        KeyKind::Choice(words) => words.contains(&text).then(|| SettingValue::Text(text.into())),
    }
}

/// What a key is when the file doesn't give it.
pub(crate) fn default(key: &Key) -> Option<SettingValue> {
    match key.kind {
        KeyKind::Integer { default, .. } => Some(SettingValue::Integer(default)),
        KeyKind::Bool(default) => Some(SettingValue::Bool(default)),
        KeyKind::Choice([first, ..]) => Some(SettingValue::Text((*first).into())),
        KeyKind::Choice([]) | KeyKind::Text | KeyKind::Secret | KeyKind::Url(_) => None,
    }
}

/// A file URL that is relative stands beside the configuration.
fn beside(scheme: &str, rest: &str, folder: &Path) -> String {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let is_relative =
        matches!(scheme, "sqlite" | "file") && !path.is_empty() && !path.starts_with(['/', ':', '?']);
    match folder.to_str().filter(|folder| is_relative && !folder.is_empty()) {
        Some(folder) => format!("{scheme}:{}/{path}", encoded(folder)),
        None => format!("{scheme}:{rest}"),
    }
}

/// A folder's name as a part of a URL.
fn encoded(folder: &str) -> String {
    folder.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

/// What a key's value is, in words.
pub(crate) fn expected(key: &Key) -> String {
    let doc = key.doc.trim_end_matches('.');
    let of =
        |kind: String| if doc.is_empty() { format!("it is {kind}") } else { format!("it is {kind} ({doc})") };
    match key.kind {
        KeyKind::Text | KeyKind::Secret => of("a text".to_owned()),
        KeyKind::Url(schemes) => of(format!("a URL that starts with {}", quoted(schemes, ":"))),
        KeyKind::Integer { min, max, .. } => of(format!("a whole number from {min} to {max}")),
        KeyKind::Bool(_) => of("`true` or `false`".to_owned()),
        KeyKind::Choice(words) => of(quoted(words, "")),
    }
}

fn quoted(words: &[&str], end: &str) -> String {
    words.iter().map(|word| format!("`{word}{end}`")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_database_stands_beside_the_configuration() {
        let beside = |rest: &str| beside("sqlite", rest, Path::new("config/dis%tretto"));
        assert_eq!(beside("data/x.db"), "sqlite:config/dis%25tretto/data/x.db");
        assert_eq!(beside("//data/x.db?mode=ro"), "sqlite:config/dis%25tretto/data/x.db?mode=ro");
        for absolute in ["/data/x.db", "///data/x.db", ":memory:", "//"] {
            assert_eq!(beside(absolute), format!("sqlite:{absolute}"));
        }
        assert_eq!(super::beside("sqlite", "x.db", Path::new("")), "sqlite:x.db");
        assert_eq!(super::beside("https", "//x.example", Path::new("a")), "https://x.example");
    }
}
