//! The tables of keys in; a Markdown table of them out, for the documentation.

use raccordo_connector_api::{Key, KeyKind, Kind};

use crate::keys::{LOCATOR, MEMBER, Part, ROOT, SOURCE};
use crate::reader::join;

/// Every key with what it is, its default and what it is for; the keys of these kinds' own at the end.
pub fn reference(kinds: &[&dyn Kind]) -> String {
    let mut text = String::from("| key | value | default | what |\n|---|---|---|---|\n");
    rows(&mut text, "", ROOT);
    rows(&mut text, "sources.NAME", SOURCE);
    for kind in kinds {
        let own: Vec<Part> = kind.keys().iter().copied().map(Part::Value).collect();
        rows(&mut text, &format!("sources.NAME ({})", kind.name()), &own);
    }
    text
}

fn rows(text: &mut String, path: &str, parts: &[Part]) {
    for part in parts {
        let path = join(path, part.name());
        match part {
            Part::Value(key) => row(text, &path, &value(key), &default(key), key.doc),
            Part::Section { doc, parts, .. } => {
                row(text, &path, "map", "", doc);
                rows(text, &path, parts);
            }
            Part::Texts { doc, .. } => row(text, &path, "list of texts", "none", doc),
            Part::Members { doc, .. } => {
                row(text, &path, "map", "none", doc);
                rows(text, &format!("{path}.NAME"), MEMBER);
            }
            Part::Locator { doc, .. } => {
                row(text, &path, "map", "none", doc);
                rows(text, &path, LOCATOR);
            }
            Part::Sources { doc, .. } => row(text, &path, "map", "required", doc),
            Part::Later { why, .. } => row(text, &path, "", "", &format!("Refused: {why}.")),
        }
    }
}

fn row(text: &mut String, path: &str, value: &str, default: &str, doc: &str) {
    text.push_str(&format!("| `{path}` | {value} | {default} | {doc} |\n"));
}

fn value(key: &Key) -> String {
    let words = |words: &[&str], end: &str| {
        words.iter().map(|word| format!("`{word}{end}`")).collect::<Vec<_>>().join(", ")
    };
    match key.kind {
        KeyKind::Text => "text".to_owned(),
        KeyKind::Secret => "secret".to_owned(),
        KeyKind::Url(schemes) => format!("URL: {}", words(schemes, ":")),
        KeyKind::Integer { min, max, .. } => format!("{min} to {max}"),
        KeyKind::Bool(_) => "`true`, `false`".to_owned(),
        KeyKind::Choice(choices) => words(choices, ""),
    }
}

fn default(key: &Key) -> String {
    match key.kind {
        _ if key.required => "required".to_owned(),
        KeyKind::Integer { default, .. } => default.to_string(),
        KeyKind::Bool(default) => format!("`{default}`"),
        // One word alone is there to be said.
        KeyKind::Choice([first, _, ..]) => format!("`{first}`"),
        KeyKind::Choice(_) | KeyKind::Text | KeyKind::Secret | KeyKind::Url(_) => "none".to_owned(),
    }
}
